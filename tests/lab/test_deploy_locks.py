"""deploy-preview: one run at a time in an environment, and what a killed one
leaves.  Every one of Helm's requests is a moment to be killed at in
test_deploy_kills.py."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

import environments
import wait
from environments import add_release, umbrella
from kubeapi import MERGE_PATCH
from runner import LONG, children

NAMES = ["--repository-name", "shop", "--branch", "fix"]
HOME = "/api/v1/namespaces/shop-fix"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/shop-fix/leases"
STUCK = {"front": {"nodeName": "nowhere"}}      # never ready


@pytest.fixture
def step(start_step, cluster, helm4):
    """Start the step; an environment of its own build."""
    def start(*args, build="https://ci.example.com/job/1", helm=None):
        return start_step("deploy-preview", *NAMES, "--helm",
                          (helm or helm4).path, *args,
                          env=cluster.env | {"BUILD_URL": build})
    return start


@pytest.fixture
def environment(cluster):
    """The marked namespace, as an earlier deployment left it."""
    cluster.api.create_namespace(
        "shop-fix", labels={"slipway/managed": "v1",
                            "slipway/expires-at": str(int(time.time()) + 60)},
        annotations={"slipway/repository": "shop", "slipway/branch": "fix"})


def lease(cluster) -> dict:
    return cluster.api("GET", f"{LEASES}/slipway")


def hold(cluster, silent: float) -> None:
    environments.hold(cluster.api, "shop-fix", silent)


def revisions(cluster) -> list[str]:
    """The states of the release's revisions, oldest first."""
    items = cluster.api("GET", f"{HOME}/secrets?labelSelector=owner%3Dhelm")
    labels = [item["metadata"]["labels"] for item in items["items"]]
    labels.sort(key=lambda found: int(found["version"]))
    return [found["status"] for found in labels]


def wait_for_helm(cluster) -> None:
    wait.until(lambda: cluster.api.exists(HOME)
               and cluster.api.pods("shop-fix"), "Helm at work")


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


# --- one at a time -----------------------------------------------------------

def test_runs_wait_for_each_other(cluster, step, tmp_path):
    chart = umbrella(tmp_path, "1.0.0")
    running = [step(chart, build=f"https://ci.example.com/job/{i}")
               for i in range(4)]
    errors = "".join(run.wait(timeout=LONG).err for run in running)
    assert revisions(cluster) == ["superseded"] * 3 + ["deployed"]
    assert "waiting for another run that is at work on environment " \
        "'shop-fix': https://ci.example.com/job/" in errors
    assert "holderIdentity" not in lease(cluster)["spec"]
    assert "slipway/owner" not in cluster.api("GET", HOME)["metadata"][
        "annotations"]


def test_one_that_nobody_holds_is_taken_at_once(cluster, step, tmp_path):
    """And what else is noted on it stays."""
    chart = umbrella(tmp_path, "1.0.0")
    step(chart).wait(timeout=LONG)
    cluster.api("PATCH", f"{LEASES}/slipway", {
        "metadata": {"annotations": {"a": "b"}}},
        MERGE_PATCH)
    again = step("--verbose", chart).wait(timeout=LONG)
    calls = [line.split(": debug: ")[1].split()[0]
             for line in again.err.splitlines() if "/leases/slipway:" in line]
    assert calls[0] == "PATCH" and "GET" not in calls
    assert lease(cluster)["metadata"]["annotations"]["a"] == "b"


def test_who_works_on_it_is_told_and_beats(cluster, step, tmp_path):
    running = step("--wait-timeout", "5m", umbrella(tmp_path, "1.0.0", STUCK))
    wait_for_helm(cluster)
    first = lease(cluster)
    owner = cluster.api("GET", HOME)["metadata"]["annotations"]["slipway/owner"]
    assert owner == first["metadata"]["annotations"]["slipway/owner"]
    assert f'"process":{running.pid}' in owner
    assert '"build":"https://ci.example.com/job/1"' in owner
    wait.until(lambda: lease(cluster)["spec"]["renewTime"]
               > first["spec"]["renewTime"], "a heartbeat", 60)
    assert lease(cluster)["spec"]["holderIdentity"] \
        == first["spec"]["holderIdentity"]

    # ended in order: it gives the lease back, and takes its mark away
    running.process.terminate()
    running.wait(expect=143, timeout=LONG)
    assert "holderIdentity" not in lease(cluster)["spec"]
    assert "slipway/owner" not in cluster.api("GET", HOME)["metadata"][
        "annotations"]
    assert revisions(cluster) == ["failed"]


def test_giving_up_says_for_whom(cluster, step, environment, tmp_path):
    hold(cluster, silent=5)
    before = cluster.api("GET", HOME)["metadata"]["resourceVersion"]
    late = step("--lock-timeout", "2s",
                umbrella(tmp_path, "1.0.0")).wait(expect=75, timeout=LONG)
    assert "https://ci/job/7 (process 12 on agent-3), last heard of" in late.err
    assert "kubectl --namespace shop-fix delete lease slipway" in late.err
    assert lease(cluster)["spec"]["holderIdentity"] == "another"
    assert cluster.api("GET", HOME)["metadata"]["resourceVersion"] == before
    assert revisions(cluster) == []


def test_a_lapsed_lease_is_taken_over(cluster, step, environment, tmp_path):
    hold(cluster, silent=70)
    done = step(umbrella(tmp_path, "1.0.0")).wait(timeout=LONG)
    assert "taking environment 'shop-fix' over from https://ci/job/7" \
        in done.err
    assert revisions(cluster) == ["deployed"]


def test_the_time_to_live_begins_after_the_wait(cluster, step, environment,
                                                tmp_path):
    """Of 60 s of silence 6 are missing."""
    hold(cluster, silent=54)
    begun = int(time.time())
    done = step("--expires-in", "1h", "--output", "json",
                umbrella(tmp_path, "1.0.0")).wait(timeout=LONG)
    expires = done.json["expiresAt"]
    assert expires >= begun + 3600 + 5
    release = cluster.api("GET", f"{HOME}/secrets?labelSelector=owner%3Dhelm")
    for item in cluster.api("GET", HOME), *release["items"]:
        assert item["metadata"]["labels"]["slipway/expires-at"] == str(expires)


def test_a_run_that_lost_its_environment_ends(cluster, step, tmp_path):
    running = step("--wait-timeout", "5m", umbrella(tmp_path, "1.0.0", STUCK))
    wait_for_helm(cluster)
    helm, = children(running.pid)
    cluster.api("PATCH", f"{LEASES}/slipway", {
        "metadata": {"annotations": {"slipway/owner": None}},
        "spec": {"holderIdentity": "another"}}, MERGE_PATCH)
    lost = running.wait(expect=75, timeout=LONG)
    assert "cannot keep environment 'shop-fix' for this run: this run has " \
        "lost it to run another" in lost.err
    assert not is_running(helm)
    assert revisions(cluster) == ["failed"]
    assert lease(cluster)["spec"]["holderIdentity"] == "another"


# --- what a killed one leaves ------------------------------------------------

@pytest.mark.parametrize("who", ["step", "helm", "both"])
def test_a_killed_run_is_healed_at_once(who, cluster, step, tmp_path):
    """On the same machine nobody has to wait for the lease to lapse."""
    running = step("--wait-timeout", "5m", umbrella(tmp_path, "1.0.0", STUCK))
    wait_for_helm(cluster)
    helm, = children(running.pid)
    if who == "both":
        os.kill(running.pid, signal.SIGSTOP)
        os.kill(helm, signal.SIGKILL)
    os.kill(helm if who == "helm" else running.pid, signal.SIGKILL)
    running.wait(expect=1 if who == "helm" else -signal.SIGKILL, timeout=LONG)
    wait.until(lambda: not is_running(helm), "the end of Helm with the step")
    assert revisions(cluster) == ["pending-install"]

    begun = time.monotonic()
    healed = step(umbrella(tmp_path / "healthy", "1.0.1"),
                  build="https://ci.example.com/job/2").wait(timeout=LONG)

    assert "revision 1 was left pending-install by a run that is gone" \
        in healed.err
    assert ("taking environment 'shop-fix' over from "
            "https://ci.example.com/job/1" in healed.err) == (who != "helm")
    # failed, and superseded then, as Helm does with what it went on from
    assert revisions(cluster) == ["superseded", "deployed"]
    assert time.monotonic() - begun < 50        # no waiting for the lease


def test_what_helm_finds_in_a_healed_release(cluster, step, helm, tmp_path):
    """History, values and a later rollback by hand."""
    chart = umbrella(tmp_path, "1.0.0")
    step(chart, helm=helm).wait(timeout=LONG)
    values = helm("get", "values", "shop-fix", "-n", "shop-fix", "-o",
                  "json").json
    running = step("--wait-timeout", "5m", "--set", "front.nodeName=nowhere",
                   "--set", "back.big=1234567890", "--set", "back.ratio=0.1", chart, helm=helm)
    wait.until(lambda: len(revisions(cluster)) == 2, "the second revision")
    running.process.kill()
    running.wait(expect=-signal.SIGKILL, timeout=LONG)
    step("--set", "front.nodeName=node-0", chart, helm=helm).wait(timeout=LONG)

    history = helm("history", "shop-fix", "-n", "shop-fix", "-o", "json").json
    assert [(h["revision"], h["status"]) for h in history] == [
        (1, "superseded"), (2, "failed"), (3, "deployed")]
    assert history[1]["description"] \
        == "The deployment was cut off: Slipway marked it as failed"
    cut_off = helm("get", "values", "shop-fix", "-n", "shop-fix", "-o", "json",
                   "--revision", "2").json
    assert cut_off["front"] == {"nodeName": "nowhere"}
    assert cut_off["back"] == {"big": 1234567890, "ratio": "0.1"}
    helm("rollback", "shop-fix", "1", "-n", "shop-fix", "--wait")
    assert helm("get", "values", "shop-fix", "-n", "shop-fix", "-o",
                "json").json == values


@pytest.fixture(params=["helm4", "helm3"])
def helm(request):
    return request.getfixturevalue(request.param)


def test_somebody_elses_helm_is_never_healed(cluster, step, environment,
                                             tmp_path):
    add_release(cluster.api, "shop-fix", "shop-fix", {},
                status="pending-install")
    late = step("--lock-timeout", "2s",
                umbrella(tmp_path, "1.0.0")).wait(expect=75, timeout=LONG)
    assert "revision 1 is pending-install, by a Helm that no run of ours " \
        "started" in late.err
    assert "helm uninstall" in late.err
    assert revisions(cluster) == ["pending-install"]
    assert "holderIdentity" not in lease(cluster)["spec"]


def test_labels_that_somebodys_helm_took_over(cluster, step, helm, runner,
                                              tmp_path):
    """Helm hands our labels on to a revision that it makes by hand."""
    chart = umbrella(tmp_path, "1.0.0")
    step(chart, helm=helm).wait(timeout=LONG)
    by_hand = runner.start(helm.path, "upgrade", "shop-fix", chart, "-n",
                           "shop-fix", "--wait", "--set",
                           "front.nodeName=nowhere", env=cluster.env)
    wait.until(lambda: len(revisions(cluster)) == 2, "the second revision")

    late = step("--lock-timeout", "1s", chart, helm=helm).wait(expect=75, timeout=LONG)
    assert "revision 2 is pending-upgrade" in late.err
    assert revisions(cluster) == ["deployed", "pending-upgrade"]

    # when it has ended, by whatever way, we go on
    waiting = step("--set", "front.nodeName=node-0", chart, helm=helm)
    by_hand.process.terminate()
    by_hand.wait(expect=1, timeout=LONG)
    waiting.wait(timeout=LONG)
    assert revisions(cluster) == ["superseded", "failed", "deployed"]


def test_a_namespace_without_marks_is_not_taken(cluster, step, tmp_path):
    chart = umbrella(tmp_path, "1.0.0")
    cluster.api.create_namespace("shop-fix")
    refused = step(chart).wait(expect=3, timeout=LONG)
    assert "namespace 'shop-fix' was not made for an environment" \
        in refused.err
    assert "'--namespace shop-fix'" in refused.err
    taken = step("--namespace", "shop-fix", chart).wait(timeout=LONG)
    assert "it gets marks, and will never be deleted" in taken.err
    step(chart).wait(timeout=LONG)


def lasting_rollback(folder: Path) -> Path:
    """A chart to which no rollback gets: its hook's pod never runs."""
    job = environments.job("before")
    job["metadata"]["annotations"] = {"helm.sh/hook": "pre-rollback"}
    job["spec"]["template"]["spec"]["nodeName"] = "nowhere"
    chart = umbrella(folder, "1.0.0")
    (chart / "templates" / "before.yaml").write_text(json.dumps(job))
    return chart


def helm_killed_in_rollback(folder: Path, helm, kubectl, end: str) -> Path:
    """Its rollback has made revision 3 of shop-main when @end, of a shell,
    comes over it ($!)."""
    path = folder / "helm"
    path.write_text(
        "#!/bin/sh\n"
        f'case " $* " in *" rollback "*) ;; *) exec {helm.path} "$@";; esac\n'
        f'{helm.path} "$@" &\n'
        f"until {kubectl.path} get secret --namespace shop-main"
        " sh.helm.release.v1.shop-main.v3; do :; done\n"
        f"{end}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("since", ["the Lease was deleted",
                                   "another run failed"])
def test_a_rollback_that_died_with_its_run_is_healed(
        since, cluster, start_step, helm4, kubectl, tmp_path):
    """Whatever has become of what the Lease told."""
    killed = helm_killed_in_rollback(tmp_path, helm4, kubectl, "kill -9 $! $PPID $$")

    def deploy(helm, chart, *args):
        return start_step("deploy-preview", "--repository-name", "shop",
                          "--branch", "main", "--helm", helm, *args, chart,
                          env=cluster.env)

    deploy(helm4.path, lasting_rollback(tmp_path)).wait(timeout=LONG)
    deploy(killed, umbrella(tmp_path / "2", "1.1.0", STUCK),
           "--wait-timeout", "3s").wait(expect=-9, timeout=LONG)
    chart = umbrella(tmp_path / "3", "1.2.0")
    if since == "the Lease was deleted":
        kubectl("delete", "lease", "slipway", "--namespace", "shop-main")
    else:
        rules = [rule | {"verbs": ["get", "list", "create"]}
                 if rule["resources"] == ["namespaces"] else rule
                 for rule in environments.rights("deploy-preview")]
        second = deploy(helm4.path, chart, "--kubeconfig",
                        cluster.user("may-mark-nothing", rules))
        refused = second.wait(expect=1, timeout=LONG)
        assert "taking environment 'shop-main' over" in refused.err
        assert "cannot mark namespace" in refused.err

    done = deploy(helm4.path, chart, "--lock-timeout", "5s").wait(timeout=LONG)
    assert "revision 3 was left pending-rollback by a run that is gone" \
        in done.err
    marks = cluster.api("GET", "/api/v1/namespaces/shop-main")["metadata"]
    assert "slipway/rollback" not in marks["annotations"]


def test_a_rollback_that_was_killed_is_settled(cluster, start_step, helm4,
                                               kubectl, tmp_path):
    """No label tells whose a rollback is, so the run that started it does."""
    killed = helm_killed_in_rollback(tmp_path, helm4, kubectl, "kill -9 $!; kill -9 $$")

    def deploy(helm, chart, *args):
        return start_step("deploy-preview", "--repository-name", "shop",
                          "--branch", "main", "--helm", helm, *args, chart,
                          env=cluster.env)

    deploy(helm4.path, lasting_rollback(tmp_path)).wait(timeout=LONG)
    failed = deploy(killed, umbrella(tmp_path / "2", "1.1.0", STUCK),
                    "--wait-timeout", "3s").wait(expect=1, timeout=LONG)
    assert "is not rolled back to revision 1: " in failed.err
    done = deploy(helm4.path, umbrella(tmp_path / "3", "1.2.0"),
                  "--lock-timeout", "5s").wait(timeout=LONG)
    assert "pending" not in done.err
