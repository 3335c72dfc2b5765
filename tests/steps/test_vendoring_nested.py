"""umbrella-render: dependencies of folders that are vendored."""

from __future__ import annotations

import io
import shutil
import tarfile
import time
from pathlib import Path

import pytest
import yaml

import charts
from rendering import CI, dependencies, left_behind
from scripted_http import Reply, ScriptedHttp


@pytest.fixture
def folder(tmp_path):
    """folder(path, lines of dependencies, …): a chart beside the umbrella."""
    def make(name: str, *lines: str, version: str = "1.0.0") -> Path:
        chart = charts.make_chart(tmp_path / "work" / name, Path(name).name, version)
        text = (chart / "Chart.yaml").read_text()
        if lines:
            text += "dependencies:\n" + "".join(f"- {{{line}}}\n" for line in lines)
        (chart / "Chart.yaml").write_text(text)
        return chart

    return make


@pytest.fixture
def mid(umbrella):
    umbrella(chart=dependencies("- {name: mid, version: 1.0.0, repository: 'file://../mid'}"))


def inside(tmp_path: Path, archive: str = "mid-1.0.0.tgz") -> dict[str, str]:
    """The charts in a vendored one, by where they are, and their versions."""
    file = tmp_path / "work" / "rendered" / "shop" / "charts" / archive
    return charts_of(file.read_bytes(), "")


def charts_of(data: bytes, prefix: str) -> dict[str, str]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive.getmembers():
            if member.name.endswith("/Chart.yaml"):
                chart = yaml.safe_load(archive.extractfile(member).read())
                found[prefix + member.name.removesuffix("/Chart.yaml")] = chart["version"]
    return found


def test_whole(umbrella, mid, folder, render, repository, tmp_path):
    """Folders and charts of repositories, and those that these folders need."""
    folder("leaf", f"name: basket, version: 2.x, repository: 'file://{repository}'")
    folder("mid", "name: leaf, version: ^1.0.0, repository: 'file://../leaf'",
           f"name: storefront, version: ^1.3.0, repository: 'file://{repository}', alias: a",
           f"name: storefront, version: ^1.3.0, repository: 'file://{repository}', alias: b")
    rendered = render()
    assert "warning" not in rendered.err
    assert inside(tmp_path) == {
        "mid": "1.0.0", "mid/charts/leaf": "1.0.0", "mid/charts/storefront": "1.4.0",
        "mid/charts/leaf/charts/basket": "2.1.0"}
    assert not (tmp_path / "work" / "mid" / "charts").exists(), "it is only read"


def test_the_same_each_time(mid, folder, render, repository, tmp_path):
    folder("mid", f"name: basket, version: 2.x, repository: 'file://{repository}'")
    archive = tmp_path / "work" / "rendered" / "shop" / "charts" / "mid-1.0.0.tgz"
    for env in {"SOURCE_DATE_EPOCH": "1700000000"}, {}:
        render(env=env)
        made = archive.read_bytes()
        time.sleep(1.1)         # times in archives are whole seconds
        render(env=env)
        assert archive.read_bytes() == made


def test_one_that_is_there_is_taken_as_it_is(mid, folder, render, repository, tmp_path):
    chart = folder("mid", "name: leaf, version: ^2.0.0, repository: 'file://../nowhere'",
                   f"name: basket, version: 2.x, repository: 'file://{repository}'")
    (chart / "charts").mkdir()
    folder("leaf", version="0.9.0").rename(chart / "charts" / "leaf")
    render()
    assert inside(tmp_path) == {"mid": "1.0.0", "mid/charts/leaf": "0.9.0",
                                "mid/charts/basket": "2.1.0"}


def test_locked(mid, folder, render, repository, tmp_path):
    """By the lock of the folder; Helm makes it, or we when it is an umbrella."""
    chart = folder("mid", f"name: storefront, version: ^1.3.0, repository: 'file://{repository}'")
    render()
    lock = tmp_path / "work" / "rendered" / "shop" / "Chart.lock"
    (tmp_path / "work" / "umbrella" / "Chart.lock").write_bytes(lock.read_bytes())
    folder_name = "umbrella/../mid"
    missing = render("--locked", expect=2)
    assert "mid/Chart.lock'" in missing.err
    assert f"hint: run 'umbrella-render {folder_name}', and commit the lock that it writes to " \
        f"'{folder_name}'" in missing.err

    render(chart, "--output-dir", tmp_path / "locked")
    locked = yaml.safe_load((tmp_path / "locked" / "Chart.lock").read_text())
    assert locked["dependencies"][0]["version"] == "1.4.0"
    (chart / "Chart.lock").write_bytes((tmp_path / "locked" / "Chart.lock").read_bytes())
    charts.make_repository(tmp_path / "charts", {"storefront": ["1.5.0", "1.4.0"]})
    render("--locked")
    assert inside(tmp_path)["mid/charts/storefront"] == "1.4.0"
    render()
    assert inside(tmp_path)["mid/charts/storefront"] == "1.5.0"


@pytest.mark.parametrize("inside_already", [False, True])
@pytest.mark.parametrize("api", ["v1", "v2"])
def test_a_version_that_is_left_out_is_filled_in(mid, folder, render, repository, tmp_path, api,
                                                 inside_already):
    """Helm passes over alias and condition otherwise; see the umbrella's own."""
    lines = [f"name: basket, alias: a, condition: a.use, repository: 'file://{repository}'",
             f"name: basket, alias: b, version: '', repository: 'file://{repository}'",
             f"name: storefront, version: 1.3.0, repository: 'file://{repository}'"]
    chart = folder("mid", *lines)
    if inside_already:
        (chart / "charts").mkdir()
        for name in "basket-2.1.0.tgz", "storefront-1.3.0.tgz":
            shutil.copy(repository / name, chart / "charts")
    if api == "v1":
        head, listed = (chart / "Chart.yaml").read_text().split("dependencies:\n")
        (chart / "Chart.yaml").write_text(head.replace("v2", "v1"))
        (chart / "requirements.yaml").write_text("# ours\ndependencies:\n" + listed)
    render()
    archive = tmp_path / "work" / "rendered" / "shop" / "charts" / "mid-1.0.0.tgz"
    with tarfile.open(archive) as opened:
        text = opened.extractfile(
            "mid/requirements.yaml" if api == "v1" else "mid/Chart.yaml").read()
    found = yaml.safe_load(text)["dependencies"]
    assert [item["version"] for item in found] == ["*", "*", "1.3.0"]
    assert [item.get("alias") for item in found] == ["a", "b", None]
    assert found[0]["condition"] == "a.use"
    assert (b"# ours" in text) == (api == "v1")


def test_a_repository_is_seen_from_who_names_it(umbrella, folder, render, repository, tmp_path):
    """From the umbrella, and from a folder that it needs."""
    folder("deep/mid", "name: basket, version: 2.x, repository: 'file://../../../charts'")
    umbrella(chart=dependencies(
        "- {name: mid, version: 1.0.0, repository: 'file://../deep/mid'}",
        "- {name: search, version: 0.x, repository: 'file://../../charts'}"))
    render()
    assert inside(tmp_path) == {"mid": "1.0.0", "mid/charts/basket": "2.1.0"}
    assert inside(tmp_path, "search-0.9.3.tgz") == {"search": "0.9.3"}


def test_repo_is_seen_from_the_umbrella(mid, folder, render, repository, tmp_path):
    """A relative one, too, whatever folder needs it."""
    folder("deep/mid", "name: basket, version: 2.x",
           "name: leaf, version: 1.x, repository: 'file://../leaf'")
    folder("deep/leaf", "name: search, version: 0.x")
    umbrella = tmp_path / "work" / "umbrella" / "Chart.yaml"
    umbrella.write_text(umbrella.read_text().replace("../mid", "../deep/mid"))
    render("--repo", "file://../../charts")
    assert inside(tmp_path) == {"mid": "1.0.0", "mid/charts/basket": "2.1.0",
                                "mid/charts/leaf": "1.0.0",
                                "mid/charts/leaf/charts/search": "0.9.3"}


def test_each_index_and_chart_is_asked_for_once(umbrella, folder, render, repository, tmp_path):
    with ScriptedHttp(Reply(200, (repository / "index.yaml").read_bytes()),
                      Reply(200, (repository / "basket-2.1.0.tgz").read_bytes())) as server:
        wanted = f"name: basket, version: 2.x, repository: '{server.url}'"
        folder("leaf", wanted)
        folder("mid", wanted, "name: leaf, version: 1.0.0, repository: 'file://../leaf'")
        umbrella(chart=dependencies("- {name: mid, version: 1.0.0, repository: 'file://../mid'}",
                                    f"- {{{wanted}}}"))
        render("--cache-dir", tmp_path / "cache")
    assert [request.path for request in server.requests] == ["/index.yaml", "/basket-2.1.0.tgz"]
    assert inside(tmp_path)["mid/charts/leaf/charts/basket"] == "2.1.0"


@pytest.mark.parametrize("lines, words", [
    ({"mid": "mid"}, "in a circle: 'mid' -> 'mid'"),
    ({"mid": "leaf", "leaf": "mid"}, "in a circle: 'mid' -> 'leaf' -> 'mid'"),
    ({"mid": "c0"} | {f"c{n}": f"c{n + 1}" for n in range(20)} | {"c20": ""},
     "folders depend on folders more than 8 deep"),
])
def test_circles_and_depth(mid, folder, render, tmp_path, lines, words):
    for name, needed in lines.items():
        folder(name, *[f"name: {needed}, version: 1.0.0, repository: 'file://../{needed}'"]
               if needed else [])
    assert words in render(expect=2).err
    assert left_behind(tmp_path) == []


def test_a_circle_through_the_umbrella(mid, folder, render, tmp_path):
    (tmp_path / "work" / "umbrella" / "values.yaml").write_text("global: {expires: false}\n")
    folder("mid", "name: shop, version: 0.1.0, repository: 'file://../umbrella'")
    assert "in a circle: 'shop' -> 'mid' -> 'shop'" in render(expect=2).err


def test_what_cannot_be_found_is_told_with_its_place(mid, folder, render, repository, tmp_path):
    folder("mid", f"name: basket, version: 9.x, repository: 'file://{repository}'")
    failed = render(expect=1)
    assert "cannot vendor 'mid': cannot vendor 'basket'" in failed.err
    assert "mid/Chart.yaml:" in failed.err
    assert left_behind(tmp_path) == []


def test_offline_names_all_that_is_missing(umbrella, folder, render, tmp_path):
    with ScriptedHttp() as server:
        folder("mid", f"name: a, version: 1.x, repository: '{server.url}/one'")
        umbrella(chart=dependencies(
            "- {name: mid, version: 1.0.0, repository: 'file://../mid'}",
            f"- {{name: b, version: 1.x, repository: '{server.url}/two'}}"))
        failed = render("--offline", "--cache-dir", tmp_path / "cache", expect=1)
    assert f"the index of '{server.url}/one'; the index of '{server.url}/two'" in failed.err


def test_a_folder_is_held_but_once(umbrella, folder, run_step, plain_steps, tmp_path):
    """However many aliases it has: two are compared, and one package is kept."""
    with (folder("mid") / "zeros").open("wb") as zeros:
        zeros.truncate(16 << 20)

    def peak(aliases: int) -> int:
        umbrella(chart=dependencies(*[
            f"- {{name: mid, alias: a{n}, version: 1.0.0, repository: 'file://../mid'}}"
            for n in range(aliases)]))
        log = tmp_path / "peak"
        run_step("/usr/bin/time", "-q", "-o", log, "-f", "%M",
                 plain_steps / "umbrella-render",
                 cwd=tmp_path / "work", env=CI)
        return int(log.read_text())

    assert peak(8) < 1.1 * peak(2)
