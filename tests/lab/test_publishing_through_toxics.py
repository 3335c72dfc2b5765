"""publish-chart into real servers through links that Toxiproxy makes slow,
unsteady or broken: who says 0 is published, whole; nobody's chart is lost; and
the next run in peace ends well.

SLIPWAY_SEED   of sizes and moments (printed); which connections a toxic takes
               hold of is Toxiproxy's own chance
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest

import lab_fixtures
from bucket_index import check_index
from published import make_chart
from runner import Running, only_error
from test_registry import get_manifest
from toxiproxy import DOWNSTREAM, STREAMS, UPSTREAM, Link, Toxiproxy

SEED = int(os.environ.get("SLIPWAY_SEED", str(random.randrange(1 << 32))))
SIZE = 48 << 10         # bytes of a chart, which no compression makes fewer
PUBLISHERS = 8
SHARE = 0.2             # of the connections, for each toxic among many
ENOUGH_SECONDS = 20     # for what ends by its deadline; without it it would take 30
Toxic = tuple[str, str, dict[str, int]]     # kind, stream, attributes
# What a request was and what came of it, that others were always faster, or
# that each upload was begun and then cut off.
TOLD = re.compile(r"\b(GET|HEAD|PUT|POST|PATCH) http://127\.0\.0\.1:\d+/\S*: \w"
                  r"|: others kept changing the index"
                  r"|: registry '127\.0\.0\.1:\d+' forgot 3 uploads of blob ")


class InBucket:
    """A repository, and how to reach it through a link."""

    def __init__(self, bucket):
        self._bucket = bucket
        self.port = int(bucket.endpoint.rpartition(":")[2])

    def repository(self, link: Link) -> tuple[str, dict[str, str]]:
        return (f"{self._bucket.url}/stable",
                self._bucket.env | {"AWS_ENDPOINT_URL": link.url})

    def published(self, _charts: list[Path]) -> set[str]:
        return check_index(self._bucket)


class InRegistry:
    def __init__(self, place):
        self._place = place
        self.port = place.server.port

    def repository(self, link: Link) -> tuple[str, dict[str, str]]:
        return f"oci://{link.host}/{self._place.path}", {}

    def published(self, charts: list[Path]) -> set[str]:
        """Those of @charts, all that their manifests name read and compared."""
        return {chart.name for chart in charts if self._is_whole(chart)}

    def _is_whole(self, chart: Path) -> bool:
        name, _, version = chart.name.rpartition("-")
        try:
            manifest = json.loads(get_manifest(self._place, name, version))
        except urllib.error.HTTPError as error:
            assert error.code == 404, error
            return False
        for part in (manifest["config"], *manifest["layers"]):
            url = (f"http://{self._place.host}/v2/{self._place.path}/{name}"
                   f"/blobs/{part['digest']}")
            with urllib.request.urlopen(url) as answer:
                digest = hashlib.sha256(answer.read()).hexdigest()
            assert part["digest"] == f"sha256:{digest}", url
        return True


class Way:
    """Publishers of one repository, and the link that they share."""

    def __init__(self, store, toxiproxy: Toxiproxy, start_step, folder: Path):
        self.store, self.toxiproxy = store, toxiproxy
        self._start, self._folder = start_step, folder
        self.charts: list[Path] = []
        self.link = self.new_link()
        self.start(self.make("first")).wait()   # finds out about the store, in peace

    def new_link(self) -> Link:
        return self.toxiproxy.link(self.store.port)

    def make(self, name: str, version: str = "1.0.0") -> Path:
        chart = make_chart(self._folder, name, version)
        (chart / "noise").write_bytes(random.Random(chart.name).randbytes(SIZE))
        self.charts.append(chart)
        return chart

    def start(self, chart: Path, timeout: str = "50s", link: Link | None = None) -> Running:
        url, env = self.store.repository(link or self.link)
        return self._start("publish-chart", chart, "--repo", url, "--timeout", timeout,
                           env=env)

    def published(self) -> set[str]:
        return self.store.published(self.charts)

    def end(self, running: dict[str, Running]) -> int:
        """How many were published; what each of the others says is true."""
        results = {name: step.wait(None) for name, step in running.items()}
        there = self.published()
        assert "first-1.0.0" in there
        for name, result in results.items():
            assert result.code in (0, 75), result
            assert name in there or result.code, f"not there: {result}"
            assert not result.code or TOLD.search(only_error(result)), result
        done = sum(result.code == 0 for result in results.values())
        print(f"{done} of {len(results)} were told of success")
        return done

    def suffer(self, toxics: list[Toxic], timeout: str) -> int:
        """One publisher for each toxic, all at once, on links where the store
        was not tried before: how many were published."""
        running = {}
        with ExitStack() as links:
            for number, (kind, stream, attributes) in enumerate(toxics):
                print(f"app-{number}: {kind} {stream} {attributes}")
                link = links.enter_context(self.new_link())
                link.add(kind, stream, **attributes)
                chart = self.make(f"app-{number}")
                running[chart.name] = self.start(chart, timeout, link)
            return self.end(running)

    def heal(self) -> None:
        """Whatever has happened, the next runs publish."""
        self.link.heal()
        for running in [self.start(chart) for chart in self.charts]:
            running.wait()
        assert self.published() == {chart.name for chart in self.charts}


@pytest.fixture(params=["minio", "versitygw", "registry"])
def way(lab, request, start_step, tmp_path):
    print(f"SLIPWAY_SEED={SEED}")
    if request.param == "registry":
        store = InRegistry(lab_fixtures.place(lab.registry))
    else:
        store = InBucket(lab_fixtures.new_bucket(
            lab.s3 if request.param == "minio" else lab.versitygw))
    way = Way(store, lab.toxiproxy, start_step, tmp_path)
    yield way
    way.link.close()


def seconds_of_success(way: Way) -> float:
    start = time.monotonic()
    way.start(way.make("web")).wait()
    took = time.monotonic() - start
    assert way.published() == {"first-1.0.0", "web-1.0.0"}
    return took


# --- slow and unsteady: all ends well ----------------------------------------

def test_latency_with_jitter(way):
    for stream in STREAMS:
        way.link.add("latency", stream, latency=60, jitter=40)
    assert seconds_of_success(way) > 3 * 2 * 0.02     # three round trips


def test_slow_link(way):
    rate = 48       # KB/s
    way.link.add("bandwidth", UPSTREAM, rate=rate)
    assert seconds_of_success(way) > 0.8 * SIZE / (rate * 1000)


def test_tiny_segments(way):
    for stream in STREAMS:
        way.link.add("slicer", stream, average_size=100, size_variation=90, delay=100)
    assert seconds_of_success(way) > SIZE / 200 * 100e-6


def test_connections_that_close_late(way):
    for stream in STREAMS:
        way.link.add("slow_close", stream, delay=1000)
    seconds_of_success(way)


# --- broken: said, and healed by the next run ------------------------------

def test_stall(way):
    """No byte passes, and the connection stays."""
    start = time.monotonic()
    assert way.suffer([("timeout", stream, {"timeout": 0}) for stream in STREAMS], "1s") == 0
    assert time.monotonic() - start < ENOUGH_SECONDS
    way.heal()


def test_reset(way):
    dice = random.Random(f"{SEED} reset")
    assert way.suffer([("reset_peer", stream, {"timeout": dice.randrange(40)})
                       for stream in STREAMS], "1s") == 0
    way.heal()


def test_cut_after_some_bytes(way):
    """Of each connection."""
    dice = random.Random(f"{SEED} cut")
    way.suffer([("limit_data", stream, {"bytes": dice.randrange(1, most)})
                for stream, most in ((UPSTREAM, 2 * SIZE), (DOWNSTREAM, 2000))
                for _ in range(4)], "2s")
    way.heal()


# --- many at once -------------------------------------------------------------

def make_charts(way: Way) -> list[Path]:
    """Half of them are versions of one chart."""
    return [way.make("shared", f"1.{n}.0") if n % 2 else way.make(f"app-{n}")
            for n in range(PUBLISHERS)]


def poison(link: Link, dice: random.Random) -> None:
    for stream in STREAMS:
        link.add("latency", stream, SHARE, latency=50, jitter=50)
        link.add("slicer", stream, SHARE, average_size=500, size_variation=400, delay=10)
        link.add("timeout", stream, SHARE, timeout=dice.randrange(100, 600))
    link.add("reset_peer", DOWNSTREAM, SHARE, timeout=dice.randrange(40))
    link.add("limit_data", UPSTREAM, SHARE, bytes=dice.randrange(1, 2 * SIZE))
    link.add("limit_data", DOWNSTREAM, SHARE, bytes=dice.randrange(1, 2000))


def test_many_publishers_through_an_unsteady_link(way):
    charts = make_charts(way)
    poison(way.link, random.Random(f"{SEED} many"))
    way.end({chart.name: way.start(chart, "6s") for chart in charts})
    way.heal()
