"""probe: the path of the step that is only there for tests: drivers/probe.c."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def probe(steps: Path) -> Path:
    return steps.parent / "drivers" / "probe"
