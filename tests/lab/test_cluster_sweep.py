"""expire-sweep on a real control plane, with Helm 4 and Helm 3.

A deleted namespace takes the namespace controller 5 s, so a test puts what it
can into one sweep.
"""

from __future__ import annotations

import shlex
import subprocess
import time
from pathlib import Path

import pytest

import environments
import wait
from environments import (add_release, future, make, marks, past,
                          store_release)
from kubeapi import MERGE_PATCH
from runner import LONG

EXPIRED = 2.0           # seconds; a life of one has passed by then
SWEEP = ["expire-sweep", "--output", "json"]


@pytest.fixture
def sweep(run_step, cluster, helm4):
    def run(*args, helm=None, **options):
        return run_step(*SWEEP, "--helm", (helm or helm4).path, *args,
                        env=cluster.env, **options)
    return run


def reasons(items: list[dict]) -> dict[str, str]:
    return {item["namespace"]: item["reason"] for item in items}


def releases(api) -> set[str]:
    items = api("GET", "/api/v1/secrets?labelSelector=owner%3Dhelm")["items"]
    return {f"{i['metadata']['namespace']}/{i['metadata']['labels']['name']}"
            for i in items}


def pod(name: str, **metadata: object) -> dict:
    return {"metadata": {"name": name, **metadata}, "spec": {
        "nodeName": "node-0", "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "main", "image": "example/x:1"}]}}


# --- what goes and what stays ------------------------------------------------

def test_only_what_has_expired_goes(cluster, sweep):
    """Every kind of environment in one sweep; the same again does nothing."""
    api = cluster.api
    old, later = past(), future()
    make(api, "expired", old)
    make(api, "failed-only", old, release=None)
    add_release(api, "failed-only", "web", marks(old), status="failed")
    make(api, "leftover", old, release=None)
    make(api, "with-hook", old, release=None)
    test = pod("test", annotations={"helm.sh/hook": "test"})
    store_release(api, "with-hook", "web", marks(old),
                  hooks=[("test", {"kind": "Pod", **test})])
    api("POST", "/api/v1/namespaces/with-hook/pods", test)
    make(api, "by-values", None,
         values={"expires": True, "expiryDate": "2026-01-01 00:00:00"})
    gone = {"expired", "failed-only", "leftover", "with-hook", "by-values"}

    make(api, "before-us", old, created=False)
    make(api, "shared", old)
    api("POST", "/api/v1/namespaces/shared/pods", pod("by-hand"))
    api("POST", "/api/v1/namespaces/shared/pods",
        pod("of-an-operator", ownerReferences=[{
            "apiVersion": "example.com/v1", "kind": "Database", "name": "db",
            "uid": "00000000-0000-0000-0000-000000000000"}]))
    make(api, "two-tenants", old)
    add_release(api, "two-tenants", "foreign", {})
    emptied = {"before-us", "shared", "two-tenants"}

    kept = {
        make(api, "later", later): "not expired yet",
        make(api, "never", "never"): "it never expires",
        make(api, "garbled", "soon"):
            "its label slipway/expires-at is no time: 'soon'",
        make(api, "unknown", old, managed="v2"):
            "its marks are of version 'v2', which this program does not know",
        make(api, "main-one", old, main=True): "it is a main environment",
        make(api, "live-shop", old): "it is protected",
        make(api, "renewed", later, release=None): "not expired yet",
        make(api, "values-later", None, values={"expiryDate": "2999-01-01"}):
            "not expired yet, by its values: 2999-01-01 00:00:00, which names "
            "no zone and is taken for UTC",
        make(api, "no-date", None, values={"expires": True}):
            "neither a label slipway/expires-at nor its values say when it "
            "expires",
    }
    add_release(api, "renewed", "web", marks(old))
    api.create_namespace("unmarked")
    add_release(api, "unmarked", "web", {})

    result = sweep("--protect", "live-*", "--warn-before", "2h").json

    assert set(reasons(result["deleted"])) == gone | emptied
    assert reasons(result["kept"]) == kept
    assert result["failed"] == [] and result["judged"] == len(
        gone | emptied | set(kept))
    assert set(reasons(result["expiringSoon"])) == {"later", "renewed"}
    assert api.namespaces() == emptied | set(kept) | {"unmarked"}
    why = reasons(result["deleted"])
    assert "was there before us" in why["before-us"]
    assert "Pod by-hand, Pod of-an-operator" in why["shared"]
    assert "release foreign" in why["two-tenants"]
    assert releases(api) == {"two-tenants/foreign", "unmarked/web"} | {
        f"{name}/web" for name in kept}

    again = sweep("--protect", "live-*").json
    assert again["deleted"] == [] and again["failed"] == []
    named = sweep("--environment", "shared", "--now", expect=3)
    assert "'shared' was not deleted: the namespace stays, because in it is " \
        "Pod by-hand, Pod of-an-operator" in named.err
    assert api.namespaces() == emptied | set(kept) | {"unmarked"}


@pytest.mark.parametrize("version", ["helm4", "helm3"])
def test_what_deploy_preview_brought_up(version, cluster, sweep, run_step,
                                        request, tmp_path):
    """By name, as when the pull request is closed."""
    helm = request.getfixturevalue(version)
    chart = environments.umbrella(tmp_path, "1.0.0")
    for branch in "fix", "main":
        run_step("deploy-preview", "--helm", helm.path, "--repository-name",
                 "shop", "--branch", branch, chart, env=cluster.env)

    early = sweep("--environment", "shop-fix", helm=helm).json
    assert reasons(early["kept"]) == {"shop-fix": "not expired yet"}
    refused = sweep("--environment", "shop-main", "--now", helm=helm, expect=3)
    assert "it is a main environment" in refused.err
    plan = sweep("--environment", "shop-fix", "--now", "--dry-run").json
    assert plan["dryRun"] and set(reasons(plan["deleted"])) == {"shop-fix"}
    assert cluster.api.namespaces() == {"shop-fix", "shop-main"}

    done = sweep("--environment", "shop-fix", "--now", helm=helm).json
    (item,) = done["deleted"]
    assert (item["release"], item["reason"]) \
        == ("shop-fix", "asked for by name")
    assert item["seconds"] > 0
    assert cluster.api.namespaces() == {"shop-main"}
    assert sweep("--environment", "shop-fix", "--now").json["judged"] == 0


def test_a_helm_that_does_nothing(cluster, run_step, tmp_path):
    """Its word alone is not what deletes or deploys an environment."""
    helm = tmp_path / "helm"
    helm.write_text("#!/bin/sh\n")
    helm.chmod(0o755)
    make(cluster.api, "shop-fix", past())
    swept = run_step(*SWEEP, "--helm", helm, env=cluster.env, expect=1)
    assert swept.json["deleted"] == []
    assert reasons(swept.json["failed"]) == {
        "shop-fix": "release 'web' is still there after helm uninstall"}
    deployed = run_step(
        "deploy-preview", "--repository-name", "web", "--branch", "shop-fix",
        "--namespace", "shop-fix", "--release", "web", "--helm", helm,
        "--output", "json", environments.umbrella(tmp_path, "1.0.0"),
        env=cluster.env, expect=1)
    assert deployed.json["status"] == "failed"
    assert f"'{helm}' ended well, but made no new revision" in deployed.err
    assert "hint: see whether that is Helm itself" in deployed.err


def test_the_fuse(cluster, sweep):
    api = cluster.api
    for name in "a", "b", "c":
        make(api, name, past())
    make(api, "d", "never")

    for limit in ["--max-deletes", 2], ["--max-percent", 74]:
        refused = sweep(*limit, expect=3)
        assert "3 of 4 environments would be deleted" in refused.err
        assert refused.out == ""
        planned = sweep(*limit, "--dry-run", expect=3)
        assert set(reasons(planned.json["deleted"])) == {"a", "b", "c"}
    assert api.namespaces() == {"a", "b", "c", "d"}
    assert len(releases(api)) == 4
    sweep("--namespace", "[ab]", "--max-deletes", 2, "--dry-run")


# --- the world moves ---------------------------------------------------------

@pytest.fixture
def slow_helm(tmp_path, helm4) -> Path:
    """A Helm that, asked to uninstall, makes the file 'asked' and waits until
    there is a file 'go'."""
    path = tmp_path / "slow-helm"
    path.write_text(
        "#!/bin/sh\n"
        f"cd {shlex.quote(str(tmp_path))}\n"
        'if [ "$1" = uninstall ]; then\n'
        "  : >asked; until [ -e go ]; do sleep 0.05; done\n"
        "fi\n"
        f'exec {shlex.quote(str(helm4.path))} "$@"\n')
    path.chmod(0o755)
    return path


def test_what_changed_since_the_list_survives(cluster, start_step, slow_helm,
                                              tmp_path):
    """While the first is uninstalled, others are renewed, redeployed, made
    anew, and one gets a tenant."""
    api = cluster.api
    for name in "a-first", "renewed", "redeployed", "reborn", "tenant":
        make(api, name, past())
    api.create_namespace("adopted")
    add_release(api, "adopted", "web", marks(past()))
    step = start_step(*SWEEP, "--helm", slow_helm, "--jobs", 1,
                      env=cluster.env)
    wait.until((tmp_path / "asked").exists, "the first uninstall")

    for name in "renewed", "adopted":
        api("PATCH", f"/api/v1/namespaces/{name}",
            {"metadata": {"labels": marks(future())}}, MERGE_PATCH)
    add_release(api, "redeployed", "web", marks(past()), revision=2)
    secret = "/api/v1/namespaces/reborn/secrets/sh.helm.release.v1.web.v1"
    api("DELETE", secret)
    add_release(api, "reborn", "web", marks(past()),
                objects=[environments.config_map("reborn")])
    api("POST", "/api/v1/namespaces/tenant/pods", pod("by-hand"))
    # by hand: a deployment waits, but the namespace stays all the same
    api("PATCH", "/api/v1/namespaces/a-first",
        {"metadata": {"labels": marks(future())}}, MERGE_PATCH)
    (tmp_path / "go").touch()

    result = step.wait().json
    survived = reasons(result["kept"])
    assert survived == {
        "adopted": "its namespace was marked anew since it was judged",
        "renewed": "its namespace was marked anew since it was judged",
        "redeployed": "it was deployed anew since it was judged",
        "reborn": "it was deployed anew since it was judged"}
    assert set(reasons(result["deleted"])) == {"a-first", "tenant"}
    assert api.namespaces() == {"a-first", "tenant", *survived}
    assert releases(api) == {f"{name}/web" for name in survived}


@pytest.fixture
def deploy(start_step, cluster, helm4, tmp_path):
    """Start a deployment of shop-fix."""
    chart = environments.umbrella(tmp_path, "1.0.0")

    def start(*args, **options):
        return start_step("deploy-preview", "--helm", helm4.path,
                          "--repository-name", "shop", "--branch", "fix",
                          "--output", "json", *args, chart, env=cluster.env,
                          **options)
    return start


@pytest.mark.timeout(300)
def test_a_deployment_waits_for_the_sweep(cluster, start_step, deploy,
                                          slow_helm, tmp_path):
    """It comes while Helm is about to uninstall, and makes all anew."""
    api = cluster.api
    deploy("--expires-in", "1s").wait()
    time.sleep(EXPIRED)
    step = start_step(*SWEEP, "--helm", slow_helm, env=cluster.env)
    wait.until((tmp_path / "asked").exists, "the uninstall")
    old = api("GET", "/api/v1/namespaces/shop-fix")["metadata"]

    early = deploy("--lock-timeout", "1s").wait(expect=75)
    assert "another run is at work on environment 'shop-fix': process " \
        f"{step.pid} on " in early.err
    now = api("GET", "/api/v1/namespaces/shop-fix")["metadata"]
    assert now["resourceVersion"] == old["resourceVersion"]
    late = deploy("--expires-in", "7d")
    (tmp_path / "go").touch()

    assert set(reasons(step.wait().json["deleted"])) == {"shop-fix"}
    done = late.wait(timeout=120)
    assert done.json["revision"] == 1
    new = api("GET", "/api/v1/namespaces/shop-fix")["metadata"]
    assert new["uid"] != old["uid"] and "deletionTimestamp" not in new
    assert releases(api) == {"shop-fix/shop-fix"}
    assert api.exists("/apis/apps/v1/namespaces/shop-fix/deployments"
                      "/shop-fix-front")


@pytest.mark.timeout(300)
def test_a_deployment_waits_where_the_namespace_stays(cluster, start_step,
                                                      deploy, slow_helm,
                                                      tmp_path):
    api = cluster.api
    api.create_namespace("shop-fix")
    here = "--namespace", "shop-fix"
    deploy(*here, "--expires-in", "1s").wait()
    time.sleep(EXPIRED)
    step = start_step(*SWEEP, "--helm", slow_helm, env=cluster.env)
    wait.until((tmp_path / "asked").exists, "the uninstall")
    late = deploy(*here, "--expires-in", "7d")
    (tmp_path / "go").touch()

    (done,) = step.wait().json["deleted"]
    assert "was there before us" in done["reason"]
    assert late.wait(timeout=120).json["revision"] == 1
    assert releases(api) == {"shop-fix/shop-fix"}


@pytest.mark.timeout(300)
def test_renewed_too_late(cluster, start_step, deploy, run_step, slow_helm,
                          tmp_path):
    """Nobody hears that an environment lives on whose end has begun."""
    deploy("--expires-in", "1s").wait()
    time.sleep(EXPIRED)
    step = start_step(*SWEEP, "--helm", slow_helm, env=cluster.env)
    wait.until((tmp_path / "asked").exists, "the uninstall")
    renew = ["deploy-preview", "--repository-name", "shop", "--branch", "fix",
             "--renew", "7d"]
    early = run_step(*renew, "--lock-timeout", "0s", env=cluster.env,
                     expect=75)
    assert "another run is at work on environment 'shop-fix'" in early.err
    late = start_step(*renew, env=cluster.env)
    (tmp_path / "go").touch()
    assert set(reasons(step.wait().json["deleted"])) == {"shop-fix"}
    assert late.wait(expect=None, timeout=120).code in (1, 75)  # gone, going


@pytest.mark.timeout(300)
def test_renewed_while_it_is_deployed(cluster, deploy, run_step):
    api = cluster.api
    running = deploy("--wait-timeout", "5m", "--set", "front.nodeName=nowhere")
    wait.until(lambda: api.exists("/api/v1/namespaces/shop-fix")
               and api.pods("shop-fix"), "Helm at work")
    told = run_step("deploy-preview", "--repository-name", "shop", "--branch",
                    "fix", "--renew", "7d", "--output", "json",
                    env=cluster.env).json
    running.process.terminate()
    running.wait(expect=143)
    labels = api("GET", "/api/v1/namespaces/shop-fix")["metadata"]["labels"]
    assert labels["slipway/expires-at"] == str(told["expiresAt"])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kill", [False, True])
def test_what_somebodys_helm_works_on_stays(kill, cluster, deploy, sweep, helm4,
                                            run_step, tmp_path):
    """Though it has expired, and even if it is asked for by name."""
    api = cluster.api
    deploy("--expires-in", "1s").wait(timeout=LONG)
    chart = environments.umbrella(tmp_path / "by-hand", "2.0.0", {
        "front": {"nodeName": "nowhere"}})
    by_hand = subprocess.Popen(
        [helm4.path, "upgrade", "shop-fix", chart, "-n", "shop-fix", "--wait",
         "--timeout", "5m"], env=cluster.env | {"HOME": str(tmp_path)})
    try:
        wait.until(lambda: newest(api, "shop-fix")["version"] == "2",
                   "somebody's Helm at work")
        time.sleep(EXPIRED)
        if kill:
            by_hand.kill()
            by_hand.wait()
        told = sweep()
        kept = reasons(told.json["kept"])["shop-fix"]
        assert kept.startswith("somebody's Helm may be at work on it: "
                               "revision 2 of its release, made ")
        assert f"warning: 'shop-fix' is kept: {kept}" in told.err
        named = sweep("--environment", "shop-fix", "--now", expect=75)
        assert "cannot delete environment 'shop-fix': somebody's Helm" \
            in named.err
        full = run_step(
            "deploy-preview", "--repository-name", "shop", "--branch", "new",
            "--helm", helm4.path, "--max-environments", "1",
            "--evict-oldest", chart, env=cluster.env, expect=75)
        assert "hint: try again later: cannot delete environment 'shop-fix': " \
            "somebody's Helm may be at work on it: revision 2 " in full.err
        assert newest(api, "shop-fix")["status"] == "pending-upgrade"
    finally:
        by_hand.terminate()
        by_hand.wait(timeout=LONG)
    if not kill:
        assert set(reasons(sweep().json["deleted"])) == {"shop-fix"}


def newest(api, namespace: str) -> dict[str, str]:
    """The labels of the newest revision."""
    items = api("GET", f"/api/v1/namespaces/{namespace}/secrets"
                "?labelSelector=owner%3Dhelm")["items"]
    return max((i["metadata"]["labels"] for i in items),
               key=lambda labels: int(labels["version"]))


@pytest.mark.timeout(300)
def test_what_is_deployed_just_now_stays(cluster, deploy, sweep):
    """Though it has expired meanwhile; later it goes."""
    api = cluster.api
    chart = "--set", "front.nodeName=nowhere"       # never ready
    running = deploy("--expires-in", "1s", "--wait-timeout", "5m", *chart)
    wait.until(lambda: api.exists("/api/v1/namespaces/shop-fix")
               and api.pods("shop-fix"), "Helm at work")
    time.sleep(EXPIRED)
    kept = reasons(sweep().json["kept"])
    assert "another run is at work on it: process " \
        f"{running.pid} on " in kept["shop-fix"]
    named = sweep("--environment", "shop-fix", "--now", expect=75)
    assert "'shop-fix' was not deleted: another run is at work" in named.err
    running.process.terminate()
    running.wait(expect=143)
    assert set(reasons(sweep().json["deleted"])) == {"shop-fix"}
    assert api.namespaces() == set()


@pytest.mark.timeout(300)
def test_a_killed_sweep_holds_nothing(cluster, start_step, deploy, slow_helm,
                                      tmp_path):
    api = cluster.api
    for kill, told in ("terminate", False), ("kill", True):
        deploy("--expires-in", "1s").wait()
        time.sleep(EXPIRED)
        step = start_step(*SWEEP, "--helm", slow_helm, env=cluster.env)
        wait.until((tmp_path / "asked").exists, "the uninstall")
        getattr(step.process, kill)()
        step.wait(expect=143 if kill == "terminate" else -9)
        (tmp_path / "asked").unlink()
        done = deploy("--lock-timeout", "20s").wait()
        assert ("taking environment 'shop-fix' over from" in done.err) == told
    assert releases(api) == {"shop-fix/shop-fix"}


def test_two_sweeps_at_once(cluster, start_step, sweep, helm4):
    api = cluster.api
    names = {make(api, f"env-{i}", past()) for i in range(6)}
    both = [start_step(*SWEEP, "--helm", helm4.path, env=cluster.env)
            for _ in range(2)]
    results = [step.wait().json for step in both]
    assert api.namespaces() == set()
    assert set().union(*(reasons(r["deleted"]) for r in results)) == names
    assert not any(r["failed"] for r in results)


def test_a_killed_sweep_is_completed_by_the_next(cluster, start_step, sweep,
                                                 slow_helm, tmp_path):
    api = cluster.api
    for name in "a", "b":
        make(api, name, past())
    step = start_step(*SWEEP, "--helm", slow_helm, env=cluster.env)
    wait.until((tmp_path / "asked").exists, "the first uninstall")
    step.process.terminate()
    step.wait(expect=143)
    assert api.namespaces() == {"a", "b"}
    sweep()
    assert api.namespaces() == set()


# --- what goes wrong ---------------------------------------------------------

def test_one_failure_does_not_stop_the_rest(cluster, sweep):
    """A finalizer nobody serves, a release that Helm cannot read, and one
    that is in order."""
    api = cluster.api
    make(api, "good", past())
    make(api, "broken", past())
    api("PATCH",
        "/api/v1/namespaces/broken/secrets/sh.helm.release.v1.web.v1",
        {"data": {"release": "bm90IGEgcmVsZWFzZQ=="}}, MERGE_PATCH)
    make(api, "stuck", past())
    stuck = environments.config_map("held") | {}
    stuck["metadata"]["finalizers"] = ["example.com/held"]
    api("POST", "/api/v1/namespaces/stuck/configmaps", stuck)

    result = sweep("--wait-timeout", "7s", expect=1)

    assert set(reasons(result.json["deleted"])) == {"good"}
    failed = reasons(result.json["failed"])
    assert set(failed) == {"broken", "stuck"}
    assert "cannot decode release 'web'" in failed["broken"]
    assert "does not go away" in failed["stuck"]
    assert "example.com/held" in failed["stuck"]
    assert "cannot delete 2 of the environments" in result.err
    assert api.namespaces() == {"broken", "stuck"}
    assert sweep("--namespace", "stuck").json["kept"][0]["reason"] \
        == "it is being deleted already"


# --- rights ------------------------------------------------------------------

def test_the_rights_of_the_example(cluster, run_step, helm4):
    """They suffice; without one of them, that one is named and what it was
    for stays."""
    api = cluster.api
    make(api, "env", past(), objects=[
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
         "spec": {"ports": [{"port": 80}]}}])

    def attempt(user: Path, expect: int) -> str:
        result = run_step(*SWEEP, "--helm", helm4.path, "--kubeconfig", user,
                          expect=expect)
        return result.err

    rules = environments.rights("expire-sweep")
    no_list = [r for r in rules if "secrets" not in r["resources"]]
    assert 'cannot list resource "secrets"' in attempt(
        cluster.user("no-list", no_list), 1)
    assert releases(api) == {"env/web"}

    keep = [r | {"verbs": [v for v in r["verbs"] if v != "delete"]}
            if "namespaces" in r["resources"] else r for r in rules]
    user = cluster.user("no-delete", keep)
    checked = run_step("expire-sweep", "--check", "--helm", helm4.path,
                       "--kubeconfig", user, expect=1)
    assert "may not delete namespaces, needed to delete" in checked.err
    assert 'cannot delete resource "namespaces"' in attempt(user, 1)
    assert api.namespaces() == {"env"}

    user = cluster.user("sweeper", rules)
    checked = run_step("expire-sweep", "--check", "--helm", helm4.path,
                       "--kubeconfig", user)
    assert checked.out == "the cluster, Helm and the rights are there\n"
    attempt(user, 0)
    assert api.namespaces() == set()


@pytest.mark.parametrize("version", ["helm4", "helm3"])
def test_hooks_run(version, cluster, run_step, request):
    """Before and after the deletion, Jobs by the rights of the example; who
    may not make one touches nothing."""
    helm, api = request.getfixturevalue(version), cluster.api
    make(api, "env", past(), created=False, release=None)
    environments.store_release(api, "env", "web", marks(past()), hooks=[
        (f"{when}-delete", thing(when)) for when in ("pre", "post")
        for thing in (environments.config_map, environments.job)])
    rules = environments.rights("expire-sweep")

    refused = run_step(*SWEEP, "--helm", helm.path, "--kubeconfig",
                       cluster.user("sweeper", rules), expect=1)
    assert "may not create, patch configmaps, needed to" in refused.err
    assert releases(api) == {"env/web"}

    user = cluster.user("with-hooks", [*rules, {
        "apiGroups": [""], "resources": ["configmaps"],
        "verbs": ["create", "update", "patch"]}])
    run_step(*SWEEP, "--helm", helm.path, "--kubeconfig", user)
    assert releases(api) == set()
    for when in "pre", "post":
        assert api.exists(f"/api/v1/namespaces/env/configmaps/{when}")
        job = api("GET", f"/apis/batch/v1/namespaces/env/jobs/{when}")
        assert job["status"]["succeeded"] == 1


@pytest.mark.parametrize("version", ["helm4", "helm3"])
def test_what_helm_may_not_read(version, cluster, run_step, request):
    """Helm 4 would leave it behind and forget the release, Helm 3 end
    half-way, so nothing is begun; a role in the namespace alone suffices."""
    helm, api = request.getfixturevalue(version), cluster.api
    make(api, "env", past())
    make(api, "other", past())
    rules = [r | {"resources": [name for name in r["resources"]
                                if name != "configmaps"]}
             for r in environments.rights("expire-sweep")]
    user = cluster.user("blind", rules)
    cluster.allow(user, "other", [
        {"apiGroups": [""], "resources": ["configmaps"],
         "verbs": ["get", "list", "watch", "delete"]}])

    failed = run_step(*SWEEP, "--helm", helm.path, "--kubeconfig", user,
                      expect=1)

    assert ("the user of the kubeconfig may not get, list, watch, delete "
            "configmaps, needed to let Helm remove") in failed.err
    assert "nothing of it was touched" in failed.err
    assert set(reasons(failed.json["deleted"])) == {"other"}
    assert api.namespaces() == {"env"} and releases(api) == {"env/web"}
    assert api.exists("/api/v1/namespaces/env/configmaps/web-settings")

    # Helm 4 would delete it, and then fail to see that it is gone
    user = cluster.user("blinking", [*rules, {
        "apiGroups": [""], "resources": ["configmaps"],
        "verbs": ["get", "list", "delete"]}])
    failed = run_step(*SWEEP, "--helm", helm.path, "--kubeconfig", user,
                      expect=1)
    assert "may not watch configmaps, needed to" in failed.err
    assert releases(api) == {"env/web"}


def test_a_finalizer_that_holds_what_helm_deletes(cluster, sweep):
    """Helm has forgotten the release when it gives up; the namespace tells the
    next sweep, which ends when the finalizer does."""
    api = cluster.api
    make(api, "env", past())
    held = "/api/v1/namespaces/env/configmaps/web-settings"
    api("PATCH", held, {"metadata": {"finalizers": ["example.com/held"]}},
        MERGE_PATCH)

    failed = sweep("--wait-timeout", "10s", expect=1)
    (reason,) = reasons(failed.json["failed"]).values()
    assert "ConfigMap web-settings is held by example.com/held" in reason, failed
    assert "hint: somebody has to look what serves the finalizer" in failed.err
    assert api.namespaces() == {"env"} and releases(api) == set()

    again = sweep("--wait-timeout", "7s", expect=1)
    (reason,) = reasons(again.json["failed"]).values()
    assert "example.com/held in 1 resource instances" in reason
    assert "hint: somebody has to look what serves the finalizer" in again.err
    api("PATCH", held, {"metadata": {"finalizers": None}}, MERGE_PATCH)
    wait.until(lambda: api.namespaces() == set(), "the namespace's end")
