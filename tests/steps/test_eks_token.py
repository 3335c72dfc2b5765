"""eks-token, and the same token made by the steps that a kubeconfig sends to
AWS's tools."""

from __future__ import annotations

import base64
import json
import shlex
import time
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from scripted_aws import form, home, in_seconds, sts, sts_error, who  # noqa: F401
from scripted_http import Reply, ScriptedHttp
from scripted_kube import answer

GROUP = "client.authentication.k8s.io"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "canary-of-the-key",
        "AWS_REGION": "eu-central-1"}
ROLE = "arn:aws:iam::111122223333:role/preview"
TOOL = ["eks", "get-token", "--cluster-name", "preview"]


def url_of(token: str):
    prefix, _, encoded = token.partition(".")
    assert prefix == "k8s-aws-v1"
    return urlsplit(base64.urlsafe_b64decode(
        encoded + "=" * (-len(encoded) % 4)).decode())


def signer_of(token: str) -> str:
    query = dict(parse_qsl(url_of(token).query))
    return query["X-Amz-Credential"].split("/")[0]


@pytest.fixture
def server():
    """STS, by script."""
    with ScriptedHttp() as server:
        yield server


# --- the step ------------------------------------------------------------------

def test_a_credential(run_step):
    before = time.time()
    result = run_step("eks-token", "--cluster", "preview", "--verbose",
                      env=KEYS)
    credential = result.json
    token = credential["status"].pop("token")
    expires = datetime.fromisoformat(
        credential["status"].pop("expirationTimestamp")).timestamp()
    assert credential == {"kind": "ExecCredential", "spec": {}, "status": {},
                          "apiVersion": f"{GROUP}/v1"}
    assert before + 838 <= expires <= time.time() + 840
    url = url_of(token)
    query = parse_qsl(url.query, strict_parsing=True)
    assert (url.scheme, url.netloc, url.path) == \
        ("https", "sts.eu-central-1.amazonaws.com", "/")
    assert [name for name, _ in query] == [
        "Action", "Version", "X-Amz-Algorithm", "X-Amz-Credential",
        "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
        "X-Amz-Signature"]
    assert dict(query)["X-Amz-Expires"] == "60"
    assert dict(query)["X-Amz-SignedHeaders"] == "host;x-k8s-aws-id"
    assert signer_of(token) == "AKIDEXAMPLE"
    assert "canary" not in result.err and token not in result.err


def test_forms(run_step):
    for output in ("text", "json"):
        assert run_step("eks-token", "--cluster", "c", "--output", output,
                        env=KEYS).json["kind"] == "ExecCredential"
    lines = run_step("eks-token", "--cluster", "c", "--output", "env",
                     "--dry-run", env=KEYS).out.splitlines()
    assert any(line.startswith("STATUS_TOKEN=k8s-aws-v1.") for line in lines)


@pytest.mark.parametrize("info, version", [
    (json.dumps({"apiVersion": f"{GROUP}/v1beta1"}), f"{GROUP}/v1beta1"),
    (json.dumps({"apiVersion": f"{GROUP}/v1", "spec": {}}), f"{GROUP}/v1"),
    (json.dumps({"apiVersion": 7}), f"{GROUP}/v1"),
    ("[]", f"{GROUP}/v1"),
])
def test_the_version_that_is_asked_for(info, version, run_step):
    credential = run_step("eks-token", "--cluster", "c", env={
        **KEYS, "KUBERNETES_EXEC_INFO": info}).json
    assert credential["apiVersion"] == version


@pytest.mark.parametrize("info", ["{", "nonsense", "[" * 2000 + "]" * 2000])
def test_what_is_asked_for_is_nonsense(info, run_step):
    failed = run_step("eks-token", "--cluster", "c", expect=2, env={
        **KEYS, "KUBERNETES_EXEC_INFO": info})
    assert "KUBERNETES_EXEC_INFO" in failed.err and failed.out == ""


def test_a_role(run_step, server):
    """The token is signed by the role, and ends with its credentials."""
    server.reply(sts("ROLEKEY", seconds=300))
    result = run_step("eks-token", "--cluster", "c", "--role-arn", ROLE,
                      "--verbose", env={
                          **KEYS, "AWS_ENDPOINT_URL_STS": server.url})
    [request] = server.requests
    asked = form(request)
    assert (asked["Action"], asked["RoleArn"], asked["RoleSessionName"]) == \
        ("AssumeRole", ROLE, "EKSGetTokenAuth")
    assert who(request) == "AKIDEXAMPLE"
    status = result.json["status"]
    assert signer_of(status["token"]) == "ROLEKEY"
    assert "X-Amz-Security-Token=" in url_of(status["token"]).query
    left = datetime.fromisoformat(
        status["expirationTimestamp"]).timestamp() - time.time()
    assert 200 < left <= 300
    assert "canary" not in result.err and "ken-of-ROLEKEY" not in result.err


def test_a_role_that_may_not_be_assumed(run_step, server):
    server.reply(sts_error(403, "AccessDenied", "not you"))
    failed = run_step("eks-token", "--cluster", "c", "--role-arn", ROLE,
                      expect=1, env={
                          **KEYS, "AWS_ENDPOINT_URL_STS": server.url})
    assert "cannot make a token for EKS cluster 'c': cannot assume role" \
        in failed.err
    assert "403 (AccessDenied: not you)" in failed.err


def test_a_profile_before_the_environment(run_step, home):     # noqa: F811
    (home / ".aws" / "config").write_text(
        "[profile other]\naws_access_key_id = OTHER\n"
        "aws_secret_access_key = x\nregion = us-gov-west-1\n")
    asked = {**KEYS, "AWS_REGION": ""}
    for args, env, signer in (
            (["--profile", "other"], asked, "OTHER"),
            ([], {**asked, "AWS_PROFILE": "other"}, "AKIDEXAMPLE")):
        token = run_step("eks-token", "--cluster", "c", *args,
                         env=env).json["status"]["token"]
        assert signer_of(token) == signer
        assert url_of(token).netloc == "sts.us-gov-west-1.amazonaws.com"


def test_no_credentials(run_step):
    failed = run_step("eks-token", "--cluster", "c", expect=2,
                      env={"AWS_EC2_METADATA_DISABLED": "true"})
    assert "there are no AWS credentials" in failed.err
    for args in [], ["--cluster", ""]:
        assert "missing '--cluster'" in run_step("eks-token", *args, expect=2).err


@pytest.mark.parametrize("region", ["eu central-1", "x.example.com", "-x", "x" * 64])
def test_a_region_is_a_label_of_a_host(run_step, region):
    for args, env in ((["--region", region], {}), ([], {"AWS_REGION": region})):
        failed = run_step("eks-token", "--cluster", "c", *args, expect=2,
                          env=KEYS | env)
        assert f"'{region}' is no AWS region" in failed.err
        assert "looks like eu-central-1" in failed.err and failed.out == ""


IDENTITY = (b"<GetCallerIdentityResponse><GetCallerIdentityResult>"
            b"<Arn>arn:aws:iam::1:user/ci</Arn></GetCallerIdentityResult>"
            b"</GetCallerIdentityResponse>")


@pytest.mark.parametrize("reply, code, words", [
    (Reply(200, IDENTITY), 0, "to the cluster we are arn:aws:iam::1:user/ci"),
    (sts_error(403, "InvalidClientTokenId", "nobody's"), 1,
     "server answered 403 (nobody's)"),
    (sts_error(403, "ExpiredToken", "too late"), 1, "403 (too late)"),
    (Reply(404, b"<html>"), 1, "server answered 404"),
    (Reply(200, b"<html>"), 1, "the answer of STS names nobody"),
    (Reply(200, b"<a>" * 100), 1, "names nobody"),
    (Reply(200, b"x" * (2 << 20)), 1, "larger than"),
    (Reply(500, b"", ["Retry-After: 0"]), 75, "server answered 500"),
    (Reply(200, IDENTITY, cut=30), 75, "cannot find out who we are"),
])
def test_check(reply, code, words, run_step, server):
    """STS is asked as the cluster will ask it, and no URL is shown whole."""
    server.always(reply)
    result = run_step("eks-token", "--cluster", "c", "--check", "--timeout",
                      "3s", expect=code, env={
                          **KEYS, "AWS_ENDPOINT_URL_STS": server.url})
    assert words in result.out + result.err
    assert server.requests[0].header("x-k8s-aws-id") == "c"
    signature = dict(parse_qsl(urlsplit(server.requests[0].path).query))[
        "X-Amz-Signature"]
    assert signature not in result.err


def test_check_with_429_then_fine(run_step, server):
    server.reply(Reply(429, b"", ["Retry-After: 0"]), Reply(200, IDENTITY))
    run_step("eks-token", "--cluster", "c", "--check", env={
        **KEYS, "AWS_ENDPOINT_URL_STS": server.url})


# --- other steps ----------------------------------------------------------------

@pytest.fixture
def tool(tmp_path):
    """tool(): an 'aws' in PATH that gives the token 'of-the-tool'."""
    folder = tmp_path / "bin"

    def make(script: str = "") -> str:
        folder.mkdir(exist_ok=True)
        text = json.dumps({"kind": "ExecCredential",
                           "apiVersion": f"{GROUP}/v1beta1",
                           "status": {"token": "of-the-tool"}})
        (folder / "aws").write_text(
            f"#!/bin/sh\necho \"$*\" >>{shlex.quote(str(folder))}/calls\n"
            f"{script or f'echo {shlex.quote(text)}'}\n")
        (folder / "aws").chmod(0o755)
        return f"{folder}:/usr/bin:/bin"

    make.calls = lambda: ((folder / "calls").read_text().splitlines()
                          if (folder / "calls").exists() else [])
    return make


@pytest.fixture
def sweep(run_step, kube, tmp_path):
    def run(args=TOOL, command="aws", env=None, path="/usr/bin:/bin",
            expect=0, variables=()):
        config = kube.kubeconfig(tmp_path, exec={
            "command": command, "args": args,
            "env": [{"name": n, "value": v} for n, v in variables],
            "apiVersion": f"{GROUP}/v1beta1"})
        kube.requests.clear()
        result = run_step("expire-sweep", "--dry-run", "--verbose",
                          "--kubeconfig", config, expect=expect,
                          env={**(KEYS if env is None else env),
                               "PATH": path})
        heard = {r.header("Authorization").removeprefix("Bearer ")
                 for r in kube.requests}
        assert "canary" not in result.err
        return (heard.pop() if heard else None), result
    return run


def test_the_tool_is_not_needed(sweep, tool):
    token, result = sweep(path=tool())
    assert signer_of(token) == "AKIDEXAMPLE" and tool.calls() == []
    assert "'aws' is not needed" in result.err and token not in result.err
    token, _ = sweep(["token", "-i", "preview"],
                     command="aws-iam-authenticator")
    assert signer_of(token) == "AKIDEXAMPLE"


def test_variables_of_the_kubeconfig(sweep, home):             # noqa: F811
    (home / ".aws" / "config").write_text(
        "[profile ci]\naws_access_key_id = OFPROFILE\n"
        "aws_secret_access_key = x\nregion = eu-west-3\n")
    token, _ = sweep(env={}, variables=[("AWS_PROFILE", "ci")])
    assert signer_of(token) == "OFPROFILE"
    assert url_of(token).netloc == "sts.eu-west-3.amazonaws.com"
    token, _ = sweep([*TOOL, "--region=eu-west-1"], env={},
                     variables=[("AWS_PROFILE", "ci")])
    assert url_of(token).netloc == "sts.eu-west-1.amazonaws.com"


def test_what_is_not_understood_is_run(sweep, tool):
    token, _ = sweep([*TOOL, "--no-sign-request"], path=tool())
    assert token == "of-the-tool"
    assert tool.calls() == ["eks get-token --cluster-name preview "
                            "--no-sign-request"]


def test_where_our_way_fails(sweep, tool):
    """The tool is asked; where there is none, our error is told."""
    nobody = {"AWS_EC2_METADATA_DISABLED": "true"}
    token, _ = sweep(env=nobody, path=tool())
    assert token == "of-the-tool" and len(tool.calls()) == 1
    _, failed = sweep(env=nobody, expect=2)
    assert "cannot make a token for EKS cluster 'preview': there are no " \
        "AWS credentials" in failed.err
    _, failed = sweep(env=nobody, path=tool("exit 7"), expect=1)
    assert "failed with exit code 7" in failed.err


def test_credentials_that_expire(sweep, server):
    """A token that ends with them is made anew before each request."""
    server.always(sts("SHORT", seconds=5))
    sweep([*TOOL, "--role-arn", ROLE], env={
        **KEYS, "AWS_ENDPOINT_URL_STS": server.url})
    assert len(server.requests) > 1


# --- Helm's child ---------------------------------------------------------------

@pytest.fixture
def handed(run_step, kube, tmp_path):
    """handed(exec): the kubeconfig that Helm gets, its file, and the run."""
    helm = tmp_path / "helm"
    chart = tmp_path / "chart"
    chart.mkdir()
    (chart / "Chart.yaml").write_text("name: shop\nversion: 1.0.0\n")
    home_ = "/api/v1/namespaces/shop-fix"

    def run(exec_: dict, cluster=None, args=(), **env: str):
        helm.write_text(
            "#!/bin/sh\nfor arg; do case $arg in --kubeconfig=*)\n"
            f"file=${{arg#*=}}; cp \"$file\" {tmp_path}/handed\n"
            f"stat -c '%a %n' \"$file\" \"${{file%/*}}\" >{tmp_path}/modes\n"
            ";; esac; done; exit 1\n")
        helm.chmod(0o755)
        kube.script("GET", home_, answer({"metadata": {
            "name": "shop-fix", "uid": "u", "resourceVersion": "1",
            "labels": {"slipway/managed": "v1"}, "annotations": {
                "slipway/repository": "shop", "slipway/branch": "fix"}}}))
        kube.script("PATCH", home_, answer({}))
        kube.lease(home_)
        config = kube.kubeconfig(tmp_path, cluster=cluster, exec={
            "apiVersion": f"{GROUP}/v1beta1", **exec_})
        result = run_step(
            "deploy-preview", "--repository-name", "shop", "--branch", "fix",
            "--kubeconfig", config, "--helm", helm, *args, chart,
            expect=None, env={**KEYS, "PATH": "/usr/bin:/bin", **env})
        assert (tmp_path / "modes").exists(), result
        modes = [line.split(" ", 1) for line in
                 (tmp_path / "modes").read_text().splitlines()]
        return json.loads((tmp_path / "handed").read_text()), modes, result

    return run


def test_what_helm_gets_for_eks(handed, steps, kube, tmp_path):
    (tmp_path / "ca.pem").write_text("")
    config, modes, _ = handed(
        {"command": "aws", "args": [*TOOL, "--region", "eu-west-1",
                                    "--profile", "ci"],
         "env": [{"name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "x"}]},
        cluster={"certificate-authority-data": "Q0E="},
        args=["--cacert", tmp_path / "ca.pem"],
        AWS_SHARED_CREDENTIALS_FILE=str(_profile(tmp_path)),
        SLIPWAY_RECORD=str(tmp_path / "record"))
    [cluster], [user] = config["clusters"], config["users"]
    assert cluster["cluster"] == {"server": kube.url,
                                  "certificate-authority-data": "Q0E="}
    exec_ = user["user"]["exec"]
    assert exec_["command"] == str(steps / "eks-token")
    assert exec_["args"] == ["--cluster=preview", "--region=eu-west-1",
                             "--profile=ci", f"--cacert={tmp_path}/ca.pem"]
    assert {"name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "x"} in exec_["env"]
    assert {"name": "SLIPWAY_RECORD", "value": ""} in exec_["env"]
    assert [mode for mode, _ in modes] == ["600", "700"]
    assert not any(Path(name).exists() for _, name in modes)


def _profile(folder: Path) -> Path:
    path = folder / "credentials"
    path.write_text("[ci]\naws_access_key_id = A\naws_secret_access_key = b\n")
    return path


def test_what_helm_gets_of_a_plugin(handed, tmp_path):
    """The token, if it lasts; else its own turn with the plugin."""
    def plugin(seconds: float | None):
        status = {"token": "canary-token"}
        if seconds:
            status["expirationTimestamp"] = in_seconds(seconds)
        text = json.dumps({"kind": "ExecCredential", "status": status,
                           "apiVersion": f"{GROUP}/v1beta1"})
        program = tmp_path / "plugin"
        program.write_text(f"#!/bin/sh\necho {shlex.quote(text)}\n")
        program.chmod(0o755)
        return {"command": str(program)}

    lasting = ["--wait-timeout", "10m"]
    config, modes, result = handed(plugin(3600), args=lasting)
    assert config["users"][0]["user"] == {"token": "canary-token"}
    assert [mode for mode, _ in modes] == ["600", "700"]
    assert not any(Path(name).exists() for _, name in modes)
    assert "canary" not in result.err
    for seconds in (600, None):
        config, modes, _ = handed(plugin(seconds), args=lasting)
        assert config["users"][0]["user"]["exec"]["command"]
        assert Path(modes[0][1]).exists(), "the user's own kubeconfig"
