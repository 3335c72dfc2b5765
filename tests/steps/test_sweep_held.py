"""expire-sweep looks, while Helm runs, for what holds the objects it waits for."""

from __future__ import annotations

import random
import threading

import pytest

import wait
from kube_world import KubeWorld
from scripted_http import Reply, Request
from sweep_model import Namespace, Release, Revision

NOW = 1_800_000_000
ENDED = str(NOW - 1)
SLOW = 240.0            # seconds, more than these tests wait for anything


class HeldWorld(KubeWorld):
    """Each environment has a release "web"; its Helm ends with .helms_go."""

    def __init__(self, *names: str):
        super().__init__({name: Namespace(
            name, managed="v1", expires=ENDED, created=True, releases=(
                Release("web", (Revision(1, "v1", ENDED),)),))
            for name in names}, NOW, random.Random(1))
        self.helms_go: set[str] = set()
        self.held_from = 10 ** 6        # so many questions on, it is held
        self.mute = ""                  # a path that is never answered
        self.asked = threading.Event()      # for it
        self.always(self._on_held_request)

    def _on_held_request(self, request: Request) -> Reply:
        parts = request.path.split("/")
        while parts[1] == "uninstall" and parts[2] not in self.helms_go:
            if self._stopping.wait(0.05):
                return Reply(500)
        if request.path == self.mute:
            self.asked.set()
            self._stopping.wait(SLOW)
        return self._on_request(request)

    def _settings(self, name: str, settings: str) -> Reply:
        reply = super()._settings(name, settings)
        if self.looks(name) >= self.held_from:
            reply.body = reply.body.replace(
                b'"labels":', b'"finalizers": ["example.com/held"], '
                b'"deletionTimestamp": "2026-01-01T00:00:00Z", "labels":')
        return reply

    def looks(self, name: str) -> int:
        return sum(line.split()[1] == settings_of(name) for line in self.lines)

    def noted(self, name: str) -> str:
        """In its Lease, of what it leaves."""
        status, lease = self.leases.respond("GET", name, None)
        return "" if status != 200 else lease["metadata"].get(
            "annotations", {}).get("slipway/estate", "")


def settings_of(name: str) -> str:
    return f"/api/v1/namespaces/{name}/configmaps/web-settings"


@pytest.fixture
def start(start_step, tmp_path):
    def run(kube: HeldWorld):
        return start_step("expire-sweep", "--wait-timeout", "4s", "--output",
                          "json", "--kubeconfig", kube.kubeconfig(tmp_path),
                          "--helm", kube.helm(tmp_path))
    return run


def test_what_is_not_held_yet_is_looked_at_again(start):
    """As where a hook comes first; a sweep that is killed then has noted it."""
    with HeldWorld("a") as kube:
        # after whether it is the release's own, and a first look
        kube.held_from = 3
        sweep = start(kube)
        wait.until(lambda: "web-settings" in kube.noted("a"), "a note of it")
        sweep.kill()
        sweep.wait(expect=-9)


def test_a_look_that_gets_no_answer_keeps_no_other_helm_waiting(start):
    with HeldWorld("a", "b") as kube:
        sweep = start(kube)
        wait.until(lambda: kube.looks("a") and kube.looks("b"), "both at work")
        kube.mute = settings_of("a")
        assert kube.asked.wait(90)
        kube.helms_go = {"b"}
        wait.until(lambda: "b" in kube.deleted, "the end of b")
        kube.mute = ""
        kube.helms_go = {"a", "b"}
        assert len(sweep.wait().json["deleted"]) == 2
