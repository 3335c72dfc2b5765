"""publish-chart, repo-audit and umbrella-render through a network that breaks at
every byte of every request and answer: once, which they get over by themselves,
and for good, or into silence, which they say.  Whichever it was, a repository is
as before or as after, and the next run ends as one in peace does.

SLIPWAY_CUTS   how many places of each kind (4 at random; "all": each byte)
SLIPWAY_SEED   which ones (printed)
"""

from __future__ import annotations

import os
import random
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from auditing import CopyingBucket, PruningBucket, RepairingBucket
from cutting_proxy import ONCE, SILENCE, WAYS, Cut, CuttingProxy, cuts_of
from injecting import tell
from publishing import (
    Bucket, LockedBucket, MovedTag, Museum, NewBucket, PushedTag, ReplacingBucket,
    ReplacingMuseum, ResigningBucket)
from runner import LONG, Result, Runner
from stores import RealBucket, RealTag
from umbrellas import CachedRendering, Rendering

CUTS = os.environ.get("SLIPWAY_CUTS", "4")
SEED = int(os.environ.get("SLIPWAY_SEED", str(random.randrange(1 << 32))))
AT_ONCE = 8 if CUTS == "all" else 4     # runs, which wait more than they work
SILENT_EACH = 8     # of so many cuts one into silence, as it takes a whole deadline
BODY_ENDS = 16      # bytes at both ends of a body that are cut, of all in its midst
KINDS = (Bucket, NewBucket, LockedBucket, ReplacingBucket, ResigningBucket, Museum,
         ReplacingMuseum, PushedTag, MovedTag, RepairingBucket, PruningBucket,
         CopyingBucket, Rendering, CachedRendering)
REAL = ("minio", "versitygw", "registry")
pytestmark = pytest.mark.timeout(14400 if CUTS == "all" else 300)


class Place:
    """A scenario, its runs, and the way to its server."""

    def __init__(self, kind, folder: Path, steps: Path):
        folder.mkdir()
        self.scenario = kind(folder)
        self.runner = Runner(folder / "run", steps)
        self.proxy = CuttingProxy(self.scenario.port)
        self.hits = 0
        self.scenario.reach(self.proxy.url)

    def run(self, program: str, *args: object, **options) -> Result:
        return self.runner.run(program, *args, **options)

    def learn(self) -> list[Cut]:
        """What a run in peace asks and hears."""
        for _ in range(2):      # the second may find more
            self.proxy.arm(None)
            self.scenario.reset()
            self.run(self.scenario.program, *self.scenario.argv, env=self.scenario.env)
            self.scenario.learn()
        assert self.scenario.is_done()
        return cuts_of(self.proxy.exchanges, BODY_ENDS)

    def strike(self, cut: Cut, way: str) -> str:
        """What is wrong with a run that meets with @cut; "" if nothing is."""
        self.scenario.reset()
        self.proxy.arm(cut, way)
        result = None
        try:
            result = self.run(
                self.scenario.program, *self.scenario.argv,
                "--timeout", "100s" if way == ONCE else "1s", env=self.scenario.env,
                expect=None, timeout=LONG)
            judge(self.scenario, result, way, self.proxy.hit)
            self.hits += self.proxy.hit
            self.proxy.arm(None)
            self.scenario.heal(self.run)
        except (AssertionError, KeyError, OSError) as error:
            return f"{cut}, {way}: {tell(error)}\n{result}"
        return ""

    def close(self) -> None:
        self.runner.close()
        self.proxy.close()
        self.scenario.close()


def judge(scenario, result: Result, way: str, hit: bool) -> None:
    done = scenario.is_done()
    assert done or result.code, "not done, and not said"
    assert result.code in ((0,) if way == ONCE else (0, 75))
    errors = re.findall(rf"^{scenario.program}: error: (.*)", result.err, re.M)
    assert len(errors) == (result.code != 0)
    for error in errors if hit else ():     # what was asked of whom, what came of it
        assert re.search(r"\b(GET|HEAD|PUT|POST|DELETE) http://127\.0\.0\.1:\d+/\S*: \w", error)


@pytest.fixture
def places(tmp_path, plain_steps):
    """places(kind): so many scenarios of it as there are runs at once."""
    made: list[Place] = []

    def make(kind) -> list[Place]:
        made.extend(Place(kind, tmp_path / str(n), plain_steps) for n in range(AT_ONCE))
        return made

    yield make
    for place in made:
        place.close()


def chosen(cuts: list[Cut]) -> list[Cut]:
    if CUTS == "all":
        return cuts
    return random.Random(SEED).sample(cuts, min(int(CUTS), len(cuts)))


def strike_all(places: list[Place]) -> None:
    """All that goes wrong is told, not the first only."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        cuts, *_ = pool.map(Place.learn, places)
        print(f"SLIPWAY_SEED={SEED}, {len(cuts)} possible cuts")
        strikes = [(cut, way) for n, cut in enumerate(chosen(cuts)) for way in WAYS
                   if way != SILENCE or n % SILENT_EACH == 0]
        shares = [(place, strikes[n::AT_ONCE]) for n, place in enumerate(places)]
        wrong = pool.map(lambda share: [share[0].strike(*one) for one in share[1]], shares)
        told = [line for lines in wrong for line in lines if line]
    hits = sum(place.hits for place in places)
    print(f"{hits} of {len(strikes)} have met with theirs")
    assert not told, "\n".join([f"{len(told)} of {len(strikes)}", *told])
    # Names that are made up may be shorter, and a second over before the cut.
    assert hits >= sum(way == ONCE for _, way in strikes) / 2


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_byte(places, kind):
    strike_all(places(kind))


@pytest.mark.parametrize("name", REAL)
def test_every_byte_of_a_real_server(places, lab, name):
    kind = RealTag if name == "registry" else RealBucket
    server = {"minio": "s3"}.get(name, name)
    strike_all(places(lambda folder: kind(folder, getattr(lab, server))))
