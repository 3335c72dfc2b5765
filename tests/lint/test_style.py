"""What the text of the sources may hold, and how it is laid out."""

from __future__ import annotations

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from sources import ROOT, c_files, code, files, matching, name

LINES_MAX = 800

# Calls that only some files may make, beside those that base/banned.h bans.
RESERVED = {
    r"(?:secure_)?getenv|setenv|putenv|unsetenv": ["common/sys/env.c"],
    r"v?printf|puts|putchar|v?fprintf|fputs|fputc|fwrite|perror":
        ["common/base/err.c", "common/base/log.c", "common/base/mem.c"],
    r"_?exit|abort|quick_exit":
        ["common/base/err.c", "common/base/mem.c", "common/cli/main.c",
         "common/sys/proc_guard.c", "common/sys/proc_spawn.c"],
    r"fork|vfork|execv[pe]*|execl[pe]*|posix_spawnp?":
        ["common/sys/proc_guard.c", "common/sys/proc_spawn.c"],
    r"memcpy_s|alloca|longjmp|setjmp": [],
    r"malloc|calloc|realloc|strdup|strndup|v?asprintf":
        ["common/base/mem.c"],
}


def product() -> list[Path]:
    return matching("common/*/*.c", "common/*/*.h", "include/*/*.h",
                    "steps/*.c")


@pytest.mark.parametrize("functions", RESERVED)
def test_reserved_functions(functions):
    call = re.compile(rf"(?<![\w.>]){'(?:' + functions + ')'}\s*\(")
    wrong = [f"{name(path)}: {line.strip()}"
             for path in product() if name(path) not in RESERVED[functions]
             for line in code(path).splitlines() if call.search(line)]
    assert not wrong, "\n".join(wrong)


def test_environ_is_read_in_one_place():
    wrong = [name(path) for path in product()
             if re.search(r"\benviron\b", code(path))
             and name(path) != "common/sys/env.c"]
    assert not wrong, ", ".join(wrong)


def test_layout_is_that_of_clang_format():
    tool = Path(sys.executable).parent / "clang-format"
    result = subprocess.run(
        [tool, "--dry-run", "--Werror", *map(name, c_files())],
        cwd=ROOT, capture_output=True, text=True)
    wrong = sorted({line.split(":")[0] for line in result.stderr.splitlines()
                    if "[-Wclang-format-violations]" in line})
    assert result.returncode == 0, \
        f"run 'make format'; {len(wrong)} files: {', '.join(wrong)}"


def test_files_are_short():
    wrong = [f"{name(path)}: {count} lines" for path in files()
             if path.suffix in (".c", ".h", ".py", ".sh", ".groovy")
             if (count := len(path.read_text().splitlines())) > LINES_MAX]
    assert not wrong, "\n".join(wrong)


def test_no_typedef_of_structs():
    wrong = [f"{name(path)}: {line}" for path in product()
             for line in code(path).splitlines()
             if re.match(r"\s*typedef\s+(struct|union|enum)\b", line)]
    assert not wrong, "\n".join(wrong)


def test_comments_are_finished():
    words = re.compile("TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK", re.A)
    wrong = [f"{name(path)}:{number}: {line.strip()}"
             for path in text_files()
             for number, line in enumerate(path.read_text().splitlines(), 1)
             if re.search(rf"\b(?:{words.pattern})\b", line)]
    assert not wrong, "\n".join(wrong)


# --- tests are collected together

def test_no_two_test_files_have_one_name():
    """pytest imports each name once, whatever the folder."""
    names = [path.name for path in files() if fnmatch(path.name, "test_*.py")]
    twice = sorted({one for one in names if names.count(one) > 1})
    assert not twice, "\n".join(twice)


# --- nothing of the machine on which it was written


def text_files() -> list[Path]:
    def is_text(path: Path) -> bool:
        try:
            path.read_text()
        except UnicodeDecodeError:
            return False
        return True

    return [path for path in files()
            if not fnmatch(name(path), "tests/fuzz/corpus/*")
            and is_text(path)]


def machine_hosts() -> set[str]:
    """The package registries that this machine is told to use."""
    known = {"pypi.org", "registry.npmjs.org", "proxy.golang.org",
             "deb.debian.org", "repo.maven.apache.org", "direct", "off"}
    texts = [
        subprocess.run([sys.executable, "-m", "pip", "config", "list"],
                       capture_output=True, text=True).stdout,
        *(path.read_text()
          for path in Path("/etc/apt").rglob("*.sources") if path.is_file()),
    ]
    hosts = re.findall(r"https?://(?:[^/@\s']*@)?([\w.-]+)", "\n".join(texts))
    return {host for host in hosts if not host.endswith((
        "debian.org", "ubuntu.com"))} - known


def test_no_trace_of_the_machine():
    marks = ["/work" "/", ".." "/shared", *machine_hosts()]
    if Path.home().is_relative_to("/home"):
        marks.append(f"{Path.home()}/")
    wrong = [f"{name(path)}: {mark}" for path in text_files()
             for mark in marks if mark in path.read_text()]
    assert not wrong, "\n".join(wrong)
