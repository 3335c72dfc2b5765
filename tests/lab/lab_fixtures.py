"""Real servers, started when the first test asks, stopped with the session.

cluster      the control plane: .env for a step, .api (kubeapi.py) to look and
             prepare, .user(name, rules) for fewer rights; each test starts
             and ends with no namespace but Kubernetes' own
s3           MinIO with a bucket of this test's own: s3.url, s3.env, s3.client
any_s3       the same, once with MinIO and once with versitygw
moto         AWS's IAM, STS and S3 by moto, empty: moto.user(), moto.role(),
             moto.enforce(); see moto_server.py
registry     an OCI registry with a path of this test's own: registry.url,
             .host, .requests()
helm4, helm3, kubectl
             run the tool, against the cluster if the test uses it:
             helm4("list", "-A").out; .path is the binary
image        the image of all steps, built if it has changed: image.py
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import toolbox
from cleaning import Cleaner
from image import Image
from moto_server import Moto
from registry import Registry
from runner import Result, Runner
from s3 import S3
from session import Lab


@pytest.fixture(scope="session")
def lab():
    with Lab() as lab:
        yield lab


@pytest.fixture(scope="session")
def cleaner(lab: Lab) -> Cleaner:
    return Cleaner(lab.cluster.api, lab.cluster.controllers)


@pytest.fixture
def cluster(lab: Lab, cleaner: Cleaner):
    yield lab.cluster
    cleaner.clean()


@dataclass
class Bucket:
    name: str
    url: str
    endpoint: str
    env: dict[str, str]
    client: Any


def new_bucket(server: S3) -> Bucket:
    name = f"test-{uuid.uuid4().hex[:12]}"
    client = server.client()
    client.create_bucket(Bucket=name)
    return Bucket(name, f"s3://{name}", server.endpoint, server.env, client)


@pytest.fixture
def s3(lab: Lab) -> Bucket:
    return new_bucket(lab.s3)


@pytest.fixture(params=["minio", "versitygw"])
def any_s3(lab: Lab, request: pytest.FixtureRequest) -> Bucket:
    return new_bucket(lab.s3 if request.param == "minio" else lab.versitygw)


@pytest.fixture
def moto(lab: Lab) -> Moto:
    lab.moto.reset()
    return lab.moto


@dataclass
class Place:
    """A part of a registry, and what was asked of it since it was made."""
    server: Registry
    path: str
    before: int

    @property
    def host(self) -> str:
        return self.server.host

    @property
    def url(self) -> str:
        return f"oci://{self.host}/{self.path}"

    def requests(self) -> list[str]:
        return self.server.requests()[self.before:]


def place(server: Registry) -> Place:
    return Place(server, f"test-{uuid.uuid4().hex[:12]}/charts",
                 len(server.requests()))


@pytest.fixture
def registry(lab: Lab) -> Place:
    return place(lab.registry)


@dataclass
class Tool:
    path: Path
    runner: Runner
    env: dict[str, str]

    def __call__(self, *args: object, **options: Any) -> Result:
        options["env"] = self.env | options.get("env", {})
        return self.runner.run(self.path, *args, **options)


def tool(path: Path, request: pytest.FixtureRequest) -> Tool:
    env = {}
    if "cluster" in request.fixturenames:
        env = request.getfixturevalue("cluster").env
    return Tool(path, request.getfixturevalue("runner"), env)


@pytest.fixture
def helm4(request: pytest.FixtureRequest) -> Tool:
    return tool(toolbox.helm4(), request)


@pytest.fixture
def helm3(request: pytest.FixtureRequest) -> Tool:
    return tool(toolbox.helm3(), request)


@pytest.fixture
def kubectl(request: pytest.FixtureRequest) -> Tool:
    return tool(toolbox.kubectl(), request)


@pytest.fixture(scope="session")
def image():
    with Image() as image:
        yield image
