"""Regular expressions found as Go's regexp finds them.

Random patterns and texts go through the reference (rx/main.go) and through
ours: the places of all groups in all matches and what they are replaced by
must be the same, and what one refuses the other refuses.  SLIPWAY_SEED
repeats a run, SLIPWAY_PATTERNS makes it longer.
"""

from __future__ import annotations

import os
import random
import subprocess
import unicodedata
from pathlib import Path

import reference

PATTERNS = int(os.environ.get("SLIPWAY_PATTERNS", "3000"))

# pattern, text, replacement
Case = tuple[bytes, bytes, bytes]

LETTERS = ["a", "b", "c", "k", "s", "K", "S", "A", "B", "0", "1", "7", "_", "-",
           " ", "\n", "\t", ".", "é", "É", "ß", "ſ", "\u212a", "σ", "ς", "Σ",
           "ǆ", "ǅ", "İ", "ı", "日", "😀", "\ufffd", "\u0345", "ι", "\x00",
           "\v", "]", "[", "^", "$", "{", "}", "(", ")", "|", "*", "+", "?",
           "\\", "/", "\u1e9e", "µ", "μ", "ⅷ", "Ⅷ", "ĸ"]
POSIX = ["alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower",
         "print", "punct", "space", "upper", "word", "xdigit"]
PROPERTIES = ["L", "Lu", "Ll", "Lt", "LC", "N", "Nd", "P", "Z", "S", "C", "Cc",
              "M", "Mn", "Greek", "Latin", "Common", "Inherited", "Han", "Any",
              "ASCII", "Assigned", "Letter", "uppercase_letter", "Cn", "nd"]
STRANGE = ["(?=a)", "(?!a)", "(?<=a)", "(?<!a)", r"\1", r"\k<n>", "(?>a)",
           "a++", "a*+", r"\Z", r"\G", r"\C", "(?#x)", "(?x)", "(?R)", "(?1)",
           "(?P=n)", r"\pX", r"\p{Foo}", r"\p{Old_Italic}", "[[:foo:]]",
           "[b-a]", "a{1001}", "(?:a{100}){11}", "a{2,1}", "a**", "(", ")",
           "[a", "\\", r"\8", r"\x", r"\x{110000}", r"\x{d800}", "(?i",
           "(?-)", "(?i-)", "(?P<n>", "(?P<a b>c)", "x{,3}", "x{3", "{", "}",
           "a{00}", "]", "*a", "|*", "(*a)", r"\Q*", r"\Qa\E*", r"\Q\E*",
           "(?)", "(?i)*", r"[\d-z]", r"[a-\d]", "[]a]", "[^]a]", "[--a]",
           r"\p{^Lu}", r"\P{^Lu}", r"\08", r"\077", r"\12", r"[\x{d7ff}-\x{e001}]",
           r"[\x{d800}-\x{dfff}]", r"[^\x{d800}-\x{dfff}]", r"[^\x00-\x{10ffff}]",
           "(?P<n>a)(?P<n>b)", "(?<n>a)", "(?<é>a)", "\ufeff", r"\E", r"\_"]


class Writer:
    """Writes patterns, and texts that they may match."""

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.groups = 0
        self.few: list[str] = []

    def start(self) -> None:
        self.groups = 0
        # Few letters, so that ways through the pattern meet often.
        self.few = (["a", "b"] if self.rng.random() < 0.5 else
                    self.rng.sample(LETTERS, self.rng.randrange(2, 8)))

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def letter(self) -> str:
        return self.rng.choice(self.few)

    @staticmethod
    def quoted(letter: str) -> str:
        return "\\" + letter if letter in r"\.+*?()|[]{}^$" else letter

    def rune(self) -> str:
        letter = self.letter()
        if self.chance(0.05):
            return f"\\x{{{ord(letter):x}}}"
        if self.chance(0.05) and ord(letter) < 256:
            return f"\\x{ord(letter):02x}"
        if self.chance(0.02):
            return f"\\Q{letter}\\E"
        return self.quoted(letter)

    def property(self) -> str:
        name = self.rng.choice(PROPERTIES)
        sign = self.rng.choice(["p", "p", "P"])
        if len(name) == 1 and self.chance(0.5):
            return f"\\{sign}{name}"
        return f"\\{sign}{{{'^' * self.chance(0.1)}{name}}}"

    def member(self) -> str:
        kind = self.rng.random()
        if kind < 0.5:
            return self.quoted(self.letter()).replace("-", r"\-")
        if kind < 0.7:
            first, last = sorted([self.letter(), self.letter()])
            return f"\\x{{{ord(first):x}}}-\\x{{{ord(last):x}}}"
        if kind < 0.8:
            return "\\" + self.rng.choice("dswDSW")
        if kind < 0.9:
            return f"[:{'^' * self.chance(0.3)}{self.rng.choice(POSIX)}:]"
        return self.property()

    def leaf(self) -> str:
        kind = self.rng.random()
        if kind < 0.6:
            return self.rune()
        if kind < 0.72:
            return f"[{'^' * self.chance(0.3)}" + "".join(
                self.member() for _ in range(self.rng.randrange(1, 4))) + "]"
        if kind < 0.8:
            return "."
        if kind < 0.84:
            return "\\" + self.rng.choice("dswDSW")
        if kind < 0.87:
            return self.property()
        if kind < 0.97:
            return self.rng.choice(["^", "$", r"\b", r"\B", r"\A", r"\z"])
        return ""

    def group(self, depth: int) -> str:
        inside = self.alternatives(depth - 1)
        kind = self.rng.random()
        if kind < 0.45:
            self.groups += 1
            return f"({inside})"
        if kind < 0.55:
            self.groups += 1
            return f"(?{'P' * self.chance(0.5)}<n{self.groups}>{inside})"
        if kind < 0.85:
            return f"(?:{inside})"
        flags = "".join(self.rng.sample("imsU", self.rng.randrange(1, 3)))
        return f"(?{'-' * self.chance(0.3)}{flags}:{inside})"

    def operator(self) -> str:
        kind = self.rng.random()
        if kind < 0.75:
            text = self.rng.choice("*+?")
        else:
            low = self.rng.choice([0, 0, 1, 1, 2, 2, 3])
            high = low + self.rng.choice([0, 0, 1, 2])
            text = self.rng.choice([f"{{{low}}}", f"{{{low},}}",
                                    f"{{{low},{high}}}"])
        return text + "?" * self.chance(0.25)

    def item(self, depth: int) -> str:
        text = (self.group(depth) if depth > 0 and self.chance(0.45)
                else self.leaf())
        if text and self.chance(0.4):
            text += self.operator()
        if self.chance(0.02):
            text += f"(?{'-' * self.chance(0.3)}{self.rng.choice('imsU')})"
        return text

    def alternatives(self, depth: int) -> str:
        return "|".join(
            "".join(self.item(depth)
                    for _ in range(self.rng.choice([0, 1, 1, 1, 2, 2, 3])))
            for _ in range(self.rng.choice([1, 1, 1, 2, 2, 3])))

    def pattern(self) -> bytes:
        text = self.alternatives(self.rng.choice([1, 2, 2, 3, 4]))
        if self.chance(0.3):
            text = f"(?{self.rng.choice(['i', 'm', 's', 'U', 'im', 'is'])})" + text
        if self.chance(0.06):
            at = self.rng.randrange(len(text) + 1)
            text = text[:at] + self.rng.choice(STRANGE) + text[at:]
        pattern = text.encode()
        if self.chance(0.04) and pattern:
            at = self.rng.randrange(len(pattern))
            pattern = pattern[:at] + pattern[at + 1:]
        return pattern

    def text(self) -> bytes:
        letters = [*self.few, *self.few, self.rng.choice(LETTERS)]
        text = b"".join(self.rng.choice(letters).encode()
                        for _ in range(self.rng.choice([0, 1, 2, 3, 5, 8, 13])))
        for _ in range(self.rng.choice([0] * 8 + [1, 3])):
            at = self.rng.randrange(len(text) + 1)
            text = text[:at] + self.rng.choice(
                [b"\xff", b"\x80", b"\xed\xa0\x80", b"\xe2\x82",
                 b"\xc0\xaf"]) + text[at:]
        return text

    def replacement(self) -> bytes:
        return "".join(self.rng.choice(
            ["$0", "$1", "${1}", "$2", "$n1", "${n2}", "$1x", "${1}x", "$$",
             "$", "${", "${1", "<", ">", "$é", "$01", "${é}", "$9", "$-"])
            for _ in range(self.rng.randrange(4))).encode()


def cases(seed: int, count: int) -> list[Case]:
    writer = Writer(random.Random(seed))
    made = []
    for _ in range(count):
        writer.start()
        pattern = writer.pattern()
        made.append((pattern, writer.text(), writer.replacement()))
    return made


def answers(program: Path, given: list[Case]) -> list[str]:
    lines = "".join(" ".join("x" + word.hex() for word in case) + "\n"
                    for case in given)
    result = subprocess.run([program], input=lines.encode(), check=True,
                            stdout=subprocess.PIPE, timeout=900)
    return result.stdout.decode().splitlines()


def compare(given: list[Case]) -> tuple[int, int]:
    """Fails if an answer differs; gives how many matched, were refused.

    One in a thousand may be too large for pcre2.
    """
    theirs = answers(reference.reference("rx"), given)
    mine = answers(reference.ours("rx"), given)
    large = sum("too large" in answer for answer in mine)
    assert large * 1000 <= len(given), f"{large} patterns are too large"
    different = [(case, a, b) for case, a, b
                 in zip(given, theirs, mine, strict=True)
                 if a != b and "too large" not in b]
    for (pattern, text, form), a, b in sorted(
            different, key=lambda found: len(found[0][0]))[:10]:
        print(f"{pattern!r} in {text!r}, by {form!r}\n"
              f"  reference: {a}\n  ours:      {b}")
    assert not different, f"{len(different)} of {len(given)} differ"
    return (sum("[]" not in answer and answer != "-" for answer in theirs),
            theirs.count("-"))


def test_random_patterns_match_as_in_go():
    matched, refused = compare(cases(reference.seed(), PATTERNS))
    assert matched > PATTERNS * 0.3, "too few patterns that match"
    assert PATTERNS * 0.02 < refused < PATTERNS * 0.3


def test_what_is_refused():
    compare([(pattern.encode(), b"a", b"") for pattern in STRANGE])


def test_every_rune_is_in_the_same_classes():
    """One text of many runes for each class, with and without case.

    Go and pcre2 are of different versions of Unicode: only runes that have
    been there since 3.2, and whose case is what it was then.
    """
    runes = [*range(0x3000), *range(0xa640, 0xab70), *range(0x10400, 0x10450)]
    changed = {0x19b, 0x264}    # got an upper case in Unicode 16
    text = "".join(
        chr(rune) for rune in runes if rune not in changed and
        unicodedata.ucd_3_2_0.category(chr(rune)) != "Cn").encode()
    names = [r"\p{" + name + "}" for name in PROPERTIES if name not in
             ("Cn", "C", "Assigned")]
    names += [f"[[:{name}:]]" for name in POSIX]
    names += [r"\d", r"\s", r"\w", r"\b", r"\B", ".", "k", "s", "ǆ", "σ", "µ",
              "é", "[a-z]", "[^k]", r"[\x{100}-\x{24f}]"]
    compare([(f"{flags}(?:{name})+".encode(), text, b"")
             for flags in ("", "(?i)") for name in names])
    compare([(f"{flags}[^{name}]+".encode(), text, b"")
             for flags in ("", "(?i)") for name in names if name[0] in "\\["
             and name not in (r"\b", r"\B")])
