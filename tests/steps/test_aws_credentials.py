"""Where AWS credentials come from: api/aws by way of api/s3, against scripted
servers for STS, a container's endpoint and an instance. Profiles have tests of
their own, and so has renewal."""

from __future__ import annotations

import email.utils
import os
import signal
import time
from pathlib import Path

import pytest

from scripted_aws import (
    GET, aws, as_json, find, form, home, keys, pod, s3, sts, sts_error, who)
from scripted_http import Reply, ScriptedHttp


# --- web identity ------------------------------------------------------------


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


# Longer than anybody waits for a server: it is not asked again.
WAIT_LONG = ["Retry-After: 400"]

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
    (sts_error(400, "IDPCommunicationError", headers=WAIT_LONG), "REMOTE", 75,
     "IDPCommunicationError", "trust policy"),
    (Reply(200, b"<html>"), "REMOTE", 1, "no access key", None),
    (Reply(200, b'{"AccessKeyId": "s3cr3t-of-"}'), "REMOTE", 1,
     "no access key", None),
    (Reply(302, headers=["Location: http://127.0.0.1:1/"]), "REMOTE", 1,
     "server answered 302", "give the address of that server"),
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


@pytest.mark.parametrize("reply", [
    Reply(503), sts_error(400, "IDPCommunicationError"),
    sts_error(400, "Throttling")], ids=["busy", "issuer", "too-many"])
def test_sts_is_asked_again(find, pod, reply):
    with ScriptedHttp(reply, sts("WEB")) as server:
        assert find(env={**pod, "AWS_ENDPOINT_URL_STS": server.url})["found"]


def test_no_token_in_the_file(find, pod):
    Path(pod["AWS_WEB_IDENTITY_TOKEN_FILE"]).write_text("\n")
    answer = find(env=pod)
    assert answer["kind"] == "INPUT" and "no token in" in answer["error"]


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


@pytest.mark.parametrize("lost", [Reply(cut=0), Reply(stall=0)])
def test_an_instance_that_has_answered_is_there(find, s3, on_ec2, lost):
    """Its keys have expired meanwhile: that it is silent now may pass."""
    date = email.utils.formatdate(time.time() + 7200, usegmt=True)
    imds, env = on_ec2(SESSION_TOKEN, ROLE_LIST,
                       as_json({"Code": "Success", **keys("EC2")}), lost)
    s3.reply(Reply(403, b"<Error><Code>RequestTimeTooSkewed</Code></Error>",
                   ["Date: " + date]))
    with imds:
        answer = find(env=env)
    assert answer["exit"] == 75
    assert answer["error"].startswith(
        "cannot take AWS credentials from the instance: ")


def test_no_time_is_left_to_ask_the_instance(find, on_ec2):
    imds, env = on_ec2(Reply(stall=0))
    with imds:
        answer = find(env=env, timeout=300)
    assert (answer["kind"], answer["exit"]) == ("TIMEOUT", 75)


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
