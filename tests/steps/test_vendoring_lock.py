"""umbrella-render: the lock of the dependencies, and their older file."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import yaml

import charts
from rendering import CHART, dependencies, rendered


def locked(folder: Path, tmp_path: Path, name: str = "Chart.lock") -> Path:
    """Commit the lock of the last render."""
    return Path(shutil.copy(
        tmp_path / "work" / "rendered" / "shop" / name, folder / name))


def test_locked(umbrella, render, tmp_path, repository):
    url = f"file://{repository}"
    folder = umbrella(chart=dependencies(
        f"- {{name: storefront, version: 1.3.x, repository: '{url}'}}",
        f"- {{name: basket, version: '>=2', repository: '{url}'}}"))
    render()
    lock = locked(folder, tmp_path)
    charts.make_repository(repository, {
        "storefront": ["1.4.0", "1.3.0", "1.3.1"], "basket": ["2.1.0", "3.0.0"]})
    result = render("--locked", "--output", "json")
    assert [item["version"] for item in result.json["dependencies"]] == [
        "1.3.0", "2.1.0"]
    assert rendered(tmp_path)["Chart.lock"] == lock.read_bytes()
    # Without it, the newer ones.
    assert [item["version"]
            for item in render("--output", "json").json["dependencies"]] == [
        "1.3.1", "3.0.0"]
    charts.make_repository(repository, {"storefront": ["1.3.1"],
                                        "basket": ["3.0.0"]})
    result = render("--locked", expect=1)
    assert "no version of chart 'storefront' satisfies '1.3.0'" in result.err


def test_locked_refused(umbrella, render, tmp_path, repository):
    url = f"file://{repository}"

    def write(version: str, more: str = "") -> Path:
        return umbrella(chart=dependencies(
            f"- {{name: basket, version: '{version}', repository: '{url}'{more}}}"))

    folder = write("^2")
    result = render("--locked", expect=2)
    assert "there is no 'umbrella/Chart.lock' to keep to" in result.err
    render()
    locked(folder, tmp_path)
    write("^3")
    result = render("--locked", expect=2)
    assert "'basket' is wanted as '^3', and locked as '2.1.0'" in result.err
    write("^2", ", condition: basket.enabled")
    result = render("--locked", expect=2)
    assert "made of other conditions" in result.err
    (folder / "Chart.lock").write_text("- nonsense\n")
    assert "umbrella/Chart.lock" in render("--locked", expect=2).err
    write("^2")
    locked(folder, tmp_path)
    render("--locked")


def test_a_lock_where_nothing_is_wanted_any_more(umbrella, render, tmp_path, repository):
    folder = umbrella(chart=dependencies(
        f"- {{name: basket, version: '^2', repository: 'file://{repository}'}}"))
    render()
    lock = locked(folder, tmp_path)
    umbrella(chart=CHART)
    refused = render("--locked", expect=2)
    assert "cannot keep to 'umbrella/Chart.lock': " in refused.err
    assert "'basket'" in refused.err
    render()
    assert "Chart.lock" not in rendered(tmp_path)
    lock.unlink()
    render("--locked")


def test_charts_beside_an_empty_list_are_told(umbrella, render, tmp_path, repository):
    folder = umbrella(chart=CHART)
    (folder / "charts").mkdir()
    shutil.copy(next(repository.glob("basket-*.tgz")), folder / "charts")
    assert "warning: 'charts/basket-" in render().err
    assert [name for name in rendered(tmp_path) if name.startswith("charts/basket-")]


def test_lock_of_an_older_chart(umbrella, render, tmp_path, repository):
    """apiVersion v1: requirements.yaml and .lock, also as Helm 2 made it."""
    wanted = (f"dependencies:\n- name: basket\n  version: ^2\n"
              f"  repository: file://{repository}\n")
    folder = umbrella(chart=CHART.replace("v2", "v1"),
                      files={"requirements.yaml": wanted})
    render()
    files = rendered(tmp_path)
    assert "requirements.lock" in files and "Chart.lock" not in files
    assert files["requirements.yaml"].decode() == wanted
    lock = locked(folder, tmp_path, "requirements.lock")
    render("--locked")
    requirement = {"name": "basket", "version": "^2",
                   "repository": f"file://{repository}"}
    digest = hashlib.sha256(json.dumps(
        {"dependencies": [requirement]},
        separators=(",", ":")).encode()).hexdigest()
    old = yaml.safe_load(lock.read_text()) | {"digest": f"sha256:{digest}"}
    lock.write_text(yaml.safe_dump(old))
    render("--locked")
    assert rendered(tmp_path)["requirements.lock"] == lock.read_bytes()


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_requirements_that_say_nothing(umbrella, render, run_step, tmp_path, version, text):
    """Helm takes them for none; those of Chart.yaml count, as ever."""
    folder = umbrella(chart=CHART.replace("v2", version), values="a: 1\n",
                      files={"requirements.yaml": text})
    render()
    assert rendered(tmp_path)["requirements.yaml"].decode() == text
    run_step("publish-chart", folder, "--destination", tmp_path / "packages")


@pytest.mark.parametrize("chart", ["apiVersion: v1\n", CHART.replace("v2", "v1")])
def test_requirements_that_name_the_chart(umbrella, render, run_step, tmp_path, repository,
                                          chart):
    """What they say of it comes before Chart.yaml, as for Helm and publish-chart."""
    folder = umbrella(chart=chart, values="a: 1\n", files={"requirements.yaml":
        "name: other\nversion: 2.0.0\ndependencies:\n- name: basket\n  version: ^2\n"
        f"  repository: file://{repository}\n"})
    found = render("--output", "json").json
    assert (found["name"], found["version"]) == ("other", "2.0.0")
    assert "charts/basket-2.1.0.tgz" in rendered(tmp_path, "other")
    run_step("publish-chart", tmp_path / "work/rendered/other", "--destination", tmp_path)
    assert (tmp_path / "other-2.0.0.tgz").exists()
    (folder / "requirements.yaml").write_text("name: other\nversion: no\n")
    assert "requirements.yaml:2:" in render(expect=2).err


@pytest.mark.parametrize("text, name, code", [
    ("name:\nversion: null\n", "shop", 0), ("name: ~\nversion: 3.0.0\n", "shop", 0),
    ('name: ""\n', None, 2), ('version: ""\n', None, 2), ('description: ""\n', "shop", 0)])
def test_requirements_with_empty_fields(umbrella, render, run_step, tmp_path, text, name, code):
    """To Helm 4.3.1 null says nothing, while an empty text is one; publish-chart agrees."""
    folder = umbrella(chart=CHART.replace("v2", "v1") + "description: ours\n",
                      values="a: 1\n", files={"requirements.yaml": text})
    render(expect=code)
    packed = run_step("publish-chart", folder, "--destination", tmp_path / "packed",
                      expect=code)
    assert (name or "no ") in packed.out + packed.err
