"""probe: the path of the step that is only there for tests: drivers/probe.c."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendering import render, repository, umbrella     # noqa: F401
from scripted_http import TestAuthority


@pytest.fixture(scope="session")
def probe(steps: Path) -> Path:
    return steps.parent / "drivers" / "probe"


@pytest.fixture(scope="session")
def aws_authority(tmp_path_factory) -> TestAuthority:
    """Whoever vouches for the servers that stand in for AWS's."""
    return TestAuthority(tmp_path_factory.mktemp("aws-authority"))
