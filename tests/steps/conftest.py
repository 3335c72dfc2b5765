"""probe: the path of the step that is only there for tests: drivers/probe.c."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendering import CI, render, repository, umbrella     # noqa: F401
from scripted_http import TestAuthority


@pytest.fixture(scope="session")
def probe(steps: Path) -> Path:
    return steps.parent / "drivers" / "probe"


@pytest.fixture(scope="session")
def aws_authority(tmp_path_factory) -> TestAuthority:
    """Whoever vouches for the servers that stand in for AWS's."""
    return TestAuthority(tmp_path_factory.mktemp("aws-authority"))


@pytest.fixture
def measured(run_step, steps, tmp_path):
    """Run a step, built without sanitizers, within 64 MB and 5 s of processor time."""
    release = steps.parent.parent / "release" / "bin"

    def run(program: str, *args: object, **options):
        told = tmp_path / "told"
        result = run_step("/usr/bin/time", "-q", "-o", told, "-f", "%M %U %S",
                          release / program, *args, env=CI, cwd=tmp_path, **options)
        kib, user, system = told.read_text().split()
        assert int(kib) <= 64 << 10, result
        assert float(user) + float(system) <= 5, result
        return result

    return run
