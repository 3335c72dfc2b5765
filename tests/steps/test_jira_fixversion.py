"""jira-fixversion against the scripted Jira: what it sends and leaves behind."""

from __future__ import annotations

import json
import re
import signal
import threading
import time

import pytest

import records
from jira_world import (NAME, RELEASE, URL, cloud, fix_versions, git, jira,  # noqa: F401
                        release, repository, step, version_of)
from scripted_jira import PAT, TOKEN, USER, ScriptedJira, new_issue
from scripted_server import in_iso


# --- a new release -----------------------------------------------------------

def test_tickets_get_the_version_and_the_link(jira, step):
    result = step(jira, *RELEASE, "--ticket", "SHOP-1", "--ticket", "PAY-7",
                  "--environment-url", URL, "--output", "json")
    number, version = version_of(jira)
    assert fix_versions(jira, "SHOP-1") == ["autumn", version["name"]]
    assert fix_versions(jira, "PAY-7") == [version["name"]]
    assert [link["object"] for link in jira.state["issues"]["SHOP-1"]["links"]] == [
        {"url": URL, "title": "web in shop"}]
    assert result.json["left"] == []
    assert {"project": "SHOP", "id": number, "name": version["name"],
            "created": True} in result.json["versions"]
    assert result.json["tickets"][0] == {
        "key": "SHOP-1", "added": True, "linked": True, "commented": False, "done": False}
    assert f"created version '{version['name']}' in 'SHOP'" in result.err


def test_the_same_run_again_changes_nothing(jira, step):
    args = [*RELEASE, "--ticket", "SHOP-1", "--ticket", "SHOP-2",
            "--environment-url", URL, "--comment", "--output", "json"]
    step(jira, *args)
    before = json.dumps(jira.state)
    jira.clear()
    result = step(jira, *args)
    assert json.dumps(jira.state) == before
    assert [r.line for r in jira.writes if "search" not in r.path
            and "bulkfetch" not in r.path] == []
    assert [v["created"] for v in result.json["versions"]] == [False]
    assert not any(t["added"] or t["linked"] for t in result.json["tickets"])


def test_two_requests_per_ticket(cloud, step):
    keys = [f"SHOP-{n}" for n in range(100, 150)]
    cloud.state["issues"].update((key, new_issue("x")) for key in keys)
    tickets = [word for key in keys for word in ("--ticket", key)]
    step(cloud, *RELEASE, *tickets, "--environment-url", URL)
    assert len(cloud.requests) <= 2.2 * len(keys)
    assert all(cloud.state["issues"][key]["links"] for key in keys)


def test_another_day_takes_the_version_that_is_there(jira, step):
    jira.state["versions"]["10200"] = {"name": "web-shop-2025-01-31-1.4.0", "project": "SHOP"}
    jira.state["versions"]["10201"] = {"name": "web-shop-2025-02-01-1.4.1", "project": "SHOP"}
    jira.state["versions"]["10202"] = {"name": "web-shop-2025-02-01-1.4.0",
                                       "project": "SHOP", "archived": True}
    step(jira, *RELEASE, "--ticket", "SHOP-2")
    assert fix_versions(jira, "SHOP-2") == ["web-shop-2025-01-31-1.4.0"]


def test_versions_are_looked_for_on_all_pages(cloud, step):
    for number in range(120):
        cloud.state["versions"][str(50000 + number)] = {
            "name": f"x{number}-1.4.0", "project": "SHOP"}
    cloud.state["versions"]["59999"] = {"name": "web-shop-2025-01-31-1.4.0", "project": "SHOP"}
    step(cloud, *RELEASE, "--ticket", "SHOP-2")
    assert fix_versions(cloud, "SHOP-2") == ["web-shop-2025-01-31-1.4.0"]


def test_a_template_names_the_version(cloud, step):
    step(cloud, *RELEASE, "--ticket", "SHOP-2", "--version-name", "{app} {semver}")
    assert fix_versions(cloud, "SHOP-2") == ["web 1.4.0"]


def test_a_comment_is_kept_up_to_date(jira, step):
    args = ["--ticket", "SHOP-1", "--comment", "--app", "web", "--environment", "shop"]
    step(jira, *args, "--semver", "1.4.0")
    step(jira, *args, "--semver", "1.5.0")
    comments = jira.state["issues"]["SHOP-1"]["comments"]
    assert len(comments) == 1
    assert "version 1.5.0" in json.dumps(comments[0]["body"])


COMMENTING = [*RELEASE, "--ticket", "SHOP-2", "--comment"]


def comments(server):
    return server.state["issues"]["SHOP-2"]["comments"]


def comment_at_once(server, start_step):
    """Two runs, each of which looks before the other has commented."""
    server.fail(method="GET", path="/comment", delay=0.7, times=2)
    env = {"JIRA_URL": server.url, "JIRA_USER": USER, "JIRA_TOKEN": TOKEN}
    runs = [start_step("jira-fixversion", *COMMENTING, env=env) for _ in range(2)]
    said = "".join(run.wait(timeout=60).err for run in runs)
    assert len([one for one in server.writes if one.path.endswith("/comment")]) == 2
    return said


def test_concurrent_runs_leave_one_comment(cloud, start_step):
    comment_at_once(cloud, start_step)
    assert len(comments(cloud)) == 1


def test_a_second_comment_that_may_not_be_deleted_is_warned_of(cloud, start_step):
    cloud.state["permissions"].remove("DELETE_OWN_COMMENTS")
    said = comment_at_once(cloud, start_step)
    assert len(comments(cloud)) == 2 and "warning: a second comment on 'SHOP-2' stays" in said


def test_a_later_run_leaves_one_comment_of_several(jira, step):
    step(jira, *COMMENTING)
    (first,) = comments(jira)
    comments(jira).extend({**first, "id": str(int(first["id"]) + n)} for n in (1, 2))
    comments(jira)[0]["body"] = json.loads(json.dumps(first["body"]).replace("1.4.0", "1.3.0"))
    result = step(jira, *COMMENTING)
    (left,) = comments(jira)
    assert left["id"] == first["id"] and "1.4.0" in json.dumps(left["body"])
    assert "left one comment of several on 'SHOP-2'" in result.err
    jira.clear()
    step(jira, *COMMENTING)
    assert not [one for one in jira.writes if "/comment" in one.path]


def test_the_link_moves_on_with_the_next_release(jira, step):
    args = ["--ticket", "SHOP-1", "--app", "web", "--environment", "shop"]
    step(jira, *args, "--semver", "1.4.0", "--environment-url", URL)
    step(jira, *args, "--semver", "1.5.0", "--environment-url", URL + "/new")
    links = jira.state["issues"]["SHOP-1"]["links"]
    assert [link["object"]["url"] for link in links] == [URL + "/new"]


def changes(folder, subject, count=1):
    """What the step changelog leaves in the record."""
    folder.mkdir(exist_ok=True)
    (folder / "20261122T100000.000Z-changelog-00000000.json").write_text(json.dumps({
        "schemaVersion": 1, "steps": [], "changelog": records.changelog(subject, count)}))


def test_the_changelog_is_the_versions_description(jira, step, tmp_path):
    changes(tmp_path / "record", "Accept vouchers")
    args = [*RELEASE, "--ticket", "SHOP-1", "--record", tmp_path / "record"]
    step(jira, *args)
    number, version = version_of(jira)
    assert version["description"].startswith("web 1.4.0 (slipway)\n")
    assert "Accept vouchers 0" in version["description"]
    jira.clear()
    step(jira, *args)
    assert not [request for request in jira.writes if f"/version/{number}" in request.path]

    changes(tmp_path / "record", "Refuse vouchers")
    step(jira, *args)
    assert "Refuse vouchers 0" in version_of(jira)[1]["description"]
    jira.state["versions"][number]["description"] = "by hand"
    step(jira, *args)
    assert version_of(jira)[1]["description"] == "by hand"


def test_a_long_changelog_is_cut(jira, step, tmp_path):
    changes(tmp_path / "record", "Accept vouchers of all kinds \u00e9", 1000)
    step(jira, *RELEASE, "--ticket", "SHOP-1", "--record", tmp_path / "record")
    assert 15000 < len(version_of(jira)[1]["description"]) <= 16384


def test_no_right_to_describe_is_no_failure(jira, step, tmp_path):
    changes(tmp_path / "record", "Accept vouchers")
    step(jira, *RELEASE, "--ticket", "SHOP-1")
    number = version_of(jira)[0]
    jira.fail(method="PUT", path=f"/version/{number}", status=403, times=None)
    result = step(jira, *RELEASE, "--ticket", "SHOP-2", "--record", tmp_path / "record")
    assert "warning: cannot describe version" in result.err
    assert len(fix_versions(jira, "SHOP-2")) == 1


def test_an_allow_list_of_projects(jira, step):
    result = step(jira, *RELEASE, "--ticket", "SHOP-1", "--ticket", "PAY-7",
                  "--project", "PAY", "--output", "json")
    assert [ticket["key"] for ticket in result.json["tickets"]] == ["PAY-7"]
    assert fix_versions(jira, "SHOP-1") == ["autumn"]


def test_a_ticket_that_moved_is_found_under_its_new_key(cloud, step):
    """Jira answers the old key with the issue under its new one."""
    cloud.state["moved"] = {"SHOP-99": "PAY-7"}
    result = step(cloud, *RELEASE, "--ticket", "SHOP-99", "--output", "json")
    assert [ticket["key"] for ticket in result.json["tickets"]] == ["PAY-7"]
    assert NAME.fullmatch(fix_versions(cloud, "PAY-7")[0])


# --- where tickets come from -------------------------------------------------

def test_tickets_come_from_the_commits_of_a_range(jira, step, repository):
    result = step(jira, *RELEASE, "--range", "HEAD~3..HEAD", "--git-dir", repository,
                  "--output", "json")
    assert {ticket["key"] for ticket in result.json["tickets"]} == {"SHOP-1", "PAY-7"}


def test_a_commit_that_names_no_real_ticket_is_only_warned_of(jira, step, repository):
    git(repository, "commit", "-q", "--allow-empty", "-m", "SHOP-404")
    result = step(jira, *RELEASE, "--range", "HEAD~1..HEAD", "--git-dir", repository,
                  "--output", "json")
    assert result.json["tickets"] == [] and result.json["left"] == []
    assert "warning: ticket 'SHOP-404' is not there" in result.err


def test_no_tickets_is_nothing_to_do(jira, step, repository):
    result = step(jira, *RELEASE, "--range", "HEAD..HEAD", "--git-dir", repository,
                  "--output", "json")
    assert result.json == {"versions": [], "tickets": [], "left": [], "archived": []}


@pytest.mark.parametrize("range_, code, message", [
    ("main", 2, "cannot read the range 'main'"),
    ("nope..HEAD", 1, "cannot find the commit 'nope'"),
])
def test_bad_ranges(cloud, step, repository, range_, code, message):
    result = step(cloud, *RELEASE, "--range", range_, "--git-dir", repository, expect=code)
    assert message in result.err


def test_the_record_tells_and_is_told(jira, step, tmp_path):
    record = tmp_path / "record"
    record.mkdir()
    (record / "20261122T100000.000Z-deploy-preview-00000000.json").write_text(json.dumps({
        "schemaVersion": 1,
        "steps": [{"name": "deploy-preview", "version": "0.1.0", "seconds": 1,
                   "started": "2026-11-22T09:59:59Z", "outcome": "done"}],
        "charts": [{"name": "web", "version": "1.4.0"}],
        "tickets": ["SHOP-1"],
        "environment": {"stack": "shop", "namespace": "web-fix-x", "release": "web",
                        "urls": [URL]}}))
    step(jira, "--record", record)
    number, version = version_of(jira)
    assert fix_versions(jira, "SHOP-1") == ["autumn", version["name"]]
    assert jira.state["issues"]["SHOP-1"]["links"][0]["globalId"] == "slipway:web:web-fix-x"
    whole = records.merged(record)
    assert whole["tickets"] == ["SHOP-1"]
    assert whole["jira"]["url"] == jira.url
    assert [version["id"] for version in whole["jira"]["versions"]] == [number]


# --- --dry-run, --check ------------------------------------------------------

def test_dry_run_plans_and_writes_nothing(jira, step, tmp_path):
    before = json.dumps(jira.state)
    result = step(jira, *RELEASE, "--ticket", "SHOP-1", "--environment-url", URL,
                  "--dry-run", "--output", "json")
    assert json.dumps(jira.state) == before
    assert {r.method for r in jira.requests if "/issue/bulkfetch" not in r.path
            and not r.path.endswith("/search")} == {"GET"}
    assert result.json["versions"][0]["created"] and result.json["versions"][0]["id"] is None
    assert result.json["tickets"][0]["added"] and result.json["tickets"][0]["linked"]
    text = step(jira, *RELEASE, "--ticket", "SHOP-1", "--dry-run").out
    assert re.search(r"create version web-shop-\S+-1\.4\.0 in SHOP", text)


def test_dry_run_of_done(jira, step):
    release(jira, "SHOP-1")
    result = step(jira, *RELEASE, "--done", "--dry-run")
    assert result.out == ("release version web-shop-2025-06-30-1.4.0 in SHOP\n"
                          "SHOP-1: done\n")
    assert jira.state["issues"]["SHOP-1"]["status"] == "To Do"


def test_check_names_what_is_missing(jira, step):
    step(jira, "--check", "--project", "SHOP")
    jira.state["permissions"].remove("LINK_ISSUES")
    result = step(jira, "--check", "--project", "SHOP", expect=1)
    assert "the user lacks rights in 'SHOP': LINK_ISSUES" in result.err
    assert jira.writes == []


def test_check_names_all_that_is_missing_where_the_tickets_are(jira, step):
    jira.state["permissions"] = ["BROWSE_PROJECTS", "EDIT_ISSUES", "RESOLVE_ISSUES",
                                 "ADD_COMMENTS", "TRANSITION_ISSUES"]
    result = step(jira, "--check", "--ticket", "SHOP-1", "--ticket", "PAY-7",
                  "--ticket", "SHOP-2", expect=1)
    assert ("error: the user lacks rights in 'SHOP': LINK_ISSUES, ADMINISTER_PROJECTS; "
            "'PAY': LINK_ISSUES, ADMINISTER_PROJECTS") in result.err


# --- bad input ---------------------------------------------------------------

@pytest.mark.parametrize("missing", ["JIRA_URL", "JIRA_TOKEN"])
def test_missing_settings(cloud, step, missing):
    result = step(cloud, *RELEASE, "--ticket", "SHOP-1", env={missing: ""}, expect=2)
    option = "--" + missing.removeprefix("JIRA_").lower()
    assert f"missing '{option}" in result.err and missing in result.err
    assert cloud.requests == []


@pytest.mark.parametrize("missing", ["app", "environment", "semver"])
def test_missing_parts_of_the_release(cloud, step, missing):
    args = [*RELEASE]
    at = args.index("--" + missing)
    del args[at:at + 2]
    result = step(cloud, *args, "--ticket", "SHOP-1", expect=2)
    assert f"missing '--{missing}'" in result.err
    assert cloud.requests == []


@pytest.mark.parametrize("args, message", [
    (["--ticket", "shop-1"], "cannot use '--ticket shop-1'"),
    (["--ticket", "SHOP-1", "--version-name", "{apps}"], "no value is called '{apps}'"),
    (["--ticket", "SHOP-1", "--jobs", "0"], "--jobs"),
    (["--ticket", "SHOP-1", "--project", "shop"], "cannot use '--project shop'"),
    (["--ticket", "SHOP-1", "--project", "PAY,SHOP"], "cannot use '--project PAY,SHOP'"),
    (["--ticket", "SHOP-1", "--environment-url", "shop.example.com"],
     "cannot link the environment: bad address 'shop.example.com'"),
    (["--ticket", "SHOP-1", "--environment-url", "ftp://shop.example.com"],
     "cannot use 'ftp://shop.example.com': not an http or https address"),
])
def test_bad_options(cloud, step, args, message):
    result = step(cloud, *RELEASE, *args, expect=2)
    assert message in result.err and not cloud.writes[1:]


def test_cloud_wants_a_user(cloud, step):
    result = step(cloud, *RELEASE, "--ticket", "SHOP-1", env={"JIRA_USER": ""}, expect=2)
    assert "Jira Cloud wants a user" in result.err and "--user" in result.err


# --- what servers do ---------------------------------------------------------

def test_wrong_token(jira, step):
    result = step(jira, *RELEASE, "--ticket", "SHOP-1", env={"JIRA_TOKEN": "canary-3141"},
                  expect=1)
    assert "answered 401" in result.err and "hint:" in result.err
    assert "canary-3141" not in result.err + result.out


def test_no_right_to_create_versions(jira, step):
    jira.fail(method="POST", path="/version$", times=None, status=403,
              body={"errorMessages": ["You may not administer this project."], "errors": {}})
    result = step(jira, *RELEASE, "--ticket", "SHOP-1", "--output", "json", expect=1)
    assert "You may not administer this project." in result.err
    assert [left["key"] for left in result.json["left"]] == ["SHOP-1"]


def test_a_ticket_that_is_not_there(jira, step):
    result = step(jira, *RELEASE, "--ticket", "SHOP-404", "--ticket", "SHOP-1",
                  "--output", "json", expect=1)
    assert [left["key"] for left in result.json["left"]] == ["SHOP-404"]
    assert "'SHOP-404': the ticket is not there, or may not be seen" in result.err
    # The others are not left alone for it.
    assert NAME.fullmatch(fix_versions(jira, "SHOP-1")[-1])


def test_a_project_that_is_not_there(jira, step):
    jira.fail(path="/project/", times=None, status=404,
              body={"errorMessages": ["No project could be found with key 'SHOP'."]})
    result = step(jira, *RELEASE, "--ticket", "SHOP-1", expect=1)
    assert "No project could be found" in result.err
    assert "hint: Jira also says so when the user has no right" in result.err


def test_a_version_that_another_run_created_first(jira, step):
    """Between our look and our POST somebody else's POST went through."""
    create = jira.do_createVersion

    def come_second(request):
        assert create(request).status == 201
        return create(request)

    jira.do_createVersion = come_second
    result = step(jira, *RELEASE, "--ticket", "SHOP-1", "--output", "json")
    number, version = version_of(jira)
    assert result.json["versions"] == [
        {"project": "SHOP", "id": number, "name": version["name"], "created": False}]
    assert fix_versions(jira, "SHOP-1") == ["autumn", version["name"]]


def test_a_version_whose_answer_was_lost(jira, step):
    jira.fail(method="POST", path="/version$", lose=True)
    step(jira, *RELEASE, "--ticket", "SHOP-1")
    assert fix_versions(jira, "SHOP-1") == ["autumn", version_of(jira)[1]["name"]]


def test_a_name_that_is_taken_by_an_archived_version(jira, step):
    today = step(jira, *RELEASE, "--ticket", "SHOP-1", "--dry-run", "--output",
                 "json").json["versions"][0]["name"]
    jira.state["versions"]["10400"] = {"name": today, "project": "SHOP", "archived": True}
    result = step(jira, *RELEASE, "--ticket", "SHOP-1", expect=3)
    assert "there is one of that name, archived" in result.err


@pytest.mark.parametrize("right, args", [
    ("LINK_ISSUES", ["--environment-url", URL]),
    ("ADD_COMMENTS", ["--comment"]),
    ("ADD_COMMENTS", ["--comment", "--environment-url", URL]),
])
def test_without_a_right_no_ticket_is_half_changed(jira, step, right, args):
    jira.state["permissions"].remove(right)
    before = json.dumps(jira.state)
    result = step(jira, *RELEASE, "--ticket", "SHOP-1", "--ticket", "PAY-7", *args,
                  "--output", "json", expect=1)
    assert json.dumps(jira.state) == before
    assert f"the user lacks rights in 'SHOP': {right}" in result.err and "hint:" in result.err
    assert [left["key"] for left in result.json["left"]] == ["SHOP-1", "PAY-7"]


def test_rights_are_asked_for_once_and_only_where_they_are_needed(cloud, step):
    args = [*RELEASE, "--ticket", "SHOP-1", "--ticket", "PAY-7", "--environment-url", URL]
    step(cloud, *args)
    asked = [one.line for one in cloud.requests if "permissions" in one.path]
    assert asked == ["POST /rest/api/3/permissions/check"]
    cloud.state["permissions"].remove("LINK_ISSUES")
    step(cloud, *args)      # nothing is left to do
    cloud.state["issues"]["PAY-7"]["links"].clear()
    result = step(cloud, *args, "--output", "json", expect=1)
    assert [left["key"] for left in result.json["left"]] == ["PAY-7"]


def test_what_was_changed_before_a_refusal_is_told(jira, step):
    jira.fail(method="POST", path="/remotelink$", status=403, times=None,
              body={"errorMessages": ["Issue linking is currently disabled."]})
    result = step(jira, *RELEASE, "--ticket", "SHOP-1", "--environment-url", URL,
                  "--output", "json", expect=1)
    assert [(one["added"], one["linked"]) for one in result.json["tickets"]] == [(True, False)]
    (left,) = result.json["left"]
    assert left["reason"].startswith("cannot link the environment: POST ")
    assert "Issue linking is currently disabled." in left["reason"]


def test_conflict_on_one_ticket(jira, step):
    jira.fail(method="PUT", path="/issue/SHOP-2$", times=None, status=409,
              body={"errorMessages": ["The issue is being edited."]})
    result = step(jira, *RELEASE, "--ticket", "SHOP-2", "--ticket", "SHOP-1",
                  "--output", "json", expect=3)
    assert "The issue is being edited." in result.err
    assert [left["key"] for left in result.json["left"]] == ["SHOP-2"]
    assert NAME.fullmatch(fix_versions(jira, "SHOP-1")[-1])


@pytest.mark.parametrize("method, path", [
    ("GET", "/serverInfo"), ("POST", "/(search|bulkfetch)$"), ("GET", "/versions?$"),
    ("POST", "/version$"), ("PUT", "/issue/"), ("POST", "/remotelink$")])
def test_too_many_requests_then_fine(jira, step, method, path):
    jira.fail(method=method, path=path, status=429,
              headers={"Retry-After": "0", "X-RateLimit-Reset": in_iso(0),
                       "RateLimit-Reason": "jira-burst-based"})
    result = step(jira, *RELEASE, "--ticket", "SHOP-2", "--environment-url", URL)
    assert NAME.fullmatch(fix_versions(jira, "SHOP-2")[0])
    assert "warning:" in result.err and "trying again" in result.err


def test_retry_after_is_obeyed(cloud, step):
    cloud.fail(path="/serverInfo", status=429, headers={"Retry-After": "1"})
    started = time.monotonic()
    step(cloud, *RELEASE, "--ticket", "SHOP-2")
    assert time.monotonic() - started >= 1


def test_the_end_of_a_rate_limit_is_waited_for(cloud, step):
    cloud.fail(path="/serverInfo", status=429,
               headers={"X-RateLimit-Reset": in_iso(3600),
                        "RateLimit-Reason": "jira-quota-tenant-based"})
    result = step(cloud, *RELEASE, "--ticket", "SHOP-2", "--timeout", "30s", expect=75)
    assert len(cloud.requests) == 1
    assert "429" in result.err


def test_an_error_for_ever_is_temporary(jira, step):
    jira.fail(times=None, status=500)
    result = step(jira, *RELEASE, "--ticket", "SHOP-1", "--timeout", "1s", expect=75)
    assert "error: cannot reach Jira" in result.err


def test_what_failed_for_now_is_done_by_the_next_run(jira, step):
    jira.fail(method="PUT", path="/issue/SHOP-2$", times=None, status=503)
    args = [*RELEASE, "--ticket", "SHOP-1", "--ticket", "SHOP-2", "--environment-url", URL]
    result = step(jira, *args, "--timeout", "3s", "--output", "json", expect=75)
    assert [left["key"] for left in result.json["left"]] == ["SHOP-2"]
    # Never half of a ticket's changes.
    assert jira.state["issues"]["SHOP-2"]["links"] == []
    jira.clear()
    step(jira, *args)
    assert jira.state["issues"]["SHOP-2"]["links"]
    assert not any("SHOP-1" in request.path for request in jira.writes)


@pytest.mark.parametrize("fault, code, message", [
    ({"cut": 10}, 75, " bytes "),
    ({"html": True}, 1, "the answer"),
    ({"oversized": 17 << 20}, 1, "the reply is larger than"),
])
def test_answers_that_are_none(jira, step, fault, code, message):
    jira.fail(path="/(search|bulkfetch)$", times=None, **fault)
    result = step(jira, *RELEASE, "--ticket", "SHOP-1", "--timeout", "3s", expect=code)
    assert "error: cannot look up tickets: POST http" in result.err
    assert message in result.err
    assert jira.state["issues"]["SHOP-1"]["fixVersions"] == ["10100"]


def test_nobody_there(run_step):
    result = run_step("jira-fixversion", *RELEASE, "--ticket", "SHOP-1",
                      "--url", "http://127.0.0.1:1", "--timeout", "2s",
                      env={"JIRA_TOKEN": "x-token"}, expect=75)
    assert "cannot reach Jira at 'http://127.0.0.1:1'" in result.err


def test_concurrent_runs_make_one_version(cloud, start_step):
    cloud.latency = 0.02
    env = {"JIRA_URL": cloud.url, "JIRA_USER": USER, "JIRA_TOKEN": TOKEN}
    running = [start_step("jira-fixversion", *RELEASE, "--ticket", key,
                          "--environment-url", URL, env=env)
               for key in ("SHOP-1", "SHOP-2", "SHOP-3", "SHOP-1")]
    for one in running:
        one.wait()
    _, version = version_of(cloud)
    for key in ("SHOP-1", "SHOP-2", "SHOP-3"):
        assert fix_versions(cloud, key)[-1] == version["name"]
        assert len(cloud.state["issues"][key]["links"]) == 1


def kill_at(jira, number, start):
    """Start a step that is killed when the server has handled @number
    requests, before it hears of the last; tells whether it came so far."""
    started, running = threading.Event(), []
    answer = jira.answer

    def answer_and_kill(request):
        answered = answer(request)
        if len(jira.requests) == number:
            assert started.wait(30)
            running[0].kill()
        return answered

    jira.answer = answer_and_kill
    running.append(start())
    started.set()
    code = running[0].process.wait(30)
    jira.answer = answer
    return code == -signal.SIGKILL


@pytest.mark.parametrize("done", [False, True])
def test_killed_at_any_request_the_next_run_completes_it(start_step, step, done):
    number, killed = 0, True
    while killed:
        number += 1
        with ScriptedJira() as jira:
            if done:
                release(jira, "SHOP-1", "SHOP-2")
            args = [*RELEASE, "--done"] if done else [
                *RELEASE, "--ticket", "SHOP-1", "--ticket", "PAY-7",
                "--environment-url", URL, "--comment"]
            env = {"JIRA_URL": jira.url, "JIRA_USER": USER, "JIRA_TOKEN": TOKEN}
            killed = kill_at(jira, number,
                             lambda: start_step("jira-fixversion", *args, env=env))
            step(jira, *args)
            issues = jira.state["issues"]
            if done:
                assert issues["SHOP-1"]["status"] == issues["SHOP-2"]["status"] == "Done"
                assert jira.state["versions"]["10300"]["released"]
                continue
            for project, key in (("SHOP", "SHOP-1"), ("PAY", "PAY-7")):
                assert fix_versions(jira, key)[-1] == version_of(jira, project)[1]["name"]
                assert len(issues[key]["links"]) == len(issues[key]["comments"]) == 1
    assert number > 8


def test_no_secret_is_shown(jira, step, tmp_path):
    secret = TOKEN if jira.cloud else PAT
    result = step(jira, *RELEASE, "--ticket", "SHOP-1", "--environment-url", URL,
                  "--verbose", "--record", tmp_path / "record")
    shown = result.out + result.err + "".join(
        path.read_text() for path in (tmp_path / "record").iterdir())
    assert secret not in shown
