"""A proxy that passes bytes on, whatever they mean, and breaks the connection
after a byte of one request, or of its answer.

    with CuttingProxy(server.port) as proxy:
        run_step(..., env={"AWS_ENDPOINT_URL": proxy.url})
        for cut in cuts_of(proxy.exchanges):
            proxy.arm(cut, ONCE)
            run_step(...)
            assert proxy.hit

Of what is cut, the first cut.at bytes arrive; then both sides get a reset: ONCE,
or, if the network is GONE, whoever tries again as well.  Or SILENCE falls: that
connection stays, but no byte passes any more.  A request is told by its line, but
for what is made up anew in each run, and by its number among those of the same
line.
"""

from __future__ import annotations

import re
import select
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

ASKED, ANSWERED = "request", "answer"
ONCE, GONE, SILENCE = WAYS = "once", "gone", "silence"
PART = 64 << 10
FINISH_SECONDS = 5
# Names that are made up: of uploads, claims, probes and places of tests.
MADE_UP = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
                     r"|\btest-[0-9a-f]{12}\b"
                     r"|(?<=/probe/)[^ /?]+|(?<=/lock/)[^ /?]+|(?<=_state=)[^& ]+")


@dataclass
class Exchange:
    """A request and its answer, as far as they were passed on."""

    line: str               # "GET /path?query"
    number: int             # among those of the same line, from 1
    asked: bytes = b""
    answered: bytes = b""

    def passed(self, side: str) -> bytes:
        return self.asked if side == ASKED else self.answered


@dataclass(frozen=True)
class Cut:
    line: str
    number: int
    side: str               # ASKED or ANSWERED
    at: int                 # bytes that arrive

    def __str__(self) -> str:
        return f"{self.side} of {self.line}#{self.number} at byte {self.at}"


def _positions(data: bytes, ends: int) -> Iterator[int]:
    """Each byte of the head, and so many at both ends of what follows."""
    head = data.partition(b"\r\n\r\n")[0]
    start = min(len(head) + 4, len(data))
    yield from range(start)
    yield from sorted({*range(start, min(start + ends, len(data))),
                       *range(max(start, len(data) - ends), len(data))})


def cuts_of(exchanges: list[Exchange], ends: int = 1 << 30) -> list[Cut]:
    """All that may be done to them."""
    return [Cut(exchange.line, exchange.number, side, at)
            for exchange in exchanges for side in (ASKED, ANSWERED)
            for at in _positions(exchange.passed(side), ends)]


@dataclass
class _Connection:
    """What one connection is at."""

    client: socket.socket
    server: socket.socket
    begun: bytes = b""              # of a request whose line is not whole
    exchange: Exchange | None = None
    is_answered: bool = False
    is_cut: bool = False

    def reset(self, *ends: socket.socket) -> None:
        for end in ends:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def let_finish(self) -> None:
        """What was asked for is done before the next test looks."""
        if self.exchange and not self.is_answered and not self.is_cut:
            self.server.settimeout(FINISH_SECONDS)
            self.server.recv(PART)


class CuttingProxy:
    def __init__(self, port: int):
        self.target = ("127.0.0.1", port)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.arm(None)
        self._start(self._accept)       # the first of the threads

    def arm(self, cut: Cut | None, way: str = ONCE) -> None:
        """Forget what was seen, of clients that have gone; then @cut happens,
        or nothing (None)."""
        for thread in self._threads[1:]:
            thread.join()
        with self._lock:
            self.exchanges: list[Exchange] = []
            self.hit = False
            self._cut, self._way = cut, way
            self._counts: Counter[str] = Counter()

    def close(self) -> None:
        self._stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _start(self, what, *args: object) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=what, args=args, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self.target) as server:
            connection = _Connection(client, server)
            for end in client, server:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                while not self._stopping.is_set() and self._pass_some(connection):
                    pass
                connection.let_finish()
            except OSError:     # the other end has gone
                pass

    def _pass_some(self, connection: _Connection) -> bool:
        """False at the end of it."""
        if self._way == GONE and self.hit:
            connection.reset(connection.client)
            return False
        ready, _, _ = select.select([connection.client, connection.server], [], [], 0.05)
        for end in ready:
            data = end.recv(PART)
            if not data:
                return False
            passes = self._ask if end is connection.client else self._answer
            if connection.is_cut or passes(connection, data):
                continue
            connection.is_cut = True
            connection.reset(connection.client, connection.server)
            if self._way != SILENCE:
                return False
        return True

    def _ask(self, connection: _Connection, data: bytes) -> bool:
        if connection.exchange and not connection.is_answered:
            return self._pass_on(connection.exchange, ASKED, data, connection.server)
        connection.begun += data
        if b"\r\n" not in connection.begun:
            return True
        data, connection.begun = connection.begun, b""
        connection.exchange = self._begin(data)
        connection.is_answered = False
        return self._pass_on(connection.exchange, ASKED, data, connection.server)

    def _answer(self, connection: _Connection, data: bytes) -> bool:
        connection.is_answered = True
        return not connection.exchange or self._pass_on(
            connection.exchange, ANSWERED, data, connection.client)

    def _begin(self, data: bytes) -> Exchange:
        line = data.split(b"\r\n")[0].decode("latin-1").rpartition(" ")[0]
        line = MADE_UP.sub("*", line)
        with self._lock:
            self._counts[line] += 1
            self.exchanges.append(Exchange(line, self._counts[line]))
            return self.exchanges[-1]

    def _pass_on(self, exchange: Exchange, side: str, data: bytes, to: socket.socket) -> bool:
        """Unless this is where to stop."""
        have = len(exchange.passed(side))
        with self._lock:
            stop = self._stops(exchange, side, have + len(data))
            self.hit = self.hit or stop
        if stop:
            data = data[:self._cut.at - have]
        if side == ASKED:
            exchange.asked += data
        else:
            exchange.answered += data
        if data:
            to.sendall(data)
        return not stop

    def _stops(self, exchange: Exchange, side: str, size: int) -> bool:
        cut = self._cut
        return bool(cut and not self.hit and cut.side == side and cut.at < size and
                    (cut.line, cut.number) == (exchange.line, exchange.number))
