"""The Leases "slipway" of a played Kubernetes API, one for each namespace:
who writes one must name the version that he saw."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timezone


class KubeLeases:
    def __init__(self) -> None:
        self._leases: dict[str, dict] = {}
        self._version = 0

    def respond(self, method: str, namespace: str, body: dict | None,
                ) -> tuple[int, dict | str]:
        """Status and object, or the reason of a refusal."""
        stored = self._leases.get(namespace)
        if method == "POST" and stored:
            return 409, "AlreadyExists"
        if method != "POST" and not stored:
            return 404, "NotFound"
        if method == "GET":
            return 200, stored
        if isinstance(body, list):
            return self._operate(namespace, body)
        if method == "PATCH" and body["metadata"]["resourceVersion"] \
                != stored["metadata"]["resourceVersion"]:
            return 409, "Conflict"
        if method == "PATCH":       # merges: a note stays
            body["metadata"]["annotations"] = (
                stored["metadata"].get("annotations", {})
                | body["metadata"].get("annotations", {}))
        self._store(namespace, body)
        return 201 if method == "POST" else 200, self._leases[namespace]

    def _operate(self, namespace: str, operations: list[dict],
                 ) -> tuple[int, dict | str]:
        """RFC 6902, of which an API server takes what is missing for null."""
        wanted = deepcopy(self._leases[namespace])
        for operation in operations:
            *parents, last = (p.replace("~1", "/") for p in
                              operation["path"].split("/")[1:])
            where = wanted
            for name in parents:
                where = where.get(name)
            if where is None or operation["op"] == "test" \
                    and where.get(last) != operation["value"]:
                return 422, "Invalid"
            where[last] = operation["value"]
        self._store(namespace, wanted)
        return 200, self._leases[namespace]

    def take(self, namespace: str, holder: str, now: float) -> bool:
        """As a run would; False: another holds it."""
        if self._leases.get(namespace, {"spec": {}})["spec"].get(
                "holderIdentity"):
            return False
        heard = datetime.fromtimestamp(now, timezone.utc)
        self._store(namespace, {"metadata": {}, "spec": {
            "holderIdentity": holder, "leaseDurationSeconds": 60,
            "renewTime": heard.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}})
        return True

    def give_back(self, namespace: str) -> None:
        self._store(namespace, {"metadata": {"annotations": {
            "slipway/owner": "{}"}}, "spec": {}})

    def forget(self, namespace: str) -> None:
        """It goes with its namespace."""
        self._leases.pop(namespace, None)

    def _store(self, namespace: str, body: dict) -> None:
        self._version += 1
        self._leases[namespace] = body | {"metadata": body["metadata"] | {
            "resourceVersion": str(self._version)}}
