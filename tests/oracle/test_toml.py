"""TOML read and written as the library that Helm uses does.

Random documents, whole and broken, go through fromToml, and what it gives
through toToml; results must be equal, and so must the messages of what is
wrong.  SLIPWAY_SEED repeats a run, SLIPWAY_DOCUMENTS makes it longer.
"""

from __future__ import annotations

import os
import random

import reference
from test_tmpl import compare

DOCUMENTS = int(os.environ.get("SLIPWAY_DOCUMENTS", "1000"))

SCALARS = """
true false 0 1 -1 +7 1_000 1__0 _1 1_ 007 -0 +0 -01 0x1F 0xdead_beef 0x 0xg 0X1
0o17 0o8 0b101 0b2 0x_1 +0x1 -0b1 9223372036854775807 9223372036854775808
-9223372036854775808 -9223372036854775809 0xFFFFFFFFFFFFFFFF 1.5 -2.25 +0.5
1e3 1E3 1e-7 1e+21 6.022e23 1_0.5_0 1_.5 1._5 1.5_ 01.5 -01.5 1. .5 1.e5 1e 1e+
1.5.5 1e5.5 1e_5 1e400 -1e400 1e-400 100000.0 inf +inf -inf nan +nan -nan infx
nope nul ian inan nnf in na +i +n +x tru True yes [] {} "" '' 'raw' "a b" 1a
2001-01-01 2001-1-1 2001-13-01 2001-02-29 2004-02-29 20010101 2001-01-01T10:20:30Z
2001-01-01t10:20:30z 2001-01-01T10:20:30+02:00 2001-01-01T10:20:30-00:00
2001-01-01T10:20:30.123456789012Z 2001-01-01T10:20:30.5 2001-01-01T10:20 10:20
10:20:30 10:20:30.000001 24:00:00 1:2:3 10:2 10:20:60 2001-01-01T10:20Z 10:20Z
2001-01-01T10:20:30+25:00 2001-01-01T 2001-01-01T1:2:3 0000-00-00 0001-01-01
2001-01-01T10:20:30+00:00 9999-12-31T23:59:59.999999999Z 2001-01-01T10:20:30,5
""".split() + [
    "2001-01-01 10:20:30", "2001-01-01 10:20:30 ", "2001-01-01 ", "2001-01-01 x",
    '"\\b\\t\\n\\f\\r\\e\\"\\\\"', '"\\x41\\u00e9\\U0001F600"', '"\\ud800"',
    '"\\UFFFFFFFF"', '"\\u00"', '"\\x4"', '"\\q"', '"\\ x"', '"\\', '"a\nb"',
    "'a\nb'", "'it''s'", '"""\nline\nline"""', "'''\nraw \\n\n'''",
    '"""a \\\n   b"""', '"""a \\  \r\n\n  b\\\\"""', '"""a""b"""', '"""a"""""',
    '""""""', '"""a""""""', "'''a'''''", "''''''", "'''a''''''", '"""\\""""""',
    '"""\\q"""', '"""\\ a"""', '"""a', "'''a", '"a', "'a", '"é☃😀"', '"\x7f"',
    '"\x01"', '"\t"', '"\ufffd"', '"\\u0000\\u001f\\u007f"', "é", "'", "=", "@",
    "-", "+", "-.5", "+-1", "1 2", "1\r", "1\r\n", "2\n",
]
KEYS = ["a", "b", "c", "a.b", "a.c", "b.a", "a.b.c", "1", "-", "_x", '"q k"',
        "'l k'", '""', '"".a', 'a.""', ' a . b ', '"\\u00e9"', '"\\q"', "é",
        '"a.b"', "", ".", "a.", ".a", "a..b", "a b", '"""a"""', "'", '"',
        '"\\u0000"', "a.b.c.d"]
GOOD_KEYS = [k for k in KEYS[:18] if k != '"\\q"']
BROKEN = ["\x00", "\x01", "\xff", "\r", "\x7f", "[", "]", "{", "}", "=", ",",
          '"', "'", "\\", "#", ".", "\n", " ", "é", "\t", "-", "_", "1", "e",
          "\ufeff", '"""', "'''", "[[", "]]", "\r\n", "\u2028"]


class Writer:
    """Writes random TOML."""

    def __init__(self, rng: random.Random):
        self.rng = rng

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def blank(self) -> str:
        return self.rng.choice(["", "", " ", "  ", "\t"])

    def breaks(self) -> str:
        return self.rng.choice(["", "", " ", "\n", " # note\n", "\r\n  "])

    def key(self) -> str:
        if self.chance(0.04):
            return self.rng.choice(KEYS)
        return self.rng.choice(GOOD_KEYS)

    def scalar(self) -> str:
        if self.chance(0.3):
            return self.rng.choice(SCALARS)
        return self.rng.choice([
            "1", "-5", "1.5", "1e6", '"x"', "'y'", "true", "0x10", '"é\\n"',
            "2001-01-01", "2001-01-01T10:20:30Z", "10:20:30", "inf",
            '"""\nmany\nlines"""'])

    def value(self, depth: int = 0) -> str:
        kind = self.rng.random()
        if depth < 4 and kind < 0.15:
            return self.array(depth)
        if depth < 4 and kind < 0.35:
            return self.inline(depth)
        return self.scalar()

    def array(self, depth: int) -> str:
        items = [self.breaks() + self.value(depth + 1) + self.breaks()
                 for _ in range(self.rng.randrange(4))]
        end = self.rng.choice(["", "", ",", "\n"])
        return "[" + ",".join(items) + (end if items else "") + "]"

    def inline(self, depth: int) -> str:
        pairs = [f"{self.breaks()}{self.key()}{self.blank()}={self.blank()}"
                 f"{self.value(depth + 1)}{self.breaks()}"
                 for _ in range(self.rng.randrange(4))]
        end = self.rng.choice(["", "", "", ",", ", ", "\n"])
        return "{" + ",".join(pairs) + (end if pairs else "") + "}"

    def line(self) -> str:
        kind = self.rng.random()
        end = self.rng.choice(["\n", "\n", "\r\n", " # note\n", "\n\n"])
        if kind < 0.2:
            return f"[{self.blank()}{self.key()}{self.blank()}]{end}"
        if kind < 0.3:
            return f"[[{self.key()}]]{end}"
        if kind < 0.35:
            return f"# {self.scalar()}".replace("\n", " ") + "\n"
        return (f"{self.blank()}{self.key()}{self.blank()}={self.blank()}"
                f"{self.value()}{end}")

    def document(self) -> str:
        text = "".join(self.line() for _ in range(self.rng.randrange(1, 8)))
        if self.chance(0.2):
            at = self.rng.randrange(len(text) + 1)
            cut = self.rng.choice([0, 0, 1, 3])
            text = text[:at] + self.rng.choice(BROKEN) + text[at + cut:]
        if self.chance(0.03):
            text = self.rng.choice(["\ufeff", "\xff\xfe", "\xfe\xff"]) + text
        return text


def literal(text: str) -> str:
    """Text in Go's quotes; U+0080 to U+00FF stand for bytes."""
    escaped = ""
    for char in text:
        code = ord(char)
        if char == "é":
            escaped += char
        elif code < 0x20 or 0x7f <= code < 0x100:
            escaped += f"\\x{code:02x}"
        elif char in '"\\':
            escaped += "\\" + char
        else:
            escaped += char
    return f'"{escaped}"'


def documents(seed: int, count: int) -> list[str]:
    rng = random.Random(seed)
    texts = ["", "\n", "# x", "a", "a=", "[", "[a", "[[a]", "[]", "[[]]", "=1"]
    texts += [f"a = {scalar}" for scalar in SCALARS]
    texts += [f"a = [{scalar}]\nb = 1" for scalar in SCALARS]
    texts += [f"a = {{b = {scalar}, c = 1}}" for scalar in SCALARS]
    texts += [f"{key} = 1" for key in KEYS] + [f"[{key}]" for key in KEYS]
    texts += [f"a = {{{key} = 1}}" for key in KEYS]
    while len(texts) < count:
        texts.append(Writer(rng).document())
    return texts


def test_documents_are_read_and_written_as_the_library_does():
    """What it gives, of what types, and how that is written."""
    template = (
        "(( $m := fromToml %s ))(( $m ))\n"
        "((range $k, $v := $m))(( $k )) (( typeOf $v )) (( kindOf $v ));((end))"
        "\n(( toJson $m ))\n(( toToml $m ))")
    given = [("error", "{}", template % literal(text))
             for text in documents(reference.seed(), DOCUMENTS)]
    compare(given)
