"""Programs that a comparison is made of: the reference (Go) and ours."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


def reference(name: str) -> Path:
    """Builds tests/oracle/NAME, a Go program, into the lab's cache."""
    cache = Path(os.environ.get("SLIPWAY_LAB_CACHE") or
                 Path(os.environ.get("XDG_CACHE_HOME") or
                      Path.home() / ".cache") / "slipway-lab")
    program = cache / "oracle" / name
    program.parent.mkdir(parents=True, exist_ok=True)
    go = subprocess.run([HERE.parent / "setup", "go"], check=True, text=True,
                        stdout=subprocess.PIPE).stdout.strip()
    subprocess.run([go, "build", "-trimpath", "-o", program, "."],
                   cwd=HERE / name, check=True,
                   env={**os.environ, "CGO_ENABLED": "0"})
    return program


def ours(name: str) -> Path:
    """The program made of tests/oracle/NAME-driver.c."""
    built = os.environ.get("SLIPWAY_ORACLES")
    root = HERE.parent.parent / "build" / "release" / "oracle"
    return Path(built or root) / f"{name}-driver"


def seed() -> int:
    """A random one, printed; SLIPWAY_SEED repeats a run."""
    chosen = int(os.environ.get("SLIPWAY_SEED", random.randrange(2**32)))
    print(f"SLIPWAY_SEED={chosen}")
    return chosen
