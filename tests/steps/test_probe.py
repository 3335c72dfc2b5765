"""What all steps share, on a step that has nothing else: drivers/probe.c."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import pytest

import records


@pytest.mark.parametrize("form, wanted", [
    ("text", "it's\n"),
    ("json", '{"hasToken":false,"someText":"it\'s"}\n'),
    ("env", "HAS_TOKEN=false\nSOME_TEXT='it'\\''s'\n"),
])
def test_forms_of_the_result(run_step, probe, form, wanted):
    result = run_step(probe, "--text", "it's", "--output", form)
    assert result.out == wanted
    assert result.err == "probe: info: showing 'it's'\n"


def test_env_form_is_what_a_shell_reads(run_step, probe):
    text = "a 'b' \"c\" $HOME `d` \\ *\nsecond"
    result = run_step(probe, "--text", text, "--output=env")
    shell = subprocess.run(["sh", "-c", f'{result.out}printf %s "$SOME_TEXT"'],
                           capture_output=True, text=True, check=True)
    assert shell.stdout == text


def test_levels(run_step, probe):
    assert run_step(probe, "--quiet").err == ""
    assert "debug: token ''" in run_step(probe, "--verbose").err
    both = run_step(probe, "--quiet", "--verbose", expect=2)
    assert both.err == ("probe: error: '--quiet' and '--verbose' exclude "
                        "each other\n")


@pytest.mark.parametrize("args, code, err", [
    (["--act", "fail"], 1, "probe: error: nothing works\n"),
    (["--act", "conflict"], 3, "probe: error: the world has moved\n"),
    (["--act", "wait", "--timeout", "50ms"], 75,
     "probe: info: waiting\nprobe: error: nothing came\n"),
    (["one", "two"], 2, "probe: error: unexpected argument 'two'\n"),
    (["--act", "fail", "--text", "a\n\x1b[31mb"], 1,
     "probe: error: a\\n\\x1b[31mb\n"),
    (["--act", "place"], 2,
     "probe: error: cannot render 'web': no entry for key 'x'\n"
     "  at values.yaml:2:16\n"
     "  second:\\t\u00e9 (( .x ))\n"
     "                 ^\n"
     "hint: set 'x'\n"),
    (["--check"], 1, "probe: error: no token to probe with\n"),
])
def test_errors(run_step, probe, args, code, err):
    result = run_step(probe, *args, expect=code)
    assert (result.out, result.err) == ("", err)


def test_version_with_a_value_is_the_steps_own(run_step, probe):
    assert run_step(probe, "--version").out.startswith("probe 0.")
    assert run_step(probe, "--version", "1.2.3").out == "nothing\n"


def test_dry_run_prints_the_plan_and_writes_nothing(run_step, probe, tmp_path):
    record = tmp_path / "record"
    result = run_step(probe, "--dry-run", "--output=json", "--record", record)
    assert result.json == {"hasToken": False, "someText": "nothing"}
    assert result.err == ""
    assert not record.exists()


def test_check_passes_and_writes_nothing(run_step, probe, tmp_path):
    record = tmp_path / "record"
    run_step(probe, "--check", "--record", record,
             env={"PROBE_TOKEN": "hush-hush"})
    assert not record.exists()


# --- the record


def test_record_goes_from_step_to_step(run_step, probe, tmp_path):
    record = tmp_path / "record"
    run_step(probe, "--text", "first", env={"SLIPWAY_RECORD": str(record)})
    assert run_step(probe, "--record", record).out == "first\n"
    run_step(probe, "--record", record, "--act", "fail", expect=1)

    whole = records.merged(record)
    assert len(list(record.iterdir())) == 3
    assert whole["probe"] == {"text": "first"}
    assert whole["steps"][0]["outcome"] == "failed"
    assert whole["steps"][0]["error"] == "nothing works"


def test_copied_folders_merge(run_step, probe, tmp_path):
    for name in "a", "b":
        run_step(probe, "--record", tmp_path / name, "--text", name)
    for path in (tmp_path / "a").iterdir():
        path.rename(tmp_path / "b" / path.name)
    assert run_step(probe, "--record", tmp_path / "b").out == "b\n"


def test_parallel_steps_lose_no_fragment(start_step, probe, tmp_path):
    record = tmp_path / "record"
    running = [start_step(probe, "--record", record, "--text", str(i))
               for i in range(12)]
    for step in running:
        step.wait()
    assert len(records.fragments(record)) == 12


def test_broken_fragment_is_named(run_step, probe, tmp_path):
    (tmp_path / "x.json").write_text('{"a": 1,\n  b}')
    result = run_step(probe, "--record", tmp_path, expect=2)
    assert result.err.startswith("probe: error: cannot read the release "
                                 "record: ")
    assert f"{tmp_path}/x.json:2:" in result.err


def test_record_that_cannot_be_written(run_step, probe, tmp_path):
    (tmp_path / "file").write_text("")
    result = run_step(probe, "--record", tmp_path / "file/record", expect=1)
    assert "cannot write the release record: cannot create folder" \
        in result.err


# --- secrets


@pytest.mark.parametrize("way", ["variable", "file", "stdin", "descriptor"])
def test_secrets_are_masked(run_step, probe, tmp_path, way):
    secret = "hush/hush+hush"
    record, file = tmp_path / "record", tmp_path / "token"
    file.write_text(f"{secret}\n")
    args, options = {
        "variable": ([], {"env": {"PROBE_TOKEN": secret}}),
        "file": (["--token-file", file], {}),
        "stdin": (["--token-file", "-"], {"input": f"{secret}\n"}),
        "descriptor": (["--token-fd", "0"], {"input": secret}),
    }[way]
    result = run_step(probe, *args, "--verbose", "--record", record,
                      "--text", f"<{secret}>", "--output=json", **options)
    assert result.json["hasToken"] is True
    assert "probe: debug: token '***'" in result.err
    assert "probe: info: showing '<***>'" in result.err
    assert secret not in result.err
    assert secret not in "".join(p.read_text() for p in record.iterdir())


def test_secrets_are_no_arguments(run_step, probe):
    for args in (["--token", "hush-hush"], ["--token=hush-hush"]):
        result = run_step(probe, *args, expect=2)
        assert "hush-hush" not in result.err
        assert "--token-file" in result.err


def test_children_do_not_see_secrets(run_step, probe):
    result = run_step(probe, "--act", "child",
                      env={"PROBE_TOKEN": "hush-hush", "OTHER": "seen"})
    assert "OTHER=seen" in result.out
    assert "hush-hush" not in result.out


def test_no_core_dumps(start_step, probe):
    step = start_step(probe, "--act", "wait")
    wait_for_line(step, "waiting")
    limits = Path(f"/proc/{step.pid}/limits").read_text()
    assert "Max core file size        0                    0" in limits
    step.process.send_signal(signal.SIGTERM)
    step.wait(expect=143)


# --- signals and terminals


def wait_for_line(step, text: str) -> None:
    """Read stderr until a line with @text; the runner's deadline holds."""
    while text not in step.process.stderr.readline():
        assert step.process.poll() is None, "ended early"


@pytest.mark.parametrize("number, code",
                         [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals(start_step, probe, tmp_path, number, code):
    record = tmp_path / "record"
    step = start_step(probe, "--act", "wait", "--record", record)
    wait_for_line(step, "waiting")
    step.process.send_signal(number)
    result = step.wait(expect=code)
    assert f"interrupted by {number.name}" in result.err
    assert records.merged(record)["steps"][0]["outcome"] == "failed"


def on_terminal(probe: Path, *args: str, env: dict[str, str]) -> str:
    """What the probe writes to a terminal in half a second."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [probe, "--act", "wait", "--timeout", "500ms", *args],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs,
        env=env)
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 4096):
            seen += chunk
    except OSError:     # the other side was closed
        pass
    os.close(ours)
    assert process.wait() == 75
    return seen.decode()


def test_live_progress(probe):
    seen = on_terminal(probe, env={"TERM": "xterm"})
    assert "\r\x1b[K" in seen and " turns" in seen
    assert seen.endswith("\r\x1b[Kprobe: error: nothing came\r\n")


@pytest.mark.parametrize("args, env", [
    (["--quiet"], {"TERM": "xterm"}),
    ([], {"TERM": "xterm", "NO_COLOR": "1"}),
    ([], {"TERM": "dumb"}),
    ([], {}),
])
def test_no_live_progress(probe, args, env):
    assert "\x1b" not in on_terminal(probe, *args, env=env)


def test_progress_lines_without_a_terminal(start_step, probe):
    step = start_step(probe, "--act", "wait")
    started = time.monotonic()
    wait_for_line(step, " turns")
    assert 9 < time.monotonic() - started < 20
    step.process.send_signal(signal.SIGTERM)
    step.wait(expect=143)
