"""A folder over HTTP on the loopback, with a note of each request."""

from __future__ import annotations

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes

    def log_message(self, *_words: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.requests.append(("GET", self.path))
        super().do_GET()

    def do_HEAD(self) -> None:
        self.server.requests.append(("HEAD", self.path))
        super().do_HEAD()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128        # else a burst of clients waits a second


class StaticHttp:
    """Serves @folder until close(); @requests are (method, path)."""

    def __init__(self, folder: Path):
        handler = functools.partial(_Handler, directory=str(folder))
        self._server = _Server(("127.0.0.1", 0), handler)
        self.requests: list[tuple[str, str]] = []
        self._server.requests = self.requests
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def count(self, path: str) -> int:
        """How often @path was asked for."""
        return sum(1 for _method, asked in self.requests if asked == path)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
