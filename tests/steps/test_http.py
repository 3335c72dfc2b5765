"""net/http against a scripted server: every byte sent, every fault."""

from __future__ import annotations

import base64
import gzip
import json
import signal
import socket
import time
from pathlib import Path

import pytest

from scripted_http import Reply, Request, ScriptedHttp, TestAuthority

CERTIFICATE_HINT = "name the certificate of its authority with --cacert"


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("authority"))


# --- what is sent ------------------------------------------------------------


def test_get_is_exactly_this(send):
    with ScriptedHttp(Reply(200, b"hello", ["Content-Type: text/plain"])) as s:
        [answer] = send(s.url + "/a%2Bb?c=d%20e")
        assert s.requests[0].raw == (
            f"GET /a%2Bb?c=d%20e HTTP/1.1\r\nHost: 127.0.0.1:{s.port}\r\n"
            f"User-Agent: slipway/{version()}\r\nAccept: */*\r\n\r\n").encode()
    assert answer["status"] == 200
    assert answer["body"] == b"hello"
    assert answer["headers"] == ["Content-Type: text/plain",
                                 "Content-Length: 5"]
    assert answer["tries"] == 1 and not answer["unclear"]


def version() -> str:
    header = Path(__file__).parents[2] / "include/base/version.h"
    return header.read_text().split('SLIPWAY_VERSION "')[1].split('"')[0]


def test_body_and_headers(send):
    with ScriptedHttp(Reply(201)) as s:
        [answer] = send({
            "method": "PUT", "url": s.url + "/x", "body": "some bytes",
            "headers": ["Content-Type: text/plain", "X-Empty:",
                        "Accept: text/html"],
            "secrets": ["Authorization: Bearer abcdef"]})
        request = s.requests[0]
    assert answer["status"] == 201
    assert request.body == b"some bytes"
    assert request.headers == [
        ("Host", f"127.0.0.1:{s.port}"),
        ("User-Agent", f"slipway/{version()}"), ("Content-Type", "text/plain"),
        ("X-Empty", ""), ("Accept", "text/html"),
        ("Authorization", "Bearer abcdef"), ("Content-Length", "10")]
    assert "abcdef" not in send.log


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_empty_body_has_its_length(send, method):
    with ScriptedHttp(Reply(204)) as s:
        send({"method": method, "url": s.url})
        assert s.requests[0].header("Content-Length") == "0"
        assert s.requests[0].header("Content-Type") is None


def test_delete_without_body(send):
    with ScriptedHttp(Reply(204)) as s:
        [answer] = send({"method": "DELETE", "url": s.url + "/x"})
        assert s.lines == ["DELETE /x"]
        assert s.requests[0].header("Content-Length") is None
    assert answer["status"] == 204


def test_large_body_is_sent_without_asking(send):
    body = "x" * (3 << 20)
    with ScriptedHttp(Reply(200)) as s:
        send({"method": "PUT", "url": s.url, "body": body})
        assert s.requests[0].header("Expect") is None
        assert s.requests[0].body == body.encode()


def test_head_gives_no_body(send):
    with ScriptedHttp(Reply(200, length=1 << 40)) as s:
        [answer] = send({"method": "HEAD", "url": s.url})
        assert s.lines == ["HEAD /"]
    assert answer["status"] == 200 and answer["body"] == b""
    assert f"Content-Length: {1 << 40}" in answer["headers"]


def test_dots_and_slashes_stay(send):
    with ScriptedHttp(Reply(200)) as s:
        send(s.url + "/a/../b//c/./%2e%2e")
        assert s.lines == ["GET /a/../b//c/./%2e%2e"]


def test_connection_is_kept(send):
    with ScriptedHttp(*[Reply(200)] * 3) as s:
        send(*[s.url] * 3)
        assert s.connections == 1


def test_user_part_becomes_basic_authorization(send):
    with ScriptedHttp(Reply(200)) as s:
        [answer] = send(f"http://ada:s3cr%2Ft@127.0.0.1:{s.port}/x")
        expected = base64.b64encode(b"ada:s3cr/t").decode()
        assert s.requests[0].header("Authorization") == f"Basic {expected}"
    assert answer["url"] == s.url + "/x"
    assert expected not in send.log and "s3cr" not in send.log


@pytest.mark.parametrize("request_, cause", [
    ({"url": "http://127.0.0.1/a\r\nX-Evil: 1"}, "byte 19"),
    ({"url": "http://127.0.0.1/a b"}, "byte 19"),
    ({"url": "http://127.0.0.1/\u00e4"}, "byte 18"),
    ({"url": "http://good\\@evil/"}, "byte 12"),
    ({"url": "ftp://127.0.0.1/"}, "not an http or https address"),
    ({"url": "file:///etc/passwd"}, "not an http or https address"),
    ({"url": "127.0.0.1/x"}, "127.0.0.1/x"),
    ({"headers": ["X-A: b\r\nX-Evil: 1"]}, "control character"),
    ({"headers": ["X-A: b\nX-Evil: 1"]}, "control character"),
    ({"headers": ["X A: b"]}, "not a name and a value"),
    ({"headers": ["nothing"]}, "not a name and a value"),
    ({"secrets": ["X-Token: s3cret\nX-Evil: 1"]}, "control character"),
])
def test_nothing_is_smuggled_in(send, request_, cause):
    with ScriptedHttp() as s:
        [answer] = send({"url": s.url, **request_})
        assert s.requests == []
    assert answer["kind"] == "INPUT" and cause in answer["error"]
    assert "s3cret" not in answer["error"]


# --- replies -----------------------------------------------------------------


def test_every_status_is_a_reply(send):
    statuses = [200, 204, 304, 400, 401, 403, 404, 409, 412, 501]
    with ScriptedHttp(*[Reply(status) for status in statuses]) as s:
        answers = send(*[s.url] * len(statuses))
    assert [answer["status"] for answer in answers] == statuses
    assert all(answer["tries"] == 1 for answer in answers)


def test_interim_replies_are_passed_over(send):
    interim = b"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
    with ScriptedHttp(Reply(200, b"x", ["X-Late: 1"], interim=interim)) as s:
        [answer] = send(s.url)
    assert answer["headers"] == ["X-Late: 1", "Content-Length: 1"]


@pytest.mark.parametrize("raw", [
    b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\n"])
def test_an_interim_reply_is_no_answer(send, raw):
    with ScriptedHttp(Reply(raw=raw)) as s:
        [answer] = send({"url": s.url, "repeat": "never"})
    assert answer["kind"] == "REMOTE" and answer["temporary"]


def test_chunked(send):
    with ScriptedHttp(Reply(200, b"in a chunk", chunked=True)) as s:
        assert send(s.url)[0]["body"] == b"in a chunk"


def test_gzip_only_on_request(send):
    packed = Reply(200, gzip.compress(b"plain"), ["Content-Encoding: gzip"])
    with ScriptedHttp(packed, packed) as s:
        raw, plain = send(s.url, {"url": s.url, "acceptGzip": True})
        assert s.requests[0].header("Accept-Encoding") is None
        assert s.requests[1].header("Accept-Encoding") == "gzip"
    assert raw["body"] == packed.body
    assert plain["body"] == b"plain"


@pytest.mark.parametrize("reply", [
    Reply(200, b"x" * 1001),
    Reply(200, b"x" * 1001, chunked=True),
    Reply(200, b"x" * 1000, endless=True),
    Reply(200, gzip.compress(b"x" * 100000), ["Content-Encoding: gzip"]),
], ids=["length", "chunked", "endless", "bomb"])
def test_too_large(send, reply):
    with ScriptedHttp(reply) as s:
        [answer] = send({"url": s.url, "replyLimit": 1000,
                         "acceptGzip": True})
    assert answer["kind"] == "REMOTE" and not answer["temporary"]
    assert "larger than 1000 bytes" in answer["error"]


def test_just_small_enough(send):
    with ScriptedHttp(Reply(200, b"x" * 1000)) as s:
        [answer] = send({"url": s.url, "replyLimit": 1000})
    assert len(answer["body"]) == 1000


def test_endless_headers(send):
    line = f"X-Filler: {'x' * 1000}"
    with ScriptedHttp(Reply(200, b"", [line] * 300)) as s:
        [answer] = send(s.url)
    assert answer["kind"] == "REMOTE" and "larger than" in answer["error"]


@pytest.mark.parametrize("raw", [
    b"\x15\x03\x01\x00\x02\x02F", b"220 mail.example ESMTP\r\n",
    b"SSH-2.0-OpenSSH\r\n", b"HTTP/9.9 what\r\n\r\n", b"\0" * 100,
], ids=["tls", "smtp", "ssh", "version", "zeros"])
def test_not_http(send, raw):
    with ScriptedHttp() as s:
        s.always(Reply(raw=raw))
        [answer] = send(s.url, timeout=1000)
    assert answer["kind"] in ("REMOTE", "TIMEOUT")


# --- trying again ------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_get_is_repeated(send, status):
    with ScriptedHttp(Reply(status, b"no"), Reply(200, b"yes")) as s:
        [answer] = send(s.url + "/x?token=s3cret")
    assert answer["body"] == b"yes" and answer["tries"] == 2
    assert (f"warning: GET {s.url}/x?token=***: server answered {status}; "
            "trying again in ") in send.log
    assert "(try 2 of 6)" in send.log


def test_retry_after_is_a_minimum(send):
    with ScriptedHttp(Reply(503, headers=["Retry-After: 1"]), Reply(200)) as s:
        send(s.url)
        assert s.requests[1].at - s.requests[0].at >= 1


@pytest.mark.parametrize("status, left, tries", [
    (502, "4999", 2), (502, "0", 2), (429, "4999", 2), (429, "0", 1)])
def test_the_end_of_a_limit_counts_where_the_limit_refused(send, status, left,
                                                           tries):
    limits = [f"X-RateLimit-Remaining: {left}",
              f"X-RateLimit-Reset: {int(time.time()) + 3000}"]
    replies = [Reply(status, headers=limits), Reply(200)][:tries]
    with ScriptedHttp(*replies) as s:
        [answer] = send(s.url)
    assert answer["status"] == (200 if tries == 2 else status)
    assert answer["tries"] == tries


def test_a_wait_beyond_the_deadline_is_not_begun(send):
    started = time.monotonic()
    with ScriptedHttp(Reply(503, headers=["Retry-After: 60"])) as s:
        [answer] = send(s.url, timeout=30000)
    assert answer["status"] == 503
    assert time.monotonic() - started < 5


def test_for_ever_500_ends_at_the_deadline(send):
    with ScriptedHttp() as s:
        s.always(Reply(500, b"broken"))
        [answer] = send(s.url, timeout=1500)
        assert 2 <= len(s.requests) <= 6
    assert answer["status"] == 500 and answer["body"] == b"broken"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_what_may_not_be_repeated(send, method):
    with ScriptedHttp(Reply(503), Reply(429), Reply(200), Reply(429)) as s:
        once, limited, never = send(
            {"method": method, "url": s.url}, {"method": method, "url": s.url},
            {"method": method, "url": s.url, "repeat": "never"})
    assert (once["status"], once["tries"]) == (503, 1)
    assert (limited["status"], limited["tries"]) == (200, 2)
    assert (never["status"], never["tries"]) == (429, 1)


def test_put_marked_repeatable(send):
    with ScriptedHttp(Reply(500), Reply(412)) as s:
        [answer] = send({"method": "PUT", "url": s.url, "body": "x",
                         "repeat": "always"})
        assert [r.body for r in s.requests] == [b"x", b"x"]
    assert answer["status"] == 412 and answer["unclear"]


def test_a_refusal_leaves_nothing_unclear(send):
    with ScriptedHttp(Reply(429), Reply(412)) as s:
        [answer] = send({"method": "PUT", "url": s.url, "repeat": "always"})
    assert answer["tries"] == 2 and not answer["unclear"]


def test_lost_answer_of_a_repeatable_write(send):
    with ScriptedHttp(Reply(200, cut=0), Reply(200)) as s:
        [answer] = send({"method": "PUT", "url": s.url, "repeat": "always"})
    assert answer["tries"] == 2 and answer["unclear"]


def test_lost_answer_of_a_write(send):
    with ScriptedHttp(Reply(200, cut=0)) as s:
        [answer] = send({"method": "POST", "url": s.url, "body": "x"})
    assert answer["kind"] == "REMOTE" and answer["temporary"]


def test_write_on_a_closing_connection_is_not_sent_twice(send):
    """libcurl would repeat it on a new connection by itself."""
    with ScriptedHttp(Reply(200), Reply(200, cut=0)) as s:
        first, second = send(s.url, {"method": "POST", "url": s.url + "/w"})
        assert s.lines == ["GET /", "POST /w"]
    assert first["status"] == 200
    assert second["kind"] == "REMOTE" and second["temporary"]


def test_read_on_a_closing_connection_is(send):
    with ScriptedHttp(Reply(200), Reply(200, cut=0), Reply(200, b"x")) as s:
        first, second = send(s.url, s.url + "/r")
        assert s.lines == ["GET /", "GET /r", "GET /r"]
    assert second["body"] == b"x"


def test_answers_that_teach(send):
    with ScriptedHttp(Reply(403, headers=["X-Learn: tea"]), Reply(200)) as s:
        [answer] = send({"method": "POST", "url": s.url})
        assert s.requests[1].header("X-Learnt") == "tea"
    assert answer["status"] == 200 and answer["tries"] == 1


def test_teaching_ends(send):
    with ScriptedHttp() as s:
        s.always(Reply(403, headers=["X-Learn: tea"]))
        [answer] = send(s.url)
        assert len(s.requests) == 3
    assert answer["status"] == 403


# --- faults on the way -------------------------------------------------------


WHOLE = Reply(200, b"0123456789", ["X-A: b"]).bytes("GET")


@pytest.mark.parametrize("how", ["cut", "reset"])
def test_lost_at_every_byte(send, how):
    """However much arrived: it is repeated, or (asked not to) an error."""
    with ScriptedHttp() as s:
        replies = [Reply(200, b"0123456789", ["X-A: b"], **{how: k})
                   for k in range(len(WHOLE))]
        s.reply(*replies)
        answers = send(*[{"url": s.url, "repeat": "never"}] * len(replies))
        assert len(s.requests) == len(replies)
    assert {answer.get("kind") for answer in answers} == {"REMOTE"}
    assert all(answer["temporary"] for answer in answers)


def test_cut_body_is_repeated(send):
    with ScriptedHttp(Reply(200, b"0123456789", cut=len(WHOLE) - 20),
                      Reply(200, b"0123456789")) as s:
        [answer] = send(s.url)
    assert answer["body"] == b"0123456789" and answer["tries"] == 2


@pytest.mark.parametrize("how", ["cut", "reset"])
def test_a_refusal_counts_though_its_text_is_cut(send, how):
    """As API servers do over HTTP/2 to all that are under way beside it."""
    text = b'{"message": "Unauthorized"}'
    whole = len(Reply(401, text).bytes("GET"))
    with ScriptedHttp(*[Reply(401, text, **{how: whole - left})
                        for left in (1, len(text))]) as s:
        answers = send(s.url, s.url)
        assert len(s.requests) == 2
    assert [(a["status"], a["body"], a["tries"]) for a in answers] == [
        (401, b"", 1)] * 2


def test_length_too_long(send):
    with ScriptedHttp(Reply(200, b"short", length=10, close=True)) as s:
        [answer] = send({"url": s.url, "repeat": "never"})
    assert answer["kind"] == "REMOTE" and answer["temporary"]


def test_silence_ends_at_the_deadline(send):
    with ScriptedHttp() as s:
        s.always(Reply(200, b"0123456789", stall=30))
        started = time.monotonic()
        [answer] = send(s.url, timeout=1000)
    assert 0.9 < time.monotonic() - started < 5
    assert answer["kind"] == "TIMEOUT" and answer["exit"] == 75


def test_a_slow_loris_ends_at_the_deadline(send):
    with ScriptedHttp() as s:
        s.always(Reply(200, b"x" * 100, pace=0.05))
        [answer] = send(s.url, timeout=1000)
    assert answer["kind"] == "TIMEOUT"


def test_nobody_listens(send):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    [answer] = send(f"http://127.0.0.1:{port}/x", timeout=1000)
    assert answer["kind"] == "UNREACHABLE" and answer["exit"] == 75
    assert f"GET http://127.0.0.1:{port}/x: " in answer["error"]


def test_write_that_reached_nobody_is_repeated(send):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    send({"method": "POST", "url": f"http://127.0.0.1:{port}"}, timeout=1500)
    assert "trying again" in send.log


def test_no_such_host(send):
    [answer] = send("http://no-such-host.invalid/", timeout=1000)
    assert answer["kind"] == "UNREACHABLE" and answer["temporary"]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("jobs", [{}, {"jobs": 2}])
def test_interrupted(drive, number, jobs):
    with ScriptedHttp() as s:
        s.always(Reply(200, stall=0))
        script = {"requests": [{"method": "GET", "url": s.url}], **jobs}
        started = drive.start("http", script)
        s.wait_for(1)
        before = time.monotonic()
        started.process.send_signal(number)
        result = started.wait(expect=128 + number)
        assert time.monotonic() - before < 5
    assert json.loads(result.out)["kind"] == "INTERRUPTED"


def test_interrupted_between_tries(drive):
    with ScriptedHttp(Reply(503, headers=["Retry-After: 60"])) as s:
        started = drive.start(
            "http", {"requests": [{"method": "GET", "url": s.url}]})
        s.wait_for(1)
        started.process.send_signal(signal.SIGTERM)
        started.wait(expect=143)


# --- redirects ---------------------------------------------------------------


def to(url: str, status: int = 302) -> Reply:
    return Reply(status, b"moved", [f"Location: {url}"])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect(send, status):
    with ScriptedHttp(to("/b?c=1#d", status), Reply(200, b"here")) as s:
        [answer] = send(s.url + "/a/x")
        assert s.lines == ["GET /a/x", "GET /b?c=1"]
    assert answer["body"] == b"here" and answer["tries"] == 1
    assert answer["url"].startswith(s.url + "/b?c=1")


def test_redirect_of_a_write_is_a_reply(send):
    with ScriptedHttp(to("/b")) as s:
        [answer] = send({"method": "POST", "url": s.url})
    assert answer["status"] == 302


def test_redirect_not_wanted(send):
    with ScriptedHttp(to("/b")) as s:
        [answer] = send({"url": s.url, "noRedirects": True})
    assert answer["status"] == 302


def test_secrets_stay_with_their_origin(send):
    """To another port and back again: gone for good."""
    secrets = ["Authorization: Bearer abcdef", "X-Amz-Security-Token: abcdef"]
    with ScriptedHttp() as a, ScriptedHttp() as b:
        a.reply(to("/same"), to(b.url + "/other"), Reply(200))
        b.reply(to(a.url + "/back"))
        send({"url": a.url, "secrets": secrets, "headers": ["X-Open: 1"]})
        seen = [(r.line, r.header("Authorization"),
                 r.header("X-Amz-Security-Token"), r.header("X-Open"))
                for r in a.requests + b.requests]
    assert seen == [
        ("GET /", "Bearer abcdef", "abcdef", "1"),
        ("GET /same", "Bearer abcdef", "abcdef", "1"),
        ("GET /back", None, None, "1"), ("GET /other", None, None, "1")]


def test_password_of_the_url_stays_too(send):
    with ScriptedHttp() as a, ScriptedHttp() as b:
        a.reply(to("/same"), to(f"http://eve:x@127.0.0.1:{b.port}/"))
        b.reply(Reply(200))
        send(f"http://ada:pass@127.0.0.1:{a.port}/")
        basic = "Basic " + base64.b64encode(b"ada:pass").decode()
        assert [r.header("Authorization") for r in a.requests] == [basic] * 2
        assert b.requests[0].header("Authorization") is None


def test_localhost_is_another_origin(send):
    with ScriptedHttp() as s:
        s.reply(to(f"http://localhost:{s.port}/"), Reply(200))
        send({"url": s.url, "secrets": ["Authorization: abcdef"]})
        assert s.requests[1].header("Authorization") is None


@pytest.mark.parametrize("target", [
    "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/",
    "javascript:alert(1)", "http://", "http://[::1", "http://a b/"])
def test_redirect_to_nowhere(send, target):
    with ScriptedHttp(to(target)) as s:
        [answer] = send(s.url)
    assert answer["kind"] == "REMOTE" and "redirects to" in answer["error"]


def test_redirect_loop(send):
    with ScriptedHttp() as s:
        s.always(to("/again"))
        [answer] = send(s.url)
        assert len(s.requests) == 6
    assert answer["kind"] == "REMOTE"
    assert "more than 5 redirects" in answer["error"]


def test_redirect_from_https_to_http(send, authority):
    with ScriptedHttp(tls=authority.server()) as s, ScriptedHttp() as plain:
        s.reply(to(plain.url))
        [answer] = send(s.url, cacert=str(authority.file))
    assert answer["kind"] == "REMOTE" and "from https to" in answer["error"]


# --- TLS ---------------------------------------------------------------------


def test_tls(send, authority):
    with ScriptedHttp(Reply(200, b"safe"), tls=authority.server()) as s:
        [answer] = send(s.url, cacert=str(authority.file))
    assert answer["body"] == b"safe"


@pytest.mark.parametrize("by", ["SSL_CERT_FILE", "AWS_CA_BUNDLE"])
def test_tls_trust_from_the_environment(send, authority, by):
    with ScriptedHttp(Reply(200), tls=authority.server()) as s:
        [answer] = send(s.url, env={by: str(authority.file)})
    assert answer["status"] == 200


def test_tls_trust_of_two_bundles(send, authority, tmp_path):
    other = TestAuthority(tmp_path / "other", "Other Authority")
    with ScriptedHttp(Reply(200), tls=authority.server()) as a, \
            ScriptedHttp(Reply(200), tls=other.server()) as b:
        answers = send(a.url, b.url, env={"SSL_CERT_FILE": str(other.file),
                                          "AWS_CA_BUNDLE": str(authority.file)})
    assert [answer["status"] for answer in answers] == [200, 200]


def test_tls_trust_of_a_hashed_folder(send, authority):
    with ScriptedHttp(Reply(200), tls=authority.server()) as s:
        [answer] = send(s.url,
                        env={"SSL_CERT_DIR": str(authority.hashed_dir())})
    assert answer["status"] == 200


def test_tls_trust_given_as_text(send, authority):
    with ScriptedHttp(Reply(200), tls=authority.server()) as s:
        [answer] = send(s.url, caPem=authority.file.read_text())
    assert answer["status"] == 200


@pytest.mark.parametrize("how, words", [
    ({}, "certificate"),
    ({"names": "DNS:other.example"}, "127.0.0.1"),
    ({"days": 0}, "expired"),
], ids=["unknown", "other-host", "expired"])
def test_tls_not_trusted(send, authority, how, words):
    config = {"cacert": str(authority.file)} if how else {}
    with ScriptedHttp(tls=authority.server(**how)) as s:
        [answer] = send(s.url, **config)
        assert s.requests == []
    assert answer["kind"] == "UNREACHABLE" and not answer["temporary"]
    assert words in answer["error"] and answer["hint"] == CERTIFICATE_HINT


def test_tls_bundle_missing(send, authority):
    with ScriptedHttp(tls=authority.server()) as s:
        [answer] = send(s.url, cacert="/nowhere/ca.pem", expect=2)
    assert answer["kind"] == "INPUT" and "/nowhere/ca.pem" in answer["error"]


@pytest.mark.parametrize("as_text", [False, True])
def test_tls_client_certificate(send, authority, as_text):
    certificate, key = authority.certificate()
    if as_text:
        config = {"certPem": certificate.read_text(),
                  "keyPem": key.read_text()}
    else:
        config = {"cert": str(certificate), "key": str(key)}
    server = authority.server(client_authority=authority.file)
    with ScriptedHttp(Reply(200), tls=server) as s:
        [answer] = send(s.url, cacert=str(authority.file), **config)
    assert answer["status"] == 200


def test_tls_client_certificate_stays_with_its_origin(send, authority):
    """Of a redirect to another one only a server that wants none is read."""
    certificate, key = authority.certificate()
    asking = authority.server(client_authority=authority.file)
    for there, asks in ((asking, True), (authority.server(), False)):
        with ScriptedHttp(tls=there) as other, ScriptedHttp(tls=asking) as s:
            other.always(Reply(200))
            s.reply(Reply(302, headers=[f"Location: {other.url}/"]))
            [answer] = send(s.url, cacert=str(authority.file), timeout=3000,
                            cert=str(certificate), key=str(key))
            assert len(s.requests) == 1
            assert len(other.requests) == (0 if asks else 1)
            assert (answer.get("status") == 200) == (not asks)


def test_tls_connection_lost_while_sending(send, authority):
    """What is written to a closed connection must not end the process."""
    with ScriptedHttp(tls=authority.server()) as s:
        s.deaf_after = 100_000
        [answer] = send({"method": "PUT", "url": s.url, "repeat": "never",
                         "body": "x" * (8 << 20)}, cacert=str(authority.file))
    assert answer["kind"] == "REMOTE" and answer["temporary"]


# --- proxies -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy",
                                  "ALL_PROXY"])
def test_proxy(send, name):
    with ScriptedHttp(Reply(200)) as proxy:
        send("http://charts.example/x", env={name: proxy.url})
        assert proxy.lines == ["GET http://charts.example/x"]


@pytest.mark.parametrize("listed", ["charts.example", ".example", "*",
                                    "other,charts.example"])
def test_no_proxy(send, listed):
    with ScriptedHttp() as proxy:
        [answer] = send({"url": "http://charts.example/", "repeat": "never"},
                        env={"http_proxy": proxy.url, "NO_PROXY": listed},
                        timeout=2000)
    assert answer["kind"] == "UNREACHABLE"


def test_this_machine_is_never_behind_a_proxy(send):
    with ScriptedHttp() as proxy, ScriptedHttp(Reply(200)) as s:
        send(s.url, env={"http_proxy": proxy.url})
        assert proxy.requests == []


def test_https_goes_through_a_tunnel(send):
    with ScriptedHttp(Reply(403)) as proxy:
        [answer] = send("https://charts.example/x",
                        env={"HTTPS_PROXY": proxy.url})
        assert proxy.lines == ["CONNECT charts.example:443"]
    assert answer["kind"] == "DENIED" and not answer["temporary"]
    assert "403" in answer["error"] and "no_proxy" in answer["hint"]


def test_proxy_is_busy(send):
    with ScriptedHttp(Reply(503), Reply(407)) as proxy:
        [answer] = send("https://charts.example/x",
                        env={"all_proxy": proxy.url})
        assert len(proxy.requests) == 2
    assert answer["kind"] == "DENIED"
