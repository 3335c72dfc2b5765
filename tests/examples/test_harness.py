"""The harness that stands for Jenkins: as strict, and in the same order."""

from __future__ import annotations

from pathlib import Path

import pytest

from jenkins import Build, Groovy, Jenkins

PIPELINE = """
pipeline {{
    agent any
    environment {{ COLOUR = 'red' }}
    stages {{
        stage('Only') {{
            {stage}
        }}
    }}
    {more}
}}
"""


@pytest.fixture
def run(groovy: Groovy, tmp_path: Path):
    def run(text: str, env: dict[str, str] | None = None,
            **options) -> Build:
        file = tmp_path / "Jenkinsfile"
        file.write_text(text)
        return Jenkins(groovy, tmp_path, **options).build(file, env=env)
    return run


def only(stage: str, more: str = "") -> str:
    return PIPELINE.format(stage=stage, more=more)


@pytest.mark.parametrize("text, cause", [
    ("node { sh 'x' }", ":1: 'node' is not known outside of 'pipeline'"),
    ("echo 'x'", ":1: 'echo' is not known outside of 'pipeline'"),
    ("", ": there is no 'pipeline'"),
    ("pipeline { agent any }", ":1: 'pipeline' lacks 'stages'"),
    ("pipeline { agent any; agent any }", "'agent' twice in pipeline"),
    (only("steps { println 'x' }"), "'println' is not known in steps"),
    (only("steps { sleep 1 }"), "'sleep' is not known in steps"),
    (only("steps { sh 'a', 'b' }"), "'sh' wants one text"),
    (only("steps { sh script: 'a', quiet: true }"),
     "'sh' has no argument 'quiet'"),
    (only("steps { echo NOWHERE }"), "'NOWHERE' is not set"),
    (only("steps { COLOUR = 'blue' }"), "'COLOUR' cannot be set in steps"),
    (only("steps { script { env.X = 'y' } }"), "env.X is set"),
    (only("sh 'x'"), "'sh' is not known in stage 'Only'"),
    (only("when { branch 'x' }"), "wants either steps or stages"),
    (only("when { tag 'x' }\nsteps { sh 'x' }"), "'tag' is not known in when"),
    (only("when { }\nsteps { sh 'x' }"), "'when' is empty"),
    (only("steps { sh 'x' }", "post { never { sh 'x' } }"),
     "'never' is not known in post"),
    (only("steps { sh 'x' }", "triggers { cron('sometimes') }"),
     "'sometimes' is no schedule"),
    (only("steps { sh 'x' }", "options { timeout(time: 1, unit: 'YEARS') }"),
     "'YEARS' is no unit of time"),
    (only("steps { withCredentials([file(credentialsId: 'a', "
          "variable: 'B')]) { sh 'x' } }"),
     "there are no credentials 'a'"),
])
def test_refuses(run, text: str, cause: str):
    build = run(text)
    assert cause in build.refused, build.refused
    assert build.refused.startswith("Jenkinsfile")
    assert not build.shells and not build.effects


def test_reads_what_this_build_skips(run):
    build = run(only("when { branch 'x' }\nsteps { shh 'x' }"),
                env={"BRANCH_NAME": "y"})
    assert build.refused == "Jenkinsfile:8: 'shh' is not known in steps"


def test_credentials_must_be_of_the_kind(run):
    build = run(only("steps { withCredentials([file(credentialsId: 'a', "
                     "variable: 'B')]) { sh 'x' } }"),
                credentials={"a": {"kind": "string", "secret": "s"}})
    assert "of kind string, not file" in build.refused


def test_environment_is_layered(run):
    build = run(only("""
        environment { SHAPE = "${COLOUR} square" }
        steps {
            withEnv(['SIZE=1=2']) {
                sh 'a'
            }
            sh 'b'
        }"""))
    first, second = (shell.env for shell in build.shells)
    assert first["SHAPE"] == "red square" and first["SIZE"] == "1=2"
    assert "SIZE" not in second and second["COLOUR"] == "red"


def test_environment_is_not_there_before_all_of_it_is(run):
    build = run("def colour() { return \"${env.BASE}\" }\n" + only(
        "environment { BASE = 'x'; FULL = colour() }\nsteps { sh 'a' }"))
    assert build.shells[0].env["FULL"] == "null"


@pytest.mark.parametrize("condition, env, wanted", [
    ("branch 'master'", {"BRANCH_NAME": "master"}, True),
    ("branch 'master'", {"BRANCH_NAME": "PR-1"}, False),
    ("changeRequest()", {"CHANGE_ID": "1"}, True),
    ("changeRequest()", {}, False),
    ("changeRequest target: 'x'", {"CHANGE_ID": "1", "CHANGE_TARGET": "y"},
     False),
    ("not { branch 'x' }", {"BRANCH_NAME": "y"}, True),
    ("anyOf { branch 'x'; branch 'y' }", {"BRANCH_NAME": "y"}, True),
    ("allOf { branch 'x'; changeRequest() }", {"BRANCH_NAME": "x"}, False),
    ("environment name: 'COLOUR', value: 'red'", {}, True),
    ("expression { COLOUR == 'blue' }", {}, False),
])
def test_when(run, condition: str, env: dict, wanted: bool):
    build = run(only(f"when {{ {condition} }}\nsteps {{ sh 'a' }}"), env=env)
    assert not build.refused
    assert bool(build.shells) == wanted


POST = """post {
    cleanup { sh 'cleanup' }
    success { sh 'success' }
    failure { sh 'failure' }
    always { sh 'always' }
}"""


def test_post_after_success(run):
    build = run(only("steps { sh 'a' }", POST))
    assert build.result == "SUCCESS"
    assert [s.script for s in build.shells] == \
        ["a", "always", "success", "cleanup"]


def test_post_after_a_failure(run):
    build = run(only("steps { sh 'a'; sh 'b'; sh 'c' }", POST), fail="b")
    assert build.result == "FAILURE"
    assert [s.script for s in build.shells] == \
        ["a", "b", "always", "failure", "cleanup"]


def test_what_comes_after_a_failed_stage_is_skipped(run):
    build = run("""pipeline { agent any; stages {
        stage('one') { steps { sh 'a' } }
        stage('two') { steps { sh 'b' } }
    } }""", fail="a")
    assert build.result == "FAILURE"
    assert [s.script for s in build.shells] == ["a"]


def test_retry_tries_again(run):
    build = run(only("steps { retry(3) { sh 'a' } }"), fail="a")
    assert [s.script for s in build.shells] == ["a", "a", "a"]
    assert build.result == "FAILURE"
