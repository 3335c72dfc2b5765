"""A proxy in front of the API server that counts Helm's requests and, at one
of them, does something terrible.

    with KillingProxy(cluster) as proxy:
        proxy.arm(7, lambda: os.kill(pid, signal.SIGKILL), answer_lost=True)
        run_step(..., env={"KUBECONFIG": str(proxy.kubeconfig(tmp_path))})
        assert proxy.fired

The n-th request is then either not delivered, or done while its answer is
lost; with lost=False nothing becomes of the request itself.  Requests of the
steps themselves are not counted, nor those that come before since() is true.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cluster import Cluster

# Go's client sends no token over plain http, so the proxy gives its own.
HOP = {"connection", "transfer-encoding", "content-length", "keep-alive",
       "host", "authorization"}
CHUNK = 64 << 10


class KillingProxy:
    def __init__(self, cluster: Cluster):
        self.cluster = cluster
        self.tls = ssl.create_default_context(cafile=str(cluster.ca))
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever,
                                        kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.arm(0, lambda: None)

    def arm(self, number: int, strike: Callable[[], None],
            answer_lost: bool = False, lost: bool = True,
            since: Callable[[], bool] = lambda: True) -> None:
        """Count anew, and @strike at request @number; 0: never."""
        with self._lock:
            self.count, self.fired = 0, False
            self._number, self._strike = number, strike
            self._answer_lost, self._lost = answer_lost, lost
            self._since = since

    def kubeconfig(self, folder: Path) -> Path:
        config = json.loads(self.cluster.config(self.cluster.token))
        config["clusters"][0]["cluster"] = {"server": self.url}
        path = folder / "kubeconfig-proxy"
        path.write_text(json.dumps(config))
        return path

    def note(self, agent: str) -> Callable[[bool], bool] | None:
        """What becomes of a request, told before and after it was made."""
        if agent.startswith("slipway"):
            return None
        with self._lock:
            if not self._since():
                return None
            self.count += 1
            if self.count != self._number:
                return None
            return self._fate

    def _fate(self, done: bool) -> bool:
        """Is this the moment?  Then all is over with it."""
        if done != self._answer_lost:
            return False
        self.fired = True
        self._strike()
        return self._lost

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> KillingProxy:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    proxy: KillingProxy

    def handle_error(self, request, client_address):
        """Clients are killed here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 300
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.api = http.client.HTTPSConnection(
            "127.0.0.1", self.server.proxy.cluster.port, timeout=300,
            context=self.server.proxy.tls)

    def finish(self) -> None:
        self.api.close()
        super().finish()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        fate = self.server.proxy.note(self.headers.get("User-Agent", ""))
        if fate and fate(False):
            self._hang_up()
            return
        reply = self._ask(body)
        if fate and fate(True):
            self._hang_up()
            return
        self._answer(reply)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _serve

    def _ask(self, body: bytes) -> http.client.HTTPResponse:
        self.api.putrequest(self.command, self.path, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP:
                self.api.putheader(name, value)
        self.api.putheader("Authorization",
                           f"Bearer {self.server.proxy.cluster.token}")
        if body:
            self.api.putheader("Content-Length", str(len(body)))
        self.api.endheaders(body or None)
        return self.api.getresponse()

    def _answer(self, reply: http.client.HTTPResponse) -> None:
        """Part by part: a watch has no end."""
        self.send_response_only(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in HOP:
                self.send_header(name, value)
        if reply.status in (204, 304):
            reply.close()
            self.end_headers()
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while part := reply.read1(CHUNK):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        reply.close()
        self.wfile.write(b"0\r\n\r\n")

    def _hang_up(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, format, *args):
        pass
