"""Compressed bytes, which are those of Go's compress/gzip.

Random texts, made of what deflate treats differently, go through the reference
(gzip/main.go) and through ours.  SLIPWAY_SEED repeats a run, SLIPWAY_TEXTS
makes it longer.
"""

from __future__ import annotations

import gzip
import os
import random
import struct
import subprocess
from pathlib import Path

import reference

TEXTS = int(os.environ.get("SLIPWAY_TEXTS", "400"))
WINDOW = 1 << 15
# Sizes at which blocks, windows, and what is stored as it is end.
EDGES = [0, 1, 2, 3, 4, 5, 7, 8, 258, 259, 262, 263, 16383, 16384, 16385, WINDOW - 1, WINDOW,
         WINDOW + 1, 65274, 65275, 65535, 65536, 65537, 2 * WINDOW + 262, 3 * WINDOW, 131072]
RENUMBERED = 40 << 20   # bytes, after which places in the chains were numbered anew


def words(rng: random.Random, size: int) -> bytes:
    few = [rng.randbytes(rng.randrange(1, 12)) for _ in range(rng.randrange(2, 200))]
    text = b""
    while len(text) < size:
        text += b" ".join(rng.choices(few, k=50))
    return text[:size]


def skewed(rng: random.Random, size: int) -> bytes:
    """Bytes of which each is twice as frequent as the next: the longest codes."""
    count = rng.randrange(2, 30)
    return bytes(rng.choices(range(count), [2 ** i for i in range(count)], k=size))


def again(rng: random.Random, text: bytes, size: int) -> bytes:
    """What stood there before, most often just within reach or just out of it."""
    back = rng.choice([rng.randrange(1, 9), rng.randrange(1, 5000),
                       WINDOW + rng.randrange(-300, 300), rng.randrange(1, 70000)])
    back = min(back, len(text))
    start = len(text) - back
    found = bytearray(text[start:start + size])
    while found and rng.random() < 0.3:
        found[rng.randrange(len(found))] ^= 1
    return bytes(found)


def text_of(rng: random.Random, size: int) -> bytes:
    text = b""
    likes = [rng.random() for _ in range(5)]
    while len(text) < size:
        part = rng.choice([rng.randrange(1, 12), rng.randrange(1, 300), rng.randrange(1, 9000)])
        [kind] = rng.choices(range(5), likes)
        text += (rng.randbytes(part) if kind == 0 else
                 words(rng, part) if kind == 1 else
                 skewed(rng, part) if kind == 2 else
                 rng.randbytes(1) * part if kind == 3 else
                 again(rng, text, part))
    return text[:size]


def compressed(program: Path, texts: list[bytes]) -> list[bytes]:
    framed = b"".join(struct.pack("<I", len(text)) + text for text in texts)
    out = subprocess.run([program], input=framed, check=True, timeout=900,
                         stdout=subprocess.PIPE).stdout
    packed, at = [], 0
    while at < len(out):
        [size] = struct.unpack_from("<I", out, at)
        packed.append(out[at + 4:at + 4 + size])
        at += 4 + size
    return packed


def compare(texts: list[bytes]) -> None:
    theirs = compressed(reference.reference("gzip"), texts)
    mine = compressed(reference.ours("gzip"), texts)
    assert len(theirs) == len(mine) == len(texts)
    for number, (text, a, b) in enumerate(zip(texts, theirs, mine)):
        assert gzip.decompress(b) == text, f"text {number} is damaged"
        assert a == b, f"text {number} of {len(text)} bytes: {len(a)} bytes in Go, {len(b)} here"


def test_random_texts():
    rng = random.Random(reference.seed())
    for _ in range(0, TEXTS, 200):      # no more than fit in memory
        compare([text_of(rng, rng.choice([rng.choice(EDGES), rng.randrange(600),
                                          rng.randrange(200_000)])) for _ in range(200)])


def test_edges():
    """Of what is not compressed at all, and of what is to almost nothing."""
    rng = random.Random(reference.seed())
    compare([make(size) for size in EDGES
             for make in (rng.randbytes, bytes, lambda size: text_of(rng, size))])


def test_a_long_text():
    rng = random.Random(reference.seed())
    parts = [text_of(rng, 300_000), bytes(200_000), *(words(rng, 50_000) for _ in range(4))]
    text = b""
    while len(text) < RENUMBERED:
        text += b"".join(rng.sample(parts, len(parts)))
    compare([text])
