"""Running a step, or any program, as a user's clean shell would.

    result = run_step("publish-chart", "chart", "--repo", url, expect=3)
    assert "exists with other content" in result.err
    assert result.json["charts"][0]["existed"]

Nothing of this machine's environment is inherited: no CI's variables, no AWS
keys, proxies or bundles of certificates.  Whatever a test expects, a crash, a
sanitizer's report and a file left in TMPDIR are failures.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from supervisor import die_with_parent

TIMEOUT = 60.0          # seconds for one run
LONG = 240.0            # for one on a cluster, if the machine has much to do
SANITIZER_EXIT = 99     # the exit code of a program with a report


@dataclass
class Result:
    argv: list[str]
    code: int
    out: str
    err: str

    @cached_property
    def json(self) -> Any:
        """The standard output, which must be one JSON document."""
        return json.loads(self.out)

    def __str__(self) -> str:
        return (f"{' '.join(self.argv)}\nexit code {self.code}\n"
                f"--- stdout\n{self.out}--- stderr\n{self.err}---")


def error_lines(result: Result) -> list[str]:
    return [line for line in result.err.splitlines() if ": error: " in line]


def only_error(result: Result) -> str:
    [line] = error_lines(result)
    return line


class Running:
    """A program that was started; wait() ends the matter."""

    def __init__(self, argv: list[str], env: dict[str, str],
                 cwd: Path | str | None, input: str | None):
        me = os.getpid()
        self.argv = argv
        self._tmp = Path(env["TMPDIR"])
        self._input = input
        self.process = subprocess.Popen(
            argv, env=env, cwd=cwd, text=True, errors="backslashreplace",
            stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True, preexec_fn=lambda: die_with_parent(me))
        self.pid = self.process.pid

    def wait(self, expect: int | None = 0, timeout: float = TIMEOUT) -> Result:
        """The result, when it ends with @expect; None takes any exit code,
        a negative number is the signal that the test itself has sent."""
        try:
            out, err = self.process.communicate(self._input, timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            out, err = self.process.communicate()
            raise AssertionError(
                f"no end within {timeout:g} s: "
                f"{Result(self.argv, -9, out, err)}") from None
        result = Result(self.argv, self.process.returncode, out, err)
        self._judge(result, expect)
        return result

    def _judge(self, result: Result, expect: int | None) -> None:
        if result.code == SANITIZER_EXIT:
            raise AssertionError(f"a sanitizer's report: {result}")
        if result.code < 0 and result.code != expect:
            name = signal.Signals(-result.code).name
            raise AssertionError(f"killed by {name}: {result}")
        if expect is not None and result.code != expect:
            raise AssertionError(f"expected exit code {expect}: {result}")
        if result.code >= 0 and (left := sorted(os.listdir(self._tmp))):
            raise AssertionError(f"left in TMPDIR: {left}: {result}")

    def kill(self) -> None:
        """End it and what it has started."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def children(step: int) -> list[int]:
    """The programs that a step has started, also those that ended until they are
    waited for; not its guard, which ends with it."""
    try:
        words = Path(f"/proc/{step}/task/{step}/children").read_text().split()
    except OSError:
        return []
    return [int(pid) for pid in words if name_of(pid) != "slipway-guard"]


def name_of(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


class Runner:
    """Runs programs below the folder of one test."""

    def __init__(self, folder: Path, steps: Path):
        self.folder, self.steps = folder, steps
        self.started: list[Running] = []

    def env(self) -> dict[str, str]:
        """The clean environment, with a TMPDIR of its own for each run."""
        home = self.folder / "home"
        tmp = self.folder / "tmp" / str(len(self.started))
        for path in home, tmp:
            path.mkdir(parents=True, exist_ok=True)
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home), "TMPDIR": str(tmp),
            "LC_ALL": "C.UTF-8", "TZ": "UTC",
            # where tests run in EC2, they have the machine's role otherwise
            "AWS_EC2_METADATA_DISABLED": "true",
            "ASAN_OPTIONS": f"exitcode={SANITIZER_EXIT}:detect_leaks=1",
            "LSAN_OPTIONS": f"exitcode={SANITIZER_EXIT}",
            "UBSAN_OPTIONS":
                f"exitcode={SANITIZER_EXIT}:print_stacktrace=1",
        }

    def start(self, program: str | Path, *args: object,
              env: dict[str, str] | None = None,
              cwd: Path | str | None = None,
              input: str | None = None) -> Running:
        """Start a step by its name, or the program at a path.  @env is added
        to the clean environment."""
        path = self.steps / program     # a path that is absolute stays so
        running = Running([str(path), *map(str, args)],
                          self.env() | (env or {}),
                          cwd or self.folder, input)
        self.started.append(running)
        return running

    def run(self, program: str | Path, *args: object, expect: int | None = 0,
            timeout: float = TIMEOUT, **options: Any) -> Result:
        return self.start(program, *args, **options).wait(expect, timeout)

    def close(self) -> None:
        for running in self.started:
            if running.process.returncode is None:
                running.kill()
                running.process.communicate()
