"""umbrella-render: what a branch says is read within its checkout alone.

Whoever may write to the branch chooses names, links and addresses; no byte of
what lies beside the checkout, or in its .git, gets into the log or a package.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

import charts
from rendering import CI, dependencies, left_behind, rendered

SECRET = "TOPSECRET"
BESIDE = dependencies("- {name: db, version: 1.0.0, repository: 'file://../db'}")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The checkout, and beside it what is nobody's business."""
    work = tmp_path / "work"
    (work / ".git").mkdir(parents=True)
    (work / ".git" / "config").write_text(f"extraheader = {SECRET}\n")
    charts.make_chart(work / "db", "db", "1.0.0")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "cred").write_text(f"https://user:{SECRET}@host\n**{SECRET}\n")
    (tmp_path / "secret" / "rule").write_text(f"**{SECRET}\n")
    return work


@pytest.fixture
def secretly(render, tmp_path):
    """As render(), but nothing of the secret may be seen."""
    def run(*args, **options):
        result = render(*args, **options)
        assert SECRET not in result.out + result.err
        for data in packages(tmp_path).values():
            assert SECRET.encode() not in data
        return result

    return run


def link(path: Path, target: str | Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def packages(tmp_path: Path) -> dict[str, bytes]:
    """The files of the output, and those in its archives, by path."""
    found = {}
    for path, data in rendered(tmp_path).items():
        found[path] = data
        if path.endswith(".tgz"):
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                for member in archive.getmembers():
                    found[member.name] = archive.extractfile(member).read()
    return found


@pytest.mark.parametrize("name, secret", [
    ("Chart.yaml", "cred"), ("values.yaml", "cred"), ("Chart.lock", "cred"),
    ("requirements.lock", "cred"), (".helmignore", "rule"), ("charts/sub/Chart.yaml", "cred"),
    ("values.schema.json", "cred"),
])
def test_files_of_a_folder(umbrella, secretly, work, tmp_path, name, secret):
    """An error that quotes a line is as good as the file."""
    umbrella(chart=BESIDE)
    link(work / "db" / name, tmp_path / "secret" / secret)
    told = secretly(expect=2).err
    assert f"db/{name}': it leads out of the checkout '{work}'" in told
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("target", ["cred", "/dev/ptmx", "pipe"])
def test_lock_that_is_left_out(umbrella, secretly, work, tmp_path, target):
    """For Helm it is not there, so nobody waits for it, and nobody sees it."""
    umbrella(chart=BESIDE)
    charts.make_chart(work / "leaf", "leaf", "1.0.0")
    (work / "db" / ".helmignore").write_text("Chart.lock\n")
    with (work / "db" / "Chart.yaml").open("a") as chart:
        chart.write("dependencies: [{name: leaf, version: 1.0.0, repository: 'file://../leaf'}]\n")
    secretly()
    link(work / "db" / "Chart.lock", tmp_path / "secret" / target)
    if target == "pipe":
        (work / "db" / "Chart.lock").unlink()
        os.mkfifo(work / "db" / "Chart.lock")
    secretly()
    assert "db/charts/leaf/Chart.yaml" in packages(tmp_path)
    (work / "umbrella" / "Chart.lock").write_bytes(rendered(tmp_path)["Chart.lock"])
    told = secretly("--locked", expect=2).err
    assert "there is no '../db/Chart.lock' to keep to" in told.replace("umbrella/../", "../")


@pytest.mark.parametrize("path, target", [
    ("repo/index.yaml", "../../secret/cred"),
    ("repo/db-1.0.0.tgz", "../../secret/cred"),
    ("repo", "../secret"),
])
@pytest.mark.parametrize("how", ["file://../repo", "file://../r%65po", "file://{work}/repo"])
def test_repositories_that_are_folders(umbrella, secretly, work, tmp_path, path, target, how):
    charts.make_repository(work / "repo", {"db": ["1.0.0"]})
    umbrella(chart=BESIDE.replace("file://../db", how.format(work=work)))
    secretly()
    (tmp_path / "secret" / "index.yaml").write_text(f"{SECRET}\n")
    if path == "repo":
        (work / "repo").rename(work / "another")
    link(work / path, target)
    told = secretly(expect=2).err
    assert f"{path}': it leads out of the checkout '{work}'" in told


def test_repository_that_git_has(umbrella, secretly, work):
    charts.make_repository(work / ".git" / "repo", {"db": ["1.0.0"]})
    umbrella(chart=BESIDE.replace("../db", "../.git/repo"))
    assert "it is in '.git'" in secretly(expect=2).err


def test_link_into_git_from_the_root(umbrella, secretly, work):
    """It stays in the chart, and yet it is refused."""
    charts.make_chart(work, "root", "1.0.0")
    (work / ".helmignore").write_text("/.git/\n/db/\n/umbrella/\n/rendered/\n")
    umbrella(chart=dependencies("- {name: root, version: 1.0.0, repository: 'file://..'}"))
    secretly()
    link(work / "leak.txt", ".git/config")
    assert "leak.txt': it leads into '.git'" in secretly(expect=2).err


@pytest.mark.parametrize("is_file", [False, True])
def test_git_is_not_packaged(umbrella, secretly, work, tmp_path, is_file):
    charts.make_chart(work, "root", "1.0.0")
    charts.make_chart(work / "nested", "nested", "1.0.0")
    if is_file:
        (work / ".git" / "config").rename(work / ".git.old")
        (work / ".git").rmdir()
        (work / ".git.old").rename(work / ".git")
    (work / "nested" / ".git").mkdir()
    (work / "nested" / ".git" / "config").write_text(SECRET)
    umbrella(chart=dependencies("- {name: root, version: 1.0.0, repository: 'file://..'}"))
    secretly()
    files = packages(tmp_path)
    assert "root/nested/values.yaml" in files
    assert [name for name in files if ".git" in name.split("/")] == []


def test_nested_checkout_behind_a_link(umbrella, secretly, work, tmp_path):
    umbrella(chart=BESIDE)
    (work / "nested" / ".git").mkdir(parents=True)
    (work / "nested" / ".git" / "config").write_text(SECRET)
    (work / "nested" / "values.txt").write_text("1")
    link(work / "db" / "files", "../nested")
    secretly()
    assert packages(tmp_path)["db/files/values.txt"] == b"1"
    link(work / "db" / "config", "../nested/.git/config")
    assert "it leads into '.git'" in secretly(expect=2).err


def test_folder_beside_a_submodule(umbrella, secretly, work, tmp_path):
    """Its own checkout is its bound where that of the umbrella does not hold it."""
    folder = umbrella(chart=BESIDE)
    (folder / ".git").write_text("gitdir: ../.git/modules/umbrella\n")
    link(work / "db" / "common.txt", "../common.txt")
    (work / "common.txt").write_text("1")
    secretly()
    assert packages(tmp_path)["db/common.txt"] == b"1"
    link(work / "db" / "leak.txt", "../../secret/cred")
    assert f"it leads out of the checkout '{work}'" in secretly(expect=2).err
    link(work / "db" / "leak.txt", "../.git/config")
    assert "it leads into '.git'" in secretly(expect=2).err


def test_folder_of_another_checkout(umbrella, secretly, work, tmp_path):
    """Such as that of another branch, whose writers are not to see more either."""
    other = charts.make_chart(tmp_path / "other" / "db", "db", "1.0.0")
    (tmp_path / "other" / ".git").mkdir()
    umbrella(chart=BESIDE.replace("../db", str(other)))
    secretly()
    link(other / "leak.txt", "../../secret/cred")
    assert f"it leads out of the checkout '{other.parent}'" in secretly(expect=2).err


@pytest.mark.parametrize("is_checkout", [False, True])
@pytest.mark.parametrize("given", [(), ("umbrella",), ("{work}/umbrella/",), ("db/../umbrella",)])
def test_umbrella_that_is_a_link(umbrella, secretly, work, tmp_path, is_checkout, given):
    umbrella().rename(tmp_path / "secret" / "chart")
    (tmp_path / "secret" / "chart" / "templates").mkdir()
    (tmp_path / "secret" / "chart" / "templates" / "all").write_text(SECRET)
    if is_checkout:
        (tmp_path / "secret" / "chart" / ".git").mkdir()
    link(work / "umbrella", "../secret/chart")
    told = secretly(*[text.format(work=work) for text in given], expect=2).err
    assert f"umbrella': it leads out of the checkout '{work}'" in told


def test_folder_that_is_a_link(umbrella, secretly, work, tmp_path):
    umbrella(chart=BESIDE)
    (work / "db").rename(tmp_path / "secret" / "db")
    (tmp_path / "secret" / "db" / "notes").write_text(SECRET)
    link(work / "db", "../secret/db")
    assert f"db': it leads out of the checkout '{work}'" in secretly(expect=2).err


def test_links_that_lead_to_the_checkout(umbrella, run_step, work, tmp_path):
    """Those of the machine, such as /tmp on some, are its owner's."""
    umbrella(chart=BESIDE)
    link(work / "umbrella" / "common.txt", "../common.txt")
    (work / "common.txt").write_text("1")
    link(tmp_path / "home", "work")
    link(tmp_path / "short", "home/umbrella")
    for number, given in enumerate(("home/umbrella", "short", "short/../umbrella")):
        out = tmp_path / f"out{number}"
        run_step("umbrella-render", tmp_path / given, "--output-dir", out, env=CI, cwd=work)
        assert (out / "common.txt").read_text() == "1"
        assert (out / "charts" / "db-1.0.0.tgz").exists()


@pytest.mark.parametrize("name", ["Chart.yaml", "Chart.lock"])
def test_earlier_rendering_that_is_a_device(umbrella, secretly, work, name):
    """Nobody waits for what it says."""
    umbrella(chart=BESIDE)
    secretly()
    link(work / "rendered" / "shop" / name, "/dev/ptmx")
    secretly(expect=2 if name == "Chart.yaml" else 0)


def bomb(folder: Path, links: int) -> None:
    """So many folders of two links to the next: 2 ** links ways to the last."""
    for number in range(links):
        link(folder / f"d{number}" / "a", f"../d{number + 1}")
        link(folder / f"d{number}" / "b", f"../d{number + 1}")
    (folder / f"d{links}").mkdir()


@pytest.mark.parametrize("where", ["umbrella", "db"])
def test_many_ways_to_a_folder(umbrella, steps, work, tmp_path, where):
    """Each costs what one costs, however many links lie on the way to it."""
    umbrella(chart=BESIDE)
    bomb(work / "bomb", 10)

    def count(links: int) -> int:
        link(work / where / "files", f"../bomb/d{10 - links}")
        log = tmp_path / "log"
        subprocess.run(["strace", "-f", "-e", "trace=readlink,readlinkat", "-o", log,
                        steps / "umbrella-render"], check=True, timeout=60, cwd=work,
                       env=CI | {"PATH": os.defpath, "ASAN_OPTIONS": "detect_leaks=0"})
        return len(re.findall(r"readlink(?:at)?\(", log.read_text()))

    none = count(0)
    few, many = ((count(links) - none) / (2 ** (links + 1) - 2) for links in (3, 8))
    assert many < 1.1 * few


@pytest.mark.parametrize("where", ["umbrella", "db"])
def test_too_many_ways_to_a_folder(umbrella, secretly, work, where):
    umbrella(chart=BESIDE)
    bomb(work / "bomb", 25)
    link(work / where / "files", "../bomb/d0")
    assert "too many files" in secretly(expect=2).err
