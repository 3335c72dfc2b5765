"""expire-sweep --gone-branches: which branches Git's servers have.

What a server answers is what Git itself would, from a real repository.
"""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import wait
from scripted_http import Reply, ScriptedHttp
from scripted_kube import listing, namespace

NAMESPACES = "/api/v1/namespaces"
LATER, PAST = 9999999999, 1600000000
REFS = "/team/web.git/info/refs"
TYPE = "Content-Type: application/x-git-upload-pack-advertisement"
NOW = ["Retry-After: 0"]
TOKEN = "canary-git-0123456789"


def git(folder: Path, *args: str) -> bytes:
    who = {f"GIT_{role}_{what}": "x" for role in ("AUTHOR", "COMMITTER")
           for what in ("NAME", "EMAIL")}
    return subprocess.run(["git", "-C", str(folder), *args], check=True,
                          stdout=subprocess.PIPE,
                          env={"PATH": "/usr/bin:/bin", "HOME": "/"} | who
                          ).stdout


def advertise(folder: Path) -> bytes:
    """What git-http-backend answers to .../info/refs."""
    return b"001e# service=git-upload-pack\n0000" + git(
        folder, "upload-pack", "--stateless-rpc", "--advertise-refs", ".")


@pytest.fixture(scope="module")
def answer(tmp_path_factory) -> bytes:
    """Of a repository with main, feature/a and the tag 1.0."""
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    git(folder, "branch", "feature/a")
    git(folder, "tag", "1.0")
    return advertise(folder)


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> bytes:
    folder = tmp_path_factory.mktemp("empty")
    git(folder, "init", "-q", "-b", "main")
    return advertise(folder)


class Forge(ScriptedHttp):
    """Git repositories by path."""

    def __init__(self) -> None:
        super().__init__()
        self.replies: dict[str, Reply] = {}
        self.always(lambda request: self.replies.get(
            urlsplit(request.path).path, Reply(404)))

    def address(self, path: str = "/team/web.git") -> str:
        return f"{self.url}{path}"


@pytest.fixture
def forge():
    with Forge() as server:
        yield server


@pytest.fixture
def sweep(run_step, kube, tmp_path):
    def run(*args, **options):
        return run_step(
            "expire-sweep", "--kubeconfig", kube.kubeconfig(tmp_path),
            "--output", "json", "--dry-run", "--gone-branches", *args,
            **options)
    return run


def environment(name: str, branch: str, url: str,
                expires_at: int | str = LATER, **annotations: str) -> dict:
    """Whose branch a deployment saw at @url, unless told otherwise."""
    marks = {"branch": branch, "git_url": url, "created": "then",
             "branch_seen": "true"} | annotations
    return namespace(name, expires_at,
                     **{key: value for key, value in marks.items() if value})


def deleted(result) -> dict[str, str]:
    return {i["namespace"]: i["reason"] for i in result.json["deleted"]}


def test_only_what_its_repository_has_no_longer(kube, forge, sweep, answer):
    """Each repository is asked once, over HTTP, whatever the address."""
    forge.replies[REFS] = Reply(200, answer, [TYPE])
    url = forge.address()
    kube.script("GET", NAMESPACES, listing(
        environment("gone", "feature/b", url),
        environment("gone-never", "feature/c", url, "never"),
        environment("part-of-a-name", "feature", url),
        environment("there", "feature/a", url),
        environment("a-tag", "1.0", url),
        environment("the-main-one", "gone", url, main="true"),
        environment("protected", "gone", url),
        environment("of-a-fork", "somebody:gone", url),
        environment("expired", "feature/a", url, PAST),
        namespace("no-address", LATER, branch="gone", created="then"),
        namespace("no-branch", LATER, git_url=url, created="then"),
    ))

    result = sweep("--protect", "protected")

    assert deleted(result) == {
        "gone": "its branch 'feature/b' is gone",
        "gone-never": "its branch 'feature/c' is gone",
        "part-of-a-name": "its branch 'feature' is gone",
        "expired": "expired"}
    assert [r.line for r in forge.requests] == [
        f"GET {REFS}?service=git-upload-pack"]
    assert "warning" not in result.err


def test_what_was_never_there_is_not_gone(kube, forge, sweep, answer):
    """A name given by hand, a branch that was not pushed, a fork that CI did
    not name: what no deployment saw in the repository stays to its end."""
    forge.replies[REFS] = Reply(200, answer, [TYPE])
    url = forge.address()
    kube.script("GET", NAMESPACES, listing(
        environment("gone", "feature/b", url),
        environment("by-hand", "demo", url, branch_seen=""),
        environment("for-ever", "local", url, "never", branch_seen=""),
        environment("there", "feature/a", url, branch_seen=""),
        environment("expired", "demo", url, PAST, branch_seen=""),
        environment("garbled", "demo", url, branch_seen="yes")))

    result = sweep()

    assert deleted(result) == {"gone": "its branch 'feature/b' is gone",
                               "expired": "expired"}
    unseen = ("; its repository has no branch '%s', but no deployment has "
              "seen one there, so it may never have had it")
    assert {i["namespace"]: i["reason"] for i in result.json["kept"]} == {
        "by-hand": "not expired yet" + unseen % "demo",
        "for-ever": "it never expires" + unseen % "local",
        "garbled": "not expired yet" + unseen % "demo",
        "there": "not expired yet"}


def test_it_has_to_be_asked_for(kube, forge, run_step, tmp_path):
    kube.script("GET", NAMESPACES,
                listing(environment("gone", "x", forge.address())))
    result = run_step("expire-sweep", "--kubeconfig",
                      kube.kubeconfig(tmp_path), "--dry-run")
    assert "kept gone: not expired yet" in result.out
    assert forge.requests == []


@pytest.mark.parametrize("reply, words", [
    (Reply(200, b"", [TYPE]), "no whole list"),
    (Reply(200, b"001e# service=git-upload-pack\n00000000", [TYPE]),
     "shows no branch at all"),
    (Reply(200, b"<html>sign in</html>"), "no whole list"),
    (Reply(200, b"0" * 5000), "no whole list"),
    (Reply(401, b"", ["WWW-Authenticate: Basic"]), "server answered 401"),
    (Reply(403), "server answered 403"),
    (Reply(404), "server answered 404"),
    (Reply(410), "server answered 410"),
    (Reply(204), "server answered 204"),
    (Reply(500, b"", NOW), "server answered 500"),
    (Reply(302, b"", ["Location: /sign-in"]), "server answered 404"),
    (Reply(raw=b"garbage\r\n\r\n"), ""),
    (Reply(200, b"0000", length=4000, close=True), ""),
    ("empty", "shows no branch at all"),
    ("cut", "no whole list"),
    ("refused", "cannot list the branches of '127.0.0.1/team/web.git': "),
    ("folder", "cannot ask for branches"),
])
def test_no_answer_that_can_be_relied_on(reply, words, kube, forge, sweep,
                                         answer, empty):
    """Nothing of that repository is deleted; that of another is."""
    forge.replies["/other/info/refs"] = Reply(200, answer, [TYPE])
    url = forge.address()
    if reply == "refused":
        url = f"http://127.0.0.1:{wait.free_port()}/team/web.git"
    elif reply == "folder":
        url = "/srv/team/web.git"
    elif reply == "empty":
        forge.replies[REFS] = Reply(200, empty, [TYPE])
    elif reply == "cut":                # by a proxy that corrects the length
        forge.replies[REFS] = Reply(200, answer[:-4], [TYPE])
    else:
        forge.replies[REFS] = reply
    kube.script("GET", NAMESPACES, listing(
        environment("a", "gone", url), environment("b", "also-gone", url),
        environment("c", "gone", forge.address("/other"))))

    result = sweep("--timeout", "60s")

    assert set(deleted(result)) == {"c"}
    assert result.err.count("whether branches are gone is not known") == 1
    assert words in result.err


def test_credentials_go_to_their_own_server_only(kube, forge, sweep, answer,
                                                 tmp_path):
    """And into no line that anybody reads."""
    forge.replies[REFS] = Reply(200, answer, [TYPE])
    with Forge() as other:
        other.replies[REFS] = Reply(200, answer, [TYPE])
        kube.script("GET", NAMESPACES, listing(
            environment("a", "gone", forge.address()),
            environment("b", "gone", other.address())))
        store = tmp_path / "git-credentials"
        store.write_text("garbled\n\nhttps://somebody:else@example.com\n"
                         f"http://ci%40x:{TOKEN}@127.0.0.1:{forge.port}\n"
                         f"http://second:choice@127.0.0.1:{forge.port}\n")
        result = sweep("--git-credentials-file", store, "--verbose")
        (theirs,) = other.requests
    assert set(deleted(result)) == {"a", "b"}
    (ours,) = forge.requests
    pair = base64.b64encode(f"ci@x:{TOKEN}".encode()).decode()
    assert ours.header("Authorization") == f"Basic {pair}"
    assert theirs.header("Authorization") is None
    assert TOKEN not in result.err + result.out
    assert pair not in result.err + result.out
