"""Memory runs out at any allocation of a step's or of its libraries', once or from
then on: it ends with one error, or gets over it; what it writes to is as before or
as after, and the next run heals.

SLIPWAY_FAULTS   how many allocations of each kind (8 at random; "all")
SLIPWAY_SEED     which ones (printed)
"""

from __future__ import annotations

import os
import random
import re
import subprocess
from pathlib import Path

import pytest

from auditing import PruningBucket, RepairingFiles
from injecting import tell
from publishing import Bucket, Files, Museum, PushedTag
from runner import Result, Runner
from umbrellas import CachedRendering, Rendering

FAULTS = os.environ.get("SLIPWAY_FAULTS", "8")
SEED = int(os.environ.get("SLIPWAY_SEED", str(random.randrange(1 << 32))))
KINDS = (Files, Bucket, Museum, PushedTag, RepairingFiles, PruningBucket, Rendering,
         CachedRendering)
pytestmark = pytest.mark.timeout(7200 if FAULTS == "all" else 120)


@pytest.fixture(scope="module")
def shim(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("scarce") / "scarce.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", made,
                    Path(__file__).with_name("scarce.c")], check=True)
    return made


class Scarcity:
    """Runs of one scenario, without sanitizers, which have an allocator of their own."""

    def __init__(self, scenario, folder: Path, steps: Path, shim: Path):
        self.scenario, self.count = scenario, folder / "count"
        self.runner = Runner(folder / "run", steps)
        self._env = {"LD_PRELOAD": str(shim), "SCARCE_COUNT": str(self.count)}

    def run(self, at: int, ever: bool = False, expect: int | None = None) -> Result:
        self.scenario.reset()
        self.count.write_bytes(bytes(8))
        env = self._env | {"SCARCE_AT": str(at)} | ({"SCARCE_EVER": "1"} if ever else {})
        return self.runner.run(self.scenario.program, *self.scenario.argv, "--timeout", "5s",
                               env=self.scenario.env | env, expect=expect)

    def close(self) -> None:
        self.runner.close()
        self.scenario.close()

    def count_all(self) -> int:
        for _ in range(2):      # the second may find more
            self.run(0, expect=0)
            self.scenario.learn()
        return int.from_bytes(self.count.read_bytes(), "little")


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def runs(request, tmp_path, plain_steps, shim):
    made = Scarcity(request.param(tmp_path), tmp_path, plain_steps, shim)
    yield made
    made.close()


def judge(scenario, result: Result) -> None:
    done = scenario.is_done()
    assert result.code in (0, 1, 2, 75)
    assert done or result.code
    errors = re.findall(rf"^{scenario.program}: error: .", result.err, re.M)
    assert len(errors) == (result.code != 0)


def survive(runs: Scarcity, at: int, ever: bool) -> Result | None:
    """What came of it; None where libcrypto, as 3.5 at its start, ended the process."""
    try:
        result = runs.run(at, ever)
    except AssertionError as error:
        if "OpenSSL internal error: assertion failed" in str(error):
            return None
        raise
    judge(runs.scenario, result)
    return result


def test_every_allocation(runs):
    total, wrong = runs.count_all(), []
    print(f"SLIPWAY_SEED={SEED}, {total} allocations")
    numbers = range(1, total + 1)
    if FAULTS != "all":
        numbers = random.Random(SEED).sample(numbers, min(int(FAULTS), total))
    for at, ever in [(at, ever) for at in numbers for ever in (False, True)]:
        result = None
        try:
            result = survive(runs, at, ever)
            runs.scenario.heal(runs.runner.run)
        except (AssertionError, KeyError, OSError) as error:
            wrong.append(f"allocation {at}, ever={ever}: {tell(error)}\n{result}")
    assert not wrong, "\n".join(wrong)
