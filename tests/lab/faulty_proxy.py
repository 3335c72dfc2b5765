"""An HTTP proxy in front of a server, through which a part of all requests
fails: refused with 503, never delivered, or done while the answer is lost.

    with FaultyProxy(store.endpoint, share=0.2, seed=1) as proxy:
        run_step(..., env=store.env | {"AWS_ENDPOINT_URL": proxy.url})

Requests keep their Host header, which signatures cover. .healthy = True ends
the faults; .moved counts bytes.
"""

from __future__ import annotations

import http.client
import random
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

FAULTS = ("refused", "undelivered", "unanswered")
BUSY = b"<Error><Code>SlowDown</Code><Message>by the proxy</Message></Error>"
HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class FaultyProxy:
    def __init__(self, target: str, share: float, seed: int,
                 address: str = "127.0.0.1", delay: float = 0):
        self.target = urlsplit(target).netloc
        self.share, self.healthy = share, False
        self.delay = delay      # seconds, of each request
        self.counts = dict.fromkeys(("passed", *FAULTS), 0)
        self.moved = 0          # bytes of bodies, both ways
        self._dice, self._lock = random.Random(seed), threading.Lock()
        self._server = _Server((address, 0), _Handler)
        self._server.proxy = self
        self.url = f"http://{address}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever,
                                        kwargs={"poll_interval": 0.05})
        self._thread.start()

    def roll(self) -> str:
        """What becomes of the next request."""
        with self._lock:
            fate = "passed"
            if not self.healthy and self._dice.random() < self.share:
                fate = self._dice.choice(FAULTS)
            self.counts[fate] += 1
            return fate

    def count(self, size: int) -> None:
        with self._lock:
            self.moved += size

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> FaultyProxy:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    proxy: FaultyProxy

    def handle_error(self, request, client_address):
        """Clients are killed, and connections closed, as they come."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.store = http.client.HTTPConnection(self.server.proxy.target,
                                                timeout=60)

    def finish(self) -> None:
        self.store.close()
        super().finish()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        time.sleep(self.server.proxy.delay)
        fate = self.server.proxy.roll()
        if fate == "refused":
            self._answer(503, [("Retry-After", "0")], BUSY)
            return
        if fate == "undelivered":
            self._hang_up()
            return
        status, headers, reply = self._ask(body)
        self.server.proxy.count(len(body) + len(reply))
        if fate == "unanswered":
            self._hang_up()
            return
        self._answer(status, headers, reply)

    do_GET = do_PUT = do_DELETE = do_HEAD = _serve

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        self.store.putrequest(self.command, self.path, skip_host=True,
                              skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP:
                self.store.putheader(name, value)
        if self.command == "PUT":
            self.store.putheader("Content-Length", str(len(body)))
        self.store.endheaders(body or None)
        reply = self.store.getresponse()
        return reply.status, reply.getheaders(), reply.read()

    def _answer(self, status: int, headers: list[tuple[str, str]],
                body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP:
                self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _hang_up(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, format, *args):
        pass
