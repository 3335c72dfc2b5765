"""changelog of charts that were really published, from a bucket and a registry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from histories import History


@pytest.fixture(params=["s3", "registry"])
def place(request):
    return request.getfixturevalue(request.param)


def write_chart(folder: Path, name: str, **more: object) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "Chart.yaml").write_text(json.dumps(
        {"apiVersion": "v2", "name": name, "version": "0.0.0"} | more))


def test_what_publish_chart_annotates_is_what_changelog_reads(run_step, place, tmp_path):
    web = History(tmp_path / "web", "https://git.example/acme/web.git")
    env = {name: value for name, value in getattr(place, "env", {}).items()}
    write_chart(web.folder / "chart", "web")

    def publish(version: str) -> None:
        run_step("publish-chart", "--version", version, "--repo", place.url,
                 cwd=web.folder, env=env)

    web.commit("Begin")
    publish("1.0.0")
    web.pull_request(7, "A new basket", "SHOP-1: wip")
    publish("1.1.0")
    web.commit("Not released")

    named = run_step("changelog", "--old", "web@1.0.0", "--new", "web@1.1.0", "--repo",
                     place.url, "--output", "json", cwd=web.folder, env=env).json
    (one,) = named["applications"]
    assert [change["title"] for change in one["changes"]] == ["A new basket"]
    assert one["repository"] == "https://git.example/acme/web"

    # An umbrella that is not vendored: its repository tells the annotations.
    for name, version in ("old", "1.0.0"), ("new", "1.1.0"):
        write_chart(tmp_path / name, "shop", dependencies=[
            {"name": "web", "version": version, "repository": place.url}])
    umbrella = run_step("changelog", "--old", tmp_path / "old", "--new", tmp_path / "new",
                        "--repo", place.url, "--output", "json", cwd=web.folder,
                        env=env).json
    assert umbrella["applications"][0]["changes"] == one["changes"]

    missing = run_step("changelog", "--old", "web@9.0.0", "--new", "web@1.1.0", "--repo",
                       place.url, cwd=web.folder, env=env, expect=1)
    assert "there is no" in missing.err
