"""What deploy-preview itself takes of a deployment, against `helm version`.

Its Helm stores a revision and has nothing to wait for.  The rest is ours: from the
start over the lock, the marks and the look at the releases to the result, on
a real control plane and for an environment that is there.  Repository and
branch are told as Jenkins does, the main branch by the pipeline.
"""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import environments
from measuring import Case, Side
from session import Lab

SECOND = 2              # the revision that each run makes
# Helm, which has no work of its own: a thread of ours makes the revision.
HELM = """#!/bin/sh
case " $* " in
*" upgrade "*) echo >{folder}/begun; read -r _ <{folder}/made ;;
esac
"""


class Deploying:
    """A control plane, started when a case first needs it."""

    def __init__(self, work: Path, steps: Path, helm: str):
        self.work, self.helm = work, helm
        self.step = [str(steps / "deploy-preview"), "--quiet"]
        self.env = {"GIT_URL": "https://git.example.com/team/shop.git",
                    "BRANCH_NAME": "fix", "SLIPWAY_MAIN_BRANCH": "main"}
        self.lab: Lab | None = None
        self.folder = work / "deploying"
        self.fake = self.folder / "helm"

    def __enter__(self) -> Deploying:
        return self

    def __exit__(self, *_failure: object) -> None:
        if self.lab:
            self.lab.close()

    def _start(self) -> None:
        self.lab = Lab()
        self.env |= self.lab.cluster.env
        chart = environments.umbrella(self.folder, "1.0.0")
        self.fake.write_text(HELM.format(folder=self.folder))
        self.fake.chmod(0o755)
        for name in "begun", "made":
            os.mkfifo(self.folder / name)
        subprocess.run([*self.step, "--helm", self.helm, str(chart)],
                       check=True, stdout=subprocess.DEVNULL,
                       env=self.env | {"PATH": "/usr/bin:/bin",
                                       "HOME": str(self.work)})
        threading.Thread(target=self._make_revisions, daemon=True).start()

    def _make_revisions(self) -> None:
        while True:
            (self.folder / "begun").read_text()
            environments.store_release(self.lab.cluster.api, "shop-fix", "shop-fix", {},
                                       SECOND)
            (self.folder / "made").write_text("\n")

    def _forget_second(self) -> None:
        if not self.lab:
            self._start()
        self.lab.cluster.api.request("DELETE", "/api/v1/namespaces/shop-fix/secrets/"
                                     f"sh.helm.release.v1.shop-fix.v{SECOND}")

    def cases(self) -> list[Case]:
        chart = self.folder / "shop"
        return [Case(
            "deploy-preview but for its Helm", 1,
            Side([*self.step, "--helm", str(self.fake), str(chart)], self.work,
                 before=self._forget_second, env=self.env),
            Side([self.helm, "version"], self.work))]
