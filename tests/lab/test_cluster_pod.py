"""Both steps as in a pod: by its service account, whose token rotates while
they run."""

from __future__ import annotations

import pytest

import environments
from environments import umbrella
from pod import Pod, number_of
from runner import Result

NAMES = ["--repository-name", "shop", "--branch", "fix"]
RIGHTS = [rule for account in ("deploy-preview", "expire-sweep")
          for rule in environments.rights(account)]


def used_by(events: list[dict], agent: str) -> list[str]:
    """The tokens that @agent came with, as they followed each other."""
    numbers = [e["user"]["extra"]["authentication.kubernetes.io/credential-id"]
               [0] for e in events if e["userAgent"].startswith(agent)]
    return [number for i, number in enumerate(numbers)
            if i == 0 or number != numbers[i - 1]]


@pytest.fixture
def pod(cluster, tmp_path):
    with Pod(cluster, cluster.user("pod", RIGHTS), tmp_path) as pod:
        yield pod


def test_a_pod_whose_token_rotates(cluster, pod, run_step, steps, helm4,
                                   tmp_path):
    def run(step: str, *args: object) -> Result:
        return run_step(*pod.enter, steps / step, *args, "--helm",
                        pod.rotating(helm4.path), "--verbose", env=pod.env)

    numbers = [number_of(token) for token in pod.tokens]

    done = run("deploy-preview", *NAMES, umbrella(tmp_path, "1.0.0"))
    assert not any(token in done.err for token in pod.tokens)
    ours = used_by(cluster.audit(pod.user), "slipway")
    assert len(ours) >= 2 and ours == [n for n in numbers if n in ours]
    assert ours[0] == numbers[0]
    helms = used_by(cluster.audit(pod.user), "Helm")
    assert helms and numbers[0] not in helms

    run("expire-sweep", "--environment", "shop-fix", "--now")
    assert "shop-fix" not in cluster.api.namespaces()
    assert len(used_by(cluster.audit(pod.user), "slipway")) > len(ours)
    assert not [e for e in cluster.audit(pod.user)
                if e["responseStatus"].get("code") in (401, 403)]
