"""What expire-sweep takes for an environment's own, and what for others', on a
real control plane."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

import environments
import wait
from environments import add_release, make, marks, past, store_release
from kubeapi import MERGE_PATCH
from test_cluster_sweep import pod, reasons

NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def sweep(run_step, cluster, helm4):
    def run(*args, helm=None, **options):
        return run_step("expire-sweep", "--output", "json", "--helm",
                        (helm or helm4.path), *args, env=cluster.env,
                        **options)
    return run


def claim(name: str, **labels: str) -> dict:
    return {"metadata": {"name": name, "labels": labels}, "spec": {
        "accessModes": ["ReadWriteOnce"], "storageClassName": "by-hand",
        "resources": {"requests": {"storage": "1Gi"}}}}


def service(name: str, **metadata: object) -> dict:
    return {"metadata": {"name": name, **metadata},
            "spec": {"ports": [{"port": 80}]}}


def stateful_set(name: str) -> dict:
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": name}, "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {
                "terminationGracePeriodSeconds": 0,
                "containers": [{"name": "main", "image": "example/db:1"}]}},
            "volumeClaimTemplates": [claim("data")]}}


def with_set(api, namespace: str) -> str:
    """An environment whose release has a StatefulSet, with its claim."""
    make(api, namespace, past(), release=None)
    store_release(api, namespace, "web", marks(past()),
                  objects=[stateful_set("db")])
    made = stateful_set("db")
    made["metadata"] |= {
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name": "web",
                        "meta.helm.sh/release-namespace": namespace}}
    api("POST", f"/apis/apps/v1/namespaces/{namespace}/statefulsets", made)
    claims = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims"
    wait.until(lambda: api.exists(f"{claims}/data-db-0"), "the claim")
    return namespace


def test_volume_claims_of_a_release_go_with_it(cluster, sweep):
    """Those of its StatefulSet, which bear the set's labels alone; of two
    releases; not what only looks like one."""
    api = cluster.api
    with_set(api, "set")
    for name in "number", "labels":
        with_set(api, name)
    claims = "/api/v1/namespaces/%s/persistentvolumeclaims"
    api("POST", claims % "number", claim("data-db-01", app="db"))
    api("POST", claims % "labels", claim("data-db-7", app="mine"))
    make(api, "two", past())
    add_release(api, "two", "api", marks(past()))
    for name in "web", "api":
        api("POST", claims % "two", claim(
            f"data-{name}-0", **{"app.kubernetes.io/instance": name}))

    deleted = reasons(sweep().json["deleted"])

    because = "the namespace stays, because in it is PersistentVolumeClaim "
    assert api.namespaces() == {"number", "labels"}
    assert deleted["number"] == because + "data-db-01"
    assert deleted["labels"] == because + "data-db-7"
    api("DELETE", f"{claims % 'labels'}/data-db-7")
    result = sweep().json       # that the set's claim is ours was noted
    assert set(reasons(result["deleted"])) == {"labels"}
    assert reasons(result["kept"]) == {"number": because + "data-db-01"}


def killing(helm4, folder: Path) -> Path:
    """A Helm after whose uninstall the sweep is killed."""
    helm = folder / "helm"
    helm.write_text("#!/bin/sh\n"
                    f'{shlex.quote(str(helm4.path))} "$@"\nrc=$?\n'
                    '[ "$1" != uninstall ] || kill -9 $PPID\nexit $rc\n')
    helm.chmod(0o755)
    return helm


def test_they_go_where_a_sweep_was_killed(cluster, start_step, sweep, helm4,
                                          tmp_path):
    """When Helm had done its part."""
    helm, api = killing(helm4, tmp_path), cluster.api
    with_set(api, "set")
    job = environments.job("migrate")
    store_release(api, "set", "jobs", marks(past()),
                  hooks=[("pre-install", job)])
    job["metadata"]["annotations"] = {"helm.sh/hook": "pre-install"}
    api("POST", "/apis/batch/v1/namespaces/set/jobs", job)
    for left in 1, 0:
        start_step("expire-sweep", "--helm", helm, "--jobs", 1,
                   env=cluster.env).wait(expect=-9)
        assert len(api("GET", "/api/v1/namespaces/set/secrets"
                       "?labelSelector=owner%3Dhelm")["items"]) == left
    assert set(reasons(sweep().json["deleted"])) == {"set"}
    assert api.namespaces() == set()


def test_those_of_a_set_that_only_an_older_revision_had(cluster, sweep):
    """Beside those of nobody's set; a revision that is damaged says nothing."""
    api = cluster.api
    claims = "/api/v1/namespaces/%s/persistentvolumeclaims"
    for name in "set", "theirs":
        with_set(api, name)
        for revision in 2, 3:
            store_release(api, name, "web", marks(past()), revision)
        api("DELETE", f"/apis/apps/v1/namespaces/{name}/statefulsets/db")
    api("POST", claims % "theirs", claim("data-db-7", app="mine"))
    api("PATCH", "/api/v1/namespaces/set/secrets/sh.helm.release.v1.web.v2",
        {"data": {"release": "AAAA"}}, MERGE_PATCH)

    deleted = reasons(sweep().json["deleted"])

    assert set(deleted) == {"set", "theirs"}
    assert deleted["theirs"] == "the namespace stays, because in it is " \
        "PersistentVolumeClaim data-db-7"
    assert api.namespaces() == {"theirs"}


def test_eviction_knows_them_too(cluster, run_step, helm4, tmp_path):
    api = cluster.api
    with_set(api, "shop-old")
    api("PATCH", "/api/v1/namespaces/shop-old", {"metadata": {
        "annotations": {"slipway/repository": "shop"}}}, MERGE_PATCH)
    run_step("deploy-preview", "--helm", helm4.path, "--repository-name",
             "shop", "--branch", "new", "--max-environments", 1,
             "--evict-oldest", environments.umbrella(tmp_path, "1.0.0"),
             env=cluster.env)
    assert api.namespaces() == {"shop-new"}


def test_what_only_looks_like_ours_stays(cluster, sweep):
    api = cluster.api
    owner = {"apiVersion": "apps.kruise.io/v1beta1", "kind": "StatefulSet",
             "name": "theirs", "uid": NOBODY, "controller": True}
    theirs = {
        "kind": ("pods", pod("theirs-0", ownerReferences=[owner])),
        "release": ("services", service("theirs", annotations={
            "meta.helm.sh/release-name": "web",
            "meta.helm.sh/release-namespace": "tools"})),
        "hook": ("pods", pod("theirs", annotations={"helm.sh/hook": "test"})),
    }
    for name, (resource, thing) in theirs.items():
        make(api, name, past())
        api("POST", f"/api/v1/namespaces/{name}/{resource}", thing)

    deleted = reasons(sweep().json["deleted"])

    assert api.namespaces() == set(theirs)
    for name, (_, thing) in theirs.items():
        assert f"in it is {'Service' if name == 'release' else 'Pod'} " \
            f"{thing['metadata']['name']}" in deleted[name]


def test_now_tells_that_the_namespace_stays(cluster, sweep):
    """Each time; what the collector has not come to is no reason."""
    api = cluster.api
    make(api, "theirs", past())
    api("POST", "/api/v1/namespaces/theirs/services", service("by-hand"))
    for _ in range(2):
        told = sweep("--environment", "theirs", "--now", expect=3)
        assert "'theirs' was not deleted: the namespace stays, because in it " \
            "is Service by-hand" in told.err
        assert "deleted environment" not in told.err

    make(api, "owned", past())
    settings = api("GET", "/api/v1/namespaces/owned/configmaps/web-settings")
    for number in range(20):
        api("POST", "/api/v1/namespaces/owned/services", service(
            f"made-{number}", ownerReferences=[{
                "apiVersion": "v1", "kind": "ConfigMap",
                "name": "web-settings", "uid": settings["metadata"]["uid"]}]))
    sweep("--environment", "owned", "--now")
    assert api.namespaces() == {"theirs"}


def test_an_owner_that_stays_keeps_its_own(cluster, sweep):
    api = cluster.api
    make(api, "env", past())
    api("POST", "/api/v1/namespaces/env/configmaps",
        environments.config_map("by-hand"))
    owner = api("GET", "/api/v1/namespaces/env/configmaps/by-hand")
    api("POST", "/api/v1/namespaces/env/services", service(
        "made", ownerReferences=[{
            "apiVersion": "v1", "kind": "ConfigMap", "name": "by-hand",
            "uid": owner["metadata"]["uid"]}]))
    told = sweep("--environment", "env", "--now", expect=3)
    assert "because in it is Service made" in told.err


HELD = "ConfigMap web-settings is held by example.com/held"


def held(api, **how: object) -> str:
    """An environment with a finalizer that nobody serves: where that is."""
    make(api, "env", past(), **how)
    path = "/api/v1/namespaces/env/configmaps/web-settings"
    api("PATCH", path, {"metadata": {"finalizers": ["example.com/held"]}},
        MERGE_PATCH)
    return path


@pytest.mark.parametrize("shared", [False, True])
def test_a_finalizer_where_the_namespace_stays(shared, cluster, sweep):
    """Every sweep says so, until it is served."""
    api = cluster.api
    path = held(api, created=shared)
    if shared:
        api("POST", "/api/v1/namespaces/env/services", service("by-hand"))
    for _ in range(3):
        failed = sweep("--wait-timeout", "5s", expect=1)
        assert HELD in reasons(failed.json["failed"])["env"]
    api("PATCH", path, {"metadata": {"finalizers": None}}, MERGE_PATCH)
    wait.until(lambda: not api.exists(path), "its end")
    assert not sweep().json["failed"]
    assert api.namespaces() == {"env"}


@pytest.mark.parametrize("version", ["helm4", "helm3"])
def test_a_finalizer_for_which_a_killed_sweep_waited(
        version, cluster, start_step, sweep, request):
    """The next ones tell of it, also when the namespace goes."""
    helm, api = request.getfixturevalue(version), cluster.api
    path = held(api)
    killed = start_step("expire-sweep", "--helm", helm.path, env=cluster.env)
    wait.until(lambda: "deletionTimestamp" in api("GET", path)["metadata"],
               "Helm's deletion")
    killed.kill()
    killed.wait(expect=-9)
    for _ in range(2):
        failed = sweep("--wait-timeout", "3s", helm=helm.path, expect=1)
        assert HELD in reasons(failed.json["failed"])["env"]
        assert "hint: somebody has to look what serves the finalizer" \
            in failed.err


def test_a_finalizer_for_which_helm_waited_in_vain(
        cluster, start_step, sweep, helm4, tmp_path):
    """It forgets the release all the same, and the sweep is killed then."""
    helm, api = killing(helm4, tmp_path), cluster.api
    held(api, created=False)
    start_step("expire-sweep", "--helm", helm, "--wait-timeout", "6s",
               env=cluster.env).wait(expect=-9)
    assert not api("GET", "/api/v1/namespaces/env/secrets"
                   "?labelSelector=owner%3Dhelm")["items"]
    failed = sweep(expect=1)
    assert HELD in reasons(failed.json["failed"])["env"]


@pytest.mark.parametrize("version", ["helm4", "helm3"])
def test_what_another_release_has_taken_over(version, cluster, sweep, request):
    """Helm 3 would delete it, Helm 4 forget the release; nothing is begun
    until somebody has looked."""
    helm, api = request.getfixturevalue(version), cluster.api
    make(api, "env", past(), created=False, objects=[
        environments.config_map(name) for name in ("a", "b", "c", "d")])
    taken = "/api/v1/namespaces/env/configmaps/%s"
    for name, change in {
            "a": {"annotations": {"meta.helm.sh/release-name": "other"}},
            "b": {"annotations": {"meta.helm.sh/release-namespace": "far"}},
            "c": {"labels": {"app.kubernetes.io/managed-by": None},
                  "annotations": {"meta.helm.sh/release-name": None}}}.items():
        api("PATCH", taken % name, {"metadata": change}, MERGE_PATCH)

    for _ in range(2):
        failed = sweep(helm=helm.path, expect=1)
        assert "by Helm's marks it is not of release 'web' any more: " \
            "ConfigMap a (of release 'other' in 'env'), ConfigMap b (of " \
            "release 'web' in 'far'), ConfigMap c; nothing of it was touched" \
            in failed.err
        assert api.exists(taken % "d")
    for name in "a", "b":
        api("DELETE", taken % name)
    api("PATCH", taken % "c", {"metadata": {
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name": "web"}}}, MERGE_PATCH)
    assert set(reasons(sweep(helm=helm.path).json["deleted"])) == {"env"}
    assert not any(api.exists(taken % name) for name in "abcd")
