"""Documents read and written as Helm's YAML library does.

Random documents go through the reference (yaml/main.go: sigs.k8s.io/yaml as
Helm 4.3.1 has it) and through ours; values and bytes must be equal, and what
one refuses the other refuses.  SLIPWAY_SEED repeats a run, SLIPWAY_DOCUMENTS
makes it longer.
"""

from __future__ import annotations

import json
import os
import random
import re
import resource
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
import reference

DOCUMENTS = int(os.environ.get("SLIPWAY_DOCUMENTS", "1000"))

WORDS = """
y Y yes No on OFF true False NULL null ~ .inf -.Inf .nan . .. ... --- - -- -a
0 -0 +0 00 08 07 0777 0o17 0O7 0x1F 0X1f 0x 0b101 -0b11 0b 0b2 0b-1 1_000 _1
1_ 1__0 +1 -1 1e3 1E3 1e 1e+3 1. .5 .5e1 .5_1 .5_ +.5 -.5 1.5e-7 1e400 -1e400
123456789012345678 9223372036854775807 -9223372036854775808 1e21 1e20 12.50
2001-01-01 2001-1-1 2001-13-01 2001-02-29 2004-02-29 2001-01-01T00:00:00Z
2001-01-01t1:2:3.5+02:00 2001-01-01T00:00:00 2001-01-01T00:00:00+25:00 20010101
190:20:30 12:30 1:99 -1:30.5 1.2.3 v1 1.4.0 = << <<a ! !a &a *a | > % @x `x #x
a#b ? ?a : :a a:b a: 'x "x x' x" [x {x x] x} ,x x,y x-y $x (x) x=y http://x.y/z
""".split() + [
    "2001-01-01 00:00:00", "2001-01-01  1:2:3", "2001-01-01 0:0:0.5",
    "a b", " a", "a ", "a #b", "a: b", "a\tb", "\ta", "- a", "? a", "", " ",
    "it's", 'say "x"', "back\\slash", "é", "日本", "☃", "😀", "\u00a0x",
    "\ufeffx", "a\u2028b", "\u2029", "\x01", "\x1b[1m", "line\n", "line\nline",
    "\nline", "line\n\n", " line\nline", "line \nline", "line\n line\n", "\n",
    "\n\n", "a\r\nb", "tab\t\nx", "<b>&amp;</b>", "#", "x" * 130, "a" * 129,
    "word " * 30 + "end", "two  blanks " * 12 + "end", "ends with colon:",
    "it's " * 25 + "end", "é " * 60 + "end", 'quote" ' * 20, "x: " + "y " * 60,
    "\x00", "a\0b", "\x7f", "\x80", "\x9f", "\ufffe", "\ufffd", "\U0010ffff",
    "a\x85b", "a \x85  b", "\x85", "\x85\x85a", "a\x85\x85 \x85", "a\x85---",
    "a\x85--- b", "a\x85 --- b", "a\t\x85\tb", "...\x85... ", "x\x85...\x85y",
    "\ufeff" * 3, "😀 " * 60, "a\u2028" * 40, "\x1f" * 30, "\\" * 90,
    " " * 90, "\t" * 90 + "x", "x" + "\n" * 90, "no\n" * 40, "日本 " * 60,
]
KEYS = """
a b c A B a1 a2 a10 a01 a001 c1b a1.5 1 2 10 01 0 1.5 true null a-b a_b a.b
a/b x y yes no é ü 日 name Name version 10a 9a - ~ a[0] a00 b0 b00 b1 b10
""".split() + ["", "a b", "a: b", "#a", "it's", "a\nb", "k" * 127, "k" * 128,
               "k" * 129, "multi\nline " + "k" * 130, "*", "&", "😀", "a\tb", "é1", "é☃", "é²", "é٣",
               "é10", "é９", "<<", "\x7f", "a\x85b", "\x00", "\ufeff", "é" * 64, "é" * 65,
               "w " * 64, "w " * 65, "'" * 129, "<" * 170, "<" * 171,
               "\x01" * 170, "k" * 1022, "k" * 1023, "日" * 1022, "\n" * 511,
               "\n" * 512, "😀" * 40, "\ufffd", ".5", "2001-01-01",
 "ß", "−1", "€", "ª", "a\u0301", "a☃"]


def value(rng: random.Random, depth: int = 0):
    kind = rng.random()
    if depth < 5 and kind < 0.3:
        return {rng.choice(KEYS): value(rng, depth + 1)
                for _ in range(rng.randrange(5))}
    if depth < 5 and kind < 0.45:
        return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind < 0.75:
        text = rng.choice(WORDS)
        if rng.random() < 0.2:
            text += rng.choice([" ", "", "\n", ": ", "x"]) + rng.choice(WORDS)
        return text
    return rng.choice([
        None, True, False, 0, -1, 7, 2**53, -2**63, 2**63 - 1, 1.5, -0.25,
        1e6, 1e15, 1e17, 1e18, 1e20, 1e21, 1e-5, 1e-7, 1.7e308, 5e-324,
        -0.0, 2.0**63, -2.0**63, 2.0**64, -2.0**64, 2**64 - 1, 2**64, 0.1,
        123456789.125, 1e-6, 1e16 + 2, rng.randrange(2**63, 2**64),
        rng.choice([1, -1]) * 10.0 ** rng.randrange(-30, 30),
        rng.random() * 2.0 ** rng.randrange(-1074, 1000),
        rng.randrange(-10**6, 10**6), rng.random(),
        rng.uniform(-1e9, 1e9), float(rng.randrange(10**6)),
    ])


class Writer:
    """Writes random YAML: every style, comments, anchors, merges, tags."""

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.anchors: list[tuple[str, bool]] = []
        self.count = 0
        self.ascii = False

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def plain(self) -> str:
        words = [w for w in WORDS if w and w == w.strip() and "\n" not in w
                 and "\r" not in w and w[0] not in "!&*|>%@`#,[]{}'\"?:-"
                 and ": " not in w and " #" not in w and w[-1] != ":"
                 and w.isprintable() and not w.startswith("...")]
        return self.rng.choice(words)

    def single(self) -> str:
        return "'" + self.rng.choice(["", "x", "it''s", "1", "yes", "a: b",
                                      "# no", "\\n", "a  b"]) + "'"

    def double(self) -> str:
        return json.dumps(self.rng.choice(WORDS),
                          ensure_ascii=self.ascii or self.chance(0.5))

    def flow_scalar(self) -> str:
        kind = self.rng.random()
        if kind < 0.5:
            word = self.plain()
            if not set(word) & set(",[]{}?:"):
                return word
        return self.single() if kind < 0.75 else self.double()

    def flow(self, depth: int) -> str:
        kind = self.rng.random()
        if depth > 3 or kind < 0.5:
            return self.flow_scalar()
        if kind < 0.75:
            return "[" + ", ".join(self.flow(depth + 1) for _ in
                                   range(self.rng.randrange(4))) + "]"
        pairs = [f"{self.key(True)}: {self.flow(depth + 1)}"
                 for _ in range(self.rng.randrange(4))]
        return "{" + ", ".join(pairs) + "}"

    def key(self, flow: bool = False) -> str:
        plain = ["a", "b", "c1", "c10", "c2", "name", "x-y", "1", "2.5",
                 "true", "on", "k.v", "2001-01-01", "0x10", "é"]
        kind = self.rng.random()
        if kind < 0.8:
            return self.rng.choice(plain)
        return self.rng.choice(["'q k'", '"d\\tk"', "'7'", '""', "'a: b'"])

    def anchor(self, mapping: bool) -> str:
        if not self.chance(0.12):
            return ""
        self.count += 1
        name = f"n{self.count}"
        self.anchors.append((name, mapping))
        return f"&{name} "

    def literal(self, indent: int) -> str:
        rng = self.rng
        pad = " " * indent
        lines = [rng.choice(["text", "more text", " indented", "", "# not",
                             "a: b", "x   y", "  deep"])
                 for _ in range(rng.randrange(1, 5))]
        header = rng.choice("|>") + rng.choice(["", "-", "+"])
        if lines[0] == "" or lines[0].startswith(" "):
            lines.insert(0, "first")
        return header + "\n" + "\n".join(pad + l if l else "" for l in lines)

    def comment(self) -> str:
        return self.rng.choice(["", "", "", "", " # note", "  # a: b"])

    def block(self, indent: int, depth: int) -> str:
        """What follows "key:" or "-", its line break included."""
        kind = self.rng.random()
        if depth < 4 and kind < 0.25:
            name = self.anchor(True)
            return f" {name}".rstrip() + self.comment() + "\n" + self.mapping(
                indent, depth + 1)
        if depth < 4 and kind < 0.4:
            name = self.anchor(False)
            return f" {name}".rstrip() + self.comment() + "\n" + self.sequence(
                indent, depth + 1)
        if kind < 0.5:
            return " " + self.literal(indent) + "\n"
        if kind < 0.55:
            return self.comment() + "\n"
        if kind < 0.6 and self.anchors:
            return " *" + self.rng.choice(self.anchors)[0] + "\n"
        if kind < 0.63:
            return " " + self.rng.choice(
                ["!!str 1", "!!int '7'", "!!float 2", "!!bool yes", "!mine x",
                 "!!binary aGVsbG8=", "! 12", "!!null ''", "!!int x"]) + "\n"
        if kind < 0.75:
            return " " + self.flow(0) + self.comment() + "\n"
        scalar = self.rng.choice([self.plain, self.plain, self.single,
                                  self.double])()
        return " " + self.anchor(False) + scalar + self.comment() + "\n"

    def mapping(self, indent: int, depth: int) -> str:
        pad = " " * indent
        text, seen = "", set()
        for _ in range(self.rng.randrange(1, 5)):
            key = self.key()
            # Which one of 1 and '1' wins is chance in Go.
            plain = key.strip("'")
            if plain in seen:
                continue
            seen.add(plain)
            if self.chance(0.1):
                text += self.rng.choice(["\n", pad + "# note\n"])
            text += f"{pad}{key}:" + self.block(
                indent + self.rng.choice([1, 2, 2, 4]), depth)
        sources = [name for name, mapping in self.anchors if mapping]
        if sources and self.chance(0.3):
            name = self.rng.choice(sources)
            merge = f"*{name}" if self.chance(0.7) else f"[*{name}, {{m: 1}}]"
            text += f"{pad}<<: {merge}\n"
        return text or f"{pad}only: 1\n"

    def sequence(self, indent: int, depth: int) -> str:
        pad = " " * indent
        return "".join(f"{pad}-" + self.block(indent + 2, depth)
                       for _ in range(self.rng.randrange(1, 4)))

    def stream(self) -> str:
        """Several documents, as a values file may have."""
        separators = ["---\n", "--- # note\n", "---  \n", "---\r\n",
                      "---\n---\n", "...\n---\n", "...\n", "--- a: 1\n",
                      "----\n", " ---\n"]
        # How far ahead characters are checked depends on buffers.
        self.ascii = True
        text = ""
        for _ in range(self.rng.randrange(2, 5)):
            self.anchors.clear()
            text += self.mapping(0, 1) if self.chance(0.9) else "\n"
            text += self.rng.choice(separators[:6 if self.chance(0.9) else 10])
        return text

    def document(self) -> str:
        kind = self.rng.random()
        start = self.rng.choice(["", "", "", "---\n", "# head\n",
                                 "%YAML 1.1\n---\n"])
        if kind < 0.1:
            return start + self.flow(0) + "\n"
        if kind < 0.2:
            return start + self.sequence(0, 0)
        return start + self.mapping(0, 0)


def documents(seed: int, count: int) -> list[str]:
    rng = random.Random(seed)
    texts = ["", "\n", "# nothing\n", "---\n", "null", "[]", "{}", '""'] + [
        f"k: {word}" for word in WORDS if not set("\0\n") & set(word)]
    while len(texts) < count:
        if rng.random() < 0.5:
            texts.append(json.dumps(value(rng),
                                    ensure_ascii=rng.random() < 0.3))
        else:
            writer = Writer(rng)
            texts.append(writer.stream() if rng.random() < 0.2
                         else writer.document())
    return texts


class Answer(NamedTuple):
    """What tests/oracle/yaml/main.go says of a document."""
    json: str
    yaml: str
    floats: str
    strict: str
    values: str


def answers(program: Path, texts: list[str]) -> list[Answer]:
    result = subprocess.run([program], input="\0".join(texts).encode(),
                            stdout=subprocess.PIPE, check=True, timeout=300)
    parts = iter(result.stdout.decode().split("\0"))
    return [Answer(*five) for five in zip(parts, parts, parts, parts, parts)]


def floats(text: str):
    """JSON with all numbers as floats: which are not is seen in the YAML."""
    return json.loads(text, parse_int=float)


def large_as_floats(text: str) -> str:
    """YAML with what is beyond int64, a float to us, in one form."""
    return re.sub(r"(?<![\w.])(\d{19,20}|\d(\.\d+)?e\+1[89])(?![\w.])",
                  lambda number: str(float(number[0])), text)


def no_integer(digits: str):
    raise AssertionError(f"{digits} is no float")


def same(theirs: Answer, mine: Answer) -> bool:
    if failed(theirs.values) != failed(mine.values) or (
            not failed(theirs.values) and
            floats(theirs.values) != floats(mine.values)):
        return False
    if failed(theirs.json) or failed(mine.json):
        return failed(theirs.json) and failed(mine.json)
    return (floats(theirs.json) == floats(mine.json) and
            failed(theirs.yaml) == failed(mine.yaml) and
            (failed(theirs.yaml) or
             large_as_floats(theirs.yaml) == large_as_floats(mine.yaml)) and
            floats(theirs.floats) == json.loads(mine.floats,
                                                parse_int=no_integer) and
            failed(theirs.strict) == failed(mine.strict))


def failed(answer: str) -> bool:
    return answer.startswith("error: ")


def test_documents_are_read_and_written_as_helm_does():
    texts = documents(reference.seed(), DOCUMENTS)
    pairs = list(zip(texts, answers(reference.reference("yaml"), texts),
                     answers(reference.ours("yaml"), texts), strict=True))
    refused = sum(failed(theirs.json) for _, theirs, _ in pairs)
    different = [pair for pair in pairs if not same(pair[1], pair[2])]
    assert refused < len(texts) / 3, "the generator makes too many errors"
    for text, theirs, mine in different[:5]:
        print(f"document:\n{text}\nreference: {theirs}\nours:      {mine}")
    assert not different, f"{len(different)} of {len(texts)} documents differ"


MEMORY = 256 << 20
STACK = 1 << 20
SECONDS = 30
LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9))
THOUSAND = "a: &a {" + ", ".join(f"k{i}: 1" for i in range(1000)) + "}\n"

HOSTILE = {
    "1,000 lists": ("[" * 1000 + "]" * 1000, None),
    "1,000 mappings": ("{a: " * 999 + "1" + "}" * 999, None),
    "1,000 block lists": ("- " * 1000 + "x", None),
    "1,000 block mappings": (
        "".join(" " * i + "a:\n" for i in range(1000)), None),
    "1,001 lists": ("[" * 1001 + "]" * 1001, "nested too deeply"),
    "a million lists": ("[" * 10**6, "nested too deeply"),
    "a million mappings": ("{" * 10**6, "nested too deeply"),
    "a million dashes": ("- " * 10**6, "nested too deeply"),
    "a million question marks": ("? " * 10**6, "nested too deeply"),
    "many items deep inside": ("[" * 900 + "1," * 10**6,
                               "too many nested flow collections"),
    "a billion laughs": (LAUGHS, "aliases repeat too much"),
    "much text, often": ("a: &a " + "x" * 10**6 + "\nb: [" + "*a," * 2000 +
                         "]", "aliases repeat too much"),
    "many merges": (THOUSAND + "b:\n" + "- {<<: *a}\n" * 10**5,
                    "aliases repeat too much"),
    "many merges into one": (THOUSAND + "b: {" + "<<: *a, " * 10**5 + "}",
                             "aliases repeat too much"),
    "itself": ("a: &a [*a]", "contains itself"),
    "a long scalar": ("a: " + "x" * 10**7, None),
    "many lines": ("a: |\n" + " x\n" * 10**6, None),
    "a long comment": ("#" * 10**7, None),
    "a long key": ("k" * 10**6 + ": 1", "mapping values are not allowed"),
    "many documents": ("a: 1\n---\n" * 10**5, None),
}


def within_limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_STACK, (STACK, STACK))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_cost_neither_stack_nor_memory_nor_time(name):
    """In 256 MiB of address space, with a stack of 1 MiB."""
    text, cause = HOSTILE[name]
    result = subprocess.run([reference.ours("yaml")], input=text.encode(),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            timeout=SECONDS, preexec_fn=within_limits)
    assert result.returncode == 0, result.stderr.decode()
    answer = result.stdout.decode().split("\0")[0]
    assert failed(answer) == bool(cause)
    assert not cause or cause in answer
