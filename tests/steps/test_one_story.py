"""Pull request, Jira's version and the mark tell the same of a release."""

from __future__ import annotations

import json

import scripted_grafana
import scripted_jira
from histories import History
from scripted_grafana import ScriptedGrafana
from scripted_jira import ScriptedJira

DEPLOYED = {
    "schemaVersion": 1, "steps": [{
        "name": "deploy-preview", "version": "1.0.0", "seconds": 1,
        "started": "2026-01-01T00:00:00Z", "outcome": "done"}],
    "environment": {"stack": "shop", "namespace": "web-main", "release": "web",
                    "revision": 3, "applications": [
                        {"name": "web", "old": "1.0.0", "new": "1.1.0"}]}}


def test_what_changelog_found_is_told_by_all(run_step, tmp_path):
    web = History(tmp_path / "web")
    web.commit("Begin")
    web.tag("v1.0.0")
    web.pull_request(7, "Keep the <basket> for @all", "SHOP-1: wip")
    record = tmp_path / "record"
    record.mkdir()
    (record / "20260101T000000.000Z-deploy-preview-00000000.json").write_text(
        json.dumps(DEPLOYED))
    common = ["--record", str(record)]
    with ScriptedJira() as jira, ScriptedGrafana() as grafana:
        asked = {"JIRA_URL": jira.url, "JIRA_USER": scripted_jira.USER,
                 "JIRA_TOKEN": scripted_jira.TOKEN}
        told = run_step("changelog", "--range", "v1.0.0..main", "--app", "web",
                        *common, cwd=web.folder, env=asked).out
        for _ in range(2):      # again: the same version, the same mark
            run_step("jira-fixversion", "--app", "web", "--semver", "1.1.0",
                     *common, env=asked)
            run_step("grafana-annotate", *common, env={
                "GRAFANA_URL": grafana.url, "GRAFANA_TOKEN": scripted_grafana.TOKEN})
        (version,) = [one for one in jira.state["versions"].values()
                      if one["name"].startswith("web-shop-")]
        (mark,) = grafana.state["annotations"]
    story = "  Keep the <basket> for @all (#7, SHOP-1), Bob"
    titles = "tickets:\n  SHOP-1 Basket forgets its items"
    for text in (told, version["description"], mark["text"]):
        assert story in text and titles in text
        assert text.count("tickets:") == 1


def test_each_application_gets_its_own_part(run_step, tmp_path):
    record = tmp_path / "record"
    record.mkdir()
    environment = DEPLOYED["environment"] | {"applications": [
        {"name": name, "old": "1.0.0", "new": "1.1.0"} for name in ("web", "api", "job")]}
    (record / "20260101T000000.000Z-deploy-preview-00000000.json").write_text(
        json.dumps(DEPLOYED | {"environment": environment}))
    for number, name in enumerate(("web", "api"), 1):
        history = History(tmp_path / name)
        history.commit("Begin")
        history.tag("v1.0.0")
        history.commit(f"SHOP-{number}: change {name}")
        run_step("changelog", "--range", "v1.0.0..main", "--app", name, "--record",
                 str(record), cwd=history.folder)
    with ScriptedJira() as jira, ScriptedGrafana() as grafana:
        run_step("jira-fixversion", "--app", "web", "--semver", "1.1.0", "--record",
                 str(record), env={"JIRA_URL": jira.url, "JIRA_USER": scripted_jira.USER,
                                   "JIRA_TOKEN": scripted_jira.TOKEN})
        run_step("grafana-annotate", "--per-application", "--record", str(record), env={
            "GRAFANA_URL": grafana.url, "GRAFANA_TOKEN": scripted_grafana.TOKEN})
        (version,) = [one for one in jira.state["versions"].values()
                      if one["name"].startswith("web-shop-")]
        marks = {mark["text"].split()[0]: mark["text"]
                 for mark in grafana.state["annotations"]}
    assert "change web" in version["description"]
    assert "change api" not in version["description"]
    assert {name: [other for other in ("web", "api") if f"change {other}" in text]
            for name, text in marks.items()} == {"web": ["web"], "api": ["api"], "job": []}
    assert "SHOP-1" in marks["web"] and "SHOP-2" not in marks["web"]
