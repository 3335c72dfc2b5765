"""A Kubernetes control plane with simulated nodes and pods.

etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok, which
plays the kubelets: pods become Running without any container.  Deletion of a
namespace, owners, hooks, finalizers, leases and RBAC are the real ones.
"""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Callable
from pathlib import Path

import toolbox
import wait
from controllers import Controllers
from kubeapi import KubeApi
from supervisor import Process, Supervisor

# Of service accounts' requests, what they were: see Cluster.audit().
AUDIT = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived", "ResponseStarted"],
    "rules": [
        {"level": "Metadata", "userGroups": ["system:serviceaccounts:default"]},
        {"level": "None"},
    ],
}

NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {
        "name": "node-0",
        "annotations": {"kwok.x-k8s.io/node": "fake"},
        "labels": {"kubernetes.io/hostname": "node-0",
                   "kubernetes.io/os": "linux"},
    },
    "status": {
        "allocatable": {"cpu": "1k", "memory": "1Ti", "pods": "10k"},
        "capacity": {"cpu": "1k", "memory": "1Ti", "pods": "10k"},
    },
}


class Cluster:
    """A running control plane; start() makes one."""

    def __init__(self, supervisor: Supervisor, folder: Path):
        self.supervisor, self.folder = supervisor, folder
        self.kubeconfig = folder / "kubeconfig"
        self.token = secrets.token_hex(16)
        self.port = wait.free_port()
        self.server = f"https://127.0.0.1:{self.port}"
        self.ca = folder / "certs" / "apiserver.crt"
        self.api = KubeApi(self.port, self.ca, self.token)
        self.controllers = Controllers(wait.free_port())
        self.processes: list[Process] = []

    # -- start

    def start(self) -> Cluster:
        self._write_keys()
        etcd = self._start_etcd()
        self._start_apiserver(etcd)
        self._wait("certificate of the API server", self.ca.exists)
        self.kubeconfig.write_text(self.config(self.token))
        self._wait("API server ready", self._ready)
        self._start_controllers()
        self._wait("controllers", self.controllers.are_idle)
        self.api("POST", "/api/v1/nodes", NODE)
        self._wait("node ready", self._node_ready)
        return self

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.stop()

    def _run(self, module: str, name: str, *flags: str) -> None:
        self.processes.append(self.supervisor.start(
            [str(toolbox.find(module, name)), *flags],
            log=self.folder / f"{name}.log", env={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "HOME": str(self.folder)}))

    def _wait(self, what: str, condition: Callable[[], bool]) -> None:
        def look() -> bool:
            for process in self.processes:
                process.check()
            return condition()

        wait.until(look, what, seconds=60)

    def _write_keys(self) -> None:
        subprocess.run(
            ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout",
             "-out", self.folder / "sa.key"], check=True, capture_output=True)
        (self.folder / "tokens.csv").write_text(
            f"{self.token},admin,1,system:masters\n")

    def _start_etcd(self) -> str:
        port = wait.free_port()
        url = f"http://127.0.0.1:{port}"
        peer = f"http://127.0.0.1:{wait.free_port()}"
        self._run("etcd", "etcd", "--data-dir", f"{self.folder}/etcd",
                  "--listen-client-urls", url, "--advertise-client-urls", url,
                  "--listen-peer-urls", peer, "--unsafe-no-fsync")
        self._wait("etcd", lambda: wait.accepts(port))
        return url

    def _start_apiserver(self, etcd: str) -> None:
        key = f"{self.folder}/sa.key"
        policy = self.folder / "audit-policy.json"
        policy.write_text(json.dumps(AUDIT))
        self._run("kubernetes", "kube-apiserver",
                  f"--etcd-servers={etcd}", "--bind-address=127.0.0.1",
                  f"--secure-port={self.port}",
                  f"--cert-dir={self.folder}/certs",
                  f"--service-account-key-file={key}",
                  f"--service-account-signing-key-file={key}",
                  "--service-account-issuer=https://kubernetes.default.svc",
                  f"--token-auth-file={self.folder}/tokens.csv",
                  "--authorization-mode=RBAC",
                  "--service-cluster-ip-range=10.0.0.0/24",
                  "--disable-admission-plugins=ServiceAccount",
                  f"--audit-policy-file={policy}",
                  f"--audit-log-path={self.folder}/audit.log")

    def _start_controllers(self) -> None:
        config = str(self.kubeconfig)
        stages = toolbox.folder("kwok") / "stages"
        # On a busy machine kwok is late with the node's heartbeat; its pods
        # would be marked as not ready, and kwok makes them so only once.
        # The collector deletes the pods of a node that it has missed for 40 s,
        # though they be another test's.
        self._run("kubernetes", "kube-controller-manager",
                  "--kubeconfig", config, "--bind-address=127.0.0.1",
                  f"--secure-port={self.controllers.port}",
                  f"--cert-dir={self.folder}/certs-of-controllers",
                  "--authorization-always-allow-paths=/metrics",
                  "--leader-elect=false", "--node-monitor-grace-period=30m",
                  f"--service-account-private-key-file={self.folder}/sa.key",
                  "--controllers=*,-nodeipam,-node-route-controller,"
                  "-cloud-node-lifecycle-controller,"
                  "-pod-garbage-collector-controller")
        self._run("kubernetes", "kube-scheduler", "--kubeconfig", config,
                  "--authentication-kubeconfig", config,
                  "--authorization-kubeconfig", config,
                  "--secure-port=0", "--leader-elect=false")
        self._run("kwok", "kwok", "--kubeconfig", config,
                  "--manage-all-nodes=true",
                  *(f"--config={stage}"
                    for stage in sorted(stages.glob("*.yaml"))))

    def _ready(self) -> bool:
        return self.api.request("GET", "/readyz")[0] == 200

    def _node_ready(self) -> bool:
        node = self.api("GET", "/api/v1/nodes/node-0")
        return any(c["type"] == "Ready" and c["status"] == "True"
                   for c in node["status"].get("conditions", []))

    # -- use

    @property
    def env(self) -> dict[str, str]:
        """What a step, Helm and kubectl need to find this cluster."""
        return {"KUBECONFIG": str(self.kubeconfig)}

    def config(self, token: str) -> str:
        """The text of a kubeconfig for the holder of @token."""
        return json.dumps({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "lab", "cluster": {
                "server": self.server,
                "certificate-authority": str(self.ca)}}],
            "users": [{"name": "lab", "user": {"token": token}}],
            "contexts": [{"name": "lab", "context": {
                "cluster": "lab", "user": "lab"}}],
            "current-context": "lab",
        }, indent=1)

    def audit(self, user: Path) -> list[dict]:
        """The finished requests of user()'s @user, as the server has noted
        them: verb, objectRef, responseStatus, ..."""
        account = ("system:serviceaccount:default:"
                   + user.name.removeprefix("kubeconfig-"))
        events = map(json.loads, (self.folder / "audit.log").open())
        return [e for e in events if e["user"]["username"] == account]

    def user(self, name: str, rules: list[dict]) -> Path:
        """A kubeconfig for a service account that may do only @rules, those
        of a ClusterRole: what a step's manual claims to need."""
        name = f"{name}-{secrets.token_hex(3)}"
        role, rbac = f"lab:{name}", "/apis/rbac.authorization.k8s.io/v1"
        account = {"kind": "ServiceAccount", "name": name,
                   "namespace": "default"}
        accounts = "/api/v1/namespaces/default/serviceaccounts"

        self.api("POST", accounts, {"metadata": {"name": name}})
        self.api("POST", f"{rbac}/clusterroles",
                 {"metadata": {"name": role}, "rules": rules})
        self.api("POST", f"{rbac}/clusterrolebindings",
                 {"metadata": {"name": role}, "subjects": [account],
                  "roleRef": {"apiGroup": "rbac.authorization.k8s.io",
                              "kind": "ClusterRole", "name": role}})
        token = self.api("POST", f"{accounts}/{name}/token", {
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": {}})
        path = self.folder / f"kubeconfig-{name}"
        path.write_text(self.config(token["status"]["token"]))
        return path

    def allow(self, user: Path, namespace: str, rules: list[dict]) -> None:
        """Let the @user of user() do what @rules say in @namespace, too."""
        name = user.name.removeprefix("kubeconfig-")
        rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
        self.api("POST", f"{rbac}/roles",
                 {"metadata": {"name": name}, "rules": rules})
        self.api("POST", f"{rbac}/rolebindings", {
            "metadata": {"name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name,
                          "namespace": "default"}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io",
                        "kind": "Role", "name": name}})
