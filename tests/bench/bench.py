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
    memory: float = 0       # at most this part of theirs; 0: not looked at


def peak(side: Side, env: dict[str, str]) -> int:
    """KiB resident at most, of a run of its own.

    By time(1): what Python starts has Python's own size for a moment.
    """
    child = subprocess.run(["/usr/bin/time", "-f", "%M", *side.argv],
                           cwd=side.cwd, env=env, check=True, text=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE)
    return int(child.stderr.split()[-1])


def compare_memory(case: Case, env: dict[str, str]) -> bool:
    ours, theirs = peak(case.ours, env), peak(case.theirs, env)
    good = ours <= theirs * case.memory
    print(f"{'  memory':<34} {ours:8} KiB {theirs:9} KiB "
          f"{theirs / ours:8.1f}x  goal {1 / case.memory:.1f}x  "
          f"{'ok' if good else 'MISSED'}", flush=True)
    return good


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
          f"{ratio:8.1f}x  goal {case.goal:.1f}x  "
          f"{'ok' if ratio >= case.goal else 'MISSED'}", flush=True)
    return (not case.memory or compare_memory(case, env)) and \
        ratio >= case.goal


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


TEMPLATE = """\
global:
  ((- if eq .Env.BRANCH_NAME "master" ))
  expires: false
  ((- else ))
  expires: true
  # Format: "YYYY-MM-DD hh:mm:ss"
  expiryDate:
  ((- end ))
((- range $name, $app := .apps ))
(( $name )):
  image:
    repository: (( $.registry ))/(( $name | lower ))
    tag: (( $app.version | quote ))
    pullPolicy: (( ternary "Always" "IfNotPresent" (contains "-" $app.version) ))
  replicas: (( $app.replicas | default 1 ))
  ((- with $app.labels ))
  labels:
    ((- toYaml . | nindent 4 ))
  ((- end ))
  hosts:
  ((- range $i, $host := $app.hosts ))
  - name: (( printf "%s-%d.%s" $name $i $host | trunc 63 | trimSuffix "-" ))
    tls: (( ternary "on" "off" (hasPrefix "www" $host) ))
  ((- end ))
  resources:
    limits: {memory: (( mul 64 (add 1 $app.replicas) ))Mi, cpu: (( $app.cpu | quote ))}
((- end ))
"""

LOOP = """\
((- range $i := 1000 ))
((- range $j := until 100 ))
- name: item-(( $i ))-(( $j )) # (( printf "%05d" $j )) of (( $.registry | upper ))
((- end ))
((- end ))
"""

DATA = """\
Env: {BRANCH_NAME: feature-x}
registry: registry.example.com
apps:
  Basket: {version: 1.4.0, replicas: 2, cpu: 500m, labels: {tier: web, team: a}, hosts: [www.example.com, api.example.com]}
  Search: {version: 2.0.1, replicas: 0, cpu: 1, labels: {tier: back}, hosts: [www.example.com]}
  Checkout: {version: 0.9.0-rc.1, replicas: 3, cpu: 2, labels: {}, hosts: [www.example.com, m.example.com]}
"""


def go_template(work: Path) -> str:
    """The Go program that stands in for what a team would write."""
    go = subprocess.run([TOP / "tests" / "setup", "go"], check=True, text=True,
                        stdout=subprocess.PIPE).stdout.strip()
    program = work / "gotemplate"
    subprocess.run([go, "build", "-trimpath", "-o", program, "."],
                   cwd=TOP / "tests" / "bench" / "gotemplate", check=True,
                   env={**os.environ, "CGO_ENABLED": "0"})
    return str(program)


def template_cases(work: Path, steps: Path, helm: str,
                   program: str) -> list[Case]:
    (work / "small.tmpl").write_text(TEMPLATE)
    (work / "loop.tmpl").write_text(LOOP)
    (work / "data.yaml").write_text(DATA)

    def ours(name: str) -> Side:
        return Side([str(steps / "umbrella-render"), "--file", name,
                     "--context", "data.yaml"], work)

    def theirs(name: str) -> Side:
        return Side([program, name, "data.yaml"], work)

    for name in ("small.tmpl", "loop.tmpl"):
        rendered = [subprocess.run(side.argv, cwd=work, check=True,
                                   stdout=subprocess.PIPE).stdout
                    for side in (ours(name), theirs(name))]
        if rendered[0] != rendered[1]:
            raise SystemExit(f"bench: the two sides render '{name}' "
                             "differently")
    return [
        Case("start of a render, against helm", 30, ours("small.tmpl"),
             Side([helm, "version"], work)),
        Case("template of 1 KB, against Go", 1.5, ours("small.tmpl"),
             theirs("small.tmpl")),
        Case("output of 5 MB, against Go", 1.5, ours("loop.tmpl"),
             theirs("loop.tmpl"), memory=0.5),
    ]


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
        print(f"{'case':<34} {'slipway':>12} {'the other':>13}  {'ratio':>7}")
        try:
            program = go_template(work)
            met = [measure(case, env)
                   for case in [*cases(work, steps, helm, server.url),
                                *template_cases(work, steps, helm, program)]]
        finally:
            server.close()
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
