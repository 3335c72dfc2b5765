"""The rights of pipeline-examples/sweep/: the two steps that touch the
cluster, with exactly these, are refused nothing, and there is none that they
do not use.  --check asks for no other and names each that is missing."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import pytest

import environments
import wait
from environments import future, make, past, umbrella
from kubeapi import MERGE_PATCH
from kubelet import Kubelet, waiting
from runner import LONG

NAMES = ["--repository-name", "shop", "--branch", "fix"]

Right = tuple[str, str, str]        # verb, group, resource[/subresource]

# Kinds that a cluster need not know: who lacks the right lacks an address.
OPTIONAL = {"gateway.networking.k8s.io", "networking.istio.io"}
# A patch that applies may have to make what it patches.  The server asks for
# that right without noting it.
UNNOTED = {("create", "", "limitranges"), ("create", "", "resourcequotas")}
LIMITS = [
    {"apiVersion": "v1", "kind": "ResourceQuota",
     "metadata": {"name": "limits"}, "spec": {"hard": {"pods": "50"}}},
    {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "limits"},
     "spec": {"limits": [{"type": "Container", "max": {"cpu": "4"}}]}},
]


def spread(rules: list[dict]) -> set[Right]:
    return {(verb, group, resource) for rule in rules
            for verb in rule["verbs"] for group in rule["apiGroups"]
            for resource in rule["resources"] if group not in OPTIONAL}


def right_of(event: dict) -> Right:
    what = event["objectRef"]
    sub = what.get("subresource")
    return (event["verb"], what.get("apiGroup", ""),
            what["resource"] + (f"/{sub}" if sub else ""))


def used(cluster, user) -> set[Right]:
    """What @user did; the server has let him do all of it.  Who watches has
    what there is sent first, or on older servers lists it."""
    events = [e for e in cluster.audit(user) if "resource" in
              e.get("objectRef", {})]
    refused = [right_of(e) for e in events
               if e["responseStatus"].get("code") == 403]
    assert not refused, f"rights that the example lacks: {refused}"
    done = {right_of(e) for e in events}
    return done | {("list", group, resource)
                   for verb, group, resource in done if verb == "watch"}


def rights(step: str) -> list[dict]:
    return environments.rights(step) + environments.rights(
        step, file=environments.RBAC_LIMIT)


def own_rights(step: str) -> set[Right]:
    """Those of the step's own role, without what its charts need."""
    return spread(environments.rights(step, f"slipway-{step}"))


@pytest.fixture
def deployer(cluster):
    return cluster.user("deployer", environments.rights("deploy-preview"))


@pytest.fixture
def sweeper(cluster):
    return cluster.user("sweeper", environments.rights("expire-sweep"))


@pytest.fixture
def preparation(cluster, tmp_path) -> list:
    """Options: a secret from elsewhere, a quota and limits."""
    manifest = tmp_path / "limits.yaml"
    manifest.write_text("".join(f"---\n{json.dumps(o)}\n" for o in LIMITS))
    cluster.api.create_namespace("shared")
    cluster.api("POST", "/api/v1/namespaces/shared/secrets", {
        "metadata": {"name": "pull"}, "data": {"a": "Yg=="}})
    return ["--copy-secret", "shared/pull", "--namespace-manifest", manifest]


# --- what the steps do themselves --------------------------------------------

# Its pod is nobody's, and never becomes ready.
STUCK = {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {
        "name": "stuck"},
    "spec": {"selector": {"matchLabels": {"app": "stuck"}}, "template": {
        "metadata": {"labels": {"app": "stuck"}},
        "spec": {"nodeName": "nowhere", "terminationGracePeriodSeconds": 0,
                 "containers": [{"name": "main", "image": "x"}]}}}}


@pytest.mark.parametrize("version", ["helm4", "helm3"])
def test_deploying(version, cluster, deployer, preparation, start_step,
                   run_step, request, tmp_path):
    helm = request.getfixturevalue(version)
    step = ["deploy-preview", "--helm", helm.path, "--kubeconfig", deployer,
            *NAMES]
    first = umbrella(tmp_path / "1", "1.0.0")
    second = umbrella(tmp_path / "2", "1.1.0")
    stuck = umbrella(tmp_path / "3", "1.2.0")
    (stuck / "templates" / "stuck.yaml").write_text(json.dumps(STUCK))

    # installed, counted, upgraded, rehearsed, renewed
    run_step(*step, "--max-environments", 9, first)
    run_step(*step, *preparation, second)
    run_step(*step, *preparation, "--dry-run", second)
    run_step(*step, *preparation, "--branch", "new", "--dry-run", second)
    run_step(*step, "--renew")

    # a container that failed is asked for its log
    running = start_step(*step, "--branch", "crash", "--patience", "1s", stuck)
    Kubelet(cluster.api, "shop-crash").say("stuck", waiting(
        "CrashLoopBackOff", "back-off", restarts=7, last={"exitCode": 3}),
        phase="Running")
    assert "exit code 3" in running.wait(expect=1, timeout=LONG).err

    # the lease of a run that was killed is taken over, its release healed
    running = start_step(*step, "--history-max", 2, stuck)
    wait.until(lambda: is_pending(cluster, "shop-fix"), "Helm at work")
    os.kill(running.pid, signal.SIGKILL)
    running.wait(expect=-signal.SIGKILL)
    healed = run_step(*step, "--history-max", 2, second, timeout=LONG)
    assert "was left pending-upgrade by a run that is gone" in healed.err

    # a main environment is rolled back
    run_step(*step, "--branch", "main", first)
    failed = run_step(*step, "--branch", "main", "--wait-timeout", "3s", stuck,
                      expect=1, timeout=LONG)
    assert "failed, and rolled back to revision 1" in failed.err

    idle = own_rights("deploy-preview") - used(cluster, deployer) - UNNOTED
    assert not idle, f"rights that nothing needs: {idle}"


def is_pending(cluster, home: str) -> bool:
    found = cluster.api("GET", f"/api/v1/namespaces/{home}/secrets"
                        "?labelSelector=status%3Dpending-upgrade")
    return bool(found["items"])


def test_making_room(cluster, deployer, run_step, helm4, tmp_path):
    """It takes one right more, without which nothing is begun."""
    make(cluster.api, "shop-old", future())
    cluster.api("PATCH", "/api/v1/namespaces/shop-old", {
        "metadata": {"annotations": {"slipway/repository": "shop"}}},
        MERGE_PATCH)
    step = ["deploy-preview", "--helm", helm4.path, *NAMES,
            "--max-environments", 1]
    chart = umbrella(tmp_path, "1.0.0")

    for extra in ["--dry-run"], []:
        refused = run_step(*step, "--evict-oldest", *extra, chart,
                           "--kubeconfig", deployer, expect=1)
        assert "may not delete namespaces, needed to keep to " \
            "'--max-environments'" in refused.err
        assert "slipway-limit-environments" in refused.err
        assert cluster.api.namespaces() == {"shop-old"}
    assert cluster.api.exists("/api/v1/namespaces/shop-old/configmaps"
                              "/web-settings")
    checked = run_step(*step, "--check", "--kubeconfig", deployer, expect=1)
    assert "may not delete namespaces, needed to" in checked.err
    assert "rbac-limit.yaml" in checked.err
    run_step(*step[:5], "--check", "--kubeconfig", deployer)

    user = cluster.user("limited", rights("deploy-preview"))
    run_step(*step, "--check", "--kubeconfig", user)
    run_step(*step, "--evict-oldest", chart, "--kubeconfig", user,
             timeout=LONG)
    assert cluster.api.namespaces() == {"shop-fix"}
    assert spread(environments.rights(
        "deploy-preview", file=environments.RBAC_LIMIT)) <= used(cluster, user)


# --- what charts hold --------------------------------------------------------

# One of each kind of the example, which each step changes, and none at step 0;
# a hook at all.
EVERY_KIND = """\
{{- define "pod" }}
metadata: {labels: {app: web}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: "web:{{ .Values.step }}"}]
{{- end }}
{{- define "once" }}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: web}]
{{- end }}
{{- define "meta" }}
  name: web
  annotations: {step: "{{ .Values.step }}"}
{{- end }}
{{- if .Values.step }}
{{- range tuple "DaemonSet" "Deployment" "StatefulSet" }}
---
apiVersion: apps/v1
kind: {{ . }}
metadata: {{ include "meta" $ }}
spec:
  {{- if eq . "StatefulSet" }}
  serviceName: web
  {{- end }}
  selector: {matchLabels: {app: web}}
  template: {{ include "pod" $ | nindent 4 }}
{{- end }}
{{- range tuple "ConfigMap" "Secret" "ServiceAccount" }}
---
apiVersion: v1
kind: {{ . }}
metadata: {{ include "meta" $ }}
{{- end }}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{ include "meta" . }}
spec:
  storageClassName: by-hand
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: v1
kind: Service
metadata: {{ include "meta" . }}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{ include "meta" . }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 1
---
apiVersion: batch/v1
kind: Job
metadata: {{ include "meta" . }}
spec:
  template: {{ include "once" . | nindent 4 }}
---
apiVersion: batch/v1
kind: CronJob
metadata: {{ include "meta" . }}
spec:
  schedule: 0 0 1 1 *
  jobTemplate:
    spec:
      template: {{ include "once" . | nindent 8 }}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{ include "meta" . }}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{ include "meta" . }}
spec: {podSelector: {matchLabels: {app: web}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{ include "meta" . }}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
{{- end }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: farewell
  annotations: {helm.sh/hook: pre-delete}
spec:
  template: {{ include "once" . | nindent 4 }}
"""


def every_kind(folder: Path, step: int) -> Path:
    path = environments.chart(folder / str(step), "shop", f"1.{step}.0")
    (path / "values.yaml").write_text(f"step: {step}\n")
    (path / "templates" / "all.yaml").write_text(EVERY_KIND)
    return path


@pytest.fixture
def volumes(cluster):
    """For a claim of each of two environments."""
    path = "/api/v1/persistentvolumes"
    for name in "one", "two":
        cluster.api("POST", path, {"metadata": {"name": name}, "spec": {
            "storageClassName": "by-hand", "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/nowhere"}}})
    yield
    for name in "one", "two":
        cluster.api("DELETE", f"{path}/{name}")


def expire(api, home: str) -> None:
    releases = api("GET", f"{home}/secrets?labelSelector=owner%3Dhelm")
    for path in home, *(f"{home}/secrets/{item['metadata']['name']}"
                        for item in releases["items"]):
        api("PATCH", path, {"metadata": {"labels": environments.marks(past())}},
            MERGE_PATCH)


def test_charts_of_every_kind(cluster, deployer, sweeper, volumes, helm4,
                              helm3, run_step, tmp_path):
    """Helm 4 watches what it waits for, Helm 3 makes what is new by a request
    of its own: between them they use all that is given."""
    for helm, last in (helm4, 2), (helm3, 0):
        step = ["deploy-preview", "--helm", helm.path, "--kubeconfig",
                deployer, *NAMES, "--wait-for-jobs", "--history-max", 1]
        for number in 1, last:
            run_step(*step, every_kind(tmp_path, number), timeout=LONG)
        expire(cluster.api, "/api/v1/namespaces/shop-fix")
        # the sweep makes a Lease, if there is none; and reads one that is
        # held, here by a run that was killed
        cluster.api("DELETE", "/apis/coordination.k8s.io/v1/namespaces"
                    "/shop-fix/leases/slipway")
        if helm is helm4:
            environments.hold(cluster.api, "shop-fix", silent=3600)
        run_step("expire-sweep", "--helm", helm.path, "--kubeconfig", sweeper,
                 timeout=LONG)
        assert cluster.api.namespaces() == set()
    given = spread(environments.rights("deploy-preview"))
    idle = given - own_rights("deploy-preview") - used(cluster, deployer)
    assert not idle, f"rights that nothing needs: {idle}"
    idle = spread(environments.rights("expire-sweep")) - used(cluster, sweeper)
    assert not idle, f"rights that nothing needs: {idle}"


# --- --check -----------------------------------------------------------------

NAMED = re.compile(r"may not (\w+) (\w+)((?:\.[\w.]+)?)((?:/\w+)?)"
                   r"(?: in (?:all namespaces|namespace '[\w-]+'))?, needed to")


@pytest.fixture
def missing(cluster, run_step, helm4, preparation):
    """missing(step, rules): what --check names to who has these alone."""
    def look(step: str, rules: list[dict]) -> set[Right]:
        options = preparation + ["--max-environments", 1] \
            if step == "deploy-preview" else []
        done = run_step(step, "--check", "--helm", helm4.path, "--kubeconfig",
                        cluster.user("checked", rules), *options, expect=None)
        named = {(verb, group.lstrip("."), resource + sub)
                 for verb, resource, group, sub in NAMED.findall(done.err)}
        assert len(named) <= done.err.count("may not ")
        assert done.code == bool(named), done.err
        return named
    return look


@pytest.mark.parametrize("step", ["deploy-preview", "expire-sweep"])
def test_check(step, missing):
    """Whoever may do nothing is told of every right, and who lacks one rule
    of what there is in it.  What charts need beside, charts tell."""
    rules = rights(step)
    asked = missing(step, [])
    assert asked <= spread(rules), "the example lacks what --check asks for"
    unasked = {right for right in own_rights(step) - asked
               if right[2] != "jobs"}       # those of charts' hooks
    assert not unasked, "--check does not ask for what the example gives"
    for index in range(len(rules)):
        others = rules[:index] + rules[index + 1:]
        assert missing(step, others) == asked - spread(others)
