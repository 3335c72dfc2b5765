"""certFile, keyFile and caFile of repositories.yaml are for the repository's own
server: where its index leads to another one, that learns nothing of them."""

from __future__ import annotations

import hashlib

import charts
import pytest
import yaml

from scripted_http import Reply, Request, ScriptedHttp, TestAuthority

ARCHIVE = charts.archive("web", "1.0.0")
CHART = "apiVersion: v2\nname: shop\nversion: 0.1.0\n" \
        "dependencies:\n- {name: web, version: 1.0.0, repository: '%s'}\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def private(tmp_path_factory) -> TestAuthority:
    """It knows the repository's server, and no other one."""
    return TestAuthority(tmp_path_factory.mktemp("private"), "Private Authority")


def index(address: str) -> Reply:
    return Reply(200, yaml.safe_dump({"apiVersion": "v1", "entries": {"web": [{
        "apiVersion": "v2", "name": "web", "version": "1.0.0", "urls": [address],
        "digest": hashlib.sha256(ARCHIVE).hexdigest()}]}}).encode())


def archives(request: Request) -> Reply:
    return Reply(404) if request.path.endswith(".prov") else Reply(200, ARCHIVE)


@pytest.fixture(params=["umbrella-render", "repo-audit", "changelog"])
def take(request, run_step, tmp_path):
    """take(repository): run a step that takes web 1.0.0 of it."""
    (tmp_path / "umbrella").mkdir()
    (tmp_path / "web").mkdir()
    (tmp_path / "web/Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")

    def run(repository: str, *more: str, **options):
        (tmp_path / "umbrella/Chart.yaml").write_text(CHART % repository)
        args = {
            "umbrella-render": ["umbrella", "--branch", "main", "--repository-name", "x"],
            "repo-audit": ["--repo", repository, "--copy-to", f"file://{tmp_path}/copy",
                           "web@1.0.0"],
            "changelog": ["--repo", repository, "--old", "web@1.0.0", "--new", "web"],
        }[request.param]
        return run_step(request.param, *args, *more, cwd=tmp_path, **options)
    return run


@pytest.fixture
def known(tmp_path, authority, private):
    """known(server): the environment of whom Helm knows there by a certificate."""
    certificate, key = authority.certificate()

    def write(server: ScriptedHttp, **more) -> dict[str, str]:
        file = tmp_path / "repositories.yaml"
        file.write_text(yaml.safe_dump({"apiVersion": "", "repositories": [{
            "name": "x", "url": server.url, "caFile": str(private.file),
            "certFile": str(certificate), "keyFile": str(key)} | more]}))
        return {"HELM_REPOSITORY_CONFIG": str(file), "SSL_CERT_FILE": str(authority.file)}
    return write


@pytest.fixture
def home(authority, private):
    """The repository's server: it insists on a certificate."""
    with ScriptedHttp(tls=private.server(client_authority=authority.file)) as server:
        yield server


@pytest.mark.parametrize("absolute", [False, True])
def test_at_home(take, known, home, absolute):
    home.reply(index(f"{home.url if absolute else ''}/web-1.0.0.tgz"))
    home.always(archives)
    take(home.url, env=known(home))
    assert "GET /web-1.0.0.tgz" in home.lines


@pytest.mark.parametrize("everywhere", [False, True])
def test_elsewhere(take, known, authority, everywhere):
    """A server that insists on one is shown it only where the user has said that who
    we are is for every server of that index."""
    asking = authority.server(client_authority=authority.file)
    with ScriptedHttp(tls=asking) as other, ScriptedHttp(tls=asking) as server:
        other.always(archives)
        server.reply(index(f"{other.url}/web-1.0.0.tgz"))
        env = known(server, caFile=str(authority.file), pass_credentials_all=everywhere)
        result = take(server.url, "--timeout", "60s" if everywhere else "2s", env=env,
                      expect=0 if everywhere else None)
        assert (result.code == 0) == bool(other.requests) == everywhere
        assert server.lines == ["GET /index.yaml"]


def test_elsewhere_by_the_authorities_of_all(take, known, home, authority):
    """caFile says nothing of another server, which has a certificate as any."""
    with ScriptedHttp(tls=authority.server()) as other:
        other.always(archives)
        home.reply(index(f"{other.url}/web-1.0.0.tgz"))
        take(home.url, env=known(home))
        assert other.lines[0] == "GET /web-1.0.0.tgz"


def test_elsewhere_by_a_redirect(take, known, home, authority):
    with ScriptedHttp(tls=authority.server()) as other:
        other.always(archives)
        home.reply(index("web-1.0.0.tgz"), Reply(302, headers=[f"Location: {other.url}/web"]))
        home.always(Reply(404))
        take(home.url, env=known(home))
        assert other.lines == ["GET /web"]
