"""publish-chart into real servers of the lab, for test_every_byte.py; scenarios as
in publishing.py, each in a bucket or a path of its own."""

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.request
from pathlib import Path

import gpg
from lab_fixtures import new_bucket, place
from publishing import CHART, EPOCH, Bucket, Files, PushedTag, write_all
from registry import Registry
from s3 import S3
from scripted_oci import MANIFEST_TYPE, sha256
from scripted_s3 import proof_at


class RealBucket(Bucket):
    def __init__(self, folder: Path, server: S3):
        Files.__init__(self, folder)
        self.bucket, self.port = new_bucket(server), server.port
        self.name(f"{self.bucket.url}/stable")
        self.reach(self.bucket.endpoint)

    def reach(self, url: str) -> None:
        self.url = url
        self.env |= self.bucket.env | {"AWS_ENDPOINT_URL": url}

    def proof(self) -> str:
        return proof_at(self.url, self.bucket.name)

    def reset(self) -> None:
        Files.reset(self)
        for key in self._keys():
            self.bucket.client.delete_object(Bucket=self.bucket.name, Key=key)
        for name, data in self.before.items():
            self.bucket.client.put_object(Bucket=self.bucket.name, Key=f"stable/{name}",
                                          Body=data)

    def _keys(self) -> list[str]:
        listed = self.bucket.client.list_objects_v2(Bucket=self.bucket.name)
        return [item["Key"] for item in listed.get("Contents", [])]

    def read(self) -> dict[str, bytes]:
        return {key.removeprefix("stable/"): self.bucket.client.get_object(
                    Bucket=self.bucket.name, Key=key)["Body"].read()
                for key in self._keys()}

    def close(self) -> None:
        pass


class RealTag(PushedTag):
    def __init__(self, folder: Path, server: Registry):
        self.server, self.port = server, int(server.host.split(":")[1])
        self.path = place(server).path
        self.chart = write_all(folder / "web", CHART)
        self.env = {"SOURCE_DATE_EPOCH": EPOCH} | gpg.pretend(folder)
        self.blobs: dict[str, bytes] = {}
        self.reach(f"http://{server.host}")

    def reach(self, url: str) -> None:
        host = url.removeprefix("http://")
        self.argv = [self.chart, "--repo", f"oci://{host}/{self.path}", *self.options]

    def reset(self) -> None:
        """Without a cache, its folder is all that the registry knows."""
        known = self.server.folder / "data/docker/registry/v2/repositories"
        shutil.rmtree(known / self.path, ignore_errors=True)

    def _get(self, rest: str) -> bytes | None:
        url = f"http://{self.server.host}/v2/{self.path}/web/{rest}"
        request = urllib.request.Request(url, headers={"Accept": MANIFEST_TYPE})
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            assert error.code == 404
            return None

    def read(self) -> dict[str, bytes | None]:
        """What the tag leads to, by digest; nothing if there is none."""
        manifest = self._get("manifests/1.0.0")
        if manifest is None:
            return {}
        said = json.loads(manifest)
        parts = [part["digest"] for part in (said["config"], *said["layers"])]
        return {sha256(manifest): manifest} | {
            digest: self._get(f"blobs/{digest}") for digest in parts}

    def learn(self) -> None:
        self.blobs = self.read()
        assert len(self.blobs) == 4     # the signature is the third layer

    def is_done(self) -> bool:
        there = self.read()
        assert there in ({}, self.blobs)
        assert all(sha256(data) == digest for digest, data in there.items())
        return bool(there)

    def heal(self, run) -> None:
        run(self.program, *self.argv, env=self.env)
        assert self.is_done()

    def close(self) -> None:
        pass
