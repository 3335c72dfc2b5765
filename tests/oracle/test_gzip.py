"""Compressed bytes, which are those of Go's compress/gzip, and expanded ones.

Random texts, made of what deflate treats differently, go through the reference
(gzip/main.go) and through ours.  What zlib makes of them by all its ways of
compressing, whole and damaged, is expanded as zlib expands it, or refused as
zlib refuses it.  SLIPWAY_SEED repeats a run, SLIPWAY_TEXTS makes it longer.
"""

from __future__ import annotations

import gzip
import os
import random
import struct
import subprocess
import zlib
from pathlib import Path

import reference

TEXTS = int(os.environ.get("SLIPWAY_TEXTS", "400"))
WINDOW = 1 << 15
# Sizes at which blocks, windows, and what is stored as it is end.
EDGES = [0, 1, 2, 3, 4, 5, 7, 8, 258, 259, 262, 263, 16383, 16384, 16385, WINDOW - 1, WINDOW,
         WINDOW + 1, 65274, 65275, 65535, 65536, 65537, 2 * WINDOW + 262, 3 * WINDOW, 131072]
REFUSED = 0xffffffff
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


def answers(argv: list[Path | str], texts: list[bytes]) -> list[bytes | None]:
    framed = b"".join(struct.pack("<I", len(text)) + text for text in texts)
    out = subprocess.run(argv, input=framed, check=True, timeout=900,
                         stdout=subprocess.PIPE).stdout
    found: list[bytes | None] = []
    at = 0
    while at < len(out):
        [size] = struct.unpack_from("<I", out, at)
        refused = size == REFUSED
        found.append(None if refused else out[at + 4:at + 4 + size])
        at += 4 if refused else 4 + size
    return found


def compare(texts: list[bytes]) -> None:
    theirs = answers([reference.reference("gzip")], texts)
    mine = answers([reference.ours("gzip")], texts)
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


def by_zlib(rng: random.Random, text: bytes) -> bytes:
    """A raw stream, by any level and strategy, flushed now and then."""
    packer = zlib.compressobj(rng.randrange(10), zlib.DEFLATED, -rng.randrange(9, 16),
                              rng.randrange(1, 10), rng.randrange(5))
    packed, at = b"", 0
    while at < len(text):
        part = rng.choice([1, 100, 10_000, len(text)])
        packed += packer.compress(text[at:at + part])
        if rng.random() < 0.3:
            packed += packer.flush(rng.choice([zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH,
                                               zlib.Z_PARTIAL_FLUSH, zlib.Z_BLOCK]))
        at += part
    return packed + packer.flush()


def damaged(rng: random.Random, packed: bytes) -> bytes:
    """Most often near the front, where the codes are."""
    bad = bytearray(packed)
    for _ in range(rng.randrange(1, 4)):
        at = rng.choice([rng.randrange(min(len(bad), 100)), rng.randrange(len(bad))])
        bad[at] = rng.choice([bad[at] ^ 1 << rng.randrange(8), rng.randrange(256)])
    return bytes(bad[:rng.randrange(1, len(bad) + 1)] if rng.random() < 0.1 else bad)


def header(rng: random.Random) -> bytes:
    flags = rng.choice([0, 0, rng.randrange(32), rng.randrange(256)])
    text = struct.pack("<BBBBIBB", 31, 139, 8, flags, rng.randrange(2**32), rng.randrange(256), 3)
    if flags & 4:
        extra = rng.randbytes(rng.choice([0, 1, 40, 70_000]))[:65535]
        text += struct.pack("<H", len(extra)) + extra
    for flag in (8, 16):
        if flags & flag:
            text += rng.randbytes(rng.randrange(20)).replace(b"\0", b"") + b"\0"
    if flags & 2:
        text += struct.pack("<H", (zlib.crc32(text) & 0xffff) ^ (rng.random() < 0.1))
    return text


def member(rng: random.Random, raw: bytes) -> bytes:
    """With the checksum of what zlib finds in @raw, so that this is what decides."""
    reader = zlib.decompressobj(-15)
    try:
        text = reader.decompress(raw)
    except zlib.error:
        text = b""
    trailer = struct.pack("<II", zlib.crc32(text), len(text))
    return header(rng) + raw + (trailer if rng.random() < 0.98 else rng.randbytes(rng.randrange(9)))


def expanded(packed: bytes) -> bytes | None:
    text = b""
    while True:
        reader = zlib.decompressobj(31)
        try:
            text += reader.decompress(packed)
        except zlib.error:
            return None
        if not reader.eof:
            return None
        packed = reader.unused_data
        if not packed:
            return text


def streams(rng: random.Random, size: int) -> bytes:
    packed = b""
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        raw = by_zlib(rng, text_of(rng, rng.randrange(size)))
        packed += member(rng, damaged(rng, raw) if rng.random() < 0.6 else raw)
    return packed + (b"x" if rng.random() < 0.02 else b"")


def compare_expanded(packed: list[bytes]) -> None:
    mine = answers([reference.ours("gzip"), "expand"], packed)
    theirs = [expanded(each) for each in packed]
    assert len(mine) == len(packed)
    for number, (given, a, b) in enumerate(zip(packed, theirs, mine)):
        assert a == b, f"stream {number}, {given[:200].hex()}: zlib " \
            f"{'refuses it' if a is None else f'finds {len(a)} bytes'}, not so we"
    good = sum(each is not None for each in theirs)
    print(f"{good} of {len(packed)} streams are whole")
    assert len(packed) / 10 < good < len(packed) * 9 / 10


def test_random_streams():
    rng = random.Random(reference.seed())
    for _ in range(0, TEXTS, 200):
        compare_expanded([streams(rng, 800) for _ in range(1000)])
        compare_expanded([streams(rng, 100_000) for _ in range(50)])
