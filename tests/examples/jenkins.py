"""Jenkins for one build: it hears what jenkins.groovy wants and does it.

    with Groovy() as groovy:
        jenkins = Jenkins(groovy, folder, image, credentials={...}, env={...})
        build = jenkins.build("storefront/Jenkinsfile", checkout, env={...})
        assert build.result == "SUCCESS", build

Each `sh` line is run with `sh -xe` in the image, as an agent's user, with the
build's environment and the workspace mounted under its own path, and nothing
else of this machine.
"""

from __future__ import annotations

import fnmatch
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from image import Image
from runner import Result
from supervisor import die_with_parent

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "pipeline-examples"
AGENT = os.geteuid() or 1000    # Jenkins' usual uid, unless it is us
TIMEOUT = 110.0         # seconds for one `sh`


def java_home() -> str:
    """Of the Java on PATH; Debian's groovy insists on being told."""
    java = shutil.which("java")
    assert java, "java is missing: run tests/setup check"
    return str(Path(java).resolve().parent.parent)


@dataclass
class Shell:
    """One `sh` of a pipeline and how it ended."""
    script: str
    env: dict[str, str]
    result: Result | None = None


@dataclass
class Build:
    result: str = ""
    image: str = ""
    triggers: list[dict] = field(default_factory=list)
    shells: list[Shell] = field(default_factory=list)
    effects: list[dict] = field(default_factory=list)
    artifacts: dict[str, str] = field(default_factory=dict)
    refused: str = ""

    def __str__(self) -> str:
        runs = "\n".join(str(shell.result) for shell in self.shells)
        return f"{self.result or 'refused'}: {self.refused}\n{runs}"


class Groovy:
    """One jenkins.groovy, which starts once for many builds."""

    def __init__(self) -> None:
        me = os.getpid()
        self.process = subprocess.Popen(
            ["groovy", HERE / "jenkins.groovy"],
            env=os.environ | {"JAVA_HOME": java_home()}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True, preexec_fn=lambda: die_with_parent(me))

    def tell(self, message: dict) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def hear(self) -> dict:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, "the harness failed; its own words are on stderr"
        return json.loads(line)

    def __enter__(self) -> Groovy:
        return self

    def __exit__(self, *_exc: object) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(30)


class Jenkins:
    """@credentials as the harness wants them: {"id": {"kind": ...}}; those of
    kind "file" hold their text under "text".  Without an @image nothing is
    run and every `sh` succeeds, but for those that @fail names."""

    def __init__(self, groovy: Groovy, folder: Path,
                 image: Image | None = None,
                 credentials: dict[str, dict] | None = None,
                 env: dict[str, str] | None = None, fail: str = ""):
        self.groovy, self.folder, self.image = groovy, folder, image
        self.credentials, self.env = credentials or {}, env or {}
        self.fail = fail
        self.builds = 0

    def build(self, jenkinsfile: Path | str, source: Path | None = None,
              env: dict[str, str] | None = None,
              parameters: dict[str, Any] | None = None) -> Build:
        """@source is what `checkout scm` brings: it is copied."""
        self.builds += 1
        workspace = self.folder / f"workspace-{self.builds}"
        if source:
            shutil.copytree(source, workspace, symlinks=True)
        else:
            workspace.mkdir(parents=True)
        secrets = workspace.with_name(f"{workspace.name}@tmp")
        self.groovy.tell({
            "jenkinsfile": str(EXAMPLES / jenkinsfile),
            "env": {"WORKSPACE": str(workspace), "CI": "true",
                    "BUILD_NUMBER": str(self.builds), **self.env,
                    **(env or {})},
            "parameters": parameters or {},
            "credentials": self._bindable(secrets),
        })
        for path in workspace, secrets:
            self._hand_over(path)
        build = Build()
        while not build.result and not build.refused:
            answer = self._do(self.groovy.hear(), workspace, build)
            if answer is not None:
                self.groovy.tell(answer)
        return build

    def _bindable(self, secrets: Path) -> dict[str, dict]:
        """Jenkins writes secret files beside the workspace."""
        secrets.mkdir(parents=True)
        found = {}
        for name, credential in self.credentials.items():
            if credential["kind"] == "file":
                path = secrets / name
                path.write_text(credential["text"])
                path.chmod(0o400)
                credential = {"kind": "file", "path": str(path)}
            found[name] = credential
        return found

    @staticmethod
    def _hand_over(folder: Path) -> None:
        if os.geteuid() != AGENT:
            subprocess.run(["chown", "-R", f"{AGENT}:{AGENT}", folder],
                           check=True)

    def _do(self, wanted: dict, workspace: Path, build: Build) -> dict | None:
        kind = wanted["do"]
        if kind == "begin":
            build.image, build.triggers = wanted["image"], wanted["triggers"]
            return None
        if kind == "end":
            build.result = wanted["result"]
            return None
        if kind == "refused":
            build.refused = wanted["cause"]
            return None
        if kind == "sh":
            return self._sh(wanted, workspace, build)
        build.effects.append(wanted)
        if kind == "archiveArtifacts":
            return self._archive(wanted, workspace, build)
        if kind == "deleteDir":
            shutil.rmtree(workspace)
            workspace.mkdir()
            self._hand_over(workspace)
        return {"status": 0}

    def _sh(self, wanted: dict, workspace: Path, build: Build) -> dict:
        shell = Shell(wanted["script"], wanted["env"])
        build.shells.append(shell)
        if self.image is None:
            failed = self.fail and self.fail in shell.script
            return {"status": int(bool(failed)), "stdout": ""}
        secrets = workspace.with_name(f"{workspace.name}@tmp")
        shell.result = self.image.run(
            ["sh", "-xe", "-c", shell.script], expect=None, uid=AGENT,
            env=shell.env, cwd=workspace, mounts=[workspace, secrets],
            timeout=TIMEOUT)
        return {"status": shell.result.code, "stdout": shell.result.out}

    @staticmethod
    def _archive(wanted: dict, workspace: Path, build: Build) -> dict:
        found = [path for path in sorted(workspace.rglob("*"))
                 if path.is_file() and fnmatch.fnmatch(
                     str(path.relative_to(workspace)), wanted["artifacts"])]
        for path in found:
            build.artifacts[str(path.relative_to(workspace))] = \
                path.read_text()
        return {"status": int(not found
                              and not wanted.get("allowEmptyArchive"))}
