"""Archives as Go's archive/tar reads them.

Random archives, most of them odd, go through the reference (tar/main.go) and
through ours.  One of both may be stricter; but no member that both give may
differ, and what writers of archives make is taken by both.  SLIPWAY_SEED
repeats a run, SLIPWAY_ARCHIVES makes it longer.
"""

from __future__ import annotations

import io
import os
import random
import struct
import subprocess
import tarfile
from pathlib import Path

import reference

ARCHIVES = int(os.environ.get("SLIPWAY_ARCHIVES", "3000"))
BLOCK = 512
SIZES = [0, 1, 5, 511, 512, 513]
NAMES = [b"a", b"web/x", b"d/", b"a" * 100, b"p" * 120 + b"/" + b"q" * 50,
         "\u00e9/x".encode(), b"", b"/abs", b".."]
USTAR, GNU, OLD = b"ustar\x0000", b"ustar  \0", bytes(8)
KEYS = [b"path", b"path", b"size", b"mtime", b"mtime", b"comment", b"linkpath", b"uid"]
VALUES = [b"", b"5", b"12.5", b"12.49", b"-3.6", b"-3.4", b"a/b", b"x" * 150, b"1.", b".5",
          b"0", b"-1", b"+7", b"99999999999", b"1e3", b"a=b"]


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % BLOCK)


def number(rng: random.Random, width: int) -> bytes:
    value = rng.choice([0, 1, 5, 511, 512, 8 ** 7 - 1, rng.randrange(2000)])
    return rng.choice([
        b"%0*o\0" % (width - 1, value), b"%*o " % (width - 1, value), b" " * width, bytes(width),
        (0x80 << 8 * (width - 1) | value).to_bytes(width, "big"),
        (-rng.choice([1, 2, 300]) % (1 << 8 * width)).to_bytes(width, "big"),
        bytes(rng.choices(b"01789 \0-\x80\xff", k=width))])


def header(name: bytes, kind: bytes, size: bytes, mtime: bytes, magic: bytes = USTAR) -> bytes:
    block = bytearray(BLOCK)
    cut = name[:155].rfind(b"/") if len(name) > 100 and magic == USTAR else -1
    if cut > 0:
        block[345:345 + cut], name = name[:cut], name[cut + 1:]
    block[0:len(name[:100])] = name[:100]
    block[100:124] = b"0000644\0" + b"0000000\0" * 2
    block[124:157] = size + mtime + b" " * 8 + kind
    block[257:265] = magic
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def special(kind: bytes, content: bytes, magic: bytes = USTAR) -> bytes:
    return header(b"special", kind, b"%011o\0" % len(content), b"0" * 11 + b"\0", magic) + \
        padded(content)


def record(rng: random.Random) -> bytes:
    rest = b" " + rng.choice(KEYS) + b"=" + rng.choice(VALUES) + b"\n"
    size = len(rest)
    while size != len(rest) + len(str(size)):   # it counts its own digits
        size = len(rest) + len(str(size))
    if rng.random() < 0.05:
        size += rng.choice([-1, 1, 10])
    return b"%d" % size + rest


def member(rng: random.Random) -> bytes:
    magic = rng.choice([USTAR] * 6 + [GNU, OLD])
    size = rng.choice(SIZES)
    kind = rng.choice([b"0"] * 10 + [b"\0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"Z"])
    made = b""
    if rng.random() < 0.4:
        made += special(rng.choice([b"x"] * 5 + [b"g"]),
                        b"".join(record(rng) for _ in range(rng.randrange(4))))
    if rng.random() < 0.1:
        made += special(rng.choice([b"L", b"K"]), rng.choice(NAMES) + b"\0", magic)
    made += header(rng.choice(NAMES), kind,
                   b"%011o\0" % size if rng.random() < 0.9 else number(rng, 12),
                   number(rng, 12), magic)
    return made if kind in b"123456" else made + padded(b"c" * size)


def archive(rng: random.Random) -> bytes:
    made = bytearray(b"".join(member(rng) for _ in range(rng.randrange(1, 4))))
    if rng.random() < 0.05:
        made[rng.randrange(len(made))] ^= 1 << rng.randrange(8)
    if rng.random() < 0.1:
        return bytes(made[:rng.randrange(len(made))])
    return bytes(made) + bytes(rng.choice([0, BLOCK, 2 * BLOCK]))


def written(rng: random.Random, form: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for _ in range(rng.randrange(1, 5)):
            info = tarfile.TarInfo(rng.choice(["a", "web/x", "n" * 99, "d/" * 40 + "f"]))
            info.size = rng.choice(SIZES)
            info.mtime = rng.randrange(2 ** 33)
            tar.addfile(info, io.BytesIO(bytes(info.size)))
    return out.getvalue()


def listed(program: Path, archives: list[bytes]) -> list[list[str]]:
    framed = b"".join(struct.pack("<I", len(one)) + one for one in archives)
    out = subprocess.run([program], input=framed, check=True, timeout=900,
                         stdout=subprocess.PIPE).stdout.decode()
    return [line.split() for line in out.splitlines()]


def both(archives: list[bytes]) -> list[tuple[list[str], list[str]]]:
    theirs = listed(reference.reference("tar"), archives)
    mine = listed(reference.ours("tar"), archives)
    assert len(theirs) == len(mine) == len(archives)
    return list(zip(theirs, mine))


def test_odd_archives():
    rng = random.Random(reference.seed())
    taken = 0
    for index, (a, b) in enumerate(both([archive(rng) for _ in range(ARCHIVES)])):
        if a[-1] == b[-1] == "end":
            taken += 1
        else:       # as far as both went
            least = min(len(a), len(b)) - 1
            a, b = a[:least], b[:least]
        assert a == b, f"archive {index}"
    assert taken > ARCHIVES / 10


def test_what_writers_make():
    rng = random.Random(reference.seed())
    forms = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
    for a, b in both([written(rng, forms[i % 3]) for i in range(ARCHIVES // 10)]):
        assert a == b
        assert a[-1] == "end"
