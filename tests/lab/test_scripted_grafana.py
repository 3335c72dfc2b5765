"""The scripted Grafana keeps and refuses annotations as the real one does."""

import http.client
import json

import pytest

from scripted_grafana import TOKEN, ScriptedGrafana, grafana_state


class Client:
    def __init__(self, server, token=TOKEN):
        self.connection = http.client.HTTPConnection(server.origin[len("http://"):], timeout=10)
        self.token = token

    def __call__(self, method, path, value=None):
        headers = {"Authorization": f"Bearer {self.token}"}
        if value is not None:
            headers["Content-Type"] = "application/json"
        self.connection.request(
            method, path, None if value is None else json.dumps(value), headers)
        reply = self.connection.getresponse()
        return reply.status, json.loads(reply.read())


@pytest.fixture
def grafana():
    with ScriptedGrafana() as server:
        server.call = Client(server)
        yield server


def add(server, **given):
    status, answer = server.call("POST", "/api/annotations", {"text": "deployed", **given})
    assert status == 200, answer
    return answer["id"]


def test_health_needs_no_token(grafana):
    assert Client(grafana, "")("GET", "/api/health")[0] == 200


def test_tokens_and_rights():
    state = grafana_state()
    state["tokens"]["viewer"] = ["annotations:read"]
    with ScriptedGrafana(state) as grafana:
        assert Client(grafana, "wrong")("GET", "/api/annotations")[0] == 401
        assert Client(grafana, "viewer")("GET", "/api/annotations")[0] == 200
        status, answer = Client(grafana, "viewer")("POST", "/api/annotations", {"text": "x"})
        assert status == 403 and "annotations:create" in answer["message"]


def test_marks_are_found_by_all_their_tags_in_the_window(grafana):
    first = add(grafana, tags=["deploy", "env:demo", "app:web"], time=1000, timeEnd=3000)
    second = add(grafana, tags=["deploy", "env:demo", "app:api"], time=5000)
    add(grafana, tags=["deploy", "env:other"], time=2000)
    query = "/api/annotations?tags=deploy&tags=env%3Ademo"
    ids = [mark["id"] for mark in grafana.call("GET", query)[1]]
    assert ids == [second, first]
    ids = [mark["id"] for mark in grafana.call("GET", query + "&from=2000&to=4000")[1]]
    assert ids == [first]
    assert len(grafana.call("GET", query + "&limit=1")[1]) == 1
    assert len(grafana.call("GET", "/api/annotations?tags=env")[1]) == 3


def test_a_mark_is_patched_in_place(grafana):
    number = add(grafana, tags=["deploy"], time=1000)
    status, _ = grafana.call("PATCH", f"/api/annotations/{number}",
                             {"text": "ready", "timeEnd": 9000})
    assert status == 200
    _, mark = grafana.call("GET", f"/api/annotations/{number}")
    assert (mark["text"], mark["time"], mark["timeEnd"], mark["tags"]) == (
        "ready", 1000, 9000, ["deploy"])
    assert grafana.call("PATCH", "/api/annotations/4711", {"text": "x"})[0] == 404


def test_a_dashboard_must_be_there(grafana):
    assert add(grafana, dashboardUID="shop-overview", panelId=2, time=1000)
    status, answer = grafana.call("POST", "/api/annotations",
                                  {"text": "x", "dashboardUID": "nowhere"})
    assert (status, answer["message"]) == (404, "Dashboard not found")


@pytest.mark.parametrize("value", [
    {"text": "x", "tags": ["t" * 101]},
    {"text": "x", "tags": [f"k{n}:" + "v" * 90 for n in range(6)]},
    {"text": "x", "tags": "deploy"},
    {"text": "x", "time": "2026-11-22"},
    {"text": "x", "when": 1},
    {"tags": ["deploy"]},
    {"text": "x", "dashboardUID": "shop-overview", "panelId": 9},
])
def test_what_grafana_cannot_keep_fails_the_test(value):
    with pytest.raises(AssertionError, match="POST /api/annotations"):
        with ScriptedGrafana() as grafana:
            assert Client(grafana)("POST", "/api/annotations", value)[0] >= 400


def test_an_empty_text_is_refused(grafana):
    assert grafana.call("POST", "/api/annotations", {"text": " "})[0] == 400
