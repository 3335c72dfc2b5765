"""deploy-preview --dry-run: what the deployment would refuse, it refuses, and
nothing is left of it."""

from __future__ import annotations

import json

import pytest

import environments
from environments import umbrella
from runner import LONG

HOME = "/api/v1/namespaces/shop-fix"


@pytest.fixture(params=["helm4", "helm3"])
def helm(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def deploy(run_step, cluster, helm):
    """With the rights of the example."""
    config = cluster.user("deployer", environments.rights("deploy-preview"))

    def run(chart, *args, expect=0):
        return run_step("deploy-preview", "--repository-name", "shop",
                        "--branch", "fix", "--kubeconfig", config, "--helm",
                        helm.path, *args, chart, expect=expect, timeout=LONG)
    return run


def everything(cluster) -> list[str]:
    if not cluster.api.exists(HOME):
        return []
    home = cluster.api("GET", HOME)["metadata"]["resourceVersion"]
    return [home, *(
        item["metadata"]["resourceVersion"] for kind in (
            f"{HOME}/secrets", f"{HOME}/configmaps", f"{HOME}/resourcequotas",
            "/apis/apps/v1/namespaces/shop-fix/deployments")
        for item in cluster.api("GET", kind)["items"]
        if item["metadata"]["name"] != "kube-root-ca.crt")]


@pytest.mark.parametrize("there", [False, True])
def test_a_chart_that_helm_rejects(there, cluster, deploy, tmp_path):
    """Whether the environment is there already or not."""
    chart = umbrella(tmp_path, "1.0.0")
    if there:
        deploy(chart)
    before = everything(cluster)
    deploy(chart, "--dry-run")
    more = chart / "templates" / "more.yaml"
    foreign = environments.config_map("theirs")
    for text, words in (
            ("{{ if .Values.x }}\nkind: ConfigMap\n", "unexpected EOF"),
            ("{{ fail \"never\" }}\n", "never"),
            ("kind: ConfigMap\napiVersion: v1\nmetadata: {name: [1]}\n",
             "cannot unmarshal")):
        more.write_text(text)
        refused = deploy(chart, "--dry-run", expect=1)
        assert words in refused.err and refused.out == ""
    assert everything(cluster) == before
    if there:
        cluster.api("POST", f"{HOME}/configmaps", foreign)
        more.write_text(json.dumps(foreign))
        refused = deploy(chart, "--dry-run", expect=1)
        assert "cannot be imported into the current release" in refused.err


def test_a_manifest_that_the_server_rejects(cluster, deploy, tmp_path):
    chart, manifest = umbrella(tmp_path, "1.0.0"), tmp_path / "quota.yaml"
    deploy(chart)
    before = everything(cluster)
    quota = {"apiVersion": "v1", "kind": "ResourceQuota",
             "metadata": {"name": "limits"}, "spec": {"hard": {"pods": "5"}}}
    manifest.write_text(json.dumps(quota))
    deploy(chart, "--dry-run", "--namespace-manifest", manifest)
    quota["spec"]["hard"]["pods"] = "many"
    manifest.write_text(json.dumps(quota))
    refused = deploy(chart, "--dry-run", "--namespace-manifest", manifest,
                     expect=1)
    assert "cannot apply ResourceQuota 'limits'" in refused.err
    assert everything(cluster) == before


def test_a_kind_that_the_chart_brings_itself(cluster, deploy, tmp_path):
    """Helm cannot rehearse that; the deployment is as it should be."""
    chart = umbrella(tmp_path, "1.0.0")
    (chart / "crds").mkdir()
    (chart / "crds" / "tap.yaml").write_text(json.dumps({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "taps.rehearsal.example.com"},
        "spec": {"group": "rehearsal.example.com", "scope": "Namespaced",
                 "names": {"plural": "taps", "kind": "Tap"},
                 "versions": [{"name": "v1", "served": True, "storage": True,
                               "schema": {"openAPIV3Schema": {
                                   "type": "object"}}}]}}))
    (chart / "templates" / "tap.yaml").write_text(json.dumps({
        "apiVersion": "rehearsal.example.com/v1", "kind": "Tap",
        "metadata": {"name": "one"}}))
    told = deploy(chart, "--dry-run")
    assert "whether Helm takes the chart is not known" in told.err
    assert 'no matches for kind "Tap"' in told.err
    assert cluster.api.namespaces() == set()
