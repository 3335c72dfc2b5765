"""oci:// against a scripted registry: what is sent, who is told our secrets,
every bad answer.  A real registry is in tests/lab/test_registry.py.
"""

from __future__ import annotations

import gzip
import json
import os
import threading
import time
import urllib.parse

import pytest

from scripted_aws import as_json, keys, who
from scripted_http import Reply, Request, ScriptedHttp, TestAuthority
from runner import only_error
from scripted_oci import (
    BASIC, CONFIG, CONFIG_TEXT, CONFIG_TYPE, LAYER_TYPE, LOGIN, MANIFEST,
    MANIFEST_TYPE, MOUNTED, NO_MANIFEST, NOW, OK, PASSWORD, TOKEN, UPLOADS, USER,
    archive, by_blob, chart, digest_in, error, fresh, known, manifest_of, pair, place,
    publish,
    sha256, token_reply, upload, wants_bearer, write_config)

# --- pushing -------------------------------------------------------------------

def test_a_fresh_chart_takes_six_requests(publish, archive):
    with ScriptedHttp(*fresh(4 * [upload])) as s:
        result = publish(s, "--output", "json")
        [head], manifest = [r for r in s.requests if r.method == "HEAD"], s.requests[-1]
        uploads = [r for r in s.requests if UPLOADS in r.path]
        assert s.connections <= 3 and len(s.requests) == 6
    assert (head.line, manifest.line) == (f"HEAD {MANIFEST}", f"PUT {MANIFEST}")
    assert head.header("Accept") == MANIFEST_TYPE
    config, layer = ([r for r in uploads if digest_in(r) == digest]
                     for digest in (CONFIG, sha256(archive)))
    for (post, put), bytes_sent in ((config, CONFIG_TEXT), (layer, archive)):
        digest = sha256(bytes_sent)
        assert post.line == (f"POST {UPLOADS}?mount={urllib.parse.quote(digest, safe='')}"
                             "&from=team%2Fcharts%2Fweb")
        assert put.line.startswith(f"PUT {UPLOADS}{digest[7:15]}?")
        query = urllib.parse.parse_qs(put.path.split("?")[1])
        assert query == {"_state": ["x/y"], "digest": [digest]}
        assert (post.body, put.body) == (b"", bytes_sent)
        assert put.header("Content-Type") == "application/octet-stream"
    assert manifest.header("Content-Type") == MANIFEST_TYPE
    assert manifest.body == (
        '{"schemaVersion":2,"config":{"mediaType":"%s","digest":"%s","size":%d},'
        '"layers":[{"mediaType":"%s","digest":"%s","size":%d}],"annotations":{'
        '"org.opencontainers.image.created":"2023-11-14T22:13:20Z",'
        '"org.opencontainers.image.description":"a \\u003cweb\\u003e",'
        '"org.opencontainers.image.title":"web",'
        '"org.opencontainers.image.version":"1.0.0"}}' % (
            CONFIG_TYPE, CONFIG, len(CONFIG_TEXT),
            LAYER_TYPE, sha256(archive), len(archive))).encode()
    assert all(r.header("Authorization") is None for r in s.requests)
    address = f"oci://127.0.0.1:{s.port}/team/charts"
    assert result.json == {"charts": [{
        "name": "web", "version": "1.0.0", "existed": False, "repository": address,
        "url": f"{address}/web:1.0.0", "digest": sha256(archive).split(":")[1]}]}


def test_what_does_not_wait_for_each_other(publish):
    """None is answered before the tag and both blobs were asked for, nor one
    blob before both were sent."""
    three, two = (threading.Barrier(count, timeout=60) for count in (3, 2))

    def first(request: Request) -> Reply:
        three.wait()
        return NO_MANIFEST if request.method == "HEAD" else upload(request)

    def then(request: Request) -> Reply:
        two.wait()
        return upload(request)

    with ScriptedHttp(*3 * [first], then, then, OK) as s:
        publish(s)


def test_no_byte_is_sent_before_the_tag_is_known_to_be_missing(publish):
    asked = threading.Barrier(3, timeout=60)

    def place_at_once(request: Request) -> Reply:
        asked.wait()
        return upload(request)

    def late(_request: Request) -> Reply:
        asked.wait()
        time.sleep(0.2)
        s.seen = len(s.requests)
        return NO_MANIFEST

    with ScriptedHttp(*fresh([place_at_once, place_at_once, upload, upload],
                             look=[late])) as s:
        publish(s)
        assert s.seen == 3


def test_blobs_that_are_there_are_not_sent(publish, archive):
    with ScriptedHttp(*fresh()) as s:
        publish(s)
        assert {digest_in(r) for r in s.requests if r.method == "POST"} == \
            {CONFIG, sha256(archive)}
        assert [r.body for r in s.requests[:3]] == [b"", b"", b""]


def test_a_registry_without_mounts(publish):
    names = iter("12")

    def plainly(request: Request) -> Reply:
        if "mount=" in request.line:
            return error(400, "UNSUPPORTED")
        return place(next(names)) if request.method == "POST" else OK

    with ScriptedHttp(*fresh(6 * [plainly])) as s:
        publish(s)
        assert s.lines.count(f"POST {UPLOADS}") == 2


def test_metadata_of_a_build_is_an_underscore_in_the_tag(publish):
    with ScriptedHttp(*fresh()) as s:
        result = publish(s, "--version", "1.0.0+git.7")
        assert s.lines[-1] == "PUT /v2/team/charts/web/manifests/1.0.0_git.7"
        assert s.lines[-1].replace("PUT", "HEAD") in s.lines
        annotations = json.loads(s.requests[-1].body)["annotations"]
    assert annotations["org.opencontainers.image.version"] == "1.0.0+git.7"
    assert "/web:1.0.0_git.7" in result.out


def test_dry_run_and_check_only_look(publish):
    with ScriptedHttp(NO_MANIFEST) as s:
        assert "/team/charts/web:1.0.0" in publish(s, "--dry-run").out
        assert s.lines == [f"GET {MANIFEST}"]
    for reply, words in ((NO_MANIFEST, "not yet published"), (Reply(200), "published")):
        with ScriptedHttp(reply) as s:
            assert words in publish(s, "--check").out
            assert s.lines == [f"HEAD {MANIFEST}"]


@pytest.mark.parametrize("url", ["oci://", "oci:///x", "oci://host/Upper",
                                 "oci://u:p@host/x", "oci://host/a//b"])
def test_what_is_no_address(run_step, chart, url):
    run_step("publish-chart", chart, "--repo", url, expect=2)


# --- that version is there already ----------------------------------------------

def test_the_same_content_is_success(publish, archive):
    other = gzip.compress(gzip.decompress(archive), 1)
    assert other != archive
    for there in (archive, other):
        with ScriptedHttp(*known(there)) as s:
            result = publish(s, "--output", "json")
            assert s.lines[3:] == [f"GET {MANIFEST}",
                                   f"GET /v2/team/charts/web/blobs/{sha256(there)}"]
        [entry] = result.json["charts"]
        assert entry["existed"] and "sha256:" + entry["digest"] == sha256(there)


def test_other_content_is_a_conflict(publish, archive, chart):
    (chart / "values.yaml").write_text("new: 1\n")
    for arguments, words in ((), "with other content"), (("--if-exists", "fail"), "there"):
        with ScriptedHttp(*known(archive, blobs=2 * [upload], forget=2 * [Reply(204)])) as s:
            assert words in only_error(publish(s, *arguments, expect=3))
            forgotten = [r.path for r in s.requests if r.method == "DELETE"]
            assert len(set(forgotten)) == 2 and not any(r.body for r in s.requests)
            assert all(path.startswith(UPLOADS) and path.endswith("?_state=x%2Fy")
                       for path in forgotten)
    with ScriptedHttp(MOUNTED, MOUNTED, OK) as s:
        publish(s, "--if-exists", "replace")
        assert s.lines[-1] == f"PUT {MANIFEST}"


@pytest.mark.parametrize("blob", [
    error(403, "DENIED"), error(404, "NAME_UNKNOWN"), Reply(202), Reply(200, reset=0)])
def test_what_is_there_needs_no_right_to_push(publish, archive, blob):
    with ScriptedHttp() as s:
        s.always(lambda request: blob if UPLOADS in request.path else
                 Reply(200, archive if "/blobs/" in request.path else manifest_of(archive)))
        assert "was there" in publish(s).out


def test_an_upload_that_cannot_be_given_up(publish, archive):
    for answer in (error(405, "UNSUPPORTED"), error(404, "BLOB_UPLOAD_UNKNOWN"),
                   Reply(200, reset=0), Reply(503, headers=["Retry-After: 100"])):
        with ScriptedHttp(*known(archive, blobs=2 * [upload], forget=2 * [answer])) as s:
            assert "was there" in publish(s).out


@pytest.mark.parametrize("refusal", [
    error(409, "DENIED"), error(412, "PRECONDITION"), error(400, "TAG_INVALID"),
    Reply(403, b"tag is immutable")])
def test_a_tag_that_was_taken_meanwhile(publish, archive, chart, refusal):
    def run(there: bytes, **options):
        with ScriptedHttp(*known(there, look=[NO_MANIFEST], put=[refusal])) as s:
            return publish(s, **options)

    run(archive)
    (chart / "values.yaml").write_text("new: 1\n")
    run(archive, expect=3)


@pytest.mark.parametrize("manifest, blob, code, words", [
    (lambda a: Reply(200, manifest_of(a)), lambda a: Reply(200, a[:-1]), 3,
     "not what was promised"),
    (lambda a: Reply(200, manifest_of(a, "application/vnd.oci.image.config.v1+json")),
     None, 1, "it is no chart"),
    (lambda a: Reply(200, manifest_of(a), [f"Docker-Content-Digest: {sha256(b'')}"]),
     None, 1, "the manifest is not what it should be"),
    (lambda a: Reply(200, b"<html>"), None, 1, "manifest"),
    (lambda a: Reply(200, b"x" * (5 << 20)), None, 1, "larger than"),
    (lambda a: Reply(200, manifest_of(a)), lambda a: error(404, "BLOB_UNKNOWN"), 1,
     "404 (BLOB_UNKNOWN: words of BLOB_UNKNOWN)"),
])
def test_what_is_there_cannot_be_read(publish, archive, manifest, blob, code, words):
    read = [manifest(archive)] + ([blob(archive)] if blob else [])
    with ScriptedHttp(*known(archive, read=read)) as s:
        assert words in only_error(publish(s, expect=code))


# --- logging in -----------------------------------------------------------------

def test_a_token_is_asked_for_once(publish):
    with ScriptedHttp(token_reply()) as auth, ScriptedHttp(
            wants_bearer(auth), NO_MANIFEST, MOUNTED, MOUNTED, OK) as s:
        publish(s, env=LOGIN)
        [asked] = auth.requests
        first, *others = s.requests
    assert first.header("Authorization") is None
    assert {r.header("Authorization") for r in others} == {f"Bearer {TOKEN}"}
    assert asked.method == "GET" and asked.header("Authorization") == BASIC
    assert urllib.parse.parse_qs(asked.path.split("?")[1]) == {
        "x": ["1"], "service": ["the registry"],
        "scope": ["repository:team/charts/web:pull,push"]}


def test_whoever_has_no_login_asks_for_a_token_too(publish):
    with ScriptedHttp(token_reply()) as auth, ScriptedHttp() as s:
        s.always(lambda r: error(403, "DENIED") if r.header("Authorization")
                 else wants_bearer(auth))
        result = publish(s, expect=1)
        assert auth.requests[0].header("Authorization") is None
    assert "helm registry login 127.0.0.1" in result.err


def test_a_token_that_has_expired_is_renewed(publish):
    tokens = [token_reply("first-token", expires_in=600), token_reply()]
    with ScriptedHttp(*tokens) as auth, ScriptedHttp() as s:
        def only_new(request: Request) -> Reply:
            old = request.header("Authorization") == "Bearer first-token"
            return wants_bearer(auth) if old else MOUNTED

        # Both uploads may go out with the old one; both then use the new one.
        s.reply(wants_bearer(auth), NO_MANIFEST, only_new)
        s.always(only_new)
        publish(s, env=LOGIN)
        sent = [r.header("Authorization") for r in s.requests]
        assert sent[:3] == [None, "Bearer first-token", "Bearer first-token"]
        assert sent[3:].count(f"Bearer {TOKEN}") == 3


def test_a_token_of_a_life_without_bounds(publish):
    """Of its milliseconds 64 bits would hold 8."""
    def late(_request: Request) -> Reply:
        time.sleep(0.1)
        return NO_MANIFEST

    with ScriptedHttp() as auth, ScriptedHttp(
            *fresh(asks=[wants_bearer(auth)], look=[late])) as s:
        auth.always(token_reply(expires_in=2066035336255469781))
        publish(s, env=LOGIN)
        assert len(auth.requests) == 1


def test_uploads_that_are_asked_who_they_are_at_once(publish):
    """Nothing was sent before them: both learn it, one gets the token."""
    together = threading.Barrier(2, timeout=60)

    def unknown(_request: Request) -> Reply:
        together.wait()
        return wants_bearer(auth)

    with ScriptedHttp(token_reply()) as auth, ScriptedHttp(
            unknown, unknown, MOUNTED, MOUNTED, OK) as s:
        publish(s, "--if-exists", "replace", env=LOGIN)
    asks = Reply(401, headers=['WWW-Authenticate: Basic realm="r"'])
    with ScriptedHttp() as s:
        s.always(lambda r: OK if r.header("Authorization") == BASIC else asks)
        publish(s, "--if-exists", "replace", env=LOGIN)
        assert len(s.requests) <= 5


def test_a_token_that_is_not_good_enough(publish):
    with ScriptedHttp(token_reply()) as auth, ScriptedHttp(
            wants_bearer(auth), wants_bearer(auth)) as s:
        assert "answered 401" in only_error(publish(s, env=LOGIN, expect=1))


@pytest.mark.parametrize("reply, code, words", [
    (Reply(401, b'{"details":"incorrect username or password"}'), 1, "401"),
    (Reply(200, b"{}"), 1, "no token"), (Reply(200, b"token"), 1, "no JSON"),
    (Reply(200, TOKEN.encode()), 1, "no JSON"),
])
def test_no_token_is_given(publish, reply, code, words):
    with ScriptedHttp(reply) as auth, ScriptedHttp(wants_bearer(auth)) as s:
        line = only_error(publish(s, env=LOGIN, expect=code))
    assert words in line and "cannot get a token for registry '127.0.0.1:" in line


def test_a_token_server_that_is_busy(publish):
    busy = Reply(503, headers=NOW)
    with ScriptedHttp(busy, token_reply()) as auth, ScriptedHttp(
            wants_bearer(auth), NO_MANIFEST, MOUNTED, MOUNTED, OK) as s:
        publish(s, env=LOGIN)


@pytest.mark.parametrize("realm", ["http://169.254.169.254/latest", "file:///etc/passwd",
                                   "", "http://10.1.2.3/token"])
def test_where_nobody_should_send_us(publish, realm):
    with ScriptedHttp(Reply(401, headers=[f'WWW-Authenticate: Bearer realm="{realm}"'])) as s:
        assert "token" in only_error(publish(s, env=LOGIN, expect=1))


def test_basic(publish):
    asks = Reply(401, headers=['WWW-Authenticate: Basic realm="r"'])
    with ScriptedHttp(asks, NO_MANIFEST, MOUNTED, MOUNTED, OK) as s:
        publish(s, env=LOGIN)
        assert [r.header("Authorization") for r in s.requests] == [None, *4 * [BASIC]]
    with ScriptedHttp() as s:
        s.always(asks)
        result = publish(s, expect=1)
    assert "nobody has logged in" in result.err and "hint:" in result.err
    with ScriptedHttp(asks, asks) as s:
        assert "answered 401" in only_error(publish(s, env=LOGIN, expect=1))


def test_the_better_of_two_ways(publish):
    with ScriptedHttp(token_reply()) as auth, ScriptedHttp() as s:
        both = wants_bearer(auth)
        both.headers.insert(0, 'WWW-Authenticate: Basic realm="r"')
        s.reply(both, NO_MANIFEST, MOUNTED, MOUNTED, OK)
        publish(s, env=LOGIN)


def test_a_token_of_ones_own(publish):
    with ScriptedHttp() as auth, ScriptedHttp(
            wants_bearer(auth), NO_MANIFEST, MOUNTED, MOUNTED, OK) as s:
        publish(s, env={"HELM_REPO_ACCESS_TOKEN": TOKEN})
        assert s.requests[1].header("Authorization") == f"Bearer {TOKEN}"


@pytest.mark.parametrize("where", ["helm", "helm home", "helm xdg", "docker", "docker home"])
def test_logins_of_helm_and_docker(publish, tmp_path, where):
    folder, env = {
        "helm": ("h", {"HELM_REGISTRY_CONFIG": tmp_path / "h/config.json"}),
        "helm home": ("h/registry", {"HELM_CONFIG_HOME": tmp_path / "h"}),
        "helm xdg": ("x/helm/registry", {"XDG_CONFIG_HOME": tmp_path / "x"}),
        "docker": ("d", {"DOCKER_CONFIG": tmp_path / "d"}),
        "docker home": ("home/.docker", {"HOME": tmp_path / "home"}),
    }[where]
    with ScriptedHttp(token_reply()) as auth, ScriptedHttp(
            *fresh(asks=3 * [wants_bearer(auth)])) as s:
        write_config(tmp_path / folder, {"auths": {
            f"127.0.0.1:{s.port}": {"auth": pair(f"{USER}:{PASSWORD}")}}})
        publish(s, env={key: str(value) for key, value in env.items()})
        assert auth.requests[0].header("Authorization") == BASIC


def test_helms_login_comes_before_dockers(publish, tmp_path):
    with ScriptedHttp(token_reply()) as auth, ScriptedHttp(
            *fresh(asks=3 * [wants_bearer(auth)])) as s:
        name = f"127.0.0.1:{s.port}"
        write_config(tmp_path / "d", {"auths": {name: {"auth": pair("a:b")}}})
        helm = write_config(tmp_path / "h", {"auths": {name: {"auth": pair(f"{USER}:{PASSWORD}")}}})
        publish(s, env={"DOCKER_CONFIG": str(tmp_path / "d"),
                        "HELM_REGISTRY_CONFIG": str(helm / "config.json")})
        assert auth.requests[0].header("Authorization") == BASIC


def test_an_identity_token_is_traded_in(publish, tmp_path):
    answer = Reply(200, json.dumps({"access_token": TOKEN}).encode())
    with ScriptedHttp(answer) as auth, ScriptedHttp(
            *fresh(asks=3 * [wants_bearer(auth)])) as s:
        folder = write_config(tmp_path / "d", {"auths": {f"127.0.0.1:{s.port}": {
            "auth": pair("0000:"), "identitytoken": PASSWORD}}})
        publish(s, env={"DOCKER_CONFIG": str(folder)})
        [asked] = auth.requests
    assert asked.method == "POST" and asked.header("Authorization") is None
    assert urllib.parse.parse_qs(asked.body.decode()) == {
        "grant_type": ["refresh_token"], "refresh_token": [PASSWORD],
        "client_id": ["slipway"], "service": ["the registry"],
        "scope": ["repository:team/charts/web:pull,push"]}


@pytest.fixture
def helper(tmp_path):
    """helper(script) -> environment with docker-credential-lab on PATH."""
    def make(script: str) -> dict[str, str]:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / "docker-credential-lab"
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)
        return {"PATH": f"{folder}:{os.environ['PATH']}",
                "DOCKER_CONFIG": str(tmp_path / "d")}
    return make


@pytest.mark.parametrize("for_all", [True, False])
def test_a_helper_is_asked(publish, tmp_path, helper, for_all):
    env = helper(f'echo "$1 $(cat)" >{tmp_path}/asked\n'
                 f"printf '%s' '{{\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}'\n")
    with ScriptedHttp(token_reply()) as auth, ScriptedHttp(
            *fresh(asks=3 * [wants_bearer(auth)])) as s:
        name = f"127.0.0.1:{s.port}"
        write_config(tmp_path / "d", {"credsStore": "lab"} if for_all
                     else {"credHelpers": {name: "lab"}})
        publish(s, env=env)
        assert auth.requests[0].header("Authorization") == BASIC
    assert (tmp_path / "asked").read_text() == f"get {name}\n"


def test_a_helper_that_knows_nothing(publish, tmp_path, helper):
    env = helper("echo credentials not found in native keychain; exit 1\n")
    with ScriptedHttp(token_reply()) as auth, ScriptedHttp(
            *fresh(asks=3 * [wants_bearer(auth)])) as s:
        write_config(tmp_path / "d", {"credsStore": "lab", "auths": {
            f"127.0.0.1:{s.port}": {"auth": pair(f"{USER}:{PASSWORD}")}}})
        publish(s, env=env)
        assert auth.requests[0].header("Authorization") == BASIC


@pytest.mark.parametrize("script, name, code, words", [
    ("exit 3\n", "lab", 1, "failed with exit code 3"),
    (f"echo '{PASSWORD}'\n", "lab", 1, "printed no JSON"),
    ("", "absent", 1, "docker-credential-absent"),
    ("", "../evil", 2, "no name of a credential helper"),
])
def test_a_helper_that_fails(publish, tmp_path, helper, script, name, code, words):
    env = helper(script)
    write_config(tmp_path / "d", {"credsStore": name})
    with ScriptedHttp() as auth, ScriptedHttp() as s:
        s.always(wants_bearer(auth))
        assert words in only_error(publish(s, env=env, expect=code))


def test_a_helper_that_does_not_end(publish, tmp_path, helper):
    env = helper("exec sleep 50\n")
    write_config(tmp_path / "d", {"credsStore": "lab"})
    with ScriptedHttp() as auth, ScriptedHttp() as s:
        s.always(wants_bearer(auth))
        before = time.monotonic()
        publish(s, "--timeout", "1s", env=env, expect=75)
    assert time.monotonic() - before < 30


def test_a_file_of_logins_that_is_none(publish, tmp_path):
    (tmp_path / "config.json").write_text(f'{{"auths": "{PASSWORD}')
    with ScriptedHttp() as auth, ScriptedHttp() as s:
        s.always(wants_bearer(auth))
        publish(s, env={"DOCKER_CONFIG": str(tmp_path)}, expect=2)


# --- who is told our secrets ------------------------------------------------------

def test_an_upload_elsewhere_gets_no_token(publish):
    with ScriptedHttp(OK, OK) as store, ScriptedHttp(token_reply()) as auth, \
            ScriptedHttp() as s:
        there = Reply(202, headers=[f"Location: {store.url}/put?signature=abc"])
        s.reply(wants_bearer(auth), NO_MANIFEST, there, there, OK)
        publish(s, env=LOGIN)
        assert [r.header("Authorization") for r in store.requests] == [None, None]


def test_a_download_elsewhere_gets_no_token(publish, archive):
    with ScriptedHttp(Reply(200, archive)) as store, \
            ScriptedHttp(token_reply(), token_reply()) as auth, ScriptedHttp() as s:
        s.reply(wants_bearer(auth), Reply(200), Reply(200, manifest_of(archive)),
                Reply(307, headers=[f"Location: {store.url}/blob?signature=abc"]))
        publish(s, env=LOGIN)
        assert s.requests[-1].header("Authorization") == f"Bearer {TOKEN}"
        assert store.requests[0].header("Authorization") is None


def test_who_asks_for_a_login_elsewhere_gets_none(publish, archive):
    with ScriptedHttp() as evil, ScriptedHttp(token_reply(), token_reply()) as auth, \
            ScriptedHttp() as s:
        evil.reply(Reply(401, headers=['WWW-Authenticate: Basic realm="r"']))
        s.reply(wants_bearer(auth), Reply(200), Reply(200, manifest_of(archive)),
                Reply(307, headers=[f"Location: {evil.url}/blob"]))
        publish(s, env=LOGIN, expect=1)
        assert evil.requests[0].header("Authorization") is None


# --- faults -----------------------------------------------------------------------

@pytest.mark.parametrize("of", [("HEAD", MANIFEST), ("POST", CONFIG[7:]), ("PUT", CONFIG[7:]),
                                ("PUT", MANIFEST)], ids=["look", "begin", "send", "put"])
@pytest.mark.parametrize("fault", [Reply(429, headers=NOW), Reply(503, headers=NOW),
                                   Reply(200, reset=0), Reply(200, cut=20)],
                         ids=["429", "503", "reset", "cut"])
def test_each_request_is_tried_again(publish, of, fault):
    left = [fault]
    usual, method, part = fresh(4 * [upload])[0], *of

    def once(request: Request) -> Reply:
        hit = left and request.method == method and part in request.path
        return left.pop() if hit else usual(request)

    with ScriptedHttp(*7 * [once]) as s:
        publish(s)
        assert len(set(s.lines)) == 6


def test_an_upload_whose_answer_was_lost(publish):
    lost = [place("1"), Reply(201, reset=0), error(404, "BLOB_UPLOAD_UNKNOWN"), MOUNTED]
    with ScriptedHttp(*fresh(by_blob(config=lost, layer=[MOUNTED]))) as s:
        publish(s)


def test_an_upload_that_is_forgotten_again_and_again(publish):
    gone = error(404, "BLOB_UPLOAD_UNKNOWN")
    with ScriptedHttp() as s:
        s.always(lambda request: {"POST": place("1"), "PUT": gone}.get(
            request.method, NO_MANIFEST))
        assert "forgot 3 uploads" in only_error(publish(s, expect=75))


def test_a_registry_that_is_down(publish):
    with ScriptedHttp() as s:
        s.always(Reply(503, headers=NOW))
        failed = publish(s, "--timeout", "3s", expect=75)
        assert "answered 503" in only_error(failed)


def test_refusals(publish):
    with ScriptedHttp() as s:
        s.always(error(403, "DENIED"))
        assert "403" in only_error(publish(s, expect=1))
    with ScriptedHttp(*fresh(put=[error(400, "MANIFEST_INVALID")])) as s:
        assert "400 (MANIFEST_INVALID" in only_error(publish(s, expect=1))


@pytest.mark.parametrize("post, put, words", [
    (error(403, "DENIED"), None, "403 (DENIED: words of DENIED)"),
    (error(404, "NAME_UNKNOWN"), None, "404 (NAME_UNKNOWN"),
    (Reply(202), None, "no place to upload to"),
    (place("1"), error(413, "SIZE_INVALID"), "413 (SIZE_INVALID"),
])
def test_refusals_of_blobs(publish, post, put, words):
    """The first ends it; how far the other one came does not matter."""
    with ScriptedHttp() as s:
        s.always(lambda request: {"HEAD": NO_MANIFEST, "POST": post}.get(request.method, put))
        assert words in only_error(publish(s, expect=1))
        assert f"PUT {MANIFEST}" not in s.lines


# --- Amazon ECR ---------------------------------------------------------------------

HOST = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": PASSWORD}


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return TestAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def amazon(run_step, chart, tmp_path, authority):
    """amazon(reply, ..., host=): a run where all of AWS is scripted."""
    def run(*replies, host=HOST, env=None, **options):
        names = f"DNS:{HOST},DNS:api.ecr.eu-central-1.amazonaws.com"
        with ScriptedHttp(*replies, tunnel=authority.server(names=names)) as s:
            result = run_step("publish-chart", chart, "--repo", f"oci://{host}/charts",
                              "--verbose", cwd=tmp_path,
                              env=KEYS | {"https_proxy": s.url,
                                          "AWS_CA_BUNDLE": str(authority.file)}
                              | (env or {}), **options)
        for secret in (PASSWORD, "ecr-password", pair("AWS:ecr-password")):
            assert secret not in result.out + result.err
        return result, s
    return run


ECR_TOKEN = Reply(200, json.dumps({"authorizationData": [{
    "authorizationToken": pair("AWS:ecr-password"), "expiresAt": 1.9e9}]}).encode())


def test_amazon_is_logged_in_to_by_aws_credentials(amazon):
    result, s = amazon(ECR_TOKEN, *fresh())
    login, *pushes = s.requests
    assert s.tunnels[0] == "api.ecr.eu-central-1.amazonaws.com:443"
    assert set(s.tunnels[1:]) == {f"{HOST}:443"}
    assert (login.line, login.body) == ("POST /", b"{}")
    assert login.header("X-Amz-Target") == \
        "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
    assert "/eu-central-1/ecr/aws4_request" in login.header("Authorization")
    assert {r.header("Authorization") for r in pushes} == {
        "Basic " + pair("AWS:ecr-password")}


def test_amazon_says_that_the_credentials_have_expired(amazon):
    """Whatever they said of their end: others are fetched, if they can be."""
    expired = Reply(400, b'{"__type":"ExpiredTokenException","message":"too old"}')
    with ScriptedHttp(as_json(keys("OLD")), as_json(keys("NEW"))) as agent:
        env = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
               "AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url}
        _, s = amazon(expired, ECR_TOKEN, *fresh(), env=env)
        assert [who(request) for request in s.requests[:2]] == ["OLD", "NEW"]
    result, s = amazon(expired, expect=1)
    assert "too old" in only_error(result) and len(s.requests) == 1


@pytest.mark.parametrize("slash", ["", "/"])
def test_amazon_at_another_endpoint(amazon, slash):
    endpoint = "https://api.ecr.eu-central-1.amazonaws.com" + slash
    _, s = amazon(ECR_TOKEN, *fresh(), env={"AWS_ENDPOINT_URL_ECR": endpoint})
    assert s.requests[0].line == "POST /"


def test_amazon_says_that_it_was_too_much(amazon):
    """By 400, as of all that is wrong: but this passes by itself."""
    words = b'{"__type":"com.amazon#ThrottlingException","message":"Rate exceeded"}'
    amazon(Reply(400, words), ECR_TOKEN, *fresh())
    for_long = Reply(400, words, ["Retry-After: 400"])
    result, _ = amazon(for_long, for_long, expect=75)
    assert "Rate exceeded" in only_error(result)
    assert "ecr:GetAuthorizationToken" not in result.err


def test_a_login_that_is_there_comes_first(amazon, tmp_path):
    folder = write_config(tmp_path / "d", {"auths": {HOST: {"auth": pair("AWS:mine")}}})
    _, s = amazon(*fresh(), env={"DOCKER_CONFIG": str(folder)})
    assert s.requests[0].header("Authorization") == "Basic " + pair("AWS:mine")


@pytest.mark.parametrize("reply, words", [
    (Reply(400, b'{"__type":"AccessDeniedException","message":"not authorized"}'),
     "not authorized"),
    (Reply(400, b'{"__type":"AccessDeniedException"}'), "AccessDeniedException"),
    (Reply(200, b"{}"), "authorizationToken"), (Reply(200, b"<"), "no JSON"),
    (Reply(200, b'{"authorizationData":[{"authorizationToken":"eHg="}]}'), "AWS:PASSWORD"),
])
def test_amazon_refuses(amazon, reply, words):
    result, _ = amazon(reply, expect=1)
    assert words in only_error(result) and "cannot log in to ECR" in result.err
