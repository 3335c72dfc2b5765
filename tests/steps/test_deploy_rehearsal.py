"""deploy-preview --dry-run against a scripted API and Helms: who is asked what,
and what their answers mean."""

from __future__ import annotations

import json

import pytest

from scripted_kube import answer, namespace, refusal

HOME = "/api/v1/namespaces/shop-fix"
QUOTA = f"{HOME}/resourcequotas/limits"
MANIFEST = """\
apiVersion: v1
kind: ResourceQuota
metadata: {name: limits}
spec: {hard: {pods: many}}
"""


@pytest.fixture
def rehearse(run_step, kube, tmp_path):
    """With a Helm that does @helm, as a shell script, when it upgrades; .seen
    is what it was told."""
    chart, program = tmp_path / "chart", tmp_path / "helm"
    chart.mkdir()
    (chart / "Chart.yaml").write_text("name: shop\nversion: 1.0.0\n")

    def run(*args, helm="exit 0", expect=0):
        program.write_text(
            "#!/bin/sh\n[ $1 = version ] && echo v4.3.1 && exit\n"
            f'printf "%s\\n" "$@" >{tmp_path}/seen\n{helm}\n')
        program.chmod(0o755)
        return run_step("deploy-preview", "--repository-name", "shop",
                        "--branch", "fix", "--kubeconfig",
                        kube.kubeconfig(tmp_path), "--output", "json",
                        "--helm", program, "--dry-run", *args, chart,
                        expect=expect)

    run.seen = tmp_path / "seen"
    return run


@pytest.fixture
def manifest(kube, tmp_path):
    path = tmp_path / "quota.yaml"
    path.write_text(MANIFEST)
    kube.script("GET", "/api/v1", answer({"resources": [
        {"name": "resourcequotas", "kind": "ResourceQuota",
         "namespaced": True}]}))
    return path


def exists(kube) -> None:
    home = namespace("shop-fix")
    home["metadata"] |= {
        "uid": "u", "resourceVersion": "7", "labels": {"slipway/managed": "v1"},
        "annotations": {"slipway/repository": "shop", "slipway/branch": "fix"}}
    kube.script("GET", HOME, answer(home))
    kube.script("PATCH", HOME, answer({}))


def test_helm_is_asked_as_in_earnest(rehearse):
    rehearse("--set", "a=b")
    told = rehearse.seen.read_text().splitlines()
    assert told[0] == "upgrade" and "--dry-run=server" in told
    assert {"--install", "--namespace=shop-fix", "--set=a=b",
            "--labels=slipway/stack=shop"} <= set(told)
    assert [word.rpartition("/")[2] for word in told
            if word.startswith("--values=")] == ["expiry.yaml"]


@pytest.mark.parametrize("words, code", [
    ("parse error at (shop/templates/a.yaml:3): unexpected EOF", 1),
    ("UPGRADE FAILED: shop/templates/a.yaml:1:3 executing: no x", 1),
    ('kubernetes cluster unreachable: Get "https://x": EOF', 75),
])
def test_what_helm_refuses_is_refused(words, code, rehearse):
    refused = rehearse(helm=f"echo 'Error: {words}' >&2; exit 1", expect=code)
    assert f"helm upgrade failed: {words}" in refused.err
    assert refused.out == ""


@pytest.mark.parametrize("words", [
    'unable to build kubernetes objects from release manifest: resource '
    'mapping not found: no matches for kind "Tap" in version "example.com/v1"',
    "UPGRADE FAILED: another operation (install/upgrade/rollback) is in "
    "progress",
])
def test_what_helm_cannot_know_before_is_no_more_than_told(words, rehearse):
    """The chart may bring the kind; a pending revision is healed."""
    told = rehearse(helm=f"echo 'Error: {words}' >&2; exit 1")
    assert "warning: whether Helm takes the chart is not known: helm upgrade " \
        f"failed: {words}" in told.err
    assert told.json["namespace"] == "shop-fix"


def test_manifests_are_judged_by_the_server(rehearse, kube, manifest):
    exists(kube)
    kube.script("PATCH", QUOTA, answer({}))
    rehearse("--namespace-manifest", manifest)
    assert all("dryRun=All" in line for line in kube.writes)
    (applied,) = [r for r in kube.requests if r.path.startswith(QUOTA)]
    assert json.loads(applied.body)["spec"] == {"hard": {"pods": "many"}}

    kube.script("PATCH", QUOTA, refusal(422, "Invalid", "no quantity"))
    refused = rehearse("--namespace-manifest", manifest, expect=1)
    assert "cannot apply ResourceQuota 'limits'" in refused.err
    assert "no quantity" in refused.err


def test_where_there_is_no_namespace_the_kinds_are_looked_for(
        rehearse, kube, manifest):
    rehearse("--namespace-manifest", manifest)
    assert kube.writes == []
    manifest.write_text(MANIFEST.replace("ResourceQuota", "Quota"))
    refused = rehearse("--namespace-manifest", manifest, expect=2)
    assert "the cluster knows no kind 'Quota' of 'v1'" in refused.err
