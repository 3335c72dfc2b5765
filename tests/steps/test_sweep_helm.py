"""expire-sweep with a Helm that ends well and did nothing."""

from __future__ import annotations

import random
import time

import pytest

from kube_world import KubeWorld
from sweep_model import Namespace, Release, Revision

LATER = str(int(time.time()) + 10 ** 6)
ENDED = str(int(time.time()) - 60)


def release(name: str, *expiries: str) -> Release:
    return Release(name, tuple(Revision(number, "v1", expiry) for
                               number, expiry in enumerate(expiries, 1)))


@pytest.mark.parametrize("created, releases", [
    (False, [release("web", ENDED)]),
    (True, [release("web", ENDED), release("db", LATER)]),
    (True, [release("web", ENDED), release("db", ENDED)]),
    (True, [release("web", ENDED, ENDED)]),
    (True, [release("web", ENDED)]),
], ids=["there before us", "another is kept", "both", "two revisions", "one"])
@pytest.mark.parametrize("managed", ["v1", None], ids=["marked", "unmarked"])
def test_its_word_alone_deletes_nothing(managed, created, releases, run_step,
                                        tmp_path):
    """Whatever else becomes of the namespace, and no revision is forgotten."""
    helm = tmp_path / "helm"
    helm.write_text("#!/bin/sh\n")
    helm.chmod(0o755)
    world = {"shop": Namespace("shop", managed=managed, expires=ENDED,
                               created=created, releases=tuple(releases))}
    going = {r.name for r in releases if r.newest.expires == ENDED}

    with KubeWorld(world, int(time.time()), random.Random(1)) as kube:
        result = run_step("expire-sweep", "--output", "json", "--kubeconfig",
                          kube.kubeconfig(tmp_path), "--helm", helm, expect=1)
        assert kube.world == world and kube.deleted == []
    assert result.json["deleted"] == []
    assert {item["release"]: item["reason"] for item in result.json["failed"]
            } == {name: f"release '{name}' is still there after helm uninstall"
                  for name in going}


def test_who_runs_out_of_time_tells_what_became_of_each(run_step, tmp_path):
    """Also of those whose turn never came.  What it holds it gives back."""
    helm = tmp_path / "helm"
    helm.write_text("#!/bin/sh\nexec sleep 600\n")
    helm.chmod(0o755)
    world = {name: Namespace(name, managed="v1", expires=ENDED, created=True,
                             releases=(release("web", ENDED),))
             for name in ("one", "two")}

    with KubeWorld(world, int(time.time()), random.Random(1)) as kube:
        result = run_step("expire-sweep", "--output", "json", "--kubeconfig",
                          kube.kubeconfig(tmp_path), "--helm", helm, "--jobs",
                          "1", "--timeout", "2s", expect=75)
        assert kube.leases.take("one", "another", kube.now)
    assert result.json["metrics"]["failed"] == 2
    assert "did not end within" in result.json["failed"][0]["reason"]
