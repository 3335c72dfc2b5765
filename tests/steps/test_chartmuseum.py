"""publish-chart --repo https://host/path: ChartMuseum's API."""

from __future__ import annotations

import base64
import hashlib

import pytest

from runner import only_error
from scripted_chartmuseum import ChartMuseum
from scripted_http import Reply, ScriptedHttp

USER, PASSWORD, TOKEN = "robot", "pass:w0rd", "token-that-was-given"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
NOW = ["Retry-After: 0"]
FILE = "web-1.0.0.tgz"


@pytest.fixture
def chart(tmp_path):
    chart = tmp_path / "web"
    chart.mkdir()
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    return chart


@pytest.fixture
def publish(run_step, chart, tmp_path):
    def run(repo: str, *args, env=None, **options):
        result = run_step("publish-chart", chart, "--repo", repo, "--verbose", *args,
                          cwd=tmp_path, env={"SOURCE_DATE_EPOCH": "1700000000"}
                          | (env or {}), **options)
        for secret in (PASSWORD, TOKEN, BASIC.split()[1]):
            assert secret not in result.out + result.err
        return result
    return run


@pytest.mark.parametrize("path, api", [("", "/api/charts"), ("org/team", "/api/org/team/charts")])
def test_a_chart_is_posted(publish, path, api):
    with ChartMuseum() as museum:
        result = publish(museum.repo(path), "--output", "json")
        assert museum.lines == [f"GET {api}/web/1.0.0", f"POST {api}"]
        assert museum.requests[1].header("Content-Type") == "application/gzip"
        body = museum.charts[path][FILE]
        url = f"{museum.repo(path)}/charts/{FILE}"
    assert result.json["charts"] == [{
        "name": "web", "version": "1.0.0", "existed": False, "url": url,
        "repository": museum.repo(path), "digest": hashlib.sha256(body).hexdigest()}]


def test_a_login_in_the_address_is_not_told(publish):
    with ChartMuseum() as museum:
        address = museum.repo("org").replace("//", "//robot:s3cr3t@")
        results = [publish(address, *form)
                   for form in ([], ["--output", "json"], ["--check"],
                                ["--check", "--output", "json"])]
        assert museum.requests[0].header("Authorization").startswith("Basic ")
    [told] = results[1].json["charts"]
    assert told["repository"] == address.replace("robot:s3cr3t", "***")
    assert "s3cr3t" not in "".join(result.out + result.err for result in results)


def test_a_signed_chart(publish, fake_gpg):
    with ChartMuseum() as museum:
        publish(museum.repo("org"), "--sign", env=fake_gpg)
        assert museum.lines == ["GET /api/org/charts/web/1.0.0", "POST /api/org/charts",
                                "POST /api/org/prov?force=true"]
        assert museum.provenances["org", FILE].startswith(b"signed\n")


def test_what_was_published_is_rendered(publish, run_step, tmp_path):
    umbrella = tmp_path / "umbrella"
    umbrella.mkdir()
    (umbrella / "values.yaml").write_text("global: {}\n")
    with ChartMuseum() as museum:
        publish(museum.repo("org"))
        (umbrella / "Chart.yaml").write_text(
            "apiVersion: v2\nname: umb\nversion: 1.0.0\ndependencies:\n- name: web\n"
            f"  version: ^1\n  repository: {museum.repo('org')}\n")
        run_step("umbrella-render", umbrella, "--branch", "main", "--repository-name",
                 "x", cwd=tmp_path)
        assert (tmp_path / "rendered/umb/charts" / FILE).read_bytes() == \
            museum.charts["org"][FILE]


@pytest.mark.parametrize("overwrite", [None, "force", "always"])
def test_a_version_that_is_there(publish, chart, overwrite):
    with ChartMuseum(overwrite=overwrite) as museum:
        publish(museum.repo())
        first = museum.charts[""][FILE]
        assert '"existed":true' in publish(museum.repo(), "--output", "json").out
        publish(museum.repo(), "--if-exists", "fail", expect=3)
        (chart / "values.yaml").write_text("new: 1\n")
        assert "with other content" in only_error(publish(museum.repo(), expect=3))
        assert museum.charts[""][FILE] == first
        before = len(museum.requests)
        publish(museum.repo(), "--if-exists", "replace", expect=0 if overwrite else 3)
        assert museum.lines[before:] == ["POST /api/charts?force=true"]
        assert (museum.charts[""][FILE] == first) == (overwrite is None)


def test_several_are_judged_before_any_is_posted(publish, chart, tmp_path, fake_gpg):
    other = tmp_path / "api"
    other.mkdir()
    (other / "Chart.yaml").write_text("apiVersion: v2\nname: api\nversion: 1.0.0\n")
    with ChartMuseum() as museum:
        publish(museum.repo(), "--sign", env=fake_gpg)
        first = museum.charts[""][FILE]
        (chart / "values.yaml").write_text("new: 1\n")
        before = len(museum.requests)
        assert "with other content" in only_error(publish(museum.repo(), other, expect=3))
        assert not [line for line in museum.lines[before:] if "POST" in line]
        kept = publish(museum.repo(), other, "--if-exists", "keep", "--output", "json")
        assert [chart.get("kept") for chart in kept.json["charts"]] == [True, None]
        assert museum.charts[""][FILE] == first
        publish(museum.repo(), other, "--if-exists", "replace")
        assert museum.charts[""][FILE] != first
        assert sorted(museum.charts[""]) == ["api-1.0.0.tgz", FILE]


def test_versions_that_differ_in_metadata_are_two(publish):
    with ChartMuseum() as museum:
        for version in ("1.0.0+a", "1.0.0+b"):
            publish(museum.repo(), "--version", version)
        assert museum.lines[2] == "GET /api/charts/web/1.0.0%2Bb"
        assert sorted(museum.charts[""]) == ["web-1.0.0+a.tgz", "web-1.0.0+b.tgz"]


def test_taken_between_look_and_post(publish, chart):
    gone = Reply(404, b'{"error":"no chart version found"}')
    with ChartMuseum() as museum:
        publish(museum.repo())
        museum.reply(gone)
        assert '"existed":true' in publish(museum.repo(), "--output", "json").out
        (chart / "values.yaml").write_text("new: 1\n")
        museum.reply(gone)
        publish(museum.repo(), expect=3)


@pytest.mark.parametrize("fault", [Reply(503, headers=NOW), Reply(201, reset=0),
                                   Reply(429, headers=NOW), Reply(201, cut=20)],
                         ids=["503", "reset", "429", "cut"])
def test_a_post_whose_answer_is_lost_is_looked_up(publish, fault):
    """The first took effect; the second meets it, and finds that it is ours."""
    with ChartMuseum() as museum:
        def take_and_fail(request):
            museum.answer(request)
            return fault
        museum.reply(museum.answer, take_and_fail)
        result = publish(museum.repo(), "--if-exists", "same", "--output", "json")
        assert museum.lines == ["GET /api/charts/web/1.0.0", *2 * ["POST /api/charts"],
                                f"GET /charts/{FILE}"]
    assert result.json["charts"][0]["url"].endswith(f"/charts/{FILE}")


def test_a_lost_answer_is_no_conflict_with_ourselves(publish):
    with ChartMuseum() as museum:
        def take_and_fail(request):
            museum.answer(request)
            return Reply(503, headers=NOW)
        museum.reply(museum.answer, take_and_fail)
        result = publish(museum.repo(), "--if-exists", "fail", "--output", "json")
    assert not result.json["charts"][0]["existed"]


@pytest.mark.parametrize("env, header", [
    ({"HELM_REPO_USERNAME": USER, "HELM_REPO_PASSWORD": PASSWORD}, BASIC),
    ({"HELM_REPO_ACCESS_TOKEN": TOKEN}, f"Bearer {TOKEN}"),
])
def test_logins(publish, env, header):
    with ChartMuseum(authorization=header) as museum:
        publish(museum.repo(), env=env)
        publish(museum.repo(), env=env)
        result = publish(museum.repo(), expect=1)
        assert "401 (unauthorized)" in only_error(result)
        assert "HELM_REPO_USERNAME" in result.err


def test_the_login_that_helm_knows(publish, tmp_path):
    """For the address that it has it for; an option comes before it."""
    with ChartMuseum(authorization=BASIC) as museum:
        (tmp_path / "repositories.yaml").write_text(
            f"repositories:\n- name: museum\n  url: {museum.repo('org')}/\n"
            f"  username: {USER}\n  password: '{PASSWORD}'\n")
        env = {"HELM_REPOSITORY_CONFIG": str(tmp_path / "repositories.yaml")}
        publish(museum.repo("org"), env=env)
        assert "401" in only_error(publish(museum.repo(), env=env, expect=1))
        result = publish(museum.repo("org"), env=env | {
            "HELM_REPO_ACCESS_TOKEN": TOKEN}, expect=1)
        assert "does not accept the login" in result.err


def test_a_password_in_a_file(publish, tmp_path):
    (tmp_path / "password").write_text(PASSWORD + "\n")
    with ChartMuseum(authorization=BASIC) as museum:
        publish(museum.repo(), "--username", USER, "--password-file", tmp_path / "password")


@pytest.mark.parametrize("args, requests", [
    ([], ["GET /api/v1/org/charts/web/1.0.0", "POST /api/v1/org/charts",
          "GET /v1/org/index.yaml", "GET /v1/api/org/charts/web/1.0.0",
          "POST /v1/api/org/charts"]),
    (["--context-path", "/v1"], ["GET /v1/api/org/charts/web/1.0.0",
                                 "POST /v1/api/org/charts"]),
])
def test_a_museum_below_a_path(publish, args, requests):
    with ChartMuseum(context="/v1") as museum:
        publish(museum.repo("org"), *args)
        assert museum.lines == requests
        assert list(museum.charts["org"]) == [FILE]


def test_check_only_looks(publish):
    with ChartMuseum() as museum:
        assert "not yet published" in publish(museum.repo(), "--check").out
        publish(museum.repo())
        assert "they are published" in publish(museum.repo(), "--check").out
        assert "POST" not in museum.lines[-1]


@pytest.mark.parametrize("replies, code, words", [
    ([Reply(403, b'{"error":"no"}')], 1, "403 (no)"),
    ([Reply(200, b"<html>")], 1, "answer of ChartMuseum"),
    ([Reply(404), Reply(405)], 1, "405"),
    ([Reply(404), Reply(404), Reply(200, b"apiVersion: v1\n"), Reply(404), Reply(404)],
     1, "404"),
    # What may be temporary may have landed: it looks.
    ([Reply(404), Reply(507, b'{"error":"repo has reached storage limit"}'),
      Reply(404)], 75, "repo has reached storage limit"),
    ([Reply(404), Reply(400, b'{"error":"semver2"}')], 1, "400 (semver2)"),
])
def test_refusals(publish, replies, code, words):
    with ScriptedHttp(*replies) as s:
        result = publish(s.url, expect=None)
    assert words in only_error(result), result
    assert result.code == code, result


@pytest.mark.parametrize("status", [405, 501])
def test_a_server_of_files_is_no_museum(publish, status):
    with ScriptedHttp(Reply(404), Reply(status)) as s:
        err = publish(s.url, expect=1).err
    assert "hint: over http(s) charts are written by ChartMuseum's API" in err


def test_what_is_down(publish):
    with ScriptedHttp() as s:
        s.always(Reply(503, headers=NOW))
        publish(s.url, "--timeout", "3s", expect=75)
