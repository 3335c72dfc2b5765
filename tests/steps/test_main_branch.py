"""deploy-preview: which branch is the main one, and what is said where nobody
tells.
"""

from __future__ import annotations

import json

import pytest

from scripted_kube import answer, namespace

URL = "https://git.example.com/team/web.git"
JENKINS = {"JENKINS_URL": "https://ci.example.com/", "GIT_URL": URL}
GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "team/web",
          "GITHUB_SERVER_URL": "https://git.example.com",
          "GITHUB_REF_TYPE": "branch"}
HAND = {"GIT_URL": URL}
UNKNOWN = "nobody tells which branch is the main one"


@pytest.fixture
def deploy(run_step, kube, any_helm, tmp_path):
    """A dry run; *branch*: what the environment calls it."""
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart" / "Chart.yaml").write_text(
        "apiVersion: v2\nname: web\nversion: 1.0.0\n")

    def run(*args, **env):
        return run_step(
            "deploy-preview", "--kubeconfig", kube.kubeconfig(tmp_path),
            "--output", "json", "--helm", any_helm, "--dry-run", *args,
            tmp_path / "chart", env=env, cwd=tmp_path)
    return run


@pytest.fixture
def event(tmp_path):
    def write(content: object) -> dict[str, str]:
        path = tmp_path / "event.json"
        path.write_text(json.dumps(content))
        return {"GITHUB_EVENT_PATH": str(path)}
    return write


def is_main(result) -> bool:
    assert UNKNOWN not in result.err
    return not result.json["expires"]


def test_jenkins_tells_its_primary_branch(deploy):
    primary = JENKINS | {"BRANCH_IS_PRIMARY": "true"}
    assert is_main(deploy(**primary, BRANCH_NAME="trunk"))
    assert not is_main(deploy("--branch", "main", **primary,
                              BRANCH_NAME="trunk"))
    # a variable of another server, or a pull request
    assert deploy(**HAND, BRANCH_IS_PRIMARY="true",
                  BRANCH_NAME="trunk").json["expires"]
    assert not is_main(deploy(**primary, BRANCH_NAME="PR-7", CHANGE_ID="7",
                              CHANGE_BRANCH="trunk"))


def test_github_tells_it_in_the_event(deploy, event):
    told = GITHUB | event({"repository": {"default_branch": "trunk"}})
    assert is_main(deploy(**told, GITHUB_REF_NAME="trunk"))
    assert not is_main(deploy(**told, GITHUB_REF_NAME="main"))
    assert not is_main(deploy(
        "--branch", "trunk", **told, GITHUB_REF="refs/pull/7/merge"))


def test_gitlab_tells_it(deploy):
    told = {"GITLAB_CI": "true", "CI_PROJECT_URL": URL,
            "CI_DEFAULT_BRANCH": "trunk"}
    assert is_main(deploy(**told, CI_COMMIT_BRANCH="trunk"))
    assert not is_main(deploy(**told, CI_COMMIT_BRANCH="main"))


@pytest.mark.parametrize("name", [
    "BUILDKITE_PIPELINE_DEFAULT_BRANCH", "DRONE_REPO_BRANCH",
    "CI_REPO_DEFAULT_BRANCH"])
def test_servers_that_tell_nothing_else(deploy, name):
    told = HAND | {name: "trunk"}
    assert is_main(deploy("--branch", "trunk", **told))
    assert not is_main(deploy("--branch", "main", **told))


def test_the_option_comes_first(deploy):
    primary = JENKINS | {"BRANCH_IS_PRIMARY": "true", "BRANCH_NAME": "trunk"}
    assert not is_main(deploy("--main-branch", "live", **primary))
    assert is_main(deploy("--main-branch", "live", "--branch", "live",
                          **primary))


def test_what_nobody_tells_is_warned_of(deploy, kube, event):
    """When the environment is made: then there is nothing to lose yet."""
    for env in (JENKINS | {"BRANCH_NAME": "trunk"},
                GITHUB | {"GITHUB_REF_NAME": "trunk"},
                GITHUB | {"GITHUB_REF_NAME": "trunk"} | event([]),
                GITHUB | {"GITHUB_REF_NAME": "trunk"} | event(
                    {"repository": {"default_branch": 7}}),
                HAND | {"BRANCH_NAME": "trunk"}):
        made = deploy(**env)
        assert made.err.count(UNKNOWN) == 1, env
        assert "'trunk'" in made.err and "--main-branch trunk" in made.err
        assert made.json["expires"]
    kube.script("GET", "/api/v1/namespaces/web-trunk", answer(namespace(
        "web-trunk", 9999999999, repository="web", branch="trunk")))
    assert UNKNOWN not in deploy(**env).err


@pytest.mark.parametrize("args, env", [
    ([], {"BRANCH_NAME": "main"}),
    ([], {"BRANCH_NAME": "master"}),
    (["--main-branch", "main"], {"BRANCH_NAME": "trunk"}),
    (["--expires-in", "1d"], {"BRANCH_NAME": "trunk"}),
    ([], {"BRANCH_NAME": "PR-7", "CHANGE_ID": "7", "CHANGE_BRANCH": "trunk"}),
])
def test_what_somebody_tells_is_not(deploy, args, env):
    assert UNKNOWN not in deploy(*args, **JENKINS, **env).err
