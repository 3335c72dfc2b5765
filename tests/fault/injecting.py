"""A step that is killed, or that the system fails, at one of its calls; its
children are let alone.

    calls = list_calls([steps / "publish-chart", ...], env, cwd)
    hit = run_hit(argv, env, cwd, calls[7], "error=EIO")
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

DEADLINE = 60       # seconds of one run
# Where main() begins: its first call, behind those of the dynamic loader.
MAIN = 'openat(AT_FDCWD, "/dev/null", O_RDWR'
# They end the process, or come back as another call.
NO_CALLS = ("exit_group", "exit", "execve", "rt_sigreturn", "restart_syscall")


@dataclass(frozen=True)
class Call:
    name: str
    number: int     # which one of that name, from 1

    def __str__(self) -> str:
        return f"{self.name}#{self.number}"


@dataclass
class Hit:
    """A run and what became of it."""

    code: int
    out: str
    err: str
    line: str       # of the trace: the call that was hit; "" if none was


def strace(argv: list, env: dict[str, str], cwd: Path, *options: str) -> tuple:
    """(result, trace)."""
    with tempfile.NamedTemporaryFile(prefix="slipway-trace-") as log:
        result = subprocess.run(
            ["strace", "-qq", "-o", log.name, *options, *argv], env=env, cwd=cwd,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE)
        return result, Path(log.name).read_text()


def list_calls(argv: list, env: dict[str, str], cwd: Path) -> list[Call]:
    """All that a run makes of its own, in their order."""
    result, trace = strace(argv, env, cwd)
    assert result.returncode == 0, result.stderr
    loader, found, main = trace.partition(MAIN)
    assert found, "the trace has no start of main()"
    counts: Counter[str] = Counter()
    calls = []
    for name in re.findall(r"^(\w+)\(", trace, re.M):
        counts[name] += 1
        calls.append(Call(name, counts[name]))
    own = calls[len(re.findall(r"^\w+\(", loader, re.M)):]
    return [call for call in own if call.name not in NO_CALLS]


def run_hit(argv: list, env: dict[str, str], cwd: Path, call: Call, effect: str) -> Hit:
    """A run whose @call has @effect: signal=KILL, error=EIO."""
    result, trace = strace(argv, env, cwd, "-e", f"trace={call.name}",
                           "-e", f"inject={call.name}:{effect}:when={call.number}")
    told = f"--- SIG{effect.removeprefix('signal=')} "
    hits = [line for line in trace.splitlines()
            if "(INJECTED)" in line or line.startswith(told)]
    if result.returncode < 0:
        hits = trace.splitlines()
    return Hit(result.returncode, result.stdout, result.stderr, hits[-1] if hits else "")


def tell(error: Exception) -> str:
    """What did not hold, and where that is said."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{place.name}:{place.lineno}: {place.line}: {error!r:.400}"
