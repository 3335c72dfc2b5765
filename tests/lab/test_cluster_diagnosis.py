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
import records
import wait
from kubeapi import KubeApi
from kubelet import Kubelet, status, waiting
from runner import LONG, children
from webhook import MESSAGE, Webhook

NAMES = ["--repository-name", "shop", "--branch", "fix"]
HOME = "/api/v1/namespaces/shop-fix"
PATIENT = ["--wait-timeout", "100s"]


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


@pytest.fixture
def kubelet(cluster):
    return Kubelet(cluster.api, "shop-fix")


def end_helm(step) -> None:
    """As an impatient operator: the step's child, not the step."""
    for child in wait.until(lambda: children(step.pid), "Helm"):
        os.kill(child, signal.SIGTERM)


# --- nine causes in one deployment -------------------------------------------

QUOTA = {
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
    CLAIM]
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


def make_quota(api: KubeApi) -> None:
    """Before the deployment: a new cluster takes some seconds to count, and
    who was refused for that meanwhile tries again ever more seldom."""
    api.create_namespace("shop-fix")
    api("POST", f"{HOME}/resourcequotas", QUOTA)
    wait.until(lambda: api("GET", f"{HOME}/resourcequotas/no-gpu")
               ["status"].get("hard"), "the quota at work", 60)


def said(api: KubeApi) -> list[tuple[str, str]]:
    """Of whom what is told where deploy-preview reads it: the scheduler's
    event comes before its condition, and is much the same for two pods."""
    told = [("{kind} {name}".format(**event["involvedObject"]),
             event["message"]) for event in api(
        "GET", f"{HOME}/events?fieldSelector=type%3DWarning"
        "%2Creason%21%3DFailedScheduling")["items"]]
    for kind, path in (("Pod", HOME + "/pods"), (
            "ReplicaSet", "/apis/apps/v1/namespaces/shop-fix/replicasets")):
        told += [(f"{kind} {item['metadata']['name']}",
                  condition.get("message", ""))
                 for item in api("GET", path)["items"]
                 for condition in item["status"].get("conditions", [])]
    return told


def unsaid(api: KubeApi) -> set[str]:
    """Whose causes nobody plays, and who has not yet said them."""
    told = said(api)
    return {whose for cause, whose, _container, words, _cure in CAUSES
            if cause in ("scheduling", "quota", "admission", "volume")
            and not any(who.startswith(whose) and words in message
                        for who, message in told)}


def test_nine_causes_and_their_cures(cluster, start_step, helm, kubelet,
                                     tmp_path):
    report = tmp_path / "diagnosis.json"
    make_quota(cluster.api)
    with Webhook(cluster.api, tmp_path) as webhook:
        chart = umbrella(tmp_path, *EIGHT,
                         workload("refused", labels=webhook.labels))
        step = start_step("deploy-preview", *NAMES, "--namespace", "shop-fix",
                          *PATIENT, "--helm", helm.path, "--diagnosis", report,
                          chart, env=cluster.env)
        play_nine(kubelet)
        wait.until(lambda: not unsaid(cluster.api), lambda: (
            "what they say", unsaid(cluster.api), said(cluster.api)))
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


def looks(api: KubeApi) -> int:
    """How often somebody listed what only a look at an environment lists."""
    _status, text = api.request("GET", "/metrics")
    return sum(int(float(line.split()[-1])) for line in text.splitlines()
               if line.startswith("apiserver_request_total{")
               and 'resource="daemonsets"' in line
               and 'scope="namespace"' in line and 'verb="LIST"' in line)


# --- ending early, and not too early ------------------------------------------

def test_a_wait_that_is_of_no_use_ends(cluster, start_step, helm, kubelet,
                                       tmp_path):
    chart = umbrella(tmp_path, workload("web"), workload("slow"))
    step = start_step("deploy-preview", *NAMES, *PATIENT, "--helm", helm.path,
                      "--patience", "1s", chart, env=cluster.env)
    kubelet.say("web", waiting("ImagePullBackOff", "Back-off pulling image"))

    failed = step.wait(expect=1, timeout=LONG)

    assert "it cannot get ready, and has been so for 1s: pod 'web-" \
        in failed.err
    assert "ImagePullBackOff: Back-off pulling image; cure: push the image" \
        in failed.err
    (revision,) = cluster.api("GET", f"{HOME}/secrets"
                              "?labelSelector=owner%3Dhelm")["items"]
    assert revision["metadata"]["labels"]["status"] == "failed"


def test_what_an_older_revision_broke_ends_no_wait(
        cluster, run_step, start_step, helm4, kubelet, tmp_path):
    """Helm is at a hook, and has not even sent what mends it."""
    deploy = ["deploy-preview", *NAMES, "--helm", helm4.path]
    broken = umbrella(tmp_path / "1", workload("web"))
    step = start_step(*deploy, "--patience", "0s", *PATIENT, broken,
                      env=cluster.env)
    kubelet.say("web", waiting("InvalidImageName", "x/web:"))
    assert "'imagePullPolicy'" not in step.wait(expect=1).err

    hook = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {
        "name": "migrate", "annotations": {"helm.sh/hook": "pre-upgrade"}},
        "spec": {"template": {
            "metadata": {"labels": {"app": "migrate"}},
            "spec": {"restartPolicy": "Never", "nodeName": "nowhere",
                     "terminationGracePeriodSeconds": 0,
                     "containers": [{"name": "main", "image": "x"}]}}}}
    mended = workload("web", nodeName="node-0")
    step = start_step(*deploy, "--patience", "0s", *PATIENT,
                      umbrella(tmp_path / "2", hook, mended), env=cluster.env)
    kubelet.pod("migrate")
    before = looks(cluster.api)
    wait.until(lambda: looks(cluster.api) > before + 1, "two looks")
    kubelet.say("migrate", status(terminated={
        "exitCode": 0, "reason": "Completed"}), phase="Succeeded")
    step.wait()


UNMOUNTED = 'MountVolume.SetUp failed for volume "tls" : secret "tls" not found'
SEALED = workload("web", volumes=[
    {"name": "tls", "secret": {"secretName": "tls"}}])


def test_what_was_warned_of_once_ends_no_wait(cluster, start_step, helm4,
                                              kubelet, tmp_path):
    """The secret came a little late, and so did what a webhook asks for; then
    images are pulled, of which no warning tells."""
    step = start_step("deploy-preview", *NAMES, *PATIENT, "--helm", helm4.path,
                      "--patience", "1s", umbrella(
                          tmp_path, SEALED, workload("db", "StatefulSet")),
                      env=cluster.env)
    for app in "web", "db":
        kubelet.say(app, waiting("ContainerCreating", ""))
    kubelet.warn("web", "FailedMount", UNMOUNTED)
    cluster.api("POST", f"{HOME}/secrets", {"metadata": {"name": "tls"}})
    kubelet.warn_of("StatefulSet", cluster.api(
        "GET", "/apis/apps/v1/namespaces/shop-fix/statefulsets/db"),
        "FailedCreate", f"create Pod db-0 failed: denied the request: {MESSAGE}")
    before = looks(cluster.api)
    wait.until(lambda: looks(cluster.api) > before + 2, "three looks")

    for app in "web", "db":
        kubelet.run(app)
    step.wait()


def test_a_secret_that_never_comes_ends_a_wait(cluster, start_step, helm4,
                                               kubelet, tmp_path):
    step = start_step("deploy-preview", *NAMES, *PATIENT, "--helm", helm4.path,
                      "--patience", "3s", umbrella(tmp_path, SEALED),
                      env=cluster.env)
    kubelet.say("web", waiting("ContainerCreating", ""))
    kubelet.warn("web", "FailedMount", UNMOUNTED)
    failed = step.wait(expect=1)
    assert "it cannot get ready, and has been so for 3s: pod 'web-" \
        in failed.err
    assert f"FailedMount: {UNMOUNTED}; cure: create that secret" in failed.err


def test_what_is_refused_again_ends_a_wait(cluster, start_step, helm4,
                                           tmp_path):
    """Of a webhook's no to a StatefulSet only warnings tell."""
    with Webhook(cluster.api, tmp_path) as webhook:
        step = start_step(
            "deploy-preview", *NAMES, *PATIENT, "--helm", helm4.path,
            "--patience", "3s", umbrella(tmp_path, workload(
                "db", "StatefulSet", labels=webhook.labels)), env=cluster.env)
        failed = step.wait(expect=1)
    assert "it cannot get ready, and has been so for 3s: stateful set 'db': " \
        "FailedCreate: " in failed.err
    assert f"denied the request: {MESSAGE}" in failed.err


# --- after a failure ----------------------------------------------------------

MAIN = ["--repository-name", "shop", "--branch", "main"]


def history(cluster, namespace: str) -> list[tuple[str, str]]:
    """Status and expiry of each revision, oldest first."""
    items = cluster.api("GET", f"/api/v1/namespaces/{namespace}/secrets"
                        "?labelSelector=owner%3Dhelm")["items"]
    labels = sorted((item["metadata"]["labels"] for item in items),
                    key=lambda found: int(found["version"]))
    return [(found["status"], found["slipway/expires-at"])
            for found in labels]


def plain(comment: Path) -> str:
    """Markdown without what keeps text from being more than text."""
    return comment.read_text().replace("\\", "")


def test_a_main_environment_is_rolled_back(cluster, run_step, start_step, helm,
                                           tmp_path):
    record, comment = tmp_path / "record", tmp_path / "comment.md"
    good = environments.umbrella(tmp_path / "1", "1.0.0")
    bad = environments.umbrella(tmp_path / "2", "1.1.0",
                                {"front": {"nodeSelector": {"disk": "fast"}}})
    deploy = ["deploy-preview", *MAIN, "--helm", helm.path, "--output", "json"]
    run_step(*deploy, good, env=cluster.env)

    failed = run_step(*deploy, "--wait-timeout", "3s", "--record", record,
                      "--markdown", comment, bad, env=cluster.env, expect=1)

    # diagnosed while it was there, then undone
    assert "failed, and rolled back to revision 1: helm upgrade failed" \
        in failed.err
    assert "Unschedulable: 0/1 nodes are available" in failed.err
    assert history(cluster, "shop-main") == [
        ("superseded", "never"), ("failed", "never"), ("deployed", "never")]
    assert all("disk" not in pod["spec"].get("nodeSelector", {})
               for pod in cluster.api.pods("shop-main", "app=front"))

    told = failed.json
    assert (told["status"], told["rolledBackTo"], told["revision"]) \
        == ("failed", 1, 3)
    assert told["findings"][0]["cause"] == "scheduling"
    assert told["applications"][0] == {"name": "back", "old": "1.0.0",
                                       "new": "1.0.0"}
    environment = records.merged(record)["environment"]
    assert (environment["status"], environment["rolledBackTo"]) == ("failed", 1)
    (fragment,) = records.fragments(record)
    assert fragment["steps"][0]["outcome"] == "failed"
    assert "shop-main: failed, rolled back to revision 1" \
        in plain(comment)

    # nothing to go back to the first time, and nothing to undo
    first = run_step("deploy-preview", "--repository-name", "new", "--branch",
                     "main", "--helm", helm.path, "--wait-timeout", "3s", bad,
                     env=cluster.env, expect=1)
    assert "no revision of release 'new-main' to roll back to" in first.err
    (good / "templates" / "bad.yaml").write_text("{{ .Values.a.b }}")
    rejected = run_step(*deploy, good, env=cluster.env, expect=1)
    assert "rolled back" not in rejected.err
    assert len(history(cluster, "shop-main")) == 3


def test_a_branch_stays_to_be_looked_at(cluster, run_step, helm, tmp_path):
    comment = tmp_path / "comment.md"
    good = environments.umbrella(tmp_path / "1", "1.0.0")
    bad = environments.umbrella(tmp_path / "2", "1.1.0",
                                {"front": {"nodeName": "nowhere"}})
    deploy = ["deploy-preview", *NAMES, "--helm", helm.path, "--output",
              "json", "--markdown", comment]
    run_step(*deploy, "--expires-in", "1h", good, env=cluster.env)
    assert plain(comment).startswith("<!-- slipway deploy-preview shop-fix -->"
                                     "\n### shop-fix: deployed\n")
    assert "| front | – | **1.0.0** |" in plain(comment)

    failed = run_step(*deploy, "--expires-in", "5h", "--wait-timeout", "3s",
                      bad, env=cluster.env, expect=1)

    told = failed.json
    assert (told["status"], told["rolledBackTo"]) == ("failed", None)
    (_, _), (status_of_last, expires) = history(cluster, "shop-fix")
    assert (status_of_last, expires) == ("failed", str(told["expiresAt"]))
    assert cluster.api("GET", HOME)["metadata"]["labels"][
        "slipway/expires-at"] == expires
    assert "nowhere" in [pod["spec"].get("nodeName") for pod in
                         cluster.api.pods("shop-fix", "app=front")]
    text = plain(comment)
    assert "### shop-fix: failed\n" in text
    assert "| front | 1.0.0 | **1.1.0** |" in text
    assert "#### Why\n\n- pod 'shop-fix-front-" in text

    # the next one compares with what was deployed, not with what failed
    # (it says where, for Helm 3 leaves in place what it knows nothing of)
    third = environments.umbrella(tmp_path / "3", "1.2.0",
                                  {"front": {"nodeName": "node-0"}})
    # and is told also where no comment can be written
    deploy[-1] = tmp_path / "nowhere" / "comment.md"
    told = run_step(*deploy, third, env=cluster.env, expect=1).json
    assert told["applications"][1] == {"name": "front", "old": "1.0.0",
                                       "new": "1.2.0"}


# --- what Helm or the API server refuses --------------------------------------

def job(name: str, **metadata: object) -> dict:
    return {"apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": name} | metadata,
            "spec": {"backoffLimit": 0, "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"restartPolicy": "Never", "nodeName": "nowhere",
                         "terminationGracePeriodSeconds": 0,
                         "containers": [{"name": "main", "image": "x"}]}}}}


def test_a_hook_that_fails(cluster, start_step, helm, kubelet, tmp_path):
    hook = job("migrate", annotations={"helm.sh/hook": "post-install"})
    step = start_step("deploy-preview", *NAMES, *PATIENT, "--helm", helm.path,
                      "--output", "json", umbrella(tmp_path, hook),
                      env=cluster.env)
    kubelet.say("migrate", status(terminated={
        "exitCode": 4, "reason": "Error"}), phase="Failed")

    failed = step.wait(expect=1)

    assert "hint: see the log of the hook's pod" in failed.err
    causes = {finding["cause"]: finding for finding in failed.json["findings"]}
    assert "exit code 4" in causes["crash-loop"]["message"]
    assert causes["job"]["name"] == "migrate"


def test_a_webhook_that_refuses_the_chart(cluster, run_step, helm, tmp_path):
    with Webhook(cluster.api, tmp_path, "configmaps") as webhook:
        refused = environments.config_map("settings")
        refused["metadata"]["labels"] = webhook.labels
        failed = run_step("deploy-preview", *NAMES, "--helm", helm.path,
                          umbrella(tmp_path, refused), env=cluster.env,
                          expect=1)
    errors = [line for line in failed.err.splitlines() if " error: " in line]
    assert len(errors) == 1 and f"denied the request: {MESSAGE}" in errors[0]
    assert "hint: a webhook refuses an object of the chart" in failed.err


def test_a_webhook_that_is_down(cluster, run_step, helm, tmp_path):
    """That may pass by waiting, but the main environment is not left half
    upgraded meanwhile."""
    comment = tmp_path / "diagnosis.json"
    deploy = ["deploy-preview", "--helm", helm.path, "--output", "json",
              "--diagnosis", comment]
    run_step(*deploy, *MAIN, environments.umbrella(tmp_path / "1", "1.0.0"),
             env=cluster.env)
    bad = environments.umbrella(tmp_path / "2", "1.1.0",
                                {"front": {"nodeSelector": {"disk": "fast"}}})
    with Webhook(cluster.api, tmp_path, "configmaps") as webhook:
        refused = environments.config_map("settings")
        refused["metadata"]["labels"] = webhook.labels
        (bad / "templates" / "settings.yaml").write_text(json.dumps(refused))
        webhook.stop()
        of_main = run_step(*deploy, *MAIN, bad, env=cluster.env, expect=75)
        assert comment.exists()
        comment.unlink()
        of_branch = run_step(*deploy, *NAMES, bad, env=cluster.env, expect=75)

    for failed in of_main, of_branch:
        assert "failed calling webhook" in failed.err
        assert failed.json["status"] == "failed"
    assert of_main.json["rolledBackTo"] == 1
    assert history(cluster, "shop-main") == [
        ("superseded", "never"), ("failed", "never"), ("deployed", "never")]
    assert of_branch.json["rolledBackTo"] is None and comment.exists()


def test_no_time_is_left_for_a_rollback(cluster, run_step, helm, tmp_path):
    deploy = ["deploy-preview", *MAIN, "--helm", helm.path]
    run_step(*deploy, environments.umbrella(tmp_path / "1", "1.0.0"),
             env=cluster.env)
    bad = environments.umbrella(tmp_path / "2", "1.1.0",
                                {"front": {"nodeSelector": {"disk": "fast"}}})
    failed = run_step(*deploy, "--timeout", "5s", bad, env=cluster.env,
                      expect=75)
    assert "release 'shop-main' is not rolled back to revision 1: " \
        "'--timeout' has passed; to do it by hand: helm rollback shop-main 1 " \
        "--namespace shop-main\n" in failed.err


def test_jobs_are_waited_for_if_asked(cluster, start_step, helm, kubelet,
                                      tmp_path):
    step = start_step("deploy-preview", *NAMES, *PATIENT, "--helm", helm.path,
                      "--wait-for-jobs", "--patience", "0s",
                      umbrella(tmp_path, job("fill")), env=cluster.env)
    kubelet.say("fill", status(terminated={
        "exitCode": 4, "reason": "Error"}), phase="Failed")
    failed = step.wait(expect=1)
    assert "job 'fill': BackoffLimitExceeded" in failed.err


@pytest.fixture
def late_class(cluster):
    """A storage class that binds late, and makes nothing."""
    path = "/apis/storage.k8s.io/v1/storageclasses"
    cluster.api("POST", path, {
        "metadata": {"name": "late"}, "provisioner": "example.com/none",
        "volumeBindingMode": "WaitForFirstConsumer"})
    yield "late"
    cluster.api("DELETE", f"{path}/late")


def test_what_no_event_tells_is_named(cluster, run_step, helm, late_class,
                                      tmp_path):
    suspended = job("fill")
    suspended["spec"]["suspend"] = True
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim",
             "metadata": {"name": "data"}, "spec": {
                 "storageClassName": late_class,
                 "accessModes": ["ReadWriteOnce"],
                 "resources": {"requests": {"storage": "1Gi"}}}}
    failed = run_step("deploy-preview", *NAMES, "--helm", helm.path,
                      "--output", "json", "--wait-for-jobs", "--wait-timeout",
                      "5s", umbrella(tmp_path, suspended, claim),
                      env=cluster.env, expect=1)
    assert {(f["kind"], f["name"], f["cause"], f["reason"])
            for f in failed.json["findings"]} == {
        ("Job", "fill", "job", "Suspended"),
        ("PersistentVolumeClaim", "data", "volume", "Pending")}


def test_the_address_that_helm_3_waits_for(cluster, run_step, helm3, helm4,
                                           tmp_path):
    """And Helm 4 does not.  There is no controller of load balancers here."""
    chart = umbrella(
        tmp_path, workload("web", nodeSelector={}),
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "front"},
         "spec": {"type": "LoadBalancer", "selector": {"app": "web"},
                  "ports": [{"port": 80}]}})
    failed = run_step("deploy-preview", *NAMES, "--helm", helm3.path,
                      "--output", "json", "--wait-timeout", "9s", chart,
                      env=cluster.env, expect=1)
    assert "1 of 2 workloads are ready, not: Service 'front' (0 of 1)" \
        in failed.err
    (finding,) = failed.json["findings"]
    assert (finding["cause"], finding["kind"], finding["name"]) == (
        "address", "Service", "front")
    run_step("deploy-preview", *NAMES, "--helm", helm4.path, chart,
             env=cluster.env)


# --- pods that fail again and again --------------------------------------------

def chaotic(name: str, stage: str, **spec: object) -> dict:
    """A Deployment whose pods kwok's chaos stage @stage makes fail."""
    key = f"{stage}.stage.kwok.x-k8s.io"
    made = workload(name, labels={key: "true"}, nodeSelector={}, **spec)
    made["spec"]["minReadySeconds"] = 30
    made["spec"]["template"]["metadata"]["annotations"] = {
        f"{key}/delay": "200ms", f"{key}/jitter-delay": "200ms",
        f"{key}/exit-code": "7", f"{key}/reason": "Chaos"}
    return made


def test_pods_that_fail_again_and_again(cluster, run_step, helm, tmp_path):
    """As fast as they are replaced: each look finds other ones."""
    broken = umbrella(
        tmp_path, workload("steady", nodeSelector={}),
        chaotic("falls", "pod-container-running-failed"),
        chaotic("never", "pod-init-container-running-failed", initContainers=[
            {"name": "migrate", "image": "x/migrate:1"}]))

    failed = run_step("deploy-preview", *NAMES, "--helm", helm.path,
                      "--output", "json", "--wait-timeout", "5s", broken,
                      env=cluster.env, expect=1)

    assert "1 of 3 workloads are ready, not: Deployment 'falls' (0 of 1), " \
        "Deployment 'never' (0 of 1)" in failed.err
    ended = [f for f in failed.json["findings"] if f["reason"] == "Chaos"]
    assert [(f["cause"], f["container"], f["name"].split("-")[0])
            for f in ended] == [("crash-loop", "main", "falls"),
                                ("init-container", "migrate", "never")]
    for finding in ended:
        assert finding["more"] > 0 and "exit code 7" in finding["message"]
        assert f"pod '{finding['name']}' and {finding['more']} more: " \
            in failed.err

    # and it goes away, though pods are made until the last moment
    swept = run_step("expire-sweep", "--environment", "shop-fix", "--now",
                     "--helm", helm.path, "--output", "json", env=cluster.env)
    assert [e["namespace"] for e in swept.json["deleted"]] == ["shop-fix"]
    assert not cluster.api.exists(HOME)
