"""repo-audit on real S3: what is broken is found and put right, whatever is
killed and whoever is at work at the same time.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import time

import charts
import pytest
import yaml

MANY = {f"app-{n:03d}": ["1.2.0", "1.1.0", "1.0.0"] for n in range(40)}
ROUNDS = int(os.environ.get("SLIPWAY_AUDIT_ROUNDS", "6"))


def fill(bucket, folder) -> None:
    for path in folder.iterdir():
        bucket.client.put_object(Bucket=bucket.name, Key=path.name,
                                 Body=path.read_bytes())


def keys(bucket) -> list[str]:
    pages = bucket.client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def body_of(bucket, key: str) -> bytes:
    return bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"].read()


def check(bucket) -> dict[str, list[str]]:
    """Entries and archives are the same, by digest; the versions by name."""
    index = yaml.safe_load(body_of(bucket, "index.yaml"))
    entered = {}
    for name, entries in index["entries"].items():
        for entry in entries:
            body = body_of(bucket, entry["urls"][0])
            assert hashlib.sha256(body).hexdigest() == entry["digest"], name
            entered[entry["urls"][0]] = (name, entry["version"])
    assert sorted(entered) == sorted(key for key in keys(bucket)
                                     if key.endswith(".tgz"))
    return {name: [entry["version"] for entry in entries]
            for name, entries in index["entries"].items()}


def damage(bucket) -> None:
    """One orphan, one dangling entry."""
    bucket.client.put_object(Bucket=bucket.name, Key="db-1.0.0.tgz",
                             Body=charts.archive("db", "1.0.0"))
    bucket.client.delete_object(Bucket=bucket.name, Key="app-007-1.1.0.tgz")


def test_flipped_byte_orphan_and_dangling_entry(run_step, any_s3, tmp_path):
    fill(any_s3, charts.make_repository(tmp_path / "r", {"web": ["1.0.0"], **MANY}))
    damage(any_s3)
    whole = body_of(any_s3, "web-1.0.0.tgz")
    body = bytearray(whole)
    body[random.randrange(len(body))] ^= 1 << random.randrange(8)
    any_s3.client.put_object(Bucket=any_s3.name, Key="web-1.0.0.tgz", Body=bytes(body))
    argv = ("repo-audit", "--repo", any_s3.url, "--output", "json")
    before = body_of(any_s3, "index.yaml")
    found = run_step(*argv, env=any_s3.env, expect=1).json
    assert [len(found[key]) for key in ("orphans", "dangling", "mismatched")] == [1, 1, 1]
    assert found["entries"] == 121 and found["verified"] == 119
    assert body_of(any_s3, "index.yaml") == before

    repaired = run_step(*argv, "--repair", env=any_s3.env, expect=1).json
    assert len(repaired["repaired"]) == 2 and repaired["verified"] == 120
    any_s3.client.put_object(Bucket=any_s3.name, Key="web-1.0.0.tgz", Body=whole)
    again = run_step(*argv, env=any_s3.env).json
    assert again["read"] == 1 and again["verified"] == 121
    check(any_s3)


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_killed_at_any_moment(run_step, start_step, s3, tmp_path, round_number):
    """Repair and prune are killed again and again; the last run completes."""
    fill(s3, charts.make_repository(tmp_path / "r", MANY))
    damage(s3)
    argv = ("repo-audit", "--repo", s3.url, "--repair", "--prune", "--keep", "2")
    seed = random.randrange(1 << 32)
    print("seed", seed)
    dice = random.Random(seed)
    for _ in range(4):
        step = start_step(*argv, env=s3.env)
        time.sleep(dice.uniform(0.0, 0.4))
        os.kill(step.pid, signal.SIGKILL)
        step.process.communicate()
    run_step(*argv, env=s3.env)
    versions = check(s3)
    assert versions.pop("db") == ["1.0.0"]
    # it may have been the third that was kept while 1.1.0 was dangling
    assert versions.pop("app-007") in (["1.2.0", "1.0.0"], ["1.2.0"])
    assert all(found == ["1.2.0", "1.1.0"] for found in versions.values())
    assert not [key for key in keys(s3) if "/prune/" in key]


def test_two_audits_and_publishers_at_once(start_step, s3, tmp_path):
    fill(s3, charts.make_repository(tmp_path / "r", MANY))
    damage(s3)
    argv = ("repo-audit", "--repo", s3.url, "--repair")
    running = [start_step(*argv, env=s3.env) for _ in range(2)]
    running += [start_step(*argv, "--prune", "--keep", "1", env=s3.env)
                for _ in range(2)]
    running += [start_step("publish-chart",
                           charts.make_chart(tmp_path / f"new-{n}", f"new-{n}", "1.0.0"),
                           "--repo", s3.url, env=s3.env) for n in range(4)]
    for step in running[:4]:
        step.wait(expect=None)
    for step in running[4:]:
        step.wait()
    last = start_step(*argv, "--prune", "--keep", "1", env=s3.env)
    last.wait()
    versions = check(s3)
    assert all(f"new-{n}" in versions for n in range(4))
    assert all(len(found) == 1 for found in versions.values())


def test_helms_own_index_is_true(run_step, helm4, tmp_path):
    """What `helm package` and `helm repo index` write has nothing wrong."""
    folder = tmp_path / "repository"
    chart = charts.make_chart(tmp_path / "web", "web", "1.0.0")
    (chart / "Chart.yaml").write_text(
        "apiVersion: v2\nname: web\nversion: 1.0.0+build.5\nappVersion: 1.10\n"
        "description: 'quoted: \"text\"'\nkubeVersion: '>=1.20-0'\ntype: application\n"
        "keywords: [a, b]\nsources: [https://example.com]\ndeprecated: true\n"
        "maintainers:\n- name: Ann\n  email: ann@example.com\n"
        "annotations:\n  a/b: '1'\n  empty: ''\n"
        "dependencies:\n- name: db\n  version: ^1.0.0\n  repository: https://e.com\n"
        "  condition: db.enabled\n  tags: [x]\n  alias: store\n"
        "  import-values: [data, {child: a, parent: b}]\n")
    (chart / "charts").mkdir()
    charts.make_chart(chart / "charts/db", "db", "1.0.0")
    env = {"HOME": str(tmp_path)}
    helm4("package", chart, "-d", folder, env=env)
    helm4("repo", "index", folder, env=env)
    assert run_step("repo-audit", "--repo", f"file://{folder}").out.startswith("entries: 1, verified: 1,")
