"""What repo-audit says of a fault, and how it is cured."""

from __future__ import annotations

import gzip

import charts
import pytest
import yaml

from audited import INDEX, REPO, audit, break_all, s3   # noqa: F401


def test_a_hint_that_helps(audit, s3):
    """What a repair can mend needs no other archive."""
    text = yaml.safe_load(s3.objects[INDEX].body)
    del text["entries"]["web"][0]["digest"]
    s3.put(INDEX, yaml.safe_dump(text).encode())
    result = audit(expect=1)
    assert "the index has no digest of it" in result.err
    assert "hint: '--repair' puts the index right" in result.err
    audit("--repair")
    break_all(s3)
    result = audit(expect=1)
    assert "'publish-chart --if-exists replace'" in result.err and "--repair" not in result.err


def test_an_index_that_is_compressed(audit, s3):
    s3.put(INDEX, gzip.compress(s3.objects[INDEX].body))
    assert "it is compressed (gzip)" in audit(expect=2).err


@pytest.mark.parametrize("behind", ["?x=1", "#x", "/more?x=1"])
@pytest.mark.parametrize("before", [REPO, "s3://bucket", "oci://127.0.0.1:1/team"])
def test_an_address_with_a_query(run_step, s3, before, behind):
    """It would be a part of the prefix, where nothing is."""
    result = run_step("repo-audit", "--repo", before + behind, env=s3.env, expect=2)
    assert f"'{before}" in result.err and "cannot be followed by" in result.err
    assert "x=1" not in result.err and not s3.requests


@pytest.mark.parametrize("step", ["repo-audit", "publish-chart"])
@pytest.mark.parametrize("scheme", ["s3", "oci"])
def test_an_address_with_a_login(run_step, s3, tmp_path, step, scheme):
    """As only http has it."""
    named = [str(charts.make_chart(tmp_path, "web", "1.0.0"))] if step == "publish-chart" else []
    result = run_step(step, *named, "--repo", f"{scheme}://robot:s3cr3t@bucket/stable",
                      env=s3.env, expect=2)
    assert "a login does not belong" in result.err and "s3cr3t" not in result.err
    assert not s3.requests
