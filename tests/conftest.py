"""What every test may ask for.

run_step    runs a step to its end: run_step(name, *args, expect=0, env=,
            cwd=, input=, timeout=); see runner.py
start_step  the same without waiting, for several at once and for killing
steps       the folder of executables that these two take
fake_gpg    the environment with a gpg that writes "signed" above a text
drive       drives a module of the library by a program of drivers/; see
            lab/driver.py
static_http serves a folder over HTTP: static_http(folder).url, .count(path)

Real servers and tools (cluster, s3, helm4, ...) are in lab/lab_fixtures.py.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

import gpg
from driver import Driver
from runner import Runner
from static_http import StaticHttp

pytest_plugins = ["lab_fixtures"]

ROOT = Path(__file__).resolve().parent.parent


def pytest_configure() -> None:
    """What nohup(1) has us ignore, the steps under test still hear."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda _number, _frame: None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """What cannot run here has failed; it does not pass by skipping."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def steps() -> Path:
    """The executables: those with sanitizers if there are any."""
    named = os.environ.get("SLIPWAY_ASAN_BIN") or os.environ.get("SLIPWAY_BIN")
    return Path(named) if named else ROOT / "build" / "release" / "bin"


@pytest.fixture(scope="session")
def plain_steps(steps: Path) -> Path:
    """Those without: sanitizers make calls of their own, and hold what is freed."""
    return steps.parent.parent / "release" / "bin"


@pytest.fixture
def runner(tmp_path: Path, steps: Path):
    runner = Runner(tmp_path / "run", steps)
    yield runner
    runner.close()


@pytest.fixture
def run_step(runner: Runner):
    return runner.run


@pytest.fixture
def start_step(runner: Runner):
    return runner.start


@pytest.fixture
def drive(runner: Runner, steps: Path) -> Driver:
    return Driver(runner, steps.parent / "drivers")


@pytest.fixture
def fake_gpg(tmp_path: Path) -> dict[str, str]:
    """The environment of a step that "signs" by writing "signed" above a text."""
    return gpg.pretend(tmp_path)


@pytest.fixture
def static_http():
    servers: list[StaticHttp] = []

    def serve(folder: Path) -> StaticHttp:
        servers.append(StaticHttp(folder))
        return servers[-1]

    yield serve
    for server in servers:
        server.close()
