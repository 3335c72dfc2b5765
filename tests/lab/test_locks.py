"""Chart.lock against `helm dependency build`, which refuses any but its own.

Lists of dependencies at random: http repositories by address and by alias, a
registry, aliases, conditions, tags, values to import, constraints, charts of
both apiVersions.  SLIPWAY_SEED repeats a run, SLIPWAY_LISTS makes it longer.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import time
from pathlib import Path

import pytest
import yaml

import charts

SEED = int(os.environ.get("SLIPWAY_SEED", time.time_ns() % 2**32))
LISTS = int(os.environ.get("SLIPWAY_LISTS", "20"))

VERSIONS = ["0.3.1", "1.0.0", "1.2.3", "1.3.0-rc.1", "2.0.0"]
CONSTRAINTS = ["", "*", "1.2.3", "^1.0.0", "~1.2", "1.x", ">=1.0.0 <2", ">0.0.0-0",
               "1.0.0 || 2.0.0", "0.3.1 - 1.1", "!=2.0.0", "^1.3.0-0", "v1.2.3", "=2"]
# A registry knows versions by tags: for Helm and us this one has none.
INDEX_ONLY = {"v1.2.3"}
WORDS = ["a.enabled", "x.y,z.enabled", "a<b>&c", "grün.on", "\u2028", '"q"', "it's", "- a",
         "true", "1.10", "a: b", "#no"]
NAMES = ["web", "basket", "search", "a-b", "c1"]


@pytest.fixture
def world(tmp_path, static_http, registry, run_step, helm4):
    """Two repositories that Helm has added, and a registry, which has charts
    of other names: [(address, names)]."""
    places = []
    for number in range(2):
        folder = charts.make_repository(
            tmp_path / f"repository{number}", {name: VERSIONS for name in NAMES})
        server = static_http(folder)
        helm4("repo", "add", f"shop-{number}", server.url)
        places += [(address, NAMES) for address in (
            server.url, server.url + "/", f"@shop-{number}", f"alias:shop-{number}")]
    pushed = [f"r-{name}" for name in NAMES]
    folder = charts.make_repository(tmp_path / "pushed", {name: VERSIONS for name in pushed})
    run_step("publish-chart", *sorted(folder.glob("*.tgz")), "--repo", registry.url,
             cwd=tmp_path)
    return [*places, *[(registry.url, pushed)] * 3]


def random_list(rng: random.Random, places: list[tuple[str, list[str]]]) -> list[dict]:
    wanted: dict[str, dict] = {}
    for number in range(rng.randrange(1, 9)):
        address, names = rng.choice(places)
        item = {"name": rng.choice(names), "version": rng.choice(CONSTRAINTS),
                "repository": address}
        if address.startswith("oci:") and item["version"] in INDEX_ONLY:
            item["version"] = "1.2.3"
        if rng.random() < 0.5:
            item["alias"] = f"{rng.choice(['A', 'b_', 'c-'])}{number}"
        if rng.random() < 0.4:
            item["condition"] = rng.choice(WORDS)
        if rng.random() < 0.4:
            item["tags"] = rng.sample(WORDS, rng.randrange(3))
        if rng.random() < 0.4:
            item["import-values"] = [
                rng.choice([rng.choice(WORDS),
                            {"child": rng.choice(WORDS), "parent": rng.choice(WORDS)}])
                for _ in range(rng.randrange(3))]
        if rng.random() < 0.1:
            item["enabled"] = rng.choice([True, False])
        wanted.setdefault(item.get("alias", item["name"]), item)
    return list(wanted.values())


def write_umbrella(folder: Path, rng: random.Random, wanted: list[dict]) -> str:
    """The name of the lock that it has to have."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    chart = {"apiVersion": "v2", "name": "shop", "version": "0.1.0"}
    lists = {"dependencies": wanted}

    def dump(name: str, value: dict) -> None:
        (folder / name).write_text(yaml.safe_dump(value, allow_unicode=rng.random() < 0.5),
                                   encoding="utf-8")

    if rng.random() < 0.2:
        dump("Chart.yaml", chart | {"apiVersion": "v1"})
        dump("requirements.yaml", lists)
        return "requirements.lock"
    dump("Chart.yaml", chart | lists)
    return "Chart.lock"


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.iterdir()}


def test_helm_builds_from_our_lock(world, run_step, helm4, tmp_path):
    print(f"SLIPWAY_SEED={SEED}")
    rng = random.Random(SEED)
    rendered = tmp_path / "rendered" / "shop"
    for number in range(LISTS):
        wanted = random_list(rng, world)
        lock_name = write_umbrella(tmp_path / "umbrella", rng, wanted)
        result = run_step("umbrella-render", "--branch", "main", "--repository-name", "x",
                          cwd=tmp_path, expect=None)
        assert result.code == 0, (number, wanted, result)
        lock = (rendered / lock_name).read_bytes()
        ours = digests(rendered / "charts")
        shutil.rmtree(rendered / "charts")
        built = helm4("dependency", "build", "--plain-http", rendered, expect=None)
        assert built.code == 0, (number, wanted, built)
        assert "out of sync" not in built.out + built.err
        assert (rendered / lock_name).read_bytes() == lock, (number, wanted)
        assert digests(rendered / "charts") == ours, (number, wanted)
        run_step("umbrella-render", "--branch", "main", "--repository-name", "x", "--offline",
                 "--quiet", cwd=tmp_path)
        assert (rendered / lock_name).read_bytes() == lock
