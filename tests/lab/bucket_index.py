"""What must be true of a chart repository in a bucket, whoever publishes to it."""

from __future__ import annotations

import hashlib

import yaml
from botocore.exceptions import ClientError


def read(bucket, key: str) -> bytes | None:
    try:
        return bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"].read()
    except ClientError as error:
        assert error.response["Error"]["Code"] == "NoSuchKey", error
        return None


def check_index(bucket) -> set[str]:
    """Each entry of stable/ has its archive, with the digest that it names:
    NAME-VERSION."""
    body = read(bucket, "stable/index.yaml")
    entries = yaml.safe_load(body)["entries"] if body else {}
    found = []
    for name, entry in ((name, entry) for name in entries for entry in entries[name]):
        found.append(f"{name}-{entry['version']}")
        assert entry["name"] == name and entry["urls"] == [f"{found[-1]}.tgz"]
        archive = read(bucket, f"stable/{found[-1]}.tgz")
        assert archive is not None, f"{found[-1]} has no archive"
        assert hashlib.sha256(archive).hexdigest() == entry["digest"], found[-1]
    assert len(set(found)) == len(found)
    return set(found)
