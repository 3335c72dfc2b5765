"""What the examples write is what the executables take.

Each `sh` of each Jenkinsfile, in every kind of build, and the CronJob's
command are compared with `STEP --help`.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from jenkins import EXAMPLES, Groovy, Jenkins
from runner import Runner

NAMES = sorted(path.stem for path in (EXAMPLES.parent / "steps").glob("*.c"))
JENKINSFILES = sorted(
    str(path.relative_to(EXAMPLES)) for path in EXAMPLES.glob("*/Jenkinsfile*"))
PARAMETERS = {"sweep/Jenkinsfile": {"DRY_RUN": True},
              "repository/Jenkinsfile": {"REPAIR": True}}
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PULL_REQUEST = {"BRANCH_NAME": "PR-7", "CHANGE_ID": "7",
                "CHANGE_BRANCH": "feature", "CHANGE_TARGET": "master"}
MASTER = {"BRANCH_NAME": "master"}

CREDENTIALS = {
    "charts-write": {"kind": "aws", "accessKey": "a", "secretKey": "b"},
    "charts-read": {"kind": "aws", "accessKey": "a", "secretKey": "b"},
    "charts-audit": {"kind": "aws", "accessKey": "a", "secretKey": "b"},
    "charts-maintain": {"kind": "aws", "accessKey": "a", "secretKey": "b"},
    "preview-kubeconfig": {"kind": "file", "text": ""},
    "live-kubeconfig": {"kind": "file", "text": ""},
    "sweep-kubeconfig": {"kind": "file", "text": ""},
    "grafana-token": {"kind": "file", "text": ""},
    "jira": {"kind": "usernamePassword", "username": "a", "password": "b"},
}
# Of Jenkins, and not told by --help: understood by all steps.
JENKINS_OWN = {"BRANCH_NAME", "CHANGE_ID", "CHANGE_BRANCH", "CHANGE_TARGET",
               "GIT_COMMIT", "GIT_URL", "WORKSPACE", "CI", "BUILD_NUMBER",
               "KUBECONFIG", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def calls(script: str) -> list[list[str]]:
    """The steps with their words in lines of shell."""
    found = []
    for line in script.splitlines():
        words = shlex.split(line)
        if words and words[0] in NAMES:
            found.append([word for word in words
                          if not word.startswith(">")])
    return found


@pytest.fixture
def usage(runner: Runner):
    known: dict[str, str] = {}

    def usage(step: str) -> str:
        if step not in known:
            known[step] = runner.run(step, "--help").out
        return known[step]
    return usage


def unknown_options(words: list[str], usage: str) -> list[str]:
    known = set(re.findall(r"--[a-z][a-z0-9-]*", usage))
    return [word for word in words if word.startswith("--")
            and word.partition("=")[0] not in known]


@pytest.mark.parametrize("env", [PULL_REQUEST, MASTER], ids=["pr", "master"])
@pytest.mark.parametrize("jenkinsfile", JENKINSFILES)
def test_jenkinsfile(groovy: Groovy, tmp_path: Path, usage, jenkinsfile: str,
                     env: dict[str, str]):
    jenkins = Jenkins(groovy, tmp_path, credentials=CREDENTIALS)
    build = jenkins.build(jenkinsfile, env={"GIT_COMMIT": COMMIT, **env},
                          parameters=PARAMETERS.get(jenkinsfile, {}))
    assert build.result == "SUCCESS", build
    assert build.shells
    for shell in build.shells:
        found = calls(shell.script)
        assert found, f"no step in '{shell.script}'"
        for step, *words in found:
            assert not unknown_options(words, usage(step)), shell.script


@pytest.mark.parametrize("jenkinsfile", JENKINSFILES)
def test_variables_mean_something(groovy: Groovy, tmp_path: Path, usage,
                                  jenkinsfile: str):
    """What an example sets is either used in its shell lines or read by a
    step that comes after it."""
    jenkins = Jenkins(groovy, tmp_path, credentials=CREDENTIALS)
    build = jenkins.build(jenkinsfile, env={"GIT_COMMIT": COMMIT, **MASTER})
    read = "".join(usage(call[0]) for shell in build.shells
                   for call in calls(shell.script))
    said = (EXAMPLES / jenkinsfile).read_text()
    for name in {name for shell in build.shells for name in shell.env}:
        assert name in JENKINS_OWN or name in read or f"${name}" in said \
            or f"env.{name}" in said or f"params.{name}" in said, name


def test_every_step_is_shown(groovy: Groovy, tmp_path: Path):
    """The six that Slipway is named for each have their place, and the audit."""
    text = "".join((EXAMPLES / name).read_text() for name in JENKINSFILES)
    for step in ("publish-chart", "umbrella-render", "deploy-preview",
                 "expire-sweep", "jira-fixversion", "grafana-annotate", "repo-audit"):
        assert re.search(rf"(?m)['\"\s]{step}\b", text), step


def test_cron_job(usage):
    job = yaml.safe_load((EXAMPLES / "sweep" / "cronjob.yaml").read_text())
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"][
        "containers"]
    (step,) = container["command"]
    assert not unknown_options(container["args"], usage(step))


@pytest.mark.parametrize("jenkinsfile", ["storefront/Jenkinsfile", "stack/Jenkinsfile"])
@pytest.mark.parametrize("failing, result", [("", "SUCCESS"), ("deploy-preview", "FAILURE")])
def test_each_release_is_marked(groovy: Groovy, tmp_path: Path, jenkinsfile: str,
                                failing: str, result: str):
    """Also one that failed; and Grafana may be away for all of them."""
    jenkins = Jenkins(groovy, tmp_path, credentials=CREDENTIALS, fail=failing)
    build = jenkins.build(jenkinsfile, env={"GIT_COMMIT": COMMIT, **MASTER})
    assert build.result == result
    steps = [call for shell in build.shells for call in calls(shell.script)]
    marks = [call for call in steps if call[0] == "grafana-annotate"]
    assert len(marks) == 1 and "--spool" in marks[0]
    assert "deploy-preview" in [call[0] for call in steps[:steps.index(marks[0])]]
