"""A Kubernetes API by script: enough of it for the steps to talk to, and
every way in which an answer can be wrong.

    with ScriptedKube() as kube:
        kube.break_at("GET", "/api/v1/secrets", Reply(500))
        run_step("expire-sweep", env=kube.env(tmp_path), expect=75)

What is not scripted is an empty list, a Status NotFound for one object, and a
server-side dry run that goes well.
"""

from __future__ import annotations

import json
from email.utils import formatdate
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from kube_leases import KubeLeases
from scripted_http import Reply, Request, Script, ScriptedHttp

DRY_RUN = "dryRun=All"
TOKEN = "canary-0123456789abcdef"
ENDED = 1600000000      # an expiry in 2020


def answer(body: object, status: int = 200, date: bool = True) -> Reply:
    headers = ["Content-Type: application/json"]
    if date:
        headers.append(f"Date: {formatdate(usegmt=True)}")
    return Reply(status, json.dumps(body).encode(), headers)


def refusal(status: int, reason: str, message: str = "no") -> Reply:
    return answer({"kind": "Status", "status": "Failure", "code": status,
                   "reason": reason, "message": message}, status)


def listing(*items: object, token: str = "") -> Reply:
    return answer({"kind": "List", "metadata": {"continue": token},
                   "items": list(items)})


def secret(namespace: str, expires_at: int | str) -> dict:
    """The metadata of a marked release's revision."""
    return {"metadata": {
        "name": "sh.helm.release.v1.web.v1", "namespace": namespace,
        "uid": f"uid-of-{namespace}", "resourceVersion": "7",
        "labels": {"owner": "helm", "name": "web", "version": "1",
                   "status": "deployed", "slipway/managed": "v1",
                   "slipway/expires-at": str(expires_at)}}}


def namespace(name: str, expires_at: int | str | None = None,
              **annotations: str) -> dict:
    """The metadata of a marked one; annotations without their prefix."""
    labels = {"slipway/managed": "v1"}
    if expires_at is not None:
        labels["slipway/expires-at"] = str(expires_at)
    return {"metadata": {
        "name": name, "uid": f"uid-of-{name}", "resourceVersion": "8",
        "labels": labels,
        "annotations": {f"slipway/{key.replace('_', '-')}": value
                        for key, value in annotations.items()}}}


class ScriptedKube(ScriptedHttp):
    def __init__(self, **how: object) -> None:
        super().__init__(**how)
        self._scripts: dict[tuple[str, str], list[Script]] = {}
        self.always(self._answer)

    def script(self, method: str, path: str, *replies: Script) -> None:
        """The answers to these requests, one after the other; the last one
        stays."""
        self._scripts[method, path] = list(replies)

    def first(self, method: str, path: str, *replies: Script) -> None:
        """These come before what is scripted already."""
        self._scripts[method, path][:0] = replies

    def kubeconfig(self, folder: Path, cluster: dict | None = None,
                   **user: object) -> Path:
        path = folder / "kubeconfig"
        path.write_text(json.dumps({
            "clusters": [{"name": "c", "cluster": {"server": self.url,
                                                   **(cluster or {})}}],
            "users": [{"name": "u", "user": user or {"token": TOKEN}}],
            "contexts": [{"name": "x",
                          "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x"}))
        return path

    def lease(self, home: str) -> KubeLeases:
        """The Lease of an environment, which remembers its last write."""
        path = home.replace("/api/v1/", "/apis/coordination.k8s.io/v1/")
        leases = KubeLeases()

        def respond(request: Request) -> Reply:
            status, body = leases.respond(
                request.method, home, json.loads(request.body or b"null"))
            return refusal(status, body) if isinstance(body, str) \
                else answer(body, status)

        self.script("POST", f"{path}/leases", respond)
        self.script("PATCH", f"{path}/leases/slipway", respond)
        self.script("GET", f"{path}/leases/slipway", respond)
        return leases

    @property
    def writes(self) -> list[str]:
        """What was meant: no server-side dry run."""
        return [r.line for r in self.requests
                if r.method != "GET" and DRY_RUN not in r.path]

    def queries(self, path: str) -> list[dict[str, str]]:
        """The queries with which @path was asked for."""
        split = [urlsplit(r.path) for r in self.requests]
        return [{name: values[0] for name, values in parse_qs(s.query).items()}
                for s in split if s.path == path]

    def _answer(self, request: Request) -> Reply:
        path = urlsplit(request.path).path
        replies = self._scripts.get((request.method, path))
        if replies:
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
            return reply(request) if callable(reply) else reply
        if DRY_RUN in request.path:
            return answer({}, 201 if request.method == "POST" else 200)
        assert request.method == "GET", f"not scripted: {request.line}"
        parts = path.strip("/").split("/")
        if "namespaces" in parts:           # .../namespaces[/NAME[/KIND]]
            parts = parts[parts.index("namespaces"):]
            return refusal(404, "NotFound") if len(parts) == 2 else listing()
        return listing()
