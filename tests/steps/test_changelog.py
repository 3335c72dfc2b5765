"""changelog: what it finds in real clones, and what it tells of it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import records
from histories import History
from runner import SANITIZER_EXIT

WEB = "git.example/acme/web"


@pytest.fixture
def web(tmp_path: Path) -> History:
    history = History(tmp_path / "web", f"https://{WEB}.git")
    history.commit("Begin")
    history.tag("v1.0.0")
    return history


@pytest.fixture
def changelog(run_step):
    def run(cwd: Path | History, *args, **options):
        folder = cwd.folder if isinstance(cwd, History) else cwd
        return run_step("changelog", *args, cwd=folder, **options)
    return run


def application(result, name="web"):
    return next(one for one in result.json["applications"] if one["name"] == name)


def titles(result, key="changes"):
    return [change["title"] for one in result.json["applications"]
            for change in one[key]]


def told(changelog, where, span, *args, **options):
    return changelog(where, "--range", span, "--output", "json", *args, **options)


# --- ranges ----------------------------------------------------------------

def test_pull_requests_are_told_with_their_tickets(web, changelog):
    web.pull_request(7, "A new basket", "SHOP-1: wip", "Fix UTF-8 and SHA-256")
    web.commit("SHOP-2: Faster\n\nCo-authored-by: Eve <eve@example.com>\n")
    result = told(changelog, web, "v1.0.0..main")
    one = application(result)
    assert titles(result) == ["SHOP-2: Faster", "A new basket"]
    assert [change["change"] for change in one["changes"]] == [None, "#7"]
    assert [change["commits"] for change in one["changes"]] == [1, 2]
    assert one["changes"][0]["authors"] == ["Ada", "Eve"]
    assert one["changes"][1]["authors"] == ["Bob"]
    assert one["tickets"] == ["SHOP-2", "SHOP-1"]
    assert result.json["tickets"] == [{"key": "SHOP-2"}, {"key": "SHOP-1"}]
    assert (one["old"], one["new"], one["source"]) == ("v1.0.0", "main", "clone")
    assert one["newCommit"] == web.head


def test_text_and_markdown(web, changelog):
    web.pull_request(7, "A *new* basket for @all", "SHOP-1: wip")
    text = changelog(web, "--range", "v1.0.0..main")
    assert "  A *new* basket for @all (#7, SHOP-1), Bob\n" in text.out
    assert "tickets:\n  SHOP-1\n" in text.out
    page = changelog(web, "--range", "v1.0.0..main", "--markdown")
    assert "- A \\*new\\* basket for @&#8203;all (\\#&#8203;7, SHOP-1) by Bob\n" \
        in page.out


def test_reverts_of_reverts(web, changelog):
    stays = web.commit("Stays")
    goes = web.commit("Goes")
    back = web.commit("Comes back")
    first = web.revert(back)
    web.revert(goes)
    web.revert(first)
    web.revert(web.head)
    web.revert(web.head)
    result = told(changelog, web, "v1.0.0..main")
    assert titles(result) == ["Comes back", "Stays"]
    assert application(result)["changes"][1]["hash"] == stays


def test_a_reverted_merge_takes_its_pull_request_away(web, changelog):
    merge = web.pull_request(7, "A new basket", "SHOP-1: wip", "more")
    web.revert(merge, "-m", "1")
    result = told(changelog, web, "v1.0.0..main")
    assert titles(result) == []
    assert result.json["tickets"] == []


def test_what_was_picked_into_the_old_release_is_not_new(web, changelog):
    fix = web.commit("Fix")
    web.commit("New")
    web.git("switch", "-q", "-c", "release", "v1.0.0")
    web.git("cherry-pick", "-x", fix)
    web.commit("Hotfix")
    web.tag("v1.0.1")
    result = told(changelog, web, "v1.0.1..main")
    assert titles(result) == ["New"]
    assert titles(result, "removed") == ["Hotfix"]


def test_a_downgrade_is_marked(web, changelog):
    web.commit("SHOP-3: New")
    web.tag("v1.1.0")
    result = told(changelog, web, "v1.1.0..v1.0.0")
    assert application(result)["downgrade"] is True
    assert (titles(result), titles(result, "removed")) == ([], ["SHOP-3: New"])
    assert result.json["tickets"] == []
    text = changelog(web, "--range", "v1.1.0..v1.0.0").out
    assert "v1.1.0 -> v1.0.0 (downgrade)" in text
    assert "no longer in it:\n  SHOP-3: New" in text


@pytest.mark.parametrize("options", [
    ["--bare"], ["--filter=blob:none"], ["--filter=tree:0", "--no-checkout"],
    ["--mirror"], ["--single-branch"]])
def test_clones_of_all_kinds(web, changelog, tmp_path, options):
    web.commit("Fix")
    clone = web.clone("clone", *options)
    # libgit2 1.5 built with pcre2 leaks what it matched extensions with.
    known = tmp_path / "known-leaks"
    known.write_text("leak:libpcre2-8.so\n")
    env = {"LSAN_OPTIONS": f"exitcode={SANITIZER_EXIT}:suppressions={known}:"
                           "print_suppressions=0"}
    assert titles(told(changelog, clone, "v1.0.0..HEAD", env=env)) == ["Fix"]


def test_worktrees(web, changelog, tmp_path):
    web.git("worktree", "add", "-q", tmp_path / "tree", "-b", "side")
    web.git("-C", tmp_path / "tree", "commit", "-q", "--allow-empty", "-m", "Side")
    assert titles(told(changelog, tmp_path / "tree", "v1.0.0..")) == ["Side"]


def test_a_shallow_clone_is_noticed(web, changelog):
    web.commit("Fix")
    clone = web.clone("clone", "--depth=1")
    result = changelog(clone, "--range", "HEAD~1..HEAD", expect=1)
    assert "the clone is shallow" in result.err
    assert "git fetch --unshallow" in result.err


def test_a_clone_of_another_user_is_noticed(web, changelog, tmp_path):
    """As where a container's user is not that of the agent."""
    web.commit("Fix")
    uid = 12345 if os.geteuid() == 0 else os.geteuid()
    for path in [web.folder, *web.folder.rglob("*")]:
        os.chown(path, uid, -1)
    home = tmp_path / "its-home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = a\n")
    args, env = ["--range", "v1.0.0..main"], {"HOME": str(home)}
    result = changelog(web, *args, env=env, expect=0 if uid == os.geteuid() else 2)
    assert ("belongs to another user" in result.err) == (uid != os.geteuid())
    (home / ".gitconfig").write_text(f"[safe]\n\tdirectory = {web.folder}\n")
    assert "Fix" in changelog(web, *args, env=env).out


def test_messages_of_other_encodings(web, changelog):
    web.commit("Gr\u00fc\u00dfe".encode("latin-1"), encoding="ISO-8859-1")
    web.commit("5 \u20ac".encode("cp1252"), encoding="CP1252")
    web.commit("M\u00fcll".encode("latin-1"))       # says UTF-8, is not
    result = told(changelog, web, "v1.0.0..main")
    assert titles(result) == ["M\u00fcll", "5 \u20ac", "Gr\u00fc\u00dfe"]


def test_hostile_messages_stay_text(web, changelog):
    web.commit("\x1b[2J\x1b]0;owned\x07 \u202eevil\r\n\n::set-output name=x::y\n",
               author="@everyone <script>")
    web.commit("![x](https://evil.example/p.png) closes #1 @acme/all\n\n"
               "| a | b |\n")
    for form in ([], ["--markdown"], ["--output", "json"], ["--output", "env"]):
        out = changelog(web, "--range", "v1.0.0..main", *form).out
        assert not [c for c in out if (ord(c) < 32 and c != "\n") or ord(c) in
                    (0x7f, 0x202e)], form
    page = changelog(web, "--range", "v1.0.0..main", "--markdown").out
    assert "![" not in page and "<script" not in page
    assert "@acme" not in page and "#1 " not in page and "://evil" not in page


def test_empty_and_long_messages(web, changelog):
    web.commit("")
    web.commit("x" * 5000)
    result = told(changelog, web, "v1.0.0..main")
    assert [len(title) for title in titles(result)] == [300, 0]
    assert "no message" in changelog(web, "--range", "v1.0.0..main").out


def test_many_changes_are_counted(web, changelog):
    for number in range(5):
        web.commit(f"Change {number}")
    result = told(changelog, web, "v1.0.0..main", "--max-changes", "2")
    assert titles(result) == ["Change 4", "Change 3"]
    assert application(result)["more"] == 3
    assert application(result)["commits"] == 5
    text = changelog(web, "--range", "v1.0.0..main", "--max-changes", "2").out
    assert text.endswith("... and 3 more changes\n")


def test_projects_are_an_allow_list(web, changelog):
    web.commit("SHOP-1 PAY-2 UTF-8")
    keys = [ticket["key"] for ticket in told(
        changelog, web, "v1.0.0..main", "--project", "PAY").json["tickets"]]
    assert keys == ["PAY-2"]
    keys = [ticket["key"] for ticket in told(
        changelog, web, "v1.0.0..main", "--project", "UTF").json["tickets"]]
    assert keys == ["UTF-8"]


@pytest.mark.parametrize("args, code, words", [
    (["--range", "v1.0.0..main", "--project", "shop"], 2, "cannot use '--project shop'"),
    ([], 2, "missing '--range' or '--old'"),
    (["--range", "nope..HEAD"], 1, "cannot find the commit 'nope'"),
    (["--range", "HEAD"], 2, "write it as OLD..NEW"),
    (["--range", "HEAD~1..HEAD", "--old", "x"], 2, "goes without '--old'"),
    (["--old", "nowhere.tgz", "--new", "."], 2, "cannot read the old chart"),
    (["--old", "."], 2, "missing '--new'"),
    (["--old", "web@1.0.0", "--new", "."], 2, "missing '--repo'"),
    (["--range", "HEAD..HEAD", "--git-dir", "/"], 1, "git repository"),
])
def test_refused(web, changelog, args, code, words):
    assert words in changelog(web, *args, expect=code).err


def test_an_index_that_does_not_parse(web, changelog, tmp_path):
    (tmp_path / "index.yaml").write_text("entries: [")
    result = changelog(web, "--old", "web@1.0.0", "--new", "web@1.1.0", "--repo",
                       f"file://{tmp_path}", expect=2)
    assert f"cannot read 'file://{tmp_path}/index.yaml'" in result.err


def test_no_clone_at_all(changelog, tmp_path):
    result = changelog(tmp_path, "--range", "a..b", expect=1)
    assert "cannot find a git repository" in result.err
    assert "hint: run it in a clone, or name one by '--git-dir'" in result.err


# --- the record ------------------------------------------------------------

def test_the_record_gets_the_story_and_the_keys(web, changelog, tmp_path):
    web.pull_request(7, "A new basket", "SHOP-1: wip")
    record = tmp_path / "record"
    result = changelog(web, "--range", "v1.0.0..main", "--record", str(record),
                       "--output", "json")
    kept = records.merged(record)
    assert kept["tickets"] == ["SHOP-1"]
    assert kept["changelog"] == result.json


def test_a_dry_run_and_a_check_keep_nothing(web, changelog, tmp_path):
    web.commit("Fix")
    record = tmp_path / "record"
    span = ["--range", "v1.0.0..main", "--record", str(record)]
    assert "Fix" in changelog(web, *span, "--dry-run").out
    changelog(web, *span, "--check")
    kept = [json.loads(path.read_text()) for path in record.glob("*.json")]
    assert not [one for one in kept if "changelog" in one]


def test_applications_of_several_runs_are_joined(web, changelog, tmp_path):
    web.commit("SHOP-1: Fix")
    record = tmp_path / "record"
    for app in ("web", "api", "web"):
        changelog(web, "--range", "v1.0.0..main", "--app", app,
                  "--record", str(record))
    kept = records.merged(record)
    assert [one["name"] for one in kept["changelog"]["applications"]] == ["web", "api"]
    assert kept["changelog"]["tickets"] == [{"key": "SHOP-1"}]


# --- charts ----------------------------------------------------------------

def chart(folder: Path, name: str, version: str, commit: str | None = None,
          source: str | None = WEB) -> Path:
    folder.mkdir(parents=True)
    lines = ["apiVersion: v2", f"name: {name}", f"version: {version}"]
    if commit:
        lines += ["annotations:", f"  slipway/commit: {commit}"]
        if source:
            lines += [f"  slipway/repository: {source}"]
    (folder / "Chart.yaml").write_text("\n".join(lines) + "\n")
    return folder


def shop(folder: Path, version: str, **parts: tuple) -> Path:
    """An umbrella as umbrella-render lays it out: alias=(name, version, commit)."""
    chart(folder, "shop", version)
    with (folder / "Chart.yaml").open("a") as file:
        file.write("dependencies:\n")
        for alias, (name, number, *_) in parts.items():
            file.write(f"- {{name: {name}, alias: {alias}, version: {number},"
                       f" repository: 'https://charts.example'}}\n")
    for name, number, *commit in parts.values():
        target = folder / "charts" / f"{name}-{number}"
        if not target.exists():
            chart(target, name, number, *commit)
    return folder


def test_annotations_of_two_charts(web, changelog, tmp_path):
    old = chart(tmp_path / "old", "web", "1.0.0", web.head)
    web.commit("SHOP-1: Fix")
    new = chart(tmp_path / "new", "web", "1.1.0", web.head)
    result = changelog(web, "--old", str(old), "--new", str(new), "--output", "json")
    one = application(result)
    assert (one["old"], one["new"]) == ("1.0.0", "1.1.0")
    assert titles(result) == ["SHOP-1: Fix"]
    assert one["repository"] == f"https://{WEB}"


def test_an_umbrella_is_told_by_what_changed_in_it(web, changelog, tmp_path):
    first = web.head
    web.commit("Fix")
    old = shop(tmp_path / "old", "1", books=("web", "1.0.0", first),
               films=("web", "1.0.0", first), search=("search", "2.0.0"),
               same=("same", "1.0.0"), gone=("gone", "1.0.0"))
    new = shop(tmp_path / "new", "2", books=("web", "1.1.0", web.head),
               films=("web", "1.1.0", web.head), search=("search", "1.9.0"),
               same=("same", "1.0.0"), added=("added", "1.0.0"))
    result = changelog(web, "--old", str(old), "--new", str(new), "--output", "json")
    apps = {one["name"]: one for one in result.json["applications"]}
    assert list(apps) == ["web", "search", "added", "gone"]
    assert [change["title"] for change in apps["web"]["changes"]] == ["Fix"]
    assert apps["search"]["downgrade"] and apps["search"]["source"] is None
    assert "no commits of 'search': its chart does not say where" in result.err
    assert (apps["added"]["old"], apps["gone"]["new"]) == (None, None)


def test_tags_where_charts_say_nothing(web, changelog, tmp_path):
    web.commit("Fix")
    web.tag("v1.1.0")
    old = chart(tmp_path / "old", "web", "1.0.0")
    new = chart(tmp_path / "new", "web", "1.1.0")
    charts = ["--old", str(old), "--new", str(new), "--output", "json"]
    assert titles(changelog(web, *charts)) == ["Fix"]
    web.git("tag", "-d", "v1.0.0")
    web.tag("release/web/1.0.0", "HEAD~1")
    result = changelog(web, *charts)
    assert application(result)["source"] is None
    assert "neither commits nor tags of 1.0.0 and 1.1.0" in result.err
    assert titles(changelog(web, *charts, "--tag-template", "release/{app}/{version}",
                            "--tag-template", "v{version}")) == ["Fix"]


def test_a_tag_that_was_moved_is_told(web, changelog, tmp_path):
    old = chart(tmp_path / "old", "web", "1.0.0", web.head)
    web.commit("Fix")
    new = chart(tmp_path / "new", "web", "1.1.0", web.head)
    web.tag("v1.1.0")
    web.commit("Later")
    web.tag("v1.1.0")
    result = changelog(web, "--old", str(old), "--new", str(new), "--output", "json")
    assert titles(result) == ["Fix"]
    assert "the tag 'v1.1.0' is at" in result.err


def test_the_right_one_of_several_clones(web, changelog, tmp_path):
    api = History(tmp_path / "api", "git@git.example:acme/api.git")
    old_api = api.commit("Begin")
    old_web = web.head
    web.commit("In web")
    api.commit("In api")
    old = shop(tmp_path / "old", "1", web=("web", "1.0.0", old_web),
               api=("api", "1.0.0", old_api, "git.example/acme/api"))
    new = shop(tmp_path / "new", "2", web=("web", "1.1.0", web.head),
               api=("api", "1.1.0", api.head, "git.example/acme/api"))
    result = changelog(tmp_path, "--old", str(old), "--new", str(new),
                       "--git-dir", str(web.folder), "--git-dir", str(api.folder),
                       "--output", "json")
    assert [change["title"] for change in application(result, "web")["changes"]] \
        == ["In web"]
    assert [change["title"] for change in application(result, "api")["changes"]] \
        == ["In api"]


def publish(run_step, folder: Path, repo: str) -> None:
    run_step("publish-chart", str(folder), "--repo", repo, cwd=folder.parent)


def spoil(repo: Path, name: str, by: str) -> Callable[[], object]:
    """Another archive in its place, and then in the index as well."""
    digests = [hashlib.sha256((repo / file).read_bytes()).hexdigest() for file in (name, by)]
    (repo / name).write_bytes((repo / by).read_bytes())
    index = repo / "index.yaml"
    return lambda: index.write_text(index.read_text().replace(*digests))


def test_published_charts_and_the_record(web, changelog, run_step, tmp_path):
    """What deploy-preview found in the cluster, by the repository's index."""
    (tmp_path / "repo").mkdir()
    repo = f"file://{tmp_path / 'repo'}"
    first = web.head
    web.commit("SHOP-1: Fix")
    publish(run_step, chart(tmp_path / "a/web", "web", "1.0.0", first), repo)
    publish(run_step, chart(tmp_path / "b/web", "web", "1.1.0", web.head), repo)
    versions = changelog(web, "--old", "web@1.0.0", "--new", "web@1.1.0",
                         "--repo", repo, "--output", "json")
    assert titles(versions) == ["SHOP-1: Fix"]

    record = tmp_path / "record"
    record.mkdir()
    (record / "20260101T000000.000Z-deploy-preview-00000000.json").write_text(
        json.dumps({"schemaVersion": 1, "steps": [{
            "name": "deploy-preview", "version": "1.0.0", "seconds": 1,
            "started": "2026-01-01T00:00:00Z", "outcome": "done"}],
            "umbrella": {"dependencies": [
                {"name": "web", "alias": "books", "version": "1.1.0",
                 "repository": repo}]},
            "environment": {"applications": [
                {"name": "books", "old": "1.0.0", "new": "1.1.0"}]}}))
    result = changelog(web, "--record", str(record), "--output", "json")
    assert titles(result) == ["SHOP-1: Fix"]
    assert application(result, "books")["new"] == "1.1.0"
    kept = records.merged(record)
    assert kept["changelog"]["applications"][0]["name"] == "books"
    refused = spoil(tmp_path / "repo", "web-1.0.0.tgz", "web-1.1.0.tgz")
    for words in ("its SHA-256 is", "it holds 'web' 1.1.0"):
        result = changelog(web, "--old", "web@1.0.0", "--new", "web@1.1.0", "--repo", repo,
                           expect=3)
        assert f"'web-1.0.0.tgz' is not what its index promises: {words}" in result.err
        refused()
    missing = changelog(web, "--old", "web@0.1.0", "--new", "web@1.1.0",
                        "--repo", repo, expect=1)
    assert "there is no chart 'web' 0.1.0" in missing.err
