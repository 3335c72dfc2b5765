"""Templates rendered as Go renders them, with Helm's functions.

Random templates within the language go through the reference (tmpl/main.go)
and through ours; output must be equal, and what one refuses the other
refuses.  So must the tables by hand.  SLIPWAY_SEED repeats a run,
SLIPWAY_TEMPLATES makes it longer.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import reference
from templates import CALLS, SPECIAL, Case, cases

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


def test_every_function_of_helm_is_there_or_refused():
    """And of what is neither Go's nor Helm's, only what the manual calls ours."""
    theirs = subprocess.run([reference.reference("tmpl"), "functions"],
                            check=True, text=True, stdout=subprocess.PIPE)
    ours = subprocess.run(
        [reference.ROOT / "build" / "release" / "drivers" / "functions"],
        check=True, text=True, stdout=subprocess.PIPE)
    rows = [line.split("\t") for line in ours.stdout.splitlines()]
    names, goes = {row[0] for row in rows}, {
        row[0] for row in rows if row[1] in ("Go's own", "comparison")}
    assert not set(theirs.stdout.split()) - names
    assert names - set(theirs.stdout.split()) - goes == \
        {row[0] for row in rows if row[1] == "ours"} | \
        {"call", "env", "expandenv"}    # of Go, and what Helm drops of Sprig
    called = {call[0] for calls in CALLS.values() for call in calls}
    called.update(*(re.findall(r"\w+", text)
                    for texts in SPECIAL.values() for text in texts))
    assert not {row[0] for row in rows if not row[3]} - called - \
        {row[0] for row in rows if row[1] in ("ours", "chance")} - \
        {"encryptAES"}, \
        "the generator never calls these"
