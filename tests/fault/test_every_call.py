"""publish-chart, umbrella-render, grafana-annotate and changelog, killed or
failed by the system at every call that they make: a repository, a rendered
folder, a spool and a record are as before or as after, never half-written
under a final name, no mark is lost or made twice, and the next run heals.

SLIPWAY_FAULTS   how many faults of each kind (15 at random; "all": each
                 call of the run in turn)
SLIPWAY_SEED     which ones (printed)
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import shutil
from pathlib import Path

import pytest
import yaml

import charts
from injecting import Call, Hit, list_calls, run_hit
from runner import Runner
from scripted_s3 import ScriptedS3
from static_http import StaticHttp
from telling import Marking, Story

FAULTS = os.environ.get("SLIPWAY_FAULTS", "15")
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
TEMPORARY = re.compile(r"\.(slipway-[0-9a-f]{16}\.tmp|rendering-\w{6})$")

CHART = {"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
         "values.yaml": "image: {tag: old}\n", "templates/x.yaml": "{{ .Values }}\n"}
UMBRELLA = """\
apiVersion: v2
name: shop
version: 0.1.0
dependencies:
- {{name: basket, version: ^2.0.0, repository: '{url}'}}
- {{name: search, version: 0.9.3, repository: '{url}'}}
"""
CI = {"BRANCH_NAME": "feature/cart",
      "GIT_URL": "https://git.example.com/shop/web.git", "GIT_COMMIT": "c0ffee" + "0" * 34}


def write_all(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def read_all(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def judge_repository(files: dict[str, bytes], before: dict[str, bytes]) -> bool:
    """Has web been entered?  Nothing of what was there is lost, and an entry
    is of an archive that is there."""
    index = yaml.safe_load(files["index.yaml"])
    assert index["entries"]["db"] == yaml.safe_load(before["index.yaml"])["entries"]["db"]
    assert files["db-1.0.0.tgz"] == before["db-1.0.0.tgz"]
    assert set(index["entries"]) <= {"db", "web"}
    for [entry] in index["entries"].values():
        archive = files[entry["urls"][0]]
        assert hashlib.sha256(archive).hexdigest() == entry["digest"]
    if "web" not in index["entries"]:
        assert files["index.yaml"] == before["index.yaml"]
    if archive := files.get("web-1.0.0.tgz"):
        assert archive == before["web-1.0.0.tgz"], "the archive is not whole"
    return "web" in index["entries"]


class Files:
    """publish-chart into a folder that has an index already."""

    program = "publish-chart"

    def __init__(self, folder: Path):
        self.folder = folder
        self.chart = write_all(folder / "web", CHART)
        self.repository = folder / "repository"
        self.argv = [self.chart, "--repo", f"file://{self.repository}"]
        self.env: dict[str, str] = {}
        self.before: dict[str, bytes] = {}

    def reset(self) -> None:
        shutil.rmtree(self.repository, ignore_errors=True)
        charts.make_repository(self.repository, {"db": ["1.0.0"]})
        self.before |= read_all(self.repository)

    def learn(self) -> None:
        """A run has succeeded: such is the archive to be."""
        self.before["web-1.0.0.tgz"] = (self.repository / "web-1.0.0.tgz").read_bytes()

    def is_done(self) -> bool:
        files = {name: data for name, data in read_all(self.repository).items()
                 if not TEMPORARY.search(name) and name != ".index.lock"}
        assert set(files) <= set(self.before)
        return judge_repository(files, self.before)

    def litter(self) -> list[str]:
        return [name for name in read_all(self.repository) if TEMPORARY.search(name)]

    def heal(self, run) -> None:
        run(self.program, *self.argv, env=self.env)
        assert self.is_done()

    def close(self) -> None:
        pass


class Bucket(Files):
    """publish-chart into a bucket, on a store that was proved."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.server = ScriptedS3()
        self.argv = [self.chart, "--repo", "s3://bucket/stable"]
        self.env = self.server.env

    def reset(self) -> None:
        super().reset()
        self.server.objects.clear()
        self.before["index.yaml"] = (
            f"annotations:\n  {self.server.proof}: '2026'\n".encode()
            + (self.repository / "index.yaml").read_bytes())
        for name in ("index.yaml", "db-1.0.0.tgz"):
            self.server.put(f"stable/{name}", self.before[name])

    def learn(self) -> None:
        self.before["web-1.0.0.tgz"] = self.server.objects["stable/web-1.0.0.tgz"].body

    def is_done(self) -> bool:
        files = {key.removeprefix("stable/"): item.body
                 for key, item in self.server.objects.items()}
        assert set(files) <= set(self.before)
        return judge_repository(files, self.before)

    def litter(self) -> list[str]:
        return []

    def close(self) -> None:
        self.server.close()


class NewBucket(Bucket):
    """publish-chart into a bucket whose conditions must be proved first."""

    def reset(self) -> None:
        super().reset()
        self.before["index.yaml"] = (self.repository / "index.yaml").read_bytes()
        self.server.put("stable/index.yaml", self.before["index.yaml"])

    def is_done(self) -> bool:
        probes = [key for key in self.server.objects if "/.slipway/probe/" in key]
        for key in probes:      # a killed run's; no reader looks there
            del self.server.objects[key]
        return super().is_done()


class Rendering:
    """umbrella-render over an older result, with nothing in the cache."""

    program = "umbrella-render"

    def __init__(self, folder: Path):
        self.server = StaticHttp(charts.make_repository(
            folder / "charts", {"basket": ["2.1.0", "2.0.0"], "search": ["0.9.3"]}))
        write_all(folder / "umbrella", {
            "Chart.yaml": UMBRELLA.format(url=self.server.url),
            "values.yaml": "global: {expires: false}\nbranch: (( .Env.BRANCH_NAME ))\n"})
        self.parent, self.cache = folder / "rendered", folder / "cache"
        self.argv = [folder / "umbrella", "--output-dir", self.parent / "shop",
                     "--cache-dir", self.cache]
        self.env = CI
        self.old = {"Chart.yaml": b"name: shop\n", "charts/old.tgz": b"old"}
        self.new: dict[str, bytes] = {}

    def reset(self) -> None:
        for folder in (self.parent, self.cache):
            shutil.rmtree(folder, ignore_errors=True)
        write_all(self.parent / "shop",
                  {name: text.decode() for name, text in self.old.items()})

    def read(self) -> dict[str, bytes]:
        """The folder, but for the time that its lock was made."""
        files = read_all(self.parent / "shop")
        if lock := files.get("Chart.lock"):
            files["Chart.lock"] = re.sub(rb"generated: .*", b"", lock)
        return files

    def learn(self) -> None:
        self.new = self.read()
        assert {"charts/basket-2.1.0.tgz", "charts/search-0.9.3.tgz"} <= set(self.new)

    def is_done(self) -> bool:
        there = self.read()
        if there == self.old:
            return False
        differ = {name for name in {*there, *self.new}
                  if there.get(name) != self.new.get(name)}
        assert not differ, "neither as before nor as after"
        return True

    def litter(self) -> list[str]:
        return [path.name for path in self.parent.iterdir() if path.name != "shop"]

    def heal(self, run) -> None:
        """From the network, then from the cache alone."""
        for more in ((), ("--offline",)):
            run(self.program, *self.argv, *more, env=self.env)
            assert self.is_done() and self.litter() == []

    def close(self) -> None:
        self.server.close()


class CachedRendering(Rendering):
    """umbrella-render with all that it needs in the cache."""

    def learn(self) -> None:
        super().learn()
        shutil.copytree(self.cache, self.cache.with_name("full"), dirs_exist_ok=True)

    def reset(self) -> None:
        super().reset()
        if self.new:
            shutil.copytree(self.cache.with_name("full"), self.cache)


KINDS = (Files, Bucket, NewBucket, Rendering, CachedRendering, Marking, Story)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def scenario(request, tmp_path: Path):
    made = request.param(tmp_path)
    yield made
    made.close()


@pytest.fixture
def plain(tmp_path: Path, steps: Path):
    """A Runner of steps without sanitizers, whose own calls would be hit."""
    runner = Runner(tmp_path / "run", steps.parent.parent / "release" / "bin")
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
    check_all(scenario, plain, judge_death, [
        (call, "signal=KILL") for call in calls], argv, env)


def test_refused(scenario, plain):
    argv, env, calls = calls_of(scenario, plain)
    check_all(scenario, plain, judge_refusal, [
        (call, f"error={error}") for call in calls
        for error in ERRORS.get(call.name, ("EIO",))], argv, env)


def check_all(scenario, plain: Runner, judge, faults: list[tuple[Call, str]],
              argv: list, env: dict[str, str]) -> None:
    """All that goes wrong is told, not the first only."""
    print(f"SLIPWAY_SEED={SEED}, {len(faults)} possible faults")
    wrong = []
    argv = [*argv, "--timeout", "3s"]
    for call, effect in chosen(faults):
        scenario.reset()
        hit = run_hit(argv, env, plain.folder, call, effect)
        try:
            judge(scenario, hit)
            scenario.heal(plain.run)
        except (AssertionError, KeyError, OSError, yaml.YAMLError) as error:
            wrong.append(f"{effect} at {call}: {error!r:.500}\n  {hit}")
    assert not wrong, "\n".join(wrong)


def judge_death(scenario, hit: Hit) -> None:
    assert hit.code in (0, -9)
    assert scenario.is_done() or hit.code


def judge_refusal(scenario, hit: Hit) -> None:
    done = scenario.is_done()
    assert hit.code in CODES
    assert done or hit.code
    # These may be of the clearing up itself; the next run finishes it.
    if not re.search(r"\d+ +(unlink|rmdir|openat|getdents|fcntl|newfstatat)", hit.line):
        assert scenario.litter() == []
    errors = re.findall(rf"^{scenario.program}: error: ", hit.err, re.M)
    if "write(2, " not in hit.line:
        assert len(errors) == (hit.code != 0)
