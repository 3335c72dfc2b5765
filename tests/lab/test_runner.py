"""run_step itself: clean environment, and failures that no test can miss."""

from __future__ import annotations

import pytest

SHELL = "/bin/sh"


def test_the_environment_is_clean(run_step, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("BRANCH_NAME", "main")

    names = {line.partition("=")[0]
             for line in run_step("/usr/bin/env").out.splitlines()}

    assert names == {"PATH", "HOME", "TMPDIR", "LC_ALL", "TZ",
                     "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS",
                     "AWS_EC2_METADATA_DISABLED"}


def test_streams_and_code_are_apart(run_step):
    result = run_step(SHELL, "-c", "cat; echo no >&2; exit 3", expect=3,
                      input='{"a": 1}')

    assert result.json == {"a": 1}
    assert (result.err, result.code) == ("no\n", 3)


@pytest.mark.parametrize("script, told", [
    ("exit 1", "expected exit code 0"),
    ("exit 99", "a sanitizer's report"),
    ("kill -SEGV $$", "killed by SIGSEGV"),
    ("touch $TMPDIR/rest", "left in TMPDIR: .'rest'"),
])
def test_a_failure_is_told(run_step, script, told):
    with pytest.raises(AssertionError, match=told):
        run_step(SHELL, "-c", script)


def test_a_run_ends_at_its_timeout(run_step):
    with pytest.raises(AssertionError, match="no end within 0.2 s"):
        run_step(SHELL, "-c", "echo begun; sleep 60", timeout=0.2)


def test_several_run_at_once(start_step, tmp_path):
    fifo = tmp_path / "fifo"
    first = start_step(SHELL, "-c", f"mkfifo {fifo}; read x <{fifo}; echo $x")
    second = start_step(
        SHELL, "-c", f"while ! [ -p {fifo} ]; do :; done; echo hi >{fifo}")

    second.wait()
    assert first.wait().out == "hi\n"


def test_requests_are_counted(static_http, tmp_path):
    import urllib.request

    (tmp_path / "index.yaml").write_text("entries: {}\n")
    server = static_http(tmp_path)

    for _ in range(2):
        with urllib.request.urlopen(f"{server.url}/index.yaml") as answer:
            assert answer.read() == b"entries: {}\n"

    assert server.count("/index.yaml") == 2
