"""Where the tools are that `tests/lab/build` provides."""

from __future__ import annotations

import os
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent


def cache() -> Path:
    """The folder that tests/setup and tests/lab/build fill."""
    if named := os.environ.get("SLIPWAY_LAB_CACHE"):
        return Path(named)
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "slipway-lab")


def version(module: str) -> str:
    """Of tools/@module: that of the requirement which its tools come from."""
    text = (HERE / "tools" / module / "go.mod").read_text()
    tool = re.search(r"^tool (?:\(\s+)?(\S+)", text, re.M)
    assert tool, f"no tool in tools/{module}/go.mod"
    for path, number in re.findall(r"^(?:require |\t)(\S+) (v\S+)", text, re.M):
        if f"{tool[1]}/".startswith(f"{path}/"):
            return number
    raise LookupError(f"no version in tools/{module}/go.mod")


def folder(module: str) -> Path:
    return cache() / f"{module}-{version(module)}"


def find(module: str, name: str) -> Path:
    """The path of the binary @name of tools/@module."""
    path = folder(module) / name
    if not path.exists():
        raise FileNotFoundError(
            f"'{name}' {version(module)} is not built: run tests/lab/build")
    return path


def helm4() -> Path:
    return find("helm4", "helm")


def helm3() -> Path:
    return find("helm3", "helm")


def kubectl() -> Path:
    return find("kubernetes", "kubectl")
