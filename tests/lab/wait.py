"""Waiting for a condition with a deadline, and ports that nobody has."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
POLL = 0.02             # seconds between two looks


def until(condition: Callable[[], T], what: str | Callable[[], object],
          seconds: float = 90.0) -> T:
    """The first true value of @condition; an error that says @what, or what
    it returns, if none comes in time.  An OSError of @condition is a "not
    yet"."""
    deadline = time.monotonic() + seconds
    cause: object = "still false"
    while True:
        try:
            if value := condition():
                return value
        except OSError as error:
            cause = error
        if time.monotonic() > deadline:
            said = what() if callable(what) else what
            raise TimeoutError(f"not within {seconds:g} s: {said} ({cause})")
        time.sleep(POLL)


def free_port() -> int:
    """A port of the loopback that is free now.  Below the range from which
    the kernel serves outgoing connections, so that none of those takes it
    before the server that is meant to have it."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def accepts(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
