"""deploy-preview: what Helm finds in the namespace: labels, secrets from
elsewhere, manifests."""

from __future__ import annotations

import base64

import pytest
import yaml

import environments
from environments import umbrella
from kubeapi import MERGE_PATCH
from runner import LONG

NAMES = ["--repository-name", "shop", "--branch", "fix"]
HOME = "/api/v1/namespaces/shop-fix"

QUOTA = {"apiVersion": "v1", "kind": "ResourceQuota",
         "metadata": {"name": "limits"}, "spec": {"hard": {"pods": "5"}}}
POLICY = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
          "metadata": {"name": "inside", "namespace": "shop-fix"},
          "spec": {"podSelector": {}}}


@pytest.fixture
def deploy(run_step, cluster, helm4, tmp_path):
    def run(*args, kubeconfig=cluster.kubeconfig, **options):
        return run_step("deploy-preview", *NAMES, "--helm", helm4.path,
                        "--kubeconfig", kubeconfig, *args,
                        umbrella(tmp_path, "1.0.0"), timeout=LONG, **options)
    return run


@pytest.fixture
def source(cluster):
    """A namespace with a secret to pull images."""
    cluster.api.create_namespace("ci")
    cluster.api("POST", "/api/v1/namespaces/ci/secrets", secret("first"))
    return "ci/pull"


def secret(word: str) -> dict:
    login = '{"auths": {"registry": {"auth": "%s"}}}' % word
    return {"metadata": {"name": "pull", "labels": {"of": "ci"}},
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson":
                     base64.b64encode(login.encode()).decode()}}


@pytest.fixture
def manifest(tmp_path):
    path = tmp_path / "quota.yaml"
    path.write_text("# what each environment gets\n---\n"
                    + yaml.safe_dump_all([QUOTA, POLICY]))
    return path


def test_prepared_before_helm(cluster, deploy, source, manifest):
    """With the rights of the example and no others."""
    user = cluster.user("deployer", environments.rights("deploy-preview"))
    deploy("--copy-secret", source, "--namespace-manifest", manifest,
           "--namespace-label", "mesh=on", kubeconfig=user)

    copied = cluster.api("GET", f"{HOME}/secrets/pull")
    assert (copied["type"], copied["data"]) == (
        secret("first")["type"], secret("first")["data"])
    assert "labels" not in copied["metadata"]
    assert cluster.api("GET", HOME)["metadata"]["labels"]["mesh"] == "on"
    quota = cluster.api("GET", f"{HOME}/resourcequotas/limits")
    assert quota["metadata"]["managedFields"][0]["manager"] == "slipway"
    releases = cluster.api("GET", f"{HOME}/secrets?labelSelector=owner%3Dhelm")
    assert quota["metadata"]["creationTimestamp"] \
        <= releases["items"][0]["metadata"]["creationTimestamp"]
    assert cluster.api.exists("/apis/networking.k8s.io/v1/namespaces/shop-fix"
                              "/networkpolicies/inside")


def test_applied_anew_by_each_deployment(cluster, deploy, source, manifest):
    options = ["--copy-secret", source, "--namespace-manifest", manifest]
    deploy(*options)
    cluster.api("PATCH", "/api/v1/namespaces/ci/secrets/pull",
                {"data": secret("second")["data"]}, MERGE_PATCH)
    cluster.api("PATCH", f"{HOME}/resourcequotas/limits", {
        "metadata": {"labels": {"by": "hand"}},
        "spec": {"hard": {"pods": "1"}}}, MERGE_PATCH)

    deploy(*options)

    assert cluster.api("GET", f"{HOME}/secrets/pull")["data"] \
        == secret("second")["data"]
    quota = cluster.api("GET", f"{HOME}/resourcequotas/limits")
    assert quota["spec"]["hard"] == {"pods": "5"}
    assert quota["metadata"]["labels"] == {"by": "hand"}


@pytest.mark.parametrize("kind, words", [
    ({"kind": "Namespace"}, "it is in no namespace"),
    ({"kind": "Quota"}, "the cluster knows no kind 'Quota' of 'v1'"),
])
def test_manifests_that_the_cluster_cannot_have(kind, words, deploy, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(QUOTA | kind))
    failed = deploy("--namespace-manifest", path, expect=2)
    assert words in failed.err


def test_what_does_not_go_is_said(cluster, deploy, tmp_path):
    missing = deploy("--copy-secret", "default/none", expect=1)
    assert "there is no secret 'none' in namespace 'default'" in missing.err
    assert "hint: make it there, or name one that is there" in missing.err
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(QUOTA | {"spec": {"hard": {"pods": "-1"}}}))
    failed = deploy("--namespace-manifest", path, expect=1)
    assert "cannot apply ResourceQuota 'limits'" in failed.err
    path.write_text(yaml.safe_dump(QUOTA | {"spec": {"hard": {"pods": "x"}}}))
    unread = deploy("--namespace-manifest", path, expect=1)
    assert "quantities must match the regular expression" in unread.err
    assert "hint: mend the object, by what the server says" in unread.err
    assert "trying again" not in unread.err
    for wrong, words in [
            ({"kind": "ConfigMap", "date": {"a": "b"}},
             ".date: field not declared in schema"),
            ({"kind": "Secret", "data": {"a": "no base64!"}},
             "illegal base64 data")]:
        path.write_text(yaml.safe_dump(
            {"apiVersion": "v1", "metadata": {"name": "it"}} | wrong))
        unread = deploy("--namespace-manifest", path, expect=1)
        assert words in unread.err and "trying again" not in unread.err
    # marked all the same, and nobody works on it any more
    home = cluster.api("GET", HOME)["metadata"]
    assert "slipway/expires-at" in home["labels"]
    assert "slipway/owner" not in home["annotations"]
