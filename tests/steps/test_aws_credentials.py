"""Where AWS credentials come from: api/aws by way of api/s3, against scripted
servers for STS, the SSO portal, a container's endpoint and an instance."""

from __future__ import annotations

import datetime
import email.utils
import hashlib
import json
import os
import signal
import time
from pathlib import Path
from urllib.parse import parse_qs

import pytest

import wait
from charts import make_repository
from scripted_http import Reply, Request, ScriptedHttp

GET = {"do": "find", "key": "k"}
SECRETS = ["s3cr3t-of-", "t0ken-of-", "bearer-of-"]


def in_seconds(seconds: float) -> str:
    now = datetime.datetime.now(datetime.timezone.utc)
    then = now + datetime.timedelta(seconds=seconds)
    return then.strftime("%Y-%m-%dT%H:%M:%SZ")


def keys(name: str, token: str = "Token", seconds: float = 3600) -> dict:
    return {"AccessKeyId": name, "SecretAccessKey": "s3cr3t-of-" + name,
            token: "t0ken-of-" + name, "Expiration": in_seconds(seconds)}


def as_json(document: dict, status: int = 200) -> Reply:
    return Reply(status, json.dumps(document).encode(),
                 ["Content-Type: application/json"])


def sts(name: str, action: str = "AssumeRole", seconds: float = 3600) -> Reply:
    fields = "".join(
        f"<{field}>{value}</{field}>"
        for field, value in keys(name, "SessionToken", seconds).items())
    return Reply(200, (
        f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<{action}Result><Credentials>{fields}</Credentials></{action}Result>"
        f"</{action}Response>").encode())


def sts_error(status: int, code: str, message: str = "no") -> Reply:
    return Reply(status, (
        "<ErrorResponse><Error><Type>Sender</Type>"
        f"<Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>1</RequestId></ErrorResponse>").encode())


def form(request: Request) -> dict[str, str]:
    return {name: value for name, [value] in parse_qs(
        request.body.decode(), strict_parsing=True).items()}


def who(request: Request) -> str | None:
    """The access key that has signed it."""
    signature = request.header("Authorization")
    return signature and signature.split("Credential=")[1].split("/")[0]


@pytest.fixture
def home(runner) -> Path:
    folder = Path(runner.env()["HOME"])
    (folder / ".aws").mkdir()
    return folder


@pytest.fixture
def s3():
    """The store, which answers whatever comes."""
    with ScriptedHttp() as server:
        server.always(Reply(200))
        yield server


@pytest.fixture
def find(drive, s3):
    """find(): one answer of the store's, or the failure; find.log."""

    def run(*calls: dict, env=None, expect=0, **script) -> dict:
        answers = drive("s3", {"bucket": "charts", "calls": calls or [GET],
                               **script},
                        env={"AWS_ENDPOINT_URL_S3": s3.url,
                             "AWS_REGION": "eu-central-1", **(env or {})},
                        expect=expect)
        run.log = drive.log
        shown = drive.log + str(answers)
        assert not [secret for secret in SECRETS if secret in shown]
        return answers[-1]

    return run


# --- web identity ------------------------------------------------------------


@pytest.fixture
def pod(tmp_path: Path) -> dict[str, str]:
    token = tmp_path / "token"
    token.write_text("bearer-of-pod.e30=\n")
    return {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/publisher"}


def test_web_identity(find, s3, pod):
    with ScriptedHttp(sts("WEB", "AssumeRoleWithWebIdentity")) as server:
        answer = find(env={**pod, "AWS_ENDPOINT_URL_STS": server.url,
                           "AWS_ROLE_SESSION_NAME": "build-7"})
        [request] = server.requests
    assert answer["found"]
    assert request.line == "POST /"
    assert request.header("Content-Type") == (
        "application/x-www-form-urlencoded; charset=utf-8")
    assert request.header("Authorization") is None
    assert form(request) == {
        "Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15",
        "RoleArn": "arn:aws:iam::123456789012:role/publisher",
        "RoleSessionName": "build-7", "WebIdentityToken": "bearer-of-pod.e30="}
    assert who(s3.requests[0]) == "WEB"
    assert s3.requests[0].header("x-amz-security-token") == "t0ken-of-WEB"


def test_the_name_of_a_session_is_ours(find, pod):
    with ScriptedHttp(sts("WEB")) as server:
        find(env={**pod, "AWS_ENDPOINT_URL_STS": server.url})
        name = form(server.requests[0])["RoleSessionName"]
    assert name.startswith("slipway-") and name[8:].isdigit()


def test_sts_is_that_of_the_region(find, pod, aws):
    proxy, env = aws("sts.eu-central-1.amazonaws.com", sts("WEB"))
    with proxy:
        assert find(env={**pod, **env})["found"]
        assert proxy.tunnels == ["sts.eu-central-1.amazonaws.com:443"]


@pytest.fixture
def aws(aws_authority):
    """A proxy that plays the one host of AWS: aws(name, reply, ...)."""

    def serve(name: str, *replies: Reply) -> tuple[ScriptedHttp, dict]:
        proxy = ScriptedHttp(
            *replies, tunnel=aws_authority.server(names=f"DNS:{name}"))
        return proxy, {"https_proxy": proxy.url,
                       "AWS_CA_BUNDLE": str(aws_authority.file)}

    return serve


EC2_STYLE = Reply(403, b"<Response><Errors><Error><Code>AccessDenied</Code>"
                  b"<Message>no</Message></Error></Errors></Response>")


@pytest.mark.parametrize("reply, kind, code, text, hint", [
    (EC2_STYLE, "DENIED", 1, "answered 403 (AccessDenied: no)", "trust policy"),
    (sts_error(403, "InvalidClientTokenId"), "DENIED", 1,
     "InvalidClientTokenId", "check the keys"),
    (sts_error(403, "AccessDenied", "Not authorized"), "DENIED", 1,
     "server answered 403 (AccessDenied: Not authorized)", "trust policy"),
    (sts_error(400, "ExpiredTokenException", "Token expired"), "REMOTE", 1,
     "ExpiredTokenException: Token expired", "is to be renewed"),
    (sts_error(400, "IDPCommunicationError"), "REMOTE", 75,
     "IDPCommunicationError", "trust policy"),
    (Reply(200, b"<html>"), "REMOTE", 1, "no access key", None),
    (Reply(200, b'{"AccessKeyId": "s3cr3t-of-"}'), "REMOTE", 1,
     "no access key", None),
    (Reply(302, headers=["Location: http://127.0.0.1:1/"]), "REMOTE", 1,
     "server answered 302", "trust policy"),
], ids=["ec2", "keys", "denied", "expired", "issuer", "html", "json", "redirect"])
def test_sts_refuses(find, s3, pod, reply, kind, code, text, hint):
    with ScriptedHttp(reply) as server:
        answer = find(env={**pod, "AWS_ENDPOINT_URL_STS": server.url})
    assert (answer["kind"], answer["exit"]) == (kind, code)
    assert answer["error"].startswith(
        "cannot take AWS credentials from the web identity: cannot assume "
        "role 'arn:aws:iam::123456789012:role/publisher': ")
    assert text in answer["error"]
    assert hint is None or hint in answer["hint"]
    assert not s3.requests


def test_sts_is_asked_again(find, pod):
    with ScriptedHttp(Reply(503, headers=["Retry-After: 0"]),
                      sts("WEB")) as server:
        assert find(env={**pod, "AWS_ENDPOINT_URL_STS": server.url})["found"]


def test_no_token_in_the_file(find, pod):
    Path(pod["AWS_WEB_IDENTITY_TOKEN_FILE"]).write_text("\n")
    answer = find(env=pod)
    assert answer["kind"] == "INPUT" and "no token in" in answer["error"]


# --- profiles ----------------------------------------------------------------


def test_keys_of_a_profile(find, s3, home):
    (home / ".aws/credentials").write_text(
        "[default]\naws_access_key_id = FILE\n"
        "aws_secret_access_key = s3cr3t-of-file\n")
    assert find()["found"]
    assert who(s3.requests[0]) == "FILE"
    assert s3.requests[0].header("x-amz-security-token") is None


def test_region_and_endpoint_of_a_profile(find, s3, home):
    (home / ".aws/config").write_text(
        "[profile ci]\nregion = sa-east-1\naws_access_key_id = FILE\n"
        "aws_secret_access_key = s3cr3t-of-file\n"
        f"services = lab\n[services lab]\ns3 =\n  endpoint_url = {s3.url}\n")
    assert find(env={"AWS_PROFILE": "ci", "AWS_REGION": "",
                     "AWS_ENDPOINT_URL_S3": ""})["found"]
    assert "/sa-east-1/s3/" in s3.requests[0].header("Authorization")


ROLES = """
[default]
role_arn = arn:aws:iam::1:role/last
source_profile = middle
external_id = what=ever&more
duration_seconds = 900
role_session_name = me
[profile middle]
role_arn = arn:aws:iam::1:role/first
source_profile = keys
[profile keys]
aws_access_key_id = ROOT
aws_secret_access_key = s3cr3t-of-root
"""


def test_a_role_by_a_role_by_keys(find, s3, home):
    (home / ".aws/config").write_text(ROLES)
    with ScriptedHttp(sts("FIRST"), sts("LAST")) as server:
        assert find(env={"AWS_ENDPOINT_URL_STS": server.url})["found"]
        first, last = server.requests
    assert (who(first), who(last), who(s3.requests[0])) == (
        "ROOT", "FIRST", "LAST")
    assert "/eu-central-1/sts/aws4_request" in first.header("Authorization")
    assert first.header("x-amz-security-token") is None
    assert last.header("x-amz-security-token") == "t0ken-of-FIRST"
    assert form(first)["RoleArn"] == "arn:aws:iam::1:role/first"
    assert form(last) == {
        "Action": "AssumeRole", "Version": "2011-06-15",
        "RoleArn": "arn:aws:iam::1:role/last", "RoleSessionName": "me",
        "ExternalId": "what=ever&more", "DurationSeconds": "900"}


def test_a_role_that_is_refused(find, home):
    (home / ".aws/config").write_text(ROLES)
    with ScriptedHttp(sts_error(403, "AccessDenied")) as server:
        answer = find(env={"AWS_ENDPOINT_URL_STS": server.url})
    assert answer["error"].startswith(
        "cannot take AWS credentials from the profile: 'default': 'middle': "
        "cannot assume role 'arn:aws:iam::1:role/first': POST ")
    assert "sts:AssumeRole on 'arn:aws:iam::1:role/first'" in answer["hint"]


def test_a_role_by_the_container(find, s3, home):
    (home / ".aws/config").write_text(
        "[default]\nrole_arn = arn:r\ncredential_source = EcsContainer\n")
    with ScriptedHttp(as_json(keys("TASK")), sts("ROLE")) as server:
        assert find(env={
            "AWS_ENDPOINT_URL_STS": server.url,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url + "/c"})["found"]
        assert server.lines == ["GET /c", "POST /"]
        assert who(server.requests[1]) == "TASK"
    assert who(s3.requests[0]) == "ROLE"


def test_a_role_by_a_web_identity_of_the_profile(find, s3, home, pod):
    (home / ".aws/config").write_text(
        "[default]\nrole_arn = arn:r\nweb_identity_token_file = "
        f"{pod['AWS_WEB_IDENTITY_TOKEN_FILE']}\n")
    with ScriptedHttp(sts("WEB", "AssumeRoleWithWebIdentity")) as server:
        assert find(env={"AWS_ENDPOINT_URL_STS": server.url})["found"]
        assert form(server.requests[0])["WebIdentityToken"] == (
            "bearer-of-pod.e30=")
    assert who(s3.requests[0]) == "WEB"


def test_the_clock_of_sts_is_learnt(find, s3, home):
    (home / ".aws/config").write_text(ROLES)
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(
        hours=2)
    skewed = sts_error(403, "SignatureDoesNotMatch", "Signature expired")
    skewed.headers = ["Date: " + email.utils.format_datetime(then, True)]
    with ScriptedHttp(skewed, sts("FIRST"), sts("LAST")) as server:
        assert find(env={"AWS_ENDPOINT_URL_STS": server.url})["found"]


# --- credential_process ------------------------------------------------------


@pytest.fixture
def program(home, tmp_path):
    """program(script, arguments): it is the default profile's."""

    def install(script: str, arguments: str = "") -> Path:
        path = tmp_path / "get keys"
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
        (home / ".aws/config").write_text(
            f'[default]\ncredential_process = "{path}" {arguments}\n')
        return path

    return install


def printed(document: dict) -> str:
    return f"cat <<'EOF'\n{json.dumps(document)}\nEOF\n"


def test_a_program(find, s3, program, tmp_path):
    program(f'printf "%s\\n" "$@" >{tmp_path}/args\n'
            + printed({"Version": 1, **keys("PROC", "SessionToken")}),
            "a 'b  c' \"$HOME\"; touch x | `y` && # a comment")
    assert find()["found"]
    assert (tmp_path / "args").read_text().splitlines() == [
        "a", "b  c", "$HOME;", "touch", "x", "|", "`y`", "&&"]
    assert who(s3.requests[0]) == "PROC"
    assert s3.requests[0].header("x-amz-security-token") == "t0ken-of-PROC"


@pytest.mark.parametrize("script, kind, text", [
    ("echo one >&2; echo 'log in \x1b first' >&2; exit 3", "CHILD",
     "exit code 3: log in \\x1b first"),
    ("exit 1", "CHILD", "exit code 1"),
    ("kill -9 $$", "CHILD", "signal 9 ended it"),
    ("echo s3cr3t-of-all", "REMOTE", "the answer is no JSON"),
    (printed(keys("PROC")), "REMOTE", 'not of "Version": 1'),
    (printed({"Version": 2, **keys("PROC")}), "REMOTE",
     'not of "Version": 1'),
    (printed({"Version": 1, "AccessKeyId": "A"}), "REMOTE",
     "no secret access key"),
    ("head -c 2000000 /dev/zero", "REMOTE", "no JSON"),
], ids=["told", "failed", "killed", "text", "no version", "version",
        "no secret", "endless"])
def test_a_program_that_fails(find, s3, program, script, kind, text):
    path = program(script, "--password s3cr3t-of-all")
    answer = find()
    assert answer["kind"] == kind
    assert answer["error"].startswith(
        "cannot take AWS credentials from the profile: 'default': "
        f"credential_process '{path}': ")
    assert text in answer["error"]
    assert not s3.requests


def test_a_program_that_hangs(find, s3, program):
    program("sleep 60")
    start = time.monotonic()
    answer = find(timeout=1000)
    assert time.monotonic() - start < 10
    assert answer["kind"] == "TIMEOUT" and answer["exit"] == 75
    assert "credential_process" in answer["error"]


def test_a_program_is_interrupted(drive, s3, program, tmp_path):
    program(f"touch {tmp_path}/began; exec sleep 60")
    running = drive.start("s3", {"bucket": "charts", "calls": [GET]},
                          env={"AWS_ENDPOINT_URL_S3": s3.url})
    wait.until((tmp_path / "began").exists, "the program runs")
    os.kill(running.pid, signal.SIGTERM)
    result = running.wait(expect=None, timeout=10)
    assert '"kind":"INTERRUPTED"' in result.out
    assert '"exit":143' in result.out
    assert not s3.requests


def test_sts_is_interrupted(drive, s3, pod):
    with ScriptedHttp(Reply(stall=0)) as server:
        running = drive.start("s3", {"bucket": "charts", "calls": [GET, GET]},
                              env={"AWS_ENDPOINT_URL_S3": s3.url, **pod,
                                   "AWS_ENDPOINT_URL_STS": server.url})
        server.wait_for(1)
        os.kill(running.pid, signal.SIGINT)
        result = running.wait(expect=None, timeout=10)
    assert result.out.count('"kind":"INTERRUPTED"') == 2
    assert not s3.requests


def test_a_program_that_is_not_there(find, home):
    (home / ".aws/config").write_text(
        "[default]\ncredential_process = no-such-program x\n")
    answer = find()
    assert answer["kind"] == "NOT_FOUND"
    assert "no-such-program" in answer["error"]


# --- SSO ---------------------------------------------------------------------


SESSION = """
[default]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Build er
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.awsapps.com/start
"""
OLD_FORM = """
[default]
sso_region = eu-west-1
sso_start_url = https://corp.awsapps.com/start
sso_account_id = 123456789012
sso_role_name = Build er
"""


def log_in(home: Path, name: str, seconds: float = 3600,
           expiry: str | None = None) -> Path:
    folder = home / ".aws/sso/cache"
    folder.mkdir(parents=True)
    path = folder / (hashlib.sha1(name.encode()).hexdigest() + ".json")
    path.write_text(json.dumps({
        "startUrl": "https://corp.awsapps.com/start", "region": "eu-west-1",
        "accessToken": "bearer-of-me",
        "expiresAt": expiry or in_seconds(seconds)}))
    return path


def role(name: str, seconds: float = 3600) -> Reply:
    return as_json({"roleCredentials": {
        "accessKeyId": name, "secretAccessKey": "s3cr3t-of-" + name,
        "sessionToken": "t0ken-of-" + name,
        "expiration": int((time.time() + seconds) * 1000)}})


@pytest.mark.parametrize("config, name, expiry", [
    (SESSION, "corp", None),
    (OLD_FORM, "https://corp.awsapps.com/start", None),
    (OLD_FORM, "https://corp.awsapps.com/start", "2099-06-17T10:02:08UTC"),
], ids=["session", "old", "older"])
def test_sso(find, s3, home, config, name, expiry):
    (home / ".aws/config").write_text(config)
    log_in(home, name, expiry=expiry)
    with ScriptedHttp(role("SSO")) as portal:
        assert find(env={"AWS_ENDPOINT_URL_SSO": portal.url})["found"]
        [request] = portal.requests
    assert request.line == ("GET /federation/credentials?role_name=Build%20er"
                            "&account_id=123456789012")
    assert request.header("x-amz-sso_bearer_token") == "bearer-of-me"
    assert request.header("Authorization") is None
    assert who(s3.requests[0]) == "SSO"
    assert s3.requests[0].header("x-amz-security-token") == "t0ken-of-SSO"


def test_the_portal_is_that_of_the_session(find, home, aws):
    (home / ".aws/config").write_text(SESSION)
    log_in(home, "corp")
    proxy, env = aws("portal.sso.eu-west-1.amazonaws.com", role("SSO"))
    with proxy:
        assert find(env=env)["found"]
        assert proxy.tunnels == ["portal.sso.eu-west-1.amazonaws.com:443"]


def test_nobody_is_logged_in(find, home):
    (home / ".aws/config").write_text(SESSION)
    answer = find()
    assert answer["kind"] == "DENIED"
    assert "nobody is logged in: there is no" in answer["error"]
    assert "aws sso login --profile default" in answer["hint"]


def test_a_log_in_that_has_expired(find, home):
    (home / ".aws/config").write_text(SESSION)
    path = log_in(home, "corp", seconds=-5)
    answer = find()
    assert answer["kind"] == "DENIED"
    assert "the log-in has expired" in answer["error"]
    assert str(path) in answer["error"]


@pytest.mark.parametrize("text", ["bearer-of-me", "{}", "[]", "{\"accessToken\":"
                                  " \"bearer-of-me\", \"expiresAt\": 7}"])
def test_a_log_in_that_is_none(find, home, text):
    (home / ".aws/config").write_text(SESSION)
    log_in(home, "corp").write_text(text)
    answer = find()
    assert answer["kind"] == "INPUT" and ".aws/sso/cache" in answer["error"]


@pytest.mark.parametrize("status, hint", [
    (401, "log in again with 'aws sso login"), (403, "must be assigned")])
def test_the_portal_refuses(find, home, status, hint):
    (home / ".aws/config").write_text(SESSION)
    log_in(home, "corp")
    with ScriptedHttp(as_json({"message": "not you"}, status)) as portal:
        answer = find(env={"AWS_ENDPOINT_URL_SSO": portal.url})
    assert answer["kind"] == "DENIED" and "(not you)" in answer["error"]
    assert hint in answer["hint"]


# --- the container -----------------------------------------------------------


def test_container(find, s3, tmp_path):
    token = tmp_path / "token"
    token.write_text("bearer-of-pod\n")
    with ScriptedHttp(as_json(keys("POD"))) as agent, ScriptedHttp() as proxy:
        assert find(env={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url + "/v1/c?a=b",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token),
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "another",
            "http_proxy": proxy.url})["found"]
        [request] = agent.requests
    assert request.line == "GET /v1/c?a=b"
    assert request.header("Authorization") == "bearer-of-pod"
    assert request.header("Accept") == "application/json"
    assert who(s3.requests[0]) == "POD"


@pytest.mark.parametrize("token", [None, "bearer-of-task"])
def test_container_with_its_token_in_the_environment(find, token):
    with ScriptedHttp(as_json(keys("POD"))) as agent:
        assert find(env={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url + "/c",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": token or ""})["found"]
        assert agent.requests[0].header("Authorization") == token


@pytest.mark.parametrize("token", ["bearer-of-x\r\nX-Evil: 1", "bearer-of-x\ny"])
def test_a_token_with_line_breaks_is_not_sent(find, token):
    with ScriptedHttp() as agent:
        answer = find(env={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": token})
    assert answer["kind"] == "INPUT"


@pytest.mark.parametrize("reply, text", [
    (as_json({"code": "x", "message": "no such role"}, 404), "no such role"),
    (Reply(302, headers=["Location: http://127.0.0.1:1/"]), "answered 302"),
    (Reply(200, b"s3cr3t-of-nobody"), "the answer is no JSON"),
    (as_json({}), "no access key"),
], ids=["404", "redirect", "text", "empty"])
def test_container_refuses(find, s3, reply, text):
    with ScriptedHttp(reply) as agent:
        answer = find(env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url})
    assert answer["error"].startswith(
        "cannot take AWS credentials from the container: GET http://127.0.0.1")
    assert text in answer["error"]
    assert not s3.requests


# --- the instance ------------------------------------------------------------


ROLE_LIST = Reply(200, b"build-role\n")
SESSION_TOKEN = Reply(200, b"bearer-of-imds")


@pytest.fixture
def on_ec2():
    """on_ec2(reply, ...): the metadata service and how to be sent there."""

    def serve(*replies: Reply) -> tuple[ScriptedHttp, dict[str, str]]:
        server = ScriptedHttp(*replies)
        return server, {"AWS_EC2_METADATA_DISABLED": "",
                        "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url}

    return serve


def test_instance(find, s3, on_ec2):
    imds, env = on_ec2(SESSION_TOKEN, ROLE_LIST,
                       as_json({"Code": "Success", **keys("EC2")}))
    with imds, ScriptedHttp() as proxy:
        assert find(env={**env, "http_proxy": proxy.url})["found"]
        assert imds.lines == [
            "PUT /latest/api/token",
            "GET /latest/meta-data/iam/security-credentials/",
            "GET /latest/meta-data/iam/security-credentials/build-role"]
        token, *rest = imds.requests
    assert token.header("x-aws-ec2-metadata-token-ttl-seconds") == "300"
    assert token.body == b""
    assert all(request.header("x-aws-ec2-metadata-token") == "bearer-of-imds"
               for request in rest)
    assert who(s3.requests[0]) == "EC2"


@pytest.mark.parametrize("told, region", [
    (Reply(200, b"ap-south-1"), "ap-south-1"), (Reply(404), "us-east-1"),
    (Reply(200, b"../evil"), "us-east-1"), (Reply(cut=0), "us-east-1")],
    ids=["told", "404", "evil", "lost"])
def test_the_region_is_the_instances(find, s3, on_ec2, told, region):
    imds, env = on_ec2(SESSION_TOKEN, ROLE_LIST, as_json(keys("EC2")))
    with imds:
        imds.always(told)
        assert find(GET, GET, env={**env, "AWS_REGION": ""}, timeout=2500
                    )["found"]
        assert imds.lines[3:4] == ["GET /latest/meta-data/placement/region"]
    assert {request.header("Authorization").split("/")[2]
            for request in s3.requests} == {region}


def test_the_buckets_address_has_the_instances_region(find, on_ec2, aws):
    imds, env = on_ec2(SESSION_TOKEN, ROLE_LIST, as_json(keys("EC2")),
                       Reply(200, b"ap-south-1"))
    proxy, trust = aws("charts.s3.ap-south-1.amazonaws.com", Reply(200))
    with imds, proxy:
        assert find(env={**env, **trust, "AWS_REGION": "",
                         "AWS_ENDPOINT_URL_S3": ""})["found"]
        assert proxy.tunnels == ["charts.s3.ap-south-1.amazonaws.com:443"]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 500])
def test_there_is_no_version_1(find, s3, on_ec2, status):
    imds, env = on_ec2(Reply(status))
    with imds:
        answer = find(env=env)
        assert imds.lines == ["PUT /latest/api/token"]
    assert f"server answered {status}" in answer["error"]
    assert "from the instance" in answer["error"]
    assert "version 2" in answer["hint"]
    assert not s3.requests


@pytest.mark.parametrize("replies, kind, text", [
    ([Reply(404)], "NOT_FOUND", "names no role"),
    ([Reply(200, b"\n")], "NOT_FOUND", "names no role"),
    ([ROLE_LIST, as_json({"Code": "AssumeRoleUnauthorizedAccess",
                          "Message": "EC2 cannot assume"})], "REMOTE",
     "AssumeRoleUnauthorizedAccess: EC2 cannot assume"),
    ([ROLE_LIST, Reply(404)], "NOT_FOUND", "server answered 404"),
    ([ROLE_LIST, Reply(200, b"s3cr3t-of-x")], "REMOTE", "no JSON"),
], ids=["no role", "empty", "code", "404", "text"])
def test_instance_refuses(find, s3, on_ec2, replies, kind, text):
    imds, env = on_ec2(SESSION_TOKEN, *replies)
    with imds:
        answer = find(env=env)
    assert answer["kind"] == kind and text in answer["error"]
    assert answer["error"].startswith(
        "cannot take AWS credentials from the instance: ")
    assert not s3.requests


def test_no_instance_is_soon_known(find, on_ec2):
    """Nobody answers, as everywhere but on EC2: one second, one try."""
    imds, env = on_ec2(Reply(stall=0))
    with imds:
        start = time.monotonic()
        answer = find(env=env)
        seconds = time.monotonic() - start
        assert len(imds.requests) == 1
    assert seconds < 3
    assert answer["kind"] == "USAGE" and answer["exit"] == 2
    assert answer["error"].startswith("there are no AWS credentials: ")
    assert "/latest/api/token" in answer["error"]
    assert "AWS_ACCESS_KEY_ID" in answer["hint"]


def test_nobody_listens(find):
    with ScriptedHttp() as gone:
        url = gone.url
    answer = find(env={"AWS_EC2_METADATA_DISABLED": "false",
                       "AWS_EC2_METADATA_SERVICE_ENDPOINT": url})
    assert answer["kind"] == "USAGE"


def test_the_instance_may_not_be_asked(find, on_ec2):
    imds, env = on_ec2()
    with imds:
        answer = find(env={**env, "AWS_EC2_METADATA_DISABLED": "TRUE"})
    assert "the instance may not be asked" in answer["error"]


# --- in time -----------------------------------------------------------------


def test_renewed_when_they_expire(find, s3, home, program, tmp_path):
    """A long run: the second request comes after the first keys' end."""
    program(f"echo x >>{tmp_path}/runs\n"
            f"n=$(wc -l <{tmp_path}/runs)\n"
            'printf \'{"Version": 1, "AccessKeyId": "K%s", "SecretAccessKey":'
            ' "s3cr3t-of-all", "Expiration": "%s"}\' "$n" '
            '"$(date -u -d "+$((n * n * n * 2)) sec" +%FT%TZ)"\n')
    s3.reply(Reply(200, delay=2.5))
    assert find(GET, GET, GET)["found"]
    assert [who(request) for request in s3.requests] == ["K1", "K2", "K2"]


def later(seconds: float) -> Reply:
    """S3 says that it is later than we think, and so makes it so."""
    date = email.utils.formatdate(time.time() + seconds, usegmt=True)
    return Reply(403, b"<Error><Code>RequestTimeTooSkewed</Code></Error>",
                 ["Date: " + date])


def test_renewed_before_they_expire(find, s3):
    with ScriptedHttp(as_json(keys("OLD", seconds=600)),
                      as_json(keys("NEW"))) as agent:
        s3.reply(later(350))
        assert find(GET, GET, env={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url})["found"]
    assert [who(request) for request in s3.requests] == ["OLD", "NEW", "NEW"]


def test_what_cannot_be_renewed_serves_to_its_end(find, s3):
    with ScriptedHttp(as_json(keys("OLD", seconds=600)),
                      Reply(400, b"busy")) as agent:
        s3.reply(later(350))
        assert find(GET, GET, GET, env={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url})["found"]
        assert len(agent.requests) == 2     # and not once for each request
    assert {who(request) for request in s3.requests} == {"OLD"}


def test_what_cannot_be_renewed_and_has_expired(find, s3):
    with ScriptedHttp(as_json(keys("OLD", seconds=600)),
                      Reply(400, b"busy")) as agent:
        s3.reply(later(700))
        answer = find(env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url})
    assert answer["kind"] == "REMOTE" and "(busy)" in answer["error"]
    assert len(s3.requests) == 1


EXPIRED = Reply(400, b"<Error><Code>ExpiredToken</Code></Error>")


def test_s3_says_that_they_have_expired(find, s3):
    with ScriptedHttp(as_json(keys("OLD")), as_json(keys("NEW"))) as agent:
        s3.reply(EXPIRED)
        assert find(GET, GET, env={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url})["found"]
    assert [who(request) for request in s3.requests] == ["OLD", "NEW", "NEW"]


def test_s3_says_so_for_ever(find, s3):
    with ScriptedHttp() as agent:
        agent.always(as_json(keys("OLD")))
        s3.always(EXPIRED)
        answer = find(env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url})
    assert answer["kind"] == "DENIED" and len(s3.requests) == 3


def test_keys_that_nobody_can_renew(find, s3):
    s3.always(EXPIRED)
    answer = find(env={"AWS_ACCESS_KEY_ID": "ENV",
                       "AWS_SECRET_ACCESS_KEY": "s3cr3t-of-env"})
    assert answer["kind"] == "DENIED" and len(s3.requests) == 1


def test_many_requests_at_once_renew_once(run_step, tmp_path):
    """The charts of a render are fetched in parallel; by then the keys with
    which the index was read have expired."""
    names = [f"app{i}" for i in range(12)]
    repository = make_repository(tmp_path / "charts",
                                 {name: ["1.0.0"] for name in names})
    umbrella = tmp_path / "umbrella"
    umbrella.mkdir()
    (umbrella / "Chart.yaml").write_text(
        "apiVersion: v2\nname: all\nversion: 1.0.0\ndependencies:\n"
        + "".join(f"- name: {name}\n  version: 1.0.0\n  repository: "
                  "s3://charts/stable\n" for name in names))

    def serve(request: Request) -> Reply:
        name = request.path.removeprefix("/charts/stable/")
        if name != "index.yaml" and who(request) == "OLD":
            return EXPIRED
        return Reply(200, (repository / name).read_bytes())

    with ScriptedHttp() as store, ScriptedHttp(
            as_json(keys("OLD")), as_json(keys("NEW"))) as agent:
        store.always(serve)
        run_step("umbrella-render", umbrella, "--output-dir", tmp_path / "out",
                 "--repository-name", "all", "--branch", "b",
                 env={"AWS_ENDPOINT_URL_S3": store.url,
                      "AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url})
        asked = [who(request) for request in store.requests]
        assert len(agent.requests) == 2
    assert asked.count("NEW") == len(names) and asked.count("OLD") > 2
    assert {path.name for path in (tmp_path / "out/charts").iterdir()} >= {
        f"{name}-1.0.0.tgz" for name in names}


# --- the first that is configured --------------------------------------------


def test_a_broken_provider_is_not_passed_over(find, s3, home, pod):
    (home / ".aws/credentials").write_text(
        "[default]\naws_access_key_id = FILE\n"
        "aws_secret_access_key = s3cr3t-of-file\n")
    with ScriptedHttp(sts_error(403, "AccessDenied")) as server:
        answer = find(env={**pod, "AWS_ENDPOINT_URL_STS": server.url})
    assert answer["kind"] == "DENIED" and not s3.requests


def test_a_file_that_is_not_of_the_form(find, home):
    path = home / ".aws/credentials"
    path.write_text("[default]\naws_secret_access_key s3cr3t-of-file\n")
    answer = find(expect=2)
    assert answer["kind"] == "INPUT"
    assert "cannot read AWS settings" in answer["error"]


def test_without_a_home(find):
    answer = find(env={"HOME": ""})
    assert "of any file (HOME is not set)" in answer["error"]
