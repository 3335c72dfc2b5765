"""publish-chart --sign: a .prov by a throw-away key, which Helm accepts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

NAME = "Release of Web <release@example.com>"
PASSPHRASE = "words that nobody says"
CHART = """\
apiVersion: v2
name: web
version: 1.0.0
description: "- not a list -"
keywords:
- a
- "-----BEGIN"
"""


@dataclass
class Keys:
    home: Path      # GnuPG's
    public: Path    # for helm verify
    secret: Path    # for --keyring


def make_keys(folder: Path, passphrase: str) -> Keys:
    """GnuPG's agent has its socket there, so the folder's name is a short one."""
    def gpg(*argv: str) -> bytes:
        return subprocess.run(
            ["gpg", "--homedir", folder, "--batch", "--pinentry-mode", "loopback",
             "--passphrase", passphrase, *argv], check=True, capture_output=True).stdout

    gpg("--quick-gen-key", NAME, "ed25519", "sign", "never")
    public, secret = folder / "public.gpg", folder / "secret.asc"
    public.write_bytes(gpg("--export"))
    secret.write_bytes(gpg("--armor", "--export-secret-keys"))
    return Keys(folder, public, secret)


@pytest.fixture(scope="module", params=["", PASSPHRASE], ids=["open", "locked"])
def keys(request):
    folder = Path(tempfile.mkdtemp(prefix="gpg"))
    try:
        yield make_keys(folder, request.param), request.param
    finally:
        subprocess.run(["gpgconf", "--homedir", folder, "--kill", "all"], check=True)
        shutil.rmtree(folder)


@pytest.fixture
def chart(tmp_path):
    chart = tmp_path / "web"
    chart.mkdir()
    (chart / "Chart.yaml").write_text(CHART)
    return chart


def secret_env(passphrase: str) -> dict[str, str]:
    return {"SLIPWAY_PASSPHRASE": passphrase} if passphrase else {}


def message(prov: Path) -> str:
    """What was signed, as gpg gives it back; Helm's has an empty line more."""
    return subprocess.run(["gpg", "--batch", "--no-default-keyring", "--keyring", "/dev/null",
                           "--output", "-", "--decrypt", prov], capture_output=True,
                          text=True).stdout.rstrip("\n")


@pytest.mark.parametrize("by", ["home", "keyring"])
def test_helm_verifies_what_we_sign(run_step, helm4, helm3, keys, chart, tmp_path, by):
    (key, passphrase), repo = keys, tmp_path / "repo"
    env = secret_env(passphrase)
    args = ["--keyring", key.secret]
    if by == "home":
        args, env = [], env | {"GNUPGHOME": str(key.home)}
    run_step("publish-chart", chart, "--repo", f"file://{repo}", "--sign", "--sign-key",
             "release@example", *args, env=env, cwd=tmp_path)
    assert {path.name for path in repo.iterdir()} == {
        "index.yaml", ".index.lock", "web-1.0.0.tgz", "web-1.0.0.tgz.prov"}
    for helm in (helm4, helm3):
        result = helm("verify", repo / "web-1.0.0.tgz", "--keyring", key.public)
        assert "Signed by: Release of Web" in result.out


def test_the_same_is_signed_as_by_helm(run_step, helm4, keys, chart, tmp_path):
    (key, passphrase), theirs = keys, tmp_path / "theirs"
    (tmp_path / "passphrase").write_text(f"{passphrase}\n")
    options = ["--passphrase-file", tmp_path / "passphrase"] if passphrase else []
    run_step("publish-chart", chart, "--destination", tmp_path / "ours", "--sign",
             "--keyring", key.secret, *options, cwd=tmp_path)
    secring = tmp_path / "secring.asc"
    secring.write_bytes(key.secret.read_bytes())
    helm4("package", chart, "-d", theirs, "--sign", "--key", "release@example.com",
          "--keyring", secring, *options)
    mine, helms = (message(folder / "web-1.0.0.tgz.prov")
                   for folder in (tmp_path / "ours", theirs))
    assert "\n...\nfiles:\n  web-1.0.0.tgz: sha256:" in mine
    digest = mine.rsplit(":", 1)[1].strip()
    assert mine == helms.replace(helms.rsplit(":", 1)[1].strip(), digest)


def test_a_signed_chart_in_a_registry(run_step, helm4, registry, keys, chart, tmp_path):
    key, passphrase = keys
    run_step("publish-chart", chart, "--repo", registry.url, "--sign", "--keyring", key.secret,
             env=secret_env(passphrase), cwd=tmp_path)
    helm4("pull", f"{registry.url}/web", "--version", "1.0.0", "--plain-http", "--verify",
          "--keyring", key.public, "-d", tmp_path, env={"HELM_CACHE_HOME": str(tmp_path / "c")})
    assert (tmp_path / "web-1.0.0.tgz.prov").exists()


def running() -> str:
    """The command lines of all processes."""
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(file.read_bytes().replace(b"\0", b" "))
        except OSError:         # it has ended
            continue
    return b"\n".join(lines).decode(errors="replace")


def test_a_signed_chart_in_a_bucket(run_step, any_s3, helm4, keys, chart, tmp_path):
    """A second run leaves it, one that finds it missing mends it."""
    key, passphrase = keys
    prefix = any_s3.url.removeprefix(f"s3://{any_s3.name}").strip("/")
    prov = f"{prefix}/web-1.0.0.tgz.prov".lstrip("/")

    def publish() -> bytes:
        run_step("publish-chart", chart, "--repo", any_s3.url, "--sign", "--keyring", key.secret,
                 env=any_s3.env | secret_env(passphrase), cwd=tmp_path)
        return any_s3.client.get_object(Bucket=any_s3.name, Key=prov)["Body"].read()

    first = publish()
    assert publish() == first
    any_s3.client.delete_object(Bucket=any_s3.name, Key=prov)
    again = publish()
    archive = tmp_path / "web-1.0.0.tgz"
    archive.write_bytes(any_s3.client.get_object(
        Bucket=any_s3.name, Key=prov.removesuffix(".prov"))["Body"].read())
    archive.with_name("web-1.0.0.tgz.prov").write_bytes(again)
    helm4("verify", archive, "--keyring", key.public)


def test_secrets_stay_out_of_the_child(run_step, keys, chart, tmp_path):
    """Neither its arguments nor its environment; and no agent stays behind."""
    key, passphrase = keys
    log = tmp_path / "log"
    script = tmp_path / "bin" / "gpg"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\necho "$@" >> {log}\nenv >> {log}\nexec /usr/bin/gpg "$@"\n')
    script.chmod(0o755)
    run_step("publish-chart", chart, "--destination", tmp_path / "out", "--sign", "--keyring",
             key.secret, env=secret_env(passphrase) | {"PATH": f"{script.parent}:{os.defpath}"},
             cwd=tmp_path)
    text = log.read_text()
    assert "--clearsign" in text and PASSPHRASE not in text
    agents = running()
    homes = re.findall("--homedir (\\S+)", text)
    assert homes and not any(home in agents or Path(home).exists() for home in homes)


@pytest.mark.parametrize("case", ["no such key", "wrong passphrase", "no passphrase",
                                  "no keyring", "no gpg"])
def test_what_cannot_be_signed_is_not_published(run_step, keys, chart, tmp_path, case):
    key, passphrase = keys
    if "passphrase" in case and not passphrase:
        return
    env = secret_env(passphrase)
    args, code, words = {
        "no such key": (["--keyring", key.secret, "--sign-key", "nobody"], 1, "No secret key"),
        "wrong passphrase": (["--keyring", key.secret], 1, "Bad passphrase"),
        "no passphrase": (["--keyring", key.secret], 1, "--passphrase-file"),
        "no keyring": (["--keyring", chart / "Chart.yaml"], 2, "cannot import keyring"),
        "no gpg": ([], 1, "no program 'gpg'"),
    }[case]
    if case == "wrong passphrase":
        env = secret_env("another")
    if case == "no passphrase":
        env = {}
    if case == "no gpg":
        env["PATH"] = str(tmp_path)
    result = run_step("publish-chart", chart, "--repo", f"file://{tmp_path}/repo", "--sign",
                      *args, env=env, cwd=tmp_path, expect=code)
    assert words in result.err
    assert not (tmp_path / "repo").exists()
    checked = run_step("publish-chart", chart, "--repo", f"file://{tmp_path}/repo", "--sign",
                       "--check", *args, env=env, cwd=tmp_path, expect=code)
    assert words in checked.err
