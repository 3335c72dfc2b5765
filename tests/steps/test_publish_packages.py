"""publish-chart: what a package says of its commit, and that it is the same
bytes however the repository was cloned, and wherever it is published from.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
import yaml

from histories import IDENTITY, History
from published import make_chart

COMMIT = "c0ffee" + "0" * 34


@pytest.fixture
def package(run_step, tmp_path):
    """The one package that is made of @what."""
    def run(what, *args, cwd: Path | None = None, name: str = "out", **env) -> Path:
        run_step("publish-chart", what, "--destination", tmp_path / name, *args,
                 cwd=cwd or tmp_path, env=IDENTITY | env)
        return next((tmp_path / name).iterdir())
    return run


def annotations(package: Path) -> dict[str, str]:
    with tarfile.open(package) as tar:
        return yaml.safe_load(tar.extractfile("web/Chart.yaml").read())["annotations"]


# --- archives ---------------------------------------------------------------------

@pytest.fixture
def finished(package, tmp_path):
    """Of a commit before the one from which it is published."""
    web = History(tmp_path / "web", "https://git.example/acme/web.git")
    make_chart(web.folder)
    web.commit("Begin")
    made = package(web.folder / "web-1.0.0", cwd=web.folder)
    assert annotations(made) == {"slipway/commit": web.head,
                                 "slipway/repository": "git.example/acme/web"}
    web.git("remote", "set-url", "origin", "https://git.example/fork/web.git")
    web.commit("More")
    return made, web


def test_a_finished_package_stays_as_it_is(package, finished, run_step, tmp_path):
    made, web = finished
    for name, env in ("a", {}), ("b", {"SOURCE_DATE_EPOCH": "1"}), ("c", {
            "GIT_COMMIT": COMMIT, "GIT_URL": "https://git.example/other"}):
        again = package(made, cwd=web.folder, name=name, **env)
        assert again.read_bytes() == made.read_bytes()
    repository = tmp_path / "charts"
    for _ in range(2):
        web.commit("Later")
        run_step("publish-chart", made, "--repo", f"file://{repository}",
                 cwd=web.folder, env=IDENTITY)
    assert (repository / made.name).read_bytes() == made.read_bytes()


def test_what_options_change_of_a_finished_package(package, finished):
    made, web = finished
    changed = package(made, "--set", "image.tag=new", "--annotation", "team=shop",
                      "--source-date-epoch", "77", cwd=web.folder, name="changed")
    assert annotations(changed) == annotations(made) | {"team": "shop"}
    with tarfile.open(changed) as tar:
        assert {member.mtime for member in tar} == {77}
        assert b"tag: new" in tar.extractfile("web/values.yaml").read()


# --- the commit and its repository --------------------------------------------------

def test_a_short_commit_is_spelled_out(package, tmp_path):
    web = History(tmp_path / "web")
    make_chart(web.folder)
    web.commit("Begin")
    known = web.head
    web.commit("More")
    chart = web.folder / "web-1.0.0"
    for i, told in enumerate([known[:7], known[:12].upper(), known]):
        made = package(chart, name=f"out{i}", cwd=web.folder, GIT_COMMIT=told)
        assert annotations(made) == {"slipway/commit": known}
    made = package(chart, name="other", cwd=web.folder, GIT_COMMIT=COMMIT[:9])
    assert annotations(made) == {"slipway/commit": COMMIT[:9]}, "it is not in this clone"


@pytest.mark.parametrize("addresses", [
    ("https://git.example/acme/web.git", "git@git.example:acme/web.git",
     "ssh://git@git.example:22/acme/web", "ssh://git@git.example/acme/web/",
     "ssh://git@git.example:2222/acme/web.git", "https://git.example:443/acme/web"),
    ("https://github.com/acme/web", "ssh://git@ssh.github.com:443/acme/web.git"),
    ("https://git.example/scm/acme/web.git", "ssh://git@git.example:7999/acme/web.git"),
])
def test_the_same_bytes_however_it_was_cloned(package, tmp_path, addresses):
    chart = make_chart(tmp_path)
    made = {package(chart, name=f"out{i}", GIT_COMMIT=COMMIT, GIT_URL=url,
                    SOURCE_DATE_EPOCH="1").read_bytes()
            for i, url in enumerate(addresses)}
    assert len(made) == 1
