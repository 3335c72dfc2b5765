"""deploy-preview killed at each of Helm's requests to the API server: the next
run heals what is left and comes to the same end.  Asked to end there by a
signal, it says itself what is left and what to do.

SLIPWAY_KILLS is how many of the moments are tried for each Helm and kind of
deployment; 0: all of them.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

import wait
from environments import umbrella
from killing_proxy import KillingProxy
from runner import LONG, children

KILLS = int(os.environ.get("SLIPWAY_KILLS", "2"))
SEED = int(os.environ.get("SLIPWAY_SEED", str(random.randrange(1 << 32))))
WHO = ("step", "helm", "both")


@dataclass
class Moment:
    number: int             # of Helm's request
    who: str                # is killed
    answer_lost: bool       # the request is made, but its answer lost


def moments(count: int, dice: random.Random) -> list[Moment]:
    """One of those that are chosen comes for certain: how many requests there
    are at the end depends on how long the pods take."""
    every = [Moment(*fields) for fields in itertools.product(
        range(1, count + 1), WHO, (False, True))]
    if not KILLS:
        return every
    certain = dice.choice([one for one in every if one.number <= count // 3])
    return [certain, *dice.sample(every, KILLS - 1)]


@pytest.fixture(params=["helm4", "helm3"])
def helm(request):
    return request.getfixturevalue(request.param)


class Deployments:
    """Of the chart @version to a branch, through the proxy."""

    def __init__(self, start_step, helm, proxy, folder):
        self.start_step, self.helm, self.proxy = start_step, helm, proxy
        self.folder = folder
        self.config = proxy.kubeconfig(folder)

    def start(self, branch: str, version: str, *args: object,
              values: object = None):
        chart = umbrella(self.folder / version, version, values)
        return self.start_step(
            "deploy-preview", "--repository-name", "shop", "--branch", branch,
            "--helm", self.helm.path, "--kubeconfig", self.config,
            "--output", "json", *args, chart)

    def run(self, branch: str, version: str) -> dict:
        self.proxy.arm(0, lambda: None)
        return self.start(branch, version).wait(timeout=LONG)

    def cut_off(self, branch: str, version: str, moment: Moment) -> bool:
        """False: the run had fewer requests, and ended well."""
        def strike():
            for pid in pids_of(running.pid, moment.who):
                os.kill(pid, signal.SIGKILL)

        self.proxy.arm(moment.number, strike, moment.answer_lost)
        running = self.start(branch, version)
        result = running.process
        code = result.wait(LONG)
        if self.proxy.fired:
            assert code == (1 if moment.who == "helm" else -signal.SIGKILL)
            running.wait(expect=code)
        else:
            running.wait()
        return self.proxy.fired


def pids_of(step: int, who: str) -> list[int]:
    helm = children(step)
    return {"step": [step], "helm": helm, "both": [*helm, step]}[who]


def history(cluster, home: str) -> dict[int, str]:
    """The states of the release's revisions, oldest first."""
    path = f"/api/v1/namespaces/{home}/secrets?labelSelector=owner%3Dhelm"
    labels = [item["metadata"]["labels"]
              for item in cluster.api("GET", path)["items"]]
    return dict(sorted((int(found["version"]), found["status"])
                       for found in labels))


def revisions(cluster, home: str) -> list[str]:
    return list(history(cluster, home).values())


def check(cluster, home: str, healed: dict, version: str) -> None:
    """All is as after a deployment that nobody has killed."""
    assert {a["name"]: a["new"] for a in healed["applications"]} == {
        "front": version, "back": version}
    assert healed["status"] == "deployed"
    assert revisions(cluster, home)[-1] == "deployed"
    assert revisions(cluster, home).count("deployed") == 1
    assert not [s for s in revisions(cluster, home) if s.startswith("pending")]
    lease = cluster.api("GET", "/apis/coordination.k8s.io/v1/namespaces/"
                        f"{home}/leases/slipway")
    assert "holderIdentity" not in lease["spec"]
    assert set(available(cluster, home)) == {f"{home}-front", f"{home}-back"}
    # Helm 3 is content with the ReplicaSet, which comes before the Deployment.
    wait.until(lambda: set(available(cluster, home).values()) == {1}, "all available")


def available(cluster, home: str) -> dict[str, int]:
    """The Deployments, and how many pods each has that serve."""
    path = f"/apis/apps/v1/namespaces/{home}/deployments"
    return {item["metadata"]["name"]: item["status"].get("availableReplicas", 0)
            for item in cluster.api("GET", path)["items"]}


@pytest.mark.timeout(0 if not KILLS else 600)
@pytest.mark.parametrize("kind", ["install", "upgrade"])
def test_the_next_run_heals(kind, cluster, start_step, helm, tmp_path):
    dice = random.Random(f"{SEED} {kind} {helm.path}")
    print(f"SLIPWAY_SEED={SEED}")
    with KillingProxy(cluster) as proxy:
        deployments = Deployments(start_step, helm, proxy, tmp_path)
        deployments.run("count", "1.0.0")
        if kind == "upgrade":
            deployments.run("count", "1.1.0")
        assert proxy.count > 10
        struck = 0
        for index, moment in enumerate(moments(proxy.count, dice)):
            print(moment)
            branch = "count" if kind == "upgrade" else f"b{index}"
            version = f"1.2.{index}"
            struck += deployments.cut_off(branch, version, moment)
            healed = deployments.run(branch, version)
            check(cluster, f"shop-{branch}", healed.json, version)
        assert struck


# --- killed while it rolls back -------------------------------------------------

STUCK = {"front": {"nodeName": "nowhere"}}


@dataclass
class Noting:
    """A Helm that leaves .begun when it begins to roll back."""
    path: Path
    begun: Path

    @classmethod
    def make(cls, helm, folder: Path) -> Noting:
        path, begun = folder / "helm", folder / "begun"
        path.write_text(
            f'#!/bin/sh\ncase " $* " in *" rollback "*) >{begun};; esac\n'
            f'exec {helm.path} "$@"\n')
        path.chmod(0o755)
        return cls(path, begun)


def roll_back(deployments: Deployments, version: str, moment: Moment) -> bool:
    """To fail and be killed at that of the rollback's requests.  False: it had
    fewer."""
    def strike():
        for pid in pids_of(running.pid, moment.who):
            os.kill(pid, signal.SIGKILL)

    proxy, helm = deployments.proxy, deployments.helm
    helm.begun.unlink(missing_ok=True)
    proxy.arm(moment.number, strike, moment.answer_lost,
              since=helm.begun.exists)
    running = deployments.start("main", version, "--wait-timeout", "1s",
                                values=STUCK)
    code = running.process.wait(LONG)
    assert code == (-signal.SIGKILL if proxy.fired and moment.who != "helm"
                    else 1)
    running.wait(expect=code)
    return proxy.fired


# A rollback makes its revision with the ninth of its requests.
ROLLBACK_REQUESTS = range(7, 13)


@pytest.mark.timeout(0 if not KILLS else 600)
def test_a_killed_rollback_is_healed(cluster, start_step, helm4, kubectl,
                                     tmp_path):
    """Also where somebody has deleted the Lease, as we advise to."""
    dice = random.Random(f"{SEED} rollback")
    print(f"SLIPWAY_SEED={SEED}")
    with KillingProxy(cluster) as proxy:
        deployments = Deployments(start_step, Noting.make(helm4, tmp_path),
                                  proxy, tmp_path)
        deployments.run("main", "1.0.0")
        for number in dice.sample(ROLLBACK_REQUESTS, KILLS) if KILLS \
                else itertools.count(1):
            moment = Moment(number, dice.choice(WHO), dice.random() < 0.5)
            delete = dice.random() < 0.5
            print(moment, "delete the Lease" if delete else "")
            fired = roll_back(deployments, f"1.1.{number}", moment)
            assert fired or not KILLS
            if delete:
                kubectl("delete", "lease", "slipway", "-n", "shop-main")
            healed = deployments.run("main", f"1.2.{number}")
            check(cluster, "shop-main", healed.json, f"1.2.{number}")
            if not fired:
                break


# --- asked to end ------------------------------------------------------------

# As by kill(1), by Ctrl-C or timeout(1), by Jenkins.
WHOM = ("step", "group", "each process")


def ask_to_end(step: int, whom: str, number: signal.Signals) -> None:
    if whom == "group":
        os.killpg(step, number)
        return
    for pid in pids_of(step, "step" if whom == "step" else "both"):
        os.kill(pid, number)


def judge(told: str, before: dict[int, str], after: dict[int, str]) -> None:
    """What is said of the release is true."""
    newest = max(after)
    [complete] = [n for n, status in before.items() if status == "deployed"]
    assert not [s for s in after.values() if s.startswith("pending")]
    if "is as it was: nothing of it was changed yet" in told:
        assert after == before
        assert "hint: run the step again to deploy" in told
        return
    assert newest == max(before) + 1
    if f"revision {newest} is complete; only what follows" in told:
        assert after[newest] == "deployed"
        return
    assert after[newest] == "failed"
    assert after[complete] in ("deployed", "superseded")
    assert f"revision {newest} was cut off" in told
    assert "hint: run the step again to complete it; to go back: helm " \
        f"rollback shop-main {complete} --namespace shop-main\n" in told


@pytest.mark.timeout(0 if not KILLS else 600)
def test_an_aborted_main_is_told_and_healed(cluster, start_step, helm,
                                            tmp_path):
    dice = random.Random(f"{SEED} abort {helm.path}")
    print(f"SLIPWAY_SEED={SEED}")
    with KillingProxy(cluster) as proxy:
        deployments = Deployments(start_step, helm, proxy, tmp_path)
        deployments.run("main", "1.0.0")
        deployments.run("main", "1.1.0")
        numbers = list(range(1, proxy.count + 1))
        if KILLS:
            numbers = [dice.randint(1, proxy.count // 3),
                       *dice.sample(numbers, KILLS)]
        for index, number in enumerate(numbers):
            sent = dice.choice([signal.SIGINT, signal.SIGTERM])
            whom, version = dice.choice(WHOM), f"1.2.{index}"
            print(number, sent, whom)
            before = history(cluster, "shop-main")
            proxy.arm(number, lambda: ask_to_end(running.pid, whom, sent),
                      answer_lost=dice.random() < 0.5, lost=False)
            running = deployments.start("main", version)
            ended = running.wait(expect=None, timeout=LONG)
            if proxy.fired:
                assert ended.code == 128 + sent, ended.err
                judge(ended.err, before, history(cluster, "shop-main"))
            healed = deployments.run("main", version)
            check(cluster, "shop-main", healed.json, version)
            assert "taking environment" not in healed.err
