"""repo-audit, for test_every_call.py and test_every_byte.py: what an index leads
to is there whenever somebody looks, what is to stay keeps its bytes, and the next
run completes what a killed one began.  The scenarios are those of publishing.py.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import charts
import yaml

from publishing import ARCHIVE, SIGNATURE, Bucket, Files, signature_of, timeless

MARKS = ".slipway/audit/verified"
NOTES = ".slipway/audit/prune/"
OLD = {"web-1.1.0.tgz", "web-1.0.0.tgz", "web-1.0.0.tgz.prov"}


class Audited:
    """What any audit of a repository holds itself to."""

    program = "repo-audit"

    def name(self, repo: str) -> None:
        self.argv = ["--repo", repo, *self.options]

    def read(self) -> dict[str, bytes]:
        return {name: data for name, data in super().read().items() if name != MARKS}

    def learn(self) -> None:
        self.wanted = self.read()

    def is_done(self) -> bool:
        files = self.read()
        index = timeless(files)["index.yaml"]
        assert index in [timeless(known)["index.yaml"] for known in (self.before, self.wanted)]
        for name in {*self.before} & {*self.wanted} - {"index.yaml"}:
            assert files[name] == self.before[name], name
        self.judge(files, swapped=index == timeless(self.wanted)["index.yaml"])
        return timeless(files) == timeless(self.wanted)

    def heal(self, run) -> None:
        super().heal(run)
        run(self.program, *self.argv[:2], env=self.env)     # nothing is wrong


def check_entries(files: dict[str, bytes]) -> None:
    for entries in yaml.safe_load(files["index.yaml"])["entries"].values():
        for entry in entries:
            [name] = entry["urls"]
            assert hashlib.sha256(files[name]).hexdigest() == entry["digest"], name


class Repairing(Audited):
    """An orphan, an entry without its archive, and one that tells other things
    than its chart."""

    options = ("--repair",)
    charts = {"api": ["1.0.0"], "db": ["1.0.0"], "web": ["1.1.0", "1.0.0"]}

    def begin(self) -> dict[str, bytes]:
        files = super().begin()
        del files["web-1.0.0.tgz"]
        files["index.yaml"] = files["index.yaml"].replace(
            b"  api:\n  - apiVersion: v2\n", b"  api:\n  - apiVersion: v1\n")
        return files | {"lost-1.0.0.tgz": self.lost}

    def __init__(self, folder: Path):
        self.lost = charts.archive("lost", "1.0.0")
        super().__init__(folder)

    def judge(self, files: dict[str, bytes], swapped: bool) -> None:
        assert set(files) == set(self.before)
        if swapped:
            check_entries(files)

    def learn(self) -> None:
        super().learn()
        index = yaml.safe_load(self.wanted["index.yaml"])["entries"]
        assert {name: len(entries) for name, entries in index.items()} == \
            {"api": 1, "db": 1, "lost": 1, "web": 1}
        assert index["api"][0]["apiVersion"] == "v2"


class Pruning(Audited):
    options = ("--prune", "--keep", "1")
    charts = {"db": ["1.0.0"], "web": ["1.2.0", "1.1.0", "1.0.0"]}

    def begin(self) -> dict[str, bytes]:
        files = super().begin()
        digest = hashlib.sha256(files["web-1.0.0.tgz"]).hexdigest()
        signed = f"files:\n  web-1.0.0.tgz: sha256:{digest}\n"
        return files | {"web-1.0.0.tgz.prov": signed.encode()}

    def judge(self, files: dict[str, bytes], swapped: bool) -> None:
        """Whoever reads the index finds what it names."""
        check_entries(files)
        extra = {name for name in files if name not in self.before}
        assert all(name.startswith(NOTES) for name in extra), extra
        assert swapped or OLD <= set(files)
        assert not swapped or extra or not OLD & set(files), "nobody knows what is to go"

    def learn(self) -> None:
        super().learn()
        assert set(self.wanted) == {"index.yaml", "db-1.0.0.tgz", "web-1.2.0.tgz"}


class Copying:
    """A signed version of another repository to where publish-chart would put it."""

    program = "repo-audit"

    def __init__(self, folder: Path):
        self.source = charts.make_repository(folder / "source", {"web": ["1.0.0"]})
        signature = signature_of((self.source / ARCHIVE).read_bytes())
        (self.source / SIGNATURE).write_bytes(signature)
        super().__init__(folder)

    def name(self, repo: str) -> None:
        self.argv = ["--repo", f"file://{self.source}", "--copy-to", repo, "web@1.0.0"]

    def learn(self) -> None:
        super().learn()
        for name in (ARCHIVE, SIGNATURE):
            assert self.wanted[name] == (self.source / name).read_bytes()


class RepairingFiles(Repairing, Files):
    pass


class RepairingBucket(Repairing, Bucket):
    pass


class PruningFiles(Pruning, Files):
    pass


class PruningBucket(Pruning, Bucket):
    pass


class CopyingFiles(Copying, Files):
    pass


class CopyingBucket(Copying, Bucket):
    pass


AUDITING = (RepairingFiles, RepairingBucket, PruningFiles, PruningBucket, CopyingFiles,
            CopyingBucket)
