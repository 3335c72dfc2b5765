"""deploy-preview --max-environments against a scripted API: what happens
between the look and the making of a namespace.

With a real API server: tests/lab/test_deploy_limits.py.
"""

from __future__ import annotations

import json

import pytest

from scripted_http import Reply, Request
from scripted_kube import ScriptedKube, answer, listing, namespace, refusal

NAMES = ["--repository-name", "shop", "--branch", "fix"]
NAMESPACES = "/api/v1/namespaces"
HOME = f"{NAMESPACES}/shop-fix"
BOTH = ("shop-a", "shop-b")


class Limited(ScriptedKube):
    """While our namespace is there, the environments .beside it are, too:
    another run made one at that moment."""

    def __init__(self, before: tuple[str, ...], beside: tuple[str, ...]):
        super().__init__()
        self.before, self.beside = before, beside
        self.home: dict | None = None
        self.made: list[float] = []         # when
        self.lost_answers = 0               # of the next creations
        self.script("POST", NAMESPACES, self._make)
        self.script("GET", HOME, self._show)
        self.script("PATCH", HOME, self._mark)
        self.script("DELETE", HOME, self._delete)
        self.script("GET", NAMESPACES, self._list)
        self.lease(HOME)

    def _make(self, request: Request) -> Reply:
        if self.home:
            return refusal(409, "AlreadyExists")
        body = json.loads(request.body)
        self.home = body | {"metadata": body["metadata"] | {
            "uid": "u", "resourceVersion": "7"}}
        self.made.append(request.at)
        if self.lost_answers:
            self.lost_answers -= 1
            return Reply(reset=0)
        return answer(self.home, 201)

    def _show(self, _request: Request) -> Reply:
        return answer(self.home) if self.home else refusal(404, "NotFound")

    def _mark(self, _request: Request) -> Reply:
        return answer(self.home or {})

    def _delete(self, _request: Request) -> Reply:
        self.before = self.after_deletion()
        self.home = None
        return answer({"kind": "Status"})

    def after_deletion(self) -> tuple[str, ...]:
        return self.before

    def _list(self, _request: Request) -> Reply:
        names = self.beside if self.home else self.before
        return listing(*(namespace(name, "never", repository="shop",
                                   created="2026-11-01T10:00:00Z")
                         for name in names))


@pytest.fixture
def deploy(run_step, tmp_path):
    def run(kube: ScriptedKube, *args: object, **options: object):
        chart, helm = tmp_path / "chart", tmp_path / "helm"
        chart.mkdir()
        (chart / "Chart.yaml").write_text("name: shop\nversion: 1.0.0\n")
        helm.write_text(f"#!/bin/sh\ntouch {tmp_path}/installed\n")
        helm.chmod(0o755)
        result = run_step("deploy-preview", *NAMES, "--max-environments", 2,
                          "--kubeconfig", kube.kubeconfig(tmp_path), "--helm",
                          helm, *args, chart, **options)
        result.installed = (tmp_path / "installed").exists()
        return result
    return run


def test_none_is_named_that_never_ends(deploy):
    """As one to delete."""
    with Limited(before=BOTH, beside=BOTH) as kube:
        refused = deploy(kube, expect=3)
        assert not kube.writes
    assert refused.err.endswith("hint: delete one that is not needed, or say "
                                "'--evict-oldest'\n")


def test_a_creation_whose_answer_was_lost(deploy):
    """Tried again, it is there already, but it is ours: the limit holds."""
    class Stays(Limited):
        def after_deletion(self):
            return self.beside

    with Stays(before=BOTH[:1], beside=BOTH) as kube:
        kube.lost_answers = 1
        refused = deploy(kube, expect=3)
        assert f"DELETE {HOME}" in kube.writes
    assert "has 2 environments already, of 2" in refused.err
    assert not refused.installed


def test_one_that_another_run_of_the_branch_made(deploy):
    """Meanwhile; that run sees to the limit, and is not disturbed."""
    with Limited(before=BOTH[:1], beside=BOTH) as kube:
        theirs = namespace("shop-fix", "never", repository="shop",
                           branch="fix", created="2026-11-26T10:00:00Z",
                           owner='{"run": "another"}')
        kube.script("GET", HOME, refusal(404, "NotFound"), answer(theirs))
        kube.script("POST", NAMESPACES, refusal(409, "AlreadyExists"))
        result = deploy(kube, expect=None)
        assert f"DELETE {HOME}" not in kube.writes
    assert result.installed


def test_who_takes_his_back_waits_before_the_next_try(deploy):
    with Limited(before=BOTH[:1], beside=BOTH) as kube:
        busy = deploy(kube, "--lock-timeout", "6s", expect=75)
        made = kube.made
        assert kube.writes.count(f"DELETE {HOME}") == len(made)
    assert "got its last environments by other runs at this moment" in busy.err
    assert 2 <= len(made) <= 24, made
