"""AWS's servers as far as credentials need them, for tests that drive api/s3:
replies of STS, of a container's endpoint and of the rest; where a test's
profile, pod and programs are; find(), which asks the store for an object and
looks that no secret shows.

    from scripted_aws import find, home, keys, s3   # fixtures too
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from urllib.parse import parse_qs

import pytest

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


def sts_error(status: int, code: str, message: str = "no",
              headers: list[str] | None = None) -> Reply:
    return Reply(status, (
        "<ErrorResponse><Error><Type>Sender</Type>"
        f"<Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>1</RequestId></ErrorResponse>").encode(), headers or [])


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


@pytest.fixture
def pod(tmp_path: Path) -> dict[str, str]:
    token = tmp_path / "token"
    token.write_text("bearer-of-pod.e30=\n")
    return {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/publisher"}


@pytest.fixture
def aws(aws_authority):
    """A proxy that plays the one host of AWS: aws(name, reply, ...)."""

    def serve(name: str, *replies: Reply) -> tuple[ScriptedHttp, dict]:
        proxy = ScriptedHttp(
            *replies, tunnel=aws_authority.server(names=f"DNS:{name}"))
        return proxy, {"https_proxy": proxy.url,
                       "AWS_CA_BUNDLE": str(aws_authority.file)}

    return serve


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
