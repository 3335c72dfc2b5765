"""Each function through `helm template`: Helm's own output is expected.

For each function that the generator knows, calls that succeed are put into
the values of a chart, whose template hands them to tpl; the same template
and values go through `umbrella-render --file` with Helm's delimiters.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
from pathlib import Path

import pytest
import reference
import toolbox
from templates import CALLS, Writer

TEMPLATE = """\
{{- define "known" }}<{{ . }}>{{ end }}
{{- range $name, $text := .Values.calls }}
{{ $name }}: {{ tpl $text $.Values.data | quote }}
{{- end }}
"""
CHART = "apiVersion: v2\nname: functions\nversion: 1.0.0\n"

# What depends on the moment or on chance; tables fix the one, unit tests
# look at the form of the other.
CHANGING = {"now", "ago", "date", "dateInZone", "date_in_zone", "htmlDate",
            "htmlDateInZone", "uuidv4", "randInt", "shuffle", "encryptAES"}
CHANGES = re.compile(rf"\b({'|'.join(CHANGING)})\b")
WANTED = 2      # calls of each function
TRIES = 60              # of the second
TRIES_FOR_ONE = 1000    # few of decryptAES's have the password that goes with them


def text_of(values) -> str:
    """As JSON that is YAML, which joins no surrogates."""
    return json.dumps(values, ensure_ascii=False)


class Ours:
    """umbrella-render as an engine with Helm's delimiters."""

    def __init__(self, folder: Path, step: Path):
        self.folder, self.step = folder, step

    def render(self, calls: dict[str, str], data) -> str | None:
        values = {"calls": calls, "data": data}
        (self.folder / "values.json").write_text(text_of(values))
        (self.folder / "context.json").write_text(
            text_of({"Values": values}))
        (self.folder / "calls.yaml").write_text(TEMPLATE)
        result = subprocess.run(
            [self.step, "--file", "calls.yaml", "--context", "context.json",
             "--left-delim", "{{", "--right-delim", "}}", "--missing-key",
             "zero"], cwd=self.folder, capture_output=True, text=True,
            timeout=60, env={"PATH": "/usr/bin:/bin", "TZ": "UTC"})
        assert result.returncode in (0, 2), result.stderr
        self.error = result.stderr
        return result.stdout if result.returncode == 0 else None


def without_numbers(value):
    """Helm reads every number as a float, we as what it is."""
    if isinstance(value, dict):
        return {key: without_numbers(v) for key, v in value.items()}
    if isinstance(value, list):
        return [without_numbers(v) for v in value]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if is_number else value


def forms() -> dict[str, list[tuple[str, ...]]]:
    """The types that each function is called with."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for table in CALLS.values():
        for name, params in table:
            found.setdefault(name, []).append(params)
    return found


def working_calls(ours: Ours, writer: Writer, data) -> dict[str, str]:
    calls = {}
    for name, params in sorted(forms().items()):
        found = 0
        for tried in range(TRIES_FOR_ONE):
            if found == WANTED or (found and tried >= TRIES) or \
                    name in CHANGING | {"fail"}:
                break
            text = writer.action(
                writer.call_of(name, writer.rng.choice(params), 4))
            if CHANGES.search(text) or ours.render({"a": text}, data) is None:
                continue
            calls[f"{name}-{found}"] = text
            found += 1
        assert found or name in CHANGING | {"fail"}, \
            f"no call of '{name}' succeeds: {text}: {ours.error}"
    return calls


@pytest.mark.timeout(600)
def test_each_function_gives_what_helm_gives(tmp_path: Path, steps: Path):
    writer = Writer(random.Random(reference.seed()), "{{", "}}")
    data = without_numbers(writer.data())
    data["a"], data["name"] = {"k": "v", "é": ["x"]}, "web"
    writer.templates = ["known"]
    ours = Ours(tmp_path, steps / "umbrella-render")
    calls = working_calls(ours, writer, data)
    mine = ours.render(calls, data)
    chart = tmp_path / "functions"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text(CHART)
    (chart / "templates" / "calls.yaml").write_text(TEMPLATE)
    helm = subprocess.run(
        [toolbox.helm4(), "template", "r", chart, "-f",
         tmp_path / "values.json", "--debug"], capture_output=True, text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TZ": "UTC"})
    theirs = helm.stdout.partition("# Source: functions/templates/calls.yaml")[2]
    assert theirs, helm.stderr[-3000:]
    for line, other in zip(mine.strip().splitlines(),
                           theirs.strip().splitlines(), strict=True):
        assert line == other, calls.get(line.partition(":")[0])
