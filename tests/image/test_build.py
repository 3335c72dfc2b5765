"""How the image is built: which engine, which base, what is said.

Docker cannot run on every machine that runs these tests, so a scripted one
stands in for its client: it notes its arguments and answers as told.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from image import TOP, Image

DOCKER = """#!/bin/sh
echo "$*" >>"$DOCKER_LOG"
case $1 in
info) exit "$DOCKER_INFO" ;;
pull) exit "$DOCKER_PULL" ;;
image) exit 1 ;;
build) for last; do :; done; (cd "$last" && find . -type f) >"$DOCKER_LOG.files" ;;
esac
"""

# With an empty cache the first of these makes a base from packages.
pytestmark = pytest.mark.timeout(400)


class Scripted:
    def __init__(self, folder: Path):
        self.folder, self.log = folder, folder / "log"
        client = folder / "docker"
        client.write_text(DOCKER)
        client.chmod(0o755)

    def build(self, *args: object, info: int = 0, pull: int = 0,
              expect: int = 0) -> subprocess.CompletedProcess:
        self.log.write_text("")
        done = subprocess.run(
            [TOP / "container" / "build", *args], text=True,
            stdin=subprocess.DEVNULL, capture_output=True,
            env=os.environ | {
                "PATH": f"{self.folder}:{os.environ['PATH']}",
                "DOCKER_LOG": str(self.log), "DOCKER_INFO": str(info),
                "DOCKER_PULL": str(pull)})
        assert done.returncode == expect, done.stdout + done.stderr
        return done

    def calls(self, verb: str) -> list[str]:
        return [line for line in self.log.read_text().splitlines()
                if line.split()[0] == verb]


@pytest.fixture
def docker(tmp_path: Path) -> Scripted:
    return Scripted(tmp_path)


def release() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text().splitlines()
    return {name: value.strip('"') for name, _, value in
            (line.partition("=") for line in lines)}


def registry_base() -> str:
    here = release()
    if here["ID"] == "ubuntu":
        return f"ubuntu:{here['VERSION_ID']}"
    return f"debian:{here['VERSION_CODENAME']}-slim"


@pytest.mark.parametrize("args, cause", [
    (["--engine"], "'--engine' wants a value"),
    (["--engine", "podman"], "no engine 'podman'"),
    (["--colour", "red"], "unknown option '--colour'"),
])
def test_refuses(docker: Scripted, args: list[str], cause: str):
    assert cause in docker.build(*args, expect=1).stderr


def test_docker_with_an_engine(docker: Scripted):
    docker.build("--tag", "registry.example.com/slipway:1")
    base = registry_base()
    assert docker.calls("pull") == [f"pull -q {base}"]
    (build,) = docker.calls("build")
    assert "-t registry.example.com/slipway:1" in build
    assert f"--build-arg BASE={base}" in build
    assert "ca-certificates" in build and "libgit2" in build
    files = Path(f"{docker.log}.files").read_text().splitlines()
    assert "./Containerfile" in files
    assert "./root/usr/local/bin/helm" in files
    for step in (TOP / "steps").glob("*.c"):
        assert f"./root/usr/local/bin/{step.stem}" in files


def test_no_registry_to_be_reached(docker: Scripted, image: Image):
    """@image: the base from packages has been made by then."""
    done = docker.build(pull=1)
    assert "cannot be pulled: making a base from packages" in done.stdout
    base, build = docker.calls("build")
    assert "-t slipway-base:" in base
    assert "--build-arg BASE=slipway-base:" in build


def test_a_client_without_an_engine_is_no_engine(docker: Scripted,
                                                 image: Image):
    _, _, *arguments = image.arguments      # without its --engine
    done = docker.build(*arguments, info=1)
    assert "'slipway-test' is there" in done.stdout
    assert not docker.calls("build")
