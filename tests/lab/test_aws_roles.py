"""Roles and rights as servers of others judge them: moto's IAM and STS with
signatures and policies enforced, and MinIO's STS."""

from __future__ import annotations

from pathlib import Path

import pytest

from charts import make_chart

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
