"""The sample charts, as Helm sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from jenkins import EXAMPLES
from lab_fixtures import Tool

CHARTS = sorted(path.parent for path in EXAMPLES.glob("*/chart/Chart.yaml"))


@pytest.mark.parametrize("chart", CHARTS, ids=lambda path: path.parent.name)
def test_lint(helm4: Tool, helm3: Tool, chart):
    for helm in helm4, helm3:
        helm("lint", "--strict", chart)


def pod_of(helm4: Tool, chart: Path) -> dict:
    (deployment,) = [
        one for one in yaml.safe_load_all(
            helm4("template", "x", chart).out)
        if one["kind"] == "Deployment"]
    return deployment["spec"]["template"]["spec"]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda path: path.parent.name)
def test_the_image_of_a_release_is_its_version(helm4: Tool, chart):
    version = yaml.safe_load((chart / "Chart.yaml").read_text())["appVersion"]
    (container,) = pod_of(helm4, chart)["containers"]
    assert container["image"].endswith(f":{version}")


@pytest.mark.parametrize("chart", CHARTS, ids=lambda path: path.parent.name)
def test_pods_are_welcome_everywhere(helm4: Tool, kubectl: Tool, cluster, chart):
    """Also where the restricted standard is enforced, and where a quota wants
    requests."""
    pod = pod_of(helm4, chart)
    (container,) = pod["containers"]
    assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
    cluster.api.create_namespace("strict", labels={
        "pod-security.kubernetes.io/enforce": "restricted"})
    kubectl("create", "--dry-run=server", "-f", "-", input=json.dumps({
        "apiVersion": "v1", "kind": "Pod", "spec": pod,
        "metadata": {"name": "web", "namespace": "strict"}}))


def test_the_stack_names_versions_that_are_there():
    umbrella = yaml.safe_load(
        (EXAMPLES / "stack" / "umbrella" / "Chart.yaml").read_text())
    for dependency in umbrella["dependencies"]:
        chart = EXAMPLES / dependency["name"] / "chart" / "Chart.yaml"
        assert dependency["version"] == \
            yaml.safe_load(chart.read_text())["version"]
