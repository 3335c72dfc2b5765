"""Fixtures that files of these tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendering import CI, render, repository, umbrella     # noqa: F401
from scripted_http import TestAuthority
from scripted_kube import ScriptedKube


@pytest.fixture(scope="session")
def probe(steps: Path) -> Path:
    """The step that is only there for tests: drivers/probe.c."""
    return steps.parent / "drivers" / "probe"


@pytest.fixture(scope="session")
def aws_authority(tmp_path_factory) -> TestAuthority:
    """Whoever vouches for the servers that stand in for AWS's."""
    return TestAuthority(tmp_path_factory.mktemp("aws-authority"))


@pytest.fixture
def kube():
    with ScriptedKube() as server:
        yield server


@pytest.fixture
def any_helm(tmp_path) -> Path:
    """A Helm that knows what it is, and nothing else."""
    program = tmp_path / "any-helm"
    program.write_text("#!/bin/sh\necho v4.3.1+g1234567\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def measured(run_step, plain_steps, tmp_path):
    """Run a step within 64 MB and 5 s of processor time."""
    def run(program: str, *args: object, **options):
        told = tmp_path / "told"
        result = run_step("/usr/bin/time", "-q", "-o", told, "-f", "%M %U %S",
                          plain_steps / program, *args, env=CI, cwd=tmp_path, **options)
        kib, user, system = told.read_text().split()
        assert int(kib) <= 64 << 10, result
        assert float(user) + float(system) <= 5, result
        return result

    return run


@pytest.fixture
def send(drive):
    """send(request, ..., jobs=, env=, expect=): the answers, as dicts."""

    def call(*requests, env=None, expect=0, **config) -> list[dict]:
        script = {"requests": [
            {"method": "GET", **r} if isinstance(r, dict)
            else {"method": "GET", "url": r} for r in requests], **config}
        answers = drive("http", script, env=env, expect=expect)
        call.log = drive.log
        return answers

    return call
