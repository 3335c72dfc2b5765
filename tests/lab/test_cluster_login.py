"""Who we are to a real API server, and who Helm is then: tokens of EKS, which
a front before the server takes to moto's STS, and plugins."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from eks_front import EksFront
from environments import umbrella

NAMES = ["--repository-name", "shop", "--branch", "fix"]
TOOL = {"command": "aws", "env": [{"name": "AWS_PROFILE", "value": "ci"}],
        "args": ["eks", "get-token", "--cluster-name", "preview"]}


@pytest.fixture
def front(cluster, moto):
    with EksFront(cluster, moto) as front:
        yield front


@pytest.fixture
def user(moto, runner):
    """A user of AWS, whose keys are in the profile 'ci'."""
    user = moto.user("ci", "sts:AssumeRole")
    folder = Path(runner.env()["HOME"]) / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text(
        f"[ci]\naws_access_key_id = {user.access_key}\n"
        f"aws_secret_access_key = {user.secret_key}\n")
    return user


@pytest.fixture(params=["helm4", "helm3"])
def deploy(request, run_step, moto, tmp_path):
    """deploy(kubeconfig text): the step, with no aws in PATH; what is said
    with --verbose must not hold secrets."""
    helm = request.getfixturevalue(request.param)

    def run(kubeconfig: str, *args, **options):
        path = tmp_path / "kubeconfig"
        path.write_text(kubeconfig)
        return run_step(
            "deploy-preview", *NAMES, "--kubeconfig", path, "--helm",
            helm.path, "--verbose", *args, umbrella(tmp_path, "1.0.0"),
            env={"AWS_ENDPOINT_URL_STS": moto.endpoint,
                 "AWS_REGION": moto.region, "PATH": "/usr/bin:/bin"},
            **options)

    return run


def test_tokens_of_eks(front, user, deploy, cluster):
    """For us and for Helm, without any tool of AWS's."""
    done = deploy(front.kubeconfig(**TOOL))
    agents = {agent for agent, _ in front.identities}
    arns = {arn for _, arn in front.identities}
    assert {"slipway", "helm"} <= agents and len(arns) == 1
    assert arns.pop().endswith(":user/ci")
    assert "'aws' is not needed" in done.err
    assert not any(token in done.err for token in front.tokens)
    assert user.secret_key not in done.err
    assert "shop-fix" in cluster.api.namespaces()


def test_a_role(front, user, moto, deploy):
    role = moto.role("deployer", "s3:*")
    deploy(front.kubeconfig(**{
        **TOOL, "args": [*TOOL["args"], "--role-arn", role]}))
    assert {arn.split(":")[-1] for _, arn in front.identities} == \
        {"assumed-role/deployer/EKSGetTokenAuth"}


def test_somebody_else(front, user, deploy):
    """Whom the kubeconfig's user acts as, Helm acts as, too."""
    config = json.loads(front.kubeconfig(**TOOL))
    groups = ["developers", "system:masters"]
    config["users"][0]["user"] |= {"as": "ann", "as-groups": groups}
    deploy(json.dumps(config))
    assert {acting[1:] for acting in front.acting} == {("ann", tuple(groups))}
    assert {"slipway", "helm"} <= {agent for agent, _, _ in front.acting}


def test_a_plugin_is_run_once_for_all(cluster, deploy, tmp_path):
    """Helm gets the credential at hand, if it outlives its work."""
    plugin = tmp_path / "plugin"
    then = time.strftime("%Y-%m-%dT%H:%M:%SZ",
                         time.gmtime(time.time() + 7200))
    plugin.write_text(
        "#!/bin/sh\necho run >>\"$0.runs\"\necho '" + json.dumps(
            {"kind": "ExecCredential",
             "apiVersion": "client.authentication.k8s.io/v1",
             "status": {"token": cluster.token, "expirationTimestamp": then}})
        + "'\n")
    plugin.chmod(0o755)
    config = json.loads(cluster.config("unused"))
    config["users"][0]["user"] = {"exec": {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "./plugin", "interactiveMode": "Never"}}

    done = deploy(json.dumps(config))
    assert Path(f"{plugin}.runs").read_text() == "run\n"
    assert cluster.token not in done.err

    # what does not last that long is Helm's own to get
    Path(f"{plugin}.runs").unlink()
    deploy(json.dumps(config), "--wait-timeout", "3h")
    assert len(Path(f"{plugin}.runs").read_text().splitlines()) > 2


def test_the_token_by_hand(run_step, front, user, moto):
    """As kubectl would run it."""
    env = {"AWS_ENDPOINT_URL_STS": moto.endpoint, "AWS_PROFILE": "ci",
           "AWS_REGION": moto.region}
    credential = run_step("eks-token", "--cluster", "preview", env=env).json
    arn = front.identify(f"Bearer {credential['status']['token']}")
    assert arn.endswith(":user/ci")


def test_kubectl_takes_it(run_step, front, user, moto, kubectl, steps,
                          tmp_path):
    path = tmp_path / "kubeconfig"
    path.write_text(front.kubeconfig(
        command=str(steps / "eks-token"), args=["--cluster", "preview"],
        interactiveMode="Never"))
    done = kubectl("--kubeconfig", path, "get", "--raw", "/version", env={
        "AWS_ENDPOINT_URL_STS": moto.endpoint, "AWS_PROFILE": "ci",
        "AWS_REGION": moto.region, "PATH": os.defpath})
    assert "gitVersion" in done.json
    assert {agent for agent, _ in front.identities} == {"kubectl"}


@pytest.mark.parametrize("step", [["expire-sweep"], ["deploy-preview", *NAMES]])
def test_an_expired_token_is_one_error(cluster, run_step, helm4, tmp_path,
                                       step):
    """The server ends a HTTP/2 connection by the first 401, and cuts those of
    the requests beside it; how many, is another number each time."""
    path = tmp_path / "kubeconfig"
    path.write_text(cluster.config("expired"))
    for _ in range(10):
        failed = run_step(*step, "--check", "--kubeconfig", path, "--helm",
                          helm4.path, expect=1)
        assert "server answered 401" in failed.err
        assert "(or no longer) valid" in failed.err
        assert failed.err.count("\n") == 2, failed.err
