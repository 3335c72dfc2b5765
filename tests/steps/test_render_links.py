"""umbrella-render: symbolic links in the umbrella, and in folders that it names."""

from __future__ import annotations

from pathlib import Path

import pytest

import charts
from rendering import CI, dependencies, left_behind, rendered

INSIDE = dependencies("- {name: db, version: 1.0.0}")
BESIDE = dependencies("- {name: db, version: 1.0.0, repository: file://../db}")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The checkout, and beside it what is nobody's business."""
    work = tmp_path / "work"
    (work / ".git").mkdir(parents=True)
    (work / ".git" / "config").write_text("extraheader = AUTHORIZATION: basic c2VjcmV0")
    charts.make_chart(work / "db", "db", "1.0.0")
    charts.make_chart(tmp_path / "elsewhere", "db", "1.0.0")
    (tmp_path / "elsewhere" / "password").write_text("secret")
    return work


def link(path: Path, target: str | Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(target)


def test_links_are_followed(umbrella, render, work, tmp_path):
    """As Helm does: to a file, to a folder, to what is a link again."""
    folder = umbrella(chart=INSIDE)
    link(folder / "values-x.yaml", "values.yaml")
    link(folder / "charts" / "db", "../../db")
    link(work / "db" / "again.yaml", "values.yaml")
    assert "warning" not in render().err
    files = rendered(tmp_path)
    assert files["values-x.yaml"].startswith(b"---\nglobal:")
    for path in (work / "db").rglob("*"):
        if path.is_file():
            assert files[f"charts/db/{path.relative_to(work / 'db')}"] == path.read_bytes()
    assert not any(path.is_symlink() for path in (work / "rendered").rglob("*"))


@pytest.mark.parametrize("target, cause", [
    ("../../../elsewhere", "it leads out of the checkout '{work}'"),
    ("/proc/self/environ", "it leads out of the checkout '{work}'"),
    ("../../.git/config", "it leads into '.git'"),
    ("../../.git", "it leads into '.git'"),
    ("..", "a link leads back to its own folder"),
    ("nowhere", "it leads nowhere"),
    ("db", "it leads nowhere"),
])
def test_links_that_are_refused(umbrella, render, work, tmp_path, target, cause):
    """Whoever may write to the checkout gets to see no more than that."""
    folder = umbrella(chart=INSIDE)
    link(folder / "charts" / "db", target)
    told = render(expect=2).err
    assert cause.format(work=work) in told and "umbrella/charts/db" in told
    assert ("hint: " in told) == ("checkout" in cause)
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("target, cause", [
    ("../../elsewhere/password", "it leads out of the checkout '{work}'"),
    ("../.git/config", "it leads into '.git'"),
])
def test_links_of_a_folder_beside(umbrella, render, work, tmp_path, target, cause):
    umbrella(chart=BESIDE)
    link(work / "db" / "password", target)
    told = render(expect=2).err
    assert cause.format(work=work) in told and "db/password" in told
    assert left_behind(tmp_path) == []


def test_links_of_a_folder_elsewhere(umbrella, render, work, tmp_path):
    """Who put it there is nobody who writes to the checkout."""
    umbrella(chart=BESIDE.replace("../db", str(tmp_path / "elsewhere")))
    (tmp_path / "common.yaml").write_text("a: 1\n")
    link(tmp_path / "elsewhere" / "common.yaml", "../common.yaml")
    assert "elsewhere/common.yaml' -> " in render().err


def test_what_is_left_out_may_lead_anywhere(umbrella, render, work, tmp_path):
    """Such as the programs of node_modules, in an umbrella that is the checkout."""
    folder = umbrella(files={".helmignore": "node_modules\nout\n"})
    link(folder / "node_modules", "/nowhere")
    link(folder / "out", "/")
    render()
    assert "node_modules" not in rendered(tmp_path)


def test_output_behind_a_link(umbrella, render, work, tmp_path):
    """It is no part of the umbrella, whatever leads there."""
    folder = umbrella()
    link(folder / "files", "../files")
    (work / "files").mkdir()
    for _ in range(2):
        render("--output-dir", "files/out")
    out = work / "files" / "out"
    assert (out / "Chart.yaml").exists() and not (out / "files" / "out").exists()


@pytest.mark.parametrize("given", [False, True])
def test_without_git(umbrella, render, run_step, work, tmp_path, given):
    """The folder where the pipeline works is the bound, unless that is all."""
    (work / ".git" / "config").unlink()
    (work / ".git").rmdir()
    folder = umbrella(chart=INSIDE)
    link(folder / "charts" / "db", "../../db")
    if given:
        told = run_step("umbrella-render", folder, "--output-dir", tmp_path / "out",
                        cwd="/", env=CI, expect=2).err
        assert f"it leads out of the checkout '{folder}'" in told
    else:
        render()
