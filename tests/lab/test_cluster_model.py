"""expire-sweep with Helm on a real control plane, against the model.

SLIPWAY_SWEEP_CLUSTERS=N: how many random clusters; SLIPWAY_SEED=N: which.
What the real server cannot hold (labels that are none) is left to
tests/steps/test_sweep_model.py.
"""

from __future__ import annotations

import os
import random
import re
import shlex
import time
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

import environments
import sweep_model
import wait
from kubeapi import MERGE_PATCH, KubeApi
from sweep_model import PROTECT, Namespace, Release, World, expected

CLUSTERS = int(os.environ.get("SLIPWAY_SWEEP_CLUSTERS", "1"))
SEED = int(os.environ.get("SLIPWAY_SEED", time.time_ns() % 10 ** 9))
SIZE = 14
ENDED = "1600000000"    # in 2020
SERVICE = {"apiVersion": "v1", "kind": "Service",
           "metadata": {"name": "theirs"}, "spec": {"ports": [{"port": 80}]}}
SWEEP = ["expire-sweep", "--output", "json", "--protect", PROTECT]


def legal(label: str | None) -> str | None:
    return label if re.fullmatch("([0-9A-Za-z]([-._0-9A-Za-z]*[0-9A-Za-z])?)?",
                                 label or "") else "soon"


def labels(managed: str | None, expires: str | None,
           run: str | None = None) -> dict[str, str]:
    found = {"slipway/managed": managed, "slipway/expires-at": legal(expires),
             "slipway/run": run}
    return {key: value for key, value in found.items() if value is not None}


def add_release(api: KubeApi, namespace: str, release: Release) -> None:
    settings = environments.config_map(f"{release.name}-settings")
    settings["metadata"] |= {
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name":
                        "another" if release.taken else release.name,
                        "meta.helm.sh/release-namespace": namespace}}
    api("POST", f"/api/v1/namespaces/{namespace}/configmaps", settings)
    for revision in release.revisions:
        deployed = datetime.fromtimestamp(revision.deployed, timezone.utc)
        environments.store_release(
            api, namespace, release.name,
            labels(revision.managed, revision.expires, revision.run),
            revision.number, revision.status, [settings], revision.values,
            deployed.isoformat())
        if revision.broken:
            secret = f"sh.helm.release.v1.{release.name}.v{revision.number}"
            api("PATCH", f"/api/v1/namespaces/{namespace}/secrets/{secret}",
                {"data": {"release": "bm90IGEgcmVsZWFzZQ=="}}, MERGE_PATCH)


def build(api: KubeApi, world: World) -> None:
    for namespace in world.values():
        annotations = {"slipway/main": namespace.main,
                       "slipway/created": "then" if namespace.created
                       else None, "slipway/release": namespace.named}
        api.create_namespace(
            namespace.name, labels=labels(namespace.managed,
                                          namespace.expires),
            annotations={k: v for k, v in annotations.items()
                         if v is not None})
        if namespace.tenant:
            api("POST", f"/api/v1/namespaces/{namespace.name}/services",
                SERVICE)
        for release in namespace.releases:
            add_release(api, namespace.name, release)


def releases(api: KubeApi) -> set[tuple[str, str]]:
    items = api("GET", "/api/v1/secrets?labelSelector=owner%3Dhelm")["items"]
    return {(i["metadata"]["namespace"], i["metadata"]["labels"]["name"])
            for i in items}


def all_of(world: World) -> set[tuple[str, str]]:
    return {(n.name, r.name) for n in world.values() for r in n.releases}


def random_world(dice: random.Random, now: int) -> World:
    """The server has all that is in it since now."""
    world = sweep_model.random_world(dice, now, SIZE)
    world.pop("default", None)
    return {name: replace(n, releases=tuple(
        replace(r, revisions=tuple(replace(v, created=now)
                                   for v in r.revisions))
        for r in n.releases)) for name, n in world.items()}


@pytest.mark.timeout(3600)
def test_random_clusters(cluster, cleaner, run_step, helm4, helm3):
    for seed in range(SEED, SEED + CLUSTERS):
        dice, now = random.Random(seed), int(time.time())
        world = random_world(dice, now)
        build(cluster.api, world)
        fate = expected(world, now)
        helm = helm3 if seed % 3 == 0 else helm4
        result = run_step(*SWEEP, "--helm", helm.path, env=cluster.env,
                          expect=1 if fate.failed else 0, timeout=120)
        told = f"seed {seed}: {result}"
        assert result.json["judged"] == fate.judged, told
        assert all_of(world) - releases(cluster.api) == fate.releases, told
        assert set(world) - cluster.api.namespaces() == fate.namespaces, told
        cleaner.clean()


# --- while it works -----------------------------------------------------------

def renewed(api: KubeApi, namespace: Namespace, later: str) -> None:
    api("PATCH", f"/api/v1/namespaces/{namespace.name}",
        {"metadata": {"labels": labels("v1", later)}}, MERGE_PATCH)


def deployed(api: KubeApi, namespace: Namespace, later: str) -> None:
    """By hand, so that the namespace does not tell."""
    newest = max(namespace.releases, key=lambda r: r.name)
    environments.store_release(api, namespace.name, newest.name,
                               labels("v1", later), newest.newest.number + 1)


def main_one(api: KubeApi, namespace: Namespace, _later: str) -> None:
    api("PATCH", f"/api/v1/namespaces/{namespace.name}",
        {"metadata": {"labels": {"slipway/managed": "v1"},
                      "annotations": {"slipway/main": "true"}}}, MERGE_PATCH)


@pytest.mark.timeout(3600)
def test_random_changes_meanwhile(cluster, cleaner, start_step, helm4,
                                  tmp_path):
    """While Helm works on the first environment, half of the others change:
    these survive, and the others go."""
    for seed in range(SEED, SEED + CLUSTERS):
        dice, now = random.Random(seed), int(time.time())
        world = random_world(dice, now)
        first = Namespace("a-first", "v1", ENDED, named="web", releases=(
            Release("web", (sweep_model.Revision(1, "v1", ENDED),)),))
        old = [replace(first, name=f"old-{n}") for n in range(4)]
        world |= {n.name: n for n in (first, *old)}
        build(cluster.api, world)
        fate = expected(world, now)

        gate = tmp_path / str(seed)
        gate.mkdir()
        helm = gate / "helm"
        helm.write_text(
            f"#!/bin/sh\ncd {shlex.quote(str(gate))}\n: >asked\n"
            "until [ -e go ]; do sleep 0.05; done\n"
            f'exec {shlex.quote(str(helm4.path))} "$@"\n')
        helm.chmod(0o755)
        step = start_step(*SWEEP, "--helm", helm, "--jobs", 1,
                          env=cluster.env)
        wait.until((gate / "asked").exists, "the first uninstall")
        changed = {name for name in sorted(world)
                   if name != "a-first" and world[name].releases
                   and dice.random() < 0.5}
        for name in sorted(changed):
            change = dice.choice([renewed, deployed, main_one])
            change(cluster.api, world[name], str(now + 10 ** 6))
        (gate / "go").touch()
        result = step.wait(expect=None, timeout=120)

        told = f"seed {seed}: {result}"
        assert result.code in (0, 1), told
        gone = all_of(world) - releases(cluster.api)
        left = cluster.api.namespaces()
        assert gone <= fate.releases, told
        for name in set(world) - changed:
            assert ({r for r in gone if r[0] == name}, name not in left) \
                == fate.of(name), told
        for name in changed & left:
            newest = max((r.name for r in world[name].releases), default="")
            assert (name, newest) not in gone, told
        assert not changed - left, told
        cleaner.clean()


# --- with deployments ----------------------------------------------------------

def settings_chart(folder: Path) -> Path:
    path = environments.chart(folder, "web", "2.0.0")
    (path / "templates" / "all.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: deployed}\n")
    (path / "values.yaml").write_text("global: {expires: true}\n")
    return path


@pytest.mark.timeout(3600)
def test_random_deployments_meanwhile(cluster, cleaner, start_step, helm4,
                                      helm3, tmp_path):
    """Environments that have expired are swept, and deployed to at any moment
    of it: what ended well is there, what was not deployed is gone.  The
    sweep's Helm takes a moment before it begins, when the last look is over."""
    api, chart = cluster.api, settings_chart(tmp_path)
    for seed in range(SEED, SEED + CLUSTERS):
        dice = random.Random(seed)
        names = [f"env-{n}" for n in range(5)]
        for name in names:
            environments.make(api, name, environments.past(),
                              created=dice.random() < 0.7)
        helm = helm3 if seed % 3 == 0 else helm4
        slow = tmp_path / f"helm-{seed}"
        slow.write_text(f"#!/bin/sh\nsleep {dice.uniform(0, 0.6)}\n"
                        f'exec {shlex.quote(str(helm.path))} "$@"\n')
        slow.chmod(0o755)
        step = start_step(*SWEEP, "--helm", slow, "--jobs",
                          dice.randrange(1, 4), env=cluster.env)
        deployed = dice.sample(names, 3)
        running = []
        for name in deployed:
            time.sleep(dice.uniform(0, 0.5))
            running.append(start_step(
                "deploy-preview", "--helm", helm.path, "--repository-name",
                "web", "--branch", name, "--namespace", name, "--release",
                "web", "--expires-in", "7d", chart, env=cluster.env))
        swept = step.wait(timeout=240)
        results = [run.wait(expect=None, timeout=240) for run in running]

        told = f"seed {seed}: {swept} {[str(r) for r in results]}"
        assert {r.code for r in results} <= {0, 75}, told
        there = releases(api)
        for name, result in zip(deployed, results):
            alive = (name, "web") in there and api.exists(
                f"/api/v1/namespaces/{name}/configmaps/deployed")
            assert alive or result.code == 75, told
        assert not {n for n, _ in there} - set(deployed), told
        cleaner.clean()
