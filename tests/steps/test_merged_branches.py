"""expire-sweep --gone-branches: which branches are merged.

Git itself serves the repositories, through git-http-backend; what no Git would
answer is scripted.
"""

from __future__ import annotations

import base64
import random

import pytest

from git_server import REFS, SERVICE, GitServer
from scripted_http import Reply
from scripted_kube import ScriptedKube, listing, namespace

NAMESPACES = "/api/v1/namespaces"
LATER, PAST = 9999999999, 1600000000
WEB = "team/web.git"
RESULT = "Content-Type: application/x-git-upload-pack-result"
TOKEN = "canary-git-0123456789"
KEPT = "not expired yet"


@pytest.fixture
def server(tmp_path):
    with GitServer(tmp_path / "served") as server:
        yield server


@pytest.fixture
def sweep(run_step, kube, tmp_path):
    def run(*args, **options):
        return run_step(
            "expire-sweep", "--kubeconfig", kube.kubeconfig(tmp_path),
            "--output", "json", "--dry-run", "--gone-branches", *args,
            **options)
    return run


class Team:
    """A repository whose branches have environments, as deploy-preview marks
    them: by what it saw when each was deployed."""

    def __init__(self, server: GitServer, object_format: str = "sha1"):
        self.web = server.history(WEB, object_format)
        self.url = server.address(WEB)
        self.environments: list[dict] = []
        for message in ("one", "two", "three"):
            self.web.commit(message)

    def branch(self, name: str, *messages: str, base: str = "main") -> str:
        """A branch with so many commits; main is left as it is."""
        self.web.git("switch", "-q", "-c", name, base)
        for message in messages:
            self.web.commit(f"{name}: {message}")
        tip = self.web.head
        self.web.git("switch", "-q", "main")
        return tip

    def more(self, name: str, message: str) -> str:
        self.web.git("switch", "-q", name)
        tip = self.web.commit(message)
        self.web.git("switch", "-q", "main")
        return tip

    def deploy(self, name: str, branch: str | None = None,
               expires_at: int | str = LATER, **annotations: str) -> None:
        branch = branch or name
        marks = {"branch": branch, "git_url": self.url, "created": "then",
                 "branch_seen": "true",
                 "commit": self.tip(branch), "ahead_of": "main"} | annotations
        self.environments.append(namespace(
            name, expires_at, **{k: v for k, v in marks.items() if v}))

    def tip(self, branch: str) -> str:
        return self.web.git("rev-parse", f"refs/heads/{branch}")

    def list(self, kube: ScriptedKube) -> None:
        kube.script("GET", NAMESPACES, listing(*self.environments))


def deleted(result) -> dict[str, str]:
    return {i["namespace"]: i["reason"] for i in result.json["deleted"]}


def kept(result) -> dict[str, str]:
    return {i["namespace"]: i["reason"] for i in result.json["kept"]}


@pytest.mark.parametrize("filters", [True, False])
@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_histories(kube, server, sweep, filters, object_format):
    """What a merge leaves in the history, and what only looks like one."""
    team = Team(server, object_format)
    web = team.web
    web.git("config", "uploadpack.allowFilter", str(filters).lower())

    team.branch("merge-commit", "a", "b")
    team.deploy("merge-commit")
    web.merge("merge-commit", "Merge")

    team.branch("moved-on-then-merged", "a")
    team.deploy("moved-on-then-merged")
    team.more("moved-on-then-merged", "b")
    web.merge("moved-on-then-merged", "Merge")

    team.branch("squash", "a", "b")
    team.deploy("squash")
    web.git("merge", "-q", "--squash", "squash")
    web.commit("Squashed")

    team.branch("rebase", "a")
    team.deploy("rebase")
    web.git("cherry-pick", "rebase")

    team.branch("new-after-merge", "a")
    team.deploy("new-after-merge")
    web.merge("new-after-merge", "Merge")
    team.more("new-after-merge", "b")

    team.branch("reset-to-main", "a")
    team.deploy("reset-to-main")
    web.git("branch", "-f", "reset-to-main", "main")

    team.branch("forced", "a", "b")
    team.deploy("forced")
    web.git("branch", "-f", "forced", "forced~1")
    web.merge("forced", "Merge")

    team.branch("forced-away", "a")
    team.deploy("forced-away")
    web.git("branch", "-D", "forced-away")
    team.branch("forced-away", "z")
    web.merge("forced-away", "Merge")
    web.git("reflog", "expire", "--expire=now", "--all")
    web.git("gc", "-q", "--prune=now")

    team.branch("never-ahead")
    team.deploy("never-ahead", ahead_of="")
    team.branch("not-known", "a")
    team.deploy("not-known", ahead_of="")
    web.merge("not-known", "Merge")

    team.branch("alive", "a")
    team.deploy("alive")

    team.branch("develop", "a")
    team.deploy("develop", expires_at="never")
    web.merge("develop", "Release")

    team.branch("renamed-main", "a")
    team.deploy("renamed-main", ahead_of="trunk")
    web.merge("renamed-main", "Merge")

    team.branch("into-another", "a")
    team.branch("stable", "s")
    team.deploy("into-another", ahead_of="stable")
    web.git("switch", "-q", "stable")
    web.merge("into-another", "Merge")
    web.git("switch", "-q", "main")

    team.branch("deleted", "a")
    team.deploy("deleted")
    web.merge("deleted", "Merge")
    web.git("branch", "-D", "deleted")

    team.branch("fast-forward", "a")
    team.deploy("fast-forward")
    web.git("merge", "-q", "--ff-only", "fast-forward")
    team.branch("older", base="main~1")
    team.deploy("older", ahead_of="")

    team.branch("fast-forward-further", "a", "b")
    team.deploy("fast-forward-further")
    web.git("merge", "-q", "--ff-only", "fast-forward-further")
    web.commit("main goes on")

    team.list(kube)
    result = sweep()

    main = team.tip("main")
    merged = {name: f"its branch '{name}' at {team.tip(name)} is merged: "
                    f"'main' at {main} holds it"
              for name in ("merge-commit", "moved-on-then-merged",
                           "fast-forward", "fast-forward-further")}
    assert deleted(result) == merged | {
        "into-another": f"its branch 'into-another' at "
                        f"{team.tip('into-another')} is merged: 'stable' at "
                        f"{team.tip('stable')} holds it",
        "deleted": "its branch 'deleted' is gone"}
    assert set(kept(result)) == {
        "squash", "rebase", "new-after-merge", "reset-to-main", "forced",
        "forced-away", "never-ahead", "not-known", "alive", "develop",
        "renamed-main", "older"}
    assert result.err.count("warning") == 1
    assert ("whether 'renamed-main' is merged into 'trunk' is not known: "
            f"'{team.url}' has no such branch") in result.err


def test_what_is_asked(kube, server, sweep):
    """Byte by byte; only of what was ahead, once for each."""
    team = Team(server)
    team.branch("fix", "a")
    team.deploy("fix")
    team.branch("moved", "a")
    team.deploy("moved", commit=(deployed := team.tip("moved")))
    team.more("moved", "b")
    team.web.merge("moved", "Merge")
    team.branch("expired", "a")
    team.deploy("expired", expires_at=PAST)
    team.branch("unmarked", "a")
    team.deploy("unmarked", ahead_of="")
    team.list(kube)

    assert set(deleted(sweep())) == {"expired", "moved"}

    assert server.lines == [f"GET /{WEB}{REFS}?service=git-upload-pack",
                            *[f"POST /{WEB}{SERVICE}"] * 3]
    main = team.tip("main")
    asked = [team.tip("fix"), team.tip("moved"), deployed]
    assert [r.body.decode() for r in server.requests[1:]] == [
        f"0053want {commit} side-band-64k no-progress filter\n"
        "000ddeepen 1\n" "0012filter tree:0\n" "0000"
        f"0032have {main}\n" "0009done\n" for commit in asked]
    assert {r.header("Content-Type") for r in server.requests[1:]} == {
        "application/x-git-upload-pack-request"}


def test_nothing_is_asked_where_all_are_at_one_commit(kube, server, sweep):
    team = Team(server)
    team.branch("fix", "a")
    team.deploy("fix")
    team.web.git("merge", "-q", "--ff-only", "fix")
    team.list(kube)
    assert set(deleted(sweep())) == {"fix"}
    assert len(server.requests) == 1


@pytest.mark.parametrize("reply, words", [
    (Reply(200, b"", [RESULT]), "is no whole one of a Git server's"),
    (Reply(200, b"0000", [RESULT]), "is no whole one of a Git server's"),
    (Reply(200, b"<html>sign in</html>"), "is no whole one"),
    (Reply(200, b"0016ERR \x1b[31mgo away\x07\n"),
     r"the Git server says '\x1b[31mgo away\x07'"),
    (Reply(401, b"", ["WWW-Authenticate: Basic"]), "server answered 401"),
    (Reply(404), "server answered 404"),
    (Reply(500, b"", ["Retry-After: 0"]), "server answered 500"),
    (Reply(302, b"", ["Location: /sign-in"]), "server answered 302"),
    (Reply(200, b"0000", length=400, close=True), ""),
    (Reply(raw=b"garbage\r\n\r\n"), ""),
    (Reply(200, b"0006\x02\n", endless=True), "is no whole one"),
])
def test_no_answer_that_can_be_relied_on(reply, words, kube, server, sweep):
    """Nothing of it goes as merged, and the server is asked no more."""
    team = Team(server)
    for name in ("a", "b", "c"):
        team.branch(name, "x")
        team.deploy(name)
    team.deploy("gone", branch="main", commit="", ahead_of="")
    team.environments[-1]["metadata"]["annotations"]["slipway/branch"] = "g"
    for name in ("a", "b", "c"):
        team.web.merge(name, "Merge")
    team.web.commit("on")
    team.list(kube)
    server.replies[f"/{WEB}{SERVICE}"] = reply

    result = sweep("--timeout", "60s")

    assert set(deleted(result)) == {"gone"}
    assert result.err.count("is merged into 'main' is not known") == 1
    assert words in result.err
    assert len(server.requests) == 2


def test_an_answer_cut_anywhere(kube, server, sweep, tmp_path):
    """By a proxy that corrects the length: never taken for a merge."""
    team = Team(server)
    team.branch("fix", "a")
    team.deploy("fix")
    team.web.merge("fix", "Merge")
    team.list(kube)
    assert set(deleted(sweep())) == {"fix"}
    whole = server.ask_git(server.requests[-1])

    dice = random.Random(7)
    for cut in dice.sample(range(len(whole.body)), 12):
        server.replies[f"/{WEB}{SERVICE}"] = Reply(
            200, whole.body[:cut], whole.headers)
        assert deleted(sweep()) == {}, cut


def test_no_more_is_read_than_tells(kube, server, sweep):
    """Of a server that knows no filter and has much to send, or lies."""
    team = Team(server)
    team.web.git("config", "uploadpack.allowFilter", "false")
    team.branch("fix", "a")
    team.web.git("switch", "-q", "fix")
    (team.web.folder / "large").write_bytes(
        random.Random(7).randbytes(8 << 20))
    team.web.commit("large")
    team.web.git("switch", "-q", "main")
    team.deploy("fix")
    team.list(kube)
    result = sweep("--verbose")
    assert kept(result) == {"fix": KEPT}
    assert "warning" not in result.err
    (read,) = [line for line in result.err.splitlines()
               if SERVICE in line and " bytes, " in line]
    assert int(read.split(" bytes, ")[0].split()[-1]) < 1 << 20


@pytest.mark.parametrize("commit", [
    "x", "HEAD", "0" * 39, "0" * 64, "A" * 40,
    "0" * 40 + "\n0032want " + "0" * 40,
])
def test_marks_that_are_no_commit(kube, server, sweep, commit):
    """Whatever somebody wrote there reaches no server."""
    team = Team(server)
    team.branch("fix", "a")
    team.deploy("fix", commit=commit)
    team.branch("other", "a")
    team.deploy("other")
    team.web.merge("fix", "Merge")
    team.web.merge("other", "Merge")
    team.list(kube)
    result = sweep()
    assert set(deleted(result)) == {"other"}
    assert "is no hash of a commit there" in result.err


@pytest.mark.parametrize("missing", ["side-band-64k", "shallow"])
def test_a_server_that_can_do_less(kube, server, sweep, missing):
    team = Team(server)
    team.branch("fix", "a")
    team.deploy("fix")
    team.web.merge("fix", "Merge")
    team.list(kube)
    refs = f"/{WEB}{REFS}"

    def without(request):
        reply = server.ask_git(request)
        reply.body = reply.body.replace(
            f" {missing} ".encode(), f" {'x' * len(missing)} ".encode())
        return reply
    server.replies[refs] = without
    result = sweep()
    assert deleted(result) == {}
    assert f"the Git server is not capable of '{missing}'" in result.err


def test_credentials_after_a_redirect(kube, server, sweep, tmp_path):
    """Asked where the list came from; credentials go to their origin only."""
    team = Team(server)
    team.branch("fix", "a")
    team.deploy("fix")
    team.web.merge("fix", "Merge")
    with GitServer(tmp_path / "none") as old:
        old.replies[f"/{WEB}{REFS}"] = Reply(301, b"", [
            f"Location: {server.address(WEB)}{REFS}?service=git-upload-pack"])
        team.environments[0]["metadata"]["annotations"]["slipway/git-url"] = \
            old.address(WEB)
        team.list(kube)
        store = tmp_path / "git-credentials"
        store.write_text(f"http://ci:{TOKEN}@127.0.0.1:{old.port}\n")
        result = sweep("--git-credentials-file", store, "--verbose")
        pair = base64.b64encode(f"ci:{TOKEN}".encode()).decode()
        assert [r.header("Authorization") for r in old.requests] == \
            [f"Basic {pair}"]
    assert set(deleted(result)) == {"fix"}
    assert [r.header("Authorization") for r in server.requests] == [None, None]
    assert TOKEN not in result.err + result.out
