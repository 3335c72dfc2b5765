"""A proxy in front of the Kubernetes API through which requests fail.

    with KubeProxy(cluster, share=0.2, seed=1) as proxy:
        run_step(..., "--kubeconfig", proxy.kubeconfig(tmp_path))

Beside the faults of faulty_proxy.py: too many requests (429), an error of the
server's (500), and a list that expires between two pages (410), which is why
pages are small here.  spared() is a Helm that goes past it.
"""

from __future__ import annotations

import http.client
import json
import shlex
from email.message import Message
from pathlib import Path

from cluster import Cluster
from faulty_proxy import FaultyProxy

PAGE = 2                # objects
REFUSALS = {"busy": (429, "TooManyRequests"), "broken": (500, "InternalError"),
            "expired": (410, "Expired")}


class KubeProxy(FaultyProxy):
    faults = (*REFUSALS, "undelivered", "unanswered", "reset", "late")

    def __init__(self, cluster: Cluster, share: float, seed: int):
        self.cluster = cluster
        super().__init__(cluster.server, share, seed)

    def connect(self) -> http.client.HTTPSConnection:
        return _SmallPages(self.target, timeout=60,
                           context=self.cluster.api.tls)

    def kubeconfig(self, folder: Path) -> Path:
        path = folder / "through-the-proxy"
        config = json.loads(self.cluster.config(self.cluster.token))
        config["clusters"][0]["cluster"] = {"server": self.url}
        path.write_text(json.dumps(config))
        return path

    def spared(self, helm: Path, folder: Path) -> Path:
        """@helm with the cluster's own kubeconfig, whatever it is told."""
        path = folder / "spared-helm"
        path.write_text(
            "#!/bin/sh\n"
            'for word; do case $word in --kubeconfig=*) word=--kubeconfig='
            f'{shlex.quote(str(self.cluster.kubeconfig))};; esac\n'
            'shift; set -- "$@" "$word"; done\n'
            f'exec {shlex.quote(str(helm))} "$@"\n')
        path.chmod(0o755)
        return path

    def possible(self, path: str, headers: Message) -> list[str]:
        return [fault for fault in self.faults
                if fault != "expired" or "continue=" in path]

    def refusal(self, fate: str) -> tuple[int, str, bytes] | None:
        if fate not in REFUSALS:
            return None
        status, reason = REFUSALS[fate]
        return status, "application/json", json.dumps({
            "kind": "Status", "status": "Failure", "code": status,
            "reason": reason, "message": "by the proxy"}).encode()


class _SmallPages(http.client.HTTPSConnection):
    def putrequest(self, method: str, url: str, *args, **options) -> None:
        super().putrequest(method, url.replace("limit=500", f"limit={PAGE}"),
                           *args, **options)
