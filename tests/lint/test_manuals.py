"""Help, manuals and examples agree with the tables of options."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from sources import ROOT, files, matching, name

MANUALS = Path(__file__).parent / "manuals"


def help_of(binary: Path, form: str) -> str:
    return subprocess.run([binary, f"--help={form}"], capture_output=True,
                          text=True, check=True).stdout


def options_of(binary: Path) -> set[str]:
    return set(re.findall(r"--[a-z][a-z0-9-]*", help_of(binary, "bash"))) \
        | {"--version"}


def test_every_step_has_a_manual_with_its_options(steps):
    result = subprocess.run([MANUALS, steps], capture_output=True, text=True)
    assert result.returncode == 0, f"run 'make manuals':\n{result.stdout}"


def test_every_manual_tells_each_exit_code(steps):
    """Whichever step asks a server may end with any of them."""
    missing = []
    for manual in sorted((ROOT / "steps").glob("*.md")):
        _, section = re.split(r"^## Exit codes$", manual.read_text(),
                              flags=re.M)
        section = section.split("\n## ")[0]
        codes = set(re.findall(r"(?:^|[ |])(0|1|2|3|75|129|130|143)(?=[ ,])",
                               section, re.M))
        missing += [f"{manual.name}: {code}" for code in
                    {"0", "1", "2", "3", "75", "129", "130", "143"} - codes]
    assert not missing, "\n".join(sorted(missing))


def test_secrets_of_all_steps_are_known(binaries):
    """What common/cli/opts_secrets.c keeps from every child."""
    text = (ROOT / "common/cli/opts_secrets.c").read_text()
    listed = re.search(r"secret_variables\[\] = \{(.*?)\};", text, re.S)[1]
    variables = {variable for binary in binaries for row in re.findall(
        r"^\| `--[a-z-]+-file PATH, .*? \| (.*?) \|", help_of(
            binary, "markdown"), re.M) for variable in re.findall(r"`(\w+)`",
                                                                 row)}
    assert variables == set(re.findall(r'"(\w+)"', listed))


def test_help_fits_a_terminal(binaries):
    wrong = [f"{binary.name}: {line}" for binary in binaries
             for line in help_of(binary, "text").splitlines()
             if len(line) > 80 or line != line.rstrip()]
    assert not wrong, "\n".join(wrong)


def test_help_lines_are_phrases(binaries):
    """Lower case but for names, no full stop."""
    names = ("AWS", "Grafana", "Helm", "Jira", "Kubernetes", "URL")
    wrong = [f"{binary.name}: {text}" for binary in binaries
             for text in re.findall(r"^\| `--.*\| (.*) \|$",
                                    help_of(binary, "markdown"), re.M)
             if text.endswith(".")
             or text[0].isupper() and not text.startswith(names)]
    assert not wrong, "\n".join(wrong)


def test_manual_pages_are_sound(installed, binaries):
    assert shutil.which("groff"), "groff is missing: tests/setup check"
    for binary in binaries:
        page = installed / f"share/man/man1/{binary.name}.1"
        result = subprocess.run(
            ["groff", "-man", "-Kutf8", "-Tutf8", "-ww", "-P-cbou", page],
            capture_output=True, text=True)
        assert (result.returncode, result.stderr) == (0, ""), binary.name
        for section in ("NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS",
                        "DESCRIPTION"):
            assert re.search(rf"^.*{section}$", result.stdout, re.M), section


def test_completions_are_bash(binaries, tmp_path):
    for binary in binaries:
        script = tmp_path / binary.name
        script.write_text(help_of(binary, "bash"))
        completed = subprocess.run(
            ["bash", "-c", f"""
                source {script}
                COMPREPLY=()
                $(complete -p {binary.name} |
                    sed 's/.*-F \\([^ ]*\\).*/\\1/') {binary.name} --outp x
                printf '%s\\n' "${{COMPREPLY[@]}}"
            """], capture_output=True, text=True, check=True)
        assert "--output" in completed.stdout.split(), completed.stderr


# --- options in documents and examples


def commands_in_text(text: str, step: str) -> list[str]:
    """What follows the name of @step on its (continued) line."""
    text = re.sub(r"\\\n\s*", " ", text)
    return re.findall(rf"(?<![\w./-]){step}(?![\w-])([^\n`|;&]*)", text)


def commands_in_yaml(text: str, step: str) -> list[str]:
    """command and args of containers that run @step."""
    found = []

    def look(node: object) -> None:
        if isinstance(node, dict):
            words = [*(node.get("command") or []), *(node.get("args") or [])] \
                if isinstance(node.get("command", []), list) \
                and isinstance(node.get("args", []), list) else []
            if step in map(str, words):
                found.append(" ".join(map(str, words)))
            for value in node.values():
                look(value)
        elif isinstance(node, list):
            for value in node:
                look(value)

    for document in yaml.safe_load_all(text):
        look(document)
    return found


def is_plain_yaml(path: Path) -> bool:
    return path.suffix in (".yaml", ".yml") and "((" not in path.read_text() \
        and "{{" not in path.read_text()


def documents() -> list[Path]:
    return [path for path in files()
            if name(path).startswith(("README", "pipeline-examples/",
                                      "container/", "steps/"))
            and path.suffix != ".c"]


def test_documents_use_options_that_exist(binaries):
    wrong = []
    for binary in binaries:
        known = options_of(binary)
        for path in documents():
            text = path.read_text()
            commands = commands_in_text(text, binary.name)
            if is_plain_yaml(path):
                commands += commands_in_yaml(text, binary.name)
            wrong += [f"{name(path)}: {binary.name} {option}"
                      for command in commands
                      for option in re.findall(
                          r"(?<![\w-])--[a-z][a-z0-9-]*", command)
                      if option not in known]
    assert not wrong, "\n".join(wrong)


def test_readme_names_every_step(binaries):
    text = (ROOT / "README.md").read_text()
    assert not [b.name for b in binaries if f"`{b.name}`" not in text]
    assert matching("README.md")


def install(root: Path, prefix: str, bin_dir: Path) -> Path:
    variant = bin_dir.parent.name
    subprocess.run(["make", "-s", "install", f"VARIANT={variant}",
                    f"DESTDIR={root}", f"PREFIX={prefix}"],
                   cwd=ROOT, check=True)
    return root / prefix[1:]


@pytest.fixture(scope="session")
def installed(tmp_path_factory, steps) -> Path:
    return install(tmp_path_factory.mktemp("root"), "/usr", steps)


def test_install(installed, binaries):
    files = {str(path.relative_to(installed)): path
             for path in installed.rglob("*") if path.is_file()}
    assert files.keys() == {
        path for step in (binary.name for binary in binaries)
        for path in (f"bin/{step}", f"share/man/man1/{step}.1",
                     f"share/bash-completion/completions/{step}")}
    for name, path in files.items():
        wanted = 0o755 if name.startswith("bin/") else 0o644
        assert path.stat().st_mode & 0o777 == wanted, name
