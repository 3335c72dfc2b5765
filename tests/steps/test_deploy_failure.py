"""deploy-preview when Helm fails, against a scripted API: what the bundle
holds, and what it must not.

On the lab no kubelet serves logs; here the API does.
"""

from __future__ import annotations

import base64
import copy
import json
import os
import pty
import re
import select
import signal
import time
from pathlib import Path

import pytest

import records
import wait
from scripted_http import Reply
from scripted_kube import ScriptedKube, answer, listing, refusal

NAMES = ["--repository-name", "shop", "--branch", "fix"]
HOME = "/api/v1/namespaces/shop-fix"
POD = "web-5d9-x7"
PASSWORD = "correct horse battery"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def pod(restarts: int = 7) -> dict:
    return {"metadata": {"name": POD, "uid": "p",
                         "annotations": {"meta.helm.sh/release-name":
                                         "shop-fix"}},
            "status": {"phase": "Running", "containerStatuses": [{
                "name": "main", "ready": False, "restartCount": restarts,
                "state": {"waiting": {"reason": "CrashLoopBackOff",
                                      "message": "back-off"}},
                "lastState": {"terminated": {"exitCode": 3,
                                             "reason": "Error"}}}]}}


def secret(**data: str) -> dict:
    return {"metadata": {"name": "db"}, "data": {
        key: encoded(value) for key, value in data.items()}}


LOG = "\n".join([f"line {n}" for n in range(30)] + [
    "connecting to postgres://shop:hunter2@db/shop", f"as {PASSWORD}",
    "API_TOKEN=abcdef", "\x1b[31mpanic: no such table\x1b[0m"])
LOG_PATH = f"{HOME}/pods/{POD}/log"
EVENTS = listing(*({
    "involvedObject": {"kind": "Pod", "name": POD, "uid": "p"},
    "reason": "BackOff", "message": f"event {n}",
    "lastTimestamp": f"2026-11-26T10:{n:02}:00Z"} for n in range(59, -1, -1)))


REVISION = f"{HOME}/secrets/sh.helm.release.v1.shop-fix.v1"
PAYLOAD = json.dumps({"chart": {"metadata": {"name": "shop",
                                             "version": "1.0.0"}}})
RELEASE = {"metadata": {"labels": {"owner": "helm", "version": "1",
                                   "status": "failed"}}}


def secrets(request) -> Reply:
    """The revisions of the release, or what is none of Helm's."""
    if "fieldSelector" in request.path:
        return listing(secret(password=PASSWORD, user="me"))
    return listing(RELEASE)


@pytest.fixture
def kube():
    with ScriptedKube() as server:
        server.lease(HOME)
        server.script("GET", HOME, answer({"metadata": {
            "name": "shop-fix", "uid": "u", "resourceVersion": "7",
            "labels": {"slipway/managed": "v1"},
            "annotations": {"slipway/repository": "shop",
                            "slipway/branch": "fix"}}}))
        server.script("PATCH", HOME, answer({}))
        server.script("GET", f"{HOME}/pods", listing(pod()))
        server.script("GET", f"{HOME}/events", EVENTS)
        server.script("GET", f"{HOME}/secrets", secrets)
        server.script("PATCH", REVISION, answer({}))
        server.script("GET", REVISION, answer({
            "data": {"release": encoded(encoded(PAYLOAD))}}))
        server.script("GET", LOG_PATH, Reply(200, LOG.encode(),
                                             ["Content-Type: text/plain"]))
        yield server


@pytest.fixture
def command(kube, tmp_path):
    """The step with a Helm that says @helm, as a shell script."""
    def make(helm: str, *args: object) -> list[object]:
        chart, program = tmp_path / "chart", tmp_path / "helm"
        chart.mkdir()
        (chart / "Chart.yaml").write_text("name: shop\nversion: 1.0.0\n")
        program.write_text(f"#!/bin/sh\n{helm}\n")
        program.chmod(0o755)
        return ["deploy-preview", *NAMES, "--kubeconfig",
                kube.kubeconfig(tmp_path), "--helm", program, *args, chart]

    return make


FAILING = "echo 'Error: UPGRADE FAILED: context deadline exceeded' >&2; exit 1"


LENDING = {"exec": {"command": "./plugin", "interactiveMode": "Never",
                    "apiVersion": "client.authentication.k8s.io/v1"}}


def test_who_runs_out_of_time_gives_the_environment_back(command, kube, run_step):
    """Or all others would wait until the Lease lapses."""
    failed = run_step(*command("exec sleep 600"), "--timeout", "2s", expect=75)
    assert "did not end within" in failed.err
    leases = [json.loads(r.body) for r in kube.requests if r.line.startswith("PATCH")
              and r.path.endswith("/leases/slipway")]
    assert leases[-1]["spec"]["holderIdentity"] in ("", None)
    marks = [json.loads(r.body) for r in kube.requests if r.line == f"PATCH {HOME}"]
    assert marks[0]["metadata"]["annotations"]["slipway/owner"]
    assert marks[-1]["metadata"]["annotations"]["slipway/owner"] is None


def test_who_runs_out_of_time_says_why_and_how_far_it_came(
        command, kube, run_step, tmp_path):
    """A little time is left for that, as for giving the environment back."""
    report = tmp_path / "diagnosis.json"
    failed = run_step(*command("exec sleep 600"), "--timeout", "2s", "--output",
                      "json", "--diagnosis", report, expect=75)
    result = failed.json
    assert (result["namespace"], result["status"]) == ("shop-fix", "failed")
    assert (result["revision"], result["applications"]) == (None, [])
    assert [f["name"] for f in result["findings"]] == [POD]
    assert json.loads(report.read_text())["findings"] == result["findings"]


def test_who_runs_out_of_time_tells_the_revision_too(command, kube, run_step,
                                                     tmp_path):
    main = Main(kube, tmp_path, "exit 0")
    failed = run_step(*command(main.helm.replace(FAILING, "exec sleep 60"),
                               "--main-branch", "fix", "--timeout", "2s",
                               "--output", "json"), expect=75)
    assert (failed.json["revision"], failed.json["rolledBackTo"]) == (2, None)


def test_who_runs_out_of_time_while_nobody_answers(command, kube, run_step,
                                                   tmp_path):
    """What is known is told all the same."""
    kube.script("GET", f"{HOME}/pods", Reply(200, b"{}", stall=0))
    begun = tmp_path / "begun"
    kube.script("GET", f"{HOME}/secrets", lambda request: Reply(
        200, b"{}", stall=0) if begun.exists() else secrets(request))
    failed = run_step(*command(f": >{begun}; exec sleep 600"), "--timeout", "2s",
                      "--output", "json", expect=75)
    assert "did not end within" in failed.err
    assert failed.json["namespace"] == "shop-fix"
    assert (failed.json["status"], failed.json["findings"]) == ("failed", [])
    assert failed.json["revision"] is None


def test_helm_behind_a_script_ends_with_a_killed_run(
        command, start_step, tmp_path):
    """Or it would work on beside the next run's."""
    noted = tmp_path / "pid"
    killed = start_step(*command(
        f"sleep 600 & echo $! >{noted}.new; mv {noted}.new {noted}; wait"))
    wait.until(noted.exists, "no Helm was run")
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait(expect=-signal.SIGKILL)
    stat = Path("/proc", noted.read_text().strip(), "stat")
    wait.until(lambda: not stat.exists() or ") Z " in stat.read_text(),
               "the end of Helm")


def test_the_folders_of_a_killed_run_are_removed_by_the_next(
        command, kube, start_step, run_step, tmp_path):
    """They hold a lent credential and the values of an environment."""
    temporary, started = tmp_path / "temporary", tmp_path / "started"
    temporary.mkdir()
    plugin = tmp_path / "plugin"
    plugin.write_text("#!/bin/sh\necho '%s'\n" % json.dumps({
        "kind": "ExecCredential", "status": {
            "token": "of-plugin", "expirationTimestamp": "2999-01-01T00:00:00Z"},
        "apiVersion": LENDING["exec"]["apiVersion"]}))
    plugin.chmod(0o755)
    argv = command(f"[ -e {started} ] || {{ : >{started}; exec sleep 600; }}\n"
                   f"{FAILING}")
    kube.kubeconfig(tmp_path, **LENDING)
    env = {"TMPDIR": str(temporary), "HOME": ""}

    killed = start_step(*argv, env=env)
    wait.until(started.exists, "no Helm was run")
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait(expect=-signal.SIGKILL)
    assert sorted(path.name[:-7] for path in temporary.iterdir()) == [
        "slipway-deploy", "slipway-helm", "slipway-kube"]

    run_step(*argv, env=env, expect=1)
    assert list(temporary.iterdir()) == []


def test_children_see_no_secret_of_any_step(command, run_step, tmp_path):
    """A job's environment often holds all; Helm may need those of a cloud."""
    seen = tmp_path / "seen"
    secrets = ["GRAFANA_TOKEN", "HELM_REPO_PASSWORD", "JIRA_TOKEN",
               "SLIPWAY_FORGE_TOKEN", "SLIPWAY_GIT_CREDENTIALS"]
    run_step(*command(f"env >>{seen}; {FAILING}"), expect=1, env={
        name: "canary-of-another" for name in secrets} | {
        "AWS_SECRET_ACCESS_KEY": "of-the-cloud"})
    assert "canary" not in seen.read_text()
    assert "of-the-cloud" in seen.read_text()


def test_a_bundle_hides_what_logs_give_away(command, run_step, kube, tmp_path):
    report, record = tmp_path / "diagnosis.json", tmp_path / "record"
    failed = run_step(*command(FAILING, "--diagnosis", report, "--record",
                               record, "--output", "json"), expect=1)

    (log,) = json.loads(report.read_text())["logs"]
    assert (log["pod"], log["container"], log["previous"]) \
        == (POD, "main", True)
    assert log["lines"][-4:] == [
        "connecting to postgres://***@db/shop", "as ***", "API_TOKEN=***",
        "\x1b[31mpanic: no such table\x1b[0m"]
    (query,) = kube.queries(LOG_PATH)
    assert query == {"container": "main", "tailLines": "20",
                     "limitBytes": "65536", "previous": "true"}
    # for people: fewer lines, and nothing that a terminal obeys
    assert f"log of '{POD}/main': as ***" in failed.err
    assert "line 28" not in failed.err and "line 29" in failed.err
    assert "\x1b" not in failed.err and "panic: no such table" in failed.err
    # the last events of 60, the last of them last
    events = json.loads(report.read_text())["events"]
    assert [e["message"] for e in events] \
        == [f"event {n}" for n in range(10, 60)]
    assert "event 50" in failed.err and "event 49" not in failed.err

    environment = records.merged(record)["environment"]
    assert environment["findings"][0]["cause"] == "crash-loop"
    assert failed.json["status"] == environment["status"] == "failed"
    # there was one that had failed before; this Helm has made none
    for told in failed.json, environment:
        assert told["revision"] is None and told["applications"] == []
    told = failed.err + failed.out + report.read_text() + "".join(
        path.read_text() for path in record.iterdir())
    for canary in (PASSWORD, "hunter2", "abcdef"):
        assert canary not in told


def test_logs_that_could_hold_anything_are_not_shown(command, run_step, kube):
    def some(request) -> Reply:
        if "fieldSelector" in request.path:
            return refusal(403, "Forbidden")
        return listing(RELEASE)

    kube.script("GET", f"{HOME}/secrets", some)
    failed = run_step(*command(FAILING), expect=1)
    assert "CrashLoopBackOff" in failed.err
    assert "log of '" not in failed.err and kube.queries(LOG_PATH) == []


@pytest.mark.parametrize("kind", ["pods", "events", "log"])
def test_what_cannot_be_read_hides_no_failure(kind, command, run_step, kube,
                                              tmp_path):
    path = LOG_PATH if kind == "log" else f"{HOME}/{kind}"
    kube.script("GET", path, refusal(403, "Forbidden"))
    failed = run_step(*command(FAILING, "--diagnosis", tmp_path), expect=1)
    assert "context deadline exceeded" in failed.err
    assert ("CrashLoopBackOff" in failed.err) == (kind != "pods")
    # a folder cannot be written, which is no more than a warning
    assert ("cannot write the diagnosis" in failed.err) == (kind != "pods")


def creating() -> dict:
    return {"metadata": pod()["metadata"] | {
        "creationTimestamp": "2999-01-01T00:00:00Z"}, "status": {
            "phase": "Pending", "containerStatuses": [{
                "name": "main", "ready": False, "restartCount": 0,
                "state": {"waiting": {"reason": "ContainerCreating"}}}]}}


@pytest.mark.parametrize("again, secret_now, ends", [
    (False, refusal(404, "NotFound"), True),
    (True, answer({"metadata": {"name": "db"}}), False),
    (True, refusal(403, "Forbidden"), True),
    (False, refusal(403, "Forbidden"), False),
])
def test_a_warning_that_may_be_over(again, secret_now, ends, command, run_step,
                                    kube, tmp_path):
    """That it stays says nothing; that it comes again does, but less than
    whether the secret is there."""
    enough, words = tmp_path / "enough", 'secret "db" not found'
    times = iter(range(60))

    def events(_request) -> Reply:
        minute = next(times)
        if minute == 4:
            enough.touch()
        return listing({
            "involvedObject": {"kind": "Pod", "name": POD, "uid": "p"},
            "reason": "FailedMount", "message": words, "firstTimestamp":
            "2026-11-26T10:00:00Z", "lastTimestamp":
            f"2026-11-26T10:{minute if again else 59:02}:00Z"})

    kube.script("GET", f"{HOME}/pods", listing(creating()))
    kube.script("GET", f"{HOME}/events", events)
    kube.script("GET", f"{HOME}/secrets/db", secret_now)
    ended = run_step(*command(
        "exec sleep 600" if ends else
        f"while [ ! -e {enough} ]; do sleep 0.1; done; {FAILING}",
        "--patience", "1s"), expect=1)
    cure = "it is there by now" if secret_now.status == 200 \
        else "create that secret"
    assert f"FailedMount: {words}; cure: {cure}" in ended.err
    assert ("it cannot get ready, and has been so for 1s: pod" in ended.err) \
        == ends
    assert ("context deadline exceeded" in ended.err) != ends


@pytest.mark.parametrize("missing", ["secrets/db", "configmaps/settings"])
def test_all_that_a_warning_names_is_looked_for(missing, command, run_step,
                                                kube):
    """Of the two one is there by now: the other is missing all the same."""
    kube.script("GET", f"{HOME}/pods", listing(creating()))
    kube.script("GET", f"{HOME}/events", listing({
        "involvedObject": {"kind": "Pod", "name": POD, "uid": "p"},
        "reason": "FailedMount", "firstTimestamp": "2026-11-26T10:00:00Z",
        "lastTimestamp": "2026-11-26T10:59:00Z", "message":
        'volume "all" : [secret "db" not found, configmap "settings" not '
        'found]'}))
    kube.script("GET", f"{HOME}/{missing}", refusal(404, "NotFound"))
    ended = run_step(*command("exec sleep 600", "--patience", "1s",
                              "--timeout", "20s"), expect=1)
    assert "it cannot get ready, and has been so for 1s: pod" in ended.err
    assert "; cure: create that secret" in ended.err


def test_a_failed_deployment_renews_the_expiry(command, run_step, kube):
    """Of the revision that is there, too, where Helm has made none."""
    failed = run_step(*command(FAILING, "--expires-in", "5h", "--output",
                               "json"), expect=1)
    assert failed.json["expiresAt"] > time.time() + 4 * 3600
    for path in HOME, REVISION:
        marks = [json.loads(r.body)["metadata"]["labels"]
                 for r in kube.requests if r.line == f"PATCH {path}"]
        assert marks[-1]["slipway/expires-at"] == \
            str(failed.json["expiresAt"]), path


def test_progress_on_a_terminal(command, runner, kube):
    """What is missing while Helm waits, on a line that is overwritten."""
    master, slave = pty.openpty()
    program, *args = map(str, command("sleep 30"))
    child = runner.start("/bin/sh", "-c", 'exec "$0" "$@" 2>"$TTY"',
                         runner.steps / program, *args,
                         env={"TTY": os.ttyname(slave), "TERM": "xterm"})
    shown = ""

    def look() -> bool:
        nonlocal shown
        if select.select([master], [], [], 0)[0]:
            shown += os.read(master, 4096).decode()
        return "(0 of 1)" in shown

    try:
        wait.until(look, "progress on the terminal")
    finally:
        child.process.terminate()
        child.wait(expect=143)
        os.close(master)
        os.close(slave)
    assert f"0 of 1 workloads ready, waiting for Pod '{POD}' (0 of 1)" in shown


# --- a main environment, which is rolled back ----------------------------------

MAIN = {"metadata": {
    "name": "shop-fix", "uid": "u", "resourceVersion": "7",
    "labels": {"slipway/managed": "v1", "slipway/expires-at": "never"},
    "annotations": {"slipway/repository": "shop", "slipway/branch": "fix",
                    "slipway/main": "true"}}}


class Main:
    """A main environment whose second revision fails; .helm rolls it back to the
    first by the words @rollback, once .begun is there."""

    def __init__(self, kube, folder, rollback: str):
        self.note, self.begun = folder / "of-run", folder / "begun"
        self.helm = f"""\
case " $* " in *" rollback "*) >{self.begun}; {rollback};; esac
for word; do case $word in --labels=slipway/run=*) echo "${{word##*=}}" >{self.note}
esac; done
{FAILING}"""
        kube.script("GET", HOME, answer(MAIN))
        kube.script("GET", f"{HOME}/secrets", self._secrets)
        for number in 1, 2, 3:
            path = REVISION.removesuffix("1") + str(number)
            kube.script("GET", path, answer({
                "data": {"release": encoded(encoded(PAYLOAD))}}))
            kube.script("PATCH", path, answer({}))

    def _secrets(self, request) -> Reply:
        if "fieldSelector" in request.path:
            return listing()
        found = [revision(1, "deployed")]
        if self.note.exists():
            found.append(revision(2, "failed", self.note.read_text().strip()))
        if self.begun.exists():
            found.append(revision(3, "failed"))
        return listing(*found)


REFUSED = 'failed calling webhook "x": Post "https://x": dial tcp: ' \
    'connect: connection refused'


def test_what_may_pass_is_concluded_as_what_does_not(command, run_step, kube,
                                                     tmp_path):
    """Only the exit code says that trying again may help."""
    main, report = Main(kube, tmp_path, "exit 0"), tmp_path / "diagnosis.json"
    helm = main.helm.replace("context deadline exceeded", REFUSED)
    failed = run_step(*command(helm, "--main-branch", "fix", "--diagnosis",
                               report, "--output", "json"), expect=75)
    assert main.begun.exists() and report.exists()
    assert "failed, and rolled back to revision 1: helm upgrade failed" \
        in failed.err
    assert (failed.json["status"], failed.json["rolledBackTo"]) == ("failed", 1)


def test_a_cluster_out_of_reach_is_no_deployment_that_failed(
        command, run_step, kube, tmp_path):
    """Helm came to make no revision: there is nothing to be told of one."""
    report = tmp_path / "diagnosis.json"
    main = Main(kube, tmp_path, "exit 0")
    failed = run_step(*command(f"echo 'Error: {REFUSED}' >&2; exit 1",
                               "--main-branch", "fix", "--diagnosis", report),
                      expect=75)
    assert not main.begun.exists() and not report.exists()
    assert failed.out == ""


def test_a_rollback_for_which_no_time_is_left(command, run_step, kube,
                                              tmp_path):
    main = Main(kube, tmp_path, "exit 0")
    helm = main.helm.replace(FAILING, "exec sleep 60")
    failed = run_step(*command(helm, "--main-branch", "fix", "--timeout",
                               "2s"), expect=75)
    assert not main.begun.exists()
    assert "release 'shop-fix' is not rolled back to revision 1: '--timeout' " \
        "has passed; to do it by hand: helm rollback shop-fix 1 --namespace " \
        "shop-fix\n" in failed.err


# --- while the API is slow ----------------------------------------------------

LEASE = "/apis/coordination.k8s.io/v1/namespaces/shop-fix/leases/slipway"
ANOTHER = {"metadata": {"resourceVersion": "999"},
           "spec": {"holderIdentity": "another"}}
SLOW = 12.0             # seconds; the Lease is renewed every 10


def test_a_lease_that_is_lost_while_it_is_found_out_why(command, run_step,
                                                        kube, tmp_path):
    """Nothing is rolled back then, and nothing marked."""
    main = Main(kube, tmp_path, "exit 0")

    def slow(_request) -> Reply:
        kube.script("PATCH", LEASE, refusal(409, "Conflict"))
        kube.script("GET", LEASE, answer(ANOTHER))
        reply = listing(pod())
        reply.delay = SLOW
        return reply

    kube.script("GET", f"{HOME}/pods", slow, listing(pod()))
    failed = run_step(*command(main.helm, "--main-branch", "fix"), expect=1)
    assert "CrashLoopBackOff" in failed.err
    assert not main.begun.exists()
    assert "release 'shop-fix' is not rolled back to revision 1: cannot keep " \
        "environment 'shop-fix' for this run: this run has lost it to run " \
        "another\n" in failed.err
    marked = [r.path for r in kube.requests if r.method == "PATCH"]
    assert marked.count(HOME) == 1


# --- ended by a signal --------------------------------------------------------

ABORTING = """\
for word; do case $word in --labels=slipway/run=*) echo "${word##*=}" >RUN; esac
done
kill -TERM $PPID; kill -TERM $PPID
trap 'exit 1' TERM; while :; do sleep 0.01; done"""
BACK = "hint: run the step again to complete it; to go back: helm "


def revision(version: int, status: str, run: str | None = None) -> dict:
    return {"metadata": {"labels": {"owner": "helm", "version": str(version),
                                    "status": status}
                         | ({"slipway/run": run} if run else {})}}


@pytest.mark.parametrize("before, made, words, hint", [
    (["deployed"], None, "release 'shop-fix' is as it was: nothing of it was "
     "changed yet", "hint: run the step again to deploy"),
    (["superseded", "deployed"], "failed", "revision 3 was cut off; what it "
     "had changed by then stays, and revision 2 is the last that was complete",
     BACK + "rollback shop-fix 2 --namespace shop-fix"),
    # Helm had written that it is done, and then that it is not
    (["superseded", "superseded"], "failed", "revision 2 is the last that was",
     BACK + "rollback shop-fix 2 --namespace shop-fix"),
    ([], "failed", "revision 1 was cut off; what it had made by then stays, "
     "and none was ever complete",
     BACK + "uninstall shop-fix --namespace shop-fix"),
    (["deployed"], "deployed", "revision 2 is complete; only what follows was "
     "cut off", None),
])
def test_an_aborted_run_says_what_is_left(before, made, words, hint, command,
                                          run_step, kube, tmp_path):
    note = tmp_path / "of-run"
    revisions = [revision(n, status) for n, status in enumerate(before, 1)]

    def secrets_now(_request) -> Reply:
        ours = [revision(len(before) + 1, made, note.read_text().strip())] \
            if made and note.exists() else []
        return listing(*revisions, *ours)

    kube.script("GET", f"{HOME}/secrets", secrets_now)
    for number in 1, 2, 3:
        path = REVISION.removesuffix("1") + str(number)
        kube.script("GET", path, answer({
            "data": {"release": encoded(encoded(PAYLOAD))}}))
        kube.script("PATCH", path, answer({}))
    ended = run_step(*command(ABORTING.replace("RUN", str(note))), expect=143)
    assert words in ended.err
    lines = ended.err.splitlines()
    assert lines[-1] == hint if hint else "hint" not in ended.err
    assert "interrupted by SIGTERM" in ended.err
    # the environment is free again, and has its expiry
    assert [r.method for r in kube.requests if r.path.endswith(
        "/leases/slipway")][-1] == "PATCH"


def test_an_aborted_run_that_cannot_ask_any_more(command, run_step, kube,
                                                 tmp_path):
    note = tmp_path / "of-run"

    def secrets_now(_request) -> Reply:
        return refusal(500, "InternalError", "no more") if note.exists() \
            else listing()

    kube.script("GET", f"{HOME}/secrets", secrets_now)
    ended = run_step(*command(ABORTING.replace("RUN", str(note))), expect=143)
    assert "nobody knows how far release 'shop-fix' came: " in ended.err
    assert ended.err.splitlines()[-1].endswith(
        "helm history shop-fix --namespace shop-fix")


def test_a_run_that_is_aborted_before_helm(command, start_step, kube):
    def namespace_patched(_request) -> Reply:
        os.kill(running.pid, signal.SIGINT)
        return answer({})

    kube.script("PATCH", HOME, namespace_patched)
    running = start_step(*command("exit 0"))
    ended = running.wait(expect=130)
    assert "is as it was: nothing of it was changed yet" in ended.err
    assert "hint: run the step again to deploy" in ended.err


def test_a_rollback_that_is_aborted(command, run_step, kube, tmp_path):
    """What the failure itself would hint at matters less then."""
    main = Main(kube, tmp_path, ABORTING.replace(">RUN", ">/dev/null"))
    ended = run_step(*command(main.helm, "--main-branch", "fix"), expect=143)
    assert "not rolled back to revision 1: interrupted by SIGTERM\n" in ended.err
    assert "revision 3 was cut off" in ended.err
    assert "helm upgrade failed: UPGRADE FAILED" in ended.err
    assert ended.err.splitlines()[-1] == \
        BACK + "rollback shop-fix 1 --namespace shop-fix"


# --- what a rollback has left --------------------------------------------------

OURS = "Rollback to 1 by Slipway, run 0123456789abcdef"


@pytest.mark.parametrize("mark, ours", [
    (f"3 2026-11-26T10:00:00Z {OURS}", True),
    (f"3 2026-11-26T10:00:20Z {OURS}", False),  # it was there before
    (f"3 2026-11-26T09:59:00Z {OURS}", False),  # ours would have been sooner
    (f"2 2026-11-26T10:00:00Z {OURS}", False),  # ours had begun another
    ("3 2026-11-26T10:00:00Z Rollback to 1", False),    # a person's, by hand
    ("3 2026-11-26T10:00:00Z", False),
    ("3", False),
    (None, False),
])
def test_only_a_rollback_of_ours_is_healed(mark, ours, command, run_step, kube):
    """It has no label; that of somebody's live Helm is never touched."""
    path = REVISION.removesuffix("1") + "3"
    left = revision(3, "pending-rollback")
    left["metadata"]["creationTimestamp"] = "2026-11-26T10:00:01Z"
    home = copy.deepcopy(MAIN)
    if mark:
        home["metadata"]["annotations"]["slipway/rollback"] = mark

    def patched(_request) -> Reply:
        left["metadata"]["labels"]["status"] = "failed"
        return answer({})

    kube.script("GET", HOME, answer(home))
    kube.script("GET", f"{HOME}/secrets", lambda _request: listing(
        revision(1, "deployed"), revision(2, "failed"), left))
    kube.script("GET", path, answer({
        "metadata": {"resourceVersion": "9"}, "data": {"release": encoded(
            encoded(json.dumps({"info": {"status": "pending-rollback",
                                     "description": OURS}})))}}))
    kube.script("PATCH", path, patched)
    failed = run_step(*command(FAILING, "--main-branch", "fix",
                               "--lock-timeout", "1s"),
                      expect=1 if ours else 75)
    changed = [r.path for r in kube.requests if r.method == "PATCH"]
    assert (path in changed) == ours
    assert ("revision 3 was left pending-rollback by a run" in failed.err) \
        == ours
    assert ("by a Helm that no run of ours started" in failed.err) != ours


@pytest.mark.parametrize("minor", [2, 3])
def test_a_rollback_is_marked_while_it_lasts(minor, command, run_step, kube,
                                             tmp_path):
    told, main = tmp_path / "told", Main(kube, tmp_path, "exit 0")
    helm = f"""case $1 in
version) echo v4.{minor}.1+g123; exit;;
rollback) printf '%s\\n' "$@" >{told};;
esac
{main.helm}"""
    run_step(*command(helm, "--main-branch", "fix"), expect=1)
    marks = [json.loads(r.body)["metadata"]["annotations"]
             for r in kube.requests if (r.method, r.path) == ("PATCH", HOME)]
    before, begun, after = (m.get("slipway/rollback", "unsaid") for m in marks)
    assert before == "unsaid" and after is None
    described = [a.removeprefix("--description=") for a in
                 told.read_text().splitlines() if "--description" in a]
    assert re.fullmatch(r"3 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ " +
                        (described or ["Rollback to 1"])[0], begun)
    assert bool(described) == (minor == 3)
    assert not described or re.fullmatch(
        "Rollback to 1 by Slipway, run " + main.note.read_text().strip(),
        described[0])


# --- marks of which nobody has changed any -------------------------------------

def marked(version: str, **annotations: str) -> Reply:
    return answer({"metadata": {
        "name": "shop-fix", "uid": "u", "resourceVersion": version,
        "labels": {"slipway/managed": "v1"},
        "annotations": {"slipway/repository": "shop", "slipway/branch": "fix"}
        | {f"slipway/{key}": value for key, value in annotations.items()}}})


def versions(kube) -> list[str]:
    """Of which state of the namespace a mark was to follow."""
    return [json.loads(r.body)["metadata"]["resourceVersion"]
            for r in kube.requests if (r.method, r.path) == ("PATCH", HOME)]


def test_marks_as_they_were_are_not_read_again(command, kube, run_step):
    kube.script("PATCH", HOME, marked("8"), marked("9"))
    run_step(*command(FAILING), expect=1)
    assert versions(kube) == ["7", "8"]
    assert len([r for r in kube.requests if r.line == f"GET {HOME}"]) == 1


def test_marks_that_changed_are_judged_again(command, kube, run_step,
                                             tmp_path):
    """Before Helm: it may be another's by now."""
    kube.script("GET", HOME, marked("7"), marked("8", repository="theirs"))
    kube.script("PATCH", HOME, refusal(409, "Conflict"))
    run_step(*command(f"touch {tmp_path}/ran; {FAILING}"), expect=3)
    assert versions(kube) == ["7"]
    assert not (tmp_path / "ran").exists()


def test_marks_that_changed_while_helm_was_at_work(command, kube, run_step):
    """They are written anew, all of them."""
    kube.script("GET", HOME, marked("7"), marked("11"))
    kube.script("PATCH", HOME, marked("8"), refusal(409, "Conflict"),
                marked("12"))
    run_step(*command(FAILING), expect=1)
    assert versions(kube) == ["7", "8", "11"]
    last = json.loads([r.body for r in kube.requests
                       if (r.method, r.path) == ("PATCH", HOME)][-1])
    assert last["metadata"]["labels"]["slipway/managed"] == "v1"
    assert last["metadata"]["annotations"]["slipway/owner"] is None
