#!/usr/bin/env python3
"""A scripted Grafana: the annotations that it keeps, by either API.

Written from the vendor's documents, before and apart from our client.  Tags
are read as Grafana does: "key:value" at the first colon, each half at most
100 characters, all of them together at most 500 as JSON.

    python3 tests/lab/scripted_grafana.py --port 0 --port-file F --state FILE
"""

import sys
import time
from typing import Any

from openapi_check import Document
from scripted_server import Reply, Request, ScriptedServer, main

TOKEN = "glsa_grafana-service-account-5d20"
TAG_HALF_MAX = 100
TAGS_MAX = 500
LIMIT_DEFAULT = 100


def grafana_state() -> dict[str, Any]:
    """One dashboard with two panels, no annotations yet."""
    return {
        "tokens": {TOKEN: ["annotations:read", "annotations:create", "annotations:write"]},
        "dashboards": {"shop-overview": [1, 2]},
        "next": 40,
        "annotations": [],
        "apis": ["api"],
        # Whether the newer API changes a mark's times, or silently keeps them.
        "moves": True,
    }


def newer_state() -> dict[str, Any]:
    """A Grafana without the older API."""
    return {**grafana_state(), "apis": ["apis"]}


NEWER = "/apis/annotation.grafana.app/"
WRITES = {"GET": "annotations:read", "POST": "annotations:create"}


class ScriptedGrafana(ScriptedServer):
    document = Document("grafana.json", "grafana-apis.json")

    def __init__(self, state: dict[str, Any] | None = None, state_file: str | None = None):
        super().__init__(state or grafana_state(), state_file)

    def authorize(self, request: Request) -> Reply | None:
        if request.path == "/api/health":
            return None
        if ("apis" if request.path.startswith(NEWER) else "api") not in self.state["apis"]:
            return self.refuse(404, "Not found")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        rights = self.state["tokens"].get(token)
        if scheme != "Bearer" or rights is None:
            return self.refuse(401, "Unauthorized")
        wanted = WRITES.get(request.method, "annotations:write")
        if wanted not in rights:
            return Reply(403, {
                "title": "Access denied", "accessErrorId": "ACE0217",
                "message": "You'll need additional permissions to perform this "
                           f"action. Permissions needed: {wanted}"})
        return None

    def do_health(self, _request: Request) -> Reply:
        return Reply(200, {"database": "ok", "version": "12.4.0", "commit": "0000000"})

    def do_findAnnotations(self, request: Request) -> Reply:
        params = request.params
        wanted = _pairs([value for name, value in request.query if name == "tags"])
        start, end = int(params.get("from", 0)), int(params.get("to", 0))
        found = [one for one in self.state["annotations"]
                 if (not (start > 0 and end > 0)
                     or (one["time"] <= end and one["timeEnd"] >= start))
                 and params.get("dashboardUID", one["dashboardUID"]) == one["dashboardUID"]
                 and int(params.get("panelId", one["panelId"])) == one["panelId"]
                 and _carries(_pairs(one["tags"]), wanted, params.get("matchAny") == "true")]
        found.sort(key=lambda one: (one["timeEnd"], one["time"]), reverse=True)
        return Reply(200, found[:int(params.get("limit", LIMIT_DEFAULT))])

    def do_addAnnotation(self, request: Request) -> Reply:
        given = request.value
        if not given["text"].strip():
            return self.refuse(400, "Failed to save annotation: text field should not be empty")
        board = given.get("dashboardUID", "")
        panels = self.state["dashboards"].get(board)
        if board and panels is None:
            return self.refuse(404, "Dashboard not found")
        if given.get("panelId", 0) and given["panelId"] not in (panels or []):
            # Grafana keeps a mark of a panel that is not there; nobody sees it.
            return self._violation(request, 400, [f"no panel {given['panelId']} in '{board}'"])
        now = int(time.time() * 1000)
        one = {"id": self.state["next"] + 1, "dashboardUID": board,
               "panelId": given.get("panelId", 0), "text": given["text"],
               "time": given.get("time") or now, "created": now, "updated": now,
               "tags": [_join(pair) for pair in _pairs(given.get("tags", []))]}
        one["timeEnd"] = given.get("timeEnd") or one["time"]
        refused = self._settle(request, one)
        if refused:
            return refused
        self.state["next"] = one["id"]
        self.state["annotations"].append(one)
        return Reply(200, {"id": one["id"], "message": "Annotation added"})

    def do_getAnnotation(self, _request: Request, id: str) -> Reply:
        one = self._find(id)
        return Reply(200, one) if one else self.refuse(404, "Annotation not found")

    def do_patchAnnotation(self, request: Request, id: str) -> Reply:
        return self._change(request, id, "Annotation patched")

    def do_updateAnnotation(self, request: Request, id: str) -> Reply:
        return self._change(request, id, "Annotation updated")

    def do_deleteAnnotation(self, _request: Request, id: str) -> Reply:
        one = self._find(id)
        if one is None:
            return self.refuse(404, "Annotation not found")
        self.state["annotations"].remove(one)
        return Reply(200, {"message": "Annotation deleted"})

    # The newer API: the same marks as objects of Kubernetes.

    def do_searchAnnotations(self, request: Request, namespace: str) -> Reply:
        params = request.params
        wanted = _pairs([value for name, value in request.query if name == "tag"])
        start = int(params.get("continue", "0"))
        size = min(int(params.get("limit", LIMIT_DEFAULT)), self.state.get("page", 1000))
        found = [one for one in self.state["annotations"]
                 if one["time"] <= int(params["to"]) and one["timeEnd"] >= int(params["from"])
                 and params.get("dashboardUID", one["dashboardUID"]) == one["dashboardUID"]
                 and int(params.get("panelID", one["panelId"])) == one["panelId"]
                 and _carries(_pairs(one["tags"]), wanted, False)]
        metadata = {"continue": str(start + size)} if start + size < len(found) else {}
        return self._namespaced(namespace) or Reply(200, {
            "items": [_object(one) for one in found[start:start + size]], "metadata": metadata})

    def do_createAnnotation(self, request: Request, namespace: str) -> Reply:
        spec = request.value["spec"]
        one = {"id": self.state["next"] + 1, "text": spec["text"], "time": spec["time"],
               "timeEnd": spec.get("timeEnd", spec["time"]), "tags": spec.get("tags", []),
               "dashboardUID": spec.get("dashboardUID", ""), "panelId": spec.get("panelID", 0),
               "name": f"{request.value['metadata']['generateName']}{self.state['next'] + 1}"}
        refused = self._namespaced(namespace) or self._settle(request, one)
        if refused:
            return refused
        self.state["next"] = one["id"]
        self.state["annotations"].append(one)
        return Reply(201, _object(one))

    def do_mergeAnnotation(self, request: Request, namespace: str, name: str) -> Reply:
        one = self._named(name)
        if one is None:
            return self.refuse(404, f'annotations.annotation.grafana.app "{name}" not found')
        kept = () if self.state["moves"] else ("time", "timeEnd")
        one.update((key, value) for key, value in request.value["spec"].items()
                   if key not in kept)
        return self._namespaced(namespace) or self._settle(request, one) or Reply(
            200, _object(one))

    def do_removeAnnotation(self, _request: Request, namespace: str, name: str) -> Reply:
        one = self._named(name)
        if one is None:
            return self.refuse(404, f'annotations.annotation.grafana.app "{name}" not found')
        self.state["annotations"].remove(one)
        return self._namespaced(namespace) or Reply(200, {"status": "Success"})

    def _namespaced(self, namespace: str) -> Reply | None:
        return None if namespace == self.state.get("namespace", "default") else \
            self.refuse(403, "namespace mismatch")

    def _named(self, name: str) -> dict | None:
        return next((one for one in self.state["annotations"] if one.get("name") == name), None)

    def _change(self, request: Request, number: str, message: str) -> Reply:
        one = self._find(number)
        if one is None:
            return self.refuse(404, "Annotation not found")
        changed = {**one, **request.value, "updated": int(time.time() * 1000)}
        changed["tags"] = [_join(pair) for pair in _pairs(changed["tags"])]
        refused = self._settle(request, changed)
        if refused:
            return refused
        one.update(changed)
        return Reply(200, {"message": message})

    def _settle(self, request: Request, one: dict) -> Reply | None:
        """Order the times as Grafana does and check the tags."""
        one["time"], one["timeEnd"] = sorted((one["time"], one["timeEnd"]))
        length = len('["' + '","'.join(one["tags"]) + '"]')
        if length > TAGS_MAX:
            return self._violation(request, 400, [
                f"tags length ({length}) exceeds the maximum allowed ({TAGS_MAX})"])
        if any(len(half) > TAG_HALF_MAX for pair in _pairs(one["tags"]) for half in pair):
            # PostgreSQL and MySQL: "value too long for type character varying(100)".
            return self._violation(request, 500, ["a tag is too long"])
        return None

    def _find(self, number: str) -> dict | None:
        return next((one for one in self.state["annotations"] if str(one["id"]) == number), None)


def _object(one: dict) -> dict:
    spec = {key: one[key] for key in ("text", "time", "timeEnd", "tags")}
    if one["dashboardUID"]:
        spec |= {"dashboardUID": one["dashboardUID"], "panelID": one["panelId"]}
    return {"apiVersion": "annotation.grafana.app/v0alpha1", "kind": "Annotation",
            "metadata": {"name": one["name"], "generateName": "slipway-"}, "spec": spec}


def _pairs(tags: list[str]) -> list[tuple[str, str]]:
    """Tags as (key, value), each once, in order."""
    halves = [tag.partition(":") for tag in tags if tag.strip()]
    return list(dict.fromkeys((key.strip(), value.strip()) for key, _, value in halves))


def _join(pair: tuple[str, str]) -> str:
    return ":".join(pair) if pair[1] else pair[0]


def _carries(tags: list[tuple[str, str]], wanted: list[tuple[str, str]], any_of: bool) -> bool:
    if not wanted:
        return True
    # A filter without a value matches every value of its key.
    hits = [any(key == k and (not value or value == v) for k, v in tags)
            for key, value in wanted]
    return any(hits) if any_of else all(hits)


if __name__ == "__main__":
    sys.exit(main(ScriptedGrafana, grafana_state(),
                  "A scripted Grafana for tests and demonstrations"))
