"""What a comparison is made of: the reference (Go), ours, and real charts.

As a program it fetches and builds all of it, which on a new machine takes
longer than any test may: `make check` runs it first.
"""

from __future__ import annotations

import functools
import json
import os
import random
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


CHART_MODULES = HERE / "charts" / "modules.txt"     # in the form of go.sum


@functools.cache
def go() -> str:
    return subprocess.run([HERE.parent / "setup", "go"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()


@functools.cache
def reference(name: str) -> Path:
    """Builds tests/oracle/NAME, a Go program; Go's own cache makes it fast."""
    program = ROOT / "build" / "oracle" / name
    program.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([go(), "build", "-trimpath", "-o", program, "."],
                   cwd=HERE / name, check=True,
                   env={**os.environ, "CGO_ENABLED": "0"})
    return program


def ours(name: str) -> Path:
    """The program made of tests/oracle/NAME-driver.c."""
    built = os.environ.get("SLIPWAY_ORACLES")
    return Path(built or ROOT / "build" / "release" / "oracle") / \
        f"{name}-driver"


@functools.cache
def chart_modules() -> list[Path]:
    """The folders of the Go modules, with the sums that they must have."""
    wanted = {}
    for line in CHART_MODULES.read_text().splitlines():
        path, version, digest = line.split()
        wanted[f"{path}@{version}"] = digest
    found = subprocess.run([go(), "mod", "download", "-json", *wanted],
                           text=True, stdout=subprocess.PIPE, check=True).stdout
    decoder, folders = json.JSONDecoder(), []
    while found := found.strip():
        module, end = decoder.raw_decode(found)
        name = f"{module['Path']}@{module['Version']}"
        assert module["Sum"] == wanted.pop(name), f"{name} has changed"
        folders.append(Path(module["Dir"]))
        found = found[end:]
    assert not wanted
    return folders


def seed() -> int:
    """A random one, printed; SLIPWAY_SEED repeats a run."""
    chosen = int(os.environ.get("SLIPWAY_SEED", random.randrange(2**32)))
    print(f"SLIPWAY_SEED={chosen}")
    return chosen


if __name__ == "__main__":
    for module in sorted(HERE.glob("*/go.mod")):
        reference(module.parent.name)
    chart_modules()
