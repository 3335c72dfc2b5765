"""deploy-preview against a scripted API: kubeconfigs, names, bad answers.

What it deploys for real is tested in tests/lab/test_cluster_deploy.py.
"""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import datetime, timezone
from fnmatch import fnmatch

import pytest

from scripted_http import Reply
from scripted_kube import ENDED, TOKEN, answer, namespace, refusal

NAMES = ["--repository-name", "shop", "--branch", "fix"]
HOME = "/api/v1/namespaces/shop-fix"
LATER = 4_000_000_000


@pytest.fixture
def chart(tmp_path):
    path = tmp_path / "chart"
    path.mkdir()
    (path / "Chart.yaml").write_text(
        "apiVersion: v2\nname: shop\nversion: 1.0.0\n")
    return path


@pytest.fixture
def deploy(run_step, kube, chart, any_helm, tmp_path):
    """A dry run of the chart, unless told."""
    def run(*args, config=None, dry_run=True, given=chart, helm=any_helm,
            **options):
        return run_step(
            "deploy-preview", *NAMES, "--kubeconfig",
            config or kube.kubeconfig(tmp_path), "--output", "json",
            "--helm", helm, *(["--dry-run"] if dry_run else []), *args,
            *([given] if given else []), **options)
    return run


def marked(**annotations: str) -> Reply:
    return answer({"metadata": {
        "name": "shop-fix", "uid": "u", "resourceVersion": "7",
        "labels": {"slipway/managed": "v1", "slipway/expires-at": str(ENDED)},
        "annotations": {f"slipway/{key.replace('_', '-')}": value
                        for key, value in annotations.items()}}})


# --- names -------------------------------------------------------------------

def test_print_names_needs_no_cluster(run_step):
    result = run_step("deploy-preview", "--print-names", "--output", "env",
                      "--repository-name", "shop", "--branch", "feature/x")
    digits = hashlib.sha256(b"shop\nfeature/x").hexdigest()[:16]
    assert result.out.splitlines() == [
        f"NAMESPACE=shop-feature-x-{digits}",
        f"RELEASE=shop-feature-x-{digits}", "STACK=shop"]


@pytest.mark.parametrize("recorded, release", [
    ("3scale-fix", "3scale-fix"), ("another", "r-3scale-fix-*"),
    (None, "r-3scale-fix-*"),
])
def test_a_release_by_a_former_name_is_kept(recorded, release, deploy, kube):
    """It begins with a digit, which newer ones do not."""
    home = {"metadata": {
        "name": "3scale-fix", "uid": "u", "resourceVersion": "7",
        "labels": {"slipway/managed": "v1"},
        "annotations": {"slipway/repository": "3scale",
                        "slipway/branch": "fix"}}}
    if recorded:
        home["metadata"]["annotations"]["slipway/release"] = recorded
    kube.script("GET", "/api/v1/namespaces/3scale-fix", answer(home))
    kube.script("PATCH", "/api/v1/namespaces/3scale-fix", answer({}))
    plan = deploy("--repository-name", "3scale").json
    assert fnmatch(plan["release"], release)
    (patch,) = [json.loads(r.body) for r in kube.requests
                if r.method == "PATCH"]
    assert patch["metadata"]["annotations"]["slipway/release"] \
        == plan["release"]


@pytest.mark.parametrize("args, words", [
    (["--branch", "x"], "the repository is not known"),
    (["--repository-name", "web"], "the branch is not known"),
    (["--repository-name", "kube", "--branch", "system"],
     "namespace 'kube-system' belongs to the cluster"),
    (["--repository-name", "a", "--branch", "b", "--namespace", "Big"],
     "'Big' is no legal namespace"),
    (["--repository-name", "a", "--branch", "b", "--release", "x" * 54],
     "no legal release name"),
    (["--repository-name", "a", "--branch", "b", "--stack", "-"],
     "cannot be the value of a label"),
])
def test_names_that_cannot_be(args, words, run_step, tmp_path):
    failed = run_step("deploy-preview", "--print-names", *args, expect=2,
                      cwd=tmp_path)
    assert words in failed.err


def test_a_pull_request_of_main_is_not_main(deploy, chart):
    plan = deploy("--branch", "main", env={"CHANGE_ID": "7"}).json
    assert plan["namespace"] == "shop-main" and plan["expires"]


# --- what is to be deployed --------------------------------------------------

def test_the_chart_is_found(deploy, chart, tmp_path):
    unmade = deploy(given=None, cwd=tmp_path, expect=2)
    assert "hint: 'umbrella-render' makes it; or name the chart's folder" in unmade.err
    (tmp_path / "rendered").mkdir()
    chart.rename(tmp_path / "rendered" / "shop")
    assert deploy(given=None, cwd=tmp_path).json["chart"] == "rendered/shop"
    other = tmp_path / "rendered" / "other"
    other.mkdir()
    (other / "Chart.yaml").write_text("name: other\n")
    assert "2 charts in 'rendered/'" in deploy(given=None, cwd=tmp_path,
                                                  expect=2).err
    missing = deploy(given=tmp_path, expect=2)
    assert "it has no Chart.yaml" in missing.err


def test_values_that_are_wrong_are_shown(deploy, chart, tmp_path):
    (chart / "values.yaml").write_text(
        "global:\n  expires: true\n  expiryDate: tomorrow\n")
    failed = deploy(expect=2)
    assert "'global.expiryDate' is no date" in failed.err
    assert "values.yaml:3:15" in failed.err
    more = tmp_path / "more.yaml"
    more.write_text("global: {expires: maybe}\n")
    failed = deploy("--values", more, expect=2)
    assert "more.yaml:1:19" in failed.err
    more.write_text("# no mapping\n- global\n")
    assert "values are a mapping\n  at " in deploy("--values", more, expect=2).err
    more.write_text("global: {expires: false, expiryDate: ''}\n")
    assert deploy("--values", more).json["expires"] is False


def test_usage(deploy, kube):
    assert "'{x}'" in deploy("--url-template", "https://{x}", expect=2).err
    assert "not of the form" in deploy("--url-template", "{namespace}.example", expect=2).err
    pipe = deploy("--values", "/dev/stdin", input="front: {replicas: 2}\n", expect=2)
    assert "'--values /dev/stdin' is no regular file\nhint: write" in pipe.err
    assert "'--set nothing' is no KEY=VALUE" in deploy("--set", "nothing", expect=2).err
    assert "takes no chart" in deploy("--renew", expect=2).err
    deploy("--history-max", 0, expect=2)
    for item in ("global.expires=false", "a=b,global.expiryDate=2030-01-01",
                 "global=null", "global={}", "myglobal=1,global=", "global[0]=1",
                 "global.expires.x=1", "global.expiryDate[0]=1"):
        assert "cannot say when it expires" in deploy("--set", item,
                                                      expect=2).err
    assert "'--wait-timeout'" in deploy("--wait-timeout", "0s", expect=2).err
    assert kube.requests == []


# --- kubeconfig --------------------------------------------------------------

def config_of(path, **changes):
    """The kubeconfig at @path with "section.key": value changed."""
    config = json.loads(path.read_text())
    for key, value in changes.items():
        section, name = key.split("__")
        config[f"{section}s"][0][section][name] = value
    path.write_text(json.dumps(config, indent=1))
    return path


@pytest.mark.parametrize("changes, words", [
    ({"cluster__insecure-skip-tls-verify": True,
      "cluster__certificate-authority-data": "Q0E="},
     "'insecure-skip-tls-verify' of the kubeconfig makes no use"),
    ({"cluster__proxy-url": "ftp://me:canary-password@proxy"},
     "'proxy-url' of the kubeconfig is no address"),
    ({"cluster__server": ""}, "has no 'server'"),
    ({"cluster__server": "http://example.com"}, "is not https"),
    ({"cluster__certificate-authority-data": "%%"},
     "'certificate-authority-data' is no base64"),
    ({"cluster__certificate-authority": "no-such-file"}, "no-such-file"),
    ({"user__auth-provider": {"name": "oidc"}},
     "'auth-provider' in a kubeconfig is not supported"),
    ({"user__username": "admin"}, "both a token and a password"),
    ({"context__cluster": "other"}, "the kubeconfig has no cluster 'other'"),
    ({"context__cluster": ""}, "names no cluster"),
    ({"user__token": None, "user__exec": {"args": []}},
     "'exec' has no 'command'"),
    ({"user__token": None, "user__exec": {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "ask", "interactiveMode": "Always"}}, "wants to ask"),
])
def test_a_kubeconfig_that_cannot_be_used(changes, words, deploy, kube,
                                          tmp_path):
    path = config_of(kube.kubeconfig(tmp_path), **changes)
    failed = deploy(config=path, expect=2)
    assert words in failed.err
    assert TOKEN not in failed.err and kube.requests == []


def test_a_kubeconfig_that_is_none(deploy, kube, tmp_path):
    path = tmp_path / "kubeconfig"
    path.write_text(f"users:\n- token: {TOKEN}\n  \t{{[\n")
    failed = deploy(config=path, expect=2)
    assert "kubeconfig:3:" in failed.err
    assert TOKEN not in failed.err
    path.write_text("just text\n")
    assert "is no kubeconfig" in deploy(config=path, expect=2).err
    failed = deploy(config=tmp_path / "none", expect=2)
    assert "cannot read kubeconfig" in failed.err
    path = kube.kubeconfig(tmp_path)
    failed = deploy("--kube-context", "y", config=path, expect=2)
    assert "the kubeconfig has no context 'y'" in failed.err
    assert "hint: its contexts are 'x'" in failed.err


def test_where_a_kubeconfig_is_found(run_step, kube, chart, any_helm,
                                     tmp_path):
    """KUBECONFIG is a list, of which the first that says something counts."""
    folder = tmp_path / "home" / ".kube"
    folder.mkdir(parents=True)
    kube.kubeconfig(folder).rename(folder / "config")
    step = ["deploy-preview", *NAMES, "--helm", any_helm, "--dry-run", chart]
    run_step(*step, env={"HOME": str(tmp_path / "home")})
    (tmp_path / "first").write_text("current-context: missing\n")
    failed = run_step(*step, expect=2, env={
        "KUBECONFIG": f"{tmp_path}/none:{tmp_path}/first:{folder}/config"})
    assert "no context 'missing'" in failed.err
    failed = run_step(*step, expect=2, env={"KUBECONFIG": "/none"})
    assert "no file of KUBECONFIG exists: '/none'" in failed.err
    assert "hint: let KUBECONFIG name one that is there" in failed.err
    failed = run_step(*step, expect=2)
    assert "there is no kubeconfig" in failed.err


# --- answers -----------------------------------------------------------------

def test_a_dry_run_only_reads(deploy, kube):
    plan = deploy().json
    assert plan["namespace"] == plan["release"] == "shop-fix"
    assert kube.writes == []
    assert kube.lines == [f"GET {HOME}", f"GET {HOME}",
                          "POST /api/v1/namespaces?dryRun=All"]


@pytest.mark.parametrize("reply, code, words", [
    (refusal(401, "Unauthorized"), 1, "not (or no longer) valid"),
    (refusal(403, "Forbidden", "may not get namespaces"), 1,
     "may not get namespaces"),
    (Reply(404, b"<html>"), 1, "server answered 404"),
    (Reply(500, b"", ["Retry-After: 0"]), 75, "server answered 500"),
    (Reply(200, b"<html>"), 1, "is no object of the Kubernetes API"),
    (answer({}), 1, "is not namespace 'shop-fix'"),
    (answer({"kind": "Status", "status": "Success"}), 1,
     "is not namespace 'shop-fix'"),
    (answer(namespace("shop-main")), 1, "is not namespace 'shop-fix'"),
    (Reply(200, b"{}" + b" " * (33 << 20)), 1, ""),
    (Reply(200, b"{}", cut=20), 75, ""),
    (marked(repository="web", branch="fix"), 3,
     "belongs to repository 'web'"),
    (marked(repository="shop", branch="other"), 3, "branch 'other'"),
    (marked(main="true"), 3, "is a main environment"),
])
def test_answers_that_end_it(reply, code, words, deploy, kube):
    kube.script("GET", HOME, reply)
    failed = deploy("--timeout", "3s", dry_run=False, expect=None)
    assert failed.code == code, failed
    assert words in failed.err
    assert failed.out == "" and kube.writes == []


@pytest.mark.parametrize("status, reason", [(422, "Invalid"),
                                            (403, "Forbidden")])
def test_a_namespace_that_may_not_be_made(status, reason, deploy, kube,
                                          tmp_path):
    """Waiting does not cure that, and is not tried."""
    helm = tmp_path / "helm"
    helm.write_text("#!/bin/sh\nexit 1\n")
    helm.chmod(0o755)
    kube.script("POST", "/api/v1/namespaces", refusal(status, reason, "not so"))
    failed = deploy("--helm", helm, "--lock-timeout", "30s", dry_run=False,
                    expect=1)
    assert f"server answered {status} (not so)" in failed.err
    assert kube.writes == ["POST /api/v1/namespaces"]


def test_a_namespace_that_does_not_go(deploy, kube, tmp_path):
    """It is waited for, and its own words say what for."""
    helm = tmp_path / "helm"
    helm.write_text("#!/bin/sh\nexit 1\n")
    helm.chmod(0o755)
    kube.script("GET", HOME, answer({
        "metadata": {"name": "shop-fix", "uid": "u",
                     "deletionTimestamp": "2026-11-22T10:00:00Z"},
        "status": {"conditions": [
            {"type": "NamespaceFinalizersRemaining", "status": "True",
             "message": "example.com/held in 1 resource instances"}]}}))
    failed = deploy("--lock-timeout", "1s", "--helm", helm, dry_run=False,
                    expect=75)
    assert "namespace 'shop-fix' is being deleted: example.com/held in 1 " \
        "resource instances" in failed.err
    assert "hint: somebody has to look" in failed.err
    assert kube.writes == []
    assert "is being deleted" in deploy(expect=75).err      # a dry run


def test_too_many_requests_then_fine(deploy, kube):
    kube.script("GET", HOME, Reply(429, b"", ["Retry-After: 0"]),
                refusal(404, "NotFound"))
    assert "429" in deploy().err


def test_somebody_else_claims_meanwhile(deploy, kube, tmp_path):
    """A conflict is looked at again, and then it is another's."""
    helm = tmp_path / "helm"
    helm.write_text("#!/bin/sh\nexit 1\n")
    helm.chmod(0o755)
    ours = marked(repository="shop", branch="fix")
    kube.lease(HOME)
    kube.script("GET", HOME, ours, ours, ours,
                marked(repository="web", branch="x"))
    kube.script("PATCH", HOME, refusal(409, "Conflict"))
    failed = deploy("--helm", helm, dry_run=False, expect=3)
    assert "belongs to repository 'web'" in failed.err
    patch = json.loads(next(r.body for r in kube.requests
                            if r.line == f"PATCH {HOME}"))
    assert patch["metadata"]["resourceVersion"] == "7"


@pytest.mark.parametrize("mark, refused", [
    ("true", True), ("True", True), ("", True), ("false", False)])
def test_a_main_environment_gets_no_expiry(mark, refused, deploy, kube):
    """Nor one that may be meant to be a main one."""
    kube.script("GET", HOME, marked(repository="shop", branch="fix",
                                    main=mark))
    deployed = deploy(expect=3 if refused else 0)
    renewed = deploy("--renew", given=None, expect=3 if refused else 0)
    for result in deployed, renewed:
        assert ("is a main environment" in result.err) == refused
    assert kube.writes == []


def expiring(expires: object) -> Reply:
    """Our environment, of which the namespace says that."""
    home = json.loads(marked(repository="shop", branch="fix").body)
    home["metadata"]["labels"]["slipway/expires-at"] = str(expires)
    return answer(home)


def release(expires: object) -> Reply:
    return answer({"items": [{"metadata": {"labels": {
        "version": "1", "status": "deployed",
        "slipway/expires-at": str(expires)}}}]})


@pytest.mark.parametrize("home, latest", [
    (LATER, 1), (1, LATER), ("never", 1), (1, "never")])
@pytest.mark.parametrize("dry_run", [True, False])
def test_renew_never_shortens(home, latest, dry_run, deploy, kube):
    kube.script("GET", HOME, expiring(home))
    kube.script("GET", f"{HOME}/secrets", release(latest))
    kube.script("PATCH", HOME, answer({}))
    path = f"{HOME}/secrets/sh.helm.release.v1.shop-fix.v1"
    kube.script("PATCH", path, answer({}))

    result = deploy("--renew", given=None, dry_run=dry_run)

    assert result.err.count("info: the expiry of environment 'shop-fix' "
                            "stays: ") == 1
    (wanted,) = {home, latest} - {1}
    assert result.json["expiresAt"] == (None if wanted == "never" else wanted)
    labels = [json.loads(r.body)["metadata"]["labels"]["slipway/expires-at"]
              for r in kube.requests if r.method == "PATCH"]
    assert labels == ([] if dry_run else [str(wanted)] * 2)


def test_renew_to_a_moment_may_shorten(deploy, kube):
    kube.script("GET", HOME, expiring(LATER))
    kube.script("GET", f"{HOME}/secrets", release(1))
    kube.script("PATCH", HOME, answer({}))
    kube.script("PATCH", f"{HOME}/secrets/sh.helm.release.v1.shop-fix.v1",
                answer({}))

    result = deploy("--renew", "2s", given=None, dry_run=False)

    date = datetime.fromtimestamp(result.json["expiresAt"], timezone.utc)
    assert "the expiry of environment 'shop-fix' moves nearer, to " \
        f"{date:%F %T} UTC: it was 2096-10-02 07:06:40 UTC" in result.err
    assert result.json["expiresAt"] < LATER


def test_a_life_of_no_length_is_refused(deploy, kube):
    for args in (["--renew", "0s"], ["--renew=0"], ["--expires-in", "0"]):
        failed = deploy(*args, expect=2)
        assert "at least 1s" in failed.err
    assert kube.requests == []


def test_a_date_that_has_passed_is_warned_of(deploy, kube, chart, tmp_path):
    (chart / "values.yaml").write_text(
        "global:\n  expires: true\n  expiryDate: 2001-02-03 04:05:06\n")
    place = f"'global.expiryDate' in {chart}/values.yaml:3 is " \
        "2001-02-03 04:05:06 UTC, which has passed"
    assert place in deploy().err
    assert "has passed" not in deploy("--expires-in", "1h").err
    more = tmp_path / "more.yaml"
    more.write_text("\nglobal: {expiryDate: 2099-01-01 00:00:00}\n")
    assert "has passed" not in deploy("--values", more).err


def test_renew(deploy, kube):
    secrets = f"{HOME}/secrets"
    kube.script("GET", HOME, marked(repository="shop", branch="fix"))
    kube.script("PATCH", HOME, answer({}))
    kube.script("GET", secrets, answer({"items": [
        {"metadata": {"labels": {"version": v, "status": "deployed"}}}
        for v in ("9", "10", "2")]}))
    path = f"{secrets}/sh.helm.release.v1.shop-fix.v10"
    kube.script("PATCH", path, answer({}))

    result = deploy("--renew", "1h", given=None, dry_run=False).json

    home, release = (json.loads(r.body)["metadata"]["labels"]
                     for r in kube.requests if r.method == "PATCH")
    assert home == release == {
        "slipway/expires-at": str(result["expiresAt"])}
    assert kube.writes == [f"PATCH {HOME}", f"PATCH {path}"]


def test_a_dry_run_refuses_what_the_run_would(deploy, kube, any_helm):
    kube.script("GET", "/api/v1/namespaces/ci/secrets/pull",
                refusal(404, "NotFound"))
    missing = deploy("--copy-secret", "ci/pull", expect=1)
    assert "there is no secret 'pull' in namespace 'ci'" in missing.err
    assert "hint: make it there" in missing.err
    none = deploy(helm="/none", expect=1)
    assert "there is no program '/none'" in none.err
    any_helm.write_text("#!/bin/sh\necho v2.17.0\n")
    old = deploy(expect=1)
    assert "is neither Helm 3 nor Helm 4: its version is 'v2.17.0'" in old.err
    any_helm.write_text("#!/bin/sh\necho v3.12.3+g1\n")
    old = deploy(expect=1)
    assert "is too old: its version is 'v3.12.3+g1'" in old.err
    assert "hint: it takes Helm 4, or 3 from 3.13 on" in old.err
    assert not [w for w in kube.writes if "dryRun" not in w]


@pytest.mark.parametrize("option, value, words", [
    ("--namespace-label", "mesh", "label 'mesh' is no KEY=VALUE"),
    ("--namespace-label", "=on", "is no KEY=VALUE"),
    ("--namespace-label", "slipway/managed=v2", "set by this program"),
    ("--copy-secret", "pull", "secret 'pull' is no NAMESPACE/NAME"),
    ("--copy-secret", "ci/", "is no NAMESPACE/NAME"),
    ("--copy-secret", "ci/a/b", "is no NAMESPACE/NAME"),
    ("--copy-secret", "ci/sh.helm.release.v1.web.v1", "a revision of Helm's"),
])
def test_preparations_that_cannot_be(option, value, words, deploy, kube):
    assert words in deploy(option, value, expect=2).err
    assert kube.requests == []


@pytest.mark.parametrize("text, words", [
    ("- a\n", "a manifest is a mapping"),
    ("kind: X\nmetadata: {name: x}\n", "a manifest needs 'apiVersion'"),
    ("apiVersion: v1\nkind: X\n", "a manifest needs 'metadata.name'"),
    ("apiVersion: v1\nkind: X\nmetadata: {name: x, namespace: other}\n",
     "this manifest is of another namespace"),
    ("apiVersion: v1\nkind: Secret\nmetadata:\n"
     "  name: sh.helm.release.v1.shop-fix.v7\n",
     "Secret 'sh.helm.release.v1.shop-fix.v7' is a revision"),
    ("apiVersion: coordination.k8s.io/v1\nkind: Lease\n"
     "metadata: {name: slipway}\n", "Lease 'slipway' is that of the runs"),
    ("apiVersion: v1\n  kind: [\n", "quota.yaml:2"),
])
def test_manifests_that_are_none(text, words, deploy, kube, tmp_path):
    path = tmp_path / "quota.yaml"
    path.write_text(text)
    failed = deploy("--namespace-manifest", path, expect=2)
    assert words in failed.err
    assert kube.requests == []


@pytest.mark.parametrize("head, namespace", [
    ({"repo": {"full_name": "shop/web"}}, "web-fix"),
    ({"repo": {"full_name": "anna/web"}}, "web-anna-fix-"),
    ({"repo": None, "user": {"login": "anna"}}, "web-anna-fix-"),
])
def test_a_fork_on_github(head, namespace, run_step, tmp_path):
    """Also of pull_request_target, whose ref is that of the target."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {
        "head": head, "base": {"repo": {"full_name": "shop/web"}}}}))
    for ref in "refs/pull/7/merge", "refs/heads/main":
        names = run_step(
            "deploy-preview", "--print-names", "--output", "json",
            cwd=tmp_path, env={
                "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "shop/web",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REF": ref, "GITHUB_HEAD_REF": "fix",
                "GITHUB_EVENT_PATH": str(event)}).json
        assert names["namespace"].startswith(namespace)


def test_main_of_a_fork_is_not_main(deploy, tmp_path):
    plan = deploy("--branch", "main", env={
        "GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/heads/main",
        "GITHUB_HEAD_REF": "main"}).json
    assert plan["expires"]


def test_a_time_to_live_of_main_is_told_to_be_void(deploy):
    plan = deploy("--branch", "main", "--expires-in", "1h")
    assert "says nothing to the main branch's environment" in plan.err
    assert not plan.json["expires"]


def test_rights_for_all_manifests_are_asked_at_once(deploy, kube, tmp_path):
    """And each once: no answer comes before all questions are there."""
    kinds = [f"Kind{n}" for n in range(4)]
    path = tmp_path / "objects.yaml"
    path.write_text("".join(
        f"---\n{{apiVersion: example.com/v1, kind: {kind}, metadata: "
        f"{{name: {name}}}}}\n" for kind in kinds for name in "ab"))
    kube.script("GET", "/apis/example.com/v1", answer({"resources": [
        {"name": f"{kind.lower()}s", "kind": kind, "namespaced": True}
        for kind in kinds]}))
    together = threading.Barrier(2 * len(kinds))
    rights = []

    def review(request) -> Reply:
        right = json.loads(request.body)["spec"]["resourceAttributes"]
        if right["group"] == "example.com":
            rights.append((right["verb"], right["resource"]))
            try:
                together.wait(40)
            except threading.BrokenBarrierError:
                return refusal(400, "BadRequest", "not all at once")
        allowed = right["resource"] != "kind3s"
        return answer({"status": {"allowed": allowed}}, 201)

    kube.script("POST", "/apis/authorization.k8s.io/v1"
                "/selfsubjectaccessreviews", review)
    refused = deploy("--check", "--namespace-manifest", path, dry_run=False,
                     expect=1)
    assert sorted(rights) == sorted(
        (verb, f"{kind.lower()}s") for kind in kinds
        for verb in ("create", "patch"))
    assert refused.err.count("may not create kind3s.example.com") == 1
    assert "kind2s" not in refused.err


def test_whose_address_is_noted_first_is_told(deploy, kube):
    """A namespace that names no address is had by any repository of its
    name."""
    ours, theirs = (f"https://git.example.com/{team}/shop.git"
                    for team in ("ours", "theirs"))
    told = "does not say at which address its repository is"
    names = {"repository": "shop", "branch": "fix"}

    kube.script("GET", HOME, marked(**names))
    first = deploy(env={"GIT_URL": theirs})
    assert first.err.count(told) == 1 and f"'{theirs}'" in first.err
    assert told not in deploy().err

    kube.script("GET", HOME, marked(**names, git_url=ours))
    assert told not in deploy(env={"GIT_URL": ours}).err
    kube.script("GET", HOME, refusal(404, "NotFound"))
    assert told not in deploy(env={"GIT_URL": ours}).err
