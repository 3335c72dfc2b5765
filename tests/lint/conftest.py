"""binaries: the executables of all steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources import matching


@pytest.fixture(scope="session")
def binaries(steps: Path) -> list[Path]:
    found = [steps / path.stem for path in matching("steps/*.c")]
    assert found and all(path.is_file() for path in found), found
    return found
