"""The common half of the scripted servers.

A scripted server keeps state, refuses what the vendor's document does not
allow (and remembers it as a violation), and fails on demand.  In a test:

    with ScriptedJira(state) as jira:
        jira.fail(status=429, headers={"Retry-After": "1"}, times=1)
        ...
        assert [r.line for r in jira.requests] == [...]

Leaving the block raises AssertionError when there were violations.  As a
program (see main()), the same is told over HTTP: GET /_control/state,
/_control/requests, /_control/violations; POST and DELETE /_control/faults.
"""

import argparse
import datetime
import json
import os
import re
import signal
import socket
import ssl
import sys
import threading
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable
from urllib.parse import parse_qsl, urlsplit

from openapi_check import Document, Match

BODY_MAX = 4 << 20
CONTROL = "/_control/"
HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in</body></html>"


@dataclass
class Request:
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    value: Any = None
    status: int = 0

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def params(self) -> dict[str, str]:
        return dict(self.query)

    @property
    def writes(self) -> bool:
        """Whether the request is of a method that changes the world."""
        return self.method not in ("GET", "HEAD")


@dataclass
class Reply:
    status: int = 200
    value: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    def bytes(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return b"" if self.value is None else json.dumps(self.value).encode()


@dataclass
class Fault:
    """What goes wrong, for which requests, and how often (None: for ever)."""

    method: str = ".*"
    path: str = ".*"
    times: int | None = 1
    skip: int = 0
    # Instead of handling the request:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    html: bool = False
    # After handling it: the change is made, its answer suffers.
    delay: float = 0.0
    cut: int | None = None
    oversized: int = 0
    lose: bool = False

    def applies(self, request: Request) -> bool:
        if not (re.fullmatch(self.method, request.method)
                and re.search(self.path, request.path)):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


def in_iso(seconds: float) -> str:
    """A moment in @seconds from now, as X-RateLimit-Reset tells it."""
    moment = datetime.datetime.now(datetime.timezone.utc)
    moment += datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%MZ")


class ScriptedServer:
    """Subclasses answer authorize() and do_<operationId>()."""

    document: Document
    # Where below its host it lives, as servers behind a proxy do: "/jira".
    prefix = ""

    def __init__(self, state: dict[str, Any], state_file: str | None = None):
        self.state = state
        self.state_file = state_file
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.faults: list[Fault] = []
        self.latency = 0.0
        self.tls: ssl.SSLContext | None = None      # set before it starts
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._http: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    # What tests call.

    @property
    def url(self) -> str:
        return f"{self.origin}{self.prefix}"

    @property
    def origin(self) -> str:
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self._http.server_address[1]}"

    def start(self, port: int = 0) -> None:
        self._http = _HttpServer(("127.0.0.1", port), _Handler)
        if self.tls:
            self._http.socket = self.tls.wrap_socket(self._http.socket, server_side=True)
        self._http.scripted = self
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, _error, _trace):
        self.stop()
        if kind is None:
            assert not self.violations, "\n".join(self.violations)

    def fail(self, **how: Any) -> Fault:
        fault = Fault(**how)
        with self._lock:
            self.faults.append(fault)
        return fault

    def clear(self) -> None:
        """Forget requests and faults, keep the state."""
        with self._lock:
            self.requests.clear()
            self.faults.clear()

    @property
    def writes(self) -> list[Request]:
        """The requests that were meant to change something, in order."""
        return [request for request in self.requests if request.writes]

    # What subclasses answer.

    def authorize(self, request: Request) -> Reply | None:
        raise NotImplementedError

    def refuse(self, status: int, message: str) -> Reply:
        return Reply(status, {"message": message})

    def route(self, request: Request) -> Match | int:
        return self.document.match(request.method, request.path)

    # How a request travels.

    def answer(self, request: Request) -> tuple[Reply, Fault | None]:
        with self._lock:
            if request.path.startswith(CONTROL):
                return self._control(request), None
            self.requests.append(request)
            if not request.path.startswith(self.prefix):
                return self._violation(request, 404, ["outside of the prefix"]), None
            request.path = request.path.removeprefix(self.prefix)
            fault = next((f for f in self.faults if f.applies(request)), None)
            if fault and (fault.status or fault.html):
                reply = self._faulty(fault)
            else:
                reply = self._handle(request)
            request.status = reply.status
            return reply, fault

    def _handle(self, request: Request) -> Reply:
        refused = self.authorize(request)
        if refused:
            return refused
        match = self.route(request)
        if isinstance(match, int):
            return self._violation(request, match, ["no such call"])
        faults = self.document.check_query(match, request.query)
        request.value, more = self.document.check_body(
            match, request.headers.get("content-type", ""), request.body)
        if faults + more:
            return self._violation(request, 400, faults + more)
        reply = getattr(self, "do_" + match.name)(request, **match.params)
        if reply.status < 300:
            wrong = self.document.check_reply(match, reply.status, reply.value)
            self.violations += [f"own reply to {request.line}: {w}" for w in wrong]
        if request.writes:
            self._save()
        return reply

    def _violation(self, request: Request, status: int, faults: list[str]) -> Reply:
        self.violations += [f"{request.line}: {fault}" for fault in faults]
        return self.refuse(status, "; ".join(faults))

    @staticmethod
    def _faulty(fault: Fault) -> Reply:
        if fault.html:
            return Reply(fault.status or 200, raw=HTML,
                         headers={"Content-Type": "text/html", **fault.headers})
        return Reply(fault.status, fault.body, dict(fault.headers))

    def _control(self, request: Request) -> Reply:
        what = request.path[len(CONTROL):]
        if request.line == f"POST {CONTROL}faults":
            try:
                self.fail(**json.loads(request.body))
            except (TypeError, ValueError) as error:
                return Reply(400, {"message": str(error)})
            return Reply(204)
        if request.line == f"DELETE {CONTROL}faults":
            self.faults.clear()
            return Reply(204)
        shown: dict[str, Callable[[], Any]] = {
            "state": lambda: self.state,
            "violations": lambda: self.violations,
            "faults": lambda: [asdict(fault) for fault in self.faults],
            "requests": lambda: [
                {"method": r.method, "path": r.path, "query": r.query,
                 "body": r.value, "status": r.status} for r in self.requests],
        }
        if request.method != "GET" or what not in shown:
            return Reply(404, {"message": "no such control"})
        return Reply(200, shown[what]())

    def _save(self) -> None:
        if not self.state_file:
            return
        aside = f"{self.state_file}.{os.getpid()}.tmp"
        with open(aside, "w", encoding="utf-8") as file:
            json.dump(self.state, file, indent=1)
        os.replace(aside, self.state_file)

    def pause(self, seconds: float) -> None:
        """Slowness that ends at once when the server is stopped."""
        if seconds > 0:
            self._stopping.wait(seconds)


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    scripted: ScriptedServer

    def handle_error(self, request, client_address):
        # A client that goes away in the middle is part of many tests.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    server: _HttpServer

    def _serve(self) -> None:
        scripted = self.server.scripted
        request = self._read()
        if request is None:
            return
        reply, fault = scripted.answer(request)
        scripted.pause(scripted.latency + (fault.delay if fault else 0))
        if fault and fault.lose:
            self._hang_up()
            return
        self._write(reply, fault)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

    def _read(self) -> Request | None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > BODY_MAX:
            self.send_error(413)
            self.close_connection = True
            return None
        address = urlsplit(self.path)
        return Request(
            self.command, address.path,
            parse_qsl(address.query, keep_blank_values=True),
            {key.lower(): value for key, value in self.headers.items()},
            self.rfile.read(int(length)))

    def _write(self, reply: Reply, fault: Fault | None) -> None:
        body = reply.bytes()
        if fault and fault.oversized:
            body = b"[" + b" " * fault.oversized + b"]"
        headers = {"Content-Type": "application/json", **reply.headers}
        self.send_response(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault and fault.cut is not None:
            self.wfile.write(body[:fault.cut])
            self._hang_up()
            return
        if self.command != "HEAD" and reply.status != 204:
            self.wfile.write(body)

    def _hang_up(self) -> None:
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, format, *args):
        pass


def main(make: Callable[[dict[str, Any], str | None], ScriptedServer],
         default_state: dict[str, Any], about: str) -> int:
    """Run as a program until SIGTERM or SIGINT; exit 1 after violations."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--port-file", help="the port is written here when it answers")
    parser.add_argument("--state", help="JSON: read at the start, rewritten at each change")
    args = parser.parse_args()

    state = default_state
    if args.state and os.path.exists(args.state):
        with open(args.state, encoding="utf-8") as file:
            state = json.load(file)
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())

    server = make(state, args.state)
    server.start(args.port)
    if args.port_file:
        aside = f"{args.port_file}.{os.getpid()}.tmp"
        with open(aside, "w", encoding="utf-8") as file:
            file.write(server.origin.rsplit(":", 1)[1] + "\n")
        os.replace(aside, args.port_file)
    done.wait()
    server.stop()
    for violation in server.violations:
        print(f"violation: {violation}", file=sys.stderr)
    return 1 if server.violations else 0
