"""An HTTP proxy in front of a server, through which a part of all requests
fails (FAULTS):

refused      503, not done
conflict     409, not done: a condition could not be looked at just now
unmet        412, not done: a swap whose condition another broke meanwhile
undelivered  not done, the connection ends
unanswered   done, but the connection ends
reset        done, but the connection breaks in the midst of the answer
late         done after seconds in which nothing was heard

    with FaultyProxy(store.endpoint, share=0.2, seed=1) as proxy:
        run_step(..., env=store.env | {"AWS_ENDPOINT_URL": proxy.url})

Requests keep their Host header, which signatures cover. .healthy = True ends
the faults; .moved counts bytes.
"""

from __future__ import annotations

import http.client
import os
import random
import socket
import struct
import threading
import time
from email.message import Message
from urllib.parse import urlsplit

from serving import Handler, Serving

FAULTS = ("refused", "conflict", "unmet", "undelivered", "unanswered", "reset", "late")
REFUSALS = {"refused": (503, "SlowDown"),
            "conflict": (409, "ConditionalRequestConflict"),
            "unmet": (412, "PreconditionFailed")}
LATE_SECONDS = 1.0
RESET = struct.pack("ii", 1, 0)     # what is not sent yet is thrown away
HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class FaultyProxy(Serving):
    faults: tuple[str, ...] = FAULTS

    def __init__(self, target: str, share: float, seed: int,
                 address: str = "127.0.0.1", delay: float = 0):
        self.target = urlsplit(target).netloc
        self.share, self.healthy = share, False
        self.delay = delay      # seconds, of each request
        self.counts = dict.fromkeys(("passed", *self.faults), 0)
        self.moved = 0          # bytes of bodies, both ways
        self._dice, self._lock = random.Random(seed), threading.Lock()
        super().__init__(ProxyHandler, address)

    def connect(self) -> http.client.HTTPConnection:
        """To the server behind."""
        return http.client.HTTPConnection(self.target, timeout=60)

    def possible(self, _path: str, headers: Message) -> list[str]:
        """What may go wrong with such a request."""
        swaps = "If-Match" in headers
        return [fault for fault in self.faults
                if (fault != "unmet" or swaps) and
                (fault != "conflict" or swaps or "If-None-Match" in headers)]

    def refusal(self, fate: str) -> tuple[int, str, bytes] | None:
        """Status, type and body of an answer that is a refusal."""
        if fate not in REFUSALS:
            return None
        status, code = REFUSALS[fate]
        return status, "application/xml", (
            f"<Error><Code>{code}</Code><Message>by the proxy</Message>"
            "</Error>".encode())

    def roll(self, path: str, headers: Message) -> str:
        """What becomes of the next request."""
        with self._lock:
            fate = "passed"
            if not self.healthy and self._dice.random() < self.share:
                fate = self._dice.choice(self.possible(path, headers))
            self.counts[fate] += 1
            return fate

    def count(self, size: int) -> None:
        with self._lock:
            self.moved += size


class ProxyHandler(Handler):
    def setup(self) -> None:
        super().setup()
        self.store = self.owner.connect()

    def finish(self) -> None:
        self.store.close()
        super().finish()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        time.sleep(self.owner.delay)
        fate = self.owner.roll(self.path, self.headers)
        if refusal := self.owner.refusal(fate):
            status, kind, text = refusal
            self._answer(status, [("Retry-After", "0"),
                                  ("Content-Type", kind)], text)
            return
        if fate == "undelivered":
            self._hang_up()
            return
        if fate == "late":
            time.sleep(LATE_SECONDS)
        status, headers, reply = self._ask(body)
        self.owner.count(len(body) + len(reply))
        if fate == "unanswered":
            self._hang_up()
            return
        if fate == "reset":
            self._break_off(status)
            return
        self._answer(status, headers, reply)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = _serve

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        self.store.putrequest(self.command, self.path, skip_host=True,
                              skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP:
                self.store.putheader(name, value)
        if self.command == "PUT" or body:
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

    def _break_off(self, status: int) -> None:
        self.wfile.write(f"HTTP/1.1 {status} x\r\nContent-Le".encode())
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        # the socket itself: the files over it would keep it open
        os.close(self.connection.detach())
        self.close_connection = True

    def _hang_up(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True
