"""deploy-preview on a real control plane, with Helm 4 and Helm 3."""

from __future__ import annotations

import base64
import gzip
import json
import re
import time
from pathlib import Path

import pytest
import yaml

import charts
import environments
import records
import wait
from environments import umbrella
from kubeapi import MERGE_PATCH

NAMES = ["--repository-name", "shop", "--branch", "fix"]


@pytest.fixture(params=["helm4", "helm3"])
def helm(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def deploy(run_step, cluster, helm4):
    """Run the step against the cluster with @helm, Helm 4 unless told."""
    def run(*args, helm=None, **options):
        env = cluster.env | options.pop("env", {})
        return run_step("deploy-preview", "--helm", (helm or helm4).path,
                        *args, env=env, **options)
    return run


def namespace_of(cluster, name: str = "shop-fix") -> dict:
    return cluster.api("GET", f"/api/v1/namespaces/{name}")["metadata"]


def revisions(cluster, name: str = "shop-fix") -> list[dict]:
    """The labels of the release's revisions, oldest first."""
    items = cluster.api("GET", f"/api/v1/namespaces/{name}/secrets"
                        "?labelSelector=owner%3Dhelm")["items"]
    labels = [item["metadata"]["labels"] for item in items]
    return sorted(labels, key=lambda found: int(found["version"]))


# --- the main path -----------------------------------------------------------

def test_installs_upgrades_and_runs_again(cluster, deploy, helm, tmp_path):
    record = tmp_path / "record"
    first = umbrella(tmp_path / "1", "1.0.0")
    second = umbrella(tmp_path / "2", "1.1.0")
    before = int(time.time())

    result = deploy(*NAMES, "--record", record, "--output", "json", first,
                    helm=helm).json

    assert result["namespace"] == result["release"] == "shop-fix"
    assert (result["revision"], result["status"]) == (1, "deployed")
    assert result["urls"] == ["https://shop.example.com/",
                              "http://plain.example.com/"]
    assert result["applications"] == [
        {"name": "back", "old": None, "new": "1.0.0"},
        {"name": "front", "old": None, "new": "1.0.0"}]
    assert before + 7200 <= result["expiresAt"] <= time.time() + 7200
    assert time.strftime("%Y-%m-%d %H:%M:%S",
                         time.gmtime(result["expiresAt"])) \
        == result["expiryDate"]
    assert all(pod["status"]["phase"] == "Running"
               for pod in cluster.api.pods("shop-fix"))

    # the expiry in three places
    values = helm("get", "values", "shop-fix", "-n", "shop-fix", "-o",
                  "json").json
    assert values["global"] == {"expires": True,
                                "expiryDate": result["expiryDate"]}
    home = namespace_of(cluster)
    expires = str(result["expiresAt"])
    assert home["labels"]["slipway/expires-at"] == expires
    assert home["labels"]["slipway/managed"] == "v1"
    assert home["labels"]["slipway/stack"] == "shop"
    assert home["annotations"].items() >= {
        "slipway/repository": "shop", "slipway/branch": "fix",
        "slipway/release": "shop-fix"}.items()
    assert "slipway/created" in home["annotations"]
    assert revisions(cluster)[-1].items() >= {
        "slipway/expires-at": expires, "slipway/managed": "v1",
        "slipway/stack": "shop"}.items()

    result = deploy(*NAMES, "--record", record, "--output", "json",
                    "--expires-in", "3d", second, helm=helm).json
    assert result["revision"] == 2
    assert result["applications"] == [
        {"name": "back", "old": "1.0.0", "new": "1.1.0"},
        {"name": "front", "old": "1.0.0", "new": "1.1.0"}]
    assert result["expiresAt"] > time.time() + 2 * 86400
    assert revisions(cluster)[-1]["slipway/expires-at"] \
        == str(result["expiresAt"])

    again = deploy(*NAMES, "--record", record, second, helm=helm)
    assert "back: 1.1.0\n" in again.out
    merged = records.merged(record)
    system = cluster.api("GET", "/api/v1/namespaces/kube-system")
    assert merged["cluster"] == {"name": "lab",
                                 "uid": system["metadata"]["uid"]}
    environment = merged["environment"]
    assert environment["namespace"] == "shop-fix"
    assert environment["revision"] == 3


def test_versions_are_those_that_ranges_were_rendered_to(cluster, deploy, run_step,
                                                         helm, tmp_path):
    """Of one repository, under aliases, and beside what is disabled."""
    record = tmp_path / "record"

    def release(folder: Path, web: str) -> dict:
        charts.make_repository(tmp_path / "charts", {
            "api": ["3.0.4"], "web": ["1.0.7", web], "zoo": ["7.0.0"]})
        folder.mkdir()
        shop = environments.chart(folder, "shop", "1.0.0", dependencies=[
            {"name": "web", "version": "~1.0", "alias": "spare",
             "condition": "spare.enabled"},
            {"name": "zoo", "version": ">=1", "condition": "zoo.enabled"},
            {"name": "web", "version": ">=1", "alias": "front"},
            {"name": "zoo", "version": ">=1", "alias": "animals",
             "condition": "animals.enabled"},
            {"name": "api", "version": ">=1"}])
        (shop / "values.yaml").write_text(json.dumps(
            {name: {"enabled": False} for name in ("spare", "zoo", "animals")}))
        run_step("umbrella-render", *NAMES, "--repo", f"file://{tmp_path}/charts",
                 "--output-dir", folder / "out", shop)
        return deploy(*NAMES, "--record", record, "--output", "json", "--markdown",
                      folder / "told.md", folder / "out", helm=helm).json

    assert release(tmp_path / "1", "2.0.9")["applications"] == [
        {"name": "api", "old": None, "new": "3.0.4"},
        {"name": "front", "old": None, "new": "2.0.9"}]
    applications = release(tmp_path / "2", "2.0.10")["applications"]
    assert applications == [{"name": "api", "old": "3.0.4", "new": "3.0.4"},
                            {"name": "front", "old": "2.0.9", "new": "2.0.10"}]
    assert records.merged(record)["environment"]["applications"] == applications
    told = (tmp_path / "2" / "told.md").read_text().replace("\\", "")
    assert "| front | 2.0.9 | **2.0.10** |" in told


def apply_method(cluster, revision: int) -> str | None:
    """How Helm applied that revision: Helm 4 writes it down, Helm 3 knows
    one way only."""
    secret = cluster.api("GET", "/api/v1/namespaces/shop-fix/secrets/"
                         f"sh.helm.release.v1.shop-fix.v{revision}")
    packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    return json.loads(gzip.decompress(packed)).get("apply_method")


@pytest.mark.parametrize("order, methods", [
    ("343", [None, "csa", None]),
    ("434", ["ssa", None, "csa"]),
])
def test_a_release_goes_on_with_the_other_helm(order, methods, cluster, deploy,
                                               helm3, helm4, tmp_path):
    """In the way in which it was born or last applied; what a revision leaves
    out is gone from what runs, and nothing is made anew."""
    helms = {"3": helm3, "4": helm4}
    uids, seen = set(), []
    for revision, number in enumerate(order, 1):
        values = {"front": {"nodeName": "node-0"} if revision != 3 else {}}
        chart = umbrella(tmp_path / str(revision), f"1.0.{revision}", values)
        result = deploy(*NAMES, "--output", "json", chart,
                        helm=helms[number]).json
        assert result["revision"] == revision
        seen.append(apply_method(cluster, revision))
        front = cluster.api("GET", "/apis/apps/v1/namespaces/shop-fix/"
                            "deployments/shop-fix-front")
        uids.add(front["metadata"]["uid"])
        assert ("nodeName" in front["spec"]["template"]["spec"]) \
            == (revision != 3)
    assert seen == methods
    assert len(uids) == 1


def test_main_never_expires(cluster, deploy, helm4, tmp_path):
    chart = umbrella(tmp_path, "1.0.0")
    result = deploy("--repository-name", "shop", "--branch", "main",
                    "--output", "json", chart)

    assert "never expires" in result.err
    assert (result.json["expires"], result.json["expiresAt"]) == (False, None)
    home = namespace_of(cluster, "shop-main")
    assert home["labels"]["slipway/expires-at"] == "never"
    assert home["annotations"]["slipway/main"] == "true"
    values = helm4("get", "values", "shop-main", "-n", "shop-main", "-o",
                   "json").json
    assert values["global"] == {"expires": False, "expiryDate": ""}

    # nor can it be made to
    refused = deploy("--repository-name", "shop", "--branch", "main",
                     "--main-branch", "trunk", chart, expect=3)
    assert "main environment" in refused.err
    refused = deploy("--repository-name", "shop", "--branch", "main",
                     "--renew", expect=3)
    assert "main environment" in refused.err
    assert namespace_of(cluster, "shop-main")["labels"] == home["labels"]


def test_another_owner_is_refused(cluster, deploy, tmp_path):
    chart = umbrella(tmp_path, "1.0.0")
    deploy("--repository-name", "web", "--branch", "api-fix", chart)
    before = namespace_of(cluster, "web-api-fix")

    refused = deploy("--repository-name", "web-api", "--branch", "fix", chart,
                     expect=3)

    assert "belongs to repository 'web'" in refused.err
    assert "branch 'api-fix'" in refused.err
    assert namespace_of(cluster, "web-api-fix") == before
    assert len(revisions(cluster, "web-api-fix")) == 1

    # the same name of another team's repository
    cluster.api("PATCH", "/api/v1/namespaces/web-api-fix", {
        "metadata": {"annotations": {
            "slipway/git-url": "https://git.example.com/red/web.git"}}},
        MERGE_PATCH)
    refused = deploy("--repository-name", "web", "--branch", "api-fix", chart,
                     env={"GIT_URL": "git@git.example.com:blue/web.git"},
                     expect=3)
    assert "red/web.git" in refused.err
    deploy("--repository-name", "web", "--branch", "api-fix", chart,
           env={"GIT_URL": "ssh://git@git.example.com/red/web"})

    moved = {"GIT_URL": "https://git.example.org/red/web"}
    names = "--repository-name", "web", "--branch", "api-fix"
    refused = deploy(*names, chart, env=moved, expect=3)
    home = "/api/v1/namespaces/web-api-fix"
    annotate = re.search("slipway/git-url=(.*)", refused.err)[1]
    cluster.api("PATCH", home, {"metadata": {"annotations": {
        "slipway/git-url": annotate}}}, MERGE_PATCH)
    deploy(*names, chart, env=moved)


def test_marks_of_a_later_version_and_leaving_namespaces(cluster, deploy,
                                                         tmp_path):
    chart = umbrella(tmp_path, "1.0.0")
    environments.make(cluster.api, "shop-fix", environments.future(),
                      managed="v2")
    cluster.api("POST", "/api/v1/namespaces", {"metadata": {
        "name": "shop-leaving", "finalizers": ["example.com/wait"]}})
    cluster.api("DELETE", "/api/v1/namespaces/shop-leaving")

    assert "version 'v2'" in deploy(*NAMES, chart, expect=3).err
    assert "is being deleted" in deploy(
        "--repository-name", "shop", "--branch", "leaving", chart,
        "--lock-timeout", "2s", expect=75).err


# --- options -----------------------------------------------------------------

def test_a_namespace_that_is_there_is_claimed(cluster, deploy, helm4,
                                              tmp_path):
    chart = umbrella(tmp_path, "1.0.0")
    (tmp_path / "more.yaml").write_text(yaml.safe_dump(
        {"global": {"expiryDate": "3h"}, "front": {"size": 3}}))
    cluster.api.create_namespace("theirs", labels={"team": "red"})

    result = deploy(
        *NAMES, "--namespace", "theirs", "--release", "shop", "--stack",
        "live", "--namespace-label", "mesh=on", "--values",
        tmp_path / "more.yaml", "--set", "back.size=4", "--url-template",
        "https://{branch}.{stack}.example.com", "--output", "json", chart).json

    assert result["urls"] == ["https://fix.live.example.com"]
    assert abs(result["expiresAt"] - time.time() - 3 * 3600) < 60
    home = namespace_of(cluster, "theirs")
    assert home["labels"].items() >= {
        "team": "red", "mesh": "on", "slipway/managed": "v1",
        "slipway/stack": "live"}.items()
    assert "slipway/created" not in home["annotations"]
    values = helm4("get", "values", "shop", "-n", "theirs", "-o", "json").json
    assert (values["front"], values["back"]) == ({"size": 3}, {"size": 4})


def test_a_dry_run_changes_nothing(cluster, deploy, tmp_path):
    chart = umbrella(tmp_path, "1.0.0")
    plan = deploy(*NAMES, "--dry-run", "--output", "json", chart).json
    assert plan["namespace"] == "shop-fix"
    assert plan["expires"] and plan["chart"] == str(chart)
    assert cluster.api.namespaces() == set()


def test_a_chart_that_is_rejected_renews_the_expiry(cluster, deploy, helm,
                                                    tmp_path):
    chart = umbrella(tmp_path, "1.0.0")
    deploy(*NAMES, "--expires-in", "1h", chart, helm=helm)
    (chart / "templates" / "bad.yaml").write_text("{{ .Values.a.b }}")

    failed = deploy(*NAMES, "--expires-in", "5h", "--output", "json", chart,
                    helm=helm, expect=1).json

    assert failed["revision"] is None
    assert failed["expiresAt"] > time.time() + 4 * 3600
    (only,) = revisions(cluster)
    assert only["slipway/expires-at"] == str(failed["expiresAt"])
    assert namespace_of(cluster)["labels"]["slipway/expires-at"] \
        == str(failed["expiresAt"])


def test_renew_moves_the_labels_only(cluster, deploy, helm4, tmp_path):
    chart = umbrella(tmp_path, "1.0.0")
    deployed = deploy(*NAMES, "--output", "json", chart).json
    deploy(*NAMES, chart)

    renewed = deploy(*NAMES, "--renew", "3d", "--output", "json").json

    assert renewed["revision"] == 2
    assert renewed["expiresAt"] > time.time() + 2 * 86400
    expires = str(renewed["expiresAt"])
    assert namespace_of(cluster)["labels"]["slipway/expires-at"] == expires
    old, new = revisions(cluster)
    assert new["slipway/expires-at"] == expires
    assert old["slipway/expires-at"] == str(deployed["expiresAt"])
    values = helm4("get", "values", "shop-fix", "-n", "shop-fix", "-o",
                   "json").json
    assert values["global"]["expiryDate"] != renewed["expiryDate"]

    missing = deploy("--repository-name", "shop", "--branch", "none",
                     "--renew", expect=1)
    assert "no environment 'shop-none'" in missing.err


# --- what goes wrong ---------------------------------------------------------

def test_a_failed_install_is_diagnosed(cluster, start_step, helm, tmp_path):
    """One pod that no node takes, one whose image is not there."""
    record = tmp_path / "record"
    chart = umbrella(tmp_path, "1.0.0", {
        "front": {"nodeSelector": {"disk": "fast"}},
        "back": {"nodeName": "nowhere"}})
    step = start_step("deploy-preview", *NAMES, "--helm", helm.path,
                      "--wait-timeout", "4s", "--record", record, chart,
                      env=cluster.env)

    def back() -> dict:
        pods = cluster.api.pods("shop-fix", "app=back")
        return pods[0] if pods else {}

    pod = wait.until(back, "the pod of 'back'")["metadata"]["name"]
    cluster.api(
        "PATCH", f"/api/v1/namespaces/shop-fix/pods/{pod}/status",
        {"status": {"phase": "Pending", "containerStatuses": [{
            "name": "main", "image": "example/back:1", "imageID": "",
            "ready": False, "restartCount": 0, "state": {"waiting": {
                "reason": "ImagePullBackOff",
                "message": "Back-off pulling image \"example/back:1\""}}}]}},
        MERGE_PATCH)

    failed = step.wait(expect=1)
    assert "cannot deploy 'shop-fix' to namespace 'shop-fix'" in failed.err
    assert f"pod '{pod}': container 'main': ImagePullBackOff: Back-off" \
        in failed.err
    assert "pod 'shop-fix-front-" in failed.err
    assert "Unschedulable: 0/1 nodes are available" in failed.err
    assert "event: Pod 'shop-fix-front-" in failed.err

    # stamped all the same, by which the sweep will find it
    (revision,) = revisions(cluster)
    assert revision["status"] == "failed"
    assert int(revision["slipway/expires-at"]) > time.time()
    assert namespace_of(cluster)["labels"]["slipway/expires-at"] \
        == revision["slipway/expires-at"]
    (fragment,) = records.fragments(record)
    assert fragment["steps"][0]["outcome"] == "failed"


def test_what_was_renewed_while_helm_ran_stays(cluster, deploy, start_step,
                                               helm4, tmp_path):
    chart = umbrella(tmp_path, "1.0.0", {"front": {"nodeName": "nowhere"}})
    step = start_step("deploy-preview", *NAMES, "--helm", helm4.path,
                      "--wait-timeout", "3s", chart, env=cluster.env)
    wait.until(lambda: cluster.api.exists("/api/v1/namespaces/shop-fix")
               and cluster.api.pods("shop-fix"), "Helm at work")
    renewed = deploy(*NAMES, "--renew", "5d", "--output", "json").json

    step.wait(expect=1)
    assert namespace_of(cluster)["labels"]["slipway/expires-at"] \
        == str(renewed["expiresAt"])


def test_a_killed_run_leaves_an_owner_and_an_expiry(cluster, deploy,
                                                    start_step, helm4,
                                                    tmp_path):
    chart = umbrella(tmp_path, "1.0.0", {"front": {"nodeName": "nowhere"}})
    step = start_step("deploy-preview", *NAMES, "--helm", helm4.path, chart,
                      env=cluster.env)
    wait.until(lambda: cluster.api.exists("/api/v1/namespaces/shop-fix")
               and cluster.api.pods("shop-fix"), "Helm at work")
    step.process.terminate()
    step.wait(expect=143)

    home = namespace_of(cluster)
    assert home["annotations"]["slipway/branch"] == "fix"
    assert int(home["labels"]["slipway/expires-at"]) > time.time()
    healthy = umbrella(tmp_path / "healthy", "1.0.1")
    assert deploy(*NAMES, "--output", "json", healthy).json["status"] \
        == "deployed"


def test_what_helm_rejects_is_said_in_helms_words(cluster, deploy, tmp_path):
    chart = umbrella(tmp_path, "1.0.0")
    (chart / "templates" / "bad.yaml").write_text("{{ .Values.a.b }}")
    failed = deploy(*NAMES, chart, expect=1)
    assert "helm upgrade failed: " in failed.err
    assert "nil pointer evaluating" in failed.err
    assert "slipway/expires-at" in namespace_of(cluster)["labels"]


def test_variables_that_would_mislead_helm(cluster, deploy, tmp_path):
    chart = umbrella(tmp_path, "1.0.0")
    deploy(*NAMES, chart, env={
        "HELM_DRIVER": "memory", "HELM_KUBEAPISERVER": "https://127.0.0.1:1",
        "HELM_NAMESPACE": "default", "HELM_KUBETOKEN": "wrong"})
    assert len(revisions(cluster)) == 1


def test_without_a_home(cluster, deploy, tmp_path):
    chart = umbrella(tmp_path, "1.0.0")
    deploy(*NAMES, chart, env={"HOME": ""})


# --- rights ------------------------------------------------------------------

def test_the_rights_of_the_example_suffice(cluster, run_step, helm4,
                                           tmp_path):
    chart = umbrella(tmp_path, "1.0.0")
    user = cluster.user("deployer", environments.rights("deploy-preview"))
    result = run_step("deploy-preview", *NAMES, "--helm", helm4.path,
                      "--kubeconfig", user, "--output", "json", chart)
    assert len(result.json["urls"]) == 2
    checked = run_step("deploy-preview", "--check", "--helm", helm4.path,
                       "--kubeconfig", user, "--output", "json")
    assert checked.json == {"cluster": "lab", "helm": 4}
    run_step("deploy-preview", *NAMES, "--kubeconfig", user, "--renew")


@pytest.mark.parametrize("resource", ["namespaces", "secrets"])
def test_a_missing_right_is_named(resource, cluster, run_step, helm4,
                                  tmp_path):
    chart = umbrella(tmp_path, "1.0.0")
    rules = [rule | {"resources": [r for r in rule["resources"]
                                   if r != resource]}
             for rule in environments.rights("deploy-preview")]
    user = cluster.user("weak", [r for r in rules if r["resources"]])
    failed = run_step("deploy-preview", *NAMES, "--helm", helm4.path,
                      "--kubeconfig", user, chart, expect=1)
    assert f'resource "{resource}"' in failed.err
    assert "403" in failed.err and "hint: " in failed.err
    checked = run_step("deploy-preview", "--check", "--helm", helm4.path,
                       "--kubeconfig", user, expect=1)
    place = "" if resource == "namespaces" else " in all namespaces"
    assert f"may not create {resource}{place}, needed to " in checked.err


def test_an_exec_plugin_is_asked_anew(cluster, run_step, helm4, tmp_path):
    """Its first token has expired when it is used.  As they do not say how long
    they last, Helm asks by itself."""
    plugin = tmp_path / "plugin"
    plugin.write_text(
        "#!/bin/sh\n"
        'n=$(cat "$0.n" 2>/dev/null); echo "$n+" >"$0.n"\n'
        f'[ -n "$n" ] && token={cluster.token} || token=expired\n'
        'echo "{\\"kind\\": \\"ExecCredential\\", \\"apiVersion\\":'
        ' \\"client.authentication.k8s.io/v1\\", \\"status\\":'
        ' {\\"token\\": \\"$token\\"}}"\n')
    plugin.chmod(0o755)
    config = json.loads(cluster.config("unused"))
    config["users"][0]["user"] = {"exec": {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "./plugin", "interactiveMode": "Never"}}
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(config))

    result = run_step("deploy-preview", *NAMES, "--helm", helm4.path,
                      "--kubeconfig", path, "--dry-run",
                      umbrella(tmp_path, "1.0.0"), env={"HOME": ""})

    assert "would deploy" in result.out
    assert Path(f"{plugin}.n").read_text() == "+++\n"


def test_a_deadline_of_the_whole_run(cluster, run_step, helm4, tmp_path):
    chart = umbrella(tmp_path, "1.0.0", {"front": {"nodeName": "nowhere"}})
    late = run_step("deploy-preview", *NAMES, "--helm", helm4.path,
                    "--timeout", "2s", chart, env=cluster.env, expect=75)
    assert "cannot deploy 'shop-fix' to namespace 'shop-fix'" in late.err
    assert "slipway/expires-at" in namespace_of(cluster)["labels"]


@pytest.mark.parametrize("name", ["1e5", "2024-11-28", "no"])
def test_names_that_charts_could_not_use(name, deploy, helm4, tmp_path):
    """As 'helm create' makes them, where the release is in labels without
    quotes and in the name of a Service."""
    helm4("create", "demo", cwd=tmp_path)
    told = deploy(*NAMES, "--namespace", name, "--output", "json", "--set",
                  "httpRoute.enabled=false", tmp_path / "demo").json
    assert told["namespace"] == name
    assert told["release"].startswith(f"r-{name}-")
    assert told["status"] == "deployed"
