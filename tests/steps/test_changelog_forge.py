"""changelog at forges: scripted from the vendors' documents."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

import records
from histories import History
from scripted_forge import TOKEN, ScriptedForge
from scripted_http import Reply
from test_changelog import application, chart, titles

KINDS = ["github", "gitlab", "gitea", "bitbucket", "bitbucket-server"]


@pytest.fixture
def web(tmp_path: Path) -> History:
    history = History(tmp_path / "history")
    history.commit("Begin")
    history.tag("v1.0.0")
    history.pull_request(7, "A new basket", "SHOP-1: wip", "Fix")
    history.commit("SHOP-2: Faster")
    history.revert(history.commit("Wrong"))
    history.tag("v1.1.0")
    return history


@pytest.fixture
def changelog(run_step, tmp_path):
    """Away from any clone."""
    (tmp_path / "away").mkdir()

    def run(forge, *args, token=True, **options):
        env = {"SLIPWAY_FORGE_TOKEN": TOKEN} if token else {}
        return run_step("changelog", "--forge-url", forge.url, "--forge",
                        forge.kind, "--output", "json", *args,
                        cwd=tmp_path / "away",
                        env=env | options.pop("env", {}), **options)
    return run


def charts(tmp_path: Path, forge: ScriptedForge, old: str | None,
           new: str | None, before: str = "1.0.0", after: str = "1.1.0",
           host: str | None = None) -> list[str]:
    source = f"{host or forge.host}/{forge.path}"
    folders = [chart(tmp_path / name, "web", version, commit or "0" * 40, source)
               for name, version, commit in
               [("old", before, old), ("new", after, new)]]
    return ["--old", str(folders[0]), "--new", str(folders[1])]


@pytest.mark.parametrize("kind", KINDS)
def test_commits_of_annotated_charts(web, changelog, tmp_path, kind):
    first = web.git("rev-parse", "v1.0.0^{commit}")
    with ScriptedForge(kind, web) as forge:
        result = changelog(forge, *charts(tmp_path, forge, first, web.head))
    one = application(result)
    assert titles(result) == ["SHOP-2: Faster", "A new basket"]
    assert [change["authors"] for change in one["changes"]] == [["Ada"], ["Bob"]]
    assert one["tickets"] == ["SHOP-2", "SHOP-1"]
    assert (one["source"], one["commits"]) == ("forge", 3)
    assert (one["oldCommit"], one["newCommit"]) == (first, web.head)
    assert one["from"].startswith("2025-10-09T")
    assert one["changes"][0]["url"].startswith(one["repository"])
    assert TOKEN not in result.out + result.err


@pytest.mark.parametrize("kind", KINDS)
def test_tags_where_the_commit_is_gone(web, changelog, tmp_path, kind):
    with ScriptedForge(kind, web) as forge:
        result = changelog(forge, *charts(tmp_path, forge, None, None))
    assert titles(result) == ["SHOP-2: Faster", "A new basket"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_downgrade_asks_both_ways(web, changelog, tmp_path, kind):
    with ScriptedForge(kind, web) as forge:
        result = changelog(forge, *charts(tmp_path, forge, None, None,
                                          before="1.1.0", after="1.0.0"))
    assert titles(result) == []
    assert titles(result, "removed") == ["SHOP-2: Faster", "A new basket"]
    assert application(result)["downgrade"] is True


@pytest.mark.parametrize("kind", KINDS)
def test_tags_with_slashes(web, changelog, tmp_path, kind):
    web.tag("web/v1.0.0", "v1.0.0^{commit}")
    web.git("tag", "-d", "v1.0.0")
    with ScriptedForge(kind, web) as forge:
        result = changelog(forge, *charts(tmp_path, forge, None, None),
                           "--tag-template", "web/v{version}", "--tag-template", "v{version}")
    assert titles(result) == ["SHOP-2: Faster", "A new basket"]


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_versions_are_told_without_commits(web, changelog, tmp_path, kind):
    with ScriptedForge(kind, web) as forge:
        result = changelog(forge, *charts(tmp_path, forge, None, None, after="9.9.9"))
    assert application(result)["source"] is None
    assert "shows neither commits nor tags of 1.0.0 and 9.9.9" in result.err


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_token_is_told(web, changelog, tmp_path, kind):
    with ScriptedForge(kind, web) as forge:
        result = changelog(forge, *charts(tmp_path, forge, None, web.head),
                           env={"SLIPWAY_FORGE_TOKEN": "wrong-token"}, expect=1)
    assert "server answered 401 (who are you?)" in result.err
    assert "wrong-token" not in result.err


def test_without_a_token(web, changelog, tmp_path):
    with ScriptedForge("github", web, public=True) as forge:
        result = changelog(forge, *charts(tmp_path, forge, None, web.head),
                           token=False)
        assert not [one for one in forge.requests if one.header("Authorization")]
    assert titles(result) == ["SHOP-2: Faster", "A new basket"]


def test_the_token_goes_to_its_own_forge_only(web, changelog, tmp_path):
    with ScriptedForge("gitea", web, path="evil/web", public=True) as other, \
            ScriptedForge("gitea", web) as forge:
        other.kind = forge.kind
        args = charts(tmp_path, other, None, web.head,
                      host=f"localhost:{other.port}")
        result = changelog(forge, *args)
        assert not forge.requests and not other.requests
    assert application(result)["source"] is None
    assert "no forge of that name is known" in result.err
    assert "name a clone by --git-dir" in result.err


def test_a_token_in_a_file(web, run_step, tmp_path):
    (tmp_path / "away").mkdir()
    (tmp_path / "token").write_text(TOKEN + "\n")
    with ScriptedForge("gitlab", web, path="acme/shop/web") as forge:
        result = run_step(
            "changelog", "--forge-url", forge.url, "--forge", "gitlab",
            "--forge-token-file", str(tmp_path / "token"), "--output", "json",
            *charts(tmp_path, forge, None, web.head), cwd=tmp_path / "away")
    assert titles(result) == ["SHOP-2: Faster", "A new basket"]


def test_bitbucket_takes_a_user_too(web, run_step, tmp_path):
    (tmp_path / "away").mkdir()
    with ScriptedForge("bitbucket", web, public=True) as forge:
        forge._is_known = lambda request: request.header("Authorization") == \
            "Basic YWRhQGV4YW1wbGUuY29tOnNlY3JldC0xMjM="
        result = run_step(
            "changelog", "--forge-url", forge.url, "--forge", "bitbucket",
            "--forge-user", "ada@example.com", "--output", "json",
            *charts(tmp_path, forge, None, web.head), cwd=tmp_path / "away",
            env={"SLIPWAY_FORGE_TOKEN": "secret-123"})
    assert titles(result) == ["SHOP-2: Faster", "A new basket"]


# --- shallow clones ----------------------------------------------------------

def test_a_shallow_clone_asks_the_forge(web, run_step, tmp_path):
    clone = web.clone("clone", "--depth=1")
    with ScriptedForge("gitea", web) as forge:
        web.git("-C", clone, "remote", "set-url", "origin",
                f"{forge.url}/{forge.path}.git")
        result = run_step(
            "changelog", "--range", "v1.0.0..HEAD", "--app", "web", "--forge-url",
            forge.url, "--forge", "gitea", "--output", "json", cwd=clone,
            env={"SLIPWAY_FORGE_TOKEN": TOKEN})
    assert titles(result) == ["SHOP-2: Faster", "A new basket"]
    assert application(result)["source"] == "forge"


# --- limits and faults -------------------------------------------------------

def test_a_short_limit_is_waited_for(web, changelog, tmp_path):
    with ScriptedForge("github", web) as forge:
        forge.first = [Reply(403, b'{"message": "API rate limit exceeded"}', headers=[
            "x-ratelimit-remaining: 0", f"x-ratelimit-reset: {int(time.time()) + 1}"])]
        result = changelog(forge, *charts(tmp_path, forge, None, web.head))
    assert titles(result) == ["SHOP-2: Faster", "A new basket"]
    assert "the limit of requests is reached; waiting" in result.err


@pytest.mark.parametrize("when", ["asked", "waiting"])
def test_waiting_for_a_limit_is_ended_by_a_signal(web, start_step, tmp_path,
                                                  when):
    """Also by one that comes between the question and the waiting."""
    with ScriptedForge("github", web) as forge:
        forge.first = [Reply(403, b"{}", headers=["Retry-After: 55"])]
        running = start_step(
            "changelog", "--forge-url", forge.url, "--forge", "github",
            *charts(tmp_path, forge, None, web.head), cwd=tmp_path,
            env={"SLIPWAY_FORGE_TOKEN": TOKEN})
        forge.wait_for(1)
        if when == "waiting":
            assert "; waiting 55 s" in running.process.stderr.readline()
        running.process.send_signal(signal.SIGTERM)
        assert "interrupted by SIGTERM" in running.wait(143, timeout=40).err


@pytest.mark.parametrize("headers", [
    ["x-ratelimit-remaining: 0", "x-ratelimit-reset: 4102444800"],
    ["Retry-After: 3600"]])
def test_a_long_limit_is_temporary(web, changelog, tmp_path, headers):
    with ScriptedForge("github", web) as forge:
        forge.first = [Reply(403, b'{"message": "API rate limit exceeded"}',
                             headers=headers)]
        result = changelog(forge, *charts(tmp_path, forge, None, web.head),
                           expect=75)
    assert "API rate limit exceeded" in result.err
    assert "the limit of requests ends in" in result.err


def test_a_secondary_limit_is_no_missing_right(web, changelog, tmp_path):
    """GitHub tells it by its words alone; a minute is to be waited at least."""
    words = b'{"message": "You have exceeded a secondary rate limit. Please wait"}'
    with ScriptedForge("github", web) as forge:
        forge.first = [Reply(403, words, headers=[
            "x-ratelimit-remaining: 4999", "x-ratelimit-reset: 4102444800"])]
        result = changelog(forge, *charts(tmp_path, forge, None, web.head),
                           "--timeout", "20s", expect=75)
    assert "secondary rate limit" in result.err
    assert "the limit of requests ends in 60 s" in result.err


@pytest.mark.parametrize("reply, code, words", [
    (Reply(429, b"", headers=["Retry-After: 0"]), 0, "trying again"),
    (Reply(503, b"", headers=["Retry-After: 0"]), 0, "trying again"),
    (Reply(200, b"<html>"), 1, "GET http"),
    (Reply(200, b'{"sha": 1}'), 1, "the answer has no 'sha'"),
    (Reply(200, b"[]"), 1, "the answer has no 'sha'"),
    (Reply(403, b'{"message": "Forbidden"}'), 1, "Forbidden"),
    (Reply(409, b'{"message": "Git Repository is empty."}'), 3, "is empty"),
    (Reply(500, b"", headers=["Retry-After: 0"]), 0, "trying again"),
])
def test_faults_are_told(web, changelog, tmp_path, reply, code, words):
    with ScriptedForge("github", web) as forge:
        forge.first = [reply]
        result = changelog(forge, *charts(tmp_path, forge, None, web.head),
                           expect=code)
    assert words in result.err


def test_an_old_gitea_that_leaves_nothing_out_is_noticed(web, changelog, tmp_path):
    first = web.git("rev-parse", "v1.0.0^{commit}")
    with ScriptedForge("gitea", web) as forge:
        real = forge._between
        forge._between = lambda old, new: real(old, new) + [forge._commit(first)]
        result = changelog(forge, *charts(tmp_path, forge, first, web.head),
                           expect=1)
    assert "gives those of the old version too" in result.err


def test_hostile_answers_stay_text(web, changelog, tmp_path):
    first = web.git("rev-parse", "v1.0.0^{commit}")
    with ScriptedForge("gitlab", web) as forge:
        commit = {"id": "\x1b[2J" + "f" * 36, "message": "a\x1b[2Jb\u202e",
                  "author_name": "\x07", "committed_date": "never",
                  "parent_ids": [1, None, "y"]}
        real = forge._gitlab
        forge._gitlab = lambda path, query: forge._json([commit]) \
            if path.endswith("/commits") else real(path, query)
        result = changelog(forge, *charts(tmp_path, forge, first, web.head),
                           expect=1)
        assert "the answer has no 'id'" in result.err
        commit["id"] = "f" * 40
        again = changelog(forge, *result.argv[result.argv.index("--old"):])
    assert titles(again) == []          # the same commit on both sides
    assert not {"\x1b", "\x07", "\u202e"} & set(result.err + again.out + again.err)


def test_the_record_says_forge(web, changelog, tmp_path):
    record = tmp_path / "record"
    with ScriptedForge("github", web) as forge:
        result = changelog(forge, *charts(tmp_path, forge, None, web.head),
                           "--record", str(record))
    kept = records.merged(record)
    assert kept["changelog"] == result.json
    assert TOKEN not in json.dumps(kept)
