"""expire-sweep holds the Lease of what it deletes, however slow the API is.

A Lease lasts 60 s and is renewed every 10 s; the waits here are a bit longer
than the latter.
"""

from __future__ import annotations

import random
import threading
import time

import pytest

import wait
from kube_leases import KubeLeases
from kube_world import KubeWorld
from runner import children
from scripted_http import Reply, Request
from scripted_kube import refusal
from sweep_model import Namespace, Release, Revision

SLOW = 240.0            # seconds, more than these tests wait for anything
LEASE = 60.0            # seconds
NOW = 1_800_000_000
ENDED = str(NOW - 1)


def expired(name: str, *releases: str) -> Namespace:
    return Namespace(name, managed="v1", expires=ENDED, releases=tuple(
        Release(release, (Revision(1, "v1", ENDED),)) for release in releases))


class SlowWorld(KubeWorld):
    """The answer to .slow is kept back, and what Helm is told of the
    releases in .kept until they are taken out."""

    def __init__(self, *namespaces: Namespace):
        super().__init__({n.name: n for n in namespaces}, NOW,
                         random.Random(1))
        self.slow = ""
        self.hung = False       # no answer at all, but to Helm
        self.kept: set[str] = set()
        self.contested = 0      # so many takings still are
        self.asked = threading.Event()      # for .slow
        self.always(self._on_slow_request)

    def _on_slow_request(self, request: Request) -> Reply:
        path = request.path.split("?")[0]
        name = path.split("/")[2] if path.startswith("/uninstall/") else ""
        while name in self.kept:
            if self._stopping.wait(0.05):
                return Reply(500)
        if self.hung and not name:
            self._stopping.wait()
        if f"{request.method} {path}" == self.slow:
            self.asked.set()
            self._stopping.wait(SLOW)
        return self._on_request(request)

    def _lease(self, request: Request, name: str, which: list[str]) -> Reply:
        if self.contested and request.body.startswith(b"["):
            self.contested -= 1
            return refusal(409, "Conflict")
        return super()._lease(request, name, which)

    def steal(self, name: str) -> None:
        """As one does who knows that its holder is gone."""
        with self._lock:
            self.leases.give_back(name)
            assert self.leases.take(name, "another", NOW)

    def renewals(self, name: str) -> int:
        """Of its Lease, after the slow answer was asked for."""
        lines = self.lines
        asked = lines.index(next(
            line for line in lines if line.split("?")[0] == self.slow))
        return sum(line.startswith("PATCH") and f"/{name}/leases" in line
                   for line in lines[asked:])


@pytest.fixture
def start(start_step, tmp_path):
    def run(kube: KubeWorld, *args: object):
        return start_step("expire-sweep", "--output", "json", "--kubeconfig",
                          kube.kubeconfig(tmp_path), "--helm",
                          kube.helm(tmp_path), *args)
    return run


def reasons(result, outcome: str) -> dict[str, str]:
    return {i["namespace"]: i["reason"] for i in result.json[outcome]}


def test_while_one_look_is_slow_the_others_are_held(start):
    """Also by whom one was lost: its Helm ends at once, though the sweep waits
    for an answer about a third."""
    world = SlowWorld(expired("a", "web"), expired("b", "web"),
                      expired("c", "web"))
    with world as kube:
        kube.slow = "GET /api/v1/namespaces/c"
        kube.kept = {"a", "b"}
        sweep = start(kube, "--jobs", 3)
        assert kube.asked.wait(90)
        kube.steal("b")
        wait.until(lambda: kube.renewals("a"), "a's Lease renewed")
        wait.until(lambda: "b" not in reachable(sweep.pid), "b's Helm ended")
        kube.kept.discard("a")
        result = sweep.wait(expect=75)
    assert reasons(result, "deleted").keys() == {"a"}
    failed = reasons(result, "failed")
    assert failed["b"] == "cannot keep environment 'b' for this run: this " \
        "run has lost it to run another"
    assert failed["c"].endswith(failed["b"])
    assert ("b", "web") not in kube.uninstalled
    assert set(kube.deleted) == {"a"} and kube.wrong == []


def reachable(pid: int) -> set[str]:
    """The namespaces in which its Helms work."""
    found = set()
    for child in children(pid):
        try:
            with open(f"/proc/{child}/cmdline") as file:
                words = file.read().split("\0")
        except FileNotFoundError:
            continue
        found |= {w.removeprefix("--namespace=") for w in words
                  if w.startswith("--namespace=")}
    return found


def test_no_helm_outlives_its_lease(start):
    """However many there are: renewals that fail do not add up.  (That would
    be 5 s for each.)"""
    names = {f"env-{n}" for n in range(8)}
    with SlowWorld(*(expired(name, "web") for name in names)) as kube:
        kube.kept = names
        sweep = start(kube, "--jobs", len(names))
        wait.until(lambda: reachable(sweep.pid) == names, "Helms at work")
        kube.hung = True
        held = time.monotonic()     # or for less long
        wait.until(lambda: not reachable(sweep.pid), "no Helm at work", 100)
        assert time.monotonic() - held < LEASE
        wait.until(lambda: not children(sweep.pid), "all are waited for")
        sweep.process.terminate()
        result = sweep.wait(expect=None)
        assert kube.uninstalled == []
    for name in names:
        assert f"'{name}' failed: cannot keep environment '{name}' for this " \
            "run: " in result.err


def test_a_namespace_whose_lease_was_lost_is_not_deleted(start):
    """Between the last look and the deletion."""
    with SlowWorld(expired("a")) as kube:
        kube.slow = "GET /api/v1/namespaces/a/pods"
        sweep = start(kube)
        assert kube.asked.wait(90)
        kube.steal("a")
        result = sweep.wait(expect=75)
        assert not any(line.startswith("DELETE") for line in kube.lines)
    assert "this run has lost it to run another" in reasons(
        result, "failed")["a"]


class CountedLeases(KubeLeases):
    """.most: of those that were held at once."""

    def __init__(self) -> None:
        super().__init__()
        self.most = 0

    def _store(self, namespace: str, body: dict) -> None:
        super()._store(namespace, body)
        self.most = max(self.most, sum(bool(
            lease["spec"].get("holderIdentity"))
            for lease in self._leases.values()))


@pytest.mark.parametrize("count, jobs, taken", [
    (20, 1, True), (20, 4, True), (40, 4, False)],
    ids=["refused, one by one", "refused", "Helm ends at once"])
def test_it_holds_no_more_than_it_works_on(count, jobs, taken, start):
    """And as many more, which are concluded while the next Helms run already."""
    names = {f"env-{n:02}" for n in range(count)}
    with SlowWorld(*(Namespace(
            name, managed="v1", expires=ENDED, created=True, releases=(Release(
                "web", (Revision(1, "v1", ENDED),), taken=taken),))
            for name in names)) as kube:
        kube.leases = CountedLeases()
        result = start(kube, "--jobs", jobs).wait(expect=taken)
    assert reasons(result, "failed" if taken else "deleted").keys() == names
    assert jobs <= kube.leases.most <= 2 * jobs


def test_the_next_helm_starts_before_the_last_ones_end_is_seen_to(start):
    with SlowWorld(expired("a", "web"), expired("b", "web")) as kube:
        kube.slow = "DELETE /api/v1/namespaces/a"
        kube.kept = {"b"}
        sweep = start(kube, "--jobs", 1)
        assert kube.asked.wait(90)
        assert reachable(sweep.pid) == {"b"}
        sweep.process.terminate()
        sweep.wait(expect=None)


@pytest.mark.parametrize("known", [True, False])
def test_one_that_others_write_to_is_looked_at(known, start):
    """What they wrote may well be that they do not hold it any more."""
    with SlowWorld(expired("a", "web")) as kube:
        if known:
            kube.leases.give_back("a")
        kube.contested = 1
        result = start(kube).wait()
        assert not kube.contested
    assert reasons(result, "deleted").keys() == {"a"}
