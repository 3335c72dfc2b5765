"""api/s3 against a scripted server: requests by the byte, every answer."""

from __future__ import annotations

import datetime
import email.utils
import hashlib
import re

import pytest

from scripted_http import Reply, ScriptedHttp

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "very/secret+key",
        "AWS_REGION": "eu-central-1"}
EMPTY = hashlib.sha256(b"").hexdigest()


def error(status: int, code: str, message: str = "as it is",
          headers: list[str] | None = None) -> Reply:
    text = (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}'
            f"</Code><Message>{message}</Message><Key>k</Key></Error>")
    return Reply(status, text.encode(),
                 ["Content-Type: application/xml", *(headers or [])])


@pytest.fixture
def call(drive):
    """call(server, {"do": ...}, ..., env=): the answers, as dicts."""

    def run(server: ScriptedHttp | None, *calls: dict, env=None, expect=0,
            **script) -> list[dict]:
        where = {"AWS_ENDPOINT_URL_S3": server.url} if server else {}
        answers = drive("s3", {"bucket": "charts", "calls": calls, **script},
                        env=KEYS | where | (env or {}), expect=expect)
        run.log = drive.log
        assert "very/secret" not in drive.log + str(answers)
        return answers

    return run


GET = {"do": "find", "key": "k"}
CREATE = {"do": "put", "key": "k", "body": "b", "ifAbsent": True}
SWAP = {"do": "put", "key": "k", "body": "b", "ifMatch": '"e"'}


# --- what is sent ------------------------------------------------------------


def test_get(call):
    with ScriptedHttp(Reply(200, b"text", [
            'ETag: "abc"', "Content-Type: text/x", "x-amz-meta-Build: 7",
            "X-Amz-Meta-Commit: c0ffee",
            "Last-Modified: Sun, 22 Nov 2026 12:00:00 GMT"])) as s:
        [answer] = call(s, {"do": "get", "key": "stable/a+b c@=,\u00e4~.tgz"})
        [request] = s.requests
    assert request.line == (
        "GET /charts/stable/a%2Bb%20c%40%3D%2C%C3%A4~.tgz")
    assert request.header("x-amz-content-sha256") == EMPTY
    assert re.fullmatch(r"\d{8}T\d{6}Z", request.header("x-amz-date"))
    assert re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/eu-central-1/s3/"
        r"aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
        r"Signature=[0-9a-f]{64}", request.header("Authorization"))
    modified = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.timezone.utc)
    assert answer == {
        "found": True, "body": b"text", "etag": '"abc"', "size": 4,
        "contentType": "text/x", "metadata": ["Build: 7", "Commit: c0ffee"],
        "modified": int(modified.timestamp())}


def test_session_token_is_sent_and_signed(call):
    with ScriptedHttp(Reply(200)) as s:
        call(s, GET, env={"AWS_SESSION_TOKEN": "s3ss10n"})
        [request] = s.requests
    assert request.header("x-amz-security-token") == "s3ss10n"
    assert "x-amz-date;x-amz-security-token," in request.header("Authorization")
    assert "s3ss10n" not in call.log


def test_stat(call):
    with ScriptedHttp(Reply(200, headers=['ETag: "a"'], length=12345)) as s:
        [answer] = call(s, {"do": "stat", "key": "k"})
        assert s.lines == ["HEAD /charts/k"]
    assert answer["size"] == 12345 and answer["etag"] == '"a"'


def test_put(call):
    with ScriptedHttp(Reply(200, headers=['ETag: "new"'])) as s:
        [answer] = call(s, {
            "do": "put", "key": "index.yaml", "body": "apiVersion: v1\n",
            "contentType": "text/yaml", "cacheControl": "no-cache",
            "metadata": ["build: https://ci.example/7"]})
        [request] = s.requests
    assert request.line == "PUT /charts/index.yaml"
    assert request.body == b"apiVersion: v1\n"
    assert request.header("Content-Type") == "text/yaml"
    assert request.header("Cache-Control") == "no-cache"
    assert request.header("x-amz-meta-build") == "https://ci.example/7"
    assert request.header("x-amz-content-sha256") == hashlib.sha256(
        request.body).hexdigest()
    assert ("SignedHeaders=cache-control;content-type;host;"
            "x-amz-content-sha256;x-amz-date;x-amz-meta-build,"
            ) in request.header("Authorization")
    assert answer == {"outcome": "written", "etag": '"new"', "unclear": False}


@pytest.mark.parametrize("put, name, value", [
    (CREATE, "If-None-Match", "*"), (SWAP, "If-Match", '"e"'),
    ({"do": "delete", "key": "k", "ifMatch": '"e"'}, "If-Match", '"e"')])
def test_conditions_are_sent_and_signed(call, put, name, value):
    with ScriptedHttp(Reply(200)) as s:
        call(s, put)
        [request] = s.requests
    assert request.header(name) == value
    assert f";{name.lower()};" in request.header("Authorization")


@pytest.fixture(scope="session")
def aws(aws_authority):
    """A proxy behind which all of AWS is scripted: aws(reply, ...)."""
    names = ",".join("DNS:" + name for name in (
        "*.s3.eu-central-1.amazonaws.com", "s3.eu-central-1.amazonaws.com",
        "*.s3.us-west-2.amazonaws.com", "s3.us-east-1.amazonaws.com",
        "*.s3.cn-north-1.amazonaws.com.cn"))
    context = aws_authority.server(names=names)

    def serve(*replies: Reply) -> tuple[ScriptedHttp, dict[str, str]]:
        proxy = ScriptedHttp(*replies, tunnel=context)
        return proxy, {"https_proxy": proxy.url,
                       "AWS_CA_BUNDLE": str(aws_authority.file)}

    return serve


@pytest.mark.parametrize("bucket, region, host, path", [
    ("charts", "eu-central-1", "charts.s3.eu-central-1.amazonaws.com", "/k"),
    ("my.charts", "eu-central-1", "s3.eu-central-1.amazonaws.com",
     "/my.charts/k"),
    ("Old_Charts", "us-east-1", "s3.us-east-1.amazonaws.com", "/Old_Charts/k"),
    ("charts", "cn-north-1", "charts.s3.cn-north-1.amazonaws.com.cn", "/k"),
])
def test_addresses_at_aws(call, aws, bucket, region, host, path):
    proxy, env = aws(Reply(200))
    with proxy:
        [answer] = call(None, GET, bucket=bucket,
                        env={**env, "AWS_REGION": region})
        assert proxy.tunnels == [f"{host}:443"]
        assert proxy.lines == [f"GET {path}"]
        assert proxy.requests[0].header("Host") == host
    assert answer["found"]


def scope_of(request) -> str:
    return request.header("Authorization").split("/")[2]


MOVED = ["x-amz-bucket-region: us-west-2", "Location: https://evil.example/"]


@pytest.mark.parametrize("moved, first", [
    (error(301, "PermanentRedirect", headers=MOVED), GET),
    (error(307, "TemporaryRedirect", headers=MOVED), GET),
    (error(400, "AuthorizationHeaderMalformed", headers=MOVED), GET),
    (error(400, "AuthorizationHeaderMalformed",
           "expecting</Message><Region>us-west-2</Region><Message>"), GET),
    (Reply(301, headers=MOVED), {"do": "stat", "key": "k"}),
    (Reply(400, headers=MOVED), {"do": "stat", "key": "k"}),
    (error(307, "TemporaryRedirect", headers=MOVED), CREATE),
    (error(301, "PermanentRedirect", headers=MOVED),
     {"do": "delete", "key": "k"}),
], ids=["301", "307", "400", "body", "HEAD 301", "HEAD 400", "PUT", "DELETE"])
def test_region_is_learnt(call, aws, moved, first):
    proxy, env = aws(moved, Reply(200), Reply(200))
    with proxy:
        answers = call(None, first, CREATE, env=env)
        assert proxy.tunnels == ["charts.s3.eu-central-1.amazonaws.com:443",
                                 "charts.s3.us-west-2.amazonaws.com:443"]
        assert proxy.lines[0] == proxy.lines[1]
        assert proxy.requests[0].body == proxy.requests[1].body
    assert [scope_of(request) for request in proxy.requests] == [
        "eu-central-1", "us-west-2", "us-west-2"]
    assert "error" not in answers[0] and answers[1]["outcome"] == "written"


def test_region_is_learnt_once(call, aws):
    """Whoever sends us on and on is not followed."""
    to = [error(301, "PermanentRedirect", headers=[f"x-amz-bucket-region: {r}"])
          for r in ("us-west-2", "us-east-1")]
    proxy, env = aws(*to)
    with proxy:
        [answer] = call(None, GET, env=env)
        assert proxy.tunnels == ["charts.s3.eu-central-1.amazonaws.com:443",
                                 "charts.s3.us-west-2.amazonaws.com:443"]
    assert answer["kind"] == "INPUT" and "AWS_REGION" in answer["hint"]


def test_the_region_told_is_ours(call, aws):
    same = error(301, "PermanentRedirect",
                 headers=["x-amz-bucket-region: eu-central-1"])
    proxy, env = aws(same)
    with proxy:
        [answer] = call(None, GET, env=env)
    assert answer["kind"] == "INPUT"


def test_another_store_tells_its_region(call):
    """The signature changes, the host does not."""
    other = error(400, "AuthorizationHeaderMalformed",
                  "expecting 'lab'</Message><Region>lab</Region><Message>")
    with ScriptedHttp(other, Reply(200), Reply(200)) as s:
        answers = call(s, GET, CREATE)
        assert [scope_of(r) for r in s.requests] == ["eu-central-1", "lab",
                                                     "lab"]
    assert answers[0]["found"] and answers[1]["outcome"] == "written"


@pytest.mark.parametrize("env, style, bucket, host, path", [
    ("virtual", None, "charts", "charts.localhost", "/k"),
    ("VIRTUAL", "path", "charts", "charts.localhost", "/k"),
    (None, "virtual", "charts", "charts.localhost", "/k"),
    (None, "auto", "charts", "localhost", "/charts/k"),
    (None, None, "charts", "localhost", "/charts/k"),
    ("path", "virtual", "charts", "localhost", "/charts/k"),
    ("virtual", None, "my.charts", "localhost", "/my.charts/k"),
])
def test_style_of_another_endpoint(call, tmp_path, env, style, bucket, host,
                                   path):
    config = tmp_path / "config"
    config.write_text(
        f"[default]\ns3 =\n  addressing_style = {style or ''}\n")
    with ScriptedHttp(Reply(200)) as s:
        [answer] = call(None, GET, bucket=bucket, env={
            "AWS_ENDPOINT_URL_S3": f"http://localhost:{s.port}",
            "AWS_CONFIG_FILE": str(config),
            "AWS_S3_ADDRESSING_STYLE": env or ""})
        assert s.requests[0].header("Host") == f"{host}:{s.port}"
        assert s.lines == [f"GET {path}"]
    assert answer["found"]


def test_an_address_of_numbers_has_no_names_below(call):
    with ScriptedHttp(Reply(200)) as s:
        call(s, GET, env={"AWS_S3_ADDRESSING_STYLE": "virtual"})
        assert s.lines == ["GET /charts/k"]


def test_path_style_at_aws(call, aws):
    proxy, env = aws(Reply(200))
    with proxy:
        call(None, GET, env={**env, "AWS_S3_ADDRESSING_STYLE": "path"})
        assert proxy.tunnels == ["s3.eu-central-1.amazonaws.com:443"]
        assert proxy.lines == ["GET /charts/k"]


def test_no_such_style(call):
    [answer] = call(None, GET, expect=2,
                    env={"AWS_S3_ADDRESSING_STYLE": "odd"})
    assert answer["kind"] == "INPUT"
    assert "'odd' cannot be S3's addressing style" in answer["error"]
    assert "AWS_S3_ADDRESSING_STYLE" in answer["error"]


def test_region_that_is_no_region(call, aws):
    evil = error(301, "PermanentRedirect",
                 headers=["x-amz-bucket-region: evil.example/"])
    proxy, env = aws(evil)
    with proxy:
        [answer] = call(None, GET, env=env)
    assert answer["kind"] == "INPUT"


def test_endpoint_with_a_path(call):
    with ScriptedHttp(Reply(200)) as s:
        call(None, GET, env={"AWS_ENDPOINT_URL": s.url + "/s3/"})
        assert s.lines == ["GET /s3/charts/k"]


@pytest.mark.parametrize("bucket", ["ab", "a/b", "a..b", ".abc", "a?b", "a b",
                                    "../x", "a\nb", "x" * 256])
def test_not_a_bucket(call, bucket):
    [answer] = call(None, GET, bucket=bucket, expect=2)
    assert answer["kind"] == "INPUT"


@pytest.mark.parametrize("key", ["", "/a", "a/../b", "..", "./a", "x" * 1025])
def test_not_a_key(call, key):
    with ScriptedHttp() as s:
        [answer] = call(s, {"do": "find", "key": key})
    assert answer["kind"] == "INPUT"


@pytest.mark.parametrize("endpoint", ["ftp://x", "x", "http://u:p@x/",
                                      "http://x/?a=b"])
def test_not_an_endpoint(call, endpoint):
    [answer] = call(None, GET, env={"AWS_ENDPOINT_URL": endpoint}, expect=2)
    assert answer["kind"] == "INPUT" and "endpoint" in answer["error"]


def test_no_credentials(call):
    with ScriptedHttp() as s:
        [answer] = call(s, GET, env={"AWS_ACCESS_KEY_ID": "",
                                     "AWS_SECRET_ACCESS_KEY": ""})
    assert answer["kind"] == "USAGE" and "AWS_ACCESS_KEY_ID" in answer["hint"]


# --- answers -----------------------------------------------------------------


def test_absent(call):
    absent = error(404, "NoSuchKey")
    with ScriptedHttp(absent, absent, Reply(404)) as s:
        found, got, stat = call(s, GET, {"do": "get", "key": "k"},
                                {"do": "stat", "key": "k"})
    assert not found["found"] and not stat["found"]
    assert got["kind"] == "NOT_FOUND"
    assert got["error"] == "there is no 's3://charts/k'"


@pytest.mark.parametrize("reply", [
    error(404, "NoSuchBucket"), Reply(404, b"<html>sorry</html>"),
    Reply(404, b"<Error><Code>NoSuchKey</Code>"), Reply(404)])
def test_a_404_that_does_not_say_absent(call, reply):
    with ScriptedHttp(reply) as s:
        [answer] = call(s, GET)
    assert answer["kind"] == "NOT_FOUND"


@pytest.mark.parametrize("do, right", [
    ("find", "s3:GetObject"), ("put", "s3:PutObject"),
    ("delete", "s3:DeleteObject"), ("list", "s3:ListBucket")])
def test_denied(call, do, right):
    with ScriptedHttp(error(403, "AccessDenied", "Access Denied")) as s:
        [answer] = call(s, {"do": do, "key": "k", "body": "b"})
    assert answer["kind"] == "DENIED" and answer["exit"] == 1
    assert "403 (AccessDenied: Access Denied)" in answer["error"]
    assert f"need {right} on 's3://charts/k'" in answer["hint"]


@pytest.mark.parametrize("status, code, kind, hint", [
    (403, "InvalidAccessKeyId", "DENIED",
     "check the access key; the credentials come from the environment"),
    (403, "SignatureDoesNotMatch", "DENIED", "check the secret access"),
    (400, "ExpiredToken", "DENIED", "new temporary"),
    (301, "PermanentRedirect", "INPUT", "AWS_REGION"),
    (404, "NoSuchBucket", "NOT_FOUND", "make the bucket"),
    (501, "NotImplemented", "REMOTE", "lacks"),
])
def test_advice(call, status, code, kind, hint):
    with ScriptedHttp(error(status, code)) as s:
        [answer] = call(s, CREATE)
    assert answer["kind"] == kind and hint in answer["hint"]
    assert answer["exit"] != 75, "it does not pass by itself"


@pytest.mark.parametrize("do", [GET, CREATE, {"do": "list", "key": ""}])
@pytest.mark.parametrize("passing", [
    error(400, "RequestTimeout"), error(403, "RequestThrottled")])
def test_a_refusal_that_passes_by_itself(call, do, passing):
    """S3 says 400 of a body that came too slowly: it has not acted on it."""
    done = page([]) if do["do"] == "list" else Reply(200)
    with ScriptedHttp(passing, done) as s:
        [answer] = call(s, do)
    assert "error" not in answer and not answer.get("unclear")
    patience = error(400, "RequestTimeout", headers=["Retry-After: 400"])
    with ScriptedHttp(patience) as s:
        [answer] = call(s, do)
    assert answer["kind"] == "REMOTE" and answer["exit"] == 75


def test_words_are_escaped(call):
    with ScriptedHttp(error(403, "Bad\x1b[31m", "two\nlines")) as s:
        [answer] = call(s, GET)
    assert "(Bad\\x1b[31m: two\\nlines)" in answer["error"]


@pytest.mark.parametrize("put, reply, outcome", [
    (CREATE, error(412, "PreconditionFailed"), "not met"),
    (CREATE, error(409, "ConditionalRequestConflict"), "raced"),
    (CREATE, error(409, "OperationAborted"), "raced"),
    (CREATE, Reply(304), "not met"),
    (SWAP, error(412, "PreconditionFailed"), "not met"),
    (SWAP, error(409, "ConditionalRequestConflict"), "raced"),
    (SWAP, error(404, "NoSuchKey"), "not met"),
])
def test_outcomes(call, put, reply, outcome):
    with ScriptedHttp(reply) as s:
        [answer] = call(s, put)
    assert answer == {"outcome": outcome, "etag": None, "unclear": False}


@pytest.mark.parametrize("put, reply, kind", [
    (CREATE, error(404, "NoSuchBucket"), "NOT_FOUND"),
    (SWAP, error(404, "NoSuchBucket"), "NOT_FOUND"),
    (CREATE, error(409, "BucketBusy"), "CONFLICT"),
    (CREATE, error(400, "EntityTooLarge"), "REMOTE"),
    (CREATE, Reply(302, headers=["Location: http://127.0.0.1:1/"]), "REMOTE"),
])
def test_what_is_no_outcome(call, put, reply, kind):
    with ScriptedHttp(reply) as s:
        [answer] = call(s, put)
    assert answer["kind"] == kind


@pytest.mark.parametrize("lost", [Reply(cut=0), Reply(reset=20), Reply(500)],
                         ids=["cut", "reset", "500"])
@pytest.mark.parametrize("put", [CREATE, SWAP], ids=["create", "swap"])
def test_lost_answer_is_never_guessed(call, put, lost):
    with ScriptedHttp(lost, error(412, "PreconditionFailed")) as s:
        [answer] = call(s, put)
    assert answer == {"outcome": "not met", "etag": None, "unclear": True}


def test_slow_down_is_obeyed(call):
    with ScriptedHttp(error(503, "SlowDown", headers=["Retry-After: 0"]),
                      Reply(200, headers=['ETag: "x"'])) as s:
        [answer] = call(s, CREATE)
    assert answer["outcome"] == "written"
    assert "server answered 503" in call.log


def test_a_folder_that_was_removed_beneath_a_write_is_made_again(call):
    """VersityGW 1.8.0, when the last other object of a prefix goes."""
    gone = error(409, "ExistingObjectIsDirectory")
    with ScriptedHttp(gone, gone, Reply(200, headers=['ETag: "x"'])) as s:
        [answer] = call(s, CREATE)
        assert s.lines == ["PUT /charts/k"] * 3
    assert answer == {"outcome": "written", "etag": '"x"', "unclear": False}


def test_delete(call):
    with ScriptedHttp(Reply(204), error(404, "NoSuchKey"),
                      error(412, "PreconditionFailed"),
                      error(404, "NoSuchKey")) as s:
        answers = call(s, *[{"do": "delete", "key": "k", "ifMatch": etag}
                            for etag in (None, None, '"e"', '"e"')])
        assert s.lines == ["DELETE /charts/k"] * 4
    assert [a["outcome"] for a in answers] == [
        "written", "written", "not met", "not met"]


def test_object_too_large(call):
    with ScriptedHttp(Reply(200, b"x" * 101)) as s:
        [answer] = call(s, {**GET, "limit": 100})
    assert answer["kind"] == "REMOTE" and "100 bytes" in answer["error"]


# --- what is learnt from answers ---------------------------------------------


def moment(request) -> datetime.datetime:
    return datetime.datetime.strptime(
        request.header("x-amz-date"), "%Y%m%dT%H%M%SZ").replace(
            tzinfo=datetime.timezone.utc)


@pytest.mark.parametrize("hours", [-30, 30])
def test_clock(call, hours):
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(
        hours=hours)
    date = "Date: " + email.utils.format_datetime(then, usegmt=True)
    skewed = error(403, "RequestTimeTooSkewed", headers=[date])
    with ScriptedHttp(skewed, Reply(200), Reply(200)) as s:
        answers = call(s, GET, GET)
        times = [moment(request) for request in s.requests]
    assert all(answer["found"] for answer in answers)
    assert abs((times[0] - then).total_seconds()) > 3600
    assert all(abs((time - then).total_seconds()) < 60 for time in times[1:])


def test_clock_by_head(call):
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(
        hours=2)
    date = "Date: " + email.utils.format_datetime(then, usegmt=True)
    with ScriptedHttp(Reply(403, headers=[date]), Reply(200)) as s:
        [answer] = call(s, {"do": "stat", "key": "k"})
    assert answer["found"]


def test_a_right_clock_is_no_excuse(call):
    date = "Date: " + email.utils.formatdate(usegmt=True)
    with ScriptedHttp(Reply(403, headers=[date])) as s:
        [answer] = call(s, {"do": "stat", "key": "k"})
    assert answer["kind"] == "DENIED"


def test_clock_that_stays_wrong(call):
    skewed = error(403, "RequestTimeTooSkewed",
                   headers=["Date: Sun, 22 Nov 2026 12:00:00 GMT"])
    with ScriptedHttp() as s:
        s.always(skewed)
        [answer] = call(s, GET)
        assert len(s.requests) <= 3
    assert answer["kind"] == "DENIED" and "clock" in answer["hint"]


def test_a_custom_endpoint_changes_no_region(call):
    moved = error(301, "PermanentRedirect",
                  headers=["x-amz-bucket-region: us-west-2"])
    with ScriptedHttp(moved) as s:
        [answer] = call(s, GET)
    assert answer["kind"] == "INPUT" and "AWS_REGION" in answer["hint"]


# --- listings ----------------------------------------------------------------


def page(keys: list[str], token: str = "", encoded: bool = True) -> Reply:
    rows = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2026-11-22T12:00:00.000Z"
        f"</LastModified><ETag>&quot;e{i}&quot;</ETag><Size>{i}</Size>"
        f"<Owner><ID>o</ID></Owner></Contents>" for i, key in enumerate(keys))
    more = (f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}"
            "</NextContinuationToken>" if token
            else "<IsTruncated>false</IsTruncated>")
    how = "<EncodingType>url</EncodingType>" if encoded else ""
    return Reply(200, (
        '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com'
        f'/doc/2006-03-01/"><Name>charts</Name>{rows}{more}{how}'
        "</ListBucketResult>").encode())


def test_list(call):
    with ScriptedHttp(page(["a%2Bb", "c+d", "e%26"], "t/1+="),
                      page(["f"])) as s:
        [answer] = call(s, {"do": "list", "key": "stable/a b"})
        first = "GET /charts/?list-type=2&encoding-type=url&prefix=stable%2Fa%20b"
        assert s.lines == [first, first + "&continuation-token=t%2F1%2B%3D"]
    assert [entry["key"] for entry in answer["entries"]] == [
        "a+b", "c d", "e&", "f"]
    assert answer["entries"][1] == {
        "key": "c d", "etag": '"e1"', "size": 1, "modified": 1795348800}


def test_list_of_a_store_that_does_not_encode(call):
    with ScriptedHttp(page(["a+b%20", "&lt;"], encoded=False)) as s:
        [answer] = call(s, {"do": "list", "key": ""})
    assert [entry["key"] for entry in answer["entries"]] == ["a+b%20", "<"]


def test_empty_list(call):
    with ScriptedHttp(page([])) as s:
        assert call(s, {"do": "list", "key": ""}) == [{"entries": []}]


@pytest.mark.parametrize("body", [
    b"", b"<html></html>", page(["k"]).body[:-10], b"{}",
    page(["k"]).body.replace(b"<Size>0", b"<Size>x"),
    page(["k"]).body.replace(b"12:00:00.000Z", b"noon"),
    page(["k%zz"]).body, page([""]).body,
    page(["k"], "t").body.replace(b"NextC", b"LastC"),
], ids=["nothing", "html", "cut", "json", "size", "time", "escape", "no-key",
        "no-token"])
def test_what_is_no_listing(call, body):
    with ScriptedHttp(Reply(200, body)) as s:
        [answer] = call(s, {"do": "list", "key": ""})
    assert answer["kind"] == "REMOTE" and "no listing" in answer["error"]
