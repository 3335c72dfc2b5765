"""umbrella-render's dependencies: Helm's repositories, cache, lock, reasons."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import random
import shutil
import tarfile
from pathlib import Path

import pytest
import yaml

import charts
from rendering import CI, dependencies, left_behind, published, rendered
from scripted_http import Reply, ScriptedHttp, TestAuthority

BASKET = charts.archive("basket", "2.1.0")
DATE = "Date: Thu, 26 Nov 2026 12:00:00 GMT"


def index_of(*entries: tuple[str, str, bytes, str]) -> bytes:
    """An index of (name, version, archive, address)."""
    listed: dict[str, list] = {}
    for name, version, data, url in entries:
        listed.setdefault(name, []).append({
            "apiVersion": "v2", "name": name, "version": version,
            "digest": hashlib.sha256(data).hexdigest(), "urls": [url]})
    return yaml.safe_dump({"apiVersion": "v1", "entries": listed}).encode()


def basket_index(url: str = "basket-2.1.0.tgz") -> bytes:
    return index_of(("basket", "2.1.0", BASKET, url))


def basket(repository: str, version: str = "2.1.0") -> str:
    return dependencies(
        f"- {{name: basket, version: '{version}', repository: '{repository}'}}")


def helm_repos(tmp_path: Path, *entries: dict) -> dict[str, str]:
    """The environment of a user who has added these."""
    file = tmp_path / "repositories.yaml"
    file.write_text(yaml.safe_dump({"apiVersion": "", "repositories": entries}))
    return {"HELM_REPOSITORY_CONFIG": str(file)}


@pytest.mark.parametrize("address, told", [
    ("basket-2.1.0.tgz", True), ("/a/basket-2.1.0.tgz", True),
    ("//localhost:{port}/basket-2.1.0.tgz", False)])
def test_a_token_in_the_address_stays_with_its_server(umbrella, render, address,
                                                      told):
    """An index may name another server by "//host" too."""
    with ScriptedHttp() as server:
        index = basket_index(address.format(port=server.port))
        server.reply(Reply(200, index), Reply(200, BASKET))
        render(umbrella(basket(server.url + "/charts?key=t0ken")))
        asked = [request.path for request in server.requests]
    assert asked[0] == "/charts/index.yaml?key=t0ken"
    assert ("t0ken" in asked[1]) == told


# --- repositories that Helm knows


@pytest.mark.parametrize("word", ["@shop", "alias:shop"])
def test_alias(umbrella, render, tmp_path, word):
    with ScriptedHttp(Reply(200, basket_index()), Reply(200, BASKET)) as server:
        env = helm_repos(tmp_path, {
            "name": "shop", "url": server.url + "/stable/",
            "username": "jane", "password": "swordfish"})
        umbrella(chart=basket(word))
        result = render("--output", "json", "--verbose", env=env)
        asked = [request.header("Authorization") for request in server.requests]
    assert server.lines == ["GET /stable/index.yaml",
                            "GET /stable/basket-2.1.0.tgz"]
    assert asked == ["Basic " + base64.b64encode(b"jane:swordfish").decode()] * 2
    assert "swordfish" not in result.err + result.out
    assert result.json["dependencies"][0]["repository"] == server.url + "/stable/"
    files = rendered(tmp_path)
    lock = yaml.safe_load(files["Chart.lock"])
    assert lock["dependencies"][0]["repository"] == server.url + "/stable/"
    assert word in files["Chart.yaml"].decode()


def test_login_of_an_address(umbrella, render, tmp_path):
    with ScriptedHttp(Reply(200, basket_index()), Reply(200, BASKET)) as server:
        env = helm_repos(tmp_path, {"name": "x", "url": server.url + "/a/",
                                    "username": "u", "password": "longer"})
        umbrella(chart=basket(server.url + "/a"))
        render(env=env)
        assert all(request.header("Authorization")
                   for request in server.requests)


@pytest.mark.parametrize("everywhere", [False, True])
def test_login_stays_at_home(umbrella, render, tmp_path, everywhere):
    """pass_credentials_all counts over https only."""
    with ScriptedHttp(Reply(200, BASKET)) as other, ScriptedHttp() as server:
        server.reply(Reply(200, basket_index(other.url + "/b.tgz")))
        env = helm_repos(tmp_path, {
            "name": "x", "url": server.url, "username": "u",
            "password": "longer", "pass_credentials_all": everywhere})
        umbrella(chart=basket("@x"))
        render(env=env)
        assert server.requests[0].header("Authorization")
        assert other.requests[0].header("Authorization") is None


def test_a_redirect_is_another_origin(umbrella, render, tmp_path):
    with ScriptedHttp(Reply(200, BASKET)) as other, ScriptedHttp() as server:
        server.reply(Reply(200, basket_index()),
                     Reply(302, headers=[f"Location: {other.url}/b.tgz"]))
        env = helm_repos(tmp_path, {
            "name": "x", "url": server.url, "username": "u",
            "password": "longer", "pass_credentials_all": True})
        umbrella(chart=basket("@x"))
        render(env=env)
        assert other.requests[0].header("Authorization") is None


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("authority"))


def test_certificates_of_a_repository(umbrella, render, tmp_path, authority):
    """The server asks for a client's, and has one that only caFile knows."""
    with ScriptedHttp(Reply(200, basket_index()), Reply(200, BASKET),
                      tls=authority.server(authority.file)) as server:
        cert, key = authority.certificate()
        entry = {"name": "x", "url": server.url, "caFile": str(authority.file),
                 "certFile": str(cert), "keyFile": str(key)}
        umbrella(chart=basket("@x"))
        render(env=helm_repos(tmp_path, entry))
    with ScriptedHttp(tls=authority.server()) as server:
        umbrella(chart=basket(server.url))
        result = render("--timeout", "5s", expect=None)
        assert result.code != 0 and server.requests == []


@pytest.mark.parametrize("everywhere", [False, True])
def test_pass_credentials_all(umbrella, render, tmp_path, authority,
                              everywhere):
    with ScriptedHttp(Reply(200, BASKET), tls=authority.server()) as other, \
            ScriptedHttp(tls=authority.server()) as server:
        server.reply(Reply(200, basket_index(other.url + "/b.tgz")))
        env = helm_repos(tmp_path, {
            "name": "x", "url": server.url, "username": "u",
            "password": "longer", "caFile": str(authority.file),
            "pass_credentials_all": everywhere})
        umbrella(chart=basket("@x"))
        render("--cacert", authority.file, env=env)
        sent = other.requests[0].header("Authorization")
        assert (sent is not None) == everywhere


BASIC = "Basic " + base64.b64encode(b"jane:swordfish").decode()
JANE = {"HELM_REPO_USERNAME": "jane", "HELM_REPO_PASSWORD": "swordfish"}


@pytest.mark.parametrize("env, header", [
    (JANE, BASIC),
    ({"HELM_REPO_ACCESS_TOKEN": "swordfish"}, "Bearer swordfish")])
def test_login_of_repo(umbrella, render, env, header):
    """As in publish-chart; --repo is that repository, whoever names it."""
    for named in (True, False):
        with ScriptedHttp(Reply(200, basket_index())) as server:
            if named:
                server.reply(Reply(200, BASKET))
            umbrella(chart=basket(server.url + "/a/") if named else dependencies(
                "- {name: basket, version: 2.1.0}"))
            result = render("--repo", server.url + "/a", "--verbose", env=env)
            assert {request.header("Authorization")
                    for request in server.requests} == {header}
            assert "swordfish" not in result.err + result.out


def test_login_in_the_address_of_repo(umbrella, render, tmp_path):
    """It is asked with, and no part of what Helm stores in the cluster."""
    with ScriptedHttp(Reply(200, basket_index()), Reply(200, BASKET)) as server:
        umbrella(chart=dependencies("- {name: basket, version: 2.1.0}"))
        result = render("--repo", server.url.replace(
            "//", "//jane:swordfish@") + "/a")
        assert [request.header("Authorization")
                for request in server.requests] == [BASIC] * 2
    files = rendered(tmp_path)
    for name in "Chart.yaml", "Chart.lock":
        (written,) = yaml.safe_load(files[name])["dependencies"]
        assert written["repository"] == server.url + "/a"
    assert "swordfish" not in result.out + result.err


def test_login_of_repo_beats_helms(umbrella, render, tmp_path):
    with ScriptedHttp(Reply(200, basket_index()), Reply(200, BASKET)) as server:
        env = helm_repos(tmp_path, {"name": "x", "url": server.url + "/a/",
                                    "username": "u", "password": "longer"})
        (tmp_path / "password").write_text("swordfish")
        umbrella(chart=basket("@x"))
        render("--repo", "@x", "--username", "jane", "--password-file",
               tmp_path / "password", env=env)
        assert [request.header("Authorization")
                for request in server.requests] == [BASIC] * 2


def test_login_of_repo_is_for_no_other(umbrella, render):
    """Not of the same server, nor where its index leads to."""
    with ScriptedHttp(Reply(200, BASKET)) as other, ScriptedHttp() as server:
        server.reply(Reply(200, basket_index(other.url + "/b.tgz")))
        umbrella(chart=basket(server.url))
        render("--repo", server.url, env=JANE)
        assert server.requests[0].header("Authorization") == BASIC
        assert other.requests[0].header("Authorization") is None
    for args in (["--repo", "{}/stable"], []):
        with ScriptedHttp(Reply(200, basket_index())) as server:
            umbrella(chart=basket(server.url + "/another"))
            render(*(arg.format(server.url) for arg in args), env=JANE)
            assert server.requests[0].header("Authorization") is None


@pytest.mark.parametrize("env, hint", [
    ({}, "helm repo add --username"), (JANE, "does not accept the login")])
def test_a_login_that_is_missing_or_wrong(umbrella, render, env, hint):
    with ScriptedHttp(Reply(401)) as server:
        umbrella(chart=basket(server.url))
        result = render("--repo", server.url, env=env, expect=1)
        assert "401" in result.err and hint in result.err


def test_helm_repositories_refused(umbrella, render, tmp_path):
    env = helm_repos(tmp_path, {"name": "x", "url": "https://h",
                                "insecure_skip_tls_verify": True})
    umbrella(chart=basket("@x"))
    result = render(env=env, expect=2)
    assert "its certificate is not to be verified" in result.err
    assert "umbrella/Chart.yaml:5:" in result.err
    umbrella(chart=basket("@y"))
    result = render(env=env, expect=2)
    assert "knows no repository 'y'" in result.err
    assert "hint: helm repo add y URL" in result.err
    Path(env["HELM_REPOSITORY_CONFIG"]).write_text("- password: swordfish\n")
    assert "swordfish" not in render(env=env, expect=2).err


# --- downloads


@pytest.mark.parametrize("jobs", [1, 4])
def test_charts_are_fetched_in_parallel_on_kept_connections(umbrella, render,
                                                            jobs):
    """--jobs at once, the index once before; nobody connects anew."""
    archives = {f"app{i}-1.0.0.tgz": charts.archive(f"app{i}", "1.0.0")
                for i in range(12)}
    index = index_of(*((name.split("-")[0], "1.0.0", data, name)
                       for name, data in archives.items()))
    with ScriptedHttp() as server:
        server.always(lambda request: Reply(200, archives.get(
            request.path.strip("/"), index), delay=0.1))
        umbrella(chart=dependencies(*(
            f"- {{name: app{i}, version: ^1, repository: '{server.url}'}}"
            for i in range(12))))
        render("--jobs", str(jobs))
        assert sorted(server.lines) == sorted(
            ["GET /index.yaml", *(f"GET /{name}" for name in archives)])
        assert server.connections == jobs


def test_a_place_is_read_once_however_it_is_written(umbrella, render):
    index = index_of(("basket", "2.1.0", BASKET, "basket-2.1.0.tgz"))
    with ScriptedHttp() as server:
        server.always(lambda request: Reply(
            200, BASKET if request.path.endswith(".tgz") else index))
        umbrella(chart=dependencies(*(
            f"- {{name: basket, version: ^2, repository: '{server.url}{end}', alias: a{n}}}"
            for n, end in enumerate(("/x", "/x/", "/x//")))))
        render()
        assert sorted(server.lines) == ["GET /x/basket-2.1.0.tgz", "GET /x/index.yaml"]


def test_a_percent_sign_in_the_path_of_the_umbrella(umbrella, render, tmp_path):
    """Jenkins calls the folders of branches so."""
    folder = umbrella(chart=dependencies(
        "- {name: basket, version: ^2, repository: 'file://../charts'}"))
    odd = tmp_path / "work" / "feature%2Fa b"
    odd.mkdir()
    charts.make_repository(odd / "charts", {"basket": ["2.1.0"]})
    folder.rename(odd / "umbrella")
    render(odd / "umbrella")


# --- the cache


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def blobs(cache: Path) -> list[Path]:
    return sorted(path for path in (cache / "v1" / "blobs").rglob("*")
                  if path.is_file())


@pytest.mark.parametrize("header, condition", [
    ('ETag: "abc"', ("If-None-Match", '"abc"')),
    ("Last-Modified: Thu, 26 Nov 2026 11:59:00 GMT",
     ("If-Modified-Since", "Thu, 26 Nov 2026 11:59:00 GMT")),
])
def test_what_is_unchanged_is_not_sent_again(umbrella, render, tmp_path, cache,
                                             header, condition):
    with ScriptedHttp() as server:
        server.reply(Reply(200, basket_index(), headers=[DATE, header]),
                     Reply(200, BASKET), Reply(304))
        umbrella(chart=basket(server.url))
        render("--cache-dir", cache)
        first = rendered(tmp_path)
        render("--cache-dir", cache)
        again = server.requests[2]
    assert server.lines == ["GET /index.yaml", "GET /basket-2.1.0.tgz",
                            "GET /index.yaml"]
    assert again.header(condition[0]) == condition[1]
    assert rendered(tmp_path)["charts/basket-2.1.0.tgz"] == \
        first["charts/basket-2.1.0.tgz"] == BASKET


def test_a_second_is_too_short(umbrella, render, cache):
    """What changed in the second of its reading may change again in it."""
    with ScriptedHttp() as server:
        now = DATE.removeprefix("Date: ")
        server.reply(Reply(200, basket_index(),
                           headers=[DATE, f"Last-Modified: {now}"]),
                     Reply(200, BASKET), Reply(200, basket_index()))
        umbrella(chart=basket(server.url))
        render("--cache-dir", cache)
        render("--cache-dir", cache)
        assert server.requests[2].header("If-Modified-Since") is None


def test_a_changed_index_is_read(umbrella, render, cache):
    new = charts.archive("basket", "2.2.0")
    with ScriptedHttp() as server:
        server.reply(
            Reply(200, basket_index(), headers=['ETag: "1"']),
            Reply(200, BASKET),
            Reply(200, index_of(("basket", "2.1.0", BASKET, "b.tgz"),
                                ("basket", "2.2.0", new, "c.tgz")),
                  headers=['ETag: "2"']),
            Reply(200, new), Reply(304))
        umbrella(chart=basket(server.url, "^2"))
        for version in "2.1.0", "2.2.0", "2.2.0":
            result = render("--cache-dir", cache, "--output", "json")
            assert result.json["dependencies"][0]["version"] == version
        assert server.requests[4].header("If-None-Match") == '"2"'


@pytest.mark.parametrize("damage", [b"", b"x", None])
def test_a_damaged_cache_is_no_matter(umbrella, render, tmp_path, cache,
                                      damage):
    with ScriptedHttp() as server:
        server.reply(Reply(200, basket_index(), headers=['ETag: "1"']),
                     Reply(200, BASKET), Reply(304),
                     Reply(200, basket_index()), Reply(200, BASKET))
        umbrella(chart=basket(server.url))
        render("--cache-dir", cache)
        found = blobs(cache)
        assert len(found) == 2
        for path in found:
            if damage is None:
                path.unlink()
            else:
                path.write_bytes(damage)
        render("--cache-dir", cache)
    assert rendered(tmp_path)["charts/basket-2.1.0.tgz"] == BASKET
    assert [hashlib.sha256(path.read_bytes()).hexdigest()
            for path in blobs(cache)] == [path.name for path in blobs(cache)]


def test_a_wrong_chart_is_not_cached(umbrella, render, cache):
    with ScriptedHttp(Reply(200, basket_index()), Reply(200, b"evil")) as server:
        umbrella(chart=basket(server.url))
        render("--cache-dir", cache, expect=3)
    evil = hashlib.sha256(b"evil").hexdigest()
    assert evil not in [path.name for path in blobs(cache)]


def test_where_the_cache_is(umbrella, render, tmp_path, static_http, repository):
    server = static_http(repository)
    umbrella(chart=basket(server.url))
    render(env={"XDG_CACHE_HOME": str(tmp_path / "xdg")})
    assert (tmp_path / "xdg" / "slipway" / "v1").is_dir()
    render()
    assert (tmp_path / "run" / "home" / ".cache" / "slipway" / "v1").is_dir()
    # Nowhere at all is fine, and a place that was named must be one.
    render(env={"HOME": "/proc/nowhere"})
    render(env={"HOME": "/proc/nowhere", "WORKSPACE_TMP": str(tmp_path / "ws")})
    assert (tmp_path / "ws" / "slipway-cache" / "v1").is_dir()
    (tmp_path / "file").write_text("")
    result = render("--cache-dir", tmp_path / "file" / "x", expect=1)
    assert "cannot use cache" in result.err


def test_many_runs_share_a_cache(umbrella, start_step, tmp_path, cache,
                                 static_http, repository):
    server = static_http(repository)
    umbrella(chart=dependencies(*(
        f"- {{name: {name}, version: '*', repository: '{server.url}'}}"
        for name in ("storefront", "basket", "search"))))
    running = [start_step("umbrella-render", "--cache-dir", cache,
                          "--output-dir", f"out/{number}", env=CI,
                          cwd=tmp_path / "work") for number in range(8)]
    for run in running:
        run.wait()
    for number in range(8):
        folder = tmp_path / "work" / "out" / str(number) / "charts"
        for path in folder.iterdir():
            assert path.read_bytes() == (repository / path.name).read_bytes()
    for path in blobs(cache):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    assert not list(cache.rglob("*.tmp"))


# --- offline


def test_offline(umbrella, render, tmp_path, cache, static_http, repository):
    server = static_http(repository)
    local = tmp_path / "work" / "web"
    umbrella(chart=dependencies(
        f"- {{name: basket, version: ^2, repository: '{server.url}'}}",
        "- {name: web, version: '*', repository: 'file://../web'}"))
    charts.make_chart(local, "web", "3.0.0")
    render("--cache-dir", cache)
    first = rendered(tmp_path)
    seen = len(server.requests)
    render("--cache-dir", cache, "--offline")
    assert len(server.requests) == seen
    assert {path: data for path, data in rendered(tmp_path).items()
            if path.startswith("charts/basket")} == {
        "charts/basket-2.1.0.tgz": first["charts/basket-2.1.0.tgz"]}


def test_offline_names_all_that_is_missing(umbrella, render, tmp_path, cache,
                                           static_http, repository):
    server = static_http(repository)
    umbrella(chart=basket(server.url))
    render("--cache-dir", cache)
    umbrella(chart=dependencies(
        f"- {{name: basket, version: 2.1.0, repository: '{server.url}'}}",
        f"- {{name: search, version: '*', repository: '{server.url}'}}",
        "- {name: a, version: '*', repository: 'https://never.example.com/x'}",
        "- {name: b, version: '*', repository: 'oci://127.0.0.1:9/charts'}",
        "- {name: c, version: 1.0.0, repository: 'oci://127.0.0.1:9/charts'}"))
    result = render("--cache-dir", cache, "--offline", expect=1)
    for name in (f"chart 'search' 0.9.3 of '{server.url}'",
                 "the index of 'https://never.example.com/x'",
                 "the versions of 'oci://127.0.0.1:9/charts/b'",
                 "chart 'c' 1.0.0 of 'oci://127.0.0.1:9/charts'"):
        assert name in result.err
    assert "'basket'" not in result.err
    assert "hint: render once without '--offline'" in result.err


# --- what lies in charts/ already


def vendored(tmp_path: Path) -> set[str]:
    """What is in charts/ of the output."""
    return {path.split("/")[1] for path in rendered(tmp_path)
            if path.startswith("charts/")}


def test_an_archive_is_known_by_the_name_inside(umbrella, render, repository, tmp_path):
    folder = umbrella(chart=dependencies(
        f"- {{name: storefront, version: ^1, repository: 'file://{repository}'}}"))
    (folder / "charts").mkdir()
    shutil.copy(repository / "storefront-1.3.0.tgz", folder / "charts" / "old.tgz")
    shutil.copy(repository / "basket-2.1.0.tgz", folder / "charts" / "storefront-2.tgz")
    told = render().err
    assert vendored(tmp_path) == {"storefront-1.4.0.tgz", "storefront-2.tgz"}
    assert "'charts/storefront-2.tgz' is of no dependency" in told
    assert "old.tgz" not in told


def test_a_folder_gives_way_to_what_is_vendored(umbrella, render, repository, tmp_path):
    """Helm would take one of the two by chance, or install both."""
    folder = umbrella(chart=dependencies(
        f"- {{name: storefront, version: ^1, repository: 'file://{repository}'}}",
        "- {name: basket, version: ^1}",
        f"- {{name: basket, version: ^2, alias: b, repository: 'file://{repository}'}}"))
    charts.make_chart(folder / "charts" / "local", "storefront", "1.2.0")
    charts.make_chart(folder / "charts" / "basket", "basket", "1.0.0")
    charts.make_chart(folder / "charts" / "search", "search", "1.0.0")
    told = render().err
    assert vendored(tmp_path) == {"storefront-1.4.0.tgz", "basket-2.1.0.tgz", "basket", "search"}
    assert "warning: 'charts/local/' is left out: the chart 'storefront'" in told
    assert told.count("left out") == 1
    assert (folder / "charts" / "local").exists()


def test_a_folder_that_is_vendored_gives_way_to_itself(umbrella, render, tmp_path):
    folder = umbrella(chart=dependencies(
        "- {name: search, version: ^1, repository: 'file://charts/search'}"))
    charts.make_chart(folder / "charts" / "search", "search", "1.0.0")
    assert "warning" not in render().err
    assert vendored(tmp_path) == {"search-1.0.0.tgz"}


# --- what is told


def test_explain(umbrella, render, repository):
    umbrella(chart=dependencies(
        f"- {{name: storefront, version: '<1.4', repository: 'file://{repository}'}}"))
    text = render("--explain").out
    assert ("  storefront 1.3.0\n"
            "    '<1.4': the only one within the constraint\n"
            "      1.4.0: not within the constraint\n"
            "      1.3.0: taken\n") in text
    result = render("--explain", "--output", "json")
    assert result.json["dependencies"][0]["explanation"] == {
        "constraint": "<1.4", "why": "the only one within the constraint",
        "candidates": [
            {"version": "1.4.0", "verdict": "not within the constraint"},
            {"version": "1.3.0", "verdict": "taken"}],
        "more": 0}
    assert "explanation" not in render("--output", "json").json["dependencies"][0]


def test_explanations_of_folders(umbrella, render, tmp_path):
    umbrella(chart=dependencies("- {name: web, repository: 'file://../web'}"))
    charts.make_chart(tmp_path / "work" / "web", "web", "3.0.0")
    assert "'*': the one that the folder has" in render("--explain").out


def packed(name: str, version: str, files: dict[str, bytes]) -> bytes:
    chart = f"apiVersion: v2\nname: {name}\nversion: {version}\n".encode()
    return charts.pack(name, {"Chart.yaml": chart} | files)


def test_what_a_chart_lacks_is_warned_of(umbrella, render, tmp_path):
    """Helm vendors and installs such a chart without a word."""
    inner = (b"apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n"
             b"- {name: redis, version: '*', repository: 'https://r'}\n")
    data = packed("web", "1.0.0", {"Chart.yaml": inner})
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / "web.tgz").write_bytes(data)
    (tmp_path / "charts" / "index.yaml").write_bytes(
        index_of(("web", "1.0.0", data, "web.tgz")))
    umbrella(chart=dependencies(
        f"- {{name: web, version: 1.0.0, repository: 'file://{tmp_path}/charts'}}"))
    result = render()
    assert "warning: chart 'web' 1.0.0 names dependencies that are not inside " \
        "it" in result.err and "'redis'" in result.err


def test_a_release_too_large_for_helm(umbrella, render, tmp_path):
    noise = random.Random(1)
    folder = umbrella(files={"templates/small.yaml": "a: 1\n"})
    assert "1024 KiB" not in render().err
    (folder / "files").mkdir()
    (folder / "files" / "big.bin").write_bytes(noise.randbytes(900 << 10))
    (folder / "files" / "text.txt").write_text("x" * (2 << 20))
    result = render()
    assert "Helm keeps a release in a Secret of at most 1024 KiB, and this one " \
        "may need" in result.err
    assert "what takes most: files/big.bin (" in result.err
    assert rendered(tmp_path)["files/big.bin"]


def test_subcharts_count_once_for_each_alias(umbrella, render, tmp_path):
    """What they render to is in the manifest; their files are not stored."""
    noise = random.Random(2)
    text = base64.b64encode(noise.randbytes(250 << 10))
    data = packed("web", "1.0.0", {"templates/a.yaml": b"a: " + text,
                                   "files/a.bin": noise.randbytes(4 << 20)})
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / "web.tgz").write_bytes(data)
    (tmp_path / "charts" / "index.yaml").write_bytes(
        index_of(("web", "1.0.0", data, "web.tgz")))
    line = f"name: web, version: 1.0.0, repository: 'file://{tmp_path}/charts'"
    umbrella(chart=dependencies(f"- {{{line}}}"))
    assert "1024 KiB" not in render().err
    umbrella(chart=dependencies(*(f"- {{{line}, alias: a{i}}}"
                                  for i in range(4))))
    assert "charts/web/templates/a.yaml (" in render().err


def test_the_record_is_kept_to(umbrella, render, tmp_path, repository):
    url = f"file://{repository}"
    digest = hashlib.sha256((repository / "basket-2.1.0.tgz").read_bytes()
                            ).hexdigest()
    entry = {"name": "basket", "version": "2.1.0", "repository": url + "/",
             "digest": digest}
    record = published(tmp_path, entry)
    umbrella(chart=basket(url))
    render("--record", record)
    # Somebody replaces the chart, index and all.
    data = packed("basket", "2.1.0", {"values.yaml": b"evil: true\n"})
    (repository / "basket-2.1.0.tgz").write_bytes(data)
    (repository / "index.yaml").write_bytes(
        index_of(("basket", "2.1.0", data, "basket-2.1.0.tgz")))
    result = render("--record", record, expect=3)
    assert "is not what it was earlier in this release" in result.err
    for fragment in record.glob("*-publish-chart-*.json"):
        fragment.unlink()       # what was rendered counts too
    assert "earlier in this release" in render("--record", record, expect=3).err
    render()


# --- hostile repositories


def hostile_archives() -> dict[str, bytes]:
    def tar(*members: tuple[str, bytes | None, str]) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz") as archive:
            for name, data, link in members:
                member = tarfile.TarInfo(name)
                if data is None:
                    member.type, member.linkname = tarfile.SYMTYPE, link
                    archive.addfile(member)
                else:
                    member.size = len(data)
                    archive.addfile(member, io.BytesIO(data))
        return out.getvalue()

    chart = ("web/Chart.yaml", b"apiVersion: v2\nname: web\nversion: 1.0.0\n", "")
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb") as stream:
        for _ in range(300):
            stream.write(b"\0" * (1 << 20))
    deep = b"{a: " * 20000 + b"1" + b"}" * 20000
    laughs = b"a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
        b"a%d: &a%d [%s]\n" % (i, i, b",".join([b"*a%d" % (i - 1)] * 10))
        for i in range(1, 10))
    return {
        "dots": tar(chart, ("web/../../evil.txt", b"x", "")),
        "absolute": tar(chart, ("web//evil.txt", b"x", "")),
        "drive": tar(chart, ("web/C:/evil.txt", b"x", "")),
        "link": tar(chart, ("web/templates/a", None, "/etc/passwd")),
        "no chart": tar(("web/values.yaml", b"a: 1\n", "")),
        "empty": tar(),
        "no archive": b"\x1f\x8b nonsense",
        "cut": tar(chart, ("web/big", random.Random(3).randbytes(1 << 20), ""))[:-4000],
        "bomb": bomb.getvalue(),
        "deep yaml": tar(("web/Chart.yaml", deep, "")),
        "laughs": tar(("web/Chart.yaml", laughs, "")),
        "many": tar(chart, *((f"web/f{i}", b"", "") for i in range(100001))),
    }


@pytest.fixture(scope="module")
def hostile() -> dict[str, bytes]:
    return hostile_archives()


@pytest.fixture
def limited(run_step, steps, tmp_path):
    """render(), which has 64 MB and 5 s to be done."""
    def run(*args: object, expect: int | None):
        peak = tmp_path / "peak"
        result = run_step("/usr/bin/time", "-q", "-o", peak, "-f", "%M",
                          steps / "umbrella-render", *args, env=CI,
                          cwd=tmp_path / "work", expect=expect,
                          timeout=5 * patience())
        kib = int(peak.read_text().split()[-1])
        peak.unlink()
        if not os.environ.get("SLIPWAY_ASAN_BIN"):
            assert kib <= 64 << 10, result
        return result

    return run


def patience() -> float:
    """Other work on the machine counts, sanitizers too."""
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    return max(1.0, busy) * (4 if os.environ.get("SLIPWAY_ASAN_BIN") else 1)


@pytest.mark.parametrize("kind", ["dots", "absolute", "drive", "link", "no chart",
                                  "empty", "no archive", "cut", "bomb",
                                  "deep yaml", "laughs", "many"])
def test_hostile_archive(umbrella, limited, tmp_path, cache, hostile, kind):
    data = hostile[kind]
    with ScriptedHttp() as server:
        server.reply(Reply(200, index_of(("web", "1.0.0", data, "web.tgz"))),
                     Reply(200, data))
        umbrella(chart=dependencies(
            f"- {{name: web, version: 1.0.0, repository: '{server.url}'}}"))
        before = everything(tmp_path, cache)
        result = limited("--cache-dir", cache, expect=None)
    if kind == "link":
        # Helm takes such a member for a file that is empty; so no harm.
        assert result.code in (0, 2)
    else:
        assert result.code == 2, result
    if result.code:
        assert everything(tmp_path, cache) == before
    assert not list(tmp_path.rglob("evil*"))


def everything(tmp_path: Path, cache: Path) -> list[Path]:
    return sorted(path for path in tmp_path.rglob("*")
                  if path.is_file() and cache not in path.parents)


@pytest.mark.parametrize("entry, code", [
    ({"urls": ["file:///etc/passwd"]}, 2),
    ({"urls": ["s3://other/x.tgz"]}, 2),
    ({"urls": ["oci://other/x"]}, 2),
    ({"urls": [{"a": 1}]}, 1),
    ({"urls": "x"}, 1),
    ({"urls": []}, 1),
    ({"version": "../../evil"}, 1),
    ({"version": {"a": 1}}, 1),
    ({"digest": "../../evil"}, 3),
    ({"digest": "0" * 64}, 3),
])
def test_hostile_entry(umbrella, limited, tmp_path, cache, entry, code):
    with ScriptedHttp() as server:
        item = {"name": "basket", "version": "2.1.0", "urls": ["b.tgz"],
                "digest": hashlib.sha256(BASKET).hexdigest()} | entry
        server.always(Reply(200, BASKET))
        server.reply(Reply(200, json.dumps(
            {"apiVersion": "v1", "entries": {"basket": [item]}}).encode()))
        umbrella(chart=basket(server.url, "*"))
        limited("--cache-dir", cache, expect=code)
    assert left_behind(tmp_path) == []
    assert not list(tmp_path.rglob("evil*"))


def test_files_do_not_lead_to_the_web(umbrella, render, tmp_path, repository):
    with ScriptedHttp() as server:
        (repository / "index.yaml").write_bytes(
            basket_index(server.url + "/b.tgz"))
        umbrella(chart=basket(f"file://{repository}"))
        result = render(expect=2)
        assert "is on the web, where a local repository does not lead" in result.err


@pytest.mark.parametrize("text", [
    b"apiVersion: v1\nentries:\n" + b"  a:\n" * 100000,
    b"apiVersion: v1\nentries: " + b"[" * 100000,
    b"apiVersion: v1\nentries: " + b"{a: " * 50000,
    b'{"apiVersion": "v1", "entries": ' + b'{"a": ' * 50000,
    b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
        b"b%d: &b%d [%s]\n" % (i, i, b",".join(
            [b"*b%d" % (i - 1) if i else b"*a"] * 9)) for i in range(12)),
    b"\0" * 100000,
    b"apiVersion: v1\nentries:\n  basket:\n  - " + b"- " * 100000,
    b"\xff\xfe" * 1000,
    "apiVersion: v1\nentries:\n  basket: &x\n  - {version: 2.1.0}\n".encode(),
])
def test_hostile_index(umbrella, limited, tmp_path, cache, text):
    with ScriptedHttp(Reply(200, text)) as server:
        umbrella(chart=basket(server.url))
        result = limited("--cache-dir", cache, expect=None)
        assert result.code in (1, 2), result
    assert left_behind(tmp_path) == []


def test_an_endless_index(umbrella, render, cache):
    """Given up at the ceiling or the time, whichever is first."""
    with ScriptedHttp(Reply(200, b"#" * 65536, endless=True)) as server:
        server.always(Reply(200, b"#" * 65536, endless=True))
        umbrella(chart=basket(server.url))
        render("--cache-dir", cache, "--timeout", "2s", expect=None)


def test_an_empty_index_is_named(umbrella, render, tmp_path):
    """It is no repository without charts: somebody's write of it has failed."""
    with ScriptedHttp(Reply(200, b"")) as server:
        umbrella(chart=basket(f"{server.url}/stable"))
        failed = render(expect=2)
    assert f"bad index '{server.url}/stable/index.yaml': it is empty" in failed.err
    folder = tmp_path / "charts"
    folder.mkdir()
    (folder / "index.yaml").write_bytes(b"")
    umbrella(chart=basket(f"file://{folder}"))
    failed = render(expect=2)
    assert f"bad index 'file://{folder}/index.yaml': it is empty" in failed.err
