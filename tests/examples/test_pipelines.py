"""The examples' pipelines, run as they are: a release of the whole shop.

What Jenkins would run in the image is run in the image: against MinIO, a
Kubernetes control plane with exactly the rights of sweep/rbac.yaml, and the
scripted Jira and Grafana.
"""

from __future__ import annotations

import base64
import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

import records
import scripted_grafana
import scripted_jira
from cluster import Cluster
from image import Image
from jenkins import AGENT, EXAMPLES, Build, Groovy, Jenkins
from lab_fixtures import Bucket, Tool
from scripted_grafana import ScriptedGrafana
from scripted_jira import ScriptedJira

BRANCH = "feature/SHOP-1-keep-the-basket"
DEPARTMENTS = {"women", "men", "kids"}


def git(folder: Path, *args: str) -> str:
    return subprocess.run(
        ["git", "-c", "user.name=Dev", "-c", "user.email=dev@example.com",
         "-C", folder, *args], check=True, capture_output=True,
        text=True).stdout.strip()


class Checkout:
    """A sample repository as Jenkins checks it out: a detached commit, and
    the branches of the forge under refs/remotes/origin."""

    def __init__(self, name: str, folder: Path):
        self.name, self.folder = name, folder
        self.url = f"https://git.example.com/shop/{name}.git"
        subprocess.run(["cp", "-r", EXAMPLES / name, folder], check=True)
        git(folder, "init", "-q", "-b", "master")
        git(folder, "remote", "add", "origin", self.url)
        self.commit("Start the shop")
        self._seen_by_origin("master")

        self.built: dict[str, str] = {}

    def commit(self, message: str) -> None:
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-q", "--allow-empty", "-m", message)

    def _seen_by_origin(self, branch: str) -> None:
        git(self.folder, "update-ref", f"refs/remotes/origin/{branch}", "HEAD")

    def pull_request(self, message: str) -> dict[str, str]:
        """A commit on a branch; the environment of its build."""
        git(self.folder, "checkout", "-q", "-b", BRANCH)
        self.commit(message)
        return self.build("PR-7", CHANGE_ID="7", CHANGE_BRANCH=BRANCH,
                           CHANGE_TARGET="master")

    def merge(self) -> dict[str, str]:
        git(self.folder, "checkout", "-q", "master")
        git(self.folder, "merge", "-q", "--no-ff", "-m",
            f"Merge {BRANCH}", BRANCH)
        self._seen_by_origin("master")
        return self.build("master")

    def build(self, branch: str, **more: str) -> dict[str, str]:
        """The environment of a build of what is committed."""
        self._seen_by_origin(branch)
        git(self.folder, "checkout", "-q", "--detach")
        job = f"shop/{self.name}/{branch}"
        self.built = {
            "BRANCH_NAME": branch, "GIT_BRANCH": branch,
            "GIT_URL": self.url, "JOB_NAME": job,
            "GIT_COMMIT": git(self.folder, "rev-parse", "HEAD"),
            "BUILD_URL": f"https://ci.example.com/job/{job}/1/", **more}
        return self.built


@dataclass
class Shop:
    """Everything around the pipelines."""
    cluster: Cluster
    bucket: Bucket
    jira: ScriptedJira
    grafana: ScriptedGrafana
    image: Image
    jenkins: Jenkins
    folder: Path

    def namespaces(self) -> set[str]:
        return self.cluster.api.namespaces() - {"slipway"}

    def pods(self, namespace: str) -> dict[str, str]:
        """Phase by the app.kubernetes.io/name of each pod."""
        return {pod["metadata"]["labels"]["app.kubernetes.io/name"]:
                pod["status"]["phase"]
                for pod in self.cluster.api.pods(namespace)}

    def expiry(self, namespace: str) -> str:
        return self.cluster.api("GET", f"/api/v1/namespaces/{namespace}")[
            "metadata"]["labels"]["slipway/expires-at"]

    def charts(self) -> set[tuple[str, str]]:
        index = yaml.safe_load(self.bucket.client.get_object(
            Bucket=self.bucket.name, Key="index.yaml")["Body"].read())
        return {(name, entry["version"])
                for name, entries in index["entries"].items()
                for entry in entries}

    def fix_versions(self, ticket: str) -> list[dict]:
        return [self.jira.state["versions"][number] for number in
                self.jira.state["issues"][ticket]["fixVersions"]]

    def step(self, *argv: str, env: dict[str, str] | None = None,
             mounts: list[str] | None = None) -> str:
        work = self.folder / "by-hand"
        work.mkdir(exist_ok=True)
        work.chmod(0o777)
        return self.image.run(
            list(argv), uid=AGENT, cwd=work, mounts=[work, *(mounts or [])],
            env=self.jenkins.env | (env or {}), timeout=110).out

    def kubeconfig(self, account: str) -> str:
        """For a service account of rbac.yaml; self-contained, as Jenkins
        keeps it."""
        token = self.token(account)
        config = json.loads(self.cluster.config(token))
        ca = config["clusters"][0]["cluster"]
        ca["certificate-authority-data"] = base64.b64encode(
            Path(ca.pop("certificate-authority")).read_bytes()).decode()
        return json.dumps(config)

    def token(self, account: str) -> str:
        accounts = "/api/v1/namespaces/slipway/serviceaccounts"
        return self.cluster.api("POST", f"{accounts}/{account}/token", {
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": {}})["status"]["token"]

    def secrets(self) -> list[str]:
        given = self.jenkins.credentials
        users = [json.loads(credential["text"])["users"][0]["user"]
                 for name, credential in given.items()
                 if name.endswith("-kubeconfig")]
        return [given["charts-write"]["secretKey"], scripted_grafana.TOKEN,
                scripted_jira.TOKEN, *(user["token"] for user in users)]


def aws_keys(bucket: Bucket) -> dict[str, str]:
    return {"kind": "aws", "accessKey": bucket.env["AWS_ACCESS_KEY_ID"],
            "secretKey": bucket.env["AWS_SECRET_ACCESS_KEY"]}


def repository_env(bucket: Bucket) -> dict[str, str]:
    """Of Jenkins' global properties, what says where charts are kept."""
    return {"SLIPWAY_REPO": bucket.url} | {
        name: bucket.env[name] for name in ("AWS_REGION", "AWS_ENDPOINT_URL")}


@pytest.fixture
def shop(cluster: Cluster, s3: Bucket, kubectl: Tool, image: Image,
         groovy: Groovy, tmp_path: Path):
    kubectl("apply", "-f", EXAMPLES / "sweep" / "rbac.yaml")
    with ScriptedJira() as jira, ScriptedGrafana() as grafana:
        jenkins = Jenkins(groovy, tmp_path, image, env=repository_env(s3) | {
            "JIRA_URL": jira.url, "GRAFANA_URL": grafana.url})
        shop = Shop(cluster, s3, jira, grafana, image, jenkins, tmp_path)
        keys = aws_keys(s3)
        deploys = {"kind": "file", "text": shop.kubeconfig("deploy-preview")}
        sweeps = {"kind": "file", "text": shop.kubeconfig("expire-sweep")}
        jenkins.credentials = {
            "charts-write": keys, "charts-read": keys,
            "preview-kubeconfig": deploys, "live-kubeconfig": deploys,
            "sweep-kubeconfig": sweeps,
            "grafana-token": {"kind": "file", "text": scripted_grafana.TOKEN},
            "jira": {"kind": "usernamePassword",
                     "username": scripted_jira.USER,
                     "password": scripted_jira.TOKEN},
        }
        yield shop


def succeeded(shop: Shop, build: Build) -> Build:
    """@build went well, its record is valid, and nothing told a secret."""
    assert build.result == "SUCCESS", build
    assert build.image == "registry.example.com/slipway:1"
    for name, text in build.artifacts.items():
        if name.startswith("record/"):
            records.validate(json.loads(text), name)
    said = [str(shell.result) for shell in build.shells]
    for secret in shop.secrets():
        for text in said + list(build.artifacts.values()):
            assert secret not in text
    return build


def publish_the_others(shop: Shop) -> None:
    """basket and search have pipelines of their own; this is their first
    line, once for both."""
    keys = shop.jenkins.credentials["charts-write"]
    shop.step("publish-chart", "/basket", "/search",
              env={"AWS_ACCESS_KEY_ID": keys["accessKey"],
                   "AWS_SECRET_ACCESS_KEY": keys["secretKey"]},
              mounts=[f"{EXAMPLES}/basket/chart=/basket",
                      f"{EXAMPLES}/search/chart=/search"])
    assert shop.charts() == {("basket", "2.1.0"), ("search", "0.9.3")}


def preview_the_storefront(shop: Shop, checkout: Checkout) -> str:
    env = checkout.pull_request("SHOP-1: remember what is in the basket")
    build = succeeded(shop, shop.jenkins.build("storefront/Jenkinsfile",
                                         checkout.folder, env))
    assert len(build.artifacts) == 6
    version = f"1.4.0-g{env['GIT_COMMIT'][:12]}"
    assert ("storefront", version) in shop.charts()
    (namespace,) = shop.namespaces()
    assert namespace.startswith("storefront-feature-shop-1-keep-the-basket")
    assert shop.pods(namespace) == dict.fromkeys(DEPARTMENTS, "Running")
    assert shop.expiry(namespace).isdigit()
    (mark,) = shop.grafana.state["annotations"]
    assert f"env:{namespace}" in mark["tags"] and version in mark["text"]
    autumn, version = shop.fix_versions("SHOP-1")
    assert autumn["name"] == "autumn"       # was there before
    assert version["name"].startswith("storefront-shop-")
    assert version["name"].endswith("-1.4.0")
    story = "SHOP-1: remember what is in the basket ("
    assert story in version["description"] and story in mark["text"]
    return namespace


def build_again(shop: Shop, checkout: Checkout) -> None:
    """The same commit: nothing is published, opened or linked twice, and that
    Grafana is away does not fail the release."""
    shop.grafana.fail(html=True, status=503, times=None)
    charts, namespaces = shop.charts(), shop.namespaces()
    versions = dict(shop.jira.state["versions"])
    build = succeeded(shop, shop.jenkins.build(
        "storefront/Jenkinsfile", checkout.folder, checkout.built))
    shop.grafana.clear()
    assert "(was there)" in build.shells[0].result.out
    (mark,) = [shell for shell in build.shells if "grafana-annotate" in shell.script]
    assert "the mark is kept in 'spool'" in mark.result.err
    assert (shop.charts(), shop.namespaces()) == (charts, namespaces)
    assert shop.jira.state["versions"] == versions
    assert len(shop.jira.state["issues"]["SHOP-1"]["links"]) == 1


def release_the_storefront(shop: Shop, checkout: Checkout) -> str:
    before = shop.namespaces()
    succeeded(shop, shop.jenkins.build("storefront/Jenkinsfile", checkout.folder,
                                 checkout.merge()))
    assert ("storefront", "1.4.0") in shop.charts()
    (namespace,) = shop.namespaces() - before
    assert namespace == "storefront-master"
    assert shop.expiry(namespace) == "never"
    assert shop.jira.state["issues"]["SHOP-1"]["status"] == "Done"
    autumn, version = shop.fix_versions("SHOP-1")
    assert version["released"] and not autumn.get("released")
    return namespace


def release_other_content(shop: Shop, checkout: Checkout) -> None:
    """RELEASE was not counted up: the first step refuses, no other runs."""
    before = shop.charts()
    values = checkout.folder / "chart" / "values.yaml"
    values.write_text(values.read_text() + "\nbanner: autumn\n")
    checkout.commit("Show a banner")
    build = shop.jenkins.build("storefront/Jenkinsfile", checkout.folder,
                               checkout.build("master"))
    assert build.result == "FAILURE"
    (publish,) = build.shells
    assert publish.result.code == 3
    assert "is there already with other content" in publish.result.err
    assert shop.charts() == before


def preview_the_stack(shop: Shop, checkout: Checkout) -> str:
    before = shop.namespaces()
    env = checkout.pull_request("Release the storefront 1.4.0")
    succeeded(shop, shop.jenkins.build("stack/Jenkinsfile", checkout.folder, env))
    (namespace,) = shop.namespaces() - before
    assert namespace.startswith("stack-feature-shop-1")
    assert 86_000 < int(shop.expiry(namespace)) - time.time() < 86_500
    assert shop.pods(namespace) == dict.fromkeys(
        ["storefront", "basket", "search"], "Running")
    return namespace


def release_the_stack(shop: Shop, checkout: Checkout) -> str:
    before = shop.namespaces()
    build = succeeded(shop, shop.jenkins.build("stack/Jenkinsfile", checkout.folder,
                                         checkout.merge()))
    (namespace,) = shop.namespaces() - before
    assert namespace == "stack-master"
    (told,) = [shell.result.out for shell in build.shells if shell.script == "changelog"]
    assert told.startswith("basket 2.1.0 (new)\n")
    assert shop.expiry(namespace) == "never"
    assert len(shop.cluster.api.pods(namespace)) == 5
    return namespace


def close_the_pull_request(shop: Shop, checkout: Checkout) -> None:
    """The variables are those that the trigger makes of the forge's call."""
    build = succeeded(shop, shop.jenkins.build("sweep/Jenkinsfile.closed", env={
        "ACTION": "closed", "CHANGE_ID": "7", "CHANGE_BRANCH": BRANCH,
        "CHANGE_TARGET": "master", "GIT_URL": checkout.url,
        "HEAD_REPOSITORY": f"shop/{checkout.name}",
        "BASE_REPOSITORY": f"shop/{checkout.name}"}))
    (trigger,) = build.triggers
    made = {one["key"] for one in trigger["generic"]["genericVariables"]}
    assert made >= {"CHANGE_ID", "CHANGE_BRANCH", "GIT_URL"}


def sweep(shop: Shop, checkout: Checkout, dry_run: bool) -> dict:
    build = succeeded(shop, shop.jenkins.build(
        "sweep/Jenkinsfile", EXAMPLES / "sweep",
        parameters={"DRY_RUN": dry_run}))
    assert build.triggers == [{"cron": "H */2 * * *"}]
    return json.loads(build.artifacts["sweep.json"])


def let_expire(shop: Shop, namespace: str) -> None:
    """As if hours had passed: the marks of @namespace move to the past."""
    label = {"metadata": {"labels": {"slipway/expires-at": "1600000000"}}}
    kind = "application/merge-patch+json"
    api, path = shop.cluster.api, f"/api/v1/namespaces/{namespace}"
    api("PATCH", path, label, kind)
    for secret in api("GET", f"{path}/secrets?labelSelector=owner%3Dhelm")[
            "items"]:
        api("PATCH", f"{path}/secrets/{secret['metadata']['name']}", label,
            kind)


@pytest.mark.timeout(400)
def test_the_shop_from_pull_request_to_sweep(shop: Shop, tmp_path: Path):
    storefront = Checkout("storefront", tmp_path / "storefront")
    stack = Checkout("stack", tmp_path / "stack")

    publish_the_others(shop)
    preview = preview_the_storefront(shop, storefront)
    build_again(shop, storefront)
    released = release_the_storefront(shop, storefront)
    release_other_content(shop, storefront)
    proposal = preview_the_stack(shop, stack)
    live = release_the_stack(shop, stack)
    assert shop.namespaces() == {preview, released, proposal, live}

    close_the_pull_request(shop, storefront)
    assert shop.namespaces() == {released, proposal, live}

    let_expire(shop, proposal)
    plan = sweep(shop, stack, dry_run=True)
    assert plan["dryRun"] and shop.namespaces() == {released, proposal, live}
    report = sweep(shop, stack, dry_run=False)
    assert [one["namespace"] for one in report["deleted"]] == [proposal]
    assert not report["failed"]
    assert shop.namespaces() == {released, live}


@pytest.mark.timeout(200)
def test_the_nightly_audit(s3: Bucket, image: Image, groovy: Groovy,
                           run_step, tmp_path: Path):
    """A night when all is well, one when it is not, and the repair."""
    jenkins = Jenkins(groovy, tmp_path, image, env=repository_env(s3),
                      credentials=dict.fromkeys(
                          ["charts-audit", "charts-maintain"], aws_keys(s3)))

    def build(repair: bool, result: str) -> dict:
        build = jenkins.build("repository/Jenkinsfile",
                              parameters={"REPAIR": repair})
        assert build.result == result, build
        assert build.triggers == [{"cron": "H 3 * * *"}]
        assert aws_keys(s3)["secretKey"] not in str(build)
        return json.loads(build.artifacts["audit.json"])

    run_step("publish-chart", *(EXAMPLES / name / "chart"
                                for name in ("basket", "search")),
             "--repo", s3.url, env=s3.env)
    assert build(False, "SUCCESS")["verified"] == 2
    [lost] = [item["Key"] for item in s3.client.list_objects_v2(
        Bucket=s3.name)["Contents"] if item["Key"].endswith("basket-2.1.0.tgz")]
    s3.client.delete_object(Bucket=s3.name, Key=lost)
    assert [one["name"] for one in build(False, "FAILURE")["dangling"]] == ["basket"]
    assert [one["name"] for one in build(True, "SUCCESS")["repaired"]] == ["basket"]
    assert build(False, "SUCCESS")["entries"] == 1


@pytest.mark.timeout(200)
def test_the_sweep_as_the_cluster_runs_it(shop: Shop, kubectl: Tool,
                                          tmp_path: Path):
    """The container of the CronJob, with what a kubelet would give it."""
    kubectl("apply", "-f", EXAMPLES / "sweep" / "cronjob.yaml")
    job = yaml.safe_load((EXAMPLES / "sweep" / "cronjob.yaml").read_text())
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    # Of a namespace that enforces the restricted standard, as rbac.yaml says.
    kubectl("create", "--dry-run=server", "-f", "-", input=json.dumps({
        "apiVersion": "v1", "kind": "Pod", "spec": pod,
        "metadata": {"name": "sweep", "namespace": "slipway"}}))

    account = tmp_path / "account"
    account.mkdir()
    (account / "token").write_text(shop.token(pod["serviceAccountName"]))
    (account / "ca.crt").write_bytes(shop.cluster.ca.read_bytes())
    (account / "namespace").write_text(job["metadata"]["namespace"])
    env = {one["name"]: one["value"] for one in container["env"]}
    result = shop.image.run(
        container["command"] + container["args"], uid=AGENT,
        mounts=[f"{account}=/run/secrets/kubernetes.io/serviceaccount"],
        env=env | {"KUBERNETES_SERVICE_HOST": "127.0.0.1",
                   "KUBERNETES_SERVICE_PORT": str(shop.cluster.port)})
    assert result.json["deleted"] == [] and result.json["failed"] == []


CHECKS = [("deploy-preview", "patch", "namespaces"),
          ("expire-sweep", "delete", "namespaces")]


@pytest.mark.parametrize("step, verb, resource", CHECKS)
def test_rights_are_enough_and_needed(shop: Shop, kubectl: Tool,
                                      tmp_path: Path, step: str, verb: str,
                                      resource: str):
    """--check is content with rbac.yaml, and names what is taken away."""
    account = tmp_path / "account"
    account.mkdir()
    (account / "kubeconfig").write_text(shop.kubeconfig(step))

    def check(expect: int) -> str:
        return shop.image.run(
            [step, "--check"], uid=AGENT, mounts=[account], expect=expect,
            env={"KUBECONFIG": f"{account}/kubeconfig"}).err

    check(expect=0)
    role = json.loads(kubectl("get", "clusterrole", f"slipway-{step}",
                              "-o", "json").out)
    for rule in role["rules"]:
        if resource in rule["resources"]:
            rule["verbs"].remove(verb)
    try:
        kubectl("replace", "-f", "-", input=json.dumps(role))
        said = check(expect=1)
    finally:
        kubectl("apply", "-f", EXAMPLES / "sweep" / "rbac.yaml")
    assert verb in said and resource in said
