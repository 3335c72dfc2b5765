"""Environments for tests: charts to deploy, marked releases to sweep.

    chart = environments.umbrella(tmp_path, "1.0.0")
    environments.make(api, "web-x", expires_at=past)    # as deploy-preview's

make() writes what deploy-preview and Helm would have written, within
milliseconds: Helm itself can read and uninstall such a release.  Pods here
have no grace period, for which a deleted namespace would wait.
"""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path

import yaml

from kubeapi import KubeApi

ROOT = Path(__file__).resolve().parent.parent.parent
RBAC = ROOT / "pipeline-examples" / "sweep" / "rbac.yaml"
RBAC_LIMIT = RBAC.with_name("rbac-limit.yaml")

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-{{ .Chart.Name }}
spec:
  selector: {matchLabels: {app: {{ .Chart.Name }}}}
  template:
    metadata: {labels: {app: {{ .Chart.Name }}}}
    spec:
      terminationGracePeriodSeconds: 0
      {{- with .Values.nodeName }}
      nodeName: {{ . }}
      {{- end }}
      {{- with .Values.nodeSelector }}
      nodeSelector: {{ toYaml . | nindent 8 }}
      {{- end }}
      containers: [{name: main, image: "example/{{ .Chart.Name }}:1"}]
"""

INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
spec:
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http: &http
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: shop, port: {number: 80}}}
    - host: plain.example.com
      http: *http
"""


def chart(folder: Path, name: str, version: str, **metadata: object) -> Path:
    path = folder / name
    (path / "templates").mkdir(parents=True, exist_ok=True)
    (path / "Chart.yaml").write_text(json.dumps(
        {"apiVersion": "v2", "name": name, "version": version, **metadata}))
    return path


def umbrella(folder: Path, version: str, values: object = None) -> Path:
    """A rendered umbrella: the chart 'web' twice, under aliases."""
    front, back = ({"name": "web", "version": version, "alias": alias,
                    "repository": ""} for alias in ("front", "back"))
    path = chart(folder, "shop", version, dependencies=[front, back])
    web = chart(path / "charts", "web", version)
    (web / "templates" / "web.yaml").write_text(DEPLOYMENT)
    (web / "values.yaml").write_text("{}\n")
    (path / "templates" / "ingress.yaml").write_text(INGRESS)
    (path / "values.yaml").write_text(yaml.safe_dump(
        values or {"global": {"expires": True, "expiryDate": None}}))
    return path


def rights(account: str, role: str | None = None,
           file: Path = RBAC) -> list[dict]:
    """The rules of all roles, or of @role alone, that the example's @file
    gives @account."""
    documents = [d for d in yaml.safe_load_all(file.read_text()) if d]
    roles = {d["metadata"]["name"]: d["rules"] for d in documents
             if d["kind"] == "ClusterRole"}
    return [rule for d in documents if d["kind"] == "ClusterRoleBinding"
            if any(s["name"] == account for s in d["subjects"])
            and role in (None, d["roleRef"]["name"])
            for rule in roles[d["roleRef"]["name"]]]


def config_map(name: str) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name}, "data": {"a": "b"}}


def job(name: str) -> dict:
    return {"apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": name}, "spec": {"template": {"spec": {
                "restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
                "containers": [{"name": "main", "image": "example/web:1"}]}}}}


def store_release(api: KubeApi, namespace: str, name: str,
                  labels: dict[str, str], revision: int = 1,
                  status: str = "deployed", objects: Iterable[dict] = (),
                  values: dict | None = None,
                  deployed: str = "2026-11-22T10:00:00Z",
                  hooks: Iterable[tuple[str, dict]] = ()) -> None:
    """A revision as Helm stores it, without its objects."""
    payload = {
        "name": name, "namespace": namespace, "version": revision,
        "info": {"status": status, "description": "made by a test",
                 "first_deployed": deployed, "last_deployed": deployed},
        "chart": {"metadata": {"name": "web", "version": "1.0.0",
                               "apiVersion": "v2"}},
        "config": {"global": values or {}},
        "hooks": [{"name": o["metadata"]["name"], "kind": o["kind"],
                   "path": "web/templates/hook.yaml", "events": [event],
                   "manifest": json.dumps(o)} for event, o in hooks],
        "manifest": "".join(f"---\n{json.dumps(o)}\n" for o in objects)}
    packed = base64.b64encode(gzip.compress(json.dumps(payload).encode()))
    api("POST", f"/api/v1/namespaces/{namespace}/secrets", {
        "metadata": {
            "name": f"sh.helm.release.v1.{name}.v{revision}",
            "labels": {"owner": "helm", "name": name, "status": status,
                       "version": str(revision), **labels}},
        "type": "helm.sh/release.v1",
        "data": {"release": base64.b64encode(packed).decode()}})


def add_release(api: KubeApi, namespace: str, name: str,
                labels: dict[str, str], revision: int = 1,
                status: str = "deployed",
                objects: list[dict] | None = None,
                values: dict | None = None) -> None:
    """A revision and, but for later ones, its objects."""
    objects = objects or [config_map(f"{name}-settings")]
    store_release(api, namespace, name, labels, revision, status, objects,
                  values)
    if revision > 1:
        return
    for thing in objects:
        thing["metadata"] |= {
            "labels": {"app.kubernetes.io/managed-by": "Helm"},
            "annotations": {"meta.helm.sh/release-name": name,
                            "meta.helm.sh/release-namespace": namespace}}
        plural = f"{thing['kind'].lower()}s"
        api("POST", f"/api/v1/namespaces/{namespace}/{plural}", thing)


def marks(expires_at: int | str | None,
          managed: str = "v1") -> dict[str, str]:
    """The labels; None: without a time."""
    if expires_at is None:
        return {"slipway/managed": managed}
    return {"slipway/managed": managed, "slipway/expires-at": str(expires_at)}


def make(api: KubeApi, namespace: str, expires_at: int | str | None,
         managed: str = "v1", created: bool = True, main: bool = False,
         release: str | None = "web", objects: list[dict] | None = None,
         values: dict | None = None) -> str:
    """A namespace with its marks and, unless None, a release."""
    annotations = {"slipway/repository": "web", "slipway/branch": namespace}
    if created:
        annotations["slipway/created"] = "2026-11-22T10:00:00Z"
    if main:
        annotations["slipway/main"] = "true"
    if release:
        annotations["slipway/release"] = release
    api.create_namespace(namespace, labels=marks(expires_at, managed),
                         annotations=annotations)
    if release:
        add_release(api, namespace, release, marks(expires_at, managed),
                    objects=objects, values=values)
    return namespace


def hold(api: KubeApi, namespace: str, silent: float, run: str = "another",
         lasts: int = 60) -> None:
    """Another run holds the Lease of @namespace, and was heard of @silent
    seconds ago."""
    heard = datetime.fromtimestamp(time.time() - silent, timezone.utc)
    api("POST", "/apis/coordination.k8s.io/v1/namespaces/"
        f"{namespace}/leases", {
            "metadata": {"name": "slipway", "annotations": {
                "slipway/owner": '{"run": "%s", "build": "https://ci/job/7",'
                                 ' "host": "agent-3", "process": 12}' % run}},
            "spec": {"holderIdentity": run, "leaseDurationSeconds": lasts,
                     "renewTime": heard.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}})


def past() -> int:
    return int(time.time()) - 60


def future() -> int:
    return int(time.time()) + 3600
