"""oci:// against a real registry, and Helm as the other one who uses it."""

from __future__ import annotations

import hashlib
import json
import os
import random
import time
import urllib.request
from pathlib import Path

import pytest
import yaml

import lab_fixtures
from registry import PASSWORD, USER

EPOCH = 1700000000
HELM = {"TZ": "UTC"}
SEED = int(os.environ.get("SLIPWAY_SEED", time.time_ns() % 2**32))
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def make_chart(folder: Path, name: str, version: str, **metadata) -> Path:
    chart = folder / name
    chart.mkdir(parents=True, exist_ok=True)
    (chart / "Chart.yaml").write_text(yaml.safe_dump(
        {"apiVersion": "v2", "name": name, "version": version} | metadata))
    (chart / "values.yaml").write_text("a: 1\n")
    return chart


def get_manifest(place, name: str, tag: str, path: str | None = None) -> bytes:
    url = f"http://{place.host}/v2/{path or place.path}/{name}/manifests/{tag}"
    with urllib.request.urlopen(urllib.request.Request(
            url, headers={"Accept": MANIFEST})) as reply:
        return reply.read()


def methods(requests: list[str]) -> list[str]:
    return [line.split()[0] for line in requests]


@pytest.fixture
def publish(run_step, tmp_path):
    def run(chart: Path, url: str, *args, env=None, **options):
        return run_step("publish-chart", chart, "--repo", url, "--output", "json", *args,
                        cwd=tmp_path, env={"SOURCE_DATE_EPOCH": str(EPOCH)} | (env or {}),
                        **options)
    return run


def test_six_requests_and_then_three(publish, registry, tmp_path):
    chart = make_chart(tmp_path, "web", "1.0.0")
    publish(chart, registry.url)
    *others, last = methods(registry.requests())
    assert sorted(others) == ["HEAD", "POST", "POST", "PUT", "PUT"] and last == "PUT"
    seen = len(registry.requests())
    publish(chart, registry.url, "--if-exists", "replace")
    assert methods(registry.requests()[seen:]) == ["POST", "POST", "PUT"]
    seen = len(registry.requests())
    assert publish(chart, registry.url).json["charts"][0]["existed"]
    assert sorted(methods(registry.requests()[seen:])) == ["GET", "GET", "HEAD", "POST", "POST"]


def test_several_are_judged_before_any_is_pushed(publish, registry, tmp_path):
    web, api = (make_chart(tmp_path, name, "1.0.0") for name in ("web", "api"))
    publish(web, registry.url)
    (web / "values.yaml").write_text("a: 2\n")
    seen = len(registry.requests())
    publish(api, registry.url, web, expect=3)
    assert set(methods(registry.requests()[seen:])) == {"GET"}
    charts = publish(api, registry.url, web, "--if-exists", "keep").json["charts"]
    assert [chart["existed"] for chart in charts] == [False, True] and charts[1]["kept"]
    charts = publish(api, registry.url, web, "--if-exists", "replace").json["charts"]
    assert [chart["existed"] for chart in charts] == [True, False]


def test_other_content_leaves_no_upload(publish, registry, tmp_path):
    chart = make_chart(tmp_path, "web", "1.0.0")
    publish(chart, registry.url)
    (chart / "values.yaml").write_text("a: 2\n")
    seen = len(registry.requests())
    publish(chart, registry.url, expect=3)
    assert sorted(methods(registry.requests()[seen:])) == \
        ["DELETE", "GET", "GET", "HEAD", "POST", "POST"]
    # that server keeps the state of its digests
    assert not list(registry.server.folder.glob(f"data/**/{registry.path}/**/startedat"))


def random_metadata(rng: random.Random) -> dict:
    words = ["web", "a <b> & c", "grün", "", " ", '"q"', "x: y", "\u2028", "1.10", "true"]
    some = lambda: [rng.choice(words) for _ in range(rng.randrange(3))]  # noqa: E731
    people = [{"name": rng.choice(words[:3]), "email": "a@b"}, {"name": "B", "url": "http://b"},
              {"name": "C"}]
    every = {
        "description": rng.choice(words), "home": rng.choice(["https://h", ""]),
        "sources": rng.choice([["https://s/1", "https://s/2"], []]), "keywords": some(),
        "maintainers": rng.sample(people, rng.randrange(4)), "icon": "https://i",
        "appVersion": rng.choice(words), "deprecated": rng.choice([True, False]),
        "annotations": {key: rng.choice(words) for key in rng.sample(
            ["a", "z/b", "org.opencontainers.image.title",
             "org.opencontainers.image.created", "org.opencontainers.image.url"], 3)},
        "kubeVersion": ">=1.20.0-0", "type": rng.choice(["application", "library"]),
        "condition": "web.enabled", "tags": "a,b"}
    return {key: every[key] for key in rng.sample(sorted(every), rng.randrange(len(every)))}


def test_the_artifact_is_helms_byte_for_byte(publish, run_step, registry, helm4, tmp_path):
    print(f"SLIPWAY_SEED={SEED}")
    rng = random.Random(SEED)
    for number in range(12):
        version = rng.choice(["1.0.{}", "2.{}.0-rc.1", "1.{}.0+git.a"]).format(number)
        chart = make_chart(tmp_path / str(number), f"web{number}", version,
                           **random_metadata(rng))
        packed = tmp_path / str(number) / "packed"
        run_step("publish-chart", chart, "--destination", packed, cwd=tmp_path,
                 env={"SOURCE_DATE_EPOCH": str(EPOCH)})
        [archive] = packed.iterdir()
        os.utime(archive, (EPOCH, EPOCH))
        helm4("push", archive, f"oci://{registry.host}/{registry.path}/helm", "--plain-http",
              env=HELM)
        publish(chart, registry.url)
        tag = version.replace("+", "_")
        name = f"web{number}"
        assert get_manifest(registry, name, tag) == \
            get_manifest(registry, name, tag, f"{registry.path}/helm"), \
            (chart / "Chart.yaml").read_text()


def test_helm_pulls_what_we_push(publish, registry, helm4, helm3, tmp_path):
    chart = make_chart(tmp_path, "web", "1.2.3+b.7")
    digest = publish(chart, registry.url).json["charts"][0]["digest"]
    for number, helm in enumerate((helm4, helm3)):
        to = tmp_path / f"pulled{number}"
        to.mkdir()
        helm("pull", f"{registry.url}/web", "--version", "1.2.3+b.7", "--plain-http", "-d", to,
             env=HELM)
        [file] = to.iterdir()
        assert file.name == "web-1.2.3+b.7.tgz"
        assert hashlib.sha256(file.read_bytes()).hexdigest() == digest


def test_what_helm_pushed_is_there_already(publish, registry, helm4, tmp_path):
    """The same chart, though another compressor made its archive."""
    chart = make_chart(tmp_path, "web", "1.0.0")
    helm4("package", chart, "-d", tmp_path, env=HELM | {"SOURCE_DATE_EPOCH": str(EPOCH)})
    helm4("push", tmp_path / "web-1.0.0.tgz", registry.url, "--plain-http", env=HELM)
    before = get_manifest(registry, "web", "1.0.0")
    [entry] = publish(chart, registry.url).json["charts"]
    assert entry["existed"] and entry["digest"] in before.decode()
    assert get_manifest(registry, "web", "1.0.0") == before


def test_we_take_what_helm_pushes(run_step, registry, helm4, helm3, tmp_path):
    """Rendered with ranges and exact versions; the lock is Helm's too."""
    for helm, name in ((helm4, "web"), (helm3, "api")):
        for version in ("1.0.0", "1.1.0", "1.2.0-rc.1", "2.0.0+x"):
            chart = make_chart(tmp_path, name, version)
            helm("package", chart, "-d", tmp_path, env=HELM)
            helm("push", tmp_path / f"{name}-{version}.tgz", registry.url, "--plain-http",
                 env=HELM)
    umbrella = tmp_path / "umbrella"
    umbrella.mkdir()
    (umbrella / "values.yaml").write_text("global: {}\n")
    dependencies = [
        {"name": "web", "version": "^1", "repository": registry.url},
        {"name": "web", "version": "2.0.0+x", "alias": "two", "repository": registry.url},
        {"name": "api", "version": ">=1.0.0-0 <2", "repository": registry.url,
         "condition": "api.enabled", "tags": ["a&b"]}]
    (umbrella / "Chart.yaml").write_text(yaml.safe_dump(
        {"apiVersion": "v2", "name": "umb", "version": "1.0.0", "dependencies": dependencies}))
    result = run_step("umbrella-render", umbrella, "--branch", "main", "--repository-name",
                      "x", "--output", "json", cwd=tmp_path)
    assert [d["version"] for d in result.json["dependencies"]] == [
        "1.1.0", "2.0.0+x", "1.2.0-rc.1"]
    rendered = tmp_path / "rendered/umb"
    ours = sorted(file.name for file in (rendered / "charts").iterdir())
    lock = (rendered / "Chart.lock").read_text()
    for file in (rendered / "charts").iterdir():
        file.unlink()
    helm4("dependency", "build", rendered, "--plain-http", env=HELM)
    assert sorted(file.name for file in (rendered / "charts").iterdir()) == ours
    assert (rendered / "Chart.lock").read_text() == lock
    helm4("template", "x", rendered, env=HELM)


@pytest.mark.parametrize("wanted, taken", [
    ("v1.2.3", "v1.2.3"), ("1.4", "1.4"), ("~1.4", "1.4.2"), (">=1", "1.4.2"),
    ("2", None), ("1.4.x", "1.4.2")])
def test_a_version_that_is_not_strict(wanted, taken, publish, run_step, registry, helm4,
                                      tmp_path):
    """It is a tag for itself, but in no range: as Helm resolves it."""
    for version in "v1.2.3", "1.4", "1.4.2":
        chart = make_chart(tmp_path, "web", version)
        publish(chart, registry.url)
    umbrella = tmp_path / "umbrella"
    umbrella.mkdir()
    (umbrella / "values.yaml").write_text("global: {}\n")
    (umbrella / "Chart.yaml").write_text(yaml.safe_dump({
        "apiVersion": "v2", "name": "umb", "version": "1.0.0", "dependencies": [
            {"name": "web", "version": wanted, "repository": registry.url}]}))
    ours = run_step("umbrella-render", umbrella, "--branch", "main", "--repository-name", "x",
                    "--output", "json", cwd=tmp_path, expect=0 if taken else 1)
    theirs = helm4("dependency", "update", umbrella, "--plain-http", env=HELM, expect=None)
    assert (theirs.code == 0) == (taken is not None), theirs
    if not taken:
        assert "hint: " in ours.err and "'~2'" in ours.err
        return
    assert [d["version"] for d in ours.json["dependencies"]] == [taken]
    lock = yaml.safe_load((umbrella / "Chart.lock").read_text())
    assert [d["version"] for d in lock["dependencies"]] == [taken]


def test_what_was_pulled_is_kept(publish, run_step, registry, tmp_path):
    """Tags are asked for again, charts not; offline, nothing is."""
    publish(make_chart(tmp_path, "web", "1.0.0"), registry.url)
    publish(make_chart(tmp_path, "api", "2.0.0+x"), registry.url)
    umbrella = tmp_path / "umbrella"
    umbrella.mkdir()
    (umbrella / "Chart.yaml").write_text(yaml.safe_dump({
        "apiVersion": "v2", "name": "umb", "version": "1.0.0", "dependencies": [
            {"name": "web", "version": "^1", "repository": registry.url},
            {"name": "api", "version": "2.0.0+x", "repository": registry.url}]}))

    def render(*args: str) -> tuple[list[str], list[str]]:
        seen = len(registry.requests())
        result = run_step("umbrella-render", umbrella, "--branch", "main",
                          "--repository-name", "x", "--output", "json", *args, cwd=tmp_path)
        kinds = [request.split("/")[-2] for request in registry.requests()[seen:]]
        return ([item["digest"] for item in result.json["dependencies"]],
                sorted(kind for kind in kinds))

    first, asked = render()
    assert asked.count("blobs") == 2
    again, asked = render()
    assert again == first and "blobs" not in asked and asked.count("manifests") == 2
    assert render("--offline") == (first, [])


@pytest.fixture(params=["basic", "token"])
def guarded(request, lab):
    server, tokens = lab.guarded_registry(request.param == "token")
    yield lab_fixtures.place(server), tokens
    if tokens:
        tokens.close()
    server.process.stop()


def test_a_registry_that_wants_a_login(publish, run_step, guarded, helm4, tmp_path):
    place, tokens = guarded
    chart = make_chart(tmp_path, "web", "1.0.0")
    result = publish(chart, place.url, expect=1)
    assert "helm registry login" in result.err

    # as a pipeline does it: from the environment
    login = {"HELM_REPO_USERNAME": USER, "HELM_REPO_PASSWORD": PASSWORD}
    publish(make_chart(tmp_path, "api", "1.0.0"), place.url, env=login)
    asked = [line for line in place.requests() if "/charts/api/" in line]
    assert len(asked) == 7      # the first is answered 401
    publish(chart, place.url, env=login)
    publish(chart, place.url, env=login | {"HELM_REPO_PASSWORD": "wrong"}, expect=1)

    # as people do it
    config = {"HELM_REGISTRY_CONFIG": str(tmp_path / "config.json")}
    helm4("registry", "login", place.host, "--plain-http", "-u", USER, "-p", PASSWORD,
          env=HELM | config)
    publish(make_chart(tmp_path, "web", "1.1.0"), place.url, env=config)
    umbrella = tmp_path / "umbrella"
    umbrella.mkdir()
    (umbrella / "values.yaml").write_text("global: {}\n")
    (umbrella / "Chart.yaml").write_text(yaml.safe_dump({
        "apiVersion": "v2", "name": "umb", "version": "1.0.0", "dependencies": [
            {"name": "web", "version": "*", "repository": place.url}]}))
    rendered = run_step("umbrella-render", umbrella, "--branch", "main", "--repository-name",
                        "x", "--output", "json", cwd=tmp_path, env=config)
    assert rendered.json["dependencies"][0]["version"] == "1.1.0"
    if tokens:
        assert f"repository:{place.path}/web:pull,push" in tokens.scopes
        assert f"repository:{place.path}/web:pull" in tokens.scopes


def test_a_killed_push_is_completed(start_step, publish, registry, tmp_path):
    chart = make_chart(tmp_path, "web", "1.0.0")
    (chart / "big.bin").write_bytes(random.Random(1).randbytes(4 << 20))
    for delay in (0.0, 0.02, 0.05, 0.08, 0.12):
        running = start_step("publish-chart", chart, "--repo", registry.url,
                             env={"SOURCE_DATE_EPOCH": str(EPOCH)}, cwd=tmp_path)
        time.sleep(delay)
        running.kill()
        running.process.communicate()
    publish(chart, registry.url)
    assert json.loads(get_manifest(registry, "web", "1.0.0"))["layers"]


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0+b.7"])
def test_an_index_that_leads_to_the_registry(version, publish, run_step, registry, helm4,
                                             static_http, tmp_path):
    """As that of Bitnami does: Helm and we take the same chart, and lock the same."""
    chart = make_chart(tmp_path, "web", version)
    [published] = publish(chart, registry.url).json["charts"]
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo/index.yaml").write_text(yaml.safe_dump({
        "apiVersion": "v1", "entries": {"web": [{
            "apiVersion": "v2", "name": "web", "version": version,
            "urls": [f"{registry.url}/web:{version}"], "digest": published["digest"]}]}}))
    repository = static_http(tmp_path / "repo").url
    umbrella = tmp_path / "umbrella"
    umbrella.mkdir()
    (umbrella / "values.yaml").write_text("global: {}\n")
    (umbrella / "Chart.yaml").write_text(yaml.safe_dump({
        "apiVersion": "v2", "name": "umb", "version": "1.0.0", "dependencies": [
            {"name": "web", "version": "^1", "repository": repository}]}))
    run_step("umbrella-render", umbrella, "--branch", "main", "--repository-name", "x",
             cwd=tmp_path)
    helm4("dependency", "update", umbrella, "--plain-http", env=HELM)
    ours = tmp_path / "rendered/umb"
    [theirs] = (umbrella / "charts").iterdir()
    archive = (ours / f"charts/web-{version}.tgz").read_bytes()
    assert hashlib.sha256(archive).hexdigest() == published["digest"]
    assert theirs.read_bytes() == archive
    locks = [yaml.safe_load((folder / "Chart.lock").read_text()) for folder in (ours, umbrella)]
    assert locks[0]["digest"] == locks[1]["digest"]
    assert locks[0]["dependencies"] == locks[1]["dependencies"]
    run_step("repo-audit", "--repo", repository, "--copy-to", f"file://{tmp_path}/copy",
             f"web@{version}")
    assert (tmp_path / f"copy/web-{version}.tgz").read_bytes() == archive
