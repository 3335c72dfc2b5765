"""--check of the steps that work on a cluster: each right that is missing is
named alone, with where, what for, and what would give it."""

from __future__ import annotations

import json
import re

import pytest

from scripted_http import Reply
from scripted_kube import answer, refusal

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
HELM = "#!/bin/sh\necho v4.3.1\n"

pytestmark = pytest.mark.parametrize("step", ["deploy-preview",
                                              "expire-sweep"])


@pytest.fixture
def check(run_step, kube, step, tmp_path):
    """check(reply): the check with @reply to each review."""
    helm = tmp_path / "helm"
    helm.write_text(HELM)
    helm.chmod(0o755)

    def run(reply, *args, expect=0):
        kube.script("POST", REVIEWS, reply)
        return run_step(step, "--check", "--helm", helm, "--kubeconfig",
                        kube.kubeconfig(tmp_path), *args, expect=expect)

    return run


def asked(request) -> dict:
    review = json.loads(request.body)
    assert review["kind"] == "SelfSubjectAccessReview"
    return review["spec"]["resourceAttributes"]


def allow(_request) -> Reply:
    return answer({"status": {"allowed": True}}, 201)


def name_of(right: dict) -> str:
    group = right["group"] and f".{right['group']}"
    sub = right.get("subresource")
    return (f"may not {right['verb']} {right['resource']}{group}"
            + (f"/{sub}" if sub else ""))


@pytest.mark.parametrize("version, fine", [
    ("v4.0.0", ["deploy-preview", "expire-sweep"]),
    ("v3.13.0", ["deploy-preview", "expire-sweep"]),
    ("v3.12.3", ["expire-sweep"]), ("v3.7.0", ["expire-sweep"]),
    ("v3.6.3", []), ("v2.17.0", []),
])
def test_a_helm_that_is_too_old(version, fine, check, step, tmp_path):
    """Its flags are not yet there."""
    helm = tmp_path / "old"
    helm.write_text(f"#!/bin/sh\necho {version}+g1234567\n")
    helm.chmod(0o755)
    checked = check(allow, "--helm", helm, expect=0 if step in fine else 1)
    assert (f"its version is '{version}+g1234567'" in checked.err) \
        == (step not in fine)


def test_each_right_alone(check, kube, step):
    place = {"deploy-preview": "--namespace",
             "expire-sweep": "--environment"}[step]
    assert "rights are there" in check(allow, place, "web-x").out
    rights = [asked(request) for request in kube.requests]
    assert len(rights) > 10
    for missing in rights:
        def review(request, missing=missing):
            return answer({"status": {"allowed": asked(request) != missing}},
                          201)

        failed = check(review, place, "web-x", expect=1)
        [error, hint] = failed.err.splitlines()
        where = "" if missing["resource"] == "namespaces" else \
            " in namespace 'web-x'"
        assert re.search(rf"the user of the kubeconfig {name_of(missing)}"
                         rf"{where}, needed to [^;]+$", error), error
        assert hint.startswith("hint: bind the roles slipway-")
        assert "pipeline-examples/sweep/rbac.yaml" in hint


def test_all_are_named_at_once(check, kube, step):
    failed = check(answer({"status": {"allowed": False}}, 201), expect=1)
    for request in kube.requests:
        right = asked(request)
        assert "namespace" not in right
        assert name_of(right) in failed.err
    assert failed.err.count(" in all namespaces, needed to ") > 5


@pytest.mark.parametrize("reply, code, words", [
    (refusal(401, "Unauthorized", "Unauthorized"), 1,
     "not (or no longer) valid"),
    (refusal(403, "Forbidden", "no reviews for you"), 1, "no reviews for you"),
    (Reply(404, b"<html>"), 1, "server answered 404"),
    (Reply(201, b"<html>"), 1, "is no object of the Kubernetes API"),
    (answer({}, 201), 1, "may not "),
    (Reply(500, b"", ["Retry-After: 0"]), 75, "server answered 500"),
])
def test_reviews_that_fail(reply, code, words, check, step):
    assert words in check(reply, "--timeout", "3s", expect=code).err
