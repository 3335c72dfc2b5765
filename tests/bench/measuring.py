"""Two sides of a case, measured in turns."""

from __future__ import annotations

import os
import statistics
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


FEWEST = 5              # runs of ours: of what is short, one says little


@dataclass
class Side:
    """One way of doing the work, run in a folder of its own."""

    argv: list[str]
    cwd: Path
    prepare: list[Path] = field(default_factory=list)   # gone before a run
    before: Callable[[], None] | None = None    # called before a run
    env: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def reset(self, aside: Path) -> None:
        """Moves to @aside what the last run left.

        Removing it would cost the next run: ext4 passes over each inode that
        was freed in the last seconds when it looks for one.
        """
        for path in self.prepare:
            if path.exists():
                shutil.move(path, tempfile.mkdtemp(dir=aside))
        if self.before:
            self.before()


class Meter:
    """Runs sides by launch.c, so that no figure holds what Python takes to
    start a child, nor Python's size."""

    def __init__(self, work: Path, env: dict[str, str]):
        self.launcher, self.env = work / "launch", env
        self.aside = work / "aside"
        self.aside.mkdir()
        subprocess.run(["cc", "-O2", "-o", self.launcher,
                        Path(__file__).with_name("launch.c")], check=True)

    def run(self, side: Side) -> tuple[float, int]:
        """Seconds, and KiB resident at most."""
        side.reset(self.aside)
        reader, writer = os.pipe()
        with os.fdopen(reader) as told:
            child = subprocess.run(
                [self.launcher, str(writer), *side.argv], cwd=side.cwd,
                env=self.env | side.env, pass_fds=[writer],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT)
            os.close(writer)
            if child.returncode:
                raise SystemExit(f"bench: {' '.join(side.argv)} failed:\n"
                                 f"{child.stdout.decode(errors='replace')}")
            nanoseconds, resident = told.read().split()
        return int(nanoseconds) / 1e9, int(resident)


@dataclass
class Case:
    name: str
    goal: float
    ours: Side
    theirs: Side
    runs: int = 20          # 1: what takes minutes is not warmed up
    memory: float = 0       # at most this part of theirs; 0: not looked at
    resident: int = 0       # KiB that ours may take; 0: not looked at


def compare_memory(case: Case, meter: Meter) -> bool:
    ours, theirs = (meter.run(side)[1] for side in (case.ours, case.theirs))
    limit = case.resident or theirs * case.memory
    good = ours <= limit
    print(f"{'  memory':<34} {ours:8} KiB {theirs:9} KiB "
          f"{theirs / ours:8.1f}x  goal {limit:.0f} KiB  "
          f"{'ok' if good else 'MISSED'}", flush=True)
    return good


def report(name: str, ours: float, theirs: float, unit: str,
           goal: float) -> bool:
    """Print the row of a case; is the goal met, or is there none (0)?"""
    good = theirs >= ours * goal
    verdict = f"  goal {goal:.1f}x  {'ok' if good else 'MISSED'}" if goal else ""
    print(f"{name:<34} {ours:9.2f} {unit} {theirs:10.2f} {unit} "
          f"{theirs / ours:8.1f}x{verdict}", flush=True)
    return good


def measure(case: Case, meter: Meter) -> bool:
    sides = case.ours, case.theirs
    for side in sides:
        if side is case.ours or case.runs > 1:
            meter.run(side)         # warms caches up
    for turn in range(max(case.runs, FEWEST)):
        for side in sides:
            if side is case.ours or turn < case.runs:
                side.seconds.append(meter.run(side)[0])
    fast = report(case.name, statistics.median(case.ours.seconds) * 1e3,
                  statistics.median(case.theirs.seconds) * 1e3, "ms", case.goal)
    bounded = case.memory or case.resident
    return (not bounded or compare_memory(case, meter)) and fast
