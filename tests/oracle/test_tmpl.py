"""Templates rendered as Go renders them, with Helm's functions.

Random templates within the language go through the reference (tmpl/main.go)
and through ours; output must be equal, and what one refuses the other
refuses.  So must the tables by hand.  SLIPWAY_SEED repeats a run,
SLIPWAY_TEMPLATES makes it longer.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import reference
from templates import Case, cases

TABLES = Path(__file__).resolve().parent.parent / "tables" / "tmpl"
TEMPLATES = int(os.environ.get("SLIPWAY_TEMPLATES", "2000"))
BATCH = 5000    # templates that go through one process of each side


def answers(program: Path, given: list[Case]) -> list[str]:
    text = "".join(field + "\0" for case in given for field in case)
    result = subprocess.run([program], input=text.encode(),
                            stdout=subprocess.PIPE, check=True, timeout=600,
                            env={**os.environ, "TZ": "UTC"})
    found = result.stdout.decode(errors="replace").split("\0")[:-1]
    assert len(found) == len(given)
    return found


def shown(answer: str) -> str:
    if answer.startswith("ok "):
        answer = repr(bytes.fromhex(answer[3:]).decode(errors="replace"))
    return answer[:1000]


def compare(given: list[Case]) -> int:
    """Fails if an answer differs; gives how many were refused by both."""
    program = reference.reference("tmpl")
    failures, refused = [], 0
    for case, theirs, mine in zip(given, answers(program, given),
                                  answers(reference.ours("tmpl"), given),
                                  strict=True):
        if theirs.startswith("error") and mine.startswith("error"):
            refused += 1
        elif theirs != mine:
            failures.append((case, theirs, mine))
    for (mode, data, text), theirs, mine in failures[:10]:
        print(f"template ({mode}): {text!r}\ndata: {data}\n"
              f"reference: {shown(theirs)}\nours: {shown(mine)}\n")
    assert not failures, f"{len(failures)} of {len(given)} templates differ"
    return refused


@pytest.mark.timeout(300 + TEMPLATES // 20)
def test_random_templates_are_rendered_as_go_does():
    source = cases(reference.seed(), TEMPLATES)
    refused = 0
    while given := list(islice(source, BATCH)):
        refused += compare(given)
    assert refused < TEMPLATES * 0.5, "the generator makes too many errors"


def table(path: Path) -> Iterator[tuple[str, Case]]:
    """The cases of a table; see tests/unit/tmpl/test-tmpl.c."""
    data = ""
    for block in path.read_text().split("\n=== ")[1:]:
        title, *lines = block.split("\n")
        parts: dict[str, list[str]] = {}
        for line in lines:
            if line in ("--- data", "--- template", "--- output",
                        "--- error"):
                section = parts.setdefault(line[4:], [])
            else:
                section.append(line)
        if "data" in parts:
            data = "\n".join(parts["data"])
        mode = title.partition("[")[2].rstrip("]") or "error"
        yield title, (mode, data, "\n".join(parts["template"]))


@pytest.mark.parametrize("path", sorted(TABLES.glob("*.txt")),
                         ids=lambda path: path.stem)
def test_tables_are_rendered_as_go_does(path: Path):
    """But "refused": on purpose, by ours alone; "our": functions of our own."""
    compare([case for title, case in table(path)
             if not title.startswith(("refused", "our "))])
