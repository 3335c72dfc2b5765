"""A checkout that belongs to another user, as where a container's user is not
that of the agent: git does not read it, and says so.  The steps do the same,
and go on with what the CI server and the options tell.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from rendering import CHART, CI

ANOTHER = 12345 if os.geteuid() == 0 else os.geteuid()
pytestmark = pytest.mark.parametrize("settings", [
    None, "[user]\n\tname = a\n"], ids=["no-settings", "other-settings"])


class Checkout:
    def __init__(self, folder: Path, settings: str | None):
        self.folder, self.home = folder / "work", folder / "home"
        self.home.mkdir()
        if settings:
            (self.home / ".gitconfig").write_text(settings)
        for args in [["init", "-q", "-b", "fix", self.folder],
                     ["-C", self.folder, "remote", "add", "origin",
                      "https://git.example.com/shop/web.git"],
                     ["-C", self.folder, "-c", "user.name=a", "-c",
                      "user.email=a@example.com", "commit", "-q",
                      "--allow-empty", "-m", "One"]]:
            subprocess.run(["git", *args], check=True)

    def leave(self) -> None:
        """To another user, all that is in it."""
        for path in [self.folder, *self.folder.rglob("*")]:
            os.chown(path, ANOTHER, -1, follow_symlinks=False)

    @property
    def env(self) -> dict[str, str]:
        return {"HOME": str(self.home)}

    def check(self, err: str, unknown: str) -> None:
        expected = (
            f"the git repository in '{self.folder}' belongs to another user "
            f"and is not read: {unknown} not known; to trust it: git config "
            f"--global --add safe.directory '{self.folder}'")
        warned = ANOTHER != os.geteuid()
        assert err.count(f"warning: {expected}") == warned, err
        assert err.count("safe.directory") == warned, err

    def trust(self) -> None:
        (self.home / ".gitconfig").write_text(
            f"[safe]\n\tdirectory = {self.folder}\n")


@pytest.fixture
def checkout(tmp_path, settings) -> Checkout:
    return Checkout(tmp_path, settings)


def test_a_package_lacks_the_commit(checkout, run_step):
    chart = checkout.folder / "chart"
    chart.mkdir()
    (chart / "Chart.yaml").write_text(CHART)
    checkout.leave()

    def package(**env):
        return run_step("publish-chart", "--destination", "out", chart,
                        cwd=checkout.folder, env=checkout.env | env)

    checkout.check(package().err,
                   "repository, commit and time of the commit")
    checkout.check(package(**CI).err, "time of the commit")
    assert "warning" not in package(**CI, SOURCE_DATE_EPOCH="0").err
    checkout.trust()
    assert "safe.directory" not in package().err


def test_names_come_from_elsewhere(checkout, run_step):
    checkout.leave()

    def names(*args, expect=0, **env):
        return run_step("deploy-preview", "--print-names", *args,
                        cwd=checkout.folder, env=checkout.env | env,
                        expect=expect)

    told = names("--repository-name", "shop", "--branch", "fix",
                 "--main-branch", "main")
    assert "shop-fix" in told.out
    checkout.check(told.err, "repository and commit")
    told = names(**CI)
    assert "web-feature-cart" in told.out
    checkout.check(told.err, "main branch")
    told = names(expect=2 if ANOTHER != os.geteuid() else 0)
    checkout.check(told.err, "repository, branch, main branch and commit")
    checkout.trust()
    assert "web-fix" in names().out


def test_a_rendering_goes_on(checkout, run_step):
    umbrella = checkout.folder / "umbrella"
    umbrella.mkdir()
    (umbrella / "Chart.yaml").write_text(CHART)
    checkout.leave()

    def render(*args, **env):
        return run_step("umbrella-render", "--output-dir", "out", *args,
                        cwd=checkout.folder, env=checkout.env | env)

    checkout.check(render(**CI).err, "main branch")
    assert "warning" not in render("--main-branch", "main", **CI).err
