"""Ratios against the tools that people use instead, both sides in one run.

Usage: bench.py BIN_DIR [WORDS]...

Prints a row a case, or only for those whose names have some of the WORDS: the median of each side, and the ratio.
The two sides alternate, so that both see the same machine; the load is
printed with them. Absolute times say nothing about another machine.

What the servers store is in the folder for temporary files, but for a row of
the registry: that asks the disk thirty times to make one chart durable, for
whichever side, so its goal is one of a registry that keeps its data in memory.
The next row, without a goal, is of the same on the disk.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests" / "lab"), str(TOP / "tests" / "steps")]

import changelogs                           # noqa: E402
import deploying                            # noqa: E402
import goprogram                            # noqa: E402
import login                                # noqa: E402
import marking                              # noqa: E402
import packaging                            # noqa: E402
import publishing                           # noqa: E402
import sweeping                             # noqa: E402
import ticketing                            # noqa: E402
import toolbox                              # noqa: E402
import vendoring                            # noqa: E402
from measuring import Case, Meter, Side, measure    # noqa: E402

EXAMPLE = TOP / "pipeline-examples" / "storefront" / "chart"

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


def start_case(work: Path, steps: Path, helm: str) -> Case:
    return Case("start (--version)", 8,
                Side([str(steps / "publish-chart"), "--version"], work),
                Side([helm, "version"], work))


def is_wanted(name: str) -> bool:
    return not sys.argv[2:] or any(words in name for words in sys.argv[2:])


def main() -> int:
    steps = Path(sys.argv[1]).resolve()
    helm = str(toolbox.helm4())
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        env = {"PATH": os.defpath, "HOME": name, "LANG": "C.UTF-8"}
        print(f"load {os.getloadavg()[0]:.1f}; "
              f"{subprocess.run([helm, 'version', '--short'], env=env, capture_output=True, text=True).stdout.strip()}")
        print(f"{'case':<34} {'slipway':>12} {'the other':>13}  {'ratio':>7}")
        program, meter = goprogram.build("gotemplate", work), Meter(work, env)
        with vendoring.Repositories(work, steps, helm, env) as repositories, \
                publishing.Publishing(work, EXAMPLE, steps, helm, env) as places, \
                ticketing.Ticketing(work, steps) as tickets, \
                marking.Marking(work, steps) as marks, \
                deploying.Deploying(work, steps, helm) as environment:
            met = [measure(case, meter)
                   for case in [start_case(work, steps, helm),
                                *packaging.cases(work, EXAMPLE, steps, helm),
                                *template_cases(work, steps, helm, program),
                                *login.cases(work, steps),
                                *repositories.cases(),
                                *places.cases(),
                                *tickets.cases(),
                                *marks.cases(),
                                *environment.cases(),
                                *changelogs.cases(work, steps)] if is_wanted(case.name)]
            if is_wanted(places.TOGETHER_NAME):
                met.append(places.compare_bytes())
            if is_wanted(tickets.REQUESTS_NAME):
                met.append(tickets.compare_requests(meter.run))
        if any(map(is_wanted, sweeping.NAMES)):
            with sweeping.Sweeping(work, steps, helm) as cluster:
                met += cluster.measure(meter)
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
