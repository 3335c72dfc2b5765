"""umbrella-render: which entry of an index a dependency gets."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

import charts
from rendering import dependencies, rendered


@pytest.fixture
def listed(tmp_path: Path, umbrella):
    """listed(constraint, entry, …): an umbrella that needs 'web' of an index with
    these; an entry is a version, or what differs from a usual entry."""
    folder = tmp_path / "charts"

    def write(constraint: str, *entries: str | dict) -> None:
        made = []
        for entry in entries:
            entry = {"version": entry} if isinstance(entry, str) else entry
            version = entry["version"].replace("\0", "")
            folder.mkdir(exist_ok=True)
            (folder / f"web-{version}.tgz").write_bytes(charts.archive("web", f"'{version}'"))
            made.append({"apiVersion": "v2", "name": "web", "urls": [f"web-{version}.tgz"]}
                        | entry)
        (folder / "index.yaml").write_text(json.dumps(
            {"apiVersion": "v1", "entries": {"web": made}}))
        umbrella(chart=dependencies(
            f"- {{name: web, version: '{constraint}', repository: 'file://{folder}'}}"))

    return write


def taken(tmp_path: Path) -> str:
    (dependency,) = yaml.safe_load(rendered(tmp_path)["Chart.lock"])["dependencies"]
    return dependency["version"]


@pytest.mark.parametrize("constraint, entries, wanted", [
    ("1.2", ["1.2", "1.2.5", "1.2.1"], "1.2.5"),
    ("1", ["1", "1.9.0", "2.0.0"], "1.9.0"),
    ("1.2.0+a", ["1.2.0+b", "1.2.0+a"], "1.2.0+a"),
])
def test_a_part_of_a_version_is_a_range(listed, render, tmp_path, constraint, entries, wanted):
    """One that an entry spells so, too: Helm has no other rule for dependencies."""
    listed(constraint, *entries)
    render()
    assert taken(tmp_path) == wanted


def test_a_lock_is_no_range(listed, render, tmp_path):
    listed("1.2", "1.2")
    render()
    assert taken(tmp_path) == "1.2"
    shutil.copy(tmp_path / "work/rendered/shop/Chart.lock", tmp_path / "work/umbrella")
    listed("1.2", "1.2.5", "1.2")
    render("--locked")
    assert taken(tmp_path) == "1.2"
    listed("1.2", "1.2.5")
    assert "no version of chart 'web' satisfies '1.2'" in render("--locked", expect=1).err


def test_the_lock_of_a_folder_is_no_range(umbrella, render, tmp_path):
    umbrella(chart=dependencies("- {name: web, version: '1.2', repository: 'file://../web'}"))
    for version, code in ("'1.2'", 0), ("1.2.0", 0), ("1.2.5", 1):
        charts.make_chart(tmp_path / "work/web", "web", version)
        failed = render("--locked" if code or version == "1.2.0" else "--quiet", expect=code)
        if version == "'1.2'":
            shutil.copy(tmp_path / "work/rendered/shop/Chart.lock", tmp_path / "work/umbrella")
    assert "version 1.2.5, which is there, is not the locked 1.2" in failed.err


@pytest.mark.parametrize("entry, words", [
    ({"name": None}, "the chart has no name"),
    ({"name": ""}, "the chart has no name"),
    ({"name": "a/b"}, "'a/b' cannot be a chart's name"),
    ({"type": "odd"}, "the chart's type is 'odd'"),
    ({"keywords": "x"}, "'keywords' must be a list"),
    ({"dependencies": [{"name": "x", "alias": "a b"}]}, "dependency 'x' has the alias 'a b'"),
    ({"dependencies": [None]}, "must be a mapping, is nothing"),
])
def test_what_is_no_entry_is_passed_over(listed, render, tmp_path, entry, words):
    """As in Helm, with a warning; not where a lower one is asked for."""
    listed("1.x", {"version": "1.5.0"} | entry, "1.2.0")
    told = render("--explain")
    assert taken(tmp_path) == "1.2.0"
    assert told.err.count("chart 'web' is passed over in version 1.5.0: ") == 1
    assert words in told.err
    assert "1.5.0: no valid entry" in told.out
    listed("1.2.x", {"version": "1.5.0"} | entry, "1.2.0")
    assert "passed over" not in render().err


@pytest.mark.parametrize("entry", [
    {"name": "other"}, {"name": "we\0b"}, {"icon": "a\0"},
    {"dependencies": [{"name": "x"}, {"name": "x"}]}])
def test_what_helm_takes_for_an_entry(listed, render, tmp_path, entry):
    listed("1.x", {"version": "1.5.0"} | entry, "1.2.0")
    assert "passed over" not in render().err
    assert taken(tmp_path) == "1.5.0"


def test_a_version_with_a_nul_is_none(listed, render, tmp_path):
    listed("1.x", "1.5.0\0", "1.2.0")
    render()
    assert taken(tmp_path) == "1.2.0"
    listed("1.5.0", "1.5.0\0")
    assert "no version of chart 'web'" in render(expect=1).err
