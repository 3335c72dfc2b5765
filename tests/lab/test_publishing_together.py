"""Many publishers at once on real stores, some killed, through a network
that fails: nobody who was told of success loses anything.

SLIPWAY_PUBLISHERS   how many (100)
SLIPWAY_SEED         of kills and faults (printed)
"""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time
from pathlib import Path

import pytest
import yaml
from botocore.exceptions import ClientError

from faulty_proxy import FaultyProxy

PUBLISHERS = int(os.environ.get("SLIPWAY_PUBLISHERS", "100"))
SEED = int(os.environ.get("SLIPWAY_SEED", str(random.randrange(1 << 32))))
KILLED = 0.2            # share of the publishers
FAULTY = 0.2            # share of the requests
WAITING = "stable/.slipway/pending/"


def make_chart(folder: Path, name: str) -> Path:
    chart = folder / name
    chart.mkdir()
    (chart / "Chart.yaml").write_text(
        f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n")
    return chart


def read(bucket, key: str) -> bytes | None:
    try:
        return bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"].read()
    except ClientError as error:
        assert error.response["Error"]["Code"] == "NoSuchKey", error
        return None


def check_index(bucket) -> set[str]:
    """Each entry has its archive, with the digest that it names."""
    body = read(bucket, "stable/index.yaml")
    found = yaml.safe_load(body)["entries"] if body else {}
    for name, entries in found.items():
        [entry] = entries
        assert entry["name"] == name and entry["urls"] == [f"{name}-1.0.0.tgz"]
        archive = read(bucket, f"stable/{name}-1.0.0.tgz")
        assert archive is not None, f"{name} has no archive"
        assert hashlib.sha256(archive).hexdigest() == entry["digest"], name
    return set(found)


def waiting(bucket) -> list[str]:
    listed = bucket.client.list_objects_v2(Bucket=bucket.name, Prefix=WAITING)
    return [item["Key"] for item in listed.get("Contents", [])]


def test_killed_and_hindered_publishers_lose_nothing(start_step, run_step, any_s3,
                                                     tmp_path):
    dice = random.Random(SEED)
    print(f"seed {SEED}")
    charts = {f"app-{n:03d}": make_chart(tmp_path, f"app-{n:03d}")
              for n in range(PUBLISHERS)}
    with FaultyProxy(any_s3.endpoint, FAULTY, SEED) as proxy:
        env = any_s3.env | {"AWS_ENDPOINT_URL": proxy.url}
        argv = ("--repo", f"{any_s3.url}/stable")
        # the first finds out about the store, in peace
        proxy.healthy = True
        run_step("publish-chart", make_chart(tmp_path, "first"), *argv, env=env)
        proxy.healthy = False

        victims = set(dice.sample(sorted(charts), int(KILLED * PUBLISHERS)))
        running, killers = {}, []
        for name, chart in charts.items():
            running[name] = start_step("publish-chart", chart, *argv, "--timeout",
                                       "100s", env=env)
            if name in victims:
                killers.append(threading.Timer(dice.uniform(0.01, 3),
                                               running[name].kill))
                killers[-1].start()
        codes = {}
        end = time.monotonic() + 110
        for name, step in running.items():
            codes[name] = step.process.wait(end - time.monotonic())
            step.wait(codes[name])
        for killer in killers:
            killer.cancel()
        assert set(codes.values()) <= {0, 75, -9}, codes
        done = {name for name, code in codes.items() if code == 0}
        assert len(done) >= PUBLISHERS * 0.5, proxy.counts
        index = check_index(any_s3)
        assert done <= index, f"lost: {sorted(done - index)}"

        proxy.healthy = True
        again = [start_step("publish-chart", charts[name], *argv, env=env)
                 for name in set(charts) - done]
        for step in again:
            step.wait(timeout=100)
        assert check_index(any_s3) == set(charts) | {"first"}
        print(f"{len(done)} of {PUBLISHERS} at once, {len(again)} again; "
              f"{proxy.counts}; {len(waiting(any_s3))} wait for the next helper")


def test_helm_reads_an_index_that_says_of_its_store(run_step, s3, helm4, helm3,
                                                    static_http, tmp_path):
    run_step("publish-chart", make_chart(tmp_path, "web"), "--repo", s3.url, env=s3.env)
    site = tmp_path / "site"
    site.mkdir()
    for key in ("index.yaml", "web-1.0.0.tgz"):
        (site / key).write_bytes(read(s3, key))
    assert "slipway/conditional-writes-" in (site / "index.yaml").read_text()
    url = static_http(site).url
    for helm in (helm4, helm3):
        shown = helm("show", "chart", "web", "--repo", url, env={"HOME": str(tmp_path)})
        assert "name: web" in shown.out
    # and keeps it
    helm4("repo", "index", site, "--merge", site / "index.yaml")


@pytest.mark.parametrize("lock", ["cas", "object"])
def test_every_lock_on_every_store(start_step, any_s3, tmp_path, lock):
    running = [start_step("publish-chart", make_chart(tmp_path, f"app-{n}"), "--repo",
                          f"{any_s3.url}/stable", "--lock", lock, env=any_s3.env)
               for n in range(6)]
    for step in running:
        step.wait(timeout=100)
    assert len(check_index(any_s3)) == 6
    assert waiting(any_s3) == []
