"""umbrella-render and the digests that an index has, or has not."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import charts
from rendering import dependencies

BASKET = charts.archive("basket", "2.1.0")
DIGEST = hashlib.sha256(BASKET).hexdigest()


def make_repository(tmp_path: Path, **entry: object) -> str:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "basket-2.1.0.tgz").write_bytes(BASKET)
    (folder / "index.yaml").write_text(json.dumps({"apiVersion": "v1", "entries": {"basket": [
        {"name": "basket", "version": "2.1.0", "urls": ["basket-2.1.0.tgz"]} | entry]}}))
    return f"file://{folder}"


def wanted(umbrella, repository: str, *aliases: str) -> None:
    umbrella(chart=dependencies(*(
        f"- {{name: basket, version: 2.1.0, repository: '{repository}', alias: {alias}}}"
        for alias in aliases or ("one",))))


def test_a_chart_without_a_digest_is_warned_of_once(umbrella, render, tmp_path):
    repository = make_repository(tmp_path)
    wanted(umbrella, repository, "one", "two")
    warned = render().err
    assert warned.count("warning: ") == 1
    assert (f"warning: the index of '{repository}' has no digest of chart 'basket' 2.1.0"
            in warned)


def test_hex_of_either_case_is_the_same(umbrella, render, run_step, tmp_path):
    repository = make_repository(tmp_path, digest=DIGEST.upper())
    wanted(umbrella, repository)
    assert "warning" not in render("--output", "json").err
    audited = run_step("repo-audit", "--repo", repository, "--output", "json", expect=None)
    assert "its digest is" not in audited.out


def test_another_digest_is_refused_in_either_case(umbrella, render, tmp_path):
    repository = make_repository(tmp_path, digest="sha256:" + "AB" * 32)
    wanted(umbrella, repository)
    assert f"its SHA-256 is {DIGEST}, not {'ab' * 32}" in render(expect=3).err


def test_a_login_in_the_index_is_not_told(umbrella, render, static_http, tmp_path):
    """Whoever made the index may have put one into an address."""
    served = static_http(tmp_path / "repository").url
    login = served.replace("//", "//robot:s3cr3t@") + "/basket-2.1.0.tgz"
    make_repository(tmp_path, digest="ab" * 32, urls=[login])
    wanted(umbrella, served)
    refused = render(expect=3).err
    assert f"'{served}/basket-2.1.0.tgz' is not what its index promises" in refused
    assert "s3cr3t" not in refused


def test_a_bad_alias_is_named(umbrella, render, tmp_path):
    wanted(umbrella, make_repository(tmp_path, digest=DIGEST), "'a/b'")
    assert "dependency 'basket' has the alias 'a/b': only letters" in render(expect=2).err
