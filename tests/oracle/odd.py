"""Odd texts for the functions that take them apart, as template literals."""

from __future__ import annotations

import random


def quoted(text: bytes) -> str:
    """Any bytes as a string that Go reads; random templates hold no NUL."""
    plain = b'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789' \
        b" !#$%&'()*+,-./:;<=>?@[]^_`{|}~"
    return '"' + "".join(chr(byte) if byte in plain else f"\\x{byte:02x}"
                         for byte in text) + '"'


def mixed(seed: int, parts: list[str | bytes], count: int,
          longest: int) -> list[str]:
    """Literals of parts in any order, the same in each run."""
    rng = random.Random(seed)
    pieces = [part if isinstance(part, bytes) else part.encode()
              for part in parts]
    return [quoted(b"".join(rng.choices(pieces, k=rng.randrange(longest))))
            for _ in range(count)]
