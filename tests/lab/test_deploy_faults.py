"""deploy-preview on a real control plane that fails; SLIPWAY_SEED repeats it."""

from __future__ import annotations

import os
import time

import pytest

import environments
from kube_proxy import KubeProxy

SEED = int(os.environ.get("SLIPWAY_SEED", time.time_ns() % 10 ** 9))
RUNS = 4


@pytest.mark.timeout(300)
@pytest.mark.parametrize("version", ["helm4", "helm3"])
def test_through_a_proxy_that_fails(version, cluster, run_step, request,
                                    tmp_path):
    """A fifth of the requests fails; Helm itself is spared.  A run may give
    up as one that is worth trying again; what says 0 is whole."""
    print(f"SLIPWAY_SEED={SEED}")
    api, name = cluster.api, f"faulty-{version}"
    deployed = 0
    with KubeProxy(cluster, share=0.2, seed=SEED) as proxy:
        helm = proxy.spared(request.getfixturevalue(version).path, tmp_path)
        for number in range(RUNS):
            chart = environments.umbrella(tmp_path / str(number),
                                          f"1.{number}.0")
            result = run_step(
                "deploy-preview", "--kubeconfig", proxy.kubeconfig(tmp_path),
                "--helm", helm, "--repository-name", "faulty", "--branch",
                version, "--output", "json", "--timeout", "60s", chart,
                expect=None, timeout=120)
            assert result.code in (0, 75), (SEED, result)
            if result.code:
                continue
            deployed += 1
            assert result.json["applications"][0]["new"] == f"1.{number}.0"
            labels = api("GET", f"/api/v1/namespaces/{name}")["metadata"][
                "labels"]
            assert labels["slipway/expires-at"] \
                == str(result.json["expiresAt"]), SEED
        assert sum(proxy.counts.values()) > proxy.counts["passed"] > 0
    assert deployed > RUNS / 2, SEED
