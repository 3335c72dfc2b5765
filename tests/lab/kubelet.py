"""The kubelet of a node that does not exist, played by a test.

    kubelet = Kubelet(cluster.api, "shop-fix")
    kubelet.say("web", waiting("CrashLoopBackOff", "back-off", restarts=7))

kwok lets every pod on its node run.  A pod whose `nodeName` is of no node is
nobody's, and becomes what the test says.
"""

from __future__ import annotations

import wait
from kubeapi import MERGE_PATCH, KubeApi


def status(name: str = "main", restarts: int = 0, ready: bool = False,
           last: dict | None = None, **state: object) -> dict:
    return {"name": name, "image": "x", "imageID": "", "ready": ready,
            "restartCount": restarts, "state": state,
            "lastState": {"terminated": last} if last else {}}


def waiting(reason: str, message: str, **more: object) -> dict:
    return status(waiting={"reason": reason, "message": message}, **more)


class Kubelet:
    """Says of the pods of a @namespace what a kubelet would."""

    def __init__(self, api: KubeApi, namespace: str):
        self.api, self.namespace = api, namespace
        self.home = f"/api/v1/namespaces/{namespace}"

    def pod(self, app: str) -> dict:
        def find() -> dict:
            pods = self.api.exists(self.home) and self.api.pods(
                self.namespace, f"app={app}")
            return pods[0] if pods else {}

        return wait.until(find, f"the pod of '{app}'")

    def say(self, app: str, *containers: dict, phase: str = "Pending",
            init: list[dict] | None = None, **more: object) -> str:
        name = self.pod(app)["metadata"]["name"]
        self.api("PATCH", f"{self.home}/pods/{name}/status",
                 {"status": {"phase": phase,
                             "containerStatuses": list(containers)}
                  | ({"initContainerStatuses": init} if init else {}) | more},
                 MERGE_PATCH)
        return name

    def run(self, app: str) -> None:
        self.say(app, status(ready=True, running={}), phase="Running",
                 conditions=[{"type": kind, "status": "True"}
                             for kind in ("ContainersReady", "Ready")])

    def warn(self, app: str, reason: str, message: str) -> dict:
        return self.warn_of("Pod", self.pod(app), reason, message)

    def warn_of(self, kind: str, whose: dict, reason: str,
                message: str) -> dict:
        """A warning, which came last when all of this was not there yet."""
        of = {key: whose["metadata"][key] for key in ("name", "namespace",
                                                      "uid")}
        return self.api("POST", f"{self.home}/events", {
            "metadata": {"generateName": f"{of['name']}-"}, "type": "Warning",
            "involvedObject": {"kind": kind} | of,
            "reason": reason, "message": message, "count": 3,
            "lastTimestamp": "2026-11-26T10:00:00Z"})
