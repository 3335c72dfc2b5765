"""The token that eks-token prints, against the one of `aws eks get-token`:
the same URL to the last byte, but for the time and what it signs."""

from __future__ import annotations

import base64
import datetime
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

STEPS = Path(os.environ.get("SLIPWAY_BIN", "build/release/bin"))
AWS = [sys.executable, "-m", "awscli", "eks", "get-token"]
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
CHANGES = {"X-Amz-Date", "X-Amz-Signature", "X-Amz-Credential"}


def ask(argv: list, env: dict[str, str]) -> dict:
    return json.loads(subprocess.run(
        argv, env={"PATH": os.defpath, **env}, check=True, text=True,
        stdout=subprocess.PIPE).stdout)


def url_of(credential: dict) -> str:
    text = credential["status"]["token"]
    prefix, _, encoded = text.partition(".")
    assert prefix == "k8s-aws-v1" and "=" not in encoded
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)) \
        .decode()


def parts(url: str) -> tuple:
    """All but what the time changes, in its order."""
    split = urlsplit(url)
    return (split.scheme, split.netloc, split.path,
            [(n, "" if n in CHANGES else v)
             for n, v in parse_qsl(split.query, strict_parsing=True)])


def by_botocore(url: str, cluster: str, env: dict[str, str],
                monkeypatch) -> str:
    """The URL that botocore signs at the time of @url."""
    query = dict(parse_qsl(urlsplit(url).query))
    now = datetime.datetime.strptime(
        query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(
        tzinfo=datetime.timezone.utc)
    monkeypatch.setattr(auth, "get_current_datetime", lambda: now)
    region = query["X-Amz-Credential"].split("/")[2]
    request = AWSRequest(
        "GET", url.split("?")[0] +
        "?Action=GetCallerIdentity&Version=2011-06-15",
        headers={"x-k8s-aws-id": cluster})
    auth.SigV4QueryAuth(
        Credentials(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"],
                    env.get("AWS_SESSION_TOKEN")),
        "sts", region, expires=60).add_auth(request)
    return request.url


@pytest.mark.parametrize("env, region", [
    (KEYS, "eu-central-1"),
    ({**KEYS, "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjE/+=="}, "us-gov-west-1"),
    ({**KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "cn-north-1"),
])
def test_the_same_token(env, region, monkeypatch):
    cluster = "my_Cluster-1"
    theirs = ask([*AWS, "--cluster-name", cluster, "--region", region], env)
    ours = ask([STEPS / "eks-token", "--cluster", cluster, "--region", region],
               env)
    assert parts(url_of(ours)) == parts(url_of(theirs))
    assert url_of(ours) == by_botocore(url_of(ours), cluster, env, monkeypatch)
    assert theirs["kind"] == ours["kind"] and theirs["spec"] == ours["spec"]
    expires = [datetime.datetime.fromisoformat(
        c["status"]["expirationTimestamp"]) for c in (theirs, ours)]
    assert abs((expires[1] - expires[0]).total_seconds()) < 60
