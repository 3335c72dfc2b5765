"""oci:// as the place of dependencies, against a scripted registry."""

from __future__ import annotations

import json
import urllib.parse

import pytest
import yaml

from scripted_http import Reply, ScriptedHttp
from scripted_oci import (
    MANIFEST, PASSWORD, USER, archive, chart, error, manifest_of, pair, sha256, token_reply,
    wants_bearer, write_config)


@pytest.fixture
def render(run_step, tmp_path):
    """render(server, constraint, ...): an umbrella with one dependency."""
    def run(server: ScriptedHttp, constraint: str, *args, **options):
        umbrella = tmp_path / "umbrella"
        umbrella.mkdir(exist_ok=True)
        (umbrella / "values.yaml").write_text("global: {}\n")
        (umbrella / "Chart.yaml").write_text(yaml.safe_dump({
            "apiVersion": "v2", "name": "umb", "version": "1.0.0", "dependencies": [
                {"name": "web", "version": constraint,
                 "repository": f"oci://127.0.0.1:{server.port}/team/charts"}]}))
        return run_step("umbrella-render", umbrella, "--branch", "main",
                        "--repository-name", "x", "--output", "json", *args,
                        cwd=tmp_path, **options)
    return run


TAGS = "/v2/team/charts/web/tags/list"


def tags(*names: str, then: str | None = None) -> Reply:
    headers = [f'Link: <{then}>; rel="next"'] if then else []
    return Reply(200, json.dumps({"name": "web", "tags": names}).encode(), headers)


def test_an_exact_version_is_not_looked_for(render, archive, tmp_path):
    with ScriptedHttp(Reply(200, manifest_of(archive)), Reply(200, archive)) as s:
        result = render(s, "1.0.0")
        assert s.lines == [f"GET {MANIFEST}",
                           f"GET /v2/team/charts/web/blobs/{sha256(archive)}"]
    [dependency] = result.json["dependencies"]
    assert "sha256:" + dependency["digest"] == sha256(archive)
    assert (tmp_path / "rendered/umb/charts/web-1.0.0.tgz").read_bytes() == archive
    lock = yaml.safe_load((tmp_path / "rendered/umb/Chart.lock").read_text())
    assert lock["dependencies"] == [{
        "name": "web", "version": "1.0.0",
        "repository": f"oci://127.0.0.1:{s.port}/team/charts"}]


def test_a_range_takes_the_highest_tag_of_all_pages(render, archive):
    with ScriptedHttp(tags("latest", "0.9.0", "v9.0.0", then=f"{TAGS}?last=x&n=3"),
                      tags("1.0.0", "2.0.0", "1.5.0-rc1"),
                      Reply(200, manifest_of(archive)), Reply(200, archive)) as s:
        render(s, ">=0.5 <2")
        assert s.lines[:3] == [f"GET {TAGS}?n=1000", f"GET {TAGS}?last=x&n=3",
                               f"GET {MANIFEST}"]


@pytest.mark.parametrize("replies, constraint, code, words", [
    ([tags("2.0.0")], "^1", 1, "2.0.0"),
    ([tags()], "*", 1, "web"),
    ([Reply(200, b'{"tags": null}')], "*", 1, "web"),
    ([error(404, "NAME_UNKNOWN")], "*", 1, "NAME_UNKNOWN"),
    ([Reply(404)], "1.0.0", 1, "there is no 'oci://127.0.0.1"),
    ([tags("1.0.0", then="http://127.0.0.1:1/next")], "*", 1, "goes on elsewhere"),
    ([Reply(200, b"<html>")], "*", 1, "list of tags"),
    ([Reply(200, b'{"tags": ["1.0')], "*", 1, "list of tags"),
])
def test_no_version_is_found(render, tmp_path, replies, constraint, code, words):
    with ScriptedHttp(*replies) as s:
        result = render(s, constraint, expect=code)
    assert words in result.err
    assert not (tmp_path / "rendered").exists()


def test_a_list_of_tags_without_end(render):
    with ScriptedHttp() as s:
        s.always(tags("1.0.0", then=f"{TAGS}?last=1.0.0"))
        assert "pages" in render(s, "*", expect=1).err


def test_another_chart_under_that_name(render, archive):
    with ScriptedHttp(Reply(200, manifest_of(archive)), Reply(200, archive)) as s:
        assert "it holds 'web' 1.0.0" in render(s, "1.0.1", expect=3).err


def test_rendering_logs_in_for_reading_only(render, archive, tmp_path):
    with ScriptedHttp(token_reply()) as auth, ScriptedHttp(
            wants_bearer(auth), Reply(200, manifest_of(archive)), Reply(200, archive)) as s:
        folder = write_config(tmp_path / "d", {"auths": {
            f"127.0.0.1:{s.port}": {"auth": pair(f"{USER}:{PASSWORD}")}}})
        render(s, "1.0.0", env={"DOCKER_CONFIG": str(folder)})
        query = urllib.parse.parse_qs(auth.requests[0].path.split("?")[1])
    assert query["scope"] == ["repository:team/charts/web:pull"]
