"""api/s3 against real servers: what the protocol notes say of conditional writes."""

from __future__ import annotations

import json

import pytest

KEYS = ["plain", "a+b", "a b", "a%20b", "a=b@c,d;e:f", "!*'()", "~._-",
        "\u00e4/\u20ac/\U0001f600", "deep/er/and/deeper", "q?a=b&c#d",
        "[x]{y}|z^`\\\"<>", "tail/"]


@pytest.fixture
def s3(any_s3):
    """Each test here runs against each server."""
    return any_s3


@pytest.fixture
def call(drive, s3):
    """call({"do": ...}, ..., env=): the answers, as dicts."""

    def run(*calls: dict, bucket=s3.name, env=None) -> list[dict]:
        return drive("s3", {"bucket": bucket, "calls": calls},
                     env=s3.env | (env or {}))

    return run


def test_object_travels(call, s3):
    written, got, stat = call(
        {"do": "put", "key": "a/b", "body": "text", "contentType": "text/x",
         "cacheControl": "no-cache", "metadata": ["build: 7"]},
        {"do": "get", "key": "a/b"}, {"do": "stat", "key": "a/b"})
    assert written["outcome"] == "written"
    assert got["body"] == b"text" and got["etag"] == written["etag"]
    assert got["contentType"] == "text/x"
    assert [line.lower() for line in got["metadata"]] == ["build: 7"]
    assert stat == {**got, "body": b""}
    seen = s3.client.head_object(Bucket=s3.name, Key="a/b")
    assert seen["CacheControl"] == "no-cache"
    assert seen["Metadata"] == {"build": "7"}


@pytest.mark.parametrize("key", KEYS)
def test_keys_as_boto_sees_them(call, s3, key):
    # a store over a file system keeps no bytes in a folder
    text = "" if key.endswith("/") else key
    put, _, listed = call({"do": "put", "key": key, "body": text},
                          {"do": "get", "key": key},
                          {"do": "list", "key": key[0]})
    assert put.get("outcome") == "written", put
    body = s3.client.get_object(Bucket=s3.name, Key=key)["Body"].read()
    assert body == text.encode()
    assert [entry["key"] for entry in listed["entries"]] == [key]


def test_conditions(call):
    create = {"do": "put", "key": "k", "body": "1", "ifAbsent": True}
    first, second = call(create, create)
    assert (first["outcome"], second["outcome"]) == ("written", "not met")
    swap = {"do": "put", "key": "k", "body": "2", "ifMatch": first["etag"]}
    good, stale, got = call(swap, swap, {"do": "get", "key": "k"})
    assert (good["outcome"], stale["outcome"]) == ("written", "not met")
    assert got["body"] == b"2" and got["etag"] == good["etag"]


def test_swap_of_what_is_gone(call):
    [answer] = call({"do": "put", "key": "gone", "body": "1",
                     "ifMatch": '"0123456789abcdef0123456789abcdef"'})
    assert answer["outcome"] == "not met"


def test_absent(call):
    found, got, stat, gone = call(
        {"do": "find", "key": "k"}, {"do": "get", "key": "k"},
        {"do": "stat", "key": "k"}, {"do": "delete", "key": "k"})
    assert not found["found"] and not stat["found"]
    assert got["kind"] == "NOT_FOUND"
    assert gone["outcome"] == "written"


def test_no_bucket(call):
    find, put, listed = call(
        {"do": "find", "key": "k"}, {"do": "put", "key": "k", "body": ""},
        {"do": "list", "key": ""}, bucket="no-such-bucket")
    for answer in find, put, listed:
        assert answer["kind"] == "NOT_FOUND"
        assert "NoSuchBucket" in answer["error"]


@pytest.mark.parametrize("wrong, hint", [
    ({"AWS_ACCESS_KEY_ID": "nobody"}, "check the access key"),
    ({"AWS_SECRET_ACCESS_KEY": "not the one"}, "check the secret access key"),
])
def test_wrong_credentials(call, wrong, hint):
    [answer] = call({"do": "find", "key": "k"}, env=wrong)
    assert answer.get("kind") == "DENIED" and hint in answer["hint"], answer


def test_list_by_pages(call, s3):
    keys = [f"many/{i:04}" for i in range(1005)]
    for key in keys:
        s3.client.put_object(Bucket=s3.name, Key=key, Body=b"")
    [answer] = call({"do": "list", "key": "many/"})
    assert [entry["key"] for entry in answer["entries"]] == keys


def test_racing_creates_have_one_winner(drive, s3):
    for i in range(5):
        script = {"bucket": s3.name, "calls": [
            {"do": "put", "key": f"race{i}", "body": "x", "ifAbsent": True}]}
        racers = [drive.start("s3", script, env=s3.env) for _ in range(8)]
        outcomes = [json.loads(racer.wait().out)["outcome"]
                    for racer in racers]
        assert outcomes.count("written") == 1
        assert set(outcomes) <= {"written", "not met", "raced"}
