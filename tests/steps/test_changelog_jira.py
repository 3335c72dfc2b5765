"""changelog and Jira: which projects there are, and what tickets are called."""

from __future__ import annotations

from pathlib import Path

import pytest

import records
from histories import History
from scripted_jira import (PAT, TOKEN, USER, ScriptedJira, cloud_state,
                           datacenter_state)


@pytest.fixture(params=["cloud", "datacenter"])
def jira(request):
    cloud = request.param == "cloud"
    with ScriptedJira(cloud_state() if cloud else datacenter_state()) as server:
        yield server


@pytest.fixture
def web(tmp_path: Path) -> History:
    history = History(tmp_path / "web")
    history.commit("Begin")
    history.tag("v1.0.0")
    history.commit("SHOP-1 and PAY-7, not NOPE-1")
    return history


@pytest.fixture
def changelog(run_step, web):
    def run(server, *args, **options):
        given = {"JIRA_URL": server.url, "JIRA_TOKEN": TOKEN if server.cloud else PAT}
        if server.cloud:
            given["JIRA_USER"] = USER
        return run_step("changelog", "--range", "v1.0.0..", *args, cwd=web.folder,
                        env=given | options.pop("env", {}), **options)
    return run


def test_titles_and_projects_are_asked(jira, changelog, tmp_path):
    record = tmp_path / "record"
    result = changelog(jira, "--output", "json", "--record", str(record))
    issues = jira.state["issues"]
    assert result.json["tickets"] == [
        {"key": key, "title": issues[key]["summary"], "url": f"{jira.url}/browse/{key}"}
        for key in ("SHOP-1", "PAY-7")]
    assert records.merged(record)["changelog"] == result.json
    text = changelog(jira).out
    assert f"tickets:\n  SHOP-1 {issues['SHOP-1']['summary']}\n" in text
    page = changelog(jira, "--markdown").out
    assert f"[SHOP-1]({jira.url}/browse/SHOP-1)" in page
    assert (TOKEN if jira.cloud else PAT) not in result.out + result.err + text + page


def test_a_named_project_is_not_asked_for(jira, changelog):
    result = changelog(jira, "--project", "NOPE", "--output", "json")
    assert result.json["tickets"] == [
        {"key": "NOPE-1", "url": f"{jira.url}/browse/NOPE-1"}]


def test_without_a_token_there_are_links(jira, changelog):
    result = changelog(jira, "--output", "json", env={"JIRA_TOKEN": ""})
    assert [one["url"] for one in result.json["tickets"]] == [
        f"{jira.url}/browse/{key}" for key in ("SHOP-1", "PAY-7", "NOPE-1")]
    assert not jira.requests


def test_a_wrong_token_is_a_warning_and_fails_the_check(jira, changelog):
    wrong = {"JIRA_TOKEN": "wrong-token-1"}
    result = changelog(jira, "--output", "json", env=wrong)
    assert [one["key"] for one in result.json["tickets"]] == ["SHOP-1", "PAY-7", "NOPE-1"]
    assert "warning: tickets of any project count: " in result.err
    assert "warning: tickets without their titles: " in result.err
    assert "wrong-token-1" not in result.err
    changelog(jira, "--check", env=wrong, expect=1)
    changelog(jira, "--check")


def test_a_jira_that_is_away_fails_nothing(run_step, web):
    result = run_step("changelog", "--range", "v1.0.0..", "--output", "json",
                      cwd=web.folder, env={"JIRA_URL": "http://127.0.0.1:1",
                                           "JIRA_TOKEN": "some-token-1"})
    assert [one["key"] for one in result.json["tickets"]] == ["SHOP-1", "PAY-7", "NOPE-1"]
    assert "warning: tickets without their titles: " in result.err


def test_titles_are_text(jira, changelog):
    jira.state["issues"]["SHOP-1"]["summary"] = "\x1b[2J [x](http://evil) @all\n# y"
    assert "  SHOP-1 [2J [x](http://evil) @all # y\n" in changelog(jira).out
    page = changelog(jira, "--markdown").out
    assert "\\[x\\]\\(http:&#8203;\\/\\/evil\\) @&#8203;all \\# y\n" in page
