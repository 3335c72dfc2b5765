"""The lab itself: its servers behave as the promised ones, and end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

import wait
from kubeapi import ApiError
from supervisor import descendants

LAB = Path(__file__).parent / "lab"

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      containers: [{name: web, image: "example/web:1"}]
"""


def test_runs_without_packages_of_python():
    """The demo starts it with the system's Python."""
    result = subprocess.run(["/usr/bin/python3", "-S", LAB, "--help"],
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    chart = tmp_path / "web"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text(
        "apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (chart / "templates" / "deployment.yaml").write_text(DEPLOYMENT)
    return chart


@pytest.mark.parametrize("version, flags", [
    ("helm4", ["--rollback-on-failure", "--wait=watcher"]),
    ("helm3", ["--atomic", "--wait"]),
])
def test_helm_installs_and_its_pod_runs(version, flags, cluster, chart,
                                        request):
    helm = request.getfixturevalue(version)

    helm("upgrade", "--install", "web", chart, "-n", "demo",
         "--create-namespace", *flags)

    (pod,) = cluster.api.pods("demo", "app=web")
    assert pod["status"]["phase"] == "Running"
    assert cluster.api.namespaces() == {"demo"}


def test_a_deleted_namespace_takes_its_pods_along(cluster, helm4, chart):
    helm4("install", "web", chart, "-n", "gone", "--create-namespace",
          "--wait=watcher")

    cluster.api("DELETE", "/api/v1/namespaces/gone")
    wait.until(lambda: not cluster.api.namespaces(), "namespace deleted", 60)

    assert not cluster.api.exists("/api/v1/namespaces/gone")
    assert cluster.api.pods("gone") == []


def test_tidying_takes_finalizers_and_pods(cluster, cleaner, helm4, chart):
    helm4("install", "web", chart, "-n", "stuck", "--create-namespace")
    cluster.api("POST", "/api/v1/namespaces/stuck/configmaps", {
        "metadata": {"name": "held", "finalizers": ["example.org/held"]}})

    cleaner.clean()

    assert cluster.api.namespaces() == set()
    cluster.api.create_namespace("stuck")
    assert cluster.api.pods("stuck") == []
    assert not cluster.api.exists("/apis/apps/v1/namespaces/stuck/deployments"
                                  "/web")


def test_the_namespace_controller_is_seen_at_work(cluster):
    """What the tidying waits for, which must end before a name is used anew."""
    cluster.api.create_namespace("gone")
    cluster.api("DELETE", "/api/v1/namespaces/gone")
    wait.until(lambda: "namespace" in cluster.controllers.busy(),
               "its beginning")
    wait.until(lambda: "namespace" not in cluster.controllers.busy(),
               "its end")


def test_a_user_has_only_the_rights_given(cluster, kubectl):
    config = cluster.user("reader", [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}])

    kubectl("--kubeconfig", config, "get", "pods", "-A")
    refused = kubectl("--kubeconfig", config, "get", "secrets", "-A", expect=1)

    assert "forbidden" in refused.err


def test_api_errors_carry_the_status(cluster):
    with pytest.raises(ApiError) as refused:
        cluster.api("GET", "/api/v1/namespaces/nowhere")

    assert refused.value.status == 404


def put_status(s3, key: str, **condition: str) -> int:
    try:
        answer = s3.client.put_object(Bucket=s3.name, Key=key, Body=b"x",
                                      **condition)
    except ClientError as refused:
        answer = refused.response
    return answer["ResponseMetadata"]["HTTPStatusCode"]


def test_s3_creates_only_once(s3):
    assert put_status(s3, "a", IfNoneMatch="*") == 200
    assert put_status(s3, "a", IfNoneMatch="*") == 412


def test_s3_swaps_only_what_was_read(s3):
    first = s3.client.put_object(Bucket=s3.name, Key="a", Body=b"1")["ETag"]

    assert put_status(s3, "a", IfMatch=first) == 200
    assert put_status(s3, "a", IfMatch=first) == 412
    assert put_status(s3, "missing", IfMatch=first) == 404


# Prints the folder of the lab once it has left a process behind that no
# longer has a parent, a session or a group in common with it.
COMMAND = """\
setsid sh -c 'sleep 1000 & sleep 1000' &
dirname "$(dirname "$(command -v helm)")"
wait
"""


def process_of(command: list[str]) -> tuple[subprocess.Popen, Path]:
    lab = subprocess.Popen([sys.executable, LAB, "run", *command, "--",
                            "sh", "-c", COMMAND],
                           stdout=subprocess.PIPE, text=True)
    return lab, Path(lab.stdout.readline().strip())


def alive(pid: int) -> bool:
    stat = proc_text(f"{pid}/stat")
    return stat != "" and stat.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("servers, victim, sig", [
    (["--cluster", "--s3"], "owner", signal.SIGKILL),
    (["--s3"], "owner", signal.SIGTERM),
    (["--s3"], "supervisor", signal.SIGKILL),
])
def test_nothing_outlives_the_lab(servers, victim, sig):
    lab, folder = process_of(servers)
    try:
        below = wait.until(
            lambda: (found := descendants(lab.pid)) and sleepers(found) == 2
            and found, "the command's processes")
        supervisor = int(children(lab.pid)[0])

        os.kill(lab.pid if victim == "owner" else supervisor, sig)

        wait.until(lambda: not any(map(alive, below)), "all processes gone")
        wait.until(lambda: not folder.exists(), "folder gone")
        assert lab.wait(10) != 0
    finally:
        lab.kill()
        lab.communicate()
        shutil.rmtree(folder, ignore_errors=True)


def proc_text(path: str) -> str:
    """Of a process that may end while it is looked at."""
    try:
        return Path(f"/proc/{path}").read_text()
    except OSError:
        return ""


def children(pid: int) -> list[str]:
    return proc_text(f"{pid}/task/{pid}/children").split()


def sleepers(pids: list[int]) -> int:
    return sum(proc_text(f"{pid}/comm") == "sleep\n" for pid in pids)


def test_the_command_decides_the_exit_code():
    done = subprocess.run([sys.executable, LAB, "run", "--", "sh", "-c",
                           "exit 7"])

    assert done.returncode == 7


def test_an_unknown_command_is_one_line():
    done = subprocess.run([sys.executable, LAB, "run", "--", "no-such-tool"],
                          stderr=subprocess.PIPE, text=True)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no-such-tool" in done.stderr
