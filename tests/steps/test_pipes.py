"""A pipe where a file of a chart or a repository should be: nobody writes into it, so
that who opens it would wait for ever."""

from __future__ import annotations

import os

import charts
import pytest

CHART = """\
apiVersion: v2
name: shop
version: 0.1.0
dependencies:
- {name: web, version: 1.0.0, repository: 'file://%s'}
"""


@pytest.fixture
def world(tmp_path):
    """A chart, an umbrella with a dependency, and the repository that has it."""
    repository = charts.make_repository(tmp_path / "repository", {"web": ["1.0.0"]})
    charts.make_chart(tmp_path / "api", "api", "1.0.0")
    (tmp_path / "umbrella").mkdir()
    (tmp_path / "umbrella/Chart.yaml").write_text(CHART % repository)
    return tmp_path


def steps_for(world) -> dict[str, list]:
    to = f"file://{world}/repository"
    return {
        "publish": ["publish-chart", world / "api", "--repo", to],
        "publish-archive": ["publish-chart", world / "api.tgz", "--repo", to],
        "render": ["umbrella-render", world / "umbrella", "--branch", "main",
                   "--repository-name", "x"],
        "audit": ["repo-audit", "--repo", to],
        "compare": ["changelog", "--old", world / "api.tgz", "--new", world / "api"]}


@pytest.mark.parametrize("step, pipe", [
    ("publish", "repository/index.yaml"), ("render", "repository/index.yaml"),
    ("audit", "repository/index.yaml"), ("render", "repository/web-1.0.0.tgz"),
    ("publish-archive", "api.tgz"), ("compare", "api.tgz"),
    ("publish", "api/.helmignore"), ("render", "umbrella/.helmignore")])
def test_a_pipe(run_step, world, step, pipe):
    (world / pipe).unlink(missing_ok=True)
    os.mkfifo(world / pipe)
    result = run_step(*steps_for(world)[step], cwd=world, expect=2, timeout=30)
    assert f"{pipe}': it is no regular file" in result.err
