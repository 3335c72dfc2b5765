"""Charts and repositories of the tests that publish to a ScriptedS3."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import yaml

from scripted_s3 import ScriptedS3

INDEX = "stable/index.yaml"
ARCHIVE = "stable/web-1.0.0.tgz"
WAITING = "stable/.slipway/pending/"
REPO = "s3://bucket/stable"
OTHERS = """apiVersion: v1
entries:
  db:
  - apiVersion: v2
    created: "2026-01-01T00:00:00Z"
    digest: aa
    name: db
    urls:
    - db-1.0.0.tgz
    version: 1.0.0
generated: "2026-01-01T00:00:00Z"
"""


def make_chart(folder: Path, name: str = "web", version: str = "1.0.0") -> Path:
    chart = folder / f"{name}-{version}"
    chart.mkdir()
    (chart / "Chart.yaml").write_text(
        f"apiVersion: v2\nname: {name}\nversion: {version}\n")
    (chart / "values.yaml").write_text("image: {tag: old}\n")
    return chart


def package(name: str, version: str = "1.0.0", **more: str) -> bytes:
    """An archive of another publisher's making."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        text = "".join(f"{key}: {value}\n" for key, value in (
            {"apiVersion": "v2", "name": name, "version": version} | more).items())
        info = tarfile.TarInfo(f"{name}/Chart.yaml")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


def leave(s3: ScriptedS3, *charts: dict, age: float = 0.0) -> str:
    """A waiting entry as another publisher leaves it; gives its key."""
    body = json.dumps({"schema": 1, "charts": charts}).encode()
    key = f"{WAITING}{hashlib.sha256(body).hexdigest()}.json"
    s3.put(key, body, s3.clock() - age)
    return key


def waits(name: str, archive: bytes, version: str = "1.0.0") -> dict:
    return {"name": name, "version": version, "created": "2026-11-01T00:00:00Z",
            "digest": hashlib.sha256(archive).hexdigest()}


def prove(s3: ScriptedS3, text: str = OTHERS) -> None:
    """Others' index, on a store that was proved."""
    s3.put(INDEX, f"annotations:\n  {s3.proof}: '2026'\n{text}".encode())


def entries(s3: ScriptedS3) -> dict:
    return yaml.safe_load(s3.objects[INDEX].body)["entries"]


def waiting(s3: ScriptedS3) -> list[str]:
    return [key for key in s3.objects if key.startswith(WAITING)]
