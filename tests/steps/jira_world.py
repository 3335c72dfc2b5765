"""A scripted Jira, and the step run against it as releases do.

Every test that uses `jira` fails when a request was not as the vendor's
document wants it.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from scripted_jira import PAT, TOKEN, USER, ScriptedJira, cloud_state, datacenter_state

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


def release(jira, *keys):
    """What an earlier run, another day, has left."""
    jira.state["versions"]["10300"] = {"name": "web-shop-2025-06-30-1.4.0", "project": "SHOP"}
    for key in keys:
        jira.state["issues"][key]["fixVersions"].append("10300")
