"""jira-fixversion --done: on another day, in another build."""

from __future__ import annotations

import json
import re

import pytest

from jira_world import RELEASE, cloud, jira, release, repository, step  # noqa: F401
from scripted_jira import new_issue


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


def test_a_version_that_cannot_be_released(jira, step):
    """The others are, and what was done is told."""
    release(jira, "SHOP-1", "PAY-7")
    jira.state["versions"]["10400"] = {"name": "web-shop-2025-06-30-1.4.0", "project": "PAY"}
    jira.state["issues"]["PAY-7"]["fixVersions"] = ["10400"]
    jira.fail(method="PUT", path="/version/10300", status=403, times=None)
    result = step(jira, *RELEASE, "--done", "--archive-older-than", "1d", "--output", "json",
                  expect=1)
    assert "moved 'SHOP-1' to done" in result.err
    assert "cannot release version 'web-shop-2025-06-30-1.4.0' in 'SHOP': " in result.err
    assert "hint: the user needs the right to administer that project" in result.err
    assert {t["key"]: t["done"] for t in result.json["tickets"]} == {
        "SHOP-1": True, "PAY-7": True}
    assert jira.state["versions"]["10400"]["released"] is True


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
