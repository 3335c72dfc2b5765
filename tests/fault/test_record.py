"""A step that dies, or that the system fails, at any call while it writes the
release record: afterwards there is a whole fragment or none, never a part."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

import records

# The calls by which files come to be; each is hit in turn.
CALLS = ("openat", "write", "fsync", "close", "renameat2", "mkdir")
CALLS_MAX = 400     # of one kind in one run: an end to the search


@pytest.fixture(scope="module")
def probe(plain_steps: Path) -> Path:
    """Without sanitizers, whose own calls would be hit."""
    return plain_steps.parent / "drivers" / "probe"


def run_with(probe: Path, record: Path, inject: str, log: Path):
    return subprocess.run(
        ["strace", "-qq", "-o", log, "-e", f"inject={inject}", probe,
         "--record", record, "--text", "whole"],
        env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True)


def has_hit(log: Path) -> bool:
    return "INJECTED" in (text := log.read_text()) or "killed by" in text


def faults(probe: Path, tmp_path: Path, call: str, effect: str):
    """(record, result) of a run for each time that the step makes @call."""
    for number in range(1, CALLS_MAX):
        record, log = tmp_path / f"record{number}", tmp_path / "log"
        result = run_with(probe, record,
                          f"{call}:{effect}:when={number}", log)
        if not has_hit(log):
            assert result.returncode == 0, result.stderr
            assert number > 1, f"{call} is never called"
            return
        yield record, result
    raise AssertionError(f"more than {CALLS_MAX} calls of {call}")


def whole_fragments(record: Path) -> list:
    if not record.exists():
        return []
    return [json.loads(path.read_text())
            for path in record.iterdir() if path.suffix == ".json"]


@pytest.mark.parametrize("call", CALLS)
def test_killed(probe, tmp_path, call):
    for record, _ in faults(probe, tmp_path, call, "signal=KILL"):
        for fragment in whole_fragments(record):
            records.validate(fragment)
        # The next run finds a record that it can read and extend.
        again = subprocess.run([probe, "--record", record, "--text", "next"],
                               capture_output=True, text=True)
        assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
@pytest.mark.parametrize("call", ["write", "fsync", "renameat2", "mkdir"])
def test_refused(probe, tmp_path, call, error):
    for record, result in faults(probe, tmp_path, call, f"error={error}"):
        assert result.returncode in (0, 1), result.stderr
        assert result.returncode == 0 or re.search(
            "probe: error: cannot write (the release record|to standard "
            "output): ", result.stderr), result.stderr
        for fragment in whole_fragments(record):
            records.validate(fragment)
        left = [path.name for path in record.iterdir()] \
            if record.exists() else []
        assert not [name for name in left if not name.endswith(".json")], left


def test_killed_temporary_file_is_not_read(probe, tmp_path):
    """What a killed run leaves beside is no fragment."""
    (tmp_path / ".slipway-0123456789abcdef.tmp").write_text("{")
    result = subprocess.run([probe, "--record", tmp_path],
                            capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "nothing\n")
