"""What deploy-preview notes of the branch and main, and what a sweep makes of
it later.  SLIPWAY_STORIES=N: how many random ones; SLIPWAY_SEED=N: which.

Checkouts are those of CI servers, from a server that is Git itself; what is
noted is read from the dry run that the API server gets to judge.
"""

from __future__ import annotations

import base64
import json
import os
import random
import time
from pathlib import Path

import pytest

from git_server import REFS, SERVICE, GitServer
from histories import History
from scripted_http import Reply
from scripted_kube import answer, listing, namespace

STORIES = int(os.environ.get("SLIPWAY_STORIES", "4"))
SEED = int(os.environ.get("SLIPWAY_SEED", time.time_ns() % 10 ** 9))
WEB = "team/web.git"
ALL = "+refs/heads/*:refs/remotes/origin/*"
HOME = "/api/v1/namespaces/web-fix"
LATER = 9999999999
TOKEN = "canary-git-0123456789"
PAIR = "Basic " + base64.b64encode(f"ci:{TOKEN}".encode()).decode()


@pytest.fixture
def server(tmp_path):
    with GitServer(tmp_path / "served") as server:
        yield server


def begin(server: GitServer, path: str = WEB) -> History:
    """main, and the branch fix, which has nothing of its own yet."""
    web = server.history(path)
    web.commit("one")
    web.commit("two")
    web.git("switch", "-q", "-c", "fix")
    return web


@pytest.fixture
def web(server):
    return begin(server)


class Checkout:
    """A workspace as CI makes it: an empty repository, a fetch, HEAD
    detached."""

    def __init__(self, server: GitServer, web: History, folder: Path,
                 path: str = WEB):
        self.web, self.url, self.folder = web, server.address(path), folder
        web.git("init", "-q", folder)
        self.git("remote", "add", "origin", self.url)

    def git(self, *args: object) -> str:
        return self.web.git(*args, cwd=self.folder)

    def fetch(self, *refs: str, branch: str = "fix", depth: int = 0) -> None:
        self.git("fetch", "-q", "--no-tags", "--force",
                 *([f"--depth={depth}"] if depth else []), self.url,
                 *(refs or [only("main"), only(branch)]))
        self.git("checkout", "-q", "--detach", f"origin/{branch}")


def only(branch: str) -> str:
    return f"+refs/heads/{branch}:refs/remotes/origin/{branch}"


@pytest.fixture
def checkout(server, web, tmp_path):
    return Checkout(server, web, tmp_path / "workspace")


@pytest.fixture
def deploy(run_step, kube, any_helm, tmp_path, server, warnings, seen):
    """Gives the marks, of a namespace that has those that are given."""
    chart = tmp_path / "chart"
    chart.mkdir()
    (chart / "Chart.yaml").write_text(
        "apiVersion: v2\nname: web\nversion: 1.0.0\n")

    def run(checkout, *args, found=None, **env):
        about = {"GIT_URL": server.address(WEB), "BRANCH_NAME": "fix"} | env
        about = {key: value for key, value in about.items() if value}
        if found is not None:
            kube.script("GET", HOME, answer(
                namespace("web-fix", LATER, repository="web", branch="fix",
                          **{k: v for k, v in found.items() if v})))
        before = len(kube.requests)
        result = run_step(
            "deploy-preview", "--kubeconfig", kube.kubeconfig(tmp_path),
            "--dry-run", "--helm", any_helm, *args, chart, env=about,
            cwd=checkout.folder if checkout else tmp_path)
        warnings.append(result.err)
        (request,) = [r for r in kube.requests[before:]
                      if r.method in ("POST", "PATCH")]
        notes = json.loads(request.body)["metadata"]["annotations"]
        seen.append(notes.get("slipway/branch-seen"))
        return {key: notes.get(f"slipway/{key.replace('_', '-')}")
                for key in ("commit", "ahead_of")}
    return run


@pytest.fixture
def warnings() -> list[str]:
    """What each run of deploy says on stderr."""
    return []


@pytest.fixture
def seen() -> list[str | None]:
    """Whether each run of deploy marks the branch as one that is there."""
    return []


@pytest.fixture
def credentials(server, tmp_path) -> list[object]:
    store = tmp_path / "git-credentials"
    store.write_text(f"http://ci:{TOKEN}@127.0.0.1:{server.port}\n")
    return ["--git-credentials-file", store]


def noted(commit: str | None, ahead_of: str | None) -> dict:
    return {"commit": commit, "ahead_of": ahead_of}


# --- what is noted -----------------------------------------------------------

def test_ahead_or_not(web, checkout, deploy):
    checkout.fetch()
    assert deploy(checkout) == noted(web.head, None)
    fix = web.commit("fix")
    checkout.fetch()
    assert deploy(checkout) == noted(fix, "main")
    web.git("switch", "-q", "main")
    web.commit("three")
    checkout.fetch()
    assert deploy(checkout) == noted(fix, "main")
    web.merge("fix", "Merge")
    checkout.fetch()
    assert deploy(checkout) == noted(fix, None)


def test_deployed_again(web, checkout, deploy):
    """What was ahead stays so, whatever became of it; not what follows."""
    fix = web.commit("fix")
    checkout.fetch()
    first = deploy(checkout)
    assert first == noted(fix, "main")
    web.git("switch", "-q", "main")
    web.merge("fix", "Merge")
    checkout.fetch()
    assert deploy(checkout, found=first) == first
    assert deploy(None, found=first, GIT_COMMIT=fix) == first
    assert deploy(None, found=first) == noted(None, None)
    web.git("branch", "-f", "fix", "main")
    checkout.fetch()
    assert deploy(checkout, found=first) == noted(web.head, None)
    web.git("switch", "-q", "fix")
    more = web.commit("more")
    checkout.fetch()
    assert deploy(checkout, found=first) == noted(more, "main")


def test_an_old_main_is_not_believed(web, checkout, deploy):
    """A workspace that is used again: main is as it was a month ago, and the
    branch, which has nothing of its own, is at what main is now."""
    checkout.fetch(ALL)
    web.git("switch", "-q", "main")
    web.commit("three")
    web.git("branch", "-f", "fix", "main")
    checkout.fetch(only("fix"))
    assert deploy(checkout) == noted(web.head, None)
    checkout.fetch()
    assert deploy(checkout) == noted(web.head, None)


@pytest.mark.parametrize("refs, depth", [
    ([only("fix")], 0), ([ALL], 1), ([ALL], 2)])
def test_what_the_clone_does_not_tell(web, checkout, deploy, refs, depth):
    fix = web.commit("fix")
    web.commit("fix more")
    fix = web.commit("fix even more")
    checkout.fetch(*refs, depth=depth)
    assert deploy(checkout) == noted(fix, None)


def test_whose_commit(web, checkout, deploy, tmp_path):
    fix = web.commit("fix")
    checkout.fetch()
    # CI tells another one than is checked out
    assert deploy(checkout, GIT_COMMIT=web.git("rev-parse", "main")) == \
        noted(web.git("rev-parse", "main"), None)
    # one that is nowhere
    assert deploy(checkout, GIT_COMMIT="1" * 40) == noted("1" * 40, None)
    # the working folder is a clone of something else
    assert deploy(checkout, GIT_URL="https://git.example/other/web.git") == \
        noted(None, None)
    # no clone at all
    assert deploy(None, GIT_COMMIT=fix) == noted(fix, None)
    # another branch is checked out by name
    checkout.git("switch", "-q", "-c", "elsewhere")
    assert deploy(checkout) == noted(None, None)
    checkout.git("switch", "-q", "-c", "fix")
    assert deploy(checkout) == noted(fix, "main")


def test_a_branch_by_hand_is_not_that_of_the_build(web, checkout, deploy,
                                                   kube):
    web.commit("fix")
    checkout.fetch()
    assert deploy(checkout, "--branch", "demo") == noted(None, None)


def test_which_branch_it_is_compared_with(web, checkout, deploy):
    fix = web.commit("fix")
    web.git("branch", "next", "fix")
    web.git("branch", "master", "main")
    checkout.fetch(ALL)
    assert deploy(checkout, "--main-branch", "master") == noted(fix, "master")
    assert deploy(checkout, "--main-branch", "next") == noted(fix, None)
    assert deploy(checkout, "--main-branch", "none") == noted(fix, None)
    pull_request = {"CHANGE_ID": "7", "CHANGE_BRANCH": "fix"}
    assert deploy(checkout, **pull_request, CHANGE_TARGET="next") == \
        noted(fix, None)
    assert deploy(checkout, "--main-branch", "next", **pull_request,
                  CHANGE_TARGET="main") == noted(fix, "main")
    assert deploy(checkout) == noted(fix, "main")


def test_ci_builds_the_merge_of_a_pull_request(web, checkout, deploy):
    """Its commit never comes into main; that of the pull request does."""
    fix = web.commit("fix")
    pull_request = {"CHANGE_ID": "7", "CHANGE_BRANCH": "fix",
                    "CHANGE_TARGET": "main"}
    web.git("switch", "-q", "main")
    web.commit("three")
    checkout.fetch()
    checkout.git("checkout", "-q", "--detach", "origin/main")
    checkout.git("merge", "-q", "--no-ff", "-m", "Merge", fix)
    assert deploy(checkout, **pull_request) == noted(fix, "main")
    # a merge of main into the branch is the branch's own
    web.git("switch", "-q", "fix")
    merged = web.merge("main", "Merge main into fix")
    checkout.fetch()
    assert deploy(checkout, **pull_request) == noted(merged, "main")


@pytest.mark.parametrize("env, base", [
    ({}, "main"), ({"SLIPWAY_MAIN_BRANCH": "next"}, None),
    ({"SLIPWAY_MAIN_BRANCH": "old"}, "old"),
    ({"CHANGE_ID": "7", "CHANGE_BRANCH": "fix", "CHANGE_TARGET": "old"},
     "old"),
])
def test_git_s_server_tells(web, checkout, deploy, server, credentials, env,
                            base):
    """Where the checkout does not: most of those of CI servers."""
    web.git("branch", "old", "main~1")
    web.commit("fix")
    fix = web.commit("fix more")
    web.git("branch", "next", "fix")
    web.git("symbolic-ref", "HEAD", "refs/heads/main")
    checkout.fetch(only("fix"))
    assert deploy(checkout, **env) == noted(fix, None)
    server.requests.clear()
    assert deploy(checkout, *credentials, **env) == noted(fix, base)
    assert [r.method for r in server.requests] == ["GET"] + \
        ["POST"] * (base is not None)
    assert {r.header("Authorization") for r in server.requests} == {PAIR}
    server.requests.clear()
    assert deploy(None, *credentials, **env, GIT_COMMIT=fix) == \
        noted(fix, base)
    assert deploy(None, *credentials, **env,
                  GIT_COMMIT=web.git("rev-parse", "old")) == \
        noted(web.git("rev-parse", "old"), None)


def test_the_server_is_not_asked_twice(web, checkout, deploy, server,
                                       credentials):
    fix = web.commit("fix")
    checkout.fetch()
    server.requests.clear()
    assert deploy(checkout, *credentials) == noted(fix, "main")
    assert deploy(checkout, *credentials, "--branch", "x") == \
        noted(None, None)
    assert server.requests == []


@pytest.mark.parametrize("end, reply, words", [
    (REFS, Reply(401), "server answered 401"),
    (REFS, Reply(200, b"<html>"), "no whole list"),
    (SERVICE, Reply(500, b"", ["Retry-After: 0"]), "server answered 500"),
    (SERVICE, Reply(200, b"0000"), "is no whole one"),
    # a replica that has not heard of it yet
    (SERVICE, Reply(200, b"00000008NAK\n"), None),
    (SERVICE, Reply(200, b"0049ERR upload-pack: not our ref " + b"1" * 40),
     None),
])
def test_what_git_s_server_does_not_tell(web, deploy, server, credentials,
                                         warnings, end, reply, words):
    """Is not noted, and is no reason not to deploy."""
    fix = web.commit("fix")
    server.replies[f"/{WEB}{end}"] = reply
    assert deploy(None, *credentials, GIT_COMMIT=fix,
                  SLIPWAY_MAIN_BRANCH="main") == noted(fix, None)
    (told,) = warnings
    if words:
        assert "warning: whether 'fix' is ahead is not known: " in told
        assert words in told
    assert bool(words) == ("warning" in told)
    assert TOKEN not in told


def test_the_pull_request_s_own_commit(web, deploy, credentials, tmp_path):
    """Of a clone that is shallow: GitHub and GitLab tell it."""
    fix = web.commit("fix")
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {
        "head": {"sha": fix, "repo": {"full_name": "team/web"}},
        "base": {"repo": {"full_name": "team/web"}}}}))
    github = {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/pull/7/merge",
              "GITHUB_HEAD_REF": "fix", "GITHUB_BASE_REF": "main",
              "GITHUB_SHA": "1" * 40, "GITHUB_EVENT_PATH": str(event)}
    gitlab = {"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "7",
              "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "fix",
              "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
              "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "team/web",
              "CI_MERGE_REQUEST_PROJECT_PATH": "team/web",
              "CI_COMMIT_SHA": "1" * 40,
              "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": fix}
    for env in github, gitlab:
        assert deploy(None, *credentials, **env, BRANCH_NAME=None) == \
            noted(fix, "main")


def test_main_itself_notes_nothing(web, checkout, deploy, kube):
    checkout.fetch(branch="main")
    assert deploy(checkout, BRANCH_NAME="main") == noted(None, None)
    assert not [r for r in kube.requests if b"slipway/commit" in r.body]


# --- whether the branch is there ----------------------------------------------

JENKINS = {"JENKINS_URL": "https://ci.example.com/"}
GITHUB = {"GITHUB_ACTIONS": "true", "BRANCH_NAME": ""}
GITLAB = {"GITLAB_CI": "true", "BRANCH_NAME": "", "CI_MERGE_REQUEST_IID": "7",
          "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "fix",
          "CI_MERGE_REQUEST_PROJECT_PATH": "team/web"}


@pytest.mark.parametrize("env, there", [
    (JENKINS, True),
    (JENKINS | {"CHANGE_ID": "7", "CHANGE_BRANCH": "fix"}, True),
    (JENKINS | {"BRANCH_NAME": "", "GIT_BRANCH": "origin/fix"}, True),
    # a variable that somebody set, and a pull request that is called so
    ({}, False),
    (JENKINS | {"CHANGE_ID": "7"}, False),
    (GITHUB | {"GITHUB_REF_NAME": "fix", "GITHUB_REF_TYPE": "branch"}, True),
    (GITHUB | {"GITHUB_REF_NAME": "main", "GITHUB_REF_TYPE": "branch",
               "BRANCH_NAME": "fix"}, False),
    (GITLAB | {"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "team/web"}, True),
    (GITLAB | {"CI_MERGE_REQUEST_IID": "", "CI_COMMIT_BRANCH": "fix",
               "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": ""}, True),
])
def test_a_branch_that_ci_builds_is_there(deploy, seen, env, there):
    deploy(None, **env)
    assert seen == ["true" if there else None]


@pytest.mark.parametrize("head, there", [
    ({"ref": "fix", "repo": {"full_name": "team/web"}}, True),
    ({"ref": "fix", "repo": {"full_name": "team/fork"}}, False),
])
def test_the_event_of_a_pull_request_tells_its_repository(
        deploy, seen, tmp_path, head, there):
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {
        "head": head | {"sha": "1" * 40},
        "base": {"repo": {"full_name": "team/web"}}}}))
    deploy(None, **GITHUB, GITHUB_REF="refs/pull/7/merge",
           GITHUB_HEAD_REF="fix", GITHUB_EVENT_PATH=str(event))
    assert seen == ["true" if there else None]


@pytest.mark.parametrize("env", [
    GITLAB, GITHUB | {"GITHUB_HEAD_REF": "fix"},
    {"BRANCH_NAME": "", "DRONE_PULL_REQUEST": "7",
     "DRONE_SOURCE_BRANCH": "fix"}])
def test_a_branch_that_was_given_in_doubt_is_not_there(
        web, checkout, deploy, seen, env):
    """What CI builds may be a fork's, though the repository has one, too."""
    checkout.fetch()
    deploy(checkout, "--branch", "fix", **env)
    assert seen == [None]


def test_the_checkout_tells_what_was_fetched(web, checkout, deploy, seen):
    """Whoever names the branch; also one that was fetched long ago."""
    checkout.fetch()
    deploy(checkout)
    deploy(checkout, "--branch", "fix", BRANCH_NAME="")
    checkout.git("update-ref", "refs/remotes/origin/odd/name", "HEAD")
    checkout.git("fetch", "-q", checkout.url, "main")
    deploy(checkout, BRANCH_NAME="odd/name")
    assert seen == ["true"] * 3


def test_a_branch_that_was_not_pushed(web, checkout, deploy, seen):
    checkout.fetch()
    checkout.git("switch", "-q", "-c", "local")
    deploy(checkout, BRANCH_NAME="")
    deploy(checkout, "--branch", "demo", GIT_URL="", BRANCH_NAME="")
    # what is no name of a branch, but names a commit of one
    deploy(checkout, "--branch", "fix~1", GIT_URL="", BRANCH_NAME="")
    deploy(checkout, "--branch", "fix", BRANCH_NAME="",
           GIT_URL="https://git.example.com/other/web.git")
    assert seen == [None] * 4


def test_a_pull_request_is_not_told_by_the_checkout(web, checkout, deploy,
                                                    seen):
    """Its branch may be a fork's; Jenkins fetches what it calls PR-7."""
    checkout.fetch()
    checkout.git("update-ref", "refs/remotes/origin/PR-7", "HEAD")
    deploy(checkout, **JENKINS, BRANCH_NAME="PR-7", CHANGE_ID="7")
    deploy(checkout, "--branch", "fix", **GITHUB,
           GITHUB_REF="refs/pull/7/merge", GITHUB_HEAD_REF="fix")
    assert seen == [None, None]


def test_without_an_address_there_is_no_server_to_have_it(deploy, seen):
    deploy(None, "--repository-name", "web", **JENKINS, GIT_URL="")
    assert seen == [None]


def test_git_s_server_tells_what_it_has(web, deploy, seen, credentials):
    """Where it is asked anyway."""
    fix = web.commit("fix")
    deploy(None, *credentials, GIT_COMMIT=fix)
    web.git("switch", "-q", "main")
    web.git("branch", "-q", "-D", "fix")
    deploy(None, *credentials, GIT_COMMIT=web.head)
    assert seen == ["true", None]


# --- both together -----------------------------------------------------------

def is_ancestor(web: History, commit: str, of: str) -> bool:
    return web.git("rev-list", "--count", commit, f"^{of}") == "0"


class Story:
    """Random work on a branch and main; notes what a person would know."""

    def __init__(self, web: History, dice: random.Random):
        self.web, self.dice = web, dice

    def _on(self, branch: str) -> None:
        self.web.git("switch", "-q", branch)

    def commit(self) -> None:
        self._on("fix")
        self.web.commit("fix")

    def main_goes_on(self) -> None:
        self._on("main")
        self.web.commit("main")

    def merge(self) -> None:
        self._on("main")
        self.web.merge("fix", "Merge")

    def fast_forward(self) -> None:
        self._on("main")
        if is_ancestor(self.web, "main", "fix"):
            self.web.git("merge", "-q", "--ff-only", "fix")

    def squash(self) -> None:
        self._on("main")
        self.web.git("merge", "-q", "--squash", "fix")
        self.web.commit("squashed")

    def merge_main(self) -> None:
        self._on("fix")
        self.web.git("merge", "-q", "--no-edit", "main")

    def foxtrot(self) -> None:
        """git pull on main: its own history becomes the second parent."""
        self._on("main")
        self.web.git("switch", "-q", "-c", "local", "main~1")
        self.web.commit("local")
        self.web.merge("main", "Merge branch 'main'")
        self.web.git("branch", "-f", "main", "local")
        self._on("main")
        self.web.git("branch", "-D", "local")

    def reset(self) -> None:
        self._on("main")
        first = self.web.git("rev-list", "--count", "--first-parent",
                             "fix") == "1"
        self.web.git("branch", "-f", "fix", self.dice.choice(
            ["main", "main~1"] + ["fix~1"] * (not first)))

    def step(self) -> None:
        self.dice.choice([
            self.commit, self.commit, self.main_goes_on, self.merge,
            self.fast_forward, self.squash, self.merge_main, self.foxtrot,
            self.reset])()

    def tip(self, branch: str) -> str:
        return self.web.git("rev-parse", f"refs/heads/{branch}")


@pytest.mark.timeout(3600)
def test_random_stories(deploy, kube, server, run_step, tmp_path):
    """What goes was ahead when it was deployed, and is in main since; and all
    of that goes, unless the branch has got something new."""
    for seed in range(SEED, SEED + STORIES):
        path = f"{seed}/web.git"
        web = begin(server, path)
        checkout = Checkout(server, web, tmp_path / f"work-{seed}", path)
        story = Story(web, random.Random(seed))
        marks: dict = {}
        ahead = False       # the commit that is deployed, when it was
        for _ in range(12):
            story.step()
            main, fix = story.tip("main"), story.tip("fix")
            if story.dice.random() < 0.5:
                refs = story.dice.choice([[], [ALL], [only("fix")]])
                checkout.fetch(*refs)
                if refs != [only("fix")] and not is_ancestor(web, fix, main):
                    ahead = True
                elif fix != marks.get("commit"):
                    ahead = False
                marks = deploy(checkout, found=marks, GIT_URL=checkout.url)
                assert marks == noted(fix, "main" if ahead else None), seed
            kube.script("GET", "/api/v1/namespaces", listing(namespace(
                "web-fix", LATER, branch="fix", git_url=checkout.url,
                created="then", **{k: v for k, v in marks.items() if v})))
            result = run_step("expire-sweep", "--kubeconfig",
                              kube.kubeconfig(tmp_path), "--output", "json",
                              "--dry-run", "--gone-branches")
            merged = ahead and all(is_ancestor(web, commit, main)
                                   for commit in (marks["commit"], fix))
            assert bool(result.json["deleted"]) == merged, f"seed {seed}"
