"""repo-audit --copy-to: named versions go to another repository, byte for byte."""

from __future__ import annotations

import base64
import hashlib
import json
import os

import charts
import pytest
import yaml

from audited import (CHARTS, INDEX, PREFIX, PRUNE, REPO, break_all, entries,  # noqa: F401
                     names, s3, sign)
from scripted_http import Reply, ScriptedHttp
from scripted_s3 import Fault


def copy(run_step, s3, target, *names, repo=REPO, **options):
    return run_step("repo-audit", "--repo", repo, "--copy-to", target, *names,
                    "--output", "json", env=s3.env, **options)


def test_copy(run_step, s3, tmp_path):
    target = f"file://{tmp_path}/stable"
    result = copy(run_step, s3, target, "web@1.0.0", "api", "api@^2")
    copied = result.json["copied"]
    assert names(copied) == [("web", "1.0.0"), ("api", "2.0.0")], "each once"
    assert copied[0]["url"] == f"{target}/web-1.0.0.tgz"
    for item in copied:
        file = f"{item['name']}-{item['version']}.tgz"
        body = (tmp_path / "stable" / file).read_bytes()
        assert body == s3.objects[PREFIX + file].body
        assert hashlib.sha256(body).hexdigest() == item["digest"]
    index = yaml.safe_load((tmp_path / "stable/index.yaml").read_text())
    assert index["entries"]["web"][0]["digest"] == copied[0]["digest"]
    run_step("repo-audit", "--repo", target)
    again = copy(run_step, s3, target, "web@1.0.0").json["copied"]
    assert again[0]["reason"] == "it was there"


def test_copy_within_s3(run_step, s3):
    signed = sign(s3, "web-1.1.0.tgz")
    copy(run_step, s3, "s3://bucket/live", "web")
    assert s3.objects["live/web-1.1.0.tgz"].body == s3.objects[PREFIX + "web-1.1.0.tgz"].body
    assert s3.objects["live/web-1.1.0.tgz.prov"].body == signed
    run_step("repo-audit", "--repo", "s3://bucket/live", env=s3.env)


@pytest.mark.parametrize("write", [yaml.safe_dump, json.dumps])
def test_copy_by_an_index_of_another_form(run_step, s3, tmp_path, write):
    index = yaml.safe_load(s3.objects[INDEX].body)
    options = {"default_flow_style": True} if write is yaml.safe_dump else {}
    s3.put(INDEX, write(index, **options).encode())
    copy(run_step, s3, f"file://{tmp_path}/stable", "web", "api@1.0.0")
    assert entries(s3) == CHARTS
    run_step("repo-audit", "--repo", REPO, *PRUNE, env=s3.env)
    assert entries(s3) == {"api": ["2.0.0"], "web": ["1.1.0"]}


def test_copy_of_many(run_step, s3, tmp_path):
    many = {f"app-{n:02d}": ["1.0.0"] for n in range(20)}
    folder = charts.make_repository(tmp_path / "many", many)
    run_step("repo-audit", "--repo", f"file://{folder}", "--copy-to",
             "s3://bucket/live", *many, env=s3.env)
    run_step("repo-audit", "--repo", "s3://bucket/live", env=s3.env)
    swaps = [seen for seen in s3.requests if seen.line == "PUT live/index.yaml"]
    assert len(swaps) == 3, "8 charts enter the index at once"


def test_copy_of_what_is_large(run_step, tmp_path, monkeypatch):
    """More than an umbrella may have; what is behind an archive's end is a part of it."""
    small, rest = charts.archive, os.urandom(9 << 20)
    monkeypatch.setattr(charts, "archive", lambda *chart: small(*chart) + rest)
    large = {f"app-{n}": ["1.0.0"] for n in range(3)}
    folder = charts.make_repository(tmp_path / "large", large)
    run_step("repo-audit", "--repo", f"file://{folder}", "--copy-to",
             f"file://{tmp_path}/stable", *large)
    for path in folder.glob("*.tgz"):
        assert (tmp_path / "stable" / path.name).read_bytes() == path.read_bytes()


def test_copy_from_a_repository_with_a_login(run_step, tmp_path):
    """Helm knows it; that of the environment is for where the charts go."""
    archive = charts.archive("web", "1.0.0")
    index = {"apiVersion": "v1", "entries": {"web": [{
        "name": "web", "version": "1.0.0", "urls": ["web-1.0.0.tgz"],
        "digest": hashlib.sha256(archive).hexdigest()}]}}
    with ScriptedHttp(Reply(200, json.dumps(index).encode()), Reply(200, archive),
                      Reply(404)) as server:
        (tmp_path / "repositories.yaml").write_text(
            f"repositories:\n- {{name: x, url: '{server.url}', username: jane, "
            "password: swordfish}\n")
        run_step("repo-audit", "--repo", server.url, "--copy-to",
                 f"file://{tmp_path}/copy", "web",
                 env={"HELM_REPOSITORY_CONFIG": str(tmp_path / "repositories.yaml"),
                      "HELM_REPO_ACCESS_TOKEN": "not-for-this-one"})
        assert {request.header("Authorization") for request in server.requests} == {
            "Basic " + base64.b64encode(b"jane:swordfish").decode()}
    assert (tmp_path / "copy/web-1.0.0.tgz").read_bytes() == archive


def test_copy_over_other_bytes_is_a_conflict(run_step, s3, tmp_path):
    """Even where the tar stream is the same: digests are kept."""
    import gzip
    target = tmp_path / "stable"
    copy(run_step, s3, f"file://{target}", "web")
    same = gzip.compress(gzip.decompress((target / "web-1.1.0.tgz").read_bytes()), 1)
    (target / "web-1.1.0.tgz").write_bytes(same)
    before = (target / "index.yaml").read_bytes()
    assert "other bytes" in copy(run_step, s3, f"file://{target}", "web", expect=3).err
    assert (target / "web-1.1.0.tgz").read_bytes() == same
    assert (target / "index.yaml").read_bytes() == before


def test_copy_of_what_is_not_what_the_index_says(run_step, s3, tmp_path):
    break_all(s3)
    target = f"file://{tmp_path}/stable"
    assert "its digest is" in copy(run_step, s3, target, "api", expect=1).err
    assert "web-1.0.0.tgz" in copy(run_step, s3, target, "web@1.0.0", expect=1).err
    assert not (tmp_path / "stable").exists()


@pytest.mark.parametrize("wanted", ["web", "web@^1.1"])
@pytest.mark.parametrize("order", [1, -1])
def test_the_newest_of_builds_is_what_a_prune_keeps(run_step, s3, tmp_path, wanted, order):
    """Where only build metadata differs, by their time, not by their place."""
    versions = ["1.1.0+1", "1.1.0+2", "1.1.0+3"]
    folder = charts.make_repository(tmp_path / "builds", {"web": versions[::order]})
    index = yaml.safe_load((folder / "index.yaml").read_text())
    times = dict(zip(versions, ("01", "03", "02")))
    for entry in index["entries"]["web"]:
        entry["created"] = f"2026-01-{times[entry['version']]}T00:00:00Z"
    (folder / "index.yaml").write_text(yaml.safe_dump(index))
    copied = copy(run_step, s3, f"file://{tmp_path}/stable", wanted,
                  repo=f"file://{folder}").json["copied"]
    assert names(copied) == [("web", "1.1.0+2")]
    pruned = run_step("repo-audit", "--repo", f"file://{folder}", *PRUNE).json["pruned"]
    assert sorted(names(pruned)) == [("web", "1.1.0+1"), ("web", "1.1.0+3")]


def test_dry_run_of_a_copy(run_step, s3, tmp_path):
    result = copy(run_step, s3, f"file://{tmp_path}/stable", "web", "--dry-run")
    assert names(result.json["copied"]) == [("web", "1.1.0")]
    assert not (tmp_path / "stable").exists()


@pytest.mark.parametrize("args, code, cause", [
    (["none"], 1, "none"), (["web@9.9.9"], 1, "9.9.9"), (["web@x y"], 2, "web@x y"),
    ([], 2, "needs the names"), (["web@"], 2, "'web@' lacks a version"),
    (["@1.0.0"], 2, "'@1.0.0' lacks the name of a chart"), ([""], 2, "an argument is empty"),
    (["web", "--repair"], 2, "'--repair' and '--copy-to' exclude each other"),
    (["web", "--check", "--full"], 2, "'--full' and '--copy-to' exclude each other")])
def test_wrong_copies(run_step, s3, tmp_path, args, code, cause):
    assert cause in copy(run_step, s3, f"file://{tmp_path}/stable", *args, expect=code).err
    assert not (tmp_path / "stable").exists()


# --- --check --------------------------------------------------------------------------

def test_check_of_a_copy_looks_at_both_sides(run_step, s3, tmp_path):
    target = f"file://{tmp_path}/stable"
    found = copy(run_step, s3, target, "web", "--check").json
    assert (found["repository"], found["index"]) == (REPO, True)
    assert found["copyTo"] == {"repository": target, "index": False}
    assert "no version of chart 'web'" in copy(run_step, s3, target, "web@9", "--check",
                                               expect=1).err
    assert not (tmp_path / "stable").exists()
    s3.fault = lambda seen: Fault(403, "AccessDenied") if seen.method == "PUT" else None
    within = copy(run_step, s3, "s3://bucket/prod", "web", "--check", expect=1)
    assert "missing rights: s3:PutObject on 's3://bucket/prod/'" in within.err


def test_check_of_a_copy_to_a_registry(run_step, s3):
    with ScriptedHttp(Reply(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}'), Reply(401)) as s:
        target = s.url.replace("http", "oci") + "/prod"
        found = copy(run_step, s3, target, "web", "--check").json
        assert found["copyTo"] == {"repository": target, "published": False}
        assert s.lines == ["HEAD /v2/prod/web/manifests/1.1.0"]
        copy(run_step, s3, target, "web", "--check", expect=1)
