"""jira-fixversion against the scripted Jira: what it sends and leaves behind.

Every test that uses `jira` fails when a request was not as the vendor's
document wants it.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

import records
from scripted_jira import (PAT, TOKEN, USER, ScriptedJira, cloud_state,
                           datacenter_state, new_issue)
from scripted_server import in_iso

RELEASE = ["--app", "web", "--environment", "shop", "--semver", "1.4.0"]
NAME = re.compile(r"web-shop-\d{4}-\d{2}-\d{2}-1\.4\.0")
URL = "https://shop.example.com"


@pytest.fixture(params=["cloud", "datacenter"])
def jira(request):
    cloud = request.param == "cloud"
    with ScriptedJira(cloud_state() if cloud else datacenter_state()) as server:
        server.prefix = "" if cloud else "/jira"
        yield server


@pytest.fixture
def cloud():
    with ScriptedJira() as server:
        yield server


@pytest.fixture
def step(run_step):
    """Run the step against @server with its credentials."""
    def run(server, *args, env=None, **options):
        given = {"JIRA_URL": server.url,
                 "JIRA_TOKEN": TOKEN if server.cloud else PAT}
        if server.cloud:
            given["JIRA_USER"] = USER
        return run_step("jira-fixversion", *args, env=given | (env or {}), **options)
    return run


def version_of(server, project="SHOP"):
    """The release's version in @project."""
    found = [(number, version) for number, version in server.state["versions"].items()
             if version["project"] == project and NAME.fullmatch(version["name"])]
    assert len(found) == 1
    return found[0]


def fix_versions(server, key):
    return [server.state["versions"][number]["name"]
            for number in server.state["issues"][key]["fixVersions"]]


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

def git(folder: Path, *args: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *args],
        cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for message in ("SHOP-3 before", "SHOP-1: read UTF-8", "PAY-7 and SHOP-1\n\nSHA-256",
                    "Merge"):
        git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return folder


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


# --- --done ------------------------------------------------------------------

def release(jira, *keys):
    """What an earlier run, another day, has left."""
    jira.state["versions"]["10300"] = {"name": "web-shop-2025-06-30-1.4.0", "project": "SHOP"}
    for key in keys:
        jira.state["issues"][key]["fixVersions"].append("10300")


def test_done_closes_the_tickets_and_releases_the_version(jira, step):
    release(jira, "SHOP-1", "SHOP-2", "SHOP-3")
    result = step(jira, *RELEASE, "--done", "--output", "json")
    assert result.err.index("moved 'SHOP-2' to done") < result.err.index("released version")
    assert {key: issue["status"] for key, issue in jira.state["issues"].items()} == {
        "SHOP-1": "Done", "SHOP-2": "Done", "SHOP-3": "Done", "PAY-7": "To Do"}
    assert jira.state["versions"]["10300"]["released"] is True
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", jira.state["versions"]["10300"]["releaseDate"])
    assert {t["key"]: t["done"] for t in result.json["tickets"]} == {
        "SHOP-1": True, "SHOP-2": True, "SHOP-3": False}


def test_done_again_changes_nothing(jira, step):
    release(jira, "SHOP-1")
    step(jira, *RELEASE, "--done")
    before = json.dumps(jira.state)
    step(jira, *RELEASE, "--done")
    assert json.dumps(jira.state) == before


def test_done_finds_all_tickets_of_a_big_version(jira, step):
    keys = [f"SHOP-{n}" for n in range(1000, 1230)]
    jira.state["issues"].update((key, new_issue("x")) for key in keys)
    release(jira, *keys)
    step(jira, *RELEASE, "--done", "--jobs", "4")
    assert {jira.state["issues"][key]["status"] for key in keys} == {"Done"}


def test_done_by_a_named_transition(jira, step):
    release(jira, "SHOP-1")
    step(jira, *RELEASE, "--done", "--transition", "Start")
    assert jira.state["issues"]["SHOP-1"]["status"] == "In Progress"


def closing(jira, *transitions):
    """A workflow whose ways to the end are @transitions: (name, fields that it demands)."""
    jira.state["workflows"]["SHOP"] = {
        "statuses": {"To Do": "new", "Closed": "done"},
        "transitions": [{"id": str(5 + at), "name": name, "from": None, "to": "Closed",
                         "required": required}
                        for at, (name, required) in enumerate(transitions)]}


@pytest.mark.parametrize("allowed, default, args, got", [
    (["Won't Do", "Done"], None, [], "Done"),
    (["Won't Do", "FIXED", "Resolved"], None, [], "FIXED"),
    (["Won't Do", "Resolved"], None, [], "Resolved"),
    (["Won't Do", "Done"], "Won't Do", [], "Done"),
    (["Won't Do", "Shipped"], "Shipped", [], "Shipped"),
    (["Done", "Shipped"], None, ["--resolution", "shipped"], "Shipped"),
])
def test_done_gives_the_resolution_that_the_workflow_demands(jira, step, allowed, default, args,
                                                             got):
    release(jira, "SHOP-1")
    closing(jira, ("Close", ["resolution"]))
    jira.state.update(resolutions=allowed, defaultResolution=default)
    step(jira, *RELEASE, "--done", *args)
    assert jira.state["issues"]["SHOP-1"]["resolution"] == got


def test_a_named_resolution_is_given_where_none_is_demanded(cloud, step):
    release(cloud, "SHOP-1")
    closing(cloud, ("Close", []))
    cloud.state["workflows"]["SHOP"]["transitions"][0]["screen"] = ["resolution"]
    step(cloud, *RELEASE, "--done", "--resolution", "Duplicate")
    assert cloud.state["issues"]["SHOP-1"]["resolution"] == "Duplicate"


@pytest.mark.parametrize("args, message", [
    ([], "demands a resolution, and allows 'Won't Do', 'Duplicate'\n"
         "hint: name one with --resolution"),
    (["--resolution", "Done"],
     "the resolution 'Done' is not allowed, but 'Won't Do', 'Duplicate'"),
])
def test_no_ticket_is_closed_by_a_wrong_resolution(jira, step, args, message):
    release(jira, "SHOP-1")
    closing(jira, ("Close", ["resolution"]))
    jira.state["resolutions"] = ["Won't Do", "Duplicate"]
    result = step(jira, *RELEASE, "--done", *args, expect=1)
    assert message in result.err
    assert jira.state["issues"]["SHOP-1"]["status"] == "To Do"


def test_a_transition_that_demands_what_we_do_not_know(jira, step):
    release(jira, "SHOP-1")
    closing(jira, ("Close", ["customfield_10010"]))
    result = step(jira, *RELEASE, "--done", expect=1)
    assert "transition 'Close' demands the field 'customfield_10010'" in result.err
    assert "hint: name another one with --transition" in result.err
    assert jira.state["issues"]["SHOP-1"]["status"] == "To Do"
    closing(jira, ("Close", ["customfield_10010"]), ("Ship", []))
    step(jira, *RELEASE, "--done")
    assert jira.state["issues"]["SHOP-1"]["status"] == "Closed"


def test_a_mistyped_transition_is_answered_with_those_on_offer(jira, step):
    release(jira, "SHOP-1")
    closing(jira, ("Close", []), ("Ship", []))
    result = step(jira, *RELEASE, "--done", "--transition", "Cloes", expect=1)
    assert "offers no transition 'Cloes' now" in result.err
    assert "hint: name one with --transition; it offers 'Close', 'Ship'" in result.err


def test_done_without_a_way_leaves_the_ticket_and_the_version(jira, step):
    release(jira, "SHOP-1", "SHOP-2")
    workflow = jira.state["workflows"]["default"]
    workflow["transitions"][2]["from"] = ["In Review"]
    result = step(jira, *RELEASE, "--done", "--output", "json", expect=1)
    assert jira.state["issues"]["SHOP-2"]["status"] == "Done"
    assert not jira.state["versions"]["10300"].get("released")
    assert [left["key"] for left in result.json["left"]] == ["SHOP-1"]
    assert "no transition to a status of the category Done" in result.err
    assert "hint: name one with --transition" in result.err


def old_versions(server):
    """Versions of other days, and whether each is archived."""
    day = {"released": True, "project": "SHOP"}
    server.state["versions"].update({
        "30001": day | {"name": "web-shop-2020-01-31-1.0.0", "releaseDate": "2020-01-31"},
        "30002": day | {"name": "web-shop-2020-02-01-1.1.0-rc.1", "releaseDate": "2020-02-01"},
        "30003": day | {"name": "web-shop-2020-01-31-1.0.1"},               # no date
        "30004": day | {"name": "web-shop-2999-01-01-9.0.0", "releaseDate": "2999-01-01"},
        "30005": day | {"name": "web-shop-2020-01-31-1.0.2", "released": False,
                        "releaseDate": "2020-01-31"},
        "30006": day | {"name": "api-shop-2020-01-31-1.0.0", "releaseDate": "2020-01-31"},
        "30007": day | {"name": "web-shop-eu-2020-01-31-1.0.0", "releaseDate": "2020-01-31"},
        "30008": day | {"name": "web-shop-2020-01-31-latest", "releaseDate": "2020-01-31"},
        "30009": day | {"name": "web-shop-2020-01-31-1.0.3", "archived": True,
                        "releaseDate": "2020-01-31"},
        "30010": day | {"name": "web-shop-2020-01-31-1.0.0", "project": "PAY",
                        "releaseDate": "2020-01-31"}})


def test_done_archives_what_is_old(jira, step):
    step(jira, *RELEASE, "--ticket", "SHOP-1")
    old_versions(jira)
    planned = step(jira, *RELEASE, "--done", "--archive-older-than", "90d", "--dry-run")
    assert "archive version web-shop-2020-01-31-1.0.0 in SHOP" in planned.out
    result = step(jira, *RELEASE, "--done", "--archive-older-than", "90d", "--output", "json")
    archived = sorted(number for number, version in jira.state["versions"].items()
                      if version.get("archived"))
    assert archived == ["30001", "30002", "30009"]
    assert [version["id"] for version in result.json["archived"]] == ["30001", "30002"]
    again = step(jira, *RELEASE, "--done", "--archive-older-than", "90d", "--output", "json")
    assert again.json["archived"] == []


def test_nothing_is_archived_while_a_ticket_is_left(jira, step):
    step(jira, *RELEASE, "--ticket", "SHOP-1")
    old_versions(jira)
    jira.fail(method="POST", path="/issue/SHOP-1/transitions", status=403, times=None)
    step(jira, *RELEASE, "--done", "--archive-older-than", "90d", expect=1)
    assert not jira.state["versions"]["30001"].get("archived")


def test_done_of_an_unknown_release(jira, step):
    result = step(jira, *RELEASE, "--done", expect=1)
    assert "cannot find a version of 'web' 1.4.0 for 'shop' in any project" in result.err
    assert "hint: the run without '--done' creates it" in result.err


def told(tmp_path, **more):
    """A record of a build of web 1.4.0 for the shop."""
    record = tmp_path / "record"
    record.mkdir()
    (record / "20261122T100000.000Z-deploy-preview-00000000.json").write_text(json.dumps({
        "schemaVersion": 1, "steps": [], "charts": [{"name": "web", "version": "1.4.0"}],
        "environment": {"stack": "shop", "namespace": "web-main", "release": "web"}, **more}))
    return record


def test_done_of_a_release_without_tickets_is_nothing_to_do(jira, step, tmp_path, repository):
    none = ["--range", "HEAD..HEAD", "--git-dir", repository]
    result = step(jira, *RELEASE, "--done", *none)
    assert result.out == "nothing to do: the release has no tickets\n"
    record = told(tmp_path)
    result = step(jira, "--done", "--record", record)
    assert "warning: there is no version of 'web' 1.4.0 for 'shop'" in result.err
    step(jira, "--record", record, *none)
    assert step(jira, *RELEASE, "--done", "--record", record, "--output", "json").json == {
        "versions": [], "tickets": [], "left": [], "archived": []}


@pytest.mark.parametrize("args, more", [
    (["--semver", "1.4.1"], {}),
    (["--app", "wbe", "--semver", "1.4.0"], {}),
    (["--ticket", "SHOP-1"], {}),
    ([], {"tickets": ["SHOP-1"]}),
    ([], {"jira": {"versions": [{"project": "SHOP", "id": "1", "name": "x", "created": True}]}}),
])
def test_done_of_a_release_that_should_have_a_version(jira, step, tmp_path, args, more):
    result = step(jira, "--done", "--record", told(tmp_path, **more), *args, expect=1)
    assert "cannot find a version of " in result.err


def test_done_asks_the_projects_of_the_record(cloud, step, tmp_path):
    release(cloud, "SHOP-1")
    step(cloud, "--done", "--record", told(tmp_path, jira={"versions": [
        {"project": "SHOP", "id": "10300", "name": "x", "created": True}]}))
    asked = {request.path for request in cloud.requests if "/project/" in request.path}
    assert asked == {"/rest/api/3/project/SHOP/version"}


def test_done_asks_no_thousand_projects(jira, step):
    release(jira, "SHOP-1")
    jira.state["projects"].update((f"P{n}", {"id": str(50000 + n), "name": "x"})
                                  for n in range(1000))
    result = step(jira, *RELEASE, "--done", expect=2)
    assert "there are more than 100 projects" in result.err and "--project" in result.err
    assert len(jira.requests) < 6
    step(jira, *RELEASE, "--done", "--project", "SHOP")
    assert jira.state["issues"]["SHOP-1"]["status"] == "Done"


def test_a_transition_whose_answer_was_lost_is_no_failure(jira, step):
    release(jira, "SHOP-1")
    jira.fail(method="POST", path="/transitions$", lose=True)
    step(jira, *RELEASE, "--done")
    assert jira.state["issues"]["SHOP-1"]["status"] == "Done"
    assert jira.state["versions"]["10300"]["released"] is True


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
