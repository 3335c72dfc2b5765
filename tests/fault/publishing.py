"""publish-chart into repositories of each kind, for test_every_call.py and
test_every_byte.py: what is in one is as before or as after, an entry leads to
what it names, and the next run makes of it what a run in peace makes.

Each scenario has reset(): the repository as before; learn(): a run in peace
has ended, such it is to be; is_done(): is it entered? with all that must hold
at any time asserted; litter(): what only a killed run may leave; and heal(run).
reach(url) sets by which address its server is asked.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import yaml

import charts
import gpg
from published import package
from scripted_chartmuseum import ChartMuseum
from scripted_oci import LOGIN, sha256
from scripted_registry import Registry
from scripted_s3 import ScriptedS3, proof_at

TEMPORARY = re.compile(r"\.(slipway-[0-9a-f]{16}\.tmp|rendering-\w{6})$")
# What a run in peace makes anew each time.
TIMES = re.compile(rb"(created|generated|slipway/conditional-writes-\w+): .*")
EPOCH = "1700000000"
ARCHIVE, SIGNATURE = "web-1.0.0.tgz", "web-1.0.0.tgz.prov"
CHART = {"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
         "values.yaml": "image: {tag: old}\n", "templates/x.yaml": "{{ .Values }}\n"}


def write_all(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def read_all(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def signature_of(archive: bytes) -> bytes:
    """What says so of it, in the form of a provenance."""
    return b"files:\n  %s: sha256:%s\n" % (
        ARCHIVE.encode(), hashlib.sha256(archive).hexdigest().encode())


def timeless(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: TIMES.sub(b"", data) for name, data in files.items()}


class Files:
    """Into a folder that has an index already."""

    program = "publish-chart"
    options: tuple[str, ...] = ()
    charts = {"db": ["1.0.0"]}      # that are there

    def __init__(self, folder: Path):
        self.chart = write_all(folder / "web", CHART)
        self.repository = folder / "repository"
        self.env = {"SOURCE_DATE_EPOCH": EPOCH}
        if "--sign" in self.options:
            self.env |= gpg.pretend(folder)
        self.first = read_all(charts.make_repository(folder / "first", self.charts))
        self.before: dict[str, bytes] = {}
        self.wanted: dict[str, bytes] = {}
        self.name(f"file://{self.repository}")

    def name(self, repo: str) -> None:
        self.argv = [self.chart, "--repo", repo, *self.options]

    # --- the repository ---

    def begin(self) -> dict[str, bytes]:
        """What is there before."""
        return dict(self.first)

    def reset(self) -> None:
        self.before = self.begin()
        shutil.rmtree(self.repository, ignore_errors=True)
        self.repository.mkdir()
        for name, data in self.before.items():
            (self.repository / name).write_bytes(data)

    def read(self) -> dict[str, bytes]:
        return {name: data for name, data in read_all(self.repository).items()
                if not TEMPORARY.search(name) and name != ".index.lock"}

    def litter(self) -> list[str]:
        return [name for name in read_all(self.repository) if TEMPORARY.search(name)]

    def held(self) -> list[str]:
        """What keeps others from their work, or is in nobody's way."""
        return []

    def close(self) -> None:
        pass

    # --- what must hold ---

    def learn(self) -> None:
        self.wanted = self.read()
        assert {ARCHIVE, "index.yaml"} <= set(self.wanted)

    def is_done(self) -> bool:
        files = self.read()
        assert set(files) <= {*self.before, *self.wanted}
        assert files["db-1.0.0.tgz"] == self.before["db-1.0.0.tgz"]
        entries = self._entries(files)
        assert set(entries) <= {"db", "web"}
        assert entries["db"] == self._entries(self.before)["db"], "another's entry"
        self.judge_archive(files)
        self.judge_signature(files)
        return self.is_entered(files, entries.get("web", []))

    @staticmethod
    def _entries(files: dict[str, bytes]) -> dict:
        return yaml.safe_load(files["index.yaml"])["entries"]

    def judge_archive(self, files: dict[str, bytes]) -> None:
        assert files.get(ARCHIVE) in (self.before.get(ARCHIVE), self.wanted[ARCHIVE]), \
            "the archive is not whole"

    def judge_signature(self, files: dict[str, bytes]) -> None:
        """It is whole, and none lies beside what it does not sign."""
        if signature := files.get(SIGNATURE):
            assert signature in (self.before.get(SIGNATURE), self.wanted.get(SIGNATURE))
            assert hashlib.sha256(files[ARCHIVE]).hexdigest().encode() in signature

    def is_entered(self, files: dict[str, bytes], entries: list[dict]) -> bool:
        if not entries:
            assert files["index.yaml"] == self.before["index.yaml"]
            return False
        [entry] = entries
        assert entry["urls"] == [ARCHIVE]
        assert hashlib.sha256(files[ARCHIVE]).hexdigest() == entry["digest"]
        assert (SIGNATURE in files) == (SIGNATURE in self.wanted)
        return True

    def heal(self, run) -> None:
        run(self.program, *self.argv, env=self.env)
        assert self.is_done()
        there, wanted = timeless(self.read()), timeless(self.wanted)
        assert there == wanted, {name: (there.get(name), wanted.get(name))
                                 for name in {*there, *wanted}
                                 if there.get(name) != wanted.get(name)}


class Replacing:
    """The same over another archive of that version, which is signed."""

    options = ("--if-exists", "replace")
    charts = {"db": ["1.0.0"], "web": ["1.0.0"]}

    def begin(self) -> dict[str, bytes]:
        files = super().begin()
        return files | {SIGNATURE: signature_of(files[ARCHIVE])}

    def is_entered(self, files: dict[str, bytes], entries: list[dict]) -> bool:
        """The old entry may be of an archive that is gone: see the manual."""
        [entry] = entries
        if entry["digest"] != hashlib.sha256(self.wanted[ARCHIVE]).hexdigest():
            assert TIMES.sub(b"", files["index.yaml"]) == \
                TIMES.sub(b"", self.before["index.yaml"])
            return False
        return super().is_entered(files, entries)


class ReplacingFiles(Replacing, Files):
    pass


class SigningFiles(Files):
    options = ("--sign",)


class Bucket(Files):
    """Into a bucket, on a store that was proved."""

    proved = True

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.server = ScriptedS3()
        self.port = self.server.port
        self.name("s3://bucket/stable")
        self.reach(self.server.url)

    def reach(self, url: str) -> None:
        self.url = url
        self.env |= self.server.env | {"AWS_ENDPOINT_URL_S3": url}

    def proof(self) -> str:
        return proof_at(self.url)

    def begin(self) -> dict[str, bytes]:
        files = super().begin()
        if self.proved:
            files["index.yaml"] = (f"annotations:\n  {self.proof()}: '2026'\n".encode()
                                   + files["index.yaml"])
        return files

    def reset(self) -> None:
        super().reset()
        self.server.objects.clear()
        self.server.forget()
        for name, data in self.before.items():
            self.server.put(f"stable/{name}", data)

    def read(self) -> dict[str, bytes]:
        return {key.removeprefix("stable/"): item.body
                for key, item in self.server.objects.items()}

    def litter(self) -> list[str]:
        return []

    def left(self, part: str) -> list[str]:
        """What nobody has asked to be deleted; a write that was given up may
        come later than that."""
        asked = {seen.key for seen in self.server.requests if seen.method == "DELETE"}
        return [key for key in self.server.objects if part in key and key not in asked]

    def close(self) -> None:
        self.server.close()


class NewBucket(Bucket):
    """Into a bucket whose conditions must be proved first."""

    proved = False

    def read(self) -> dict[str, bytes]:
        """But for probes: a killed run leaves some, and no reader looks there."""
        return {name: data for name, data in super().read().items()
                if not name.startswith(".slipway/probe/")}

    def held(self) -> list[str]:
        return self.left("/probe/")


class LockedBucket(Bucket):
    """Under a lock object, which that of a dead publisher does not hold up."""

    options = ("--lock", "object")

    def read(self) -> dict[str, bytes]:
        return {name: data for name, data in super().read().items()
                if not name.startswith(".slipway/lock/")}

    def held(self) -> list[str]:
        return self.left("/lock/")

    def heal(self, run) -> None:
        """As it is found two minutes later."""
        for item in self.server.objects.values():
            item.modified -= 125
        super().heal(run)
        assert not [key for key in self.server.objects if "/lock/" in key]


class ReplacingBucket(Replacing, Bucket):
    pass


class SigningBucket(Bucket):
    options = ("--sign",)


class ResigningBucket(Replacing, Bucket):
    options = ("--sign", "--if-exists", "replace")


class Museum(Files):
    """Into ChartMuseum, which makes its index of what it has."""

    options = ("--sign",)

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.server = ChartMuseum()
        self.port = self.server.port
        self.reach(self.server.url)

    def reach(self, url: str) -> None:
        self.name(f"{url}/org")

    def reset(self) -> None:
        super().reset()
        self.server.requests.clear()
        self.server.charts = {"org": {"db-1.0.0.tgz": self.before["db-1.0.0.tgz"]}}
        self.server.provenances.clear()

    def read(self) -> dict[str, bytes]:
        signed = {f"{name}.prov": data
                  for (_, name), data in self.server.provenances.items()}
        return self.server.charts["org"] | signed

    def litter(self) -> list[str]:
        return []

    def learn(self) -> None:
        self.wanted = self.read()
        assert {ARCHIVE, SIGNATURE} <= set(self.wanted)

    def is_done(self) -> bool:
        files = self.read()
        assert {"db-1.0.0.tgz"} <= set(files) <= {"db-1.0.0.tgz", *self.wanted}
        self.judge_archive(files)
        self.judge_signature(files)
        return set(files) == set(self.wanted)

    def close(self) -> None:
        self.server.close()


class ReplacingMuseum(Museum):
    options = ("--if-exists", "replace")

    def reset(self) -> None:
        super().reset()
        self.before[ARCHIVE] = package("web", description="the old one")
        self.server.charts["org"][ARCHIVE] = self.before[ARCHIVE]

    def learn(self) -> None:
        self.wanted = self.read()
        assert self.wanted[ARCHIVE] != self.before[ARCHIVE]

    def is_done(self) -> bool:
        return super().is_done() and self.read() == self.wanted


class PushedTag:
    """Into a registry that knows who may push by a token."""

    program = "publish-chart"
    options: tuple[str, ...] = ("--sign",)

    def __init__(self, folder: Path):
        self.server = Registry()
        self.port = self.server.port
        self.chart = write_all(folder / "web", CHART)
        self.env = {"SOURCE_DATE_EPOCH": EPOCH} | LOGIN | gpg.pretend(folder)
        self.old, self.wanted = "", ""      # what the tag leads to
        self.reach(self.server.url)

    def reach(self, url: str) -> None:
        host = url.removeprefix("http://")
        self.argv = [self.chart, "--repo", f"oci://{host}/team", *self.options]

    def reset(self) -> None:
        self.server.clear()

    def learn(self) -> None:
        [((repository, tag), self.wanted)] = self.server.tags.items()
        assert (repository, tag) == ("team/web", "1.0.0")
        self.blobs = dict(self.server.blobs)

    def is_done(self) -> bool:
        """A tag leads to a manifest all of whose blobs are there, and whole."""
        server = self.server
        for (_, digest), data in server.blobs.items():
            assert sha256(data) == digest
        for (repository, _), digest in server.tags.items():
            assert digest in (self.old, self.wanted)
            manifest = server.blobs[(repository, digest)]
            assert set(server.references(repository, manifest)) <= set(server.blobs)
        assert set(server.tags) <= {("team/web", "1.0.0")}
        return server.tags.get(("team/web", "1.0.0")) == self.wanted

    def litter(self) -> list[str]:
        return []

    held = litter

    def heal(self, run) -> None:
        run(self.program, *self.argv, env=self.env)
        assert self.is_done() and self.server.blobs == self.blobs

    def close(self) -> None:
        self.server.close()


class MovedTag(PushedTag):
    """Over the same version of another build."""

    options = ("--if-exists", "replace")

    def reset(self) -> None:
        super().reset()
        config = b'{"name":"web","version":"1.0.0"}'
        manifest = (b'{"schemaVersion":2,"config":{"digest":"%s"},"layers":[]}'
                    % sha256(config).encode())
        self.old = sha256(manifest)
        self.server.blobs = {("team/web", sha256(data)): data for data in (config, manifest)}
        self.server.tags = {("team/web", "1.0.0"): self.old}


PUBLISHING = (Files, ReplacingFiles, SigningFiles, Bucket, NewBucket, LockedBucket,
              ReplacingBucket, SigningBucket, ResigningBucket, Museum, ReplacingMuseum,
              PushedTag, MovedTag)
