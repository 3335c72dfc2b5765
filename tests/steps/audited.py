"""A repository to audit, in a ScriptedS3, and what may be wrong with it."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import charts
import pytest
import yaml

from scripted_s3 import ScriptedS3

REPO = "s3://bucket/stable"
PREFIX = "stable/"
INDEX = PREFIX + "index.yaml"
MARKS = PREFIX + ".slipway/audit/verified"
CHARTS = {"api": ["2.0.0", "1.0.0"], "web": ["1.1.0", "1.0.0"]}

PRUNE = ("--prune", "--keep", "1", "--output", "json")


@pytest.fixture
def s3(tmp_path):
    with a_repository(tmp_path) as s3:
        yield s3


@pytest.fixture
def audit(run_step, s3):
    """repo-audit of it, with what is given to each call."""
    def run(*args, **options):
        return run_step("repo-audit", "--repo", REPO, *args,
                        env=s3.env | options.pop("env", {}), **options)
    return run


@contextmanager
def a_repository(tmp_path: Path) -> Iterator[ScriptedS3]:
    """One of four archives, on a store that was proved."""
    folder = charts.make_repository(tmp_path / "repository", CHARTS)
    with ScriptedS3() as s3:
        for path in folder.iterdir():
            put_aged(s3, path.name, path.read_bytes())
        prove(s3)
        yield s3


def put_aged(s3: ScriptedS3, name: str, body: bytes) -> None:
    """As old as no archive is whose publisher is still at work."""
    s3.put(PREFIX + name, body, s3.clock() - 3600)


def prove(s3: ScriptedS3) -> None:
    body = s3.objects[INDEX].body
    s3.put(INDEX, f"annotations:\n  {s3.proof}: '2026'\n".encode() + body)


def sign(s3: ScriptedS3, name: str) -> bytes:
    """What lies beside the archive as if it had been signed."""
    digest = hashlib.sha256(s3.objects[PREFIX + name].body).hexdigest()
    s3.put(f"{PREFIX}{name}.prov", f"files:\n  {name}: sha256:{digest}\n".encode())
    return s3.objects[f"{PREFIX}{name}.prov"].body


def break_all(s3: ScriptedS3) -> None:
    """A flipped byte, an orphan, a dangling entry."""
    body = bytearray(s3.objects[PREFIX + "api-2.0.0.tgz"].body)
    body[40] ^= 1
    s3.put(PREFIX + "api-2.0.0.tgz", bytes(body))
    put_aged(s3, "db-1.0.0.tgz", charts.archive("db", "1.0.0"))
    del s3.objects[PREFIX + "web-1.0.0.tgz"]


def readdress(s3: ScriptedS3, base: str, chart: str = "web") -> None:
    """The index as `helm repo index --url` writes it."""
    body = s3.objects[INDEX].body
    s3.put(INDEX, body.replace(f"- {chart}-".encode(), f"- {base}/{chart}-".encode()))


def entries(s3: ScriptedS3) -> dict[str, list[str]]:
    index = yaml.safe_load(s3.objects[INDEX].body)
    return {name: [entry["version"] for entry in found]
            for name, found in index["entries"].items()}


def names(items: list[dict]) -> list[tuple[str, str]]:
    return [(item["name"], item["version"]) for item in items]
