"""Programs that a comparison is made of: the reference (Go) and ours."""

from __future__ import annotations

import functools
import os
import random
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


@functools.cache
def reference(name: str) -> Path:
    """Builds tests/oracle/NAME, a Go program; Go's own cache makes it fast."""
    program = ROOT / "build" / "oracle" / name
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
    return Path(built or ROOT / "build" / "release" / "oracle") / \
        f"{name}-driver"


def seed() -> int:
    """A random one, printed; SLIPWAY_SEED repeats a run."""
    chosen = int(os.environ.get("SLIPWAY_SEED", random.randrange(2**32)))
    print(f"SLIPWAY_SEED={chosen}")
    return chosen
