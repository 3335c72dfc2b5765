"""expire-sweep against a scripted API: its requests, and every bad answer.

What it deletes for real is tested in tests/lab/test_cluster_sweep.py.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import time
from datetime import datetime, timezone
from pathlib import Path

import pytest

import wait
from scripted_http import Reply
from scripted_kube import (ENDED, TOKEN, answer, listing, namespace,
                           refusal, secret)

SECRETS = "/api/v1/secrets"
NAMESPACES = "/api/v1/namespaces"
LEASES = "/apis/coordination.k8s.io/v1/namespaces"
NOW = ["Retry-After: 0"]


@pytest.fixture
def sweep(run_step, kube, tmp_path):
    """A dry run, unless told: there is no Helm here."""
    def run(*args, dry_run=True, **options):
        return run_step(
            "expire-sweep", "--kubeconfig", kube.kubeconfig(tmp_path),
            "--output", "json", *(["--dry-run"] if dry_run else []), *args,
            **options)
    return run


# --- what is asked for -------------------------------------------------------

def test_lists_pages_of_metadata(kube, sweep):
    kube.script("GET", SECRETS, listing(secret("a", ENDED), token="next page"),
                listing(secret("b", "never")))

    result = sweep().json

    assert [i["namespace"] for i in result["deleted"]] == ["a"]
    assert [i["namespace"] for i in result["kept"]] == ["b"]
    first, second = kube.queries(SECRETS)
    assert first == {"labelSelector": "owner=helm", "limit": "500"}
    assert second == first | {"continue": "next page"}
    assert kube.queries(NAMESPACES) == [
        {"labelSelector": "slipway/managed", "limit": "500"}]
    for request in kube.requests:
        assert request.header("Accept").startswith(
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
        assert request.header("Authorization") == f"Bearer {TOKEN}"
    assert kube.writes == []


def test_the_next_page_is_under_way_while_one_is_looked_at(kube, sweep):
    """Seen by a page that cannot be looked at."""
    page = {"metadata": {"continue": "more"}, "items": 5}
    kube.script("GET", SECRETS, answer(page), listing())
    assert "is no list" in sweep(expect=1).err
    wait.until(lambda: len(kube.queries(SECRETS)) == 2, "the second page")
    page = {"items": 5, "metadata": {"continue": "more"}}
    kube.requests.clear()
    kube.script("GET", SECRETS, answer(page))
    sweep(expect=1)
    assert len(kube.queries(SECRETS)) == 1


def test_pages_whose_metadata_comes_last(kube, sweep):
    pages = [listing(secret("a", ENDED), token="t"), listing(secret("b", ENDED))]
    for page in pages:
        body = json.loads(page.body)
        page.body = json.dumps(dict(reversed(body.items()))).encode()
    kube.script("GET", SECRETS, *pages)
    assert [i["namespace"] for i in sweep().json["deleted"]] == ["a", "b"]


def test_an_expired_list_starts_again(kube, sweep):
    """What was read before is forgotten, so that nothing counts twice."""
    kube.script("GET", SECRETS, listing(secret("a", ENDED), token="t"),
                refusal(410, "Expired"), listing(secret("b", ENDED), token="t"),
                listing(secret("c", ENDED)))
    result = sweep().json
    assert [i["namespace"] for i in result["deleted"]] == ["b", "c"]
    assert [q.get("continue") for q in kube.queries(SECRETS)] \
        == [None, "t", None, "t"]


def test_a_list_that_expires_for_ever(kube, sweep):
    kube.script("GET", SECRETS, refusal(410, "Expired"))
    assert "expired 6 times" in sweep(expect=75).err


def test_one_environment_is_looked_for_in_its_namespace(kube, sweep):
    path = f"{NAMESPACES}/web-x/secrets"
    kube.script("GET", path, listing(secret("web-x", ENDED)))
    assert len(sweep("--environment", "web-x").json["deleted"]) == 1
    assert kube.lines == [
        f"GET {path}?labelSelector=owner%3Dhelm&limit=500",
        f"GET {NAMESPACES}/web-x"]


def test_the_marks_of_that_one(kube, sweep):
    """Alone its namespace is asked for, so that nobody needs to list all."""
    kube.script("GET", f"{NAMESPACES}/web-x/secrets", listing(
        secret("web-x", ENDED)))
    kube.script("GET", f"{NAMESPACES}/web-x",
                answer(namespace("web-x", "never")))
    (kept,) = sweep("--environment", "web-x").json["kept"]
    assert kept["reason"] == "it never expires"
    kube.script("GET", f"{NAMESPACES}/web-x", Reply(404, b"page not found"))
    assert "server answered 404" in sweep("--environment", "web-x",
                                          expect=1).err


def leaving(minutes: float, **annotations: str) -> dict:
    item = namespace("env", ENDED, **annotations)
    since = datetime.fromtimestamp(time.time() - 60 * minutes, timezone.utc)
    item["metadata"]["deletionTimestamp"] = f"{since:%Y-%m-%dT%H:%M:%SZ}"
    return item


STUCK = {"status": {"conditions": [
    {"type": "NamespaceFinalizersRemaining", "status": "True",
     "message": "example.com/held in 1 resource instances"}]}}


@pytest.mark.parametrize("asked", [[], ["--environment", "env", "--now"]])
def test_a_namespace_that_does_not_go_away(asked, kube, sweep):
    """Every sweep says so, until it does; whoever deleted it."""
    old = leaving(17.5, created="then")
    kube.script("GET", NAMESPACES, listing(old))
    kube.script("GET", f"{NAMESPACES}/env", answer(old | STUCK))
    failed = sweep(*asked, dry_run=False, expect=1)
    (item,) = failed.json["failed"]
    words = "it was deleted 17 minutes ago, and is still there: " \
        "example.com/held in 1 resource instances"
    assert item["reason"] == words
    assert f"warning: 'env' failed: {words}" in failed.err
    assert failed.json["metrics"]["failed"] == 1
    told = sweep(*asked, expect=1).json         # a dry run says the same
    assert (told["failed"], told["kept"]) == (failed.json["failed"], [])
    assert told["metrics"]["failed"] == 1

    kube.script("GET", f"{NAMESPACES}/env", answer(old), Reply(500, b"", NOW))
    if not asked:
        kube.script("GET", f"{NAMESPACES}/env", Reply(500, b"", NOW))
    failed = sweep(*asked, "--timeout", "3s", dry_run=False, expect=1)
    assert "is still there: " in failed.err and "500" in failed.err
    assert kube.writes == []


@pytest.mark.parametrize("minutes, annotations", [
    (4, {"created": "then"}),           # it may yet go
    (17, {}),                           # it was there before us
    (-17, {"created": "then"}),
])
def test_a_namespace_that_is_going(minutes, annotations, kube, sweep):
    kube.script("GET", NAMESPACES, listing(leaving(minutes, **annotations)))
    (item,) = sweep(dry_run=False).json["kept"]
    assert item["reason"] == "it is being deleted already"
    assert len(kube.requests) == 2


def test_one_that_is_gone_meanwhile(kube, sweep):
    kube.script("GET", NAMESPACES, listing(leaving(17, created="then")))
    (item,) = sweep(dry_run=False).json["kept"]
    assert item["reason"] == "it is being deleted already"


@pytest.mark.parametrize("name, words", [
    ("team", "neither it nor a release in it bears a mark of ours"),
    ("kube-system", "it belongs to the cluster"),
    ("default", "it belongs to the cluster"),
])
def test_one_that_is_not_ours(name, words, kube, sweep):
    """Asked for by name; without --now it is no environment, as one that does
    not exist."""
    theirs = namespace(name)
    del theirs["metadata"]["labels"]
    unmarked = secret(name, ENDED)
    del unmarked["metadata"]["labels"]["slipway/managed"]
    kube.script("GET", f"{NAMESPACES}/{name}", answer(theirs))
    kube.script("GET", f"{NAMESPACES}/{name}/secrets", listing(unmarked))
    refused = sweep("--environment", name, "--now", dry_run=False, expect=3)
    assert f"cannot delete namespace '{name}': {words}" in refused.err
    for absent in [name], ["nowhere", "--now"]:
        none = sweep("--environment", *absent, dry_run=False)
        assert f"info: there is no environment '{absent[0]}'" in none.err
        assert none.json["judged"] == 0
    assert kube.writes == []


def test_the_servers_clock_counts(kube, sweep):
    """Ours is years away from it."""
    reply = listing()
    reply.headers[1] = "Date: Tue, 01 Jan 2030 00:00:00 GMT"
    kube.script("GET", SECRETS, listing(secret("a", 1893455999),
                                        secret("b", 1893456001)))
    kube.script("GET", NAMESPACES, reply)
    result = sweep().json
    assert [i["namespace"] for i in result["deleted"]] == ["a"]


def test_without_the_servers_clock_nothing_is_judged(kube, sweep):
    body = {"items": [secret("a", ENDED)]}
    kube.script("GET", SECRETS, answer(body, date=False))
    kube.script("GET", NAMESPACES, answer({"items": []}, date=False))
    failed = sweep(expect=1)
    assert "does not say what time it is" in failed.err
    assert failed.out == ""


@pytest.mark.parametrize("label", [
    "20261231", "2026", "202612", "000001", "0", "01600000000",
    "1577836799", "1600000000000", "1600000000s", "2026-11-01", "1.6e9", "now",
    "16oo000000"])
def test_a_garbled_date_does_not_mean_expired(label, kube, sweep):
    """Wherever it stands: kept, and reported."""
    kube.script("GET", SECRETS, listing(
        secret("a", label), secret("b", ENDED), secret("c", ENDED)))
    kube.script("GET", NAMESPACES, listing(
        namespace("b", label, created="then"),
        namespace("d", label, created="then")))
    result = sweep()
    assert [i["namespace"] for i in result.json["deleted"]] == ["c"]
    reason = f"its label slipway/expires-at is no time: '{label}'"
    assert {i["namespace"]: i["reason"] for i in result.json["kept"]} \
        == {name: reason for name in "abd"}
    assert result.err.count(f" is kept: {reason}") == 3
    assert result.json["metrics"]["doubtful"] == 3


@pytest.mark.parametrize("mark, stays", [
    ("true", True), ("True", True), ("yes", True), ("1", True), ("", True),
    ("False", True), ("false", False)])
def test_whatever_may_be_a_main_mark_protects(mark, stays, kube, sweep):
    kube.script("GET", SECRETS, listing(secret("a", ENDED)))
    kube.script("GET", NAMESPACES, listing(
        namespace("a", ENDED, created="then", main=mark)))
    (item,) = sweep().json["kept" if stays else "deleted"]
    assert item["reason"] == ("it is a main environment" if stays
                              else "expired")


# --- releases without a label ------------------------------------------------

def payload(data: bytes, **metadata: str) -> Reply:
    """A Secret that holds @data as a release."""
    return answer({"kind": "Secret", "metadata": metadata, "data": {
        "release": base64.b64encode(base64.b64encode(data)).decode()}})


def release(values: object, **info: str) -> bytes:
    return gzip.compress(json.dumps(
        {"info": info, "chart": {"values": {"global": {"expires": True}}},
         "config": {"global": values}}).encode())


PAST = "2026-01-01 00:00:00"
BOMB = gzip.compress(b'{"config": "' + bytes(65 << 20))


@pytest.mark.parametrize("reply, outcome, words", [
    (payload(release({"expiryDate": PAST})), "deleted",
     f"expired, by its values: {PAST}, which names no zone and is taken for "
     "UTC"),
    (payload(release({"expiryDate": "2026-01-01T01:00:00+01:00"})), "deleted",
     f"expired, by its values: {PAST}"),
    (payload(release({"expiryDate": "8h"},
                     last_deployed="2036-12-31T16:00:00.5Z"),
             creationTimestamp="2025-12-31T16:00:00Z"), "deleted",
     f"expired, by its values: {PAST}"),
    (payload(release({"expiryDate": "8h"},
                     last_deployed="2016-11-27T10:00:00Z"),
             creationTimestamp="2998-12-31T16:00:00Z"), "kept",
     "not expired yet, by its values: 2999-01-01 00:00:00"),
    (payload(release({"expiryDate": "2999-01-01T00:00:00Z"})), "kept",
     "not expired yet, by its values: 2999-01-01 00:00:00"),
    (payload(release({"expires": False})), "kept",
     "it never expires, by its values"),
    (payload(gzip.decompress(release({"expiryDate": PAST}))), "deleted",
     "expired, by its values"),                 # as Helm 2 stored them
    (payload(release({})), "doubtful", "nor its values say when it expires"),
    (payload(release({"expiryDate": "8h"},
                     last_deployed="2025-12-31T16:00:00.5Z")), "doubtful",
     "'global.expiryDate' is '8h', but nothing says when"),
    (payload(release({"expiryDate": "1970-01-01 02:00:00"})), "doubtful",
     "'global.expiryDate' is '1970-01-01 02:00:00', when no environment"),
    (payload(release({"expiryDate": 20261231})), "doubtful",
     "'global.expiryDate' is no date"),
    (payload(release({"expiryDate": "0"})), "doubtful",
     "'global.expiryDate' is no date"),
    (payload(release({"expiryDate": "tomorrow"})), "doubtful",
     "'global.expiryDate' is no date"),
    (payload(release({"expires": "perhaps"})), "doubtful",
     "'global.expires' must be true or false"),
    (payload(BOMB), "doubtful", "its values do not say when it expires: "
     "cannot decode release 'web'"),
    (payload(b"\x1f\x8b damaged"), "doubtful", "cannot decode release 'web'"),
    (payload(b"[1, 2"), "doubtful", "it is no JSON"),
    (payload(b"17"), "doubtful", "nor its values say"),
    (answer({"kind": "Secret", "data": {"release": "%"}}), "doubtful",
     "its data is no base64"),
    (answer({"kind": "Secret"}), "doubtful", "holds no release"),
    (refusal(403, "Forbidden", "cannot get"), "doubtful",
     "server answered 403 (cannot get)"),
    (refusal(404, "NotFound"), "doubtful", "it is gone meanwhile"),
    (Reply(500, b"", NOW), "doubtful", "server answered 500"),
])
def test_values_tell_where_no_label_does(reply, outcome, words, kube, sweep):
    """Of the highest revision; whatever they do not tell keeps it, and the
    others are judged all the same."""
    item, older = secret("a", ENDED), secret("a", ENDED)
    del item["metadata"]["labels"]["slipway/expires-at"]
    item["metadata"]["labels"]["version"] = "2"
    kube.script("GET", SECRETS, listing(older, item, secret("b", ENDED)))
    kube.script("GET", f"{NAMESPACES}/a/secrets/sh.helm.release.v1.web.v2",
                reply)

    result = sweep()

    found = {i["namespace"]: i["reason"]
             for i in result.json["deleted" if outcome == "deleted"
                                  else "kept"]}
    assert words in found["a"], found
    assert ("'a' is kept: " in result.err) == (outcome == "doubtful")
    assert "b" in {i["namespace"] for i in result.json["deleted"]}


def test_the_namespace_names_an_unmarked_release(kube, sweep):
    """Whose label it bears; releases of others do not matter."""
    items = [secret("a", ENDED), secret("b", ENDED)]
    for item in items:
        del item["metadata"]["labels"]["slipway/managed"]
    del items[0]["metadata"]["labels"]["slipway/expires-at"]
    kube.script("GET", SECRETS, listing(*items))
    kube.script("GET", NAMESPACES, listing(
        namespace("a", ENDED, release="web"),
        namespace("b", ENDED, release="other", created="then")))
    kube.script("GET", f"{NAMESPACES}/a/secrets/sh.helm.release.v1.web.v1",
                payload(release({})))
    result = sweep().json
    assert [(i["namespace"], i["release"]) for i in result["deleted"]] == [
        ("a", "web"), ("b", None)]


def test_a_label_spares_reading_values(kube, sweep):
    kube.script("GET", SECRETS, listing(secret("a", ENDED)))
    sweep()
    assert len(kube.requests) == 2


# --- bad answers -------------------------------------------------------------

@pytest.mark.parametrize("reply, code, words", [
    (refusal(401, "Unauthorized", "Unauthorized"), 1, "server answered 401"),
    (refusal(403, "Forbidden", 'User "ci" cannot list resource "secrets"'), 1,
     'server answered 403 (User "ci" cannot list resource "secrets")'),
    (refusal(404, "NotFound", "could not find the resource"), 1,
     "server answered 404"),
    (Reply(404, b"404 page not found\n"), 1, "server answered 404"),
    (refusal(409, "Conflict"), 3, "server answered 409"),
    (Reply(500, b"{}", NOW), 75, "server answered 500"),
    (Reply(200, b"<html>sign in</html>"), 1, "is no object of the"),
    (Reply(200, b'{"items": ['), 1, "is no object of the"),
    (Reply(200, b"[]"), 1, "is no object of the"),
    (answer({"kind": "Secret"}), 1, "is no list"),
    (Reply(200, b" " * (33 << 20)), 1, ""),
    (Reply(raw=b"garbage\r\n\r\n"), 1, ""),
])
def test_a_bad_list(reply, code, words, kube, sweep):
    """One error, and nothing is deleted."""
    kube.script("GET", SECRETS, reply)
    failed = sweep("--timeout", "3s", dry_run=False, expect=None)
    assert failed.code == code, failed
    assert words in failed.err
    assert "cannot look for environments: cannot list secrets: " in failed.err
    assert failed.out == "" and kube.writes == []
    assert TOKEN not in failed.err


def test_cut_off_answers(kube, sweep):
    kube.script("GET", SECRETS, Reply(200, b'{"items": []}', cut=50))
    failed = sweep("--timeout", "2s", expect=75)
    assert "cannot list secrets" in failed.err


def test_too_many_requests_then_fine(kube, sweep):
    kube.script("GET", SECRETS, Reply(429, b"", NOW), listing(secret("a", ENDED)))
    result = sweep()
    assert len(result.json["deleted"]) == 1
    assert "429" in result.err and "trying again" in result.err


def test_objects_without_what_they_must_have(kube, sweep):
    """Not ours, or kept."""
    no_version = secret("a", ENDED)
    del no_version["metadata"]["labels"]["version"]
    odd = secret("b", ENDED)
    odd["metadata"]["labels"]["slipway/expires-at"] = 5
    kube.script("GET", SECRETS, listing(no_version, odd, {}, "x", None))
    unmarked = namespace("c", ENDED, created="then")
    del unmarked["metadata"]["labels"]["slipway/managed"]
    nameless = namespace("d", ENDED, created="then")
    del nameless["metadata"]["name"]
    kube.script("GET", NAMESPACES, listing(unmarked, nameless, {}, "x", None))
    result = sweep().json
    assert result["deleted"] == []
    assert [i["namespace"] for i in result["kept"]] == ["b"]


def test_out_of_reach(run_step, kube, tmp_path):
    config = kube.kubeconfig(tmp_path)
    config.write_text(config.read_text().replace(
        str(kube.port), str(wait.free_port())))
    failed = run_step("expire-sweep", "--kubeconfig", config, "--timeout",
                      "2s", expect=75)
    assert "cannot ask the Kubernetes API" in failed.err


def test_a_timeout_of_the_whole_run(kube, sweep):
    kube.script("GET", SECRETS, Reply(200, b"{}", stall=10))
    sweep("--timeout", "300ms", expect=75)


# --- deciding without acting -------------------------------------------------

def test_a_namespace_that_answers_as_a_proxy_is_kept(kube, sweep, tmp_path):
    """404 of something that is no API server says nothing of an environment;
    in doubt it stays."""
    helm = tmp_path / "helm"
    helm.write_text('#!/bin/sh\necho "$@" >>"$0.calls"\n')
    helm.chmod(0o755)
    kube.script("GET", SECRETS, listing(secret("a", ENDED)))
    kube.script("GET", f"{NAMESPACES}/a", Reply(404, b"404 page not found\n"))
    kube.lease(f"{NAMESPACES}/a")

    failed = sweep("--helm", helm, dry_run=False, expect=1)

    assert "server answered 404" in failed.err
    assert [i["namespace"] for i in failed.json["failed"]] == ["a"]
    assert not (tmp_path / "helm.calls").exists()
    leases = f"{LEASES}/a/leases"
    assert kube.writes == [     # taken, made, given back
        f"PATCH {leases}/slipway", f"POST {leases}", f"PATCH {leases}/slipway"]


def test_the_fuse_of_many(kube, sweep):
    kube.script("GET", SECRETS,
                listing(*(secret(f"env-{i}", ENDED) for i in range(51))))
    refused = sweep(dry_run=False, expect=3)
    assert "51 of 51 environments would be deleted" in refused.err
    assert "hint: look at them with '--dry-run'" in refused.err
    assert len(sweep(expect=3).json["deleted"]) == 51
    assert len(sweep("--max-deletes", 51).json["deleted"]) == 51


def test_usage(kube, sweep):
    assert "'--now' needs '--environment'" in sweep("--now", expect=2).err
    for name in "", "web-*", "Web", "a/b":
        refused = sweep("--environment", name, "--now", expect=2)
        assert f"'{name}' is no legal namespace" in refused.err
    for option in "--protect", "--namespace":
        refused = sweep(option, "prot-[x", expect=2)
        assert "'prot-[x' matches no name: its '[' is not closed" in refused.err
    sweep("--max-percent", 101, expect=2)
    sweep("--jobs", 0, expect=2)
    sweep("argument", expect=2)
    assert kube.requests == []


def test_without_helm(kube, sweep):
    """Only asked for where something is to be deleted."""
    sweep("--helm", "no-such-helm", dry_run=False)
    kube.script("GET", SECRETS, listing(secret("a", ENDED)))
    failed = sweep("--helm", "no-such-helm", dry_run=False, expect=1)
    assert "there is no program 'no-such-helm'" in failed.err
    assert "hint: install Helm 4" in failed.err


def test_text_for_people(kube, run_step, tmp_path):
    kube.script("GET", SECRETS, listing(secret("a", ENDED), secret("b", "never")))
    result = run_step("expire-sweep", "--dry-run", "--kubeconfig",
                      kube.kubeconfig(tmp_path))
    assert result.out == ("would delete a/web: expired\n"
                          "kept b/web: it never expires\n")


def test_check_names_missing_rights(kube, run_step, tmp_path):
    def review(request):
        asked = json.loads(request.body)["spec"]["resourceAttributes"]
        allowed = (asked["verb"], asked["resource"]) != ("list", "pods")
        return answer({"status": {"allowed": allowed}}, 201)

    kube.script("POST", "/apis/authorization.k8s.io/v1"
                "/selfsubjectaccessreviews", review)
    failed = run_step("expire-sweep", "--check", "--kubeconfig",
                      kube.kubeconfig(tmp_path), expect=1)
    assert "may not list pods in all namespaces, needed to see whether " \
        "others are in a namespace\n" in failed.err


# --- numbers for Prometheus --------------------------------------------------

SAMPLE = re.compile(
    r'slipway_expire_sweep_(\w+)(?:\{outcome="(\w+)"\})? (\d+(?:\.\d+)?)')


def metrics(path: Path) -> dict[str, float]:
    """The samples, each after its own HELP and TYPE."""
    found, announced = {}, []
    for line in path.read_text().splitlines():
        if line.startswith("#"):
            announced.append(tuple(line.split()[1:3]))
            continue
        name, outcome, value = SAMPLE.fullmatch(line).groups()
        assert announced[-2:] == [
            (word, f"slipway_expire_sweep_{name}") for word in ("HELP", "TYPE")]
        found[outcome or name] = float(value)
    assert len(announced) == len(set(announced))
    return found


def test_metrics(kube, sweep, tmp_path):
    """Of every run that is meant, whatever became of it."""
    path = tmp_path / "sweep.prom"
    unlabelled = secret("c", ENDED)
    del unlabelled["metadata"]["labels"]["slipway/expires-at"]
    soon = int(time.time()) + 60
    kube.script("GET", SECRETS, listing(
        secret("a", "never"), secret("b", soon), unlabelled))
    sweep("--metrics", path)
    assert not path.exists()

    path.write_text("of the last run")
    before = int(time.time())
    told = sweep("--metrics", path, "--warn-before", "1h", dry_run=False).json
    assert told["expiringSoon"] == [
        {"namespace": "b", "release": "web", "reason": "not expired yet",
         "seconds": 0, "repository": None, "branch": None, "expires": True,
         "expiresAt": soon,
         "expiryDate": f"{datetime.fromtimestamp(soon, timezone.utc):%F %T}"}]
    found = metrics(path)
    assert 0 <= found.pop("duration_seconds") < 60
    assert before <= found.pop("last_run_timestamp_seconds") <= time.time()
    assert found == {"kept": 3, "deleted": 0, "failed": 0, "expiring_soon": 1,
                     "doubtful": 1, "success": 1}
    assert told["metrics"] == {
        "judged": 3, "kept": 3, "deleted": 0, "failed": 0, "expiringSoon": 1,
        "doubtful": 1}
    assert path.stat().st_mode & 0o777 == 0o644

    kube.script("GET", SECRETS, listing(secret("a", ENDED), secret("b", ENDED)))
    sweep("--metrics", path, "--max-deletes", 1, dry_run=False, expect=3)
    found = metrics(path)
    assert (found["kept"], found["success"]) == (2, 0)

    kube.script("GET", SECRETS, refusal(403, "Forbidden"))
    sweep("--metrics", path, dry_run=False, expect=1)
    assert set(metrics(path)) == {"duration_seconds", "success",
                                  "last_run_timestamp_seconds"}
    assert metrics(path)["success"] == 0


def test_whom_to_tell_of_what_expires_soon(kube, sweep):
    """Whose it is, raw, as deploy-preview noted it; with --grace the time is
    that of the mark."""
    now = int(time.time())
    kube.script("GET", NAMESPACES, listing(namespace(
        "a", now - 60, repository="web", branch="Feature/x", created="then")))
    (told,) = sweep("--grace", "1h", "--warn-before",
                    "2h").json["expiringSoon"]
    assert (told["repository"], told["branch"]) == ("web", "Feature/x")
    assert told["expiresAt"] == now - 60 and told["release"] is None


def test_metrics_that_cannot_be_written(kube, sweep, tmp_path):
    """Found before anything is asked, or where their folder goes meanwhile."""
    folder = tmp_path / "none"
    (tmp_path / "file").write_text("")
    for path, words in [(folder / "x", f"there is no folder '{folder}/'"),
                        (tmp_path, f"'{tmp_path}' is a folder"),
                        (tmp_path / "file" / "x", "there is no folder")]:
        for dry_run in True, False:
            failed = sweep("--metrics", path, dry_run=dry_run, expect=1)
            assert f"cannot write the metrics: {words}" in failed.err
    assert kube.requests == []

    def vanish(reply: Reply):
        def answer_then(_request):
            folder.rmdir()
            return reply
        return answer_then

    for reply, words in [(listing(), "error: cannot write the metrics"),
                         (refusal(403, "Forbidden"),
                          "warning: cannot write the metrics")]:
        folder.mkdir()
        kube.script("GET", SECRETS, vanish(reply))
        failed = sweep("--metrics", folder / "x", dry_run=False, expect=1)
        assert words in failed.err
    assert "error: cannot look for environments" in failed.err


def test_no_time_to_wait_is_refused(kube, sweep):
    assert "at least 1s" in sweep("--wait-timeout", "0s", expect=2).err
    assert kube.requests == []
