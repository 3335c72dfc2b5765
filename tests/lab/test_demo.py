"""`make demo` as a user runs it, on the lab's control plane."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import environments
import records
import toolbox

DEMO = Path(__file__).resolve().parents[2] / "pipeline-examples" / "demo"


def run_demo(cluster, steps, folder, **env):
    tools = f"{toolbox.helm4().parent}{os.pathsep}{os.defpath}"
    env = cluster.env | {
        "PATH": tools, "HOME": str(folder), "LANG": "C.UTF-8",
        "DEMO_PYTHON": sys.executable, "DEMO_RECORDS": str(folder / "records"),
        "KUBECTL": str(toolbox.kubectl()), "SLIPWAY_BIN": str(steps)} | env
    return subprocess.run([DEMO], env=env, capture_output=True, text=True,
                          timeout=110, stdin=subprocess.DEVNULL)


def test_the_whole_journey(cluster, steps, tmp_path):
    result = run_demo(cluster, steps, tmp_path, DEMO_IN_LAB="1")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "women: 1.1.0 (was 1.0.0)" in result.stdout
    story = "SHOP-1: keep the basket"
    assert "storefront 1.0.0 -> 1.1.0" in result.stdout and story in result.stdout
    assert "deleted storefront-feature-cart" in result.stdout
    assert "kept storefront-master" in result.stdout

    main = records.merged(tmp_path / "records" / "record-master")
    assert main["environment"]["expires"] is False
    assert main["jira"]["versions"] and main["marks"]
    assert main["tickets"] == ["SHOP-1"]
    (told,) = main["changelog"]["applications"]
    assert [change["title"] for change in told["changes"]] == [story]
    assert main["changelog"]["tickets"][0]["title"] == "Basket forgets its items"
    assert [step["name"] for step in main["steps"]].count("deploy-preview") == 1
    branch = records.merged(tmp_path / "records" / "record-feature-cart")
    assert branch["environment"]["namespace"] == "storefront-feature-cart"


def test_on_a_cluster_of_ones_own(cluster, steps, tmp_path):
    """Others' environments are not the demo's to sweep, nor a fault."""
    environments.make(cluster.api, "others-fix", 1_600_000_000)
    result = run_demo(
        cluster, steps, tmp_path, DEMO_KUBECONFIG=cluster.env["KUBECONFIG"],
        DEMO_IMAGE="registry.example.com:5000/shop/real:7", DEMO_PORT="5678")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "helm uninstall storefront-master" in result.stdout
    (image,) = {pod["spec"]["containers"][0]["image"]
                for pod in cluster.api.pods("storefront-master")}
    assert image == "registry.example.com:5000/shop/real:7"
    assert "others-fix" in cluster.api.namespaces()
