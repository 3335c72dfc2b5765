"""The rights of pipeline-examples/sweep/rbac.yaml: the two steps that touch
the cluster, with exactly these, are refused nothing, and what they are given
for themselves they use.  --check asks for no other and for each of them."""

from __future__ import annotations

import json
import re

import pytest

import environments
from environments import future, make, past, umbrella

NAMES = ["--repository-name", "shop", "--branch", "fix"]

Right = tuple[str, str, str]        # verb, group, resource[/subresource]


def spread(rules: list[dict]) -> set[Right]:
    return {(verb, group, resource) for rule in rules
            for verb in rule["verbs"] for group in rule["apiGroups"]
            for resource in rule["resources"]}


def right_of(event: dict) -> Right:
    what = event["objectRef"]
    sub = what.get("subresource")
    return (event["verb"], what.get("apiGroup", ""),
            what["resource"] + (f"/{sub}" if sub else ""))


def used(cluster, user) -> set[Right]:
    """What @user did; the server has let him do all of it."""
    events = [e for e in cluster.audit(user) if "resource" in
              e.get("objectRef", {})]
    refused = [right_of(e) for e in events
               if e["responseStatus"].get("code") == 403]
    assert not refused, f"rights that rbac.yaml lacks: {refused}"
    return {right_of(e) for e in events}


def own_rights(account: str) -> set[Right]:
    """Those of the step's own role, without what its charts need and what a
    cluster need not know."""
    return {right for right in
            spread(environments.rights(account, f"slipway-{account}"))
            if right[1] not in OPTIONAL}


@pytest.fixture
def deployer(cluster):
    return cluster.user("deployer", environments.rights("deploy-preview"))


@pytest.fixture
def sweeper(cluster):
    return cluster.user("sweeper", environments.rights("expire-sweep"))


@pytest.mark.parametrize("version", ["helm4", "helm3"])
def test_deploying(version, cluster, deployer, start_step, run_step, request,
                   tmp_path):
    helm = request.getfixturevalue(version)
    manifest = tmp_path / "limits.yaml"
    manifest.write_text("".join(f"---\n{json.dumps(o)}\n" for o in LIMITS))
    cluster.api.create_namespace("shared")
    cluster.api("POST", "/api/v1/namespaces/shared/secrets", {
        "metadata": {"name": "pull"}, "data": {"a": "Yg=="}})
    step = ["deploy-preview", "--helm", helm.path, "--kubeconfig", deployer,
            *NAMES]
    run_step(*step, umbrella(tmp_path / "1", "1.0.0"))
    run_step(*step, "--copy-secret", "shared/pull", "--namespace-manifest",
             manifest, "--max-environments", 9,
             umbrella(tmp_path / "2", "1.1.0"))
    run_step(*step, "--branch", "other", "--max-environments", 9,
             umbrella(tmp_path / "2", "1.1.0"))
    run_step(*step, "--dry-run", tmp_path / "2" / "shop")
    run_step(*step, "--renew")
    broken = umbrella(tmp_path / "3", "1.2.0", {"front": {
        "nodeSelector": {"none": "such"}}})
    run_step(*step, "--wait-timeout", "3s", broken, expect=1)
    done = used(cluster, deployer)
    idle = own_rights("deploy-preview") - done
    assert not idle - RARELY_USED, f"rights that nothing needs: {idle}"


# Of a container that has failed, and of what a patch that applies may have to
# make, which the server asks for without noting it.
RARELY_USED = {("get", "", "pods/log"),
               ("create", "", "limitranges"), ("create", "", "resourcequotas")}
# Kinds that a cluster need not know (who lacks the right lacks an address), and
# those of manifests that need not be given.
OPTIONAL = {"gateway.networking.k8s.io", "networking.istio.io"}
LIMITS = [
    {"apiVersion": "v1", "kind": "ResourceQuota",
     "metadata": {"name": "limits"}, "spec": {"hard": {"pods": "50"}}},
    {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "limits"},
     "spec": {"limits": [{"type": "Container", "max": {"cpu": "4"}}]}},
]


def test_sweeping(cluster, sweeper, run_step, helm4):
    make(cluster.api, "gone", past())
    make(cluster.api, "stays", future())
    run_step("expire-sweep", "--helm", helm4.path, "--kubeconfig", sweeper)
    assert cluster.api.namespaces() == {"stays"}
    idle = own_rights("expire-sweep") - used(cluster, sweeper)
    assert not idle - RARELY_USED, f"rights that nothing needs: {idle}"


NAMED = re.compile(r"may not (\w+) (\w+)((?:\.[\w.]+)?)((?:/\w+)?)"
                   r"(?: in all namespaces)?, needed to")


@pytest.mark.parametrize("step", ["deploy-preview", "expire-sweep"])
def test_check(step, cluster, run_step, helm4):
    """Whoever may do nothing is told of every right, and the example gives
    each of them."""
    nobody = cluster.user("nobody", [])
    failed = run_step(step, "--check", "--helm", helm4.path, "--kubeconfig",
                      nobody, expect=1)
    named = {(verb, group.lstrip("."), resource + sub)
             for verb, resource, group, sub in NAMED.findall(failed.err)}
    assert len(named) == failed.err.count("may not ")
    given = spread(environments.rights(step))
    assert not named - given, "rbac.yaml lacks what --check asks for"
    unasked = {right for right in own_rights(step) - named
               if right[2] not in ("limitranges", "resourcequotas")}
    assert not unasked, "--check does not ask for what rbac.yaml gives"
    assert f"slipway-{step}" in failed.err and "rbac.yaml" in failed.err
