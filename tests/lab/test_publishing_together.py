"""Many publishers on several hosts at once, on real stores, some killed,
through networks that fail: nobody who was told of success loses anything.

SLIPWAY_PUBLISHERS       how many (24)
SLIPWAY_PUBLISH_ROUNDS   how often (1)
SLIPWAY_SEED             of kills and faults (printed)
"""

from __future__ import annotations

import itertools
import os
import random
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from bucket_index import check_index, read
from faulty_proxy import FaultyProxy
from hosts import Hosts
from published import make_chart

PUBLISHERS = int(os.environ.get("SLIPWAY_PUBLISHERS", "24"))
ROUNDS = int(os.environ.get("SLIPWAY_PUBLISH_ROUNDS", "1"))
SEED = int(os.environ.get("SLIPWAY_SEED", str(random.randrange(1 << 32))))
HOSTS = 4
KILLED = 0.2            # share of the publishers
FAULTY = 0.2            # share of the requests
WAITING = "stable/.slipway/pending/"


def waiting(bucket) -> list[str]:
    listed = bucket.client.list_objects_v2(Bucket=bucket.name, Prefix=WAITING)
    return [item["Key"] for item in listed.get("Contents", [])]


@pytest.fixture
def hosts(lab):
    with Hosts(lab.supervisor, HOSTS) as hosts:
        yield hosts


def make_charts(folder: Path) -> dict[str, Path]:
    """Half of them are versions of one chart."""
    made = [make_chart(folder, "shared", f"1.{n}.0") if n % 2 else
            make_chart(folder, f"app-{n:03d}") for n in range(PUBLISHERS)]
    return {chart.name: chart for chart in made}


class Publishers:
    """Of one repository, each on the host whose turn it is."""

    def __init__(self, start_step, steps: Path, bucket, hosts: Hosts, seed: int,
                 stack: ExitStack):
        self._start, self._program = start_step, steps / "publish-chart"
        self._repo, self._env = f"{bucket.url}/stable", bucket.env
        self._places = [(host, stack.enter_context(FaultyProxy(
            bucket.endpoint, FAULTY, seed + number, address=host.address)))
            for number, host in enumerate(hosts)]
        self._turn = itertools.cycle(self._places)

    def set_healthy(self, healthy: bool) -> None:
        for _host, proxy in self._places:
            proxy.healthy = healthy

    def faults(self) -> Counter:
        return sum((Counter(proxy.counts) for _host, proxy in self._places), Counter())

    def start(self, chart: Path):
        host, proxy = next(self._turn)
        return self._start(*host.enter, self._program, chart, "--repo", self._repo,
                           "--timeout", "100s",
                           env=self._env | {"AWS_ENDPOINT_URL": proxy.url})


def run_some_to_death(publishers: Publishers, charts: dict[str, Path],
                      dice: random.Random) -> dict[str, int]:
    """The exit code of each chart's publisher."""
    victims = set(dice.sample(sorted(charts), int(KILLED * len(charts))))
    running, killers, codes = {}, [], {}
    for name, chart in charts.items():
        running[name] = publishers.start(chart)
        if name in victims:
            killers.append(threading.Timer(dice.uniform(0.01, 3), running[name].kill))
            killers[-1].start()
    end = time.monotonic() + 110
    for name, step in running.items():
        codes[name] = step.process.wait(end - time.monotonic())
        step.wait(codes[name])
    for killer in killers:
        killer.cancel()
    return codes


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_killed_and_hindered_publishers_lose_nothing(
        start_step, steps, any_s3, hosts, tmp_path, round_number):
    seed = SEED + round_number
    print(f"SLIPWAY_SEED={seed}, hosts are separate: {hosts.separate}")
    charts = make_charts(tmp_path)
    with ExitStack() as stack:
        publishers = Publishers(start_step, steps, any_s3, hosts, seed, stack)
        # the first finds out about the store, in peace
        publishers.set_healthy(True)
        publishers.start(make_chart(tmp_path, "first")).wait()
        publishers.set_healthy(False)

        codes = run_some_to_death(publishers, charts, random.Random(seed))
        assert set(codes.values()) <= {0, 75, -9}, codes
        done = {name for name, code in codes.items() if code == 0}
        assert len(done) >= PUBLISHERS * 0.5, publishers.faults()
        index = check_index(any_s3)
        assert done <= index, f"lost: {sorted(done - index)}"

        publishers.set_healthy(True)
        again = [publishers.start(charts[name]) for name in set(charts) - done]
        for step in again:
            step.wait(timeout=100)
        assert check_index(any_s3) == set(charts) | {"first-1.0.0"}
        print(f"{len(done)} of {PUBLISHERS} at once, {len(again)} again; "
              f"{dict(publishers.faults())}; "
              f"{len(waiting(any_s3))} wait for the next helper")


def replace_at_once(start_step, bucket, folder: Path, dice: random.Random,
                    killed: int) -> list[int]:
    """Four builds replace one version; the exit codes of those not killed."""
    running, codes = [], []
    for _ in range(4):
        step = start_step("publish-chart", folder / "web-1.0.0", "--repo",
                          f"{bucket.url}/stable", "--if-exists", "replace",
                          "--annotation", f"build={dice.random()}", env=bucket.env)
        running.append(step)
    for step in dice.sample(running, killed):
        time.sleep(dice.uniform(0, 0.05))
        step.kill()
    for step in running:
        codes.append(step.process.wait(100))
        step.wait(codes[-1])
    return [code for code in codes if code != -9]


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_replacers_end_with_what_is_true(start_step, run_step, any_s3, tmp_path,
                                         round_number):
    """Who says 0 has the archive and the entry, or was replaced by who has both;
    what kills leave is healed by the next one."""
    seed = SEED + round_number
    print(f"SLIPWAY_SEED={seed}")
    dice = random.Random(seed)
    argv = ("publish-chart", make_chart(tmp_path, "web"), "--repo",
            f"{any_s3.url}/stable")
    run_step(*argv, env=any_s3.env)
    for killed in (0, 0, 2):
        codes = replace_at_once(start_step, any_s3, tmp_path, dice, killed)
        assert set(codes) <= {0, 3}, codes
        if killed:
            run_step(*argv, "--if-exists", "replace", "--annotation",
                     f"build={dice.random()}", env=any_s3.env)
        else:
            assert 0 in codes
        assert check_index(any_s3) == {"web-1.0.0"}


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
