"""Roles and rights as servers of others judge them: moto's IAM, STS and ECR with
signatures and policies enforced, and MinIO's STS."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from charts import make_chart
from scripted_http import ScriptedHttp, TestAuthority
from scripted_oci import fresh

BUCKET = "charts"


@pytest.fixture
def bucket(moto):
    moto.client("s3").create_bucket(
        Bucket=BUCKET,
        CreateBucketConfiguration={"LocationConstraint": moto.region})
    return f"s3://{BUCKET}/stable"


@pytest.fixture
def publish(run_step, moto, bucket, tmp_path):
    """publish(): publish-chart with no credentials but those that env= or
    the profile tell of."""
    chart = make_chart(tmp_path / "web", "web", "1.0.0")

    def run(*args: object, expect: int = 0, env=None):
        return run_step("publish-chart", chart, "--repo", bucket, *args,
                        expect=expect, env={
                            "AWS_ENDPOINT_URL": moto.endpoint,
                            "AWS_REGION": moto.region, **(env or {})})

    return run


@pytest.fixture
def profile(runner):
    """profile(text): ~/.aws/config."""

    def write(text: str) -> None:
        folder = Path(runner.env()["HOME"]) / ".aws"
        folder.mkdir(exist_ok=True)
        (folder / "config").write_text(text)

    return write


def published(moto) -> set[str]:
    moto.relax()
    found = moto.client("s3").list_objects_v2(Bucket=BUCKET)
    return {entry["Key"] for entry in found.get("Contents", [])}


def role_by(user, arn: str) -> str:
    return (f"[default]\nrole_arn = {arn}\nsource_profile = ci\n"
            f"[profile ci]\naws_access_key_id = {user.access_key}\n"
            f"aws_secret_access_key = {user.secret_key}\n")


def test_a_role_that_the_profile_names(publish, moto, profile):
    user = moto.user("ci", "sts:AssumeRole")
    profile(role_by(user, moto.role("publisher", "s3:*")))
    moto.enforce()
    publish()
    assert published(moto) >= {"stable/index.yaml", "stable/web-1.0.0.tgz"}


def test_the_user_himself_may_not(publish, moto):
    user = moto.user("ci", "sts:AssumeRole")
    moto.enforce()
    result = publish(expect=1, env={
        "AWS_ACCESS_KEY_ID": user.access_key,
        "AWS_SECRET_ACCESS_KEY": user.secret_key})
    assert "403 (AccessDenied" in result.err
    assert not published(moto)


def test_a_role_by_a_role(publish, moto, profile):
    user = moto.user("ci", "sts:AssumeRole")
    first = moto.role("first", "sts:AssumeRole")
    last = moto.role("last", "s3:*")
    profile(role_by(user, first).replace("[default]", "[profile first]")
            + f"[default]\nrole_arn = {last}\nsource_profile = first\n")
    moto.enforce()
    publish()
    assert published(moto)


def test_who_may_assume_no_role(publish, moto, profile):
    user = moto.user("ci", "s3:ListAllMyBuckets")
    profile(role_by(user, moto.role("publisher", "s3:*")))
    moto.enforce()
    result = publish(expect=1)
    assert "cannot assume role 'arn:aws:iam::" in result.err
    assert "403 (AccessDenied" in result.err
    assert "need sts:AssumeRole on" in result.err
    assert not published(moto)


def test_a_wrong_key_of_the_source(publish, moto, profile):
    user = moto.user("ci", "sts:AssumeRole")
    user.secret_key = user.secret_key[::-1]
    profile(role_by(user, moto.role("publisher", "s3:*")))
    moto.enforce()
    result = publish(expect=1)
    assert "403 (SignatureDoesNotMatch" in result.err
    assert user.secret_key not in result.err


def test_a_web_identity(publish, moto, tmp_path):
    token = tmp_path / "token"
    token.write_text("eyJhbGciOiJub25lIn0.eyJzdWIiOiJjaSJ9.")
    role = moto.role("publisher", "s3:*")
    moto.enforce(after=1)       # which is the one that nobody signs
    publish(env={"AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
                 "AWS_ROLE_ARN": role})
    assert published(moto)


def test_the_environment_comes_first(publish, moto, profile):
    """Keys that may not, before a profile that may: nobody asks the second."""
    user = moto.user("ci", "sts:AssumeRole")
    profile(role_by(user, moto.role("publisher", "s3:*")))
    moto.enforce()
    publish(expect=1, env={"AWS_ACCESS_KEY_ID": user.access_key,
                           "AWS_SECRET_ACCESS_KEY": user.secret_key})
    assert not published(moto)


def test_a_role_at_minio(run_step, s3, profile, tmp_path):
    """Another STS, and an S3 that wants the session's token with its keys."""
    chart = make_chart(tmp_path / "web", "web", "1.0.0")
    profile(f"[profile lab]\nrole_arn = arn:minio:iam:::role/any\n"
            f"source_profile = root\nregion = {s3.env['AWS_REGION']}\n"
            f"endpoint_url = {s3.endpoint}\n[profile root]\n"
            f"aws_access_key_id = {s3.env['AWS_ACCESS_KEY_ID']}\n"
            f"aws_secret_access_key = {s3.env['AWS_SECRET_ACCESS_KEY']}\n")
    run_step("publish-chart", chart, "--repo", s3.url,
             env={"AWS_PROFILE": "lab"})
    names = {entry["Key"] for entry in
             s3.client.list_objects_v2(Bucket=s3.name)["Contents"]}
    assert names >= {"index.yaml", "web-1.0.0.tgz"}


# --- ECR --------------------------------------------------------------------------

ACCOUNT = "123456789012"
REGISTRY = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com"
LOGIN_RIGHT = "ecr:GetAuthorizationToken"


@pytest.fixture
def push(run_step, moto, tmp_path):
    """push(reply, ..., **env): to a scripted registry of Amazon's, to which moto
    gives the login."""
    authority = TestAuthority(tmp_path)
    chart = make_chart(tmp_path / "web", "web", "1.0.0")

    def run(*replies, expect: int = 0, **env):
        with ScriptedHttp(*replies, tunnel=authority.server(names=f"DNS:{REGISTRY}")) as s:
            done = run_step("publish-chart", chart, "--repo", f"oci://{REGISTRY}/charts",
                            expect=expect, env={
                                "AWS_ENDPOINT_URL": moto.endpoint, "https_proxy": s.url,
                                "AWS_CA_BUNDLE": str(authority.file), **env})
        return done, [request.header("Authorization") for request in s.requests]

    return run


def keys_of(user) -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": user.access_key, "AWS_SECRET_ACCESS_KEY": user.secret_key}


def assert_logged_in(moto, logins: list[str]) -> None:
    moto.relax()
    told = moto.client("ecr").get_authorization_token()["authorizationData"]
    assert base64.b64decode(told[0]["authorizationToken"]).startswith(b"AWS:")
    assert set(logins) == {f"Basic {told[0]['authorizationToken']}"}


def test_a_registry_by_the_rights_of_a_user(push, moto):
    user = moto.user("ci", LOGIN_RIGHT)
    moto.enforce()
    _, logins = push(*fresh(), **keys_of(user))
    assert_logged_in(moto, logins)


def test_a_registry_by_a_role(push, moto, profile):
    user = moto.user("ci", "sts:AssumeRole")
    profile(role_by(user, moto.role("pusher", LOGIN_RIGHT)))
    moto.enforce()
    _, logins = push(*fresh())
    assert_logged_in(moto, logins)


def test_a_registry_without_the_right(push, moto):
    user = moto.user("ci", "s3:*")
    moto.enforce()
    denied, logins = push(expect=1, **keys_of(user))
    assert LOGIN_RIGHT in denied.err and logins == []
    moto.relax()
    other = keys_of(moto.user("other", LOGIN_RIGHT)) | {"AWS_SECRET_ACCESS_KEY": "wrong"}
    moto.enforce()
    denied, logins = push(expect=1, **other)
    assert "cannot log in to ECR" in denied.err and "403" in denied.err and logins == []
