"""What deploy-preview and umbrella-render take a pull request for, whichever CI
server builds it: never for main, nor a fork's for a branch of the repository.

What each server tells is in tests/unit/core/test-ci.c and test-ci-event.c.
"""

from __future__ import annotations

import json
import subprocess

import pytest

MAIN = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REF": "refs/heads/main", "GITHUB_REF_NAME": "main",
        "GITHUB_REF_TYPE": "branch"}
PULL = MAIN | {"GITHUB_REF": "refs/pull/12/merge",
               "GITHUB_REF_NAME": "12/merge", "GITHUB_HEAD_REF": "develop",
               "GITHUB_BASE_REF": "main"}
REPOSITORY = {"full_name": "acme/shop", "default_branch": "main"}
COMMENT = {"repository": REPOSITORY, "comment": {"body": "/deploy main"},
           "issue": {"number": 12, "pull_request": {"url": "https://x"}}}
UNKNOWN = "the branch is not known: CI does not "


def run_of(cause: str, branch: str, repository: str) -> dict:
    return {"repository": REPOSITORY, "workflow_run": {
        "event": cause, "head_branch": branch, "head_sha": "b" * 40,
        "head_repository": {"full_name": repository}}}


def pull_of(repository: str | None) -> dict:
    return {"repository": REPOSITORY, "pull_request": {
        "head": {"ref": "develop", "repo": {"full_name": repository}},
        "base": {"ref": "main", "repo": {"full_name": "acme/shop"}}}}


@pytest.fixture
def workspace(tmp_path):
    """The target is checked out, as Drone leaves it, merged or not."""
    folder = tmp_path / "workspace"
    folder.mkdir()

    def git(*args: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b",
                        "-C", folder, *args], check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("commit", "-q", "--allow-empty", "-m", "one")
    git("remote", "add", "origin", "https://git.example.com/acme/shop.git")
    return folder


@pytest.fixture
def names(run_step, workspace, tmp_path):
    def run(*args: object, event: object = None, expect: int = 0, **env):
        if event is not None:
            path = tmp_path / "event.json"
            path.write_text(json.dumps(event))
            env["GITHUB_EVENT_PATH"] = str(path)
        return run_step("deploy-preview", "--print-names", "--output", "json",
                        *args, env=env, expect=expect, cwd=workspace)
    return run


@pytest.fixture
def plan(run_step, kube, any_helm, workspace, tmp_path):
    """A dry run of a deployment."""
    chart = tmp_path / "chart"
    chart.mkdir()
    (chart / "Chart.yaml").write_text(
        "apiVersion: v2\nname: shop\nversion: 1.0.0\n")

    def run(*args: object, event: object, **env):
        path = tmp_path / "event.json"
        path.write_text(json.dumps(event))
        return run_step(
            "deploy-preview", "--kubeconfig", kube.kubeconfig(tmp_path),
            "--dry-run", "--output", "json", "--helm", any_helm, *args, chart,
            env=env | {"GITHUB_EVENT_PATH": str(path)}, cwd=workspace).json
    return run


# --- which is main ------------------------------------------------------------

@pytest.mark.parametrize("event, namespace, expires", [
    (run_of("push", "main", "acme/shop"), "shop-main", False),
    (run_of("push", "fix", "acme/shop"), "shop-fix", True),
    (run_of("pull_request", "main", "acme/shop"), "shop-main", True),
    (run_of("pull_request", "main", "mallory/shop"), "shop-mallory-main-",
     True),
])
def test_after_another_workflow(plan, event, namespace, expires):
    """Its own ref is main, always."""
    made = plan(**MAIN, GITHUB_EVENT_NAME="workflow_run", event=event)
    assert made["namespace"].startswith(namespace)
    assert made["expires"] == expires


def test_a_comment_on_a_pull_request(plan, names):
    comment = MAIN | {"GITHUB_EVENT_NAME": "issue_comment"}
    refused = names(**comment, event=COMMENT, expect=2)
    assert UNKNOWN + "name the branch of the pull request" in refused.err
    assert "--branch OWNER:NAME" in refused.err
    given = plan("--branch", "main", "--main-branch", "main", **comment,
                 event=COMMENT)
    assert given["namespace"] == "shop-main" and given["expires"]
    given = plan("--branch", "ann:main", **comment, event=COMMENT)
    assert given["namespace"].startswith("shop-ann-main-")
    assert given["expires"]


def test_a_comment_on_an_issue_is_main_s(plan):
    made = plan(**MAIN, GITHUB_EVENT_NAME="issue_comment", event={
        "repository": REPOSITORY, "comment": {}, "issue": {"number": 1}})
    assert made["namespace"] == "shop-main" and not made["expires"]


@pytest.mark.parametrize("name", [
    "workflow_run", "issue_comment", "check_run", "check_suite", "status"])
def test_what_may_be_either_has_to_be_given(plan, names, name):
    either = MAIN | {"GITHUB_EVENT_NAME": name}
    for event in None, {}, []:
        refused = names(**either, event=event, expect=2)
        assert UNKNOWN + "tell whether it builds a branch" in refused.err
    assert not plan("--branch", "main", **either, event={})["expires"]


@pytest.mark.parametrize("env", [
    {"DRONE_PULL_REQUEST": "7", "DRONE_BUILD_EVENT": "pull_request",
     "DRONE_COMMIT_BRANCH": "main", "DRONE_TARGET_BRANCH": "main",
     "DRONE_SOURCE_BRANCH": "fix", "DRONE_REPO_BRANCH": "main",
     "DRONE_COMMIT_REF": "refs/pull/7/head"},
    {"CI": "woodpecker", "CI_PIPELINE_EVENT": "pull_request",
     "CI_COMMIT_BRANCH": "main", "CI_COMMIT_PULL_REQUEST": "7",
     "CI_COMMIT_SOURCE_BRANCH": "fix", "CI_COMMIT_TARGET_BRANCH": "main",
     "CI_REPO_DEFAULT_BRANCH": "main"},
])
def test_servers_that_check_out_the_target(plan, names, env):
    """And do not tell whether the pull request comes from a fork."""
    refused = names(**env, expect=2)
    assert UNKNOWN + "tell whether the pull request comes from a fork" \
        in refused.err
    assert "GITHUB" not in refused.err
    assert "hint: give '--branch fix'" in refused.err
    assert names(**env, CHANGE_FORK="ann").json["namespace"].startswith(
        "shop-ann-fix-")
    for branch in "fix", "main":
        made = plan("--branch", branch, **env, event={})
        assert made["namespace"] == f"shop-{branch}" and made["expires"]


def test_a_branch_is_built_there_as_before(names):
    for env in ({"DRONE_BUILD_EVENT": "push", "DRONE_REPO_BRANCH": "main",
                 "DRONE_COMMIT_REF": "refs/heads/main"},
                {"CI_PIPELINE_EVENT": "push", "CI_COMMIT_BRANCH": "main"},
                {"BUILDKITE_PULL_REQUEST": "false"}):
        assert names(**env).json["namespace"] == "shop-main"


# --- whose it is -------------------------------------------------------------

def test_an_event_that_cannot_be_read(names, tmp_path):
    """A fork's develop would replace that of the repository."""
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate((16 << 20) + 1)
    for path, words in [("", "GITHUB_EVENT_PATH is not set"),
                        (tmp_path / "none", "none'"), (tmp_path, "director"),
                        (broken, "broken.json"), (large, "large.json")]:
        refused = names(**PULL, GITHUB_EVENT_PATH=str(path), expect=2)
        assert UNKNOWN + "tell whether the pull request" in refused.err
        assert words in refused.err
        assert "hint: make the file of GITHUB_EVENT_PATH readable" \
            in refused.err
    assert names("--branch", "develop", **PULL).json["namespace"] == \
        "shop-develop"
    forked = names("--branch", "mallory:develop", **PULL).json
    assert forked == names(**PULL, event=pull_of("mallory/shop")).json


@pytest.mark.parametrize("event", [
    {}, [], {"pull_request": "x"}, pull_of(None), pull_of(""), pull_of("/shop"),
    pull_of("x" * 5000 + "/shop")])
def test_an_event_that_does_not_tell(names, event):
    refused = names(**PULL, event=event, expect=2)
    assert "comes from a fork" in refused.err
    assert "hint: give '--branch develop'" in refused.err


def test_the_repository_s_own(names):
    assert names(**PULL, event=pull_of("acme/shop")).json["namespace"] == \
        "shop-develop"
    review = {key: value for key, value in PULL.items()
              if key != "GITHUB_HEAD_REF"}
    assert names(**review, GITHUB_EVENT_NAME="pull_request_review",
                 event=pull_of("acme/shop")).json["namespace"] == \
        "shop-develop"


def test_a_render_agrees(run_step, workspace, tmp_path):
    (workspace / "Chart.yaml").write_text(
        "apiVersion: v2\nname: shop\nversion: 1.0.0\n")
    refused = run_step("umbrella-render", workspace, "--output-dir",
                       tmp_path / "rendered", env=PULL, cwd=workspace,
                       expect=2)
    assert "comes from a fork" in refused.err
    assert not (tmp_path / "rendered").exists()
