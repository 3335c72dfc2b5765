"""Driving a module of the library through a program of tests/drivers.

    [answer] = drive("http", {"requests": [{"method": "GET", "url": url}]})

The script goes to standard input; each line of the output is one answer, the
bytes of a body decoded.
"""

from __future__ import annotations

import base64
import json
import shlex
from pathlib import Path
from typing import Any

from runner import Runner, Running


class Driver:
    def __init__(self, runner: Runner, folder: Path):
        self.runner, self.folder = runner, folder
        self.log = ""       # the standard error of the last run

    def __call__(self, name: str, script: dict, **options: Any) -> list[dict]:
        result = self.runner.run(self.folder / name, input=json.dumps(script),
                                 **options)
        self.log = result.err
        return [_answer(line) for line in result.out.splitlines()]

    def start(self, name: str, script: dict, **options: Any) -> Running:
        """Without waiting; the whole script is there from the start."""
        path = self.runner.folder.parent / f"script{len(self.runner.started)}"
        path.write_text(json.dumps(script))
        program, script_file = map(shlex.quote, (f"{self.folder / name}", f"{path}"))
        return self.runner.start(
            "/bin/sh", "-c", f"exec {program} < {script_file}", **options)


def _answer(line: str) -> dict:
    answer = json.loads(line)
    if "body" in answer:
        answer["body"] = base64.b64decode(answer["body"])
    return answer
