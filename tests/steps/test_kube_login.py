"""Who we are to a cluster, and how it is reached: byte for byte what goes
over the wire for each thing that a kubeconfig may say."""

from __future__ import annotations

import base64
import json
import time

import pytest

from scripted_http import Reply, ScriptedHttp, TestAuthority
from scripted_kube import (ENDED, TOKEN, ScriptedKube, listing, refusal,
                           secret)

GROUP = "client.authentication.k8s.io"
RELEASES = "/api/v1/secrets"


@pytest.fixture
def sweep(run_step, tmp_path):
    """sweep(server, **user): a dry run, which asks for two lists."""
    def run(server, *args, cluster=None, expect=0, env=None, **user):
        return run_step(
            "expire-sweep", "--dry-run", "--kubeconfig",
            server.kubeconfig(tmp_path, cluster=cluster, **user), *args,
            expect=expect, env=env)
    return run


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return TestAuthority(tmp_path_factory.mktemp("cluster-authority"))


def trust(authority) -> dict:
    return {"certificate-authority-data":
            base64.b64encode(authority.file.read_bytes()).decode()}


def heard(server) -> list[str | None]:
    """The Authorization of each request."""
    return [r.header("Authorization") for r in server.requests]


# --- tokens, passwords, somebody else -----------------------------------------

def test_a_password(sweep, kube):
    sweep(kube, username="me", password="a:canary")
    basic = base64.b64encode(b"me:a:canary").decode()
    assert heard(kube) == [f"Basic {basic}"] * 2


def test_nobody(sweep, kube):
    sweep(kube, client_key_data="")
    assert heard(kube) == [None, None]


def test_somebody_else(sweep, kube):
    sweep(kube, token=TOKEN, **{
        "as": "you", "as-uid": "7", "as-groups": ["a", "b"],
        "as-user-extra": {"team/x": ["c"]}})
    for request in kube.requests:
        assert [pair for pair in request.headers
                if pair[0].startswith("Impersonate")] == [
            ("Impersonate-User", "you"), ("Impersonate-Uid", "7"),
            ("Impersonate-Group", "a"), ("Impersonate-Group", "b"),
            ("Impersonate-Extra-team%2Fx", "c")]


def test_a_token_that_rotates(sweep, kube, tmp_path):
    """Its file is read for each request; the token beside it is for a file
    that cannot be read."""
    file = tmp_path / "token"
    file.write_text("first\n")

    def rotate(_request):
        file.write_text("second\n")
        return listing()

    kube.script("GET", RELEASES, rotate)
    sweep(kube, tokenFile="token", token="other")
    assert heard(kube) == ["Bearer first", "Bearer second"]
    file.unlink()
    kube.script("GET", RELEASES, listing())
    sweep(kube, tokenFile="token", token="other")
    assert heard(kube)[2:] == ["Bearer other"] * 2
    failed = sweep(kube, tokenFile="token", expect=2)
    assert "cannot read the token for the Kubernetes API" in failed.err


def test_a_token_that_goes_away(sweep, kube, tmp_path):
    file = tmp_path / "token"
    file.write_text("last")

    def remove(_request):
        file.unlink()
        return listing()

    kube.script("GET", RELEASES, remove)
    sweep(kube, tokenFile="token")
    assert heard(kube) == ["Bearer last"] * 2


def test_a_token_that_was_just_replaced(sweep, kube, tmp_path):
    file = tmp_path / "token"
    file.write_text("old")

    def replace(_request):
        file.write_text("new")
        return refusal(401, "Unauthorized")

    kube.script("GET", RELEASES, replace, listing())
    sweep(kube, tokenFile="token")
    assert heard(kube) == ["Bearer old", "Bearer new", "Bearer new"]


def test_a_token_replaced_while_several_requests_wait(run_step, kube,
                                                      tmp_path):
    """Of those that are refused together, each is sent again."""
    file = tmp_path / "token"
    file.write_text("old")
    home = "/api/v1/namespaces/a"

    def answer_new(good):
        def reply(request):
            if request.header("Authorization") == "Bearer new":
                return good
            file.write_text("new")
            late = refusal(401, "Unauthorized")
            late.delay = 0.2
            return late
        return reply

    kube.script("GET", RELEASES, listing(secret("a", ENDED)))
    for path in (home, f"{home}/secrets/sh.helm.release.v1.web.v1"):
        kube.script("GET", path, answer_new(refusal(404, "NotFound")))
    kube.script("GET", f"{home}/secrets", answer_new(listing()))
    kube.lease(home)
    helm = tmp_path / "helm"
    helm.write_text("#!/bin/sh\nexit 1\n")
    helm.chmod(0o755)
    run_step("expire-sweep", "--helm", helm, "--kubeconfig",
             kube.kubeconfig(tmp_path, tokenFile="token"))
    looks = [r.header("Authorization") for r in kube.requests
             if "/leases" not in r.path]
    assert looks == ["Bearer old"] * 6 + ["Bearer new"] * 4


def test_a_token_that_is_refused(sweep, kube, tmp_path):
    (tmp_path / "token").write_text("old")
    kube.script("GET", RELEASES, refusal(401, "Unauthorized", "Unauthorized"))
    for user in ({"tokenFile": "token"}, {"token": TOKEN}):
        kube.requests.clear()
        failed = sweep(kube, expect=1, **user)
        assert len(kube.requests) == 1
        assert "server answered 401 (Unauthorized)" in failed.err
        assert "not (or no longer) valid" in failed.err


# --- plugins -----------------------------------------------------------------

@pytest.fixture
def plugin(tmp_path):
    """plugin(status, ...): the kubeconfig's user for a program that gives
    these answers, one a run, the last for ever; plugin.runs() counts."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "plugin"

    def make(*answers: dict | str, version="v1", kind=None, **exec_):
        for old in tmp_path.glob("bin/plugin.*"):
            old.unlink()
        for number, status in enumerate(answers):
            text = status if isinstance(status, str) else json.dumps(
                {"kind": "ExecCredential", "status": status,
                 "apiVersion": kind or f"{GROUP}/{version}"})
            (tmp_path / f"bin/plugin.{number}").write_text(text)
        program.write_text(
            '#!/bin/sh\necho "$KUBERNETES_EXEC_INFO" >"$0.info"\n'
            'echo "$WHO $*" >>"$0.runs"\nn=$(wc -l <"$0.runs")\n'
            f'[ "$n" -gt {len(answers)} ] && n={len(answers)}\n'
            'cat "$0.$((n - 1))"\n')
        program.chmod(0o755)
        return {"exec": {"command": "bin/plugin",
                         "apiVersion": f"{GROUP}/{version}",
                         "interactiveMode": "IfAvailable", **exec_}}

    make.runs = lambda: (tmp_path / "bin/plugin.runs").read_text().splitlines()
    make.info = lambda: json.loads(
        (tmp_path / "bin/plugin.info").read_text())
    return make


def in_time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ",
                         time.gmtime(time.time() + seconds))


def test_a_plugin_that_hangs(sweep, kube, tmp_path):
    """It has no more time than the whole run."""
    before = time.monotonic()
    failed = sweep(kube, "--timeout", "1s", expect=75, exec={
        "command": "sleep", "args": ["1000"],
        "apiVersion": f"{GROUP}/v1", "interactiveMode": "Never"})
    assert "cannot ask 'sleep' who we are: " in failed.err
    assert time.monotonic() - before < 40       # of its 60 s


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_plugin(version, sweep, kube, plugin):
    """Asked once: what it does not date is good for the run."""
    sweep(kube, **plugin({"token": "of-plugin"}, version=version,
                         args=["a b", "--c"],
                         env=[{"name": "WHO", "value": "me"}]))
    assert heard(kube) == ["Bearer of-plugin"] * 2
    assert plugin.runs() == ["me a b --c"]
    assert plugin.info() == {"kind": "ExecCredential",
                             "apiVersion": f"{GROUP}/{version}",
                             "spec": {"interactive": False}}


def test_what_a_plugin_is_told(sweep, kube, plugin, tmp_path):
    (tmp_path / "ca").write_text("CA")
    sweep(kube, cluster={
        "certificate-authority": "ca", "tls-server-name": "api",
        "disable-compression": True,
        "extensions": [{"name": "other", "extension": 1},
                       {"name": f"{GROUP}/exec", "extension": {"a": [1]}}]},
        **plugin({"token": "t"}, provideClusterInfo=True))
    assert plugin.info()["spec"] == {
        "interactive": False, "cluster": {
            "server": kube.url, "tls-server-name": "api",
            "certificate-authority-data": "Q0E=", "disable-compression": True,
            "config": {"a": [1]}}}


def test_helm_is_whom_the_plugin_user_acts_as(run_step, kube, plugin,
                                              tmp_path):
    """It does not run the plugin, but has to be the same to the cluster."""
    chart, helm = tmp_path / "chart", tmp_path / "helm"
    chart.mkdir()
    (chart / "Chart.yaml").write_text("name: shop\nversion: 1.0.0\n")
    helm.write_text(
        "#!/bin/sh\n[ $1 = version ] && echo v4.3.1\nfor word; do case $word in "
        f"--kubeconfig=*) cat ${{word#*=}} >{tmp_path}/lent;; esac; done\n")
    helm.chmod(0o755)
    acts = {"as": "you", "as-uid": "7", "as-groups": ["a", "b"],
            "as-user-extra": {"team/x": ["c"]}}
    run_step("deploy-preview", "--dry-run", "--repository-name", "shop",
             "--branch", "fix", "--helm", helm, "--kubeconfig", kube.kubeconfig(
                 tmp_path, **acts, **plugin({
                     "token": "of-plugin",
                     "expirationTimestamp": in_time(7200)})), chart)
    (user,) = json.loads((tmp_path / "lent").read_text())["users"]
    assert user["user"] == {"token": "of-plugin", **acts}
    assert len(plugin.runs()) == 1


def test_a_credential_that_expires(sweep, kube, plugin):
    """It is asked for again when its time is over, not before."""
    sweep(kube, **plugin(
        {"token": "first", "expirationTimestamp": in_time(3600)},
        {"token": "second"}))
    assert heard(kube) == ["Bearer first"] * 2
    kube.requests.clear()
    sweep(kube, **plugin(
        {"token": "first", "expirationTimestamp": in_time(5)},
        {"token": "second", "expirationTimestamp": in_time(3600)}))
    assert heard(kube) == ["Bearer second"] * 2
    assert len(plugin.runs()) == 2


def test_a_credential_that_is_refused(sweep, kube, plugin):
    """One other is asked for, and one only."""
    kube.script("GET", RELEASES, refusal(401, "Unauthorized"), listing())
    sweep(kube, **plugin({"token": "first"}, {"token": "second"}))
    assert heard(kube) == ["Bearer first"] + ["Bearer second"] * 2
    kube.requests.clear()
    kube.script("GET", RELEASES, refusal(401, "Unauthorized", "who?"))
    failed = sweep(kube, expect=1, **plugin({"token": "a"}, {"token": "b"}))
    assert heard(kube) == ["Bearer a", "Bearer b"]
    assert len(plugin.runs()) == 2 and "(who?)" in failed.err


@pytest.mark.parametrize("text", [
    "kind: ExecCredential\napiVersion: {api}\nstatus:\n  token: of-plugin\n",
    "# a comment\n{{kind: ExecCredential, apiVersion: {api}, status: {{"
    "expirationTimestamp: 2099-01-01T00:00:00Z, token: 'of-plugin'}}}}\n",
    '\ufeff{{"kind": "ExecCredential", "apiVersion": "{api}", '
    '"status": {{"token": "of-plugin"}}}}',
    "---\nkind: ExecCredential\napiVersion: {api}\nstatus: {{token: of-plugin}}"
    "\n---\n}}",
])
def test_a_plugin_that_prints_yaml(text, sweep, kube, plugin):
    """As client-go reads it."""
    sweep(kube, **plugin(text.format(api=f"{GROUP}/v1")))
    assert heard(kube) == ["Bearer of-plugin"] * 2


@pytest.mark.parametrize("answer, words", [
    ("canary-token", "no ExecCredential"),
    ("canary: [token", "no ExecCredential"),
    ("- canary", "no ExecCredential"),
    ("", "no ExecCredential"),
    (f"kind: ExecCredential\napiVersion: {GROUP}/v1\n"
     "status: {token: 1234}\n", "neither a token nor a certificate"),
    ("{}", "no ExecCredential"),
    ({}, "neither a token nor a certificate"),
    ({"clientCertificateData": "x"}, "neither a token nor a certificate"),
    ({"token": "canary-token", "clientKeyData": "x"}, "with its key"),
    ({"token": "canary-token", "expirationTimestamp": "tomorrow"},
     "expires at 'tomorrow', which is no time"),
])
def test_answers_of_a_plugin_that_are_none(answer, words, sweep, kube, plugin):
    failed = sweep(kube, expect=1, **plugin(answer))
    assert words in failed.err and "canary" not in failed.err
    assert kube.requests == []


def test_a_plugin_of_another_version(sweep, kube, plugin):
    failed = sweep(kube, expect=1, **plugin({"token": "canary"},
                                            kind=f"{GROUP}/v1beta1"))
    assert f"of version '{GROUP}/v1beta1', and the kubeconfig says" \
        in failed.err


def test_a_plugin_that_fails(sweep, kube, plugin, tmp_path):
    user = plugin()
    (tmp_path / "bin/plugin").write_text("#!/bin/sh\necho why >&2; exit 3\n")
    failed = sweep(kube, expect=1, **user)
    assert "failed with exit code 3" in failed.err and "why" in failed.err
    (tmp_path / "bin/plugin").write_text("#!/bin/sh\nkill -9 $$\n")
    assert "was ended by signal 9" in sweep(kube, expect=1, **user).err
    (tmp_path / "bin/plugin").unlink()
    failed = sweep(kube, expect=1, **user)
    assert "cannot ask" in failed.err
    failed = sweep(kube, expect=1, **plugin(command="no-such-plugin",
                                            installHint="see \x1b[1mthere"))
    assert "'no-such-plugin': no such program in PATH" in failed.err
    assert "hint: see " in failed.err and "\x1b" not in failed.err


# --- the way there -----------------------------------------------------------

def test_an_authority_of_its_own(sweep, authority, tmp_path):
    with ScriptedKube(tls=authority.server()) as kube:
        failed = sweep(kube, expect=1, token=TOKEN)
        assert "certificate" in failed.err
        other = TestAuthority(tmp_path / "other", "Another Authority")
        failed = sweep(kube, cluster=trust(other), expect=1, token=TOKEN)
        assert "hint: the kubeconfig's certificate-authority" in failed.err
        broken = {"certificate-authority-data": "Q0E="}
        failed = sweep(kube, cluster=broken, expect=2, token=TOKEN)
        assert "hint: the kubeconfig's certificate-authority" in failed.err
        assert kube.requests == []
        sweep(kube, cluster=trust(authority), token=TOKEN)
        assert heard(kube) == [f"Bearer {TOKEN}"] * 2


def test_believing_whoever_answers(sweep, authority):
    with ScriptedKube(tls=authority.server()) as kube:
        done = sweep(kube, cluster={"insecure-skip-tls-verify": True},
                     token=TOKEN)
        assert "warning: the kubeconfig says 'insecure-skip-tls" in done.err
        assert len(kube.requests) == 2


def test_a_server_of_another_name(sweep, authority):
    """Its certificate is for a name that no DNS knows."""
    tls = authority.server(names="DNS:api.cluster.example")
    asked = []
    tls.sni_callback = lambda _socket, name, _context: asked.append(name)
    with ScriptedKube(tls=tls) as kube:
        failed = sweep(kube, cluster=trust(authority), expect=1, token=TOKEN)
        assert "127.0.0.1" in failed.err and kube.requests == []
        named = {**trust(authority),
                 "tls-server-name": "api.cluster.example"}
        sweep(kube, cluster=named, token=TOKEN,
              env={"HTTPS_PROXY": "http://127.0.0.1:1"})
        assert [r.header("Host") for r in kube.requests] == \
            [f"127.0.0.1:{kube.port}"] * 2
        assert asked[-1] == "api.cluster.example"
        wrong = {**named, "tls-server-name": "other.example"}
        failed = sweep(kube, cluster=wrong, expect=1, token=TOKEN)
        assert "hint: the kubeconfig's certificate-authority" in failed.err


def test_a_proxy_of_its_own(sweep, kube, authority):
    """Even for this machine, and whatever no_proxy says."""
    env = {"NO_PROXY": "*", "HTTPS_PROXY": "http://127.0.0.1:1"}
    tunnel = authority.server(names="DNS:api.example")
    with ScriptedHttp(tunnel=tunnel) as proxy:
        proxy.always(listing())
        cluster = {"server": "https://api.example:6443",
                   "proxy-url": f"http://me:canary@127.0.0.1:{proxy.port}",
                   **trust(authority)}
        sweep(kube, cluster=cluster, token=TOKEN, env=env, expect=None)
        assert proxy.tunnels == ["api.example:6443"]
        assert len(proxy.requests) == 2
    with ScriptedHttp() as proxy:
        proxy.always(Reply(407))
        cluster["proxy-url"] = f"http://me:canary@127.0.0.1:{proxy.port}"
        failed = sweep(kube, cluster=cluster, token=TOKEN, expect=1)
        assert "407" in failed.err and "canary" not in failed.err


def test_a_client_certificate(sweep, authority, plugin):
    """From the kubeconfig, and a new one from a plugin when the old one is
    refused."""
    def pair(certificate, data=False):
        pem = [file.read_text() for file in certificate]
        if data:
            pem = [base64.b64encode(p.encode()).decode() for p in pem]
        return pem

    tls = authority.server(client_authority=authority.file)
    with ScriptedKube(tls=tls) as kube:
        cert, key = pair(authority.certificate(), data=True)
        sweep(kube, cluster=trust(authority), **{
            "client-certificate-data": cert, "client-key-data": key})
        assert heard(kube) == [None, None]

        kube.script("GET", RELEASES, refusal(401, "Unauthorized"), listing())
        kube.requests.clear()
        kube.connections = 0
        certs = [pair(authority.certificate()) for _ in range(2)]
        sweep(kube, cluster=trust(authority), **plugin(*(
            {"clientCertificateData": c, "clientKeyData": k}
            for c, k in certs)))
        assert len(plugin.runs()) == 2 and len(kube.requests) == 3
        assert kube.connections == 2, "the new certificate was not shown"


def test_compression(sweep, kube):
    sweep(kube, token=TOKEN)
    sweep(kube, token=TOKEN, cluster={"disable-compression": True})
    assert [r.header("Accept-Encoding") for r in kube.requests] == \
        ["gzip", "gzip", None, None]


def test_a_token_file_without_a_token(sweep, kube, tmp_path):
    (tmp_path / "token").write_text("\n")
    failed = sweep(kube, tokenFile="token", expect=2)
    assert "there is no token in" in failed.err and kube.requests == []
    sweep(kube, tokenFile="token", token="other")
    assert heard(kube) == ["Bearer other"] * 2
