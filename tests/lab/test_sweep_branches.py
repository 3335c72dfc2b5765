"""expire-sweep --gone-branches on a real control plane, from the deployments of
branches on.
"""

from __future__ import annotations

import pytest

import environments
from git_server import GitServer


@pytest.fixture
def sweep(run_step, cluster, helm4):
    def run(*args):
        return run_step("expire-sweep", "--gone-branches", "--output", "json",
                        "--helm", helm4.path, *args, env=cluster.env).json
    return run


def reasons(items: list[dict]) -> dict[str, str]:
    return {item["namespace"]: item["reason"] for item in items}


def test_what_was_merged_goes(cluster, run_step, sweep, helm4, tmp_path):
    """From the deployment in a checkout to the sweep after the merge."""
    chart = environments.umbrella(tmp_path / "chart", "1.0.0")
    with GitServer(tmp_path / "served") as server:
        web = server.history("team/web.git")
        url = server.address("team/web.git")
        web.commit("one")
        for branch in "merged", "alive", "empty":
            web.git("switch", "-q", "-c", branch, "main")
            if branch != "empty":
                web.commit(branch)
            checkout = tmp_path / branch
            web.git("init", "-q", checkout)
            web.git("remote", "add", "origin", url, cwd=checkout)
            web.git("fetch", "-q", "origin", cwd=checkout)
            run_step("deploy-preview", "--helm", helm4.path, chart,
                     cwd=checkout, env=cluster.env | {
                         "GIT_URL": url, "BRANCH_NAME": branch,
                         "GIT_COMMIT": web.head})
        web.git("switch", "-q", "main")
        web.merge("merged", "Merge")
        result = sweep("--environment", "web-alive")
        assert not result["deleted"]
        result = sweep()
        tips = [web.git("rev-parse", name) for name in ("merged", "main")]
    assert reasons(result["deleted"]) == {
        "web-merged": f"its branch 'merged' at {tips[0]} is merged: 'main' at "
                      f"{tips[1]} holds it"}
    assert set(reasons(result["kept"])) == {"web-alive", "web-empty"}
    assert cluster.api.namespaces() >= {"web-alive", "web-empty"}
    assert "web-merged" not in cluster.api.namespaces()


def test_only_a_branch_that_was_there_is_gone(cluster, run_step, sweep, helm4,
                                              tmp_path):
    """From deployments by hand and from branches to the sweep after those
    were deleted."""
    chart = environments.umbrella(tmp_path / "chart", "1.0.0")
    with GitServer(tmp_path / "served") as server:
        web = server.history("team/web.git")
        url = server.address("team/web.git")
        web.commit("one")
        web.git("branch", "-q", "pushed")
        checkout = tmp_path / "checkout"
        web.git("clone", "-q", url, checkout)
        for branch in "pushed", "local", "demo":
            if branch != "demo":
                web.git("switch", "-q", *(["-c"] if branch == "local" else []),
                        branch, cwd=checkout)
            given = ["--branch", branch] if branch == "demo" else []
            run_step("deploy-preview", "--helm", helm4.path, "--expires-in",
                     "7d", *given, chart, cwd=checkout, env=cluster.env)
        web.git("branch", "-q", "-D", "pushed")
        result = sweep()
    assert reasons(result["deleted"]) == {
        "web-pushed": "its branch 'pushed' is gone"}
    assert reasons(result["kept"]) == {
        f"web-{branch}": f"not expired yet; its repository has no branch "
                         f"'{branch}', but no deployment has seen one there, "
                         "so it may never have had it"
        for branch in ("local", "demo")}
    assert cluster.api.namespaces() >= {"web-local", "web-demo"}
