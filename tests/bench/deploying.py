"""What deploy-preview itself takes of a deployment, against `helm version`.

Its Helm does nothing and has nothing to wait for.  The rest is ours: from the
start over the lock, the marks and the look at the releases to the result, on
a real control plane and for an environment that is there.  Repository and
branch are told as Jenkins does, the main branch by the pipeline.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import environments
from measuring import Case, Side
from session import Lab

NOTHING = "/bin/true"


class Deploying:
    """A control plane, started when a case first needs it."""

    def __init__(self, work: Path, steps: Path, helm: str):
        self.work, self.helm = work, helm
        self.step = [str(steps / "deploy-preview"), "--quiet"]
        self.env = {"GIT_URL": "https://git.example.com/team/shop.git",
                    "BRANCH_NAME": "fix", "SLIPWAY_MAIN_BRANCH": "main"}
        self.lab: Lab | None = None

    def __enter__(self) -> Deploying:
        return self

    def __exit__(self, *_failure: object) -> None:
        if self.lab:
            self.lab.close()

    def _start(self) -> None:
        if self.lab:
            return
        self.lab = Lab()
        self.env |= self.lab.cluster.env
        chart = environments.umbrella(self.work / "deploying", "1.0.0")
        subprocess.run([*self.step, "--helm", self.helm, str(chart)],
                       check=True, stdout=subprocess.DEVNULL,
                       env=self.env | {"PATH": "/usr/bin:/bin",
                                       "HOME": str(self.work)})

    def cases(self) -> list[Case]:
        chart = self.work / "deploying" / "shop"
        return [Case(
            "deploy-preview but for its Helm", 1,
            Side([*self.step, "--helm", NOTHING, str(chart)], self.work,
                 before=self._start, env=self.env),
            Side([self.helm, "version"], self.work))]
