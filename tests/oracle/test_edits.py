"""Edits of real charts: one place, and every other value reads the same.

The files are the Chart.yaml and values*.yaml of the Go modules that
charts/modules.txt names.  Each is edited at random, as it is, with CRLF, with
a BOM and without its last line break; what the result means is the
reference's word (yaml/main.go).
SLIPWAY_SEED repeats a run, SLIPWAY_EDITS (of each form) makes it longer.
"""

from __future__ import annotations

import difflib
import json
import os
import random
import subprocess
from pathlib import Path
from typing import NamedTuple

import reference

FILES_MIN = 300
EDITS = int(os.environ.get("SLIPWAY_EDITS", "3"))
TEXTS = ["z", "1.4.0", "yes", "it's", "a: b", "x #y", "", " pad ", "é☃", "- x",
         "one\ntwo", "one\n\ntwo\n", "{{ .x }}", "0x1F", "null", 'say "x"',
         "back\\slash", "tab\t", "word " * 40 + "end", "a,b", "[x", "😀", "*",
         "2026-11-22 13:04:05", "registry.example.com/web@sha256:" + "0" * 64]
SCALARS = {"true": True, "12": 12, "null": None, "1.5": 1.5, "word": "word"}
NULLS = (b"", b"~", b"null", b"Null", b"NULL")


def chart_files(folders: list[Path]) -> dict[str, Path]:
    """Each text once; what is a template is no YAML."""
    texts = {}
    for folder in folders:
        for path in sorted([*folder.rglob("Chart.yaml"),
                            *folder.rglob("values*.yaml")]):
            text = path.read_bytes().decode()
            if "templates" not in path.parts and text.strip():
                texts.setdefault(text, path)
    return texts


class Edit(NamedTuple):
    path: Path
    text: str
    place: list
    kind: str
    new: str
    added: bool
    values: object  # before

    def wanted(self):
        new = self.new if self.kind == "text" else SCALARS[self.new]
        return with_value(self.values, self.place, new)


def with_value(old, place: list, new):
    if not place:
        return new
    name, *rest = place
    if isinstance(old, list):
        items = [*old, None] if name == len(old) else list(old)
        items[name] = with_value(items[name], rest, new)
        return items
    old = old or {}
    return {**old, name: with_value(old.get(name), rest, new)}


def places(values, place=()):
    """Every value that a path can name."""
    yield place, values
    if isinstance(values, dict):
        for key, value in values.items():
            if key and "." not in key and "\n" not in key:
                yield from places(value, (*place, key))
    if isinstance(values, list):
        for i, value in enumerate(values):
            yield from places(value, (*place, i))


def dressed(text: str) -> list[str]:
    """The text as it is, with CRLF, with a BOM, without its last break."""
    return [text, text.replace("\r\n", "\n").replace("\n", "\r\n"),
            "\ufeff" + text.removeprefix("\ufeff"), text.rstrip("\r\n")]


def edits(rng: random.Random, path: Path, text: str, values,
          count: int) -> list[Edit]:
    """Scalars replaced, keys and items added, at every depth."""
    found = list(places(values))
    scalars = [(place, value) for place, value in found
               if place and not isinstance(value, (dict, list))]
    parents = [(place, value) for place, value in found
               if isinstance(value, (dict, list)) or value is None]
    chosen = []
    for _ in range(count):
        added = not scalars or bool(parents) and rng.random() < 0.4
        if not scalars + parents:
            break
        place, value = rng.choice(parents if added else scalars)
        place = list(place)
        if added:
            place.append(len(value) if isinstance(value, list)
                         else rng.choice(["new", "newKey", "on", "x y"]))
            place += rng.choice([[], [], ["inner"], ["inner", "deep"]])
        kind = rng.choice(["text", "text", "raw"])
        new = rng.choice(TEXTS if kind == "text" else list(SCALARS))
        chosen.append(Edit(path, text, place, kind, new, added, values))
    return chosen


class Done(NamedTuple):
    span: str
    word: str
    text: str


def apply(todo: list[Edit]) -> list[Done]:
    fields = "\0".join(field for edit in todo for field in (
        edit.text, ".".join(map(str, edit.place)), edit.kind, edit.new))
    result = subprocess.run([reference.ours("edit")], check=True, timeout=600,
                            input=fields.encode() + b"\0",
                            stdout=subprocess.PIPE)
    parts = iter(result.stdout.decode().split("\0"))
    return [Done(*three) for three in zip(parts, parts, parts)]


def meanings(texts: list[str]) -> list:
    """What the reference reads; None where it refuses."""
    result = subprocess.run([reference.reference("yaml")], check=True,
                            input="\0".join(texts).encode(), timeout=600,
                            stdout=subprocess.PIPE)
    answers = result.stdout.decode().split("\0")[0::5]
    return [None if answer.startswith("error: ") else (json.loads(answer),)
            for answer in answers[:len(texts)]]


def fault(edit: Edit, done: Done, meaning) -> str | None:
    if not meaning:
        return "the reference cannot read it"
    if meaning[0] != edit.wanted():
        return f"it means {meaning[0]}"
    old, new = edit.text.encode(), done.text.encode()
    if edit.added:
        return taken_away(old, new)
    first, last = map(int, done.span.split())
    if new.startswith(old[:first]) and new.endswith(old[last:]):
        return None
    return f"it changes bytes outside of {first} to {last}"


def taken_away(old: bytes, new: bytes) -> str | None:
    """Nothing may be, but for the null that an addition stands in for."""
    start, end = 0, 0
    while start < len(old) and old[start:start + 1] == new[start:start + 1]:
        start += 1
    while end < min(len(old), len(new)) - start and old[~end] == new[~end]:
        end += 1
    gone, put = old[start:len(old) - end], new[start:len(new) - end]
    if gone.strip() in NULLS or gone in put:
        return None
    return f"it takes {gone} away"


def test_edits_of_real_charts():
    rng = random.Random(reference.seed())
    texts = chart_files(reference.chart_modules())
    variants = [(text, path) for plain, path in texts.items()
                for text in dressed(plain)]
    readable = [(text, path, meaning[0]) for (text, path), meaning in
                zip(variants, meanings([text for text, _ in variants]),
                    strict=True) if meaning]
    files = len({path for _, path, _ in readable})
    print(f"{len(texts)} files, {files} of them YAML")
    assert files >= FILES_MIN
    todo = [edit for text, path, values in readable
            for edit in edits(rng, path, text, values, EDITS)]
    done = apply(todo)
    assert len(done) == len(todo)
    pairs = list(zip(todo, done))
    taken = [pair for pair in pairs if pair[1].word == "ok"]
    refused = [pair for pair in pairs if pair[1].word != "ok"]
    faults = [(*pair, wrong) for pair, meaning in
              zip(taken, meanings([done.text for _, done in taken]),
                  strict=True) if (wrong := fault(*pair, meaning))]
    print(f"{len(taken)} edits, {len(refused)} refused")
    for edit, why in refused[:5]:
        print(f"{edit.path}: {edit.place} = {edit.new!r}: {why.text}")
    for edit, changed, wrong in faults[:5]:
        print(f"{edit.path}: {edit.place} = {edit.new!r}: {wrong}")
        print("".join(difflib.unified_diff(edit.text.splitlines(True),
                                           changed.text.splitlines(True))))
    assert not faults, f"{len(faults)} of {len(taken)} edits are wrong"
    assert len(refused) < len(todo) / 100
