"""Ratios against the tools that people use instead, both sides in one run.

Usage: bench.py BIN_DIR

Prints a row a case: the median of each side, and the ratio.
The two sides alternate, so that both see the same machine; the load is
printed with them. Absolute times say nothing about another machine.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "lab"))

import toolbox                              # noqa: E402
from static_http import StaticHttp          # noqa: E402

CHARTS = 1000           # entries of the index
WANTED = 20             # dependencies of the umbrella
ENTRY_SIZE = 920        # bytes, as in a large public index


@dataclass
class Side:
    """One way of doing the work, run in a folder of its own."""

    argv: list[str]
    cwd: Path
    prepare: list[Path] = field(default_factory=list)   # removed before a run
    seconds: list[float] = field(default_factory=list)

    def run(self, env: dict[str, str]) -> None:
        for path in self.prepare:
            if path.is_dir():
                shutil.rmtree(path)
            elif path.exists():
                path.unlink()
        start = time.perf_counter()
        child = subprocess.Popen(self.argv, cwd=self.cwd, env=env,
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
    runs: int = 20


def measure(case: Case, env: dict[str, str]) -> bool:
    for side in (case.ours, case.theirs):
        side.run(env)               # warms caches up
        side.seconds.clear()
    for _ in range(case.runs):
        case.ours.run(env)
        case.theirs.run(env)
    ours = statistics.median(case.ours.seconds)
    theirs = statistics.median(case.theirs.seconds)
    ratio = theirs / ours
    print(f"{case.name:<34} {ours * 1e3:9.2f} ms {theirs * 1e3:10.2f} ms "
          f"{ratio:8.1f}x  goal {case.goal:.0f}x  "
          f"  {'ok' if ratio >= case.goal else 'MISSED'}", flush=True)
    return ratio >= case.goal


def write_tgz(path: Path, name: str, version: str) -> None:
    """A small chart as a repository holds it."""
    folder = path.parent / f".{name}"
    (folder / name / "templates").mkdir(parents=True)
    (folder / name / "Chart.yaml").write_text(
        f"apiVersion: v2\nname: {name}\nversion: {version}\n")
    (folder / name / "templates" / "map.yaml").write_text(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n")
    with tarfile.open(path, "w:gz") as tar:
        for file in ("Chart.yaml", "templates/map.yaml"):
            tar.add(folder / name / file, f"{name}/{file}")
    shutil.rmtree(folder)


def make_repository(folder: Path) -> None:
    """An index of CHARTS entries; the first WANTED have their archives."""
    import hashlib

    folder.mkdir()
    lines = ["apiVersion: v1", "entries:"]
    for number in range(CHARTS):
        name = f"app-{number:03d}"
        digest = hashlib.sha256(name.encode()).hexdigest()
        if number < WANTED:
            archive = folder / f"{name}-1.2.3.tgz"
            write_tgz(archive, name, "1.2.3")
            digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        entry = [f"  {name}:", "  - apiVersion: v2",
                 '    created: "2026-01-01T00:00:00Z"',
                 f"    digest: {digest}", f"    name: {name}",
                 "    urls:", f"    - {name}-1.2.3.tgz", "    version: 1.2.3"]
        size = sum(len(line) + 1 for line in entry)
        filler = "d" * max(ENTRY_SIZE - size - 18, 1)
        entry.insert(3, f"    description: {filler}")
        lines += entry
    lines.append('generated: "2026-01-01T00:00:00Z"')
    (folder / "index.yaml").write_text("\n".join(lines) + "\n")


def make_umbrella(folder: Path, url: str) -> None:
    folder.mkdir()
    dependencies = "".join(
        f"- name: app-{number:03d}\n  version: 1.2.3\n  repository: {url}\n"
        for number in range(WANTED))
    (folder / "Chart.yaml").write_text(
        "apiVersion: v2\nname: umbrella\nversion: 0.1.0\n"
        f"dependencies:\n{dependencies}")
    (folder / "values.yaml").write_text("global:\n  expires: false\n")


def cases(work: Path, steps: Path, helm: str, url: str) -> list[Case]:
    chart = work / "web"
    shutil.copytree(TOP / "pipeline-examples" / "storefront" / "chart", chart)
    make_umbrella(work / "umbrella", url)
    shutil.copytree(work / "umbrella", work / "theirs")
    umbrella = ["--repository-name", "bench", "--branch", "main"]
    return [
        Case("start (--version)", 8,
             Side([str(steps / "publish-chart"), "--version"], work),
             Side([helm, "version"], work)),
        Case("package a small chart", 10,
             Side([str(steps / "publish-chart"), "--destination",
                   str(work / "ours"), "--version", "1.0.0", str(chart)],
                  work, [work / "ours"]),
             Side([helm, "package", str(chart), "--version", "1.0.0", "-d",
                   str(work / "packed")], work, [work / "packed"])),
        Case(f"resolve {WANTED} of {CHARTS}", 50,
             Side([str(steps / "umbrella-render"), "umbrella", *umbrella,
                   "--output-dir", str(work / "rendered")],
                  work, [work / "rendered"]),
             Side([helm, "dependency", "update", "theirs"], work,
                  [work / "theirs" / "charts", work / "theirs" / "Chart.lock"]),
             runs=5),
    ]


def main() -> int:
    steps = Path(sys.argv[1]).resolve()
    helm = str(toolbox.helm4())
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        env = {"PATH": os.defpath, "HOME": name, "LANG": "C.UTF-8"}
        make_repository(work / "repository")
        server = StaticHttp(work / "repository")
        subprocess.run([helm, "repo", "add", "bench", server.url], env=env,
                       check=True, stdout=subprocess.DEVNULL)
        print(f"load {os.getloadavg()[0]:.1f}; "
              f"{subprocess.run([helm, 'version', '--short'], env=env, capture_output=True, text=True).stdout.strip()}")
        print(f"{'case':<34} {'slipway':>12} {'helm':>13}  {'ratio':>7}")
        try:
            met = [measure(case, env)
                   for case in cases(work, steps, helm, server.url)]
        finally:
            server.close()
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
