"""The policies in pipeline-examples/iam are enough for what the steps call,
and allow nothing that they do not.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path

import charts
import pytest

from scripted_s3 import Fault, ScriptedS3, Seen

POLICIES = Path(__file__).resolve().parents[2] / "pipeline-examples/iam"
ACTIONS = {"GET": "s3:GetObject", "HEAD": "s3:GetObject", "PUT": "s3:PutObject",
           "DELETE": "s3:DeleteObject"}
REPO = "s3://bucket/stable"
CHARTS = {"web": ["1.1.0", "1.0.0"]}


def call_of(seen: Seen) -> tuple[str, str]:
    """The action, and the resource as the policies name it."""
    if not seen.key:
        return "s3:ListBucket", "arn:aws:s3:::charts"
    return ACTIONS[seen.method], f"arn:aws:s3:::charts/{seen.key}"


def allowances(policy: str) -> list[tuple[str, str]]:
    document = json.loads((POLICIES / f"{policy}.json").read_text())
    assert document["Version"] == "2012-10-17"
    assert all(statement["Effect"] == "Allow" for statement in document["Statement"])
    return [(action, statement["Resource"]) for statement in document["Statement"]
            for action in statement["Action"]]


def is_allowed(policy: str, seen: Seen) -> bool:
    action, resource = call_of(seen)
    return any(action == allowed and fnmatchcase(resource, pattern)
               for allowed, pattern in allowances(policy))


def publish(run_step, s3, tmp_path):
    """On a store that is new; after a kill; and with others at the same time."""
    argv = ("publish-chart", charts.make_chart(tmp_path / "db", "db", "1.0.0"),
            "--repo", REPO)
    run_step(*argv, "--check", env=s3.env)
    run_step(*argv, env=s3.env)
    del s3.objects["stable/index.yaml"]
    run_step(*argv, env=s3.env)
    run_step(*argv, "--lock", "object", env=s3.env)
    lost = []
    policed = s3.fault

    def lose_once(seen):
        if seen.method == "PUT" and seen.key.endswith("index.yaml") and not lost:
            lost.append(True)
            s3.put(seen.key, s3.objects[seen.key].body + b"# others\n")
        return policed(seen)
    s3.fault = lose_once
    run_step(*argv, "--version", "2.0.0", env=s3.env)
    assert lost


def render(run_step, s3, tmp_path, *args, **options):
    umbrella = tmp_path / "umbrella"
    umbrella.mkdir()
    (umbrella / "Chart.yaml").write_text(
        "apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies:\n"
        f"- name: web\n  version: 1.0.0\n  repository: {REPO}\n")
    return run_step("umbrella-render", umbrella, "--output-dir", tmp_path / "rendered",
                    "--namespace", "n", "--repository-name", "r", "--branch", "b", *args,
                    env=s3.env, cwd=tmp_path, **options)


def read(run_step, s3, tmp_path):
    render(run_step, s3, tmp_path)
    run_step("repo-audit", "--repo", REPO, "--copy-to", f"file://{tmp_path}/copy",
             "web", env=s3.env)


def audit(run_step, s3, tmp_path):
    run_step("repo-audit", "--repo", REPO, "--check", env=s3.env)
    run_step("repo-audit", "--repo", REPO, env=s3.env)


def maintain(run_step, s3, tmp_path):
    run_step("repo-audit", "--repo", REPO, "--check", "--repair", env=s3.env)
    s3.put("stable/db-1.0.0.tgz", charts.archive("db", "1.0.0"))
    run_step("repo-audit", "--repo", REPO, "--repair", "--prune", "--keep", "1",
             env=s3.env)
    assert "stable/web-1.0.0.tgz" not in s3.objects


@pytest.mark.parametrize("policy, work", [
    ("reader", read), ("publisher", publish), ("auditor", audit),
    ("maintainer", maintain)])
def test_policy_is_enough_and_not_more(run_step, tmp_path, policy, work):
    with ScriptedS3() as s3:
        folder = charts.make_repository(tmp_path / "repository", CHARTS)
        for path in folder.iterdir():
            s3.put(f"stable/{path.name}", path.read_bytes())
        denied: list[str] = []

        def police(seen: Seen) -> Fault | None:
            if is_allowed(policy, seen):
                return None
            denied.append(seen.line)
            return Fault(403, "AccessDenied")
        s3.fault = police
        work(run_step, s3, tmp_path)
        # a signature that may be there is asked for, and may be denied
        assert [line for line in denied if not line.endswith(".prov")] == []
        calls = [call_of(seen) for seen in s3.requests]
        unused = [(action, pattern) for action, pattern in allowances(policy)
                  if not any(action == done and fnmatchcase(resource, pattern)
                             for done, resource in calls)]
        assert unused == []


def test_a_render_without_any_right(run_step, tmp_path):
    """It lists nothing, but where it may, it is told of what is not there."""
    with ScriptedS3() as s3:
        s3.fault = lambda seen: Fault(403, "AccessDenied")
        failed = render(run_step, s3, tmp_path, "--check", expect=1)
    assert "need s3:GetObject on 's3://bucket/stable/index.yaml', and s3:ListBucket" \
        in failed.err
