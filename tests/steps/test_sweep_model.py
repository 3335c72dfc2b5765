"""expire-sweep against random clusters: what it deletes is what the model says.

SLIPWAY_SWEEP_ROUNDS=N: how many clusters; SLIPWAY_SEED=N: which.
"""

from __future__ import annotations

import os
import random
import time

import pytest

import sweep_model
from git_world import GitWorld
from kube_world import KubeWorld
from sweep_model import PROTECT, YEARS, Fate, expected

ROUNDS = int(os.environ.get("SLIPWAY_SWEEP_ROUNDS", "50"))
SEED = int(os.environ.get("SLIPWAY_SEED", time.time_ns() % 10 ** 9))


@pytest.fixture
def start(start_step, tmp_path):
    files: dict[KubeWorld, tuple] = {}

    def run(kube: KubeWorld, *args: object):
        if kube not in files:       # not while another run reads them
            folder = tmp_path / str(len(files))
            folder.mkdir()
            files[kube] = ("--kubeconfig", kube.kubeconfig(folder),
                           "--helm", kube.helm(folder))
        return start_step("expire-sweep", "--output", "json", *files[kube],
                          "--protect", PROTECT, *args)
    return run


@pytest.fixture
def sweep(start):
    def run(kube: KubeWorld, *args: object, expect: int | None):
        return start(kube, *args).wait(expect)
    return run


def make(seed: int, **options: float) -> KubeWorld:
    """A cluster whose clock is up to ten years from ours."""
    dice = random.Random(seed)
    now = int(time.time()) + dice.choice([0, dice.randrange(-YEARS, YEARS)])
    size = dice.randrange(0, 14)
    return KubeWorld(sweep_model.random_world(dice, now, size), now, dice,
                     **options)


def pairs(items: list[dict]) -> set[tuple[str, str]]:
    return {(i["namespace"], i["release"]) for i in items if i["release"]}


def compare(kube: KubeWorld, fate: Fate, told: dict) -> None:
    """What happened, and what was said of it, with the model."""
    assert set(kube.uninstalled) == fate.releases
    assert len(kube.uninstalled) == len(fate.releases)
    assert set(kube.deleted) == fate.namespaces
    assert told["judged"] == fate.judged
    assert pairs(told["deleted"]) == fate.releases
    assert pairs(told["failed"]) == fate.failed
    alone = {i["namespace"] for i in told["deleted"] if not i["release"]}
    assert alone == fate.namespaces - {name for name, _ in fate.releases}


def compare_what_stood_still(kube: KubeWorld, fate: Fate, names: set[str],
                             result) -> None:
    assert result.code in (0, 1)
    assert kube.wrong == []
    happened = Fate(releases=set(kube.uninstalled),
                    namespaces=set(kube.deleted))
    for name in names - kube.changed:
        assert happened.of(name) == fate.of(name), name


@pytest.mark.timeout(3600)
def test_clusters_that_stand_still(sweep):
    """Also by page sizes, odd releases and faults; once more it does nothing.
    """
    for seed in range(SEED, SEED + ROUNDS):
        with make(seed, faults=0.03 if seed % 5 == 0 else 0) as kube:
            fate = expected(kube.world, kube.now)
            result = sweep(kube, "--jobs", 1 + seed % 4,
                           expect=1 if fate.failed else 0)
            try:
                compare(kube, fate, result.json)
                assert kube.wrong == []
                kube.faults = 0
                again = expected(kube.world, kube.now)
                assert not again.releases and not again.namespaces
                sweep(kube, expect=1 if again.failed else 0)
                compare(kube, fate, result.json)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}: {result}") from error


@pytest.mark.timeout(3600)
def test_clusters_that_move(sweep):
    """While it works, environments are renewed, deployed anew at any moment,
    made main ones, left, and moved into: none is deleted that had to stay at that moment, and
    what stood still goes."""
    for seed in range(SEED, SEED + ROUNDS):
        with make(seed, changes=0.15,
                  faults=0.02 if seed % 5 == 0 else 0) as kube:
            fate = expected(kube.world, kube.now)
            still = set(kube.world)
            result = sweep(kube, expect=None)
            try:
                compare_what_stood_still(kube, fate, still, result)
            except AssertionError as error:
                raise AssertionError(
                    f"seed {seed}: {kube.wrong} {result}") from error


@pytest.mark.timeout(3600)
def test_branches(sweep):
    """With --gone-branches, in clusters that stand still and that move."""
    early = 0
    for seed in range(SEED, SEED + ROUNDS):
        with make(seed, changes=0.1 * (seed % 2)) as kube:
            kube.world = sweep_model.with_branches(kube.dice, kube.world)
            fate = expected(kube.world, kube.now)
            timely = expected({name: sweep_model.replace(n, branch=None)
                               for name, n in kube.world.items()}, kube.now)
            early += fate.removals - timely.removals
            still = set(kube.world)
            with GitWorld(kube.world) as git:
                kube.marks = git.marks
                result = sweep(kube, "--gone-branches", expect=None)
            try:
                compare_what_stood_still(kube, fate, still, result)
            except AssertionError as error:
                raise AssertionError(
                    f"seed {seed}: {kube.wrong} {result}") from error
    assert early


@pytest.mark.timeout(3600)
def test_two_sweeps_at_once(start):
    """Together they do what one does.  (What Helm leaves of a release is for
    a moment all that the other sees of it, and that it cannot decide.)"""
    for seed in range(SEED, SEED + ROUNDS):
        with make(seed) as kube:
            kube.world = {name: sweep_model.without_leftovers(namespace)
                          for name, namespace in kube.world.items()}
            fate = expected(kube.world, kube.now)
            both = [start(kube, "--jobs", 2) for _ in range(2)]
            results = [step.wait(expect=None) for step in both]
            try:
                # what one holds, the other leaves alone
                assert max(r.code for r in results) == bool(fate.failed)
                assert kube.wrong == []
                assert sorted(kube.uninstalled) == sorted(fate.releases)
                assert sorted(kube.deleted) == sorted(fate.namespaces)
                for result in results:
                    assert pairs(result.json["deleted"]) <= fate.releases
                    assert pairs(result.json["failed"]) <= fate.failed
            except AssertionError as error:
                raise AssertionError(
                    f"seed {seed}: {results[0]} {results[1]}") from error


def test_the_fuse_holds(sweep):
    """A server whose clock is ten years ahead, or too low a limit: nothing is
    deleted."""
    blown = 0
    for seed in range(SEED, SEED + ROUNDS):
        with make(seed) as kube:
            kube.now += YEARS
            fate = expected(kube.world, kube.now)
            if not fate.removals:
                continue
            blown += 1
            limit = ("--max-deletes", fate.removals - 1) if seed % 2 else (
                "--max-percent", 100 * (fate.removals - 1) // fate.judged)
            sweep(kube, *limit, expect=3)
            assert not kube.uninstalled and not kube.deleted
    assert blown
