"""What deploy-preview says when a deployment does not get ready.

Pods on a node that does not exist are nobody's, so that a test can play the
kubelet; scheduler, controllers, quota and webhook are the real ones.
"""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
import yaml

import environments
import wait
from kubeapi import MERGE_PATCH, KubeApi
from webhook import MESSAGE, Webhook

NAMES = ["--repository-name", "shop", "--branch", "fix"]
HOME = "/api/v1/namespaces/shop-fix"
PATIENT = ["--wait-timeout", "50s"]


@pytest.fixture(params=["helm4", "helm3"])
def helm(request):
    return request.getfixturevalue(request.param)


def workload(name: str, kind: str = "Deployment", labels: dict | None = None,
             **spec: object) -> dict:
    """One that makes a pod, on no node unless @spec says otherwise."""
    where = {} if "nodeSelector" in spec else {"nodeName": "nowhere"}
    return {
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": {
            "metadata": {"labels": {"app": name} | (labels or {})},
            "spec": {"terminationGracePeriodSeconds": 0,
                     "containers": [{"name": "main", "image": f"x/{name}:1"}]}
            | where | spec}}}


def umbrella(folder: Path, *objects: dict) -> Path:
    path = environments.chart(folder, "shop", "1.0.0")
    (path / "templates" / "all.yaml").write_text(
        yaml.safe_dump_all(objects))
    return path


def status(name: str = "main", restarts: int = 0, ready: bool = False,
           last: dict | None = None, **state: object) -> dict:
    return {"name": name, "image": "x", "imageID": "", "ready": ready,
            "restartCount": restarts, "state": state,
            "lastState": {"terminated": last} if last else {}}


def waiting(reason: str, message: str, **more: object) -> dict:
    return status(waiting={"reason": reason, "message": message}, **more)


class Kubelet:
    """Says of pods what a kubelet would."""

    def __init__(self, api: KubeApi):
        self.api = api

    def pod(self, app: str) -> dict:
        def find() -> dict:
            pods = self.api.exists(HOME) and self.api.pods("shop-fix",
                                                           f"app={app}")
            return pods[0] if pods else {}

        return wait.until(find, f"the pod of '{app}'")

    def say(self, app: str, *containers: dict, phase: str = "Pending",
            init: list[dict] | None = None) -> str:
        name = self.pod(app)["metadata"]["name"]
        self.api("PATCH", f"{HOME}/pods/{name}/status",
                 {"status": {"phase": phase,
                             "containerStatuses": list(containers)}
                  | ({"initContainerStatuses": init} if init else {})},
                 MERGE_PATCH)
        return name

    def warn(self, app: str, reason: str, message: str) -> None:
        pod = self.pod(app)["metadata"]
        self.api("POST", f"{HOME}/events", {
            "metadata": {"generateName": f"{app}-"}, "type": "Warning",
            "involvedObject": {"kind": "Pod", "name": pod["name"],
                               "namespace": "shop-fix", "uid": pod["uid"]},
            "reason": reason, "message": message, "count": 3,
            "lastTimestamp": "2026-11-26T10:00:00Z"})


@pytest.fixture
def kubelet(cluster):
    return Kubelet(cluster.api)


def end_helm(step) -> None:
    """As an impatient operator: the step's child, not the step."""
    children = Path(f"/proc/{step.pid}/task/{step.pid}/children")
    for child in wait.until(lambda: children.read_text().split(), "Helm"):
        os.kill(int(child), signal.SIGTERM)


# --- nine causes in one deployment -------------------------------------------

QUOTA = {
    "apiVersion": "v1", "kind": "ResourceQuota",
    "metadata": {"name": "no-gpu"},
    "spec": {"hard": {"requests.example.com/gpu": "0"}}}
CLAIM = {
    "apiVersion": "v1", "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "fast",
             "resources": {"requests": {"storage": "1Gi"}}}}
GPU = {"limits": {"example.com/gpu": "1"}}
EIGHT = [
    workload("image"), workload("crash"), workload("probe"),
    workload("config"), workload("init", initContainers=[
        {"name": "migrate", "image": "x/migrate:1"}]),
    workload("unplaced", nodeSelector={"disk": "fast"}),
    workload("greedy", "StatefulSet", containers=[
        {"name": "main", "image": "x", "resources": GPU}]),
    workload("stored", nodeSelector={}, volumes=[
        {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]),
    QUOTA, CLAIM]
# cause, whose, container, some of its words, some of the cure
CAUSES = [
    ("image", "Pod image-", "main", "ImagePullBackOff: Back-off pulling",
     "push the image"),
    ("crash-loop", "Pod crash-", "main", "exit code 3, restarted 5 times",
     "log of its last run"),
    ("probe", "Pod probe-", "main", "Readiness probe failed: HTTP 503",
     "'readinessProbe'"),
    ("missing-config", "Pod config-", "main", 'secret "db" not found',
     "create that secret"),
    ("init-container", "Pod init-", "migrate", "exit code 1", "its last run"),
    ("scheduling", "Pod unplaced-", None, "0/1 nodes are available",
     "'nodeSelector'"),
    ("quota", "StatefulSet greedy", None, "exceeded quota: no-gpu",
     "raise the quota"),
    ("admission", "ReplicaSet refused-", None,
     f"denied the request: {MESSAGE}", "what the policy asks for"),
    ("volume", "PersistentVolumeClaim data", None,
     'storageclass.storage.k8s.io "fast" not found', "'storageClassName'"),
]


def play_nine(kubelet: Kubelet) -> None:
    kubelet.say("image", waiting("ImagePullBackOff",
                                 'Back-off pulling image "x/image:1"'))
    kubelet.say("crash", waiting(
        "CrashLoopBackOff", "back-off 5m0s", restarts=5,
        last={"exitCode": 3, "reason": "Error"}), phase="Running")
    kubelet.say("probe", status(running={}), phase="Running")
    kubelet.warn("probe", "Unhealthy", "Readiness probe failed: HTTP 503")
    kubelet.say("config", waiting("CreateContainerConfigError",
                                  'secret "db" not found'))
    kubelet.say("init", waiting("PodInitializing", ""), init=[status(
        "migrate", 2, terminated={"exitCode": 1, "reason": "Error"})])


def has_all(api: KubeApi) -> bool:
    """Did those that nobody plays say what they have to say?"""
    warned = {event["involvedObject"]["name"].split("-")[0]
              for event in api("GET", f"{HOME}/events"
                               "?fieldSelector=type%3DWarning")["items"]}
    return warned >= {"unplaced", "greedy", "refused", "data"} and any(
        condition["type"] == "ReplicaFailure"
        for item in api("GET", "/apis/apps/v1/namespaces/shop-fix/replicasets")
        ["items"] for condition in item["status"].get("conditions", []))


def test_nine_causes_and_their_cures(cluster, start_step, helm, kubelet,
                                     tmp_path):
    report = tmp_path / "diagnosis.json"
    with Webhook(cluster.api, tmp_path) as webhook:
        chart = umbrella(tmp_path, *EIGHT,
                         workload("refused", labels=webhook.labels))
        step = start_step("deploy-preview", *NAMES, *PATIENT, "--helm",
                          helm.path, "--diagnosis", report, chart,
                          env=cluster.env)
        play_nine(kubelet)
        wait.until(lambda: has_all(cluster.api), "what the others say")
        end_helm(step)
        failed = step.wait(expect=1)

    told = json.loads(report.read_text())
    lines = failed.err.splitlines()
    for cause, whose, container, words, cure in CAUSES:
        found = [f for f in told["findings"] if f["cause"] == cause
                 and f"{f['kind']} {f['name']}".startswith(whose)]
        assert len(found) == 1, (cause, told["findings"])
        said = f"{found[0]['reason']}: {found[0]['message']}"
        assert words in said and cure in found[0]["cure"], found
        assert found[0]["container"] == container
        assert any(f"'{found[0]['name']}'" in line and words in line
                   and f"cure: {found[0]['cure']}" in line
                   for line in lines), (cause, failed.err)
    assert "0 of 10 workloads are ready, not: " in failed.err
    assert {"kind": "StatefulSet", "name": "greedy", "have": 0, "want": 1} \
        in told["waiting"]
    assert any(event["reason"] == "FailedCreate" and "exceeded quota"
               in event["message"] for event in told["events"])
