"""Two sides of a case, measured in turns."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Side:
    """One way of doing the work, run in a folder of its own."""

    argv: list[str]
    cwd: Path
    prepare: list[Path] = field(default_factory=list)   # removed before a run
    before: Callable[[], None] | None = None    # called before a run
    env: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def reset(self) -> None:
        for path in self.prepare:
            if path.is_dir():
                shutil.rmtree(path)
            elif path.exists():
                path.unlink()
        if self.before:
            self.before()

    def run(self, env: dict[str, str]) -> None:
        self.reset()
        start = time.perf_counter()
        child = subprocess.Popen(self.argv, cwd=self.cwd,
                                 env=env | self.env,
                                 stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT)
        output = child.stdout.read()
        child.wait()
        self.seconds.append(time.perf_counter() - start)
        if child.returncode:
            raise SystemExit(f"bench: {' '.join(self.argv)} failed:\n"
                             f"{output.decode(errors='replace')}")


@dataclass
class Case:
    name: str
    goal: float
    ours: Side
    theirs: Side
    runs: int = 20          # 1: what takes minutes is not warmed up
    memory: float = 0       # at most this part of theirs; 0: not looked at
    resident: int = 0       # KiB that ours may take; 0: not looked at


def peak(side: Side, env: dict[str, str]) -> int:
    """KiB resident at most, of a run of its own.

    By time(1): what Python starts has Python's own size for a moment.
    """
    side.reset()
    child = subprocess.run(["/usr/bin/time", "-f", "%M", *side.argv],
                           cwd=side.cwd, env=env | side.env, check=True, text=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE)
    return int(child.stderr.split()[-1])


def compare_memory(case: Case, env: dict[str, str]) -> bool:
    ours, theirs = peak(case.ours, env), peak(case.theirs, env)
    limit = case.resident or theirs * case.memory
    good = ours <= limit
    print(f"{'  memory':<34} {ours:8} KiB {theirs:9} KiB "
          f"{theirs / ours:8.1f}x  goal {limit:.0f} KiB  "
          f"{'ok' if good else 'MISSED'}", flush=True)
    return good


def report(name: str, ours: float, theirs: float, unit: str,
           goal: float) -> bool:
    """Print the row of a case; is the goal met?"""
    good = theirs >= ours * goal
    print(f"{name:<34} {ours:9.2f} {unit} {theirs:10.2f} {unit} "
          f"{theirs / ours:8.1f}x  goal {goal:.1f}x  "
          f"{'ok' if good else 'MISSED'}", flush=True)
    return good


def measure(case: Case, env: dict[str, str]) -> bool:
    for side in (case.ours, case.theirs):
        if side is case.ours or case.runs > 1:
            side.run(env)           # warms caches up
            side.seconds.clear()
    for _ in range(case.runs):
        case.ours.run(env)
        case.theirs.run(env)
    fast = report(case.name, statistics.median(case.ours.seconds) * 1e3,
                  statistics.median(case.theirs.seconds) * 1e3, "ms", case.goal)
    bounded = case.memory or case.resident
    return (not bounded or compare_memory(case, env)) and fast
