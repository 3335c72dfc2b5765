"""AWS credentials that a profile tells of: keys, roles, programs, SSO."""

from __future__ import annotations

import datetime
import email.utils
import hashlib
import json
import os
import signal
import time
from pathlib import Path

import pytest

import wait
from scripted_aws import (
    GET, aws, as_json, find, form, home, in_seconds, keys, pod, program, s3,
    sts, sts_error, who)
from scripted_http import Reply, ScriptedHttp


# --- profiles ----------------------------------------------------------------


def test_keys_of_a_profile(find, s3, home):
    (home / ".aws/credentials").write_text(
        "[default]\naws_access_key_id = FILE\n"
        "aws_secret_access_key = s3cr3t-of-file\n")
    assert find()["found"]
    assert who(s3.requests[0]) == "FILE"
    assert s3.requests[0].header("x-amz-security-token") is None


def test_who_it_was_that_may_not(find, s3, home):
    (home / ".aws/credentials").write_text(
        "[ci]\naws_access_key_id = FILE\n"
        "aws_secret_access_key = s3cr3t-of-file\n")
    s3.always(Reply(403, b"<Error><Code>AccessDenied</Code></Error>"))
    answer = find(env={"AWS_PROFILE": "ci"})
    assert answer["hint"].startswith(
        "the credentials, which come from the profile 'ci', need s3:GetObject")


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


def test_the_keys_of_one_file_go_together(find, s3, home):
    """As a session's token that is left in the other belongs to other keys."""
    (home / ".aws/config").write_text(
        "[default]\naws_access_key_id = OLD\naws_secret_access_key = old\n"
        "aws_session_token = stale\n")
    (home / ".aws/credentials").write_text(
        "[default]\naws_access_key_id = NEW\n"
        "aws_secret_access_key = s3cr3t-of-file\n")
    assert find()["found"]
    assert who(s3.requests[0]) == "NEW"
    assert s3.requests[0].header("x-amz-security-token") is None


def test_half_of_the_keys_is_not_completed_from_the_other_file(find, home):
    (home / ".aws/config").write_text(
        "[default]\naws_secret_access_key = old\n")
    (home / ".aws/credentials").write_text(
        "[default]\naws_access_key_id = NEW\n")
    assert "there is no aws_secret_access_key beside aws_access_key_id" in \
        find()["error"]


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


def test_a_web_identity_whose_role_the_environment_names(find, s3, home, pod):
    (home / ".aws/config").write_text(
        "[default]\nweb_identity_token_file = "
        f"{pod['AWS_WEB_IDENTITY_TOKEN_FILE']}\n")
    with ScriptedHttp(sts("WEB", "AssumeRoleWithWebIdentity")) as server:
        assert find(env={"AWS_ENDPOINT_URL_STS": server.url,
                         "AWS_ROLE_ARN": "arn:of-environment"})["found"]
        assert form(server.requests[0])["RoleArn"] == "arn:of-environment"


def test_a_web_identity_without_a_role(find, home, pod):
    """The role of a container or an instance would be another's."""
    (home / ".aws/config").write_text(
        "[default]\nweb_identity_token_file = "
        f"{pod['AWS_WEB_IDENTITY_TOKEN_FILE']}\n")
    assert find()["error"] == (
        "cannot take AWS credentials from the profile: 'default': "
        "web_identity_token_file needs a role_arn")


def test_a_session_alone_is_no_role_of_it(find, s3, home, program):
    program("cat <<'E'\n" + json.dumps({"Version": 1} | keys(
        "PROCESS", "SessionToken")) + "\nE\n")
    with (home / ".aws/config").open("a") as file:
        file.write("sso_session = work\n[sso-session work]\n"
                   "sso_region = eu-west-1\n"
                   "sso_start_url = https://work.example.com\n")
    assert find()["found"]
    assert who(s3.requests[0]) == "PROCESS"


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
