"""What a step that asks the checkout for the origin of a build reads for it."""

from __future__ import annotations

import re
import subprocess

import yaml
from histories import History, IDENTITY


def test_reads_no_certificates(steps, tmp_path):
    """libgit2 reads those of the whole system at its start, where it can."""
    web = History(tmp_path / "web", "https://git.example/acme/web.git")
    commit = web.commit("Begin")
    chart = web.folder / "chart"
    chart.mkdir()
    (chart / "Chart.yaml").write_text(
        "apiVersion: v2\nname: web\nversion: 1.0.0\n")
    log = tmp_path / "log"
    done = subprocess.run(
        ["strace", "-f", "-e", "trace=openat", "-o", log,
         steps / "publish-chart", "--destination", tmp_path, chart],
        env=IDENTITY | {"ASAN_OPTIONS": "detect_leaks=0"}, cwd=web.folder,
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    packed = subprocess.run(
        ["tar", "-xOzf", tmp_path / "web-1.0.0.tgz", "web/Chart.yaml"],
        capture_output=True, check=True).stdout
    assert commit in str(yaml.safe_load(packed)["annotations"])
    opened = re.findall(r'"([^"]*)"', log.read_text())
    assert [path for path in opened if "libgit2" in path]
    assert not [path for path in opened if re.search(r"/certs/|\.crt$|\.pem$", path)]


def test_a_repository_without_a_commit(run_step, tmp_path):
    """As just after `git init`: what needs no commit goes on without."""
    web = tmp_path / "web"
    (web / "chart").mkdir(parents=True)
    (web / "chart" / "Chart.yaml").write_text(
        "apiVersion: v2\nname: web\nversion: 1.0.0\n")
    for args in [["init", "-q", "-b", "main"],
                 ["remote", "add", "origin", "https://git.example/acme/web.git"]]:
        subprocess.run(["git", *args], cwd=web, check=True)

    run_step("publish-chart", "--destination", "out", "chart", cwd=web)
    packed = subprocess.run(
        ["tar", "-xOzf", web / "out" / "web-1.0.0.tgz", "web/Chart.yaml"],
        capture_output=True, check=True).stdout
    assert yaml.safe_load(packed)["annotations"] == {
        "slipway/repository": "git.example/acme/web"}
    run_step("umbrella-render", "--branch", "x", "--output-dir", "rendered",
             "chart", cwd=web)
    names = ["deploy-preview", "--print-names"]
    assert "web-x" in run_step(*names, "--branch", "x", cwd=web).out
    unknown = run_step(*names, cwd=web, expect=2)
    assert "the branch is not known" in unknown.err
