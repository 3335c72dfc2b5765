"""A list for which the API server need not ask etcd is behind now and then.

What deploy-preview takes for the newest revision of a release is what GETs
say, too; otherwise it lists them anew.  (For expire-sweep test_sweep_model.py
shows it.)
"""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from scripted_http import Reply, Request
from scripted_kube import (ENDED, ScriptedKube, answer, listing, namespace,
                           refusal)

HOME = "/api/v1/namespaces/shop-fix"
SECRETS = f"{HOME}/secrets"
PAYLOAD = base64.b64encode(base64.b64encode(json.dumps(
    {"chart": {"metadata": {"name": "shop", "version": "1.0.0"}}}).encode())
).decode()
Revisions = dict[int, int]      # the version of each revision's Secret


def secret(revision: int, version: int) -> dict:
    return {"metadata": {
        "name": f"sh.helm.release.v1.shop-fix.v{revision}",
        "resourceVersion": str(version),
        "labels": {"version": str(revision), "status": "deployed",
                   "slipway/expires-at": str(ENDED)}}}


def script(kube: ScriptedKube, cached: Revisions, there: Revisions) -> None:
    def listed(request: Request) -> Reply:
        query = parse_qs(urlsplit(request.path).query)
        behind = query.get("resourceVersion") == ["0"]
        assert behind != ("limit" in query)
        return listing(*(secret(*item) for item in (
            cached if behind else there).items()))

    kube.script("GET", HOME, answer(namespace(
        "shop-fix", 1, repository="shop", branch="fix")))
    kube.script("PATCH", HOME, answer({}))
    kube.script("GET", SECRETS, listed)
    for revision in range(1, 11):
        path = f"{SECRETS}/sh.helm.release.v1.shop-fix.v{revision}"
        kube.script("GET", path, answer(secret(revision, there[revision]))
                    if revision in there else refusal(404, "NotFound"))
        kube.script("PATCH", path, answer({}))


@pytest.mark.parametrize("cached, there, believed", [
    ({1: 10}, {1: 10}, True),
    ({1: 10, 2: 20}, {1: 10, 2: 20}, True),
    ({9: 10, 8: 20}, {8: 20, 9: 10}, True),
    ({1: 10}, {1: 10, 2: 20}, False),       # deployed anew
    ({1: 10}, {1: 11}, False),              # or has just become ready
    ({1: 10, 2: 20}, {1: 30}, False),       # or is another
    ({1: 10}, {2: 20}, False),
    ({}, {1: 10}, False),
    ({1: 10}, {}, False),
    ({}, {}, False),
])
def test_what_is_newest(cached, there, believed, kube, run_step, tmp_path):
    script(kube, cached, there)
    run_step("deploy-preview", "--repository-name", "shop", "--branch", "fix",
             "--kubeconfig", kube.kubeconfig(tmp_path), "--renew")
    marked = [r.path.rsplit(".v", 1)[1] for r in kube.requests
              if r.method == "PATCH" and r.path.startswith(SECRETS)]
    assert marked == ([str(max(there))] if there else [])
    lists = [query.get("resourceVersion") for query in kube.queries(SECRETS)]
    reads = len(lists) // (1 if believed else 2)
    assert reads
    assert lists == (["0"] if believed else ["0", None]) * reads


def test_versions_that_a_server_does_not_tell_prove_nothing(
        kube, run_step, tmp_path):
    script(kube, {1: 10}, {1: 10})
    bare = secret(1, 10)
    del bare["metadata"]["resourceVersion"]
    kube.script("GET", SECRETS, listing(bare))
    kube.script("GET", f"{SECRETS}/{bare['metadata']['name']}", answer(bare))
    run_step("deploy-preview", "--repository-name", "shop", "--branch", "fix",
             "--kubeconfig", kube.kubeconfig(tmp_path), "--renew")
    assert {json.dumps(query.get("resourceVersion"))
            for query in kube.queries(SECRETS)} == {'"0"', "null"}


@pytest.mark.parametrize("cached, there, lists", [
    ({1: 10, 2: 20}, {1: 10, 2: 20}, 1),
    ({1: 10}, {1: 10, 2: 20}, 2),               # behind
    ({1: 10, 2: 19}, {1: 10, 2: 20}, 2),        # by its last change
    ({1: 10, 2: 20}, {1: 10, 2: 20, 3: 30}, 2),
    ({1: 10, 2: 20, 3: 30}, {1: 10, 2: 20, 3: 30}, 1),  # somebody else's, too
])
def test_what_helm_has_made(cached, there, lists, kube, run_step, tmp_path):
    """Asked for together, as it is known which revision that should be."""
    made, chart, helm = (tmp_path / name for name in ("made", "chart", "helm"))
    chart.mkdir()
    (chart / "Chart.yaml").write_text("name: shop\nversion: 1.0.0\n")
    helm.write_text(f"#!/bin/sh\n>{made}\n")
    helm.chmod(0o755)
    before = {1: 10}
    script(kube, before, before)
    kube.lease(HOME)
    asked: list[str] = []

    def listed(request: Request) -> Reply:
        behind = "resourceVersion=0" in request.path
        now = before if not made.exists() else cached if behind else there
        if made.exists():
            asked.append(request.path)
        return listing(*(secret(*item) for item in now.items()))

    def shown(revision: int):
        def show(_request: Request) -> Reply:
            now = there if made.exists() else before
            return answer(secret(revision, now[revision])
                          | {"data": {"release": PAYLOAD}}) \
                if revision in now else refusal(404, "NotFound")
        return show

    kube.script("GET", SECRETS, listed)
    for revision in range(1, 5):
        kube.script("GET", f"{SECRETS}/sh.helm.release.v1.shop-fix.v{revision}",
                    shown(revision))
    result = run_step("deploy-preview", "--repository-name", "shop", "--branch",
                      "fix", "--kubeconfig", kube.kubeconfig(tmp_path), "--helm",
                      helm, "--output", "json", chart)
    assert result.json["revision"] == max(there)
    assert len(asked) == lists, asked
