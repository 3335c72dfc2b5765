"""Versions and constraints as Helm's library answers.

Random pairs go through the reference (semver/main.go) and through ours; every
answer must be the same, refusals included.  SLIPWAY_SEED repeats a run,
SLIPWAY_PAIRS makes it longer.
"""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import reference

PAIRS = int(os.environ.get("SLIPWAY_PAIRS", "5000"))

NUMBERS = ["0", "1", "2", "3", "9", "10", "11", "00", "01", "007",
           "18446744073709551615", "18446744073709551616"]
WILD = ["x", "X", "*", "xx", "1x", "|", "1|2", "x|1"]
GOOD_IDENTIFIERS = ["0", "1", "2", "10", "a", "alpha", "beta", "rc", "-1"]
IDENTIFIERS = ["0", "1", "2", "10", "01", "00", "a", "b", "A", "alpha", "beta",
               "rc", "rc1", "rc-1", "-", "--", "-1", "x", "0a", "1-2", "99",
               "100", "18446744073709551615", "18446744073709551616", "", "é"]
GOOD_SIGNS = ["=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^", ""]
SIGNS = GOOD_SIGNS + ["==", "<>", "!", "=~"]
GOOD_BLANKS = ["", "", "", " ", "  ", "\n"]
BLANKS = GOOD_BLANKS + ["\v", "\u00a0"]

# Grammar at its corners; each is asked about with random versions.
CONSTRAINTS = """
*|x|X||1|1.2|1.2.3|1.x|1.2.x|1.*.3|x.1|1..2|1.2.3.4|v1.2|V1|=v1.2.3|^*|~*
>*|<*|>=*|<=*|!=*|!=1|!=1.2|!=1.x|!=1.2.3|!=1.2.x-alpha|^0|^0.0|^0.0.3|^0.3
^0.x|^0.0.x|^1.2.x|~0|~0.0|~0.0.0|~0.0.x|~>1.2|~1|>1|>1.2|>1.2.3|<=1|<=1.2|<1
1.2 - 1.4|1.2-1.4|1.2  -  1.4|1.2 -1.4|1.2- 1.4|1 - 2 - 3|1 - 2, 3 - 4
>=1 - 2|1 - 2 >1.5|1.1 1.0 - 2|1.1, 1.0 - 2|1 - x|* - 2|1 - 2.x|0.9 1 - 2
1,2|1 , 2|1 ,2|1, 2|,1|1,|1,,2|1 2|1  2| 1 | 1, >0 |>1<2|>1 <2|>1,<2|> 1 < 2
^1.2.3-alpha|~1.2.3-alpha.1|>=1.2.3-0|1.2.3-alpha+meta|1.2.3+meta|1.x-alpha
1.2.x-rc.1 <2|>1.x-0|-1|-|+|1-|1+|1.0.0-|1.0.0+|1.0.0-01|1.0.0-a..b|=|>=|~>
""".replace("\n", "|").split("|")


class Questions:
    """Two of three are well formed, the others have odd pieces in them."""

    def __init__(self, seed: int):
        self.rng = random.Random(seed)
        self.odd = False

    def pick(self, good: list[str], all_of_them: list[str]) -> str:
        return self.rng.choice(all_of_them if self.odd else good)

    def identifiers(self) -> str:
        return ".".join(self.pick(GOOD_IDENTIFIERS, IDENTIFIERS)
                        for _ in range(self.rng.choice([1, 1, 1, 2, 3])))

    def tail(self) -> str:
        text = ""
        if self.rng.random() < 0.35:
            text += "-" + self.identifiers()
        if self.rng.random() < 0.15:
            text += "+" + self.identifiers()
        return text

    def number(self) -> str:
        rare = self.odd and self.rng.random() < 0.3
        return self.rng.choice(NUMBERS if rare else ["0", "1", "2", "3"])

    def version(self) -> str:
        rng = self.rng
        count = rng.choice([3] * 8 + [1, 2] + [4] * self.odd)
        text = "v" if rng.random() < 0.1 else ""
        text += ".".join(self.number() for _ in range(count)) + self.tail()
        if self.odd and rng.random() < 0.1:
            text += rng.choice([" ", "x", ".", "-", "+", "\n", "/"])
        return text

    def bound(self) -> str:
        rng = self.rng
        count = rng.choice([1, 2, 3, 3] + [4] * self.odd)
        parts = [self.pick(["x", "X", "*"], WILD) if rng.random() < 0.12
                 else self.number() for _ in range(count)]
        return ("v" if rng.random() < 0.05 else "") + ".".join(
            parts) + self.tail()

    def condition(self) -> str:
        rng = self.rng
        if rng.random() < 0.12:
            dash = self.pick([" - ", "  - "], [" - ", "- ", " -", "-"])
            return self.bound() + dash + self.bound()
        return (self.pick(GOOD_BLANKS, BLANKS) + self.pick(GOOD_SIGNS, SIGNS) +
                self.pick(GOOD_BLANKS, BLANKS) + self.bound() +
                self.pick(GOOD_BLANKS, BLANKS))

    def constraint(self) -> str:
        rng = self.rng
        if rng.random() < 0.1:
            return rng.choice(CONSTRAINTS)
        if rng.random() < 0.01:
            return rng.choice(["1 " * 250, "1 " * 300, "1||" * 31 + "1",
                               "1||" * 32 + "1", "1  " * 40 + "!",
                               "1-" + "a" * 300])
        alternatives = []
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            separator = self.pick([" ", ", ", ",", " , "], [" ", "", ",,"])
            alternatives.append(separator.join(
                self.condition() for _ in range(rng.choice([1, 1, 2, 3]))))
        return self.pick(["||", " || "], ["||", "|"]).join(alternatives)

    def question(self) -> str:
        self.odd = self.rng.random() < 0.33
        parts = [self.version(), self.version(), self.constraint()]
        if self.rng.random() < 0.2:
            parts[1] = parts[0].split("-")[0] + self.tail()
        if self.rng.random() < 0.005:
            parts[0] += "+" + "m" * self.rng.choice([250, 251, 252, 300])
        return "\t".join(part.replace("\t", " ") for part in parts)


def answers(program: Path, questions: list[str]) -> list[str]:
    result = subprocess.run([program], input="\0".join(questions).encode(),
                            stdout=subprocess.PIPE, check=True, timeout=300)
    return result.stdout.decode().splitlines()


def test_versions_and_constraints_are_answered_as_helm_does():
    source = Questions(reference.seed())
    questions = [f"1.2.3\t1.2.3-a\t{constraint}" for constraint in CONSTRAINTS]
    questions += [source.question() for _ in range(PAIRS)]
    theirs = answers(reference.reference("semver"), questions)
    mine = answers(reference.ours("semver"), questions)
    refused = sum(answer.endswith(" -") for answer in theirs)
    assert refused < PAIRS * 0.6, "too few constraints that are understood"
    assert sum(answer.endswith(" true") for answer in theirs) > PAIRS * 0.03
    different = [(question, a, b) for question, a, b
                 in zip(questions, theirs, mine, strict=True) if a != b]
    for question, a, b in different[:10]:
        print(f"{question!r}\n  reference: {a}\n  ours:      {b}")
    assert not different, f"{len(different)} of {len(questions)} differ"
