"""publish-chart from a work tree that is not what the commit has."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from histories import History, IDENTITY

WARNING = "publish-chart: warning: what is packaged is not what commit "

FILES = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "values.yaml": "a: 1\nb: 2\n",
    "values.schema.json": "{}\n",
    "templates/web.yaml": "kind: ConfigMap\nmetadata: {name: web}\n",
    "templates/tests/one.yaml": "kind: Pod\nmetadata: {name: one}\n",
    "notes/begin.md": "# begin\n",
    "notes/end.md": "# end\n",
    "dashboards/main.json": "{}\n",
    ".helmignore": "notes/\n*.bak\n",
    "old.bak": "old\n",
}


@pytest.fixture
def web(tmp_path):
    web = History(tmp_path / "web")
    for name, text in FILES.items():
        write(web.folder / "chart" / name, text)
    write(web.folder / ".gitignore", "*.tmp\n")
    web.git("add", "-A")
    web.commit("Begin")
    return web


@pytest.fixture
def publish(run_step, tmp_path, web):
    """Gives the result of each chart, and the warnings."""
    def publish(*charts: object, env: dict[str, str] | None = None,
                args: tuple[str, ...] = ()) -> tuple[list[dict], list[str]]:
        done = run_step("publish-chart", "--destination", tmp_path / "out", "--output",
                        "json", "--record", tmp_path / "record", *args,
                        *(charts or ["chart"]), cwd=web.folder, env=IDENTITY | (env or {}))
        return (json.loads(done.out)["charts"],
                [line for line in done.err.splitlines() if "warning" in line])
    return publish


def write(path: Path, text: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def link(path: Path, to: str) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(to)


def commit(web: History, message: str = "More") -> None:
    web.git("add", "-A")
    web.commit(message)


# What was changed since the commit, and the files that the warning counts.
MODIFIED: dict[str, tuple[Callable[[Path], object], str, int]] = {
    "a value": (lambda chart: write(chart / "values.yaml", "a: 2\n"), "values.yaml", 1),
    "the metadata": (lambda chart: write(chart / "Chart.yaml",
                                         FILES["Chart.yaml"] + "appVersion: '2'\n"),
                     "Chart.yaml", 1),
    "a new file": (lambda chart: write(chart / "templates/new.yaml", "\n"),
                   "templates/new.yaml", 1),
    "a new folder": (lambda chart: write(chart / "files/x/y", "1"), "files/x/y", 1),
    "a lost file": (lambda chart: (chart / "templates/web.yaml").unlink(),
                    "templates/web.yaml", 1),
    "a lost folder": (lambda chart: ((chart / "templates/tests/one.yaml").unlink(),
                                     (chart / "templates/tests").rmdir()),
                      "templates/tests", 1),
    "what is left out": (lambda chart: (write(chart / ".helmignore", "dashboards/\n"),
                                        (chart / "old.bak").unlink()),
                         ".helmignore", 2),
    "line ends": (lambda chart: write(chart / "values.yaml", "a: 1\r\nb: 2\r\n"),
                  "values.yaml", 1),
    "a file become a link": (lambda chart: (write(chart / "other.yaml", "a: 3\n"),
                                            link(chart / "values.yaml", "other.yaml")),
                             "other.yaml", 2),
    "a file become a folder": (lambda chart: ((chart / "dashboards/main.json").unlink(),
                                              write(chart / "dashboards/main.json/x", "1")),
                               "dashboards/main.json/x", 1),
}


@pytest.mark.parametrize("change, first, count", MODIFIED.values(), ids=MODIFIED)
def test_what_is_not_committed_is_told(publish, web, tmp_path, change, first, count):
    change(web.folder / "chart")
    charts, warnings = publish()
    more = f" and {count - 1} more" if count > 1 else ""
    assert warnings == [f"{WARNING}'{web.head[:12]}' has: 'chart/{first}'{more} changed, new "
                        "or missing"]
    assert charts[0]["modified"] is True
    (fragment,) = (tmp_path / "record").iterdir()
    recorded = json.loads(fragment.read_text())
    assert recorded["charts"][0]["modified"] is True
    assert recorded["repository"]["commit"] == web.head
    with tarfile.open(tmp_path / "out" / "web-1.0.0.tgz") as archive:
        packed = yaml.safe_load(archive.extractfile("web/Chart.yaml"))
    assert packed["annotations"] == {"slipway/commit": web.head}


# What differs without being another chart.
SAME: dict[str, Callable[[Path], object]] = {
    "nothing": lambda chart: None,
    "times and modes": lambda chart: (chart / "values.yaml").chmod(0o755),
    "what git ignores": lambda chart: write(chart / "templates/x.tmp", "1"),
    "what Helm ignores": lambda chart: (write(chart / "notes/more.md", "1"),
                                        write(chart / "x.bak", "1"),
                                        write(chart / "old.bak", "other")),
    "a file that Helm ignores, lost": lambda chart: ((chart / "old.bak").unlink(),
                                                     (chart / "notes/end.md").unlink()),
    "a folder that Helm ignores, lost": lambda chart: [
        (chart / name).unlink() for name in ("notes/begin.md", "notes/end.md")] + [
        (chart / "notes").rmdir()],
    "elsewhere": lambda chart: write(chart.parent / "main.c", "1"),
    "staged": lambda chart: subprocess.run(
        ["git", "rm", "-q", "--cached", "values.yaml"], cwd=chart, check=True),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_what_is_the_same_is_not(publish, web, change):
    change(web.folder / "chart")
    charts, warnings = publish()
    assert not warnings and "modified" not in charts[0]


def test_what_git_changes_on_the_way(publish, web):
    """Line ends, a byte order mark that is dropped here, and what a filter
    makes of a file, which nobody here can tell."""
    chart = web.folder / "chart"
    write(chart / "values.yaml", b"\xef\xbb\xbfa: 1\n")
    write(chart / "pointer.bin", "version https://git-lfs.example/spec/v1\n")
    write(web.folder / ".gitattributes", "*.yaml text\n*.bin filter=lfs\n*.ps1 "
                                         "working-tree-encoding=UTF-16\n")
    write(chart / "x.ps1", "a".encode("utf-16"))
    commit(web)
    write(chart / "templates/web.yaml",
          FILES["templates/web.yaml"].replace("\n", "\r\n"))
    write(chart / "pointer.bin", "the real one")
    write(chart / "x.ps1", "other".encode("utf-16"))
    assert publish() == (publish()[0], [])
    web.git("config", "core.autocrlf", "true")
    write(chart / "values.schema.json", "{}\r\n")
    assert not publish()[1]
    write(chart / "values.schema.json", "{ }\r\n")
    assert publish()[1]


def test_links_and_submodules(publish, web, tmp_path):
    """What a link leads to is compared, where that is in the work tree."""
    chart = web.folder / "chart"
    part = History(tmp_path / "part")
    write(part.folder / "Chart.yaml", "apiVersion: v2\nname: part\nversion: 1.0.0\n")
    commit(part)
    web.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", part.folder,
            "chart/charts/part")
    write(web.folder / "common/files/a.txt", "a")
    write(web.folder / "common/b.txt", "b")
    write(tmp_path / "outside.txt", "c")
    link(chart / "files", "../common/files")
    link(chart / "b.txt", "../common/b.txt")
    link(chart / "c.txt", str(tmp_path / "outside.txt"))
    commit(web)
    assert not [line for line in publish()[1] if line.startswith(WARNING)]

    write(chart / "charts/part/values.yaml", "a: 1")
    assert not [line for line in publish()[1] if line.startswith(WARNING)]
    for place in ("files/a.txt", "b.txt"):
        write(web.folder / "common" / place, "other")
        assert [line for line in publish()[1]
                if line.startswith(WARNING) and f"'chart/{place}' changed" in line]
        web.git("checkout", "-q", ".")


def test_the_commit_is_the_one_that_is_recorded(publish, web):
    """CI may tell another one than HEAD; where that is not in the clone, or no
    commit of the chart's, nobody can tell."""
    first = web.head
    write(web.folder / "chart/values.yaml", "a: 2\n")
    commit(web)
    for ci in (first, "0" * 40, web.head):
        charts, warnings = publish(env={"GIT_COMMIT": ci})
        assert bool(warnings) == (ci == first) == ("modified" in charts[0])


def test_several_charts_are_told_once(publish, web, tmp_path):
    """One that was made elsewhere, an archive, and one not committed at all."""
    write(web.folder / "new/Chart.yaml", "apiVersion: v2\nname: new\nversion: 1.0.0\n")
    write(web.folder / "chart/values.yaml", "a: 2\n")
    write(tmp_path / "other/Chart.yaml", "apiVersion: v2\nname: other\nversion: 1.0.0\n")
    publish(tmp_path / "other")
    charts, warnings = publish("chart", "new", tmp_path / "other",
                               args=("--annotation", "a=3"))
    assert [chart["name"] for chart in charts if "modified" in chart] == ["web", "new"]
    assert len(warnings) == 1 and "'chart/values.yaml' and 1 more changed" in warnings[0]
    (tmp_path / "other-1.0.0.tgz").write_bytes(
        (tmp_path / "out/other-1.0.0.tgz").read_bytes())
    assert not publish(tmp_path / "other-1.0.0.tgz")[1]


def test_a_chart_that_is_the_whole_work_tree(run_step, tmp_path):
    web = History(tmp_path / "web")
    write(web.folder / "Chart.yaml", FILES["Chart.yaml"])
    commit(web)
    bare = ["publish-chart", "--destination", tmp_path / "out"]
    assert not run_step(*bare, ".", cwd=web.folder, env=IDENTITY).err
    web.git("worktree", "add", "-q", tmp_path / "tree")
    write(web.folder / "values.yaml", "a: 1\n")
    assert "'./values.yaml' changed" in run_step(*bare, ".", cwd=web.folder, env=IDENTITY).err
    assert not run_step(*bare, tmp_path / "tree", cwd=web.folder, env=IDENTITY).err
    write(tmp_path / "tree/values.yaml", "a: 1\n")
    assert "values.yaml' changed" in run_step(*bare, tmp_path / "tree", env=IDENTITY).err
