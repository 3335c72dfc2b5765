"""publish-chart --dry-run, and repo-audit --copy-to --dry-run: the plan is the
result of the real run, its conflicts included, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from published import ARCHIVE, INDEX, REPO, make_chart, package, prove
from scripted_chartmuseum import ChartMuseum
from scripted_oci import LOGIN
from scripted_registry import Registry
from scripted_s3 import Fault, ScriptedS3


class Place:
    """A repository: its address, who may write it, and all that is in it."""

    def __init__(self, url: str, env: dict[str, str], held: Callable[[], object]):
        self.url, self.env, self.held = url, env, held


@pytest.fixture(params=["s3", "file", "museum", "oci"])
def place(request, tmp_path):
    with ExitStack() as stack:
        if request.param == "s3":
            s3 = stack.enter_context(ScriptedS3())
            prove(s3)
            yield Place(REPO, s3.env, lambda: dict(s3.objects))
        elif request.param == "file":
            folder = tmp_path / "repository"
            yield Place(f"file://{folder}", {}, lambda: {
                path: path.read_bytes() for path in folder.rglob("*") if path.is_file()})
        elif request.param == "museum":
            museum = stack.enter_context(ChartMuseum())
            yield Place(museum.repo(), {}, lambda: {
                name: dict(found) for name, found in museum.charts.items()})
        else:
            registry = stack.enter_context(Registry())
            yield Place(f"oci://{registry.host}/team", LOGIN,
                        lambda: (dict(registry.tags), dict(registry.blobs)))


CASES = {
    "new": ([], 0),
    "same": ([], 0),
    "other": ([], 3),
    "replaced": (["--if-exists", "replace"], 0),
    "kept": (["--if-exists", "keep"], 0),
    "refused": (["--if-exists", "fail"], 3),
}


@pytest.mark.parametrize("case", CASES)
def test_the_plan_is_the_result(run_step, place, tmp_path, case):
    args, code = CASES[case]
    chart = make_chart(tmp_path)
    argv = ("publish-chart", chart, "--repo", place.url, "--output", "json")
    env = {"SOURCE_DATE_EPOCH": "1700000000"} | place.env
    if case != "new":
        run_step(*argv, env=env)
    if case not in ("new", "same"):
        (chart / "values.yaml").write_text("image: {tag: new}\n")
    before = place.held()
    plan = run_step(*argv, *args, "--dry-run", env=env, expect=code)
    assert place.held() == before
    real = run_step(*argv, *args, env=env, expect=code)
    assert plan.out == real.out
    if code == 0:
        assert plan.json["charts"][0]["existed"] == (case in ("same", "kept"))
    else:
        assert "is there already" in plan.err or "already, with digest" in plan.err


def test_an_archive_that_is_in_no_index(run_step, tmp_path):
    """It is adopted, which is work: so it is not told to exist."""
    with ScriptedS3() as s3:
        prove(s3)
        argv = ("publish-chart", make_chart(tmp_path), "--repo", REPO, "--output", "json")
        index = s3.objects[INDEX].body
        run_step(*argv, env=s3.env)
        s3.put(INDEX, index)
        plan = run_step(*argv, "--dry-run", env=s3.env)
        assert not plan.json["charts"][0]["existed"]
        s3.put(ARCHIVE, package("web", description="of others"))
        assert "but in no index" in run_step(*argv, "--dry-run", env=s3.env, expect=3).err


def test_names_and_rights(run_step, tmp_path):
    with ScriptedS3() as s3:
        argv = ("publish-chart", "--repo", REPO, "--dry-run")
        hostile = make_chart(tmp_path, "a%41")
        assert "no address" in run_step(*argv, hostile, env=s3.env, expect=2).err
        s3.fault = lambda seen: Fault(403, "AccessDenied") if seen.key == INDEX else None
        denied = run_step(*argv, make_chart(tmp_path), env=s3.env, expect=1)
        assert "s3:GetObject" in denied.err


def test_a_destination_is_only_planned(run_step, tmp_path):
    out = tmp_path / "out"
    plan = run_step("publish-chart", make_chart(tmp_path), "--destination", out, "--dry-run")
    assert f"{out}/web-1.0.0.tgz" in plan.out and not out.exists()


def test_a_copy(run_step, tmp_path):
    chart = make_chart(tmp_path)
    source, target = tmp_path / "source", tmp_path / "target"
    for folder, text in (source, "a: 1\n"), (target, "a: 2\n"):
        (chart / "values.yaml").write_text(text)
        run_step("publish-chart", chart, "--repo", f"file://{folder}")
    before = {path: path.read_bytes() for path in Path(target).iterdir()}

    def copy(to: Path, *args: str, code: int = 0):
        return run_step("repo-audit", "--repo", f"file://{source}", "--copy-to",
                        f"file://{to}", "web", "--output", "json", *args, expect=code)
    assert "with other bytes" in copy(target, "--dry-run", code=3).err
    assert {path: path.read_bytes() for path in target.iterdir()} == before
    for there in False, True:
        plan = copy(tmp_path / "new", "--dry-run").json["copied"]
        assert (tmp_path / "new").exists() == there
        assert plan == copy(tmp_path / "new").json["copied"]
        assert (plan[0].get("reason") == "it was there") == there
