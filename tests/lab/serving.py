"""What servers of our own have in common: a thread that serves until close().

    class Faulty(Serving):
        def __init__(self):
            super().__init__(_Handler)

    class _Handler(Handler):
        def do_GET(self) -> None:
            self.owner.answer(...)
"""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Serving:
    """Serves from its making on; what @handler needs is there before."""

    def __init__(self, handler: type[BaseHTTPRequestHandler],
                 address: str = "127.0.0.1", tls: ssl.SSLContext | None = None):
        self._server = _Server((address, 0), handler)
        self._server.owner = self
        self.port = self._server.server_port
        self.url = f"{'https' if tls else 'http'}://{address}:{self.port}"
        if tls:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever,
                                        kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    owner: Any

    def handle_error(self, request, client_address) -> None:
        """Clients are killed, and hang up where they like."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120
    server: _Server

    @property
    def owner(self) -> Any:
        """The Serving that it works for."""
        return self.server.owner

    def log_message(self, format, *args) -> None:
        pass
