"""A scripted HTTP server: exact bytes in, exact bytes out, every fault.

    with ScriptedHttp() as server:
        server.reply(Reply(503, headers=["Retry-After: 0"]), Reply(200, b"hi"))
        ...
        assert server.requests[0].raw == b"GET / HTTP/1.1\\r\\n..."

Replies are given out in the order in which requests arrive; the last one of
always() serves what is not scripted.  A function in place of a reply gets the
request and gives one.  Leaving the block fails if a request came for which
nothing was scripted, or if scripted replies are left over.

TLS: ScriptedHttp(tls=authority.server()), where authority is a TestAuthority,
made by openssl for one test run.  As a proxy: ScriptedHttp(tunnel=...) answers
CONNECT by itself, remembers it in .tunnels, and plays every https server.
"""

from __future__ import annotations

import select
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

BODY_MAX = 64 << 20


@dataclass
class Request:
    """One request as it came over the wire."""

    raw: bytes              # all of it, body included
    connection: int         # counts from 0; the same = kept open
    at: float = field(default_factory=time.monotonic)

    @property
    def head(self) -> bytes:
        return self.raw.split(b"\r\n\r\n", 1)[0]

    @property
    def body(self) -> bytes:
        return self.raw.split(b"\r\n\r\n", 1)[1]

    @property
    def line(self) -> str:
        """ "GET /path?query" """
        return self.head.split(b"\r\n")[0].decode().rsplit(" ", 1)[0]

    @property
    def method(self) -> str:
        return self.line.split(" ", 1)[0]

    @property
    def path(self) -> str:
        return self.line.split(" ", 1)[1]

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        pairs = (line.split(":", 1) for line in lines)
        return [(name, value.strip()) for name, value in pairs]

    def header(self, name: str) -> str | None:
        """The first value of a header, in any case of its name."""
        return next((value for key, value in self.headers
                     if key.lower() == name.lower()), None)


@dataclass
class Reply:
    """What is sent, and what goes wrong with it."""

    status: int = 200
    body: bytes = b""
    headers: list[str] = field(default_factory=list)
    delay: float = 0.0          # seconds before the first byte
    pace: float = 0.0           # seconds between bytes: a slow loris
    length: int | None = None   # the Content-Length, if not the true one
    chunked: bool = False
    raw: bytes | None = None    # in place of all the above: garbage
    cut: int | None = None      # close in good order after so many bytes
    reset: int | None = None    # the same with a reset (RST)
    stall: int | None = None    # the same, but stay silent, connected
    idle: float | None = None   # reset when nothing of it is taken for so long
    endless: bool = False       # repeat the body until the client goes
    close: bool = False         # close after the reply
    interim: bytes = b""        # sent before it, such as a "100 Continue"

    def bytes(self, method: str) -> bytes:
        if self.raw is not None:
            return self.raw
        head = [f"HTTP/1.1 {self.status} Scripted", *self.headers]
        body = self.body
        if self.chunked:
            head.append("Transfer-Encoding: chunked")
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        elif not self.endless and self.status >= 200 and self.status != 204:
            size = len(body) if self.length is None else self.length
            head.append(f"Content-Length: {size}")
        if self.close:
            head.append("Connection: close")
        text = "\r\n".join(head).encode("latin-1") + b"\r\n\r\n"
        return self.interim + text + (b"" if method == "HEAD" else body)


Script = Reply | Callable[[Request], Reply]


class ScriptedHttp:
    """The server; listens on a free port of 127.0.0.1 from the start."""

    def __init__(self, *replies: Script, tls: ssl.SSLContext | None = None,
                 tunnel: ssl.SSLContext | None = None):
        self.requests: list[Request] = []
        self.unexpected: list[str] = []
        self.tunnels: list[str] = []
        self.connections = 0
        self.deaf_after: int | None = None  # reset in the midst of a request
        self._tls = tls
        self._tunnel = tunnel
        self._replies: deque[Script] = deque(replies)
        self._always: Script | None = None
        self._lock = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def lines(self) -> list[str]:
        return [request.line for request in self.requests]

    def reply(self, *replies: Script) -> None:
        with self._lock:
            self._replies.extend(replies)

    def always(self, reply: Script) -> None:
        with self._lock:
            self._always = reply

    def wait_for(self, count: int, seconds: float = 10.0) -> None:
        """Until so many requests have come."""
        with self._lock:
            if not self._lock.wait_for(
                    lambda: len(self.requests) >= count, seconds):
                raise AssertionError(
                    f"{len(self.requests)} of {count} requests: {self.lines}")

    def close(self) -> None:
        self._stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        with self._lock:
            for connection in self._open:
                _shut(connection)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def __enter__(self) -> ScriptedHttp:
        return self

    def __exit__(self, kind, _error, _trace) -> None:
        self.close()
        if kind is None:
            assert not self.unexpected, f"nothing scripted: {self.unexpected}"
            assert not self._replies, f"never asked for: {self._replies}"

    def _start(self, what: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=what, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            number, self.connections = self.connections, self.connections + 1
            self._start(self._serve, connection, number)

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                if self._tunnel:
                    self._open_tunnel(connection)
                if tls := self._tls or self._tunnel:
                    connection = tls.wrap_socket(connection, server_side=True)
            except (OSError, ssl.SSLError):
                return
            with connection:
                with self._lock:
                    self._open.add(connection)
                try:
                    while self._exchange(connection, number):
                        pass
                except (OSError, ssl.SSLError):
                    pass
                finally:
                    with self._lock:
                        self._open.discard(connection)

    def _open_tunnel(self, connection: socket.socket) -> None:
        raw = _read_request(connection)
        if raw is None or not raw.startswith(b"CONNECT "):
            raise OSError("no request for a tunnel")
        self.tunnels.append(Request(raw, 0).path)
        connection.sendall(b"HTTP/1.1 200 Tunnel\r\n\r\n")

    def _exchange(self, connection: socket.socket, number: int) -> bool:
        if self.deaf_after is not None:
            connection.recv(self.deaf_after)
            _reset_on_close(connection)
            return False
        raw = _read_request(connection)
        if raw is None:
            return False
        request = Request(raw, number)
        with self._lock:
            self.requests.append(request)
            script = self._replies.popleft() if self._replies else self._always
            if script is None:
                self.unexpected.append(request.line)
                script = Reply(500, b"nothing is scripted for this")
            self._lock.notify_all()
        reply = script if isinstance(script, Reply) else script(request)
        return self._send(connection, reply, request.method)

    def _send(self, connection: socket.socket, reply: Reply,
              method: str) -> bool:
        data = reply.bytes(method)
        if reply.delay and self._stopping.wait(reply.delay):
            return False
        if reply.reset is not None:
            connection.sendall(data[:reply.reset])
            _reset_on_close(connection)
            return False
        if reply.cut is not None:
            connection.sendall(data[:reply.cut])
            return False
        if reply.stall is not None:
            connection.sendall(data[:reply.stall])
            self._until_gone(connection)
            return False
        if reply.idle is not None:
            return self._send_while_taken(connection, data, reply.idle)
        if reply.pace:
            for byte in data:
                connection.sendall(bytes([byte]))
                if self._stopping.wait(reply.pace):
                    return False
            return True
        connection.sendall(data)
        while reply.endless and not self._stopping.is_set():
            connection.sendall(reply.body)
        return not (reply.close or reply.endless or reply.raw is not None)

    def _send_while_taken(self, connection: socket.socket, data: bytes, idle: float) -> bool:
        connection.settimeout(idle)
        try:
            while data:
                data = data[connection.send(data[:65536]):]
        except TimeoutError:
            _reset_on_close(connection)
            return False
        connection.settimeout(None)
        return True

    def _until_gone(self, connection: socket.socket) -> None:
        while not self._stopping.is_set():
            ready, _, _ = select.select([connection], [], [], 0.05)
            if ready and not connection.recv(65536):
                return


def _reset_on_close(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def _read_request(connection: socket.socket) -> bytes | None:
    """The bytes of one request; None when the client has gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    size = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            size = int(value)
    if size > BODY_MAX:
        raise OSError("a larger body than any test sends")
    while len(body) < size:
        more = connection.recv(65536)
        if not more:
            return None
        body += more
    return head + b"\r\n\r\n" + body


class TestAuthority:
    """A certificate authority of its own, below @folder.

    .file is its certificate; .hashed_dir() a folder with it under its hash.
    """

    __test__ = False

    def __init__(self, folder: Path, name: str = "Test Authority"):
        self.folder = folder
        self.file = folder / "ca.pem"
        self._serial = 0
        folder.mkdir(parents=True, exist_ok=True)
        _openssl("req", "-x509", *_NEW_KEY, "-keyout", folder / "ca.key",
                 "-out", self.file, "-subj", f"/CN={name}", "-days", "2")

    def hashed_dir(self) -> Path:
        hashed = self.folder / "hashed"
        hashed.mkdir(exist_ok=True)
        (hashed / "authority.pem").write_bytes(self.file.read_bytes())
        _openssl("rehash", hashed)
        return hashed

    def certificate(self, names: str = "IP:127.0.0.1,DNS:localhost",
                    days: int = 2) -> tuple[Path, Path]:
        """A certificate and its key; @days 0: it has expired at once."""
        self._serial += 1
        stem = self.folder / f"leaf{self._serial}"
        key, request, leaf = (stem.with_suffix(s)
                              for s in (".key", ".csr", ".pem"))
        extensions = stem.with_suffix(".ext")
        extensions.write_text(f"subjectAltName={names}\n")
        _openssl("req", *_NEW_KEY, "-keyout", key, "-out", request,
                 "-subj", "/CN=leaf")
        _openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey",
                 self.folder / "ca.key", "-set_serial", str(self._serial),
                 "-days", str(days), "-extfile", extensions, "-out", leaf)
        return leaf, key

    def server(self, client_authority: Path | None = None,
               **how) -> ssl.SSLContext:
        """For ScriptedHttp(tls=); with @client_authority it asks clients
        for a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate(**how))
        if client_authority:
            context.load_verify_locations(client_authority)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes")


def _openssl(*args: object) -> None:
    subprocess.run(["openssl", *map(str, args)], check=True,
                   capture_output=True)
