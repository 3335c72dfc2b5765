"""umbrella-render: dependencies that are folders in charts/ of the umbrella."""

from __future__ import annotations

from pathlib import Path

import pytest

import charts
from rendering import dependencies, left_behind, rendered


@pytest.fixture
def inside(umbrella):
    """inside(folder, name, lines of dependencies, …): a chart in charts/."""
    def make(folder: str, name: str, *lines: str) -> Path:
        chart = charts.make_chart(umbrella() / "charts" / folder, name, "1.0.0")
        if lines:
            with (chart / "Chart.yaml").open("a") as file:
                file.write("dependencies:\n" + "".join(f"- {{{line}}}\n" for line in lines))
        return chart

    return make


@pytest.mark.parametrize("alias", ["", ", alias: shop", ", alias: other"])
def test_a_folder_must_hold_the_chart_of_its_name(umbrella, inside, render, tmp_path, alias):
    """Helm locks it, and then finds no chart of that name when it installs."""
    inside("web", "other")
    umbrella(chart=dependencies(f"- {{name: web, version: 1.x{alias}}}"))
    failed = render(expect=2)
    assert "cannot vendor 'web': 'charts/web' is the chart 'other'" in failed.err
    assert "umbrella/Chart.yaml:5" in failed.err
    assert "hint: Helm finds a dependency by the name in its Chart.yaml" in failed.err
    assert left_behind(tmp_path) == []


def test_an_alias_is_no_name_of_a_folder(umbrella, inside, render, tmp_path):
    inside("web", "web")
    umbrella(chart=dependencies("- {name: web, version: 1.x, alias: shop}"))
    assert "warning" not in render().err
    assert "charts/web/Chart.yaml" in rendered(tmp_path)


def test_a_folder_that_is_made_an_archive(umbrella, render, tmp_path):
    charts.make_chart(tmp_path / "work" / "web", "other", "1.0.0")
    umbrella(chart=dependencies("- {name: web, version: 1.x, repository: 'file://../web'}"))
    failed = render(expect=2)
    assert "is the chart 'other'" in failed.err and "hint: Helm finds" in failed.err


def test_what_a_folder_lacks_is_warned_of(umbrella, inside, render):
    """Of its own dependencies, and those of charts inside it, by their names."""
    lib = "name: lib, version: 1.x, repository: 'https://r'"
    inside("web", "web", lib, "name: redis, version: 1.x", "name: there, version: 1.x")
    inside("web/charts/x", "lib", "name: deep, version: 1.x")
    inside("web/charts/there", "renamed")
    umbrella(chart=dependencies("- {name: web, version: 1.x}"))
    told = render().err
    assert told.count("warning") == 2
    assert "chart 'web' 1.0.0 names dependencies that are not inside it, and Helm will install " \
        "it without them: 'redis', 'there'" in told
    assert "chart 'lib' 1.0.0 names" in told and "'deep'" in told


@pytest.mark.parametrize("listed", [True, False])
def test_what_a_folder_of_no_dependency_lacks(umbrella, inside, render, repository, listed):
    """Helm installs it, be it listed or not."""
    inside("web", "web", "name: redis, version: 1.x")
    inside("_off", "off", "name: redis, version: 1.x")
    if listed:
        umbrella(chart=dependencies(
            f"- {{name: basket, version: 2.x, repository: 'file://{repository}'}}"))
    told = render().err
    assert told.count("warning") == 1
    assert "chart 'web' 1.0.0 names dependencies that are not inside it" in told


def test_nothing_is_said_of_what_is_whole(umbrella, inside, render):
    inside("web", "web", "name: lib, version: 1.x, alias: book")
    inside("web/charts/lib", "lib")
    umbrella(chart=dependencies("- {name: web, version: 1.x}"))
    assert "warning" not in render().err


@pytest.mark.parametrize("file, text, words", [
    ("Chart.yaml", "apiVersion: v2\nname: web\nversion: nope\n", "'nope'"),
    ("Chart.yaml", "apiVersion: v2\nname: [web]\nversion: 1.0.0\n", "'name' must be text"),
    ("values.yaml", "- a\n", "charts/web/values.yaml' must be a mapping"),
    ("charts/lib/Chart.yaml", "name: lib\n", "subchart 'lib': the chart has no version"),
])
def test_what_helm_cannot_load_is_refused_now(umbrella, inside, render, tmp_path, file, text,
                                              words):
    chart = inside("web", "web")
    (chart / file).parent.mkdir(parents=True, exist_ok=True)
    (chart / file).write_text(text)
    umbrella(chart=dependencies("- {name: web, version: 1.x}"))
    failed = render(expect=2)
    assert "cannot vendor 'web': cannot load chart 'umbrella/charts/web'" in failed.err
    assert words in failed.err and f"umbrella/charts/web/{file}:" in failed.err
    assert left_behind(tmp_path) == []
