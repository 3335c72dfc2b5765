"""The scripted Jira says yes and no where the real one does."""

import base64
import http.client
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

import scripted_jira
from scripted_jira import PAT, TOKEN, USER, ScriptedJira, cloud_state, datacenter_state
from scripted_server import in_iso

BASIC = "Basic " + base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
HERE = Path(__file__).resolve().parent


class Client:
    def __init__(self, server, auth, base):
        self.connection = http.client.HTTPConnection(server.origin[len("http://"):], timeout=10)
        self.auth, self.base = auth, base

    def __call__(self, method, path, value=None, **headers):
        sent = {"Authorization": self.auth, **headers}
        body = None
        if value is not None:
            body = json.dumps(value)
            sent.setdefault("Content-Type", "application/json")
        self.connection.request(method, self.base + path, body, sent)
        reply = self.connection.getresponse()
        text = reply.read()
        return reply.status, json.loads(text) if text else None


@pytest.fixture(params=["cloud", "datacenter"])
def jira(request):
    cloud = request.param == "cloud"
    with ScriptedJira(cloud_state() if cloud else datacenter_state()) as server:
        server.call = Client(server, BASIC if cloud else f"Bearer {PAT}", server.base)
        yield server


def test_both_kinds_tell_what_they_are_at_one_address(jira):
    status, info = Client(jira, "", "/rest/api/2")("GET", "/serverInfo")
    assert status == 200
    assert info["deploymentType"] == ("Cloud" if jira.cloud else "Server")


@pytest.mark.parametrize("auth", ["", "Basic bm86Ym9keQ==", "Bearer no", "Basic"])
def test_wrong_credentials_are_401(jira, auth):
    assert Client(jira, auth, jira.base)("GET", "/issue/SHOP-1")[0] == 401


def test_data_center_has_no_v3():
    with pytest.raises(AssertionError, match="no such call"):
        with ScriptedJira(datacenter_state()) as jira:
            assert Client(jira, f"Bearer {PAT}", "/rest/api/3")("GET", "/myself")[0] == 404


def test_a_version_is_created_once(jira):
    wanted = {"name": "web-demo-2026-11-22-1.4.0", "projectId": 10000}
    status, version = jira.call("POST", "/version", wanted)
    assert (status, version["name"], version["released"]) == (201, wanted["name"], False)
    status, refusal = jira.call("POST", "/version", wanted)
    assert status == 400 and "already exists" in refusal["errors"]["name"]
    # Names are unique per project, whatever their case.
    assert jira.call("POST", "/version", {**wanted, "name": wanted["name"].upper()})[0] == 400
    assert jira.call("POST", "/version", {**wanted, "projectId": 10001})[0] == 201


def test_versions_are_found_by_text_and_by_page():
    with ScriptedJira() as jira:
        call = Client(jira, BASIC, jira.base)
        for number in range(60):
            call("POST", "/version", {"name": f"v{number:02}", "projectId": 10000})
        _, page = call("GET", "/project/SHOP/version?query=V1&maxResults=4&startAt=8")
        assert [v["name"] for v in page["values"]] == ["v18", "v19"]
        assert (page["total"], page["isLast"]) == (10, True)
        _, page = call("GET", "/project/SHOP/version")
        assert len(page["values"]) == 50 and not page["isLast"]


def test_a_version_is_released(jira):
    assert jira.call("PUT", "/version/10100", {"released": True, "releaseDate": "2026-11-22"})[0] == 200
    assert jira.call("GET", "/version/10100")[1]["released"] is True
    assert jira.call("PUT", "/version/999", {"released": True})[0] == 404


def test_fix_versions_are_added_not_replaced(jira):
    add = {"update": {"fixVersions": [{"add": {"name": "next"}}]}}
    assert jira.call("PUT", "/issue/SHOP-1", add)[0] == 400
    jira.call("POST", "/version", {"name": "next", "projectId": 10000})
    assert jira.call("PUT", "/issue/SHOP-1?notifyUsers=false", add)[0] == 204
    assert jira.call("PUT", "/issue/SHOP-1", add)[0] == 204
    _, issue = jira.call("GET", "/issue/SHOP-1?fields=fixVersions,project")
    assert [v["name"] for v in issue["fields"]["fixVersions"]] == ["autumn", "next"]
    assert set(issue["fields"]) == {"fixVersions", "project"}
    assert jira.call("PUT", "/issue/SHOP-99", add)[0] == 404


def test_a_remote_link_with_a_global_id_is_one_link(jira):
    link = {"globalId": "env=demo", "object": {"url": "https://demo.example.com", "title": "demo"}}
    assert jira.call("POST", "/issue/SHOP-1/remotelink", link)[0] == 201
    assert jira.call("POST", "/issue/SHOP-1/remotelink", link)[0] == 200
    status, found = jira.call("GET", "/issue/SHOP-1/remotelink?globalId=env%3Ddemo")
    assert (status, found["object"]["title"]) == (200, "demo")
    assert len(jira.state["issues"]["SHOP-1"]["links"]) == 1
    assert jira.call("GET", "/issue/SHOP-1/remotelink?globalId=x")[0] == 404


def test_transitions_start_where_the_workflow_lets_them(jira):
    _, found = jira.call("GET", "/issue/SHOP-1/transitions")
    assert [(t["id"], t["to"]["statusCategory"]["key"]) for t in found["transitions"]] == [
        ("11", "indeterminate"), ("31", "done")]
    assert jira.call("POST", "/issue/SHOP-1/transitions", {"transition": {"id": "21"}})[0] == 400
    assert jira.call("POST", "/issue/SHOP-1/transitions", {"transition": {"id": "31"}})[0] == 204
    assert jira.state["issues"]["SHOP-1"]["status"] == "Done"


def test_a_required_field_is_demanded(jira):
    jira.state["workflows"]["PAY"] = {
        "statuses": {"To Do": "new", "Closed": "done"},
        "transitions": [{"id": "5", "name": "Close", "from": None, "to": "Closed",
                         "required": ["resolution"]}]}
    close = {"transition": {"id": "5"}}
    status, refusal = jira.call("POST", "/issue/PAY-7/transitions", close)
    assert status == 400 and "resolution" in refusal["errors"]
    _, found = jira.call("GET", "/issue/PAY-7/transitions?expand=transitions.fields")
    assert found["transitions"][0]["fields"]["resolution"]["required"]
    close["fields"] = {"resolution": {"name": "Done"}}
    assert jira.call("POST", "/issue/PAY-7/transitions", close)[0] == 204


def test_comments_are_of_the_kinds_own_format(jira):
    document = {"type": "doc", "version": 1, "content": [
        {"type": "paragraph", "content": [{"type": "text", "text": "on demo"}]}]}
    right, wrong = (document, "on demo") if jira.cloud else ("on demo", document)
    assert jira.call("POST", "/issue/SHOP-1/comment", {"body": right})[0] == 201
    assert jira.call("POST", "/issue/SHOP-1/comment", {"body": wrong})[0] == 400
    number = jira.call("GET", "/issue/SHOP-1/comment")[1]["comments"][0]["id"]
    assert jira.call("PUT", f"/issue/SHOP-1/comment/{number}", {"body": right})[0] == 200
    jira.violations.clear()


def test_cloud_reads_many_issues_at_once():
    with ScriptedJira() as jira:
        call = Client(jira, BASIC, jira.base)
        _, found = call("POST", "/issue/bulkfetch", {
            "issueIdsOrKeys": ["PAY-7", "SHOP-99", "SHOP-1"], "fields": ["status"]})
        assert [issue["key"] for issue in found["issues"]] == ["PAY-7", "SHOP-1"]
        for key in ("SHOP-1", "SHOP-2", "SHOP-3"):
            jira.state["issues"][key]["fixVersions"] = ["10100"]
        asked = {"jql": "fixVersion in (10100) ORDER BY key", "fields": ["status"], "maxResults": 2}
        _, first = call("POST", "/search/jql", asked)
        _, second = call("POST", "/search/jql", {**asked, "nextPageToken": first["nextPageToken"]})
        assert len(first["issues"]) == 2 and second["isLast"] and len(second["issues"]) == 1


def test_data_center_searches_by_page():
    with ScriptedJira(datacenter_state()) as jira:
        call = Client(jira, f"Bearer {PAT}", jira.base)
        asked = {"jql": "key in (SHOP-1, SHOP-99)", "fields": ["status"]}
        assert call("POST", "/search", asked)[0] == 400
        _, found = call("POST", "/search", {**asked, "validateQuery": False})
        assert found["total"] == 1 and "SHOP-99" in found["warningMessages"][0]


@pytest.mark.parametrize("method, path, value", [
    ("GET", "/issue/SHOP-1?feilds=status", None),
    ("GET", "/projects", None),
    ("PATCH", "/issue/SHOP-1", {}),
    ("POST", "/version", {"name": "x", "project_id": 10000}),
    ("POST", "/version", {"name": "x", "projectId": "10000"}),
    ("POST", "/version", {"name": "x", "projectId": 10000, "id": "7"}),
    ("POST", "/version", {"name": "x", "projectId": 10000, "releaseDate": "22.11.2026"}),
    ("POST", "/issue/SHOP-1/remotelink", {"globalId": "x", "object": {"url": "https://a"}}),
    ("PUT", "/issue/SHOP-1", {"update": {"fixVersions": {"add": {"name": "x"}}}}),
])
def test_what_the_document_does_not_allow_fails_the_test(method, path, value):
    with pytest.raises(AssertionError, match=path.split("?")[0]):
        with ScriptedJira() as jira:
            assert Client(jira, BASIC, jira.base)(method, path, value)[0] in (400, 404, 405)


def test_a_body_must_be_json():
    with pytest.raises(AssertionError, match="content type"):
        with ScriptedJira() as jira:
            call = Client(jira, BASIC, jira.base)
            assert call("POST", "/version", {}, **{"Content-Type": "text/plain"})[0] == 400


def test_faults_come_as_often_as_told():
    with ScriptedJira() as jira:
        call = Client(jira, BASIC, jira.base)
        jira.fail(status=429, headers={"Retry-After": "1", "X-RateLimit-Reset": in_iso(1)}, times=2)
        jira.fail(method="PUT", status=503, times=None)
        assert [call("GET", "/myself")[0] for _ in range(3)] == [429, 429, 200]
        assert [call("PUT", "/version/10100", {})[0] for _ in range(3)] == [503] * 3
        assert [r.status for r in jira.requests] == [429, 429, 200, 503, 503, 503]
        assert len(jira.writes) == 3


def test_answers_are_cut_lost_swollen_and_html():
    with ScriptedJira() as jira:
        jira.fail(cut=5)
        with pytest.raises(http.client.IncompleteRead):
            Client(jira, BASIC, jira.base)("GET", "/myself")
        # The change is made, only its answer is lost.
        jira.fail(lose=True)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            Client(jira, BASIC, jira.base)("POST", "/version", {"name": "new", "projectId": 10000})
        assert any(v["name"] == "new" for v in jira.state["versions"].values())
        call = Client(jira, BASIC, jira.base)
        jira.fail(oversized=1 << 20)
        assert call("GET", "/myself") == (200, [])
        jira.fail(html=True)
        with pytest.raises(json.JSONDecodeError):
            call("GET", "/myself")
        jira.fail(delay=0.05)
        started = time.monotonic()
        assert call("GET", "/myself")[0] == 200
        assert time.monotonic() - started >= 0.05


def test_as_a_program_it_keeps_its_state_in_a_file(tmp_path):
    port_file, state_file = tmp_path / "port", tmp_path / "state.json"
    program = subprocess.Popen(
        [sys.executable, HERE / "scripted_jira.py", "--port", "0",
         "--port-file", port_file, "--state", state_file])
    try:
        deadline = time.monotonic() + 20
        while not port_file.exists():
            assert program.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        base = f"http://127.0.0.1:{port_file.read_text().strip()}"

        def control(method, what, value=None):
            request = urllib.request.Request(
                f"{base}/_control/{what}", method=method,
                data=json.dumps(value).encode() if value else None)
            text = urllib.request.urlopen(request, timeout=10).read()
            return json.loads(text) if text else None

        control("POST", "faults", {"status": 502, "times": 1})
        assert control("GET", "faults")[0]["status"] == 502
        control("DELETE", "faults")
        version = urllib.request.Request(
            f"{base}/rest/api/3/version", method="POST",
            headers={"Authorization": BASIC, "Content-Type": "application/json"},
            data=b'{"name": "kept", "projectId": 10000}')
        assert urllib.request.urlopen(version, timeout=10).status == 201
        assert [r["path"] for r in control("GET", "requests")] == ["/rest/api/3/version"]
        assert control("GET", "violations") == []
    finally:
        program.terminate()
        assert program.wait(timeout=20) == 0
    kept = json.loads(state_file.read_text())
    assert "kept" in [version["name"] for version in kept["versions"].values()]
    assert scripted_jira.ScriptedJira(kept).cloud


def test_it_may_live_below_a_prefix():
    with ScriptedJira(datacenter_state()) as jira:
        jira.prefix = "/jira"
        call = Client(jira, f"Bearer {PAT}", "/jira/rest/api/2")
        assert call("GET", "/serverInfo")[1]["baseUrl"] == jira.url == jira.origin + "/jira"
        Client(jira, f"Bearer {PAT}", "/rest/api/2")("GET", "/serverInfo")
        assert jira.violations.pop() == "GET /rest/api/2/serverInfo: outside of the prefix"


def test_projects_are_listed(jira):
    path = "/project/search?startAt=0" if jira.cloud else "/project"
    _, found = jira.call("GET", path)
    projects = found["values"] if jira.cloud else found
    assert [project["key"] for project in projects] == ["SHOP", "PAY"]
