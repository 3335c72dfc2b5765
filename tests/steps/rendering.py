"""An umbrella to render, for tests; its fixtures are in conftest.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import charts

SNIPPET = """\
---
global:
# Configure the environment to expire, if not master
  ((- if eq .Env.BRANCH_NAME "master" ))
  expires: false
  ((- else ))
  expires: true
  # Defaults to now + 2hours
  # Format: "YYYY-MM-DD hh:mm:ss"
  expiryDate:
  ((- end ))
"""

CHART = "apiVersion: v2\nname: shop\nversion: 0.1.0\n"

CI = {
    "BRANCH_NAME": "feature/cart",
    "GIT_URL": "https://git.example.com/shop/web.git",
    "GIT_COMMIT": "c0ffee0000000000000000000000000000000000",
}


@pytest.fixture
def umbrella(tmp_path: Path):
    """umbrella(chart=, values=, **files): writes work/umbrella; the folder
    work is where render() runs."""
    folder = tmp_path / "work" / "umbrella"

    def write(chart: str = CHART, values: str | None = SNIPPET,
              files: dict[str, str] | None = None) -> Path:
        wanted = {"Chart.yaml": chart} | (files or {})
        if values is not None:
            wanted["values.yaml"] = values
        for path, text in wanted.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return folder

    return write


@pytest.fixture
def render(run_step, tmp_path: Path):
    def run(*args: object, expect: int = 0, env: dict[str, str] | None = None,
            **options):
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        return run_step("umbrella-render", *args, expect=expect, cwd=work,
                        env=CI | (env or {}), **options)

    return run


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return charts.make_repository(
        tmp_path / "charts",
        {"storefront": ["1.4.0", "1.3.0"], "basket": ["2.1.0"],
         "search": ["0.9.3"]})


def rendered(tmp_path: Path, name: str = "shop") -> dict[str, bytes]:
    """The files of the output, by path."""
    root = tmp_path / "work" / "rendered" / name
    return {str(path.relative_to(root)): path.read_bytes()
            for path in sorted(root.rglob("*")) if path.is_file()}


def left_behind(tmp_path: Path) -> list[str]:
    root = tmp_path / "work" / "rendered"
    return sorted(path.name for path in root.iterdir()) if root.exists() \
        else []


def published(tmp_path: Path, *found: dict[str, str]) -> Path:
    """A release record in which these charts were just published."""
    record = tmp_path / "record"
    record.mkdir()
    (record / "20260101T000000.000Z-publish-chart-00000001.json").write_text(
        json.dumps({
            "schemaVersion": 1, "charts": found,
            "steps": [{"name": "publish-chart", "version": "1.0.0",
                       "started": "2026-01-01T00:00:00Z", "seconds": 0.1,
                       "outcome": "done"}]}))
    return record


def dependencies(*lines: str) -> str:
    return CHART + "dependencies:\n" + "".join(f"{line}\n" for line in lines)
