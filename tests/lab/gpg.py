"""A gpg for who needs signatures, but no true ones."""

from __future__ import annotations

from pathlib import Path


def pretend(folder: Path) -> dict[str, str]:
    """The environment of a step that "signs" by writing "signed" above a text."""
    program = folder / "gpg" / "gpg"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nfor file; do :; done\necho signed\nexec cat "$file"\n')
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:/usr/local/bin:/usr/bin:/bin"}
