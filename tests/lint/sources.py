"""The files of the repository, and C without what is not code."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
_NO_CODE = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
                      re.S)


@cache
def files() -> list[Path]:
    """All files that are, or are about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True).stdout.decode()
    paths = sorted({ROOT / name for name in listed.split("\0") if name})
    return [path for path in paths if path.is_file()]


def matching(*patterns: str) -> list[Path]:
    """Those whose path below the root matches, such as common/*/*.c."""
    return [path for path in files()
            if any(path.relative_to(ROOT).match(p) for p in patterns)]


def c_files() -> list[Path]:
    return [path for path in files() if path.suffix in (".c", ".h")]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def layer(path: Path) -> str:
    """base, sys, ... of a file in common/ or include/; else its folder."""
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] in ("common", "include") else parts[0]


def includes(path: Path) -> list[tuple[str, str]]:
    """(< or ", name) of each #include."""
    return _INCLUDE.findall(path.read_text())


def code(path: Path) -> str:
    """The text with comments and the insides of strings taken out."""
    def blank(match: re.Match) -> str:
        lines = "\n" * match[0].count("\n")
        return lines if match[0].startswith("/*") else '""' + lines

    return _NO_CODE.sub(blank, path.read_text())
