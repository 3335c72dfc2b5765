"""What every executable does, whatever it is for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
STEPS = sorted(path.stem for path in (ROOT / "steps").glob("*.c"))

pytestmark = pytest.mark.parametrize("step", STEPS)


def test_help(run_step, step):
    result = run_step(step, "--help")
    assert result.err == ""
    assert result.out.startswith(f"Usage: {step} [OPTION]...")
    for option in ("--output text|json|env", "--record DIR", "--dry-run",
                   "--check", "--timeout DURATION", "--quiet", "--verbose"):
        assert option in result.out


def test_help_tells_the_codes_in_two_columns(run_step, step):
    codes = run_step(step, "--help").out.split("Exit codes:\n")[1]
    for line in codes.splitlines():
        assert re.fullmatch(r"  \d+(, \d+)*  +[a-z].*", line), line


def test_help_needs_nothing_else(run_step, step):
    """No environment, and wrong values in it, do not keep it from helping."""
    run_step(step, "--help", env={"SLIPWAY_TIMEOUT": "soon",
                                  "SLIPWAY_RECORD": "/proc/version"})


def test_options_are_named_once(run_step, step):
    script = run_step(step, "--help=bash").out
    names = re.search(r"compgen -W '(--[^']*)'", script)[1].split()
    assert len(names) == len(set(names))


def test_an_empty_path_is_refused_at_once(run_step, step):
    """As of --output-dir "$DIR" where nobody has set that; whatever else is wrong."""
    told = run_step(step, "--help").out
    paths = re.findall(r"^ +--([a-z-]+) (FILE|DIR|PATH)\b(?!=)", told, re.M)
    assert ("record", "DIR") in paths and ("cacert", "FILE") in paths
    for name, kind in paths:
        what = "a folder" if kind == "DIR" else "a file"
        for args in ([f"--{name}", ""], [f"--{name}="]):
            assert run_step(step, *args, expect=2).err == \
                f"{step}: error: invalid value '' of '--{name}': must be the path of {what}\n"


def test_an_empty_argument_is_refused(run_step, step):
    """It is not the working folder, nor what would be taken without it."""
    assert run_step(step, "", expect=2).err == f"{step}: error: an argument is empty\n"


def test_version(run_step, step):
    header = (ROOT / "include/base/version.h").read_text()
    version = re.search(r'SLIPWAY_VERSION "(.*)"', header)[1]
    assert run_step(step, "--version").out == f"{step} {version}\n"


def test_unknown_option_names_the_nearest(run_step, step):
    result = run_step(step, "--outptu", "json", expect=2)
    assert result.out == ""
    assert result.err == (f"{step}: error: unknown option '--outptu'; "
                          "did you mean '--output'?\n")


def test_an_unknown_option_like_none_is_no_guess(run_step, step):
    """The nearest of all may be far."""
    result = run_step(step, "--quite-another", "x", expect=2)
    assert result.err == (f"{step}: error: unknown option '--quite-another'\n"
                          "hint: '--help' lists those that there are\n")


@pytest.mark.parametrize("args, cause", [
    (["--output", "xml"], "invalid value 'xml' of '--output'"),
    (["--timeout", "soon"], "invalid value 'soon' of '--timeout'"),
    (["--timeout"], "'--timeout' needs a value"),
    (["--dry-run=perhaps"], "invalid value 'perhaps' of '--dry-run'"),
    (["-x"], "unknown option '-x'"),
    ([""] * 1000, ""),
])
def test_wrong_usage(run_step, step, args, cause):
    result = run_step(step, *args, expect=2)
    assert result.out == ""
    assert result.err.startswith(f"{step}: error: {cause}")


def test_wrong_variable(run_step, step):
    result = run_step(step, expect=2, env={"SLIPWAY_OUTPUT": "xml"})
    assert "invalid value 'xml' of 'SLIPWAY_OUTPUT'" in result.err


def test_reader_that_goes_away(steps, step):
    """As in `step --help | head -0`: no message, no death by a signal."""
    ours, theirs = os.pipe()
    os.close(ours)
    result = subprocess.run([steps / step, "--help"], stdout=theirs,
                            stderr=subprocess.PIPE)
    os.close(theirs)
    assert (result.returncode, result.stderr) == (0, b"")


def test_full_disk(steps, step):
    with open("/dev/full", "w") as full:
        result = subprocess.run([steps / step, "--help"], stdout=full,
                                stderr=subprocess.PIPE, text=True)
    assert (result.returncode, result.stderr) == (
        1, f"{step}: error: cannot write to standard output: "
        "No space left on device\n")


def test_a_limit_on_files(steps, step, tmp_path):
    """An error like a full disk, no death by a signal."""
    result = subprocess.run(
        ["bash", "-c", 'ulimit -f 0; exec "$0" --help >help', steps / step],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert (result.returncode, result.stderr) == (
        1, f"{step}: error: cannot write to standard output: File too large\n")


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-",
                                    "0<&- 1>&- 2>&-"])
def test_closed_descriptors(run_step, steps, step, closed):
    run_step("/bin/sh", "-c", f"exec '{steps / step}' --version {closed}")


@pytest.fixture
def anyones_copy(steps: Path, step: str):
    """The step where every user may run it, which tmp_path is not."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    copy = Path(shutil.copy(steps / step, folder))
    folder.chmod(0o755)
    yield copy
    shutil.rmtree(folder)


def test_any_user_without_home_in_a_read_only_folder(
        anyones_copy, step):
    """As Jenkins' docker agents run it."""
    folder = anyones_copy.parent
    folder.chmod(0o555)
    uid = 12345 if os.geteuid() == 0 else None
    result = subprocess.run(
        [anyones_copy, "--output", "json", "--check", "--timeout", "1s"],
        env={"PATH": "/usr/bin:/bin"}, cwd=folder, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, user=uid, group=uid,
        extra_groups=[] if uid else None)
    folder.chmod(0o755)
    assert result.returncode in (0, 1, 2, 3, 75), result.stderr
    lines = result.stderr.splitlines()
    assert result.returncode == 0 or any(
        line.startswith(f"{step}: error: ") for line in lines), lines
    assert not re.search(r"HOME|No such user|passwd", result.stderr)
    assert sorted(path.name for path in folder.iterdir()) == [step]


def test_starts_load_no_heavy_library(run_step, steps, step):
    """libcurl, libgit2 and libcrypto are loaded at first use."""
    needed = run_step("/usr/bin/env", "LC_ALL=C", "readelf", "-d",
                      steps / step).out
    assert not re.search(r"NEEDED.*(curl|git2|crypto|ssl)", needed)


def test_hardening(run_step, steps, step):
    """Position independent, read-only relocations, no executable stack."""
    headers = run_step("/usr/bin/env", "LC_ALL=C", "readelf", "-Wldh",
                       steps / step).out
    assert "Type:                              DYN" in headers
    assert "GNU_RELRO" in headers and "BIND_NOW" in headers
    assert re.search(r"GNU_STACK.* RW  ", headers)
