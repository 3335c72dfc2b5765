"""publish-chart, repo-audit, umbrella-render, grafana-annotate and changelog,
killed or failed by the system at every call that they make: a repository of
any kind, a rendered folder, a spool and a record are as before or as after,
never half-written under a final name, no mark is lost or made twice, and the
next run heals.

SLIPWAY_FAULTS   how many faults of each kind (8 at random; "all": each
                 call of the run in turn)
SLIPWAY_SEED     which ones (printed)
"""

from __future__ import annotations

import os
import random
import re
import signal
from pathlib import Path

import pytest
import yaml

from auditing import AUDITING
from injecting import Call, Hit, list_calls, run_hit, tell
from publishing import PUBLISHING, ReplacingFiles, SigningFiles
from runner import Runner
from telling import Marking, Story
from umbrellas import CachedRendering, Rendering

FAULTS = os.environ.get("SLIPWAY_FAULTS", "8")
SEED = int(os.environ.get("SLIPWAY_SEED", str(random.randrange(1 << 32))))

# What the system may say of a call, where it is not EIO.
ERRORS = {
    "openat": ("EIO", "ENOSPC", "EMFILE", "EACCES"),
    "write": ("EIO", "ENOSPC", "EDQUOT"),
    "pwrite64": ("EIO", "ENOSPC"),
    "mkdir": ("EIO", "ENOSPC", "EACCES"),
    "mkdirat": ("EIO", "ENOSPC"),
    "fsync": ("EIO", "ENOSPC"),
    "renameat": ("EIO", "ENOSPC", "EXDEV"),
    "renameat2": ("EIO", "ENOSPC", "EINVAL"),
    "flock": ("EIO", "ENOLCK"),
    "mmap": ("ENOMEM",), "mremap": ("ENOMEM",),
    # Has no errors, and libc aborts when it sees one.
    "brk": (), "futex": (),
    "socket": ("EMFILE", "ENOBUFS"), "connect": ("ECONNREFUSED", "ETIMEDOUT"),
    "sendto": ("ECONNRESET", "EPIPE"), "recvfrom": ("ECONNRESET",),
}
CODES = (0, 1, 2, 3, 75)
pytestmark = pytest.mark.timeout(7200 if FAULTS == "all" else 120)

KINDS = (*PUBLISHING, *AUDITING, Rendering, CachedRendering, Marking, Story)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def scenario(request, tmp_path: Path):
    made = request.param(tmp_path)
    made.env = made.env | {"TMPDIR": str(tmp_path / "tmp")}     # of all its runs
    (tmp_path / "tmp").mkdir()
    yield made
    made.close()


@pytest.fixture
def plain(tmp_path: Path, plain_steps: Path):
    """A Runner of steps without sanitizers, whose own calls would be hit."""
    runner = Runner(tmp_path / "run", plain_steps)
    yield runner
    runner.close()


def calls_of(scenario, runner: Runner) -> tuple[list, dict[str, str], list[Call]]:
    """A whole run, twice, as the second may find more: (argv, env, calls)."""
    argv = [runner.steps / scenario.program, *scenario.argv]
    env = runner.env() | scenario.env
    for _ in range(2):
        scenario.reset()
        calls = list_calls(argv, env, runner.folder)
        scenario.learn()
    assert scenario.is_done() and scenario.litter() == []
    return argv, env, calls


def chosen(faults: list) -> list:
    print(f"{len(faults)} possible faults")
    if FAULTS == "all":
        return faults
    return random.Random(SEED).sample(faults, min(int(FAULTS), len(faults)))


@pytest.mark.parametrize("kind", [Marking, Story])
def test_no_child_learns_of_a_token(tmp_path, plain, kind):
    """These start none: what is in their environment stays there."""
    scenario = kind(tmp_path)
    try:
        names = {call.name for call in calls_of(scenario, plain)[2]}
    finally:
        scenario.close()
    assert "write" in names and not names & {"fork", "vfork", "clone", "clone3"}


def test_killed(scenario, plain):
    argv, env, calls = calls_of(scenario, plain)
    check_all(scenario, plain, judge_death, chosen([
        (call, "signal=KILL") for call in calls]), argv, env)


def test_told_to_end(scenario, plain):
    argv, env, calls = calls_of(scenario, plain)
    dice = random.Random(SEED)
    check_all(scenario, plain, judge_end, chosen([
        (call, f"signal={dice.choice(('TERM', 'INT'))}") for call in calls]), argv, env, "50s")


def test_refused(scenario, plain):
    argv, env, calls = calls_of(scenario, plain)
    check_all(scenario, plain, judge_refusal, chosen([
        (call, f"error={error}") for call in calls
        for error in ERRORS.get(call.name, ("EIO",))]), argv, env)


@pytest.mark.parametrize("scenario, name", [
    (ReplacingFiles, "newfstatat"),     # what cannot be looked at is not missing
    (SigningFiles, "fcntl"),            # a pipe that blocks outlasts all deadlines
    (SigningFiles, "read"),             # a part of what gpg says is no signature
    ], indirect=["scenario"], ids=["look", "pipe", "part"])
def test_all_that_were_too_much_once(scenario, plain, name):
    argv, env, calls = calls_of(scenario, plain)
    check_all(scenario, plain, judge_refusal, [
        (call, "error=EIO") for call in calls if call.name == name], argv, env)


def check_all(scenario, plain: Runner, judge, faults: list[tuple[Call, str]],
              argv: list, env: dict[str, str], timeout: str = "3s") -> None:
    """All that goes wrong is told, not the first only."""
    print(f"SLIPWAY_SEED={SEED}")
    wrong, missed = [], []
    argv = [*argv, "--timeout", timeout]
    for call, effect in faults:
        scenario.reset()
        hit = run_hit(argv, env, plain.folder, call, effect)
        if not hit.line:
            missed.append(f"{effect} at {call}")
        try:
            judge(scenario, hit)
            scenario.heal(plain.run)
        except (AssertionError, KeyError, OSError, yaml.YAMLError) as error:
            wrong.append(f"{effect} at {call}: {tell(error)}\n  {hit}")
    assert not wrong, "\n".join(wrong)
    print(f"{len(missed)} of {len(faults)} were not made: {missed}")
    assert 2 * len(missed) <= len(faults), "a run that has other calls than it had"


def judge_death(scenario, hit: Hit) -> None:
    assert hit.code in (0, -9)
    assert scenario.is_done() or hit.code


def judge_end(scenario, hit: Hit) -> None:
    """It tidies up, unless it has not yet got as far as to hear of it."""
    done = scenario.is_done()
    assert hit.code in (0, 130, 143, -signal.SIGTERM, -signal.SIGINT)
    assert done or hit.code
    assert scenario.litter() == [] == os.listdir(scenario.env["TMPDIR"])
    assert scenario.held() == []


def judge_refusal(scenario, hit: Hit) -> None:
    done = scenario.is_done()
    assert hit.code in CODES
    assert done or hit.code
    # These may be of the clearing up itself; the next run finishes it.
    if not re.match(r"(unlink|rmdir|openat|getdents|fcntl|newfstatat)", hit.line):
        assert scenario.litter() == [] == os.listdir(scenario.env["TMPDIR"])
    errors = re.findall(rf"^{scenario.program}: error: ", hit.err, re.M)
    if "write(2, " not in hit.line:
        assert len(errors) == (hit.code != 0)
