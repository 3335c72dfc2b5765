"""A disk of 4 KB: what does not fit fails, and leaves nothing half.

It is a tmpfs in a mount namespace of the step's own.  Where nobody may make
one (a container without rights) no file may grow over 4 KB instead; the test
prints `a disk of its own: False` then.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

import charts
from runner import Result, Runner, only_error

SIZE = 4096
INSIDE = """
disk=$1 kept=$2
shift 2
mount -t tmpfs -o size=4k tmpfs "$disk" && cp -a "$kept/." "$disk" || exit 9
"$@"
code=$?
find "$kept" -mindepth 1 -delete
find "$kept" -mindepth 1 -delete && cp -a "$disk/." "$kept" || exit 9
exit $code
"""
ENTER = ["unshare", "--user", "--map-root-user", "--mount"]


def may_mount(folder: Path) -> bool:
    return subprocess.run([*ENTER, "mount", "-t", "tmpfs", "tmpfs", folder],
                          capture_output=True).returncode == 0


@dataclass
class Disk:
    """Files at @path while a step runs, and in @kept between the runs."""
    runner: Runner
    path: Path
    kept: Path

    def run(self, *argv: object, expect: int) -> Result:
        own = may_mount(self.path)
        print("a disk of its own:", own)
        step = self.runner.steps / str(argv[0])
        if own:
            return self.runner.run("/usr/bin/" + ENTER[0], *ENTER[1:], "sh",
                                   "-c", INSIDE, "sh", self.path, self.kept,
                                   step, *argv[1:], expect=expect)
        shutil.copytree(self.kept, self.path, dirs_exist_ok=True)
        try:
            return self.runner.run("/usr/bin/prlimit", f"--fsize={SIZE}", step,
                                   *argv[1:], expect=expect)
        finally:
            shutil.rmtree(self.kept)
            shutil.copytree(self.path, self.kept, symlinks=True)

    def files(self) -> dict[str, int]:
        """Path and size of each, but locks."""
        return {str(path.relative_to(self.kept)): path.stat().st_size
                for path in sorted(self.kept.rglob("*"))
                if path.is_file() and path.name != ".index.lock"}

    def grow(self, *argv: object) -> Result:
        """Run again with space enough."""
        shutil.copytree(self.kept, self.path, dirs_exist_ok=True)
        return self.runner.run(*argv)

    def audit(self) -> None:
        """Each archive has its entry; a young one without is no failure."""
        found = self.grow("repo-audit", "--repo", f"file://{self.path}/charts")
        assert "orphan" not in found.out


@pytest.fixture
def disk(runner: Runner, tmp_path: Path) -> Disk:
    made = Disk(runner, tmp_path / "disk", tmp_path / "kept")
    made.path.mkdir()
    made.kept.mkdir()
    return made


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """Its archive takes more than the disk has."""
    folder = charts.make_chart(tmp_path / "web", "web", "1.0.0")
    (folder / "noise").write_bytes(random.Random(1).randbytes(9000))
    return folder


def test_a_package(disk, chart):
    argv = ("publish-chart", chart, "--destination", disk.path / "out")
    failed = disk.run(*argv, expect=1)
    assert f"'{disk.path}/out/web-1.0.0.tgz'" in only_error(failed)
    assert disk.files() == {}
    disk.grow(*argv)


def test_an_archive_of_a_repository(disk, chart):
    argv = ("publish-chart", chart, "--repo", f"file://{disk.path}/charts")
    failed = disk.run(*argv, expect=1)
    assert f"'{disk.path}/charts/web-1.0.0.tgz'" in only_error(failed)
    assert disk.files() == {}
    disk.grow(*argv)
    disk.audit()


@pytest.fixture
def wordy(tmp_path: Path) -> Path:
    """Its archive fits on the disk, its entry does not."""
    folder = charts.make_chart(tmp_path / "wordy", "wordy", "1.0.0")
    with (folder / "Chart.yaml").open("a") as file:
        file.write("description: " + random.Random(1).randbytes(2200).hex())
    return folder


def test_the_index(disk, wordy):
    """The archive stays without an entry, until the next run adopts it."""
    argv = ("publish-chart", wordy, "--repo", f"file://{disk.path}/charts")
    failed = disk.run(*argv, expect=1)
    assert f"'{disk.path}/charts/index.yaml'" in only_error(failed)
    assert list(disk.files()) == ["charts/wordy-1.0.0.tgz"]
    disk.grow(*argv)
    disk.audit()


def test_a_copy(disk, chart, runner, tmp_path):
    source = f"file://{tmp_path}/source"
    runner.run("publish-chart", chart, "--repo", source)
    argv = ("repo-audit", "--repo", source, "--copy-to",
            f"file://{disk.path}/charts", "web")
    assert "No space left" in only_error(disk.run(*argv, expect=1)) \
        or not may_mount(disk.path)
    assert disk.files() == {}
    disk.grow(*argv)


@pytest.fixture
def umbrella(tmp_path: Path, chart: Path) -> Path:
    folder = charts.make_chart(tmp_path / "umbrella", "shop", "0.1.0")
    with (folder / "Chart.yaml").open("a") as file:
        file.write("dependencies:\n- name: web\n  version: 1.0.0\n"
                   "  repository: file://../web\n")
    return folder


def render(umbrella: Path, *more: object) -> tuple[object, ...]:
    return ("umbrella-render", umbrella, "--branch", "a", "--repository-name",
            "shop", *more)


def test_a_rendering_leaves_the_earlier_one(disk, umbrella):
    (disk.kept / "out").mkdir()
    (disk.kept / "out" / "Chart.yaml").write_text("name: shop\n")
    argv = render(umbrella, "--output-dir", disk.path / "out")
    failed = disk.run(*argv, expect=1)
    assert f"'{disk.path}/out'" in only_error(failed)
    assert disk.files() == {"out/Chart.yaml": len("name: shop\n")}
    disk.grow(*argv)
    assert (disk.path / "out" / "charts" / "web-1.0.0.tgz").exists()


def test_a_cache_that_is_full_is_no_matter(disk, umbrella, chart, runner,
                                           static_http, tmp_path):
    runner.run("publish-chart", chart, "--repo", f"file://{tmp_path}/served")
    server = static_http(tmp_path / "served")
    file = umbrella / "Chart.yaml"
    file.write_text(file.read_text().replace("file://../web", server.url))
    argv = render(umbrella, "--cache-dir", disk.path / "cache",
                  "--output-dir", tmp_path / "out")
    own = may_mount(disk.path)
    first = disk.run(*argv, expect=0 if own else 1)
    if not own:         # then what is rendered is too large, too
        assert "File too large" in only_error(first)
        assert not (tmp_path / "out").exists()
    assert not any(size > SIZE for size in disk.files().values())
    for _ in range(2):
        disk.grow(*argv)
    assert server.count("/web-1.0.0.tgz") == 2


def test_a_record(disk, wordy, tmp_path):
    """The fragment is whole or not there; the step says so."""
    (disk.kept / "fill").write_bytes(os.urandom(SIZE))
    argv = ("publish-chart", wordy, "--destination", tmp_path / "out",
            "--annotation", f"long={'x' * SIZE}", "--record",
            disk.path / "record")
    failed = disk.run(*argv, expect=1 if may_mount(disk.path) else None)
    if failed.code:
        assert "release record" in only_error(failed)
        assert list(disk.files()) == ["fill"]
