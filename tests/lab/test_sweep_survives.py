"""expire-sweep on a real control plane that fails, and killed while it works.

SLIPWAY_SWEEP_KILLS=N: how many runs are killed; SLIPWAY_SEED=N: when.
"""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

import wait
from environments import future, make, past
from kube_proxy import KubeProxy
from runner import children

SWEEP = ["expire-sweep", "--output", "json", "--jobs", 2]
KILLS = int(os.environ.get("SLIPWAY_SWEEP_KILLS", "4"))
SEED = int(os.environ.get("SLIPWAY_SEED", time.time_ns() % 10 ** 9))
LONGEST = 1.5           # seconds after which a run is killed at the latest


def left_of(api) -> tuple[set[str], set[str]]:
    """Namespaces, and releases as NAMESPACE/NAME."""
    items = api("GET", "/api/v1/secrets?labelSelector=owner%3Dhelm")["items"]
    return api.namespaces(), {
        f"{i['metadata']['namespace']}/{i['metadata']['labels']['name']}"
        for i in items}


@pytest.mark.timeout(300)
def test_through_a_proxy_that_fails(cluster, run_step, helm4, tmp_path):
    """A quarter of the requests fails; Helm itself is spared.  Whatever a sweep
    does not finish the next one does, and what has not expired stays."""
    api = cluster.api
    old = {make(api, f"old-{n}", past()) for n in range(3)}
    alone = {make(api, f"alone-{n}", past(), release=None) for n in range(1)}
    kept = {make(api, f"kept-{n}", future()) for n in range(3)}
    with KubeProxy(cluster, share=0.25, seed=SEED) as proxy:
        config = proxy.kubeconfig(tmp_path)
        helm = proxy.spared(helm4.path, tmp_path)
        for _ in range(6):
            result = run_step(*SWEEP, "--helm", helm, "--kubeconfig", config,
                              expect=None, timeout=200)
            assert result.code in (0, 1, 75), result
            namespaces, releases = left_of(api)
            assert kept <= namespaces <= kept | old | alone, (SEED, result)
            assert {f"{n}/web" for n in kept} <= releases, (SEED, result)
            if result.code == 0:
                break
        assert left_of(api) == (kept, {f"{n}/web" for n in kept}), SEED
        assert proxy.counts["passed"] and sum(proxy.counts.values()) \
            > proxy.counts["passed"], proxy.counts


# --- killed -------------------------------------------------------------------

def kill(what: str, pid: int) -> None:
    """The step, one of its Helms, or all that the agent started."""
    helms = children(pid)
    victims = {"step": [pid], "helm": helms[:1], "all": [pid, *helms]}[what]
    for victim in victims:
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            pass


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("version", ["helm4", "helm3"])
def test_killed_at_any_moment(version, cluster, start_step, run_step, request):
    """The next run completes it, and what has not expired stays."""
    helm, api = request.getfixturevalue(version).path, cluster.api
    dice = random.Random(SEED)
    make(api, "kept", future())
    for number in range(KILLS):
        ours = number % 4 == 3      # such a namespace takes 5 s to go
        old = [make(api, f"old-{number}-{n}", past(), created=ours)
               for n in range(4)]
        what = dice.choice(["step", "helm", "helm", "all"])
        step = start_step(*SWEEP, "--helm", helm, env=cluster.env)
        time.sleep(dice.uniform(0, LONGEST))
        kill(what, step.pid)
        step.process.communicate()

        told = f"seed {SEED}, run {number}, {what}"
        result = run_step(*SWEEP, "--helm", helm, env=cluster.env)
        assert left_of(api)[1] == {"kept/web"}, (told, result)
        if ours:        # some may have been on their way out already
            wait.until(lambda: not api.namespaces() & set(old), told)
        for name in old:
            assert not api.exists(
                f"/api/v1/namespaces/{name}/configmaps/web-settings"), told
    assert "kept" in api.namespaces()
    assert api.exists("/api/v1/namespaces/kept/configmaps/web-settings")
