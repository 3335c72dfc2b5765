"""An index over http whose charts lie in a registry (oci://): what it names there
is fetched as from any registry, and is what the index says."""

from __future__ import annotations

import hashlib
import json

import pytest
import yaml

from audited import INDEX, REPO, audit, entries, s3  # noqa: F401
from rendering import render, umbrella  # noqa: F401
from scripted_http import Reply, ScriptedHttp
from scripted_oci import (
    MANIFEST, PASSWORD, USER, archive, chart, error, manifest_of, pair, sha256, token_reply,
    wants_bearer, write_config)

PROVENANCE_TYPE = "application/vnd.cncf.helm.chart.provenance.v1.prov"
CHART_TEXT = """\
apiVersion: v2
name: shop
version: 0.1.0
dependencies:
- name: web
  version: ^1.0.0
  repository: %s
"""


def index_of(address: str, archive: bytes, **more) -> bytes:
    entry = {"apiVersion": "v2", "name": "web", "version": "1.0.0", "urls": [address],
             "digest": hashlib.sha256(archive).hexdigest()}
    return json.dumps({"apiVersion": "v1", "entries": {"web": [entry | more]}}).encode()


def address(registry: ScriptedHttp, artifact: str = "web:1.0.0") -> str:
    return f"oci://127.0.0.1:{registry.port}/team/charts/{artifact}"


def blob(data: bytes) -> str:
    return f"GET /v2/team/charts/web/blobs/{sha256(data)}"


@pytest.fixture
def vendor(umbrella, render, tmp_path):
    """vendor(index): an umbrella with one dependency, of which @index tells."""
    def run(index: bytes, **options):
        with ScriptedHttp() as server:
            server.always(Reply(200, index))
            umbrella(CHART_TEXT % server.url, values=None)
            result = render(**options)
            assert server.lines == ["GET /index.yaml"]
        return result
    return run


def vendored(tmp_path) -> bytes:
    return (tmp_path / "work/rendered/shop/charts/web-1.0.0.tgz").read_bytes()


@pytest.mark.parametrize("artifact, asked", [
    ("web:1.0.0", "1.0.0"), ("web:1.0.0+b", "1.0.0_b"),
    ("web@{digest}", "{digest}"), ("web:other@{digest}", "{digest}")])
def test_render(vendor, archive, tmp_path, artifact, asked):
    digest = sha256(manifest_of(archive))
    with ScriptedHttp(Reply(200, manifest_of(archive)), Reply(200, archive)) as registry:
        vendor(index_of(address(registry, artifact.format(digest=digest)), archive))
        assert registry.lines == [
            f"GET /v2/team/charts/web/manifests/{asked.format(digest=digest)}", blob(archive)]
    assert vendored(tmp_path) == archive
    # the lock is of the repository that was asked for, as Helm's is
    [locked] = yaml.safe_load((tmp_path / "work/rendered/shop/Chart.lock").read_text())["dependencies"]
    assert locked["version"] == "1.0.0" and locked["repository"].startswith("http://")


def test_the_login_is_that_of_the_registry(vendor, archive, tmp_path):
    """That of the repository is for its own server."""
    with ScriptedHttp(token_reply()) as auth, ScriptedHttp(
            wants_bearer(auth), Reply(200, manifest_of(archive)),
            Reply(200, archive)) as registry:
        folder = write_config(tmp_path / "d", {"auths": {
            f"127.0.0.1:{registry.port}": {"auth": pair(f"{USER}:{PASSWORD}")}}})
        vendor(index_of(address(registry), archive), env={
            "DOCKER_CONFIG": str(folder), "HELM_REPO_USERNAME": "jane",
            "HELM_REPO_PASSWORD": "swordfish"})
        said = {request.header("Authorization") for request in
                (*auth.requests, *registry.requests)}
    assert f"Basic {pair(f'{USER}:{PASSWORD}')}" in said
    assert f"Basic {pair('jane:swordfish')}" not in said


@pytest.mark.parametrize("replies, artifact, code, words", [
    ([Reply(404)], "web:1.0.0", 1, "there is no 'oci://127.0.0.1"),
    ([error(403, "DENIED")], "web:1.0.0", 1, "words of DENIED"),
    ([Reply(200, b"{}")], "web:1.0.0", 1, "it is no chart"),
    ([], "web", 2, "'team/charts/web' names no tag"),
    ([], "web:", 2, "'' cannot be the tag of a chart"),
    ([], "web@sha256:beef", 2, "'sha256:beef' is no digest"),
    ([Reply(404)], "web@sha256:" + 64 * "0", 1, "team/charts/web@sha256:" + 64 * "0" + "'\n"),
    ([], "web@x:1@sha256:" + 64 * "0", 2, "is no digest"),
    ([], "web:1.0.0/../x", 2, "cannot be the tag of a chart"),
    ([], "WEB:1.0.0", 2, "cannot be a repository of a registry"),
    ([], "../web:1.0.0", 2, "cannot be a repository of a registry"),
])
def test_what_is_not_to_be_had(vendor, tmp_path, replies, artifact, code, words):
    with ScriptedHttp(*replies) as registry:
        result = vendor(index_of(address(registry, artifact), b""), expect=code)
    assert words in result.err
    assert not (tmp_path / "work/rendered").exists()


@pytest.mark.parametrize("behind", ["/t/b:1?X-Token=s3cr3t", "/t/b?X-Token=s3cr3t:1",
                                    "?X-Token=s3cr3t/t/b:1", "/t/b:1#s3cr3t"])
def test_a_query_is_refused_and_not_shown(audit, s3, behind):
    s3.put(INDEX, index_of("oci://127.0.0.1:1" + behind, b""))
    result = audit("--output", "json", expect=1)
    assert "cannot be followed by '?'" in result.json["mismatched"][0]["reason"]
    assert "s3cr3t" not in result.out + result.err


@pytest.mark.parametrize("host", ["", "user:pw@127.0.0.1:1", "127.0.0.1:99999"])
def test_an_address_without_a_registry(vendor, host):
    result = vendor(index_of(f"oci://{host}/charts/web:1.0.0", b""), expect=2)
    assert "names the address 'oci://" in result.err and ":pw@" not in result.err


def test_other_bytes_than_the_index_says(vendor, archive, tmp_path):
    """Helm compares them with the registry's own digest alone."""
    with ScriptedHttp(Reply(200, manifest_of(archive)), Reply(200, archive)) as registry:
        result = vendor(index_of(address(registry), b"other"), expect=3)
    assert hashlib.sha256(archive).hexdigest() in result.err
    assert not (tmp_path / "work/rendered").exists()


def with_provenance(archive: bytes, signed: bytes) -> bytes:
    manifest = json.loads(manifest_of(archive))
    manifest["layers"].append({"mediaType": PROVENANCE_TYPE, "digest": sha256(signed),
                               "size": len(signed)})
    return json.dumps(manifest).encode()


@pytest.mark.parametrize("signed", [None, b"signed\n"])
def test_copy(run_step, archive, tmp_path, signed):
    manifest = with_provenance(archive, signed) if signed else manifest_of(archive)
    replies = [Reply(200, manifest), Reply(200, archive), Reply(200, manifest)]
    replies += [Reply(200, signed)] if signed else []
    with ScriptedHttp(*replies) as registry, ScriptedHttp(
            Reply(200, index_of(address(registry), archive))) as server:
        run_step("repo-audit", "--repo", server.url, "--copy-to",
                 f"file://{tmp_path}/copy", "web@1.0.0")
        assert registry.lines == [f"GET {MANIFEST}", blob(archive), f"GET {MANIFEST}"] + (
            [blob(signed)] if signed else [])
    assert (tmp_path / "copy/web-1.0.0.tgz").read_bytes() == archive
    beside = tmp_path / "copy/web-1.0.0.tgz.prov"
    assert (beside.read_bytes() if beside.exists() else None) == signed


def test_audit(audit, s3, archive):
    """Of an index in a bucket, as of one that leads to a web server."""
    with ScriptedHttp(Reply(200, manifest_of(archive)), Reply(200, archive)) as registry:
        s3.put(INDEX, index_of(address(registry), archive, description="a <web>"))
        found = audit("--output", "json", expect=1).json
    assert found["verified"] == 1 and not found["mismatched"] + found["unread"]


@pytest.mark.parametrize("config, reason", [
    ('{"auths": ', "is no JSON object"),
    ('{"auths": {"127.0.0.1:PORT": {"auth": "!"}}}', "not the base64 of"),
    ('{"credsStore": "../nope"}', "no name of a credential helper"),
    ('{"credsStore": "nope"}', "docker-credential-nope"),
    ("", "server answered 404"),
])
def test_an_audit_that_has_no_login(audit, s3, archive, tmp_path, config, reason):
    """Which says nothing about the entry: nothing is to be published anew."""
    with ScriptedHttp() as auth, ScriptedHttp() as registry:
        auth.always(Reply(404))
        registry.always(wants_bearer(auth))
        (tmp_path / "config.json").write_text(config.replace("PORT", str(registry.port)))
        s3.put(INDEX, index_of(address(registry), archive))
        result = audit("--output", "json", env={"DOCKER_CONFIG": str(tmp_path)}, expect=1)
    found = result.json
    assert found["dangling"] == found["mismatched"] == []
    assert [item["name"] for item in found["unread"]] == ["web"]
    assert reason in found["unread"][0]["reason"] and "--if-exists" not in result.err


def test_a_folder_leads_to_no_registry(umbrella, render, tmp_path):
    """As it leads nowhere else on the web: it may be vendored without a network."""
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo/index.yaml").write_bytes(
        index_of("oci://127.0.0.1:1/team/charts/web:1.0.0", b""))
    umbrella(CHART_TEXT % f"file://{tmp_path}/repo", values=None)
    assert "on the web, where a local repository does not lead" in render(expect=2).err
