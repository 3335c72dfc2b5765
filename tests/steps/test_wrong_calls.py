"""What a wrong call is told: the thing, the cause, the place, the cure.

Nothing is asked of any server: what this machine can tell is told first, by
exit code 2, and nothing is written.
"""

from __future__ import annotations

from pathlib import Path

import pytest

JIRA = ["--url", "http://127.0.0.1:1", "--app", "web", "--environment", "shop",
        "--semver", "1.4.0", "--ticket", "SHOP-1"]
JIRA_ENV = {"JIRA_TOKEN": "hush"}
BRANCH = {"BRANCH_NAME": "fix", "GIT_URL": "https://git.example.com/shop/web.git"}


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    folder = tmp_path / "chart"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(
        "apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (folder / "values.yaml").write_text("image:\n  tag: a\n")
    return folder


@pytest.mark.parametrize("step, args, env, told", [
    ("publish-chart", ["--sign-key", "ann"], {}, "'--sign-key' needs '--sign'"),
    ("publish-chart", ["--keyring", "keys"], {}, "'--keyring' needs '--sign'"),
    ("umbrella-render", ["--file", "a", "--output-dir", "b"], {},
     "'--output-dir' and '--file' exclude each other"),
    ("umbrella-render", ["--file", "a", "--locked"], {},
     "'--locked' and '--file' exclude each other"),
    ("deploy-preview", ["--evict-oldest"], {},
     "'--evict-oldest' needs '--max-environments'"),
    ("deploy-preview", ["--renew", "1h", "--expires-in", "3h"], {},
     "'--renew' and '--expires-in' exclude each other"),
    ("expire-sweep", ["--environment", "a", "--namespace", "b*"], {},
     "'--environment' and '--namespace' exclude each other"),
    ("expire-sweep", ["--environment", "a", "--now", "--grace", "1h"], {},
     "'--now' and '--grace' exclude each other"),
    ("jira-fixversion", [*JIRA, "--transition", "Ship"], JIRA_ENV,
     "'--transition' needs '--done'"),
    ("jira-fixversion", [*JIRA, "--archive-older-than", "90d"], JIRA_ENV,
     "'--archive-older-than' needs '--done'"),
])
def test_options_that_do_not_go_together(run_step, step, args, env, told):
    result = run_step(step, *args, expect=2, env=env)
    assert result.err == f"{step}: error: {told}\n"


def test_variables_of_all_stages_disturb_no_step(run_step, chart):
    """A pipeline sets them once; '--destination' packages all the same."""
    run_step("publish-chart", chart, "--destination", "out",
             env={"SLIPWAY_SIGN_KEY": "ann", "SLIPWAY_KEYRING": "keys"})
