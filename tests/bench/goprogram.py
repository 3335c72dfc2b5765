"""The programs in Go beside the cases."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


def build(name: str, work: Path) -> str:
    """The program of the folder @name; it lies in @work."""
    go = subprocess.run([HERE.parent / "setup", "go"], check=True, text=True,
                        stdout=subprocess.PIPE).stdout.strip()
    program = work / name
    subprocess.run([go, "build", "-trimpath", "-o", program, "."],
                   cwd=HERE / name, check=True,
                   env={**os.environ, "CGO_ENABLED": "0"})
    return str(program)
