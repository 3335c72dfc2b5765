"""A Kubernetes API that holds random environments and lets them be deleted.

Lists are consistent and come in small pages, but those that may be cached are
behind and in one; a deletion must name the uid
and the version that it means.  A share of the requests fails as the real one
fails.  Before any request somebody may change an environment; .wrong then
holds what was deleted though, as it stood at that moment, it had to stay.

Helm is played by .helm(folder): a program that asks the same server.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
import re
from datetime import datetime, timezone
from email.utils import formatdate
from pathlib import Path
from typing import Callable
from urllib.parse import parse_qs, urlsplit

import sweep_model
from kube_leases import KubeLeases
from scripted_http import Reply, Request
from scripted_kube import ScriptedKube, refusal
from sweep_model import Namespace, Release, Revision, World

HELM = """\
#!/bin/bash
# uninstall --namespace=NAME ... -- RELEASE
exec 3<>/dev/tcp/127.0.0.1/%d
printf 'POST /uninstall/%%s/%%s HTTP/1.1\\r\\nHost: helm\\r\\nConnection: close\\r\\n' \
    "${2#--namespace=}" "${@: -1}" >&3
printf 'Content-Length: 0\\r\\n\\r\\n' >&3
read -r _ status _ <&3
[ "$status" = 200 ] && exit 0
echo "Error: uninstall: Release not loaded: ${@: -1}: release: not found" >&2
exit 1
"""
EXPIRED_MAX = 3         # lists, of a run that has to end
FAULTS = (
    lambda: refusal(429, "TooManyRequests"),
    lambda: refusal(500, "InternalError"),
    lambda: Reply(503, b"", ["Retry-After: 0"]),
    lambda: Reply(200, b'{"items": [', length=400, close=True),
    lambda: Reply(reset=0),
)


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()


class KubeWorld(ScriptedKube):
    def __init__(self, world: World, now: int, dice: random.Random,
                 faults: float = 0.0, changes: float = 0.0):
        super().__init__()
        self.world, self.now, self.dice = dict(world), now, dice
        self.faults, self.changes = faults, changes
        self.cached = dict(world)           # as lists may still show it
        self.uninstalled: list[tuple[str, str]] = []
        self.deleted: list[str] = []
        self.changed: set[str] = set()
        self.wrong: list[str] = []
        self.expired = 0
        self.marks: Callable[[Namespace], dict[str, str]] = lambda _: {}
        self.leases = KubeLeases()
        self.working: set[str] = set()      # deployments in them
        self.versions = {name: 1 for name in world}     # of namespaces
        self._removed: dict[str, tuple[Release, ...]] = {}
        self._blind: set[str] = set()       # a look at it has begun
        self._snapshots: dict[str, list[dict]] = {}
        self.always(self._on_request)

    def helm(self, folder: Path) -> Path:
        path = folder / "helm"
        path.write_text(HELM % self.port)
        path.chmod(0o755)
        return path

    # -- requests

    def _on_request(self, request: Request) -> Reply:
        with self._lock:
            return self._dated(self._respond(request))

    def _dated(self, reply: Reply) -> Reply:
        """Refusals, too, are of the played clock."""
        reply.headers[:] = [
            header for header in reply.headers if not header.startswith("Date: ")
        ] + [f"Date: {formatdate(self.now, usegmt=True)}"]
        return reply

    def _respond(self, request: Request) -> Reply:
        url = urlsplit(request.path)
        parts = url.path.strip("/").split("/")
        query = {k: v[0] for k, v in parse_qs(url.query).items()}
        if parts[0] == "uninstall":
            return self._uninstall(*parts[1:])
        if self.dice.random() < 0.3:
            self.cached = dict(self.world)
        if self.dice.random() < self.changes:
            self._change()
        fault = (self.dice.choice(FAULTS)()
                 if self.dice.random() < self.faults else None)
        if fault and (request.method != "DELETE" or self.dice.random() < 0.5):
            return fault
        reply = self._route(request, parts, query)
        return fault or reply       # done, but nobody hears of it

    def _route(self, request: Request, parts: list[str],
               query: dict[str, str]) -> Reply:
        if parts[-1] == "selfsubjectaccessreviews":
            return self._json({"status": {"allowed": True}}, 201)
        if parts == ["api", "v1"]:
            return self._json({"resources": [
                {"name": "configmaps", "kind": "ConfigMap",
                 "namespaced": True}]})
        if "leases" in parts:
            return self._lease(request, parts[4], parts[6:])
        match parts[2:] if parts[0] == "api" else parts[3:]:
            case ["namespaces"]:
                return self._page(query, [self._namespace(n) for n in
                                          self.world.values() if n.managed])
            case ["secrets"]:
                return self._page(query, self._secrets(None, query))
            case ["namespaces", name] if name not in self.world:
                return refusal(404, "NotFound")
            case ["namespaces", name] if request.method == "DELETE":
                return self._delete(name, json.loads(request.body))
            case ["namespaces", name]:
                self._blind.add(name)
                return self._json(self._namespace(self.world[name]))
            case ["namespaces", name, "secrets"]:
                self._blind.add(name)   # asked for beside the namespace
                if query.get("resourceVersion") == "0":
                    return self._json({"metadata": {}, "items": self._secrets(
                        name, query, self.cached)})
                return self._page(query, self._secrets(name, query))
            case ["namespaces", name, "secrets", secret] \
                    if request.method == "DELETE":
                return self._forget(name, secret, json.loads(request.body))
            case ["namespaces", name, "secrets", secret]:
                return self._secret(name, secret)
            case ["namespaces", name, "pods"]:
                self._blind.add(name)
                there = self.world.get(name)
                return self._page(query, [{"metadata": {"name": "theirs"}}]
                                  if there and there.tenant else [])
            case ["namespaces", name, "configmaps", settings]:
                return self._settings(name, settings)
            case ["namespaces", _, _]:
                return self._page(query, [])
        raise AssertionError(f"not understood: {request.line}")

    def _json(self, body: object, status: int = 200) -> Reply:
        return Reply(status, json.dumps(body).encode(),
                     ["Content-Type: application/json"])

    def _page(self, query: dict[str, str], items: list[dict]) -> Reply:
        token = query.get("continue")
        if token and self.expired < EXPIRED_MAX \
                and self.dice.random() < self.faults * 2:
            self.expired += 1
            return refusal(410, "Expired")
        if token:
            items = self._snapshots.pop(token)
        size = self.dice.randrange(1, 6)
        rest, token = items[size:], ""
        if rest:
            token = f"t{len(self.requests)}"
            self._snapshots[token] = rest
        return self._json({"metadata": {"continue": token},
                           "items": items[:size]})

    # -- objects

    def _namespace(self, namespace: Namespace) -> dict:
        annotations = {"slipway/main": namespace.main,
                       "slipway/created": "then" if namespace.created
                       else None, "slipway/release": namespace.named}
        labels = {"slipway/managed": namespace.managed,
                  "slipway/expires-at": namespace.expires}
        name = namespace.name
        found = {"name": name, "uid": f"uid-{name}",
                 "resourceVersion": str(self.versions[name]),
                 "labels": _known(labels),
                 "annotations": _known(annotations) | self.marks(namespace)}
        return {"metadata": found}

    def _secrets(self, name: str | None, query: dict[str, str],
                 world: World | None = None) -> list[dict]:
        wanted = re.search(r"name=(.+)$", query["labelSelector"])
        return [self._metadata(namespace, release, revision)
                for namespace in (world or self.world).values()
                if name in (None, namespace.name)
                for release in namespace.releases
                if not wanted or release.name == wanted[1]
                for revision in release.revisions]

    def _metadata(self, namespace: Namespace, release: Release,
                  revision: Revision) -> dict:
        secret = f"sh.helm.release.v1.{release.name}.v{revision.number}"
        return {"metadata": {
            "name": secret, "namespace": namespace.name,
            "uid": f"revision-{revision.uid}",
            "resourceVersion": str(hash(revision) & 0xffffff),
            "creationTimestamp": stamp(revision.created),
            "labels": _known({
                "owner": "helm", "name": release.name,
                "version": str(revision.number), "status": revision.status,
                "slipway/managed": revision.managed,
                "slipway/run": revision.run,
                "slipway/expires-at": revision.expires})}}

    def _secret(self, name: str, secret: str) -> Reply:
        for release in self.world.get(name, Namespace(name)).releases:
            for revision in release.revisions:
                if secret.endswith(f".v1.{release.name}.v{revision.number}"):
                    return self._json(self._metadata(
                        self.world[name], release, revision) | {
                            "data": {"release": _payload(release.name,
                                                         revision)}})
        self._blind.add(name)   # asked for whether it was deployed anew
        return refusal(404, "NotFound")

    def _settings(self, name: str, settings: str) -> Reply:
        """What a release holds, with Helm's marks, or another's."""
        for release in self.world.get(name, Namespace(name)).releases:
            if settings == f"{release.name}-settings":
                return self._json({"metadata": {
                    "name": settings, "namespace": name,
                    "labels": {"app.kubernetes.io/managed-by": "Helm"},
                    "annotations": {
                        "meta.helm.sh/release-name":
                        "another" if release.taken else release.name,
                        "meta.helm.sh/release-namespace": name}}})
        return refusal(404, "NotFound")

    def _lease(self, request: Request, name: str, which: list[str]) -> Reply:
        if name not in self.world and request.method != "GET":
            return refusal(404, "NotFound")
        status, body = self.leases.respond(
            request.method, name, json.loads(request.body or b"null"))
        return self._json(body, status) if status < 300 else refusal(
            status, body)

    # -- what happens

    def _uninstall(self, name: str, release: str) -> Reply:
        namespace = self.world.get(name, Namespace(name))
        there = [r for r in namespace.releases if r.name == release
                 and any(not v.broken for v in r.revisions)]
        if not there:
            return Reply(404)       # by another sweep
        if not sweep_model.goes(namespace, there[0], self.now) \
                or there[0].taken:
            self.wrong.append(f"release {name}/{release}: {namespace}")
        if name in self.working:
            self.wrong.append(f"release {name}/{release} under a deployment")
        self.uninstalled.append((name, release))
        left = self._remove(namespace, there, helm=True)
        if not any(sweep_model.goes(left, r, self.now) for r in left.ours):
            self._blind.discard(name)
        return Reply(200)

    def _remove(self, namespace: Namespace, gone: list[Release],
                helm: bool = False) -> Namespace:
        """Their time counts for the namespace's, though they are gone.  Helm
        leaves the revisions that it cannot read."""
        name = namespace.name
        self._removed[name] = (*self._removed.get(name, ()), *gone)
        left = [sweep_model.replace(r, revisions=tuple(
            v for v in r.revisions if v.broken)) for r in gone if helm]
        self.world[name] = sweep_model.replace(namespace, releases=(
            *(r for r in namespace.releases if r not in gone),
            *(r for r in left if r.revisions)))
        return self.world[name]

    def _forget(self, name: str, secret: str, options: dict) -> Reply:
        """A revision that Helm left."""
        namespace = self.world.get(name, Namespace(name))
        for release in namespace.releases:
            for revision in release.revisions:
                told = self._metadata(namespace, release, revision)["metadata"]
                if told["name"] != secret:
                    continue
                if options["preconditions"] != {
                        k: told[k] for k in ("uid", "resourceVersion")}:
                    return refusal(409, "Conflict")
                if (name, release.name) not in self.uninstalled \
                        or not revision.broken:
                    self.wrong.append(f"revision {name}/{secret}")
                rest = tuple(v for v in release.revisions if v != revision)
                others = tuple(r for r in namespace.releases if r != release)
                self.world[name] = sweep_model.replace(
                    namespace, releases=others if not rest else (
                        *others, Release(release.name, rest)))
                return self._json({"kind": "Status"})
        return refusal(404, "NotFound")

    def _delete(self, name: str, options: dict) -> Reply:
        self._blind.discard(name)
        want = {"uid": f"uid-{name}",
                "resourceVersion": str(self.versions[name])}
        if options["preconditions"] != want:
            return refusal(409, "Conflict")
        namespace = self.world[name]
        gone = self._removed.get(name, ())
        whole = sweep_model.replace(namespace,
                                    releases=(*namespace.releases, *gone))
        # seen before, or seen after, these were gone
        if not sweep_model.namespace_goes(whole, self.now, gone) and \
                not sweep_model.namespace_goes(namespace, self.now):
            self.wrong.append(f"namespace {whole}")
        if name in self.working:
            self.wrong.append(f"namespace {name} under a deployment")
        self.deleted.append(name)
        self.leases.forget(name)
        del self.world[name]
        return self._json({"kind": "Status"})

    def _change(self) -> None:
        """Somebody deploys, renews or moves in; what was looked at a moment
        ago is left to the version that its deletion names."""
        name = self.dice.choice(sorted(self.world) or [None])
        if name is None:
            return
        if self.dice.random() < 0.4:
            self._work_on(name)
            return
        old = self.world[name]
        kinds = [self._renew, self._become_main]
        if name not in self._blind:
            kinds += [self._deploy, self._move_in]
            if name not in self.changed:    # what came and went left no trace
                kinds.append(self._leave)
        elif any(sweep_model.goes(old, r, self.now) for r in old.ours):
            return      # between a look and Helm nothing can guard
        self.world[name] = self.dice.choice(kinds)(old)
        self.changed.add(name)
        self.versions[name] += 1

    def _work_on(self, name: str) -> None:
        """A deployment begins or ends; at any moment, but it waits for who
        holds the Lease.  It has marked the namespace by then, or not yet."""
        if name not in self.working:
            if not self.leases.take(name, "deployment", self.now):
                return
            self.working.add(name)
            if self.dice.random() < 0.5:
                self.changed.add(name)
                return
        else:
            self.working.discard(name)
            self.leases.give_back(name)
        self.world[name] = self._deploy(self.world[name])
        self.changed.add(name)
        self.versions[name] += 1

    def _later(self) -> str:
        return str(self.now + self.dice.randrange(600, 10 ** 6))

    def _renew(self, old: Namespace) -> Namespace:
        return sweep_model.replace(old, managed="v1", expires=self._later())

    def _become_main(self, old: Namespace) -> Namespace:
        return sweep_model.replace(old, managed="v1", main="true")

    def _deploy(self, old: Namespace) -> Namespace:
        """A new revision, or the first one; by deploy-preview, or by hand."""
        before = old.releases[0] if old.releases else Release("web", ())
        number = max((r.number for r in before.revisions), default=0) + 1
        made = Revision(number, "v1", self._later())
        new = Release(before.name, (*before.revisions, made))
        by_hand = old.releases and self.dice.random() < 0.5
        return sweep_model.replace(old if by_hand else self._renew(old),
                                   releases=(new, *old.releases[1:]))

    def _move_in(self, old: Namespace) -> Namespace:
        return sweep_model.replace(old, tenant=True)

    def _leave(self, old: Namespace) -> Namespace:
        """Its releases go by other hands."""
        return self._remove(old, list(old.ours))


def _known(labels: dict[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in labels.items() if value is not None}


def _payload(release: str, revision: Revision) -> str:
    if revision.broken:
        return base64.b64encode(b"bm90IGEgcmVsZWFzZQ==").decode()
    data = json.dumps({
        "info": {"last_deployed": stamp(revision.deployed)},
        "config": {"global": revision.values},
        "manifest": json.dumps({"apiVersion": "v1", "kind": "ConfigMap",
                                "metadata": {"name": f"{release}-settings"}}),
    }).encode()
    return base64.b64encode(base64.b64encode(gzip.compress(data))).decode()
