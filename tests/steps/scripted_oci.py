"""A scripted registry: what it says to a chart that it has or does not have, and
whom it asks who they are.

    from scripted_oci import archive, chart, fresh, publish   # fixtures too
"""

from __future__ import annotations

import base64
import hashlib
import json
import urllib.parse
from pathlib import Path

import pytest

from scripted_http import Reply, Request, ScriptedHttp

USER, PASSWORD = "robot", "pass:w0rd"
TOKEN = "token-that-was-given"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
LOGIN = {"HELM_REPO_USERNAME": USER, "HELM_REPO_PASSWORD": PASSWORD}
EPOCH = "1700000000"
CONFIG_TYPE = "application/vnd.cncf.helm.config.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
LAYER_TYPE = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
MANIFEST = "/v2/team/charts/web/manifests/1.0.0"
UPLOADS = "/v2/team/charts/web/blobs/uploads/"
NOW = ["Retry-After: 0"]

CONFIG_TEXT = (b'{"name":"web","version":"1.0.0",'
               b'"description":"a \\u003cweb\\u003e","apiVersion":"v2"}')
CONFIG = "sha256:" + hashlib.sha256(CONFIG_TEXT).hexdigest()

NO_MANIFEST = Reply(404)
MOUNTED = Reply(201)
OK = Reply(201)


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def place(name: str) -> Reply:
    return Reply(202, headers=[f"Location: {UPLOADS}{name}?_state=x%2Fy"])


def digest_in(request: Request) -> str:
    """Of the blob that the request is about."""
    query = urllib.parse.parse_qs(request.path.split("?")[1])
    return (query.get("mount") or query["digest"])[0]


def upload(request: Request) -> Reply:
    """Blobs come at the same time, and in any order: each goes to a place
    called after it."""
    return place(digest_in(request)[7:15]) if request.method == "POST" else OK


def by_blob(**replies: list[Reply]):
    """by_blob(config=[...], layer=[...]): what each of the two is answered, in
    turn, as so many replies for a script."""
    def answer(request: Request) -> Reply:
        return replies["config" if digest_in(request) == CONFIG else "layer"].pop(0)
    return [answer] * sum(map(len, replies.values()))


ROLES = {"HEAD": "look", "GET": "read", "DELETE": "forget"}


def by_role(**replies: list):
    """by_role(look=[...], blobs=[...], put=[...]): what is answered, in turn,
    to those who look for the tag, send blobs, put the manifest, read, or want
    an upload forgotten; "asks" to whoever comes without a login.  What is sent
    at the same time comes in any order: as so many replies for a script."""
    def answer(request: Request) -> Reply:
        role = ROLES.get(request.method) or (
            "put" if "/manifests/" in request.path else "blobs")
        if replies.get("asks") and request.header("Authorization") is None:
            role = "asks"
        reply = replies[role].pop(0)
        return reply(request) if callable(reply) else reply
    return [answer] * sum(map(len, replies.values()))


def fresh(blobs: list | None = None, **others: list):
    """What a registry says to a chart that it does not have."""
    return by_role(**{"look": [NO_MANIFEST], "blobs": blobs or 2 * [MOUNTED],
                      "put": [OK]} | others)


def known(archive: bytes, **others: list):
    """What one says that has that version, with these bytes."""
    return by_role(**{"look": [Reply(200)], "blobs": 2 * [MOUNTED], "read": [
        Reply(200, manifest_of(archive)), Reply(200, archive)]} | others)


def error(status: int, code: str, headers: list[str] | None = None) -> Reply:
    body = json.dumps({"errors": [{"code": code, "message": f"words of {code}"}]})
    return Reply(status, body.encode(), headers or [])


def wants_bearer(server: ScriptedHttp, scope: str = "repository:other:pull") -> Reply:
    return Reply(401, headers=[
        f'WWW-Authenticate: Bearer realm="{server.url}/token?x=1",'
        f'service="the registry",scope="{scope}"'])


def token_reply(token: str = TOKEN, **more) -> Reply:
    return Reply(200, json.dumps({"token": token} | more).encode())


@pytest.fixture
def chart(tmp_path):
    chart = tmp_path / "web"
    chart.mkdir()
    (chart / "Chart.yaml").write_text(
        "apiVersion: v2\nname: web\nversion: 1.0.0\ndescription: a <web>\n")
    return chart


@pytest.fixture
def publish(run_step, chart, tmp_path):
    """publish(server, ..., expect=): one run; our secrets are never shown."""
    def run(server: ScriptedHttp, *args, env=None, **options):
        result = run_step(
            "publish-chart", chart, "--repo", f"oci://127.0.0.1:{server.port}/team/charts",
            "--verbose", *args, cwd=tmp_path,
            env={"SOURCE_DATE_EPOCH": EPOCH} | (env or {}), **options)
        for secret in (PASSWORD, TOKEN, BASIC.split()[1]):
            assert secret not in result.out + result.err
        return result
    return run


@pytest.fixture
def archive(run_step, chart, tmp_path) -> bytes:
    run_step("publish-chart", chart, "--destination", tmp_path / "packed",
             env={"SOURCE_DATE_EPOCH": EPOCH}, cwd=tmp_path)
    return (tmp_path / "packed" / "web-1.0.0.tgz").read_bytes()


def manifest_of(archive: bytes, config: str = CONFIG_TYPE) -> bytes:
    return json.dumps({
        "schemaVersion": 2,
        "config": {"mediaType": config, "digest": sha256(b"{}"), "size": 2},
        "layers": [{"mediaType": LAYER_TYPE, "digest": sha256(archive),
                    "size": len(archive)}]}).encode()


def write_config(folder: Path, config: dict) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def pair(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
