"""What a release is told by, for test_every_call.py: grafana-annotate, with a
mark in its spool that an earlier run has kept, and changelog."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import records
from scripted_grafana import TOKEN, ScriptedGrafana, grafana_state

TEMPORARY = re.compile(r"\.tmp$")
START_MS = 1795341600000


def fragments(folder: Path, suffix: str = ".json") -> list[dict]:
    """The files that have their final names: all of them are whole."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob(f"*{suffix}"))]


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("*") if TEMPORARY.search(path.name)] + \
        [path.name for path in folder.glob(".slipway-*")]


class Marking:
    """One mark to be made, one to be sent: neither is lost or made twice."""

    program = "grafana-annotate"

    def __init__(self, folder: Path):
        self.server = ScriptedGrafana()
        self.server.start()
        self.spool = folder / "spool"
        self.argv = ["--text", "now", "--start", "2026-11-22T12:00:00Z", "--spool", self.spool]
        self.env = {"GRAFANA_URL": self.server.url, "GRAFANA_TOKEN": TOKEN}

    def reset(self) -> None:
        self.server.clear()
        self.server.state.update(grafana_state())
        shutil.rmtree(self.spool, ignore_errors=True)
        self.spool.mkdir()
        (self.spool / "mark-0123456789abcdef.json").write_text(json.dumps({
            "version": 1, "url": self.server.url, "line": "release: earlier",
            "tags": ["deploy"], "text": "earlier\nrelease: earlier",
            "time": START_MS, "timeEnd": START_MS}))

    def learn(self) -> None:
        assert self.in_grafana() == {"now": 1, "earlier": 1} and not self.kept()

    @staticmethod
    def _titles(marks: list[dict]) -> Counter:
        return Counter(mark["text"].splitlines()[0] for mark in marks)

    def in_grafana(self) -> Counter:
        return self._titles(self.server.state["annotations"])

    def kept(self) -> Counter:
        return self._titles(fragments(self.spool))

    def is_done(self) -> bool:
        """The mark is made, or kept; the other is where it was or is made."""
        made, kept = self.in_grafana(), self.kept()
        assert max([0, *made.values(), *kept.values()]) <= 1, "a mark is there twice"
        assert made["earlier"] or kept["earlier"], "the kept mark is lost"
        assert not list(self.spool.glob("*.refused"))
        assert TOKEN not in "".join(path.read_text() for path in self.spool.iterdir())
        return bool(made["now"] or kept["now"])

    def litter(self) -> list[str]:
        return left_over(self.spool)

    def held(self) -> list[str]:
        return []

    def heal(self, run) -> None:
        run(self.program, *self.argv, env=self.env)
        self.learn()

    def close(self) -> None:
        self.server.stop()


class Story:
    """changelog of a range, into the record: all of it or nothing."""

    program = "changelog"

    def __init__(self, folder: Path):
        self.repository, self.record = folder / "repository", folder / "record"
        self.repository.mkdir()
        self._git("init", "-q", "-b", "main")
        for message in ("before", "SHOP-1: take vouchers", "Fix the basket", "SHOP-2: faster"):
            self._git("commit", "-q", "--allow-empty", "-m", message)
        self.argv = ["--app", "web", "--range", "HEAD~3..HEAD", "--git-dir", self.repository,
                     "--record", self.record]
        self.env: dict[str, str] = {}
        self.told: dict | None = None

    def _git(self, *args: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *args],
                       cwd=self.repository, check=True, capture_output=True)

    def reset(self) -> None:
        shutil.rmtree(self.record, ignore_errors=True)

    def _found(self) -> list[dict]:
        found = fragments(self.record)
        for fragment in found:
            records.validate(fragment)
        return [fragment["changelog"] for fragment in found if "changelog" in fragment]

    def learn(self) -> None:
        (self.told,) = self._found()
        assert "take vouchers" in json.dumps(self.told)

    def is_done(self) -> bool:
        found = self._found()
        assert all(one == self.told for one in found), "a part of the changelog"
        return bool(found)

    def litter(self) -> list[str]:
        return left_over(self.record)

    def held(self) -> list[str]:
        return []

    def heal(self, run) -> None:
        run(self.program, *self.argv, env=self.env)
        assert self.is_done()

    def close(self) -> None:
        pass
