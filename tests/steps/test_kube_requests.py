"""What the steps ask a cluster, byte for byte, and what its refusals mean:
expired lists, a server that has too much to do, deletions of what changed."""

from __future__ import annotations

import json
import re
import time

import pytest

from scripted_http import Reply
from scripted_kube import ENDED, TOKEN, answer, listing, refusal, secret

NAMESPACES, SECRETS = "/api/v1/namespaces", "/api/v1/secrets"
HOME = f"{NAMESPACES}/shop-fix"


@pytest.fixture
def sweep(run_step, kube, tmp_path):
    """With a Helm that has nothing to do."""
    helm = tmp_path / "helm"
    helm.write_text("#!/bin/sh\nexit 1\n")
    helm.chmod(0o755)

    def run(*args, **options):
        return run_step("expire-sweep", "--helm", helm, "--kubeconfig",
                        kube.kubeconfig(tmp_path), *args, **options)
    return run


def old_namespace(version: str = "7") -> dict:
    """An expired one of ours, whose release is gone already."""
    return {"metadata": {
        "name": "shop-fix", "uid": "uid-1", "resourceVersion": version,
        "labels": {"slipway/managed": "v1", "slipway/expires-at": str(ENDED)},
        "annotations": {"slipway/created": "2026-01-01T00:00:00Z"}}}


@pytest.fixture
def expired(kube):
    """The namespace is there, and gone once it was deleted."""
    kube.script("GET", NAMESPACES, listing(old_namespace()))
    kube.script("GET", HOME, lambda _: refusal(404, "NotFound")
                if [line for line in kube.writes if line.startswith("DELETE")]
                and kube.gone else answer(old_namespace()))
    kube.gone = True
    kube.script("DELETE", HOME, answer({}))
    return kube.lease(HOME)


def text_of(request) -> str:
    """The request without what differs from run to run."""
    text = request.raw.decode()
    return re.sub(r"(Host: 127.0.0.1:|User-Agent: slipway/)\S+", r"\1X", text)


def deletions(kube) -> list:
    return [r for r in kube.requests if r.method == "DELETE"]


# --- lists -------------------------------------------------------------------

def test_a_page(kube, sweep):
    kube.script("GET", SECRETS, listing(secret("a", 99999999999),
                                        token="a/b+c="), listing())
    sweep("--dry-run")
    pages = [r for r in kube.requests if r.path.startswith(SECRETS)]
    selector = re.search(r"labelSelector=[^&]+", pages[0].path)[0]
    for page, more in zip(pages, ("", "&continue=a%2Fb%2Bc%3D"), strict=True):
        assert text_of(page) == (
            f"GET {SECRETS}?{selector}&limit=500{more} HTTP/1.1\r\n"
            "Host: 127.0.0.1:X\r\nUser-Agent: slipway/X\r\n"
            "Accept-Encoding: gzip\r\n"
            "Accept: application/json;as=PartialObjectMetadataList;"
            "g=meta.k8s.io;v=v1,application/json\r\n"
            f"Authorization: Bearer {TOKEN}\r\n\r\n")


def test_an_expired_token_is_never_gone_on_with(kube, sweep):
    """Its answer offers another token, for a list that is not whole."""
    expired = answer({"kind": "Status", "reason": "Expired", "code": 410,
                      "metadata": {"continue": "inconsistent"}}, 410)
    kube.script("GET", SECRETS, listing(secret("a", ENDED), token="t"), expired,
                listing(secret("b", ENDED)))
    sweep("--dry-run")
    tokens = [query.get("continue") for query in kube.queries(SECRETS)]
    assert tokens == [None, "t", None]


# --- priority and fairness ---------------------------------------------------

def busy(seconds: int) -> Reply:
    reply = refusal(429, "TooManyRequests", "too many requests")
    reply.headers += [f"Retry-After: {seconds}",
                      "X-Kubernetes-Pf-Flowschema-Uid: u"]
    return reply


def test_a_busy_server_says_when(kube, sweep, expired):
    """Lists and deletions wait as long as they are told."""
    kube.script("GET", SECRETS, busy(1), listing())
    kube.script("DELETE", HOME, busy(1), answer({}))
    done = sweep("--output", "json")
    for requests in ([r for r in kube.requests if r.path.startswith(SECRETS)],
                     deletions(kube)):
        first, second = requests[:2]
        assert second.at - first.at >= 0.95
        assert second.raw == first.raw
    assert done.err.count("429") == 2
    assert len(done.json["deleted"]) == 1


def test_a_busy_server_that_wants_too_much_time(kube, sweep):
    kube.script("GET", SECRETS, busy(3600))
    before = time.monotonic()
    failed = sweep("--dry-run", "--timeout", "5s", expect=75)
    assert time.monotonic() - before < 30
    assert "429 (too many requests)" in failed.err


def test_a_cluster_that_is_not_up(kube, run_step, tmp_path):
    config = kube.kubeconfig(tmp_path, {"server": "http://127.0.0.1:1"})
    failed = run_step("expire-sweep", "--kubeconfig", config, "--dry-run",
                      "--timeout", "1s", expect=75)
    assert "hint: see whether the cluster is up, and whether " \
        "'http://127.0.0.1:1' of the kubeconfig is its address" in failed.err


# --- creations ---------------------------------------------------------------

QUOTA = ("Operation cannot be fulfilled on resourcequotas \"q\": the object "
         "has been modified; please apply your changes to the latest version "
         "and try again")


def test_a_quota_that_others_changed_is_no_twin(kube, sweep, expired):
    """409 says two things: that it is there, and that somebody was faster to
    write down what is used of a quota."""
    leases = "/apis/coordination.k8s.io/v1/namespaces/shop-fix/leases"
    kube.first("POST", leases, refusal(409, "Conflict", QUOTA))
    done = sweep("--output", "json")
    assert "409" in done.err and "trying again" in done.err
    assert len(done.json["deleted"]) == 1


def test_a_quota_that_others_always_change(kube, sweep, expired):
    leases = "/apis/coordination.k8s.io/v1/namespaces/shop-fix/leases"
    busy = refusal(409, "Conflict", QUOTA)
    busy.headers += ["Retry-After: 400"]
    kube.script("POST", leases, busy)
    failed = sweep(expect=75)
    assert "has been modified" in failed.err
    assert deletions(kube) == []


# --- leases ------------------------------------------------------------------

LEASE = "/apis/coordination.k8s.io/v1/namespaces/shop-fix/leases/slipway"


def test_a_lease_that_nobody_holds_takes_one_request(kube, sweep, expired):
    expired.give_back(HOME)
    sweep()
    [request] = [r for r in kube.requests if "/leases" in r.path]
    assert (request.line, request.header("Content-Type")) == (
        f"PATCH {LEASE}", "application/json-patch+json")
    test, *changes = json.loads(request.body)
    assert test == {"op": "test", "path": "/spec/holderIdentity", "value": None}
    assert [(c["op"], c["path"]) for c in changes] == [
        ("add", "/metadata/annotations/slipway~1owner"),
        ("add", "/spec/holderIdentity"), ("add", "/spec/leaseDurationSeconds"),
        ("add", "/spec/renewTime")]
    owner, run, seconds, renewed = [c["value"] for c in changes]
    assert json.loads(owner)["run"] == run and seconds == 60
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}\.000000Z", renewed)


@pytest.mark.parametrize("spec", [
    {}, {"holderIdentity": ""},     # none of ours, but nobody's
    {"holderIdentity": "another", "leaseDurationSeconds": 60,
     "renewTime": "2020-01-01T00:00:00.000000Z"}])
def test_a_lease_that_may_be_taken_after_a_look(kube, sweep, expired, spec):
    kube.first("GET", LEASE, answer({"metadata": {"resourceVersion": "9"},
                                     "spec": spec}))
    kube.first("PATCH", LEASE, refusal(422, "Invalid"), answer(
        {"metadata": {"resourceVersion": "10"}}))
    sweep()
    lines = [r for r in kube.requests if r.path == LEASE]
    assert [r.method for r in lines] == ["PATCH", "GET", "PATCH"]
    assert json.loads(lines[2].body)["metadata"]["resourceVersion"] == "9"
    assert len(deletions(kube)) == 1


# --- deletions ---------------------------------------------------------------

def test_a_deletion_names_what_it_saw(kube, sweep, expired):
    sweep()
    [request] = deletions(kube)
    assert text_of(request).split("\r\n\r\n")[0].splitlines()[0] == \
        f"DELETE {HOME} HTTP/1.1"
    assert request.header("Content-Type") == "application/json"
    assert request.body == (
        b'{"apiVersion":"v1","kind":"DeleteOptions",'
        b'"propagationPolicy":"Background","preconditions":'
        b'{"uid":"uid-1","resourceVersion":"7"}}')


def test_what_changed_since_is_looked_at_again(kube, sweep, expired):
    """And deleted as it is then, if it may still go."""
    looks = [answer(old_namespace("7"))] * 2 + [answer(old_namespace("8"))]
    kube.gone = False

    def look(_request):
        return looks[min(len(deletions(kube)) + 1, 2)] \
            if len(deletions(kube)) < 2 else refusal(404, "NotFound")

    kube.script("GET", HOME, look)
    kube.script("DELETE", HOME, refusal(409, "Conflict", "it changed"),
                answer({}))
    sweep()
    versions = [json.loads(r.body)["preconditions"]["resourceVersion"]
                for r in deletions(kube)]
    assert versions == ["7", "8"]


def test_what_goes_on_changing_stays(kube, sweep, expired):
    kube.script("DELETE", HOME, refusal(409, "Conflict", "it changed"))
    kube.gone = False
    assert "it changed" in sweep(expect=1).err
    assert len(deletions(kube)) == 2


@pytest.mark.parametrize("field", ["uid", "resourceVersion"])
def test_nothing_is_deleted_unseen(field, kube, sweep):
    nameless = old_namespace()
    del nameless["metadata"][field]
    kube.script("GET", NAMESPACES, listing(nameless))
    kube.script("GET", HOME, answer(nameless))
    kube.lease(HOME)
    failed = sweep(expect=1)
    assert "nothing can be deleted safely" in failed.err
    assert not deletions(kube)


# --- dry runs ----------------------------------------------------------------

@pytest.fixture
def plan(run_step, kube, any_helm, tmp_path):
    chart = tmp_path / "chart"
    chart.mkdir()
    (chart / "Chart.yaml").write_text("name: shop\nversion: 1.0.0\n")

    def run(**options):
        return run_step("deploy-preview", "--dry-run", "--repository-name",
                        "shop", "--branch", "fix", "--kubeconfig",
                        kube.kubeconfig(tmp_path), "--helm", any_helm, chart,
                        **options)
    return run


def test_a_dry_run_is_judged_by_the_server(plan, kube):
    """A new namespace, and one that is there."""
    plan()
    post = kube.requests[-1]
    assert post.line == f"POST {NAMESPACES}?dryRun=All"
    assert json.loads(post.body)["metadata"]["name"] == "shop-fix"
    kube.script("GET", HOME, answer({"metadata": {
        "name": "shop-fix", "uid": "u", "resourceVersion": "1",
        "labels": {"slipway/managed": "v1"}, "annotations": {
            "slipway/repository": "shop", "slipway/branch": "fix"}}}))
    plan()
    assert kube.requests[-1].line == f"PATCH {HOME}?dryRun=All"
    assert kube.writes == []


@pytest.mark.parametrize("reply, code, words", [
    (refusal(403, "Forbidden", "admission webhook denied it: no team label"),
     1, "403 (admission webhook denied it: no team label)"),
    (refusal(422, "Invalid", "not like this"), 1, "422 (not like this)"),
    (Reply(500, b"", ["Retry-After: 0"]), 75, "server answered 500"),
])
def test_what_the_server_would_refuse(reply, code, words, plan, kube):
    kube.script("POST", NAMESPACES, reply)
    failed = plan(expect=code)
    assert words in failed.err and failed.out == ""


# --- out of reach ------------------------------------------------------------

@pytest.mark.parametrize("server, code, words", [
    ("https://127.0.0.1:1", 75, "127.0.0.1:1"),
    ("https://no-such-host.invalid", 75, "no-such-host.invalid"),
    ("https://", 2, "the kubeconfig's server"),
    ("ftp://host", 2, "is not https"),
    ("http://example.com", 2, "is not https"),
    ("http://127.0.0.1.example.com", 2, "is not https"),
])
def test_no_cluster(server, code, words, run_step, kube, tmp_path):
    config = kube.kubeconfig(tmp_path, cluster={"server": server})
    failed = run_step("expire-sweep", "--dry-run", "--timeout", "2s",
                      "--kubeconfig", config, expect=code)
    assert words in failed.err and failed.out == ""
    assert failed.err.count("error: ") == 1


@pytest.mark.parametrize("reply, code, words, hint", [
    (refusal(401, "Unauthorized", "token has expired"), 1,
     "401 (token has expired)", "is not (or no longer) valid"),
    (refusal(403, "Forbidden", "you may not list secrets"), 1,
     "403 (you may not list secrets)", "'--check' the step names each right"),
    (refusal(503, "ServiceUnavailable", "not now"), 75, "503", ""),
    (refusal(500, "", "json: cannot unmarshal string into Go value"), 1,
     "500 (json: cannot unmarshal", "mend the object"),
])
def test_refusals_in_the_servers_words(reply, code, words, hint, kube, sweep):
    if code == 75:
        reply.headers.append("Retry-After: 0")
    kube.script("GET", SECRETS, reply)
    failed = sweep("--dry-run", "--timeout", "3s", expect=code)
    assert words in failed.err and hint in failed.err
    assert failed.err.count("error: ") == 1
    assert failed.err.count("hint: ") == (1 if hint else 0)
