"""publish-chart: encryption and ACLs of what is written, the rights that these
take, and options that contradict each other.
"""

from __future__ import annotations

import pytest

from published import ARCHIVE, INDEX, REPO, make_chart, prove
from runner import only_error
from scripted_s3 import Fault, ScriptedS3, Seen

KMS = ("--sse", "aws:kms", "--sse-kms-key-id", "key/7")
ACL = ("--acl", "bucket-owner-full-control")


@pytest.fixture
def s3():
    with ScriptedS3() as s3:
        prove(s3)
        yield s3


@pytest.fixture
def chart(tmp_path):
    return make_chart(tmp_path)


@pytest.fixture
def publish(run_step, chart, tmp_path):
    def run(s3: ScriptedS3, *args, **options):
        return run_step("publish-chart", chart, "--repo", REPO, *args,
                        env=s3.env | options.pop("env", {}), cwd=tmp_path, **options)
    return run


def test_options_of_writing(publish, s3):
    publish(s3, *KMS, *ACL)
    puts = [seen for seen in s3.requests if seen.method == "PUT"]
    assert len(puts) == 2
    for seen in puts:
        assert seen.headers["x-amz-server-side-encryption"] == "aws:kms"
        assert seen.headers["x-amz-server-side-encryption-aws-kms-key-id"] == "key/7"
        assert seen.headers["x-amz-acl"] == "bucket-owner-full-control"
        assert "x-amz-acl" in seen.headers["authorization"], "it is signed"
    failed = publish(s3, "--sse-kms-key-id", "key/7", expect=2)
    assert "a KMS key is of use only with encryption by aws:kms" in failed.err


@pytest.mark.parametrize("args, words", [
    (("--sse", "aes256"), "'aes256' is no encryption of S3: AES256, aws:kms, aws:kms:dsse"),
    (("--acl", "everybody"), "'everybody' is no canned ACL of S3: private, public-read,"),
])
def test_words_that_s3_does_not_know(publish, s3, args, words):
    assert words in only_error(publish(s3, *args, expect=2))
    assert s3.lines == []


@pytest.mark.parametrize("name", ["a%41", "a%2Fb", "a#b", "a?b", "a:b", "a b", ".a"])
def test_names_that_are_no_address(run_step, s3, tmp_path, name):
    """Readers of the index would look elsewhere; packaged it can be, as by Helm."""
    chart = make_chart(tmp_path, name)
    for args in (), ("--check",):
        failed = run_step("publish-chart", chart, "--repo", REPO, *args, env=s3.env, expect=2)
        assert f"cannot publish chart '{name}'" in failed.err
    assert {seen.method for seen in s3.requests} <= {"GET"}
    run_step("publish-chart", chart, "--destination", tmp_path / "packages")
    assert (tmp_path / f"packages/{name}-1.0.0.tgz").is_file()


# --- rights -------------------------------------------------------------------------

def deny(s3: ScriptedS3, *headers: str) -> None:
    """Writes with one of these headers; "": all of them."""
    def fault(seen: Seen) -> Fault | None:
        if seen.method == "PUT" and any(not name or name in seen.headers
                                        for name in headers):
            return Fault(403, "AccessDenied")
        return None
    s3.fault = fault


PUT_RIGHT = "s3:PutObject on 's3://bucket/stable/'"
ACL_RIGHT = "s3:PutObjectAcl on 's3://bucket/stable/'"
KMS_RIGHT = "kms:GenerateDataKey on the KMS key 'key/7'"


@pytest.mark.parametrize("denied, named", [
    (["x-amz-acl"], [ACL_RIGHT]),
    (["x-amz-server-side-encryption"], [KMS_RIGHT]),
    (["x-amz-acl", "x-amz-server-side-encryption"], [ACL_RIGHT, KMS_RIGHT]),
    ([""], [PUT_RIGHT, ACL_RIGHT, KMS_RIGHT]),
])
def test_check_names_the_right_that_is_missing(publish, s3, denied, named):
    deny(s3, *denied)
    before = dict(s3.objects)
    line = only_error(publish(s3, *KMS, *ACL, "--check", expect=1))
    assert "missing rights: " in line
    assert [right for right in (PUT_RIGHT, ACL_RIGHT, KMS_RIGHT) if right in line] == named
    assert s3.objects == before


def test_check_whose_trial_fails_otherwise(publish, s3):
    """It was denied with all that was asked for, and fails without."""
    s3.fault = lambda seen: None if seen.method != "PUT" else (
        Fault(403, "AccessDenied") if "x-amz-acl" in seen.headers
        else Fault(400, "InvalidRequest"))
    assert "InvalidRequest" in only_error(publish(s3, *KMS, *ACL, "--check", expect=1))


def test_check_with_all_rights(publish, s3):
    before = dict(s3.objects)
    publish(s3, *KMS, *ACL, "--check")
    assert s3.objects == before


@pytest.mark.parametrize("args, named", [
    ((), f"need s3:PutObject on 's3://bucket/{ARCHIVE}'\n"),
    (ACL, f"need s3:PutObject on 's3://bucket/{ARCHIVE}', s3:PutObjectAcl there\n"),
    (KMS, f"need s3:PutObject on 's3://bucket/{ARCHIVE}', and kms:GenerateDataKey on "
          "the KMS key 'key/7' (and kms:Decrypt, to read what is written)\n"),
    (KMS[:2], "kms:GenerateDataKey on the KMS key of the bucket (and kms:Decrypt"),
    (("--sse", "AES256"), f"need s3:PutObject on 's3://bucket/{ARCHIVE}'\n"),
])
def test_a_denied_write_names_all_that_it_takes(publish, s3, args, named):
    deny(s3, "")
    assert named in publish(s3, *args, expect=1).err


def test_a_denied_read_names_the_key(publish, s3):
    s3.fault = lambda seen: Fault(403, "AccessDenied") if seen.key == INDEX else None
    failed = publish(s3, expect=1)
    assert "need s3:GetObject" in failed.err and "kms:Decrypt on that" in failed.err


# --- options that contradict each other ------------------------------------------------

def test_packaging_only_and_publishing(run_step, chart, s3, tmp_path):
    failed = run_step("publish-chart", chart, "--repo", REPO, "--destination", "out",
                      env=s3.env, cwd=tmp_path, expect=2)
    assert "'--destination' only packages, and '--repo' publishes" in only_error(failed)
    assert s3.lines == [] and not (tmp_path / "out").exists()
    run_step("publish-chart", chart, "--destination", "out", cwd=tmp_path,
             env=s3.env | {"SLIPWAY_REPO": REPO})
    assert s3.lines == [] and (tmp_path / "out/web-1.0.0.tgz").exists()


@pytest.mark.parametrize("args", [("--sse", "AES256"), ACL, KMS])
@pytest.mark.parametrize("repo", ["file", "https://127.0.0.1:1", "oci://127.0.0.1:1/x"])
def test_what_only_a_bucket_has(run_step, chart, tmp_path, repo, args):
    where = f"file://{tmp_path}/charts" if repo == "file" else repo
    failed = run_step("publish-chart", chart, "--repo", where, *args, expect=2)
    assert f"are for s3:// only, not for '{where}'" in only_error(failed)
    assert not (tmp_path / "charts").exists()
