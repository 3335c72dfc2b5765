"""Signatures as botocore makes them: the reference for S3, whose rules the
published suite (tests/tables/aws-sigv4.json) does not cover, and for others.

SLIPWAY_SEED repeats a run, SLIPWAY_SIGNATURES makes it longer.
"""

from __future__ import annotations

import datetime
import json
import os
import random
import subprocess
from pathlib import Path
from urllib.parse import quote

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SIGNATURES = int(os.environ.get("SLIPWAY_SIGNATURES", "500"))
ORACLES = Path(os.environ.get("SLIPWAY_ORACLES", "build/release/oracle"))

ALPHABET = ("abcXYZ019-._~ +%&=?#/:;,@!$'()*[]{}|\\^`\"<>"
            "\u00e4\u00df\u20ac\u4e2d\U0001f600\t")
SERVICES = ["s3", "sts", "ecr", "execute-api"]


def word(rng: random.Random, low: int = 0, high: int = 12,
         alphabet: str = ALPHABET) -> str:
    return "".join(rng.choices(alphabet, k=rng.randint(low, high)))


def segment(rng: random.Random, dots: bool) -> str:
    if dots and rng.random() < 0.3:
        return rng.choice([".", "..", ""])
    return word(rng, 1).replace("/", "") or "x"


def path(rng: random.Random, is_s3: bool) -> str:
    segments = [segment(rng, not is_s3) for _ in range(rng.randint(0, 4))]
    slash = rng.choice(["", "/"])
    return "/" + quote("/".join(segments) + slash, safe="/~")


def query(rng: random.Random) -> str:
    pairs = [(word(rng, 1), word(rng)) for _ in range(rng.randint(0, 4))]
    if pairs and rng.random() < 0.3:
        pairs.append((pairs[0][0], word(rng)))     # a name given twice
    if rng.random() < 0.3:
        pairs += [("prefix", ""), ("prefix-a", "x"), ("prefixa", "y")]
    return "&".join(f"{quote(n, safe='-_.~')}={quote(v, safe='-_.~')}"
                    for n, v in pairs)


def headers(rng: random.Random) -> list[tuple[str, str]]:
    plain = "abc XYZ  019,;=\"*/\t"
    names = rng.sample(["Content-Type", "If-Match", "If-None-Match",
                        "Cache-Control", "x-amz-meta-build", "X-Amz-Meta-A",
                        "x-amz-acl", "Range", "User-Agent", "Expect",
                        "x-amz-server-side-encryption", "X-Amzn-Trace-Id"],
                       rng.randint(0, 5))
    names += {"x-amz-meta-" + word(rng, 1, 8, "abXY019-_.").lower()
              for _ in range(rng.randint(0, 3))} - {*map(str.lower, names)}
    return [(name, word(rng, 1, 20, plain).strip() or "x") for name in names]


def case(rng: random.Random) -> dict:
    service = rng.choices(SERVICES, [6, 1, 1, 1])[0]
    scheme, port = rng.choice([("http", ""), ("https", ""), ("http", ":80"),
                               ("https", ":443"), ("http", ":9000"),
                               ("https", ":80")])
    text = query(rng)
    return {
        "s3": service == "s3", "service": service,
        "method": rng.choice(["GET", "PUT", "HEAD", "DELETE", "POST"]),
        "url": f"{scheme}://bucket.example{port}"
               f"{path(rng, service == 's3')}{'?' + text if text else ''}",
        "headers": [f"{n}: {v}" for n, v in headers(rng)],
        "body": word(rng, 0, 40),
        "accessKey": "AKIA" + word(rng, 4, 16, "ABC123"),
        "secretKey": word(rng, 8, 40, "abcXYZ019+/"),
        "token": word(rng, 8, 60, "abcXYZ019+/=") if rng.random() < .4 else None,
        "region": rng.choice(["us-east-1", "eu-central-1", "cn-north-1"]),
        "now": rng.randint(0, 4102444800),
    }


def signed(case: dict, monkeypatch, signer: type, **options) -> AWSRequest:
    """The request as botocore's @signer leaves it."""
    now = datetime.datetime.fromtimestamp(case["now"], datetime.timezone.utc)
    monkeypatch.setattr(auth, "get_current_datetime", lambda: now)
    credentials = Credentials(case["accessKey"], case["secretKey"],
                              case["token"])
    request = AWSRequest(
        case["method"], case["url"], data=case["body"].encode(),
        headers=dict(line.split(": ", 1) for line in case["headers"]))
    signer(credentials, case["service"], case["region"],
           **options).add_auth(request)
    return request


def ours(cases: list[dict]) -> list[dict]:
    driver = subprocess.run([ORACLES / "sigv4-driver"],
                            input=json.dumps(cases), text=True, check=True,
                            capture_output=True)
    lines = driver.stdout.splitlines()
    assert len(lines) == len(cases)
    return [json.loads(line) for line in lines]


def randomly() -> random.Random:
    seed = int(os.environ.get("SLIPWAY_SEED", random.randrange(1 << 32)))
    print(f"SLIPWAY_SEED={seed}")
    return random.Random(seed)


def test_random_requests(monkeypatch):
    rng = randomly()
    cases = [case(rng) for _ in range(SIGNATURES)]
    for answer, asked in zip(ours(cases), cases):
        signer = auth.S3SigV4Auth if asked["s3"] else auth.SigV4Auth
        request = signed(asked, monkeypatch, signer)
        assert answer.get("authorization") == \
            request.headers["Authorization"], asked


def test_random_signed_urls(monkeypatch):
    """As EKS' tokens are made: a GET of STS with headers that are signed."""
    rng = randomly()
    cases = [{**case(rng), "s3": False, "service": "sts", "method": "GET",
              "body": "", "expires": rng.randint(1, 900),
              "url": "https://sts.example/?Action=GetCallerIdentity&Version=1",
              "headers": [f"x-k8s-aws-id: {word(rng, 1, 20, 'abXY01-_. ')}z"]}
             for _ in range(SIGNATURES)]
    for answer, asked in zip(ours(cases), cases):
        request = signed(asked, monkeypatch, auth.SigV4QueryAuth,
                         expires=asked["expires"])
        assert answer.get("url") == request.url, asked
