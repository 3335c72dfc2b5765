"""deploy-preview --max-environments: how many a repository may have."""

from __future__ import annotations

import signal

import pytest

import environments
import wait
from environments import umbrella
from runner import LONG


@pytest.fixture
def step(start_step, cluster, helm4, tmp_path):
    chart = umbrella(tmp_path, "1.0.0")

    def start(branch, *args, repository="shop"):
        return start_step("deploy-preview", "--repository-name", repository,
                          "--branch", branch, "--helm", helm4.path, *args,
                          chart, env=cluster.env)
    return start


def make(cluster, name: str, day: int, **annotations: str) -> None:
    """An environment of repository 'shop', made on that day."""
    environments.make(cluster.api, name, environments.future())
    cluster.api("PATCH", f"/api/v1/namespaces/{name}", {
        "metadata": {"annotations": {
            "slipway/repository": "shop",
            "slipway/created": f"2026-11-{day:02}T10:00:00Z", **annotations}}},
        "application/merge-patch+json")


def test_one_more_is_refused(cluster, step):
    make(cluster, "shop-a", 3)
    make(cluster, "shop-b", 2)
    make(cluster, "shop-main", 1, **{"slipway/main": "true"})
    make(cluster, "other-a", 1, **{"slipway/repository": "other"})
    limit = ["--max-environments", "2"]

    for dry in [], ["--dry-run"]:
        refused = step("new", *limit, *dry).wait(expect=3, timeout=LONG)
        assert "repository 'shop' has 2 environments already, of 2 that it " \
            "may have" in refused.err
        assert "--environment shop-b --now" in refused.err
    assert "shop-new" not in cluster.api.namespaces()

    # what is there goes on, and so do main and other repositories
    step("new", "--max-environments", "3").wait(timeout=LONG)
    step("new", *limit).wait(timeout=LONG)
    step("main", *limit, repository="fresh").wait(timeout=LONG)
    step("x", *limit, repository="other").wait(timeout=LONG)


def test_the_oldest_makes_room(cluster, step):
    owner = {"slipway/owner": '{"run": "another"}'}
    make(cluster, "shop-a", 3)
    make(cluster, "shop-b", 2, **owner)
    environments.hold(cluster.api, "shop-b", silent=70)
    make(cluster, "shop-c", 1, **owner)
    environments.hold(cluster.api, "shop-c", silent=0, lasts=3600)
    make(cluster, "shop-d", 1, **{"slipway/created": None})
    before = cluster.api.namespaces()
    limit = ["--max-environments", "3", "--evict-oldest"]
    plan = step("new", *limit, "--dry-run").wait(timeout=LONG)
    assert "would delete 'shop-b', the oldest of repository 'shop'" in plan.out
    assert "would delete 'shop-a', " in plan.out
    assert cluster.api.namespaces() == before
    done = step("new", *limit).wait(timeout=LONG)
    assert "deleting environment 'shop-b', the oldest" in done.err
    assert "deleting environment 'shop-a', the oldest" in done.err
    assert cluster.api.namespaces() == {"shop-c", "shop-d", "shop-new"}

    # one is worked on, one was there before: too few can go, so none does
    full = step("more", "--max-environments", "2",
                "--evict-oldest").wait(expect=75, timeout=LONG)
    assert "hint: try again later: another run is at work on 'shop-c': " \
        "https://ci/job/7 (process 12 on agent-3)" in full.err
    assert cluster.api.namespaces() == {"shop-c", "shop-d", "shop-new"}


def test_only_what_was_there_before_cannot_go(cluster, step):
    make(cluster, "shop-a", 1, **{"slipway/created": None})
    full = step("new", "--max-environments", "1",
                "--evict-oldest").wait(expect=3, timeout=LONG)
    assert "hint: none can make room" in full.err
    assert "say '--evict-oldest'" not in full.err


def test_what_never_expires_does_not_make_room(cluster, step):
    """As of a branch such as develop; the others do."""
    for day, name in enumerate(["develop", "release", "values", "fix"], 1):
        make(cluster, f"shop-{name}", day)
    label = {"metadata": {"labels": {"slipway/expires-at": "never"}}}
    absent = {"metadata": {"labels": {"slipway/expires-at": None}}}
    secret = "secrets/sh.helm.release.v1.web.v1"
    for path, patch in [("shop-develop", label),
                        (f"shop-release/{secret}", label),
                        ("shop-values", absent)]:
        cluster.api("PATCH", f"/api/v1/namespaces/{path}", patch,
                    "application/merge-patch+json")
    cluster.api("DELETE", f"/api/v1/namespaces/shop-values/{secret}")
    environments.store_release(cluster.api, "shop-values", "web",
                               {"slipway/managed": "v1"},
                               values={"expires": False})
    refused = step("new", "--max-environments", "4").wait(expect=3,
                                                          timeout=LONG)
    assert "--environment shop-release --now" in refused.err    # by its label
    done = step("new", "--max-environments", "4",
                "--evict-oldest").wait(timeout=LONG)
    assert "environment 'shop-develop' cannot make room: cannot delete " \
        "environment 'shop-develop': it never expires" in done.err
    stay = {"shop-develop", "shop-release", "shop-values"}
    assert cluster.api.namespaces() == stay | {"shop-new"}

    full = step("more", "--max-environments", "3",
                "--evict-oldest").wait(expect=3, timeout=LONG)
    assert "hint: 'shop-develop' cannot make room: " in full.err
    assert cluster.api.namespaces() == stay | {"shop-new"}


def settle_in(cluster, name: str) -> None:
    """Somebody else's pod."""
    cluster.api("POST", f"/api/v1/namespaces/{name}/pods", {
        "metadata": {"name": "theirs"}, "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "main", "image": "x"}]}})


def damage(cluster, name: str) -> None:
    """Its release, so that nobody can tell what Helm would delete."""
    cluster.api("PATCH", f"/api/v1/namespaces/{name}/secrets"
                "/sh.helm.release.v1.web.v1", {"data": {"release": "b25l"}},
                "application/merge-patch+json")


def test_what_cannot_go_is_passed_over(cluster, step):
    """Nothing is touched in it."""
    for day, name in enumerate(["inhabited", "shared", "newer", "damaged",
                                "last", "young"], 1):
        make(cluster, f"shop-{name}", day)
    settle_in(cluster, "shop-inhabited")
    environments.add_release(cluster.api, "shop-shared", "theirs", {})
    cluster.api("PATCH", "/api/v1/namespaces/shop-newer", {
        "metadata": {"labels": {"slipway/managed": "v9"}}},
        "application/merge-patch+json")
    damage(cluster, "shop-damaged")
    limit = ["--max-environments", "6", "--evict-oldest"]

    plan = step("new", *limit, "--dry-run").wait(timeout=LONG)
    assert "would delete 'shop-damaged', " in plan.out      # by its marks
    assert plan.out.count("would delete") == 1
    done = step("new", *limit).wait(timeout=LONG)
    for name, why in {"inhabited": "in it is Pod theirs",
                      "shared": "in it is release theirs",
                      "newer": "its marks are of version 'v9'",
                      "damaged": "cannot decode release 'web'"}.items():
        assert f"warning: environment 'shop-{name}' cannot make room: " \
            in done.err and why in done.err, (name, done.err)
    assert "deleting environment 'shop-last', the oldest of repository " \
        "'shop' that can go, to make room" in done.err
    stay = {f"shop-{name}" for name in ("inhabited", "shared", "newer",
                                        "damaged")}
    assert cluster.api.namespaces() == stay | {"shop-young", "shop-new"}
    for name in stay:
        assert cluster.api.exists(
            f"/api/v1/namespaces/{name}/configmaps/web-settings"), name
    assert cluster.api.pods("shop-inhabited")

    full = step("more", "--max-environments", "4",
                "--evict-oldest").wait(expect=3, timeout=LONG)
    assert "hint: 'shop-inhabited' cannot make room: in it is Pod theirs" \
        in full.err
    assert cluster.api.namespaces() == stay | {"shop-young", "shop-new"}


def test_one_that_is_held_on_its_way_out(cluster, step):
    """No other goes for it, as it has begun to; the cure is told."""
    make(cluster, "shop-a", 1)
    make(cluster, "shop-b", 2)
    held = "/api/v1/namespaces/shop-a/configmaps/web-settings"
    cluster.api("PATCH", held,
                {"metadata": {"finalizers": ["example.com/held"]}},
                "application/merge-patch+json")
    full = step("new", "--max-environments", "2", "--evict-oldest",
                "--wait-timeout", "5s").wait(expect=1, timeout=LONG)
    assert "cannot make room by deleting 'shop-a'" in full.err
    assert "hint: somebody has to look what serves the finalizer" in full.err
    assert "shop-b" in cluster.api.namespaces()
    cluster.api("PATCH", held, {"metadata": {"finalizers": None}},
                "application/merge-patch+json")


def test_a_killed_run_does_not_keep_its_environment(cluster, start_step, helm4,
                                                    step, tmp_path):
    stuck = umbrella(tmp_path / "stuck", "1.0.0",
                     {"front": {"nodeName": "nowhere"}})    # never ready
    killed = start_step("deploy-preview", "--repository-name", "shop",
                        "--branch", "one", "--helm", helm4.path, stuck,
                        env=cluster.env)
    wait.until(lambda: cluster.api.pods("shop-one"), "Helm at work")
    killed.process.kill()
    killed.wait(expect=-signal.SIGKILL, timeout=LONG)

    done = step("two", "--max-environments", "1",
                "--evict-oldest").wait(timeout=LONG)
    assert "deleting environment 'shop-one', the oldest" in done.err
    assert cluster.api.namespaces() == {"shop-two"}


def test_runs_at_the_same_moment_keep_the_limit(cluster, step):
    running = [step(f"b{i}", "--max-environments", "2") for i in range(5)]
    codes = [run.wait(expect=None, timeout=LONG).code for run in running]
    assert set(codes) <= {0, 3, 75}
    made = {name for name in cluster.api.namespaces()
            if not cluster.api("GET", f"/api/v1/namespaces/{name}")[
                "metadata"].get("deletionTimestamp")}
    assert len(made) == codes.count(0) <= 2


def test_two_runs_of_each_branch_at_the_same_moment(cluster, step):
    """Who takes its namespace back spares that in which the other deploys."""
    branches = [f"b{i // 2}" for i in range(8)]
    running = [step(branch, "--max-environments", "2") for branch in branches]
    codes = [run.wait(expect=None, timeout=LONG).code for run in running]
    assert set(codes) <= {0, 3, 75}
    deployed = {f"shop-{branch}" for branch, code in zip(branches, codes)
                if code == 0}
    for name in deployed:
        releases = cluster.api("GET", f"/api/v1/namespaces/{name}/secrets"
                               "?labelSelector=owner%3Dhelm")["items"]
        assert releases, (name, codes)
    made = {name for name in cluster.api.namespaces()
            if not cluster.api("GET", f"/api/v1/namespaces/{name}")[
                "metadata"].get("deletionTimestamp")}
    assert deployed <= made and len(made) <= 2, (codes, made)
