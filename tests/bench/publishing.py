"""Publishing, against Helm, the aws CLI and plain compare-and-swap."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from faulty_proxy import FaultyProxy
from measuring import Case, Side, report
from registry import Registry
from s3 import BUCKET
from session import Lab

ENTRY = """\
  - annotations:
      category: Infrastructure
    apiVersion: v2
    appVersion: {version}
    created: "2026-01-01T00:00:00.123456789Z"
    dependencies:
    - name: common
      repository: https://charts.example.com/library
      tags:
      - library-common
      version: 2.x.x
    description: {name} is a part of the shop that keeps what its customers want.
    digest: {digest:064x}
    home: https://example.com/{name}
    icon: https://example.com/{name}/icon.png
    keywords:
    - shop
    - {name}
    maintainers:
    - email: team@example.com
      name: Team
    name: {name}
    sources:
    - https://git.example.com/shop/{name}
    urls:
    - https://charts.example.com/shop/{name}-{version}.tgz
    version: {version}
"""
VERSIONS = 10           # of each chart
LARGE, SMALL = 50000, 1000
TOGETHER = 100          # publishers at once
PLAIN = "plain/index.yaml"
SHARED = 100            # entries of an index that they share plainly
DELAY = 0.05            # seconds that a store takes for each request of many
AGE = 3600              # seconds; a file that was just written is hashed
MEMORY = "/dev/shm"     # a folder that is not on a disk
ARCHIVE = "storefront-1.0.0.tgz"


def write_index(path: Path, entries: int) -> Path:
    """An index as Helm writes it."""
    with path.open("w") as out:
        out.write("apiVersion: v1\nentries:\n")
        for number in range(entries // VERSIONS):
            name = f"app-{number:05d}"
            out.write(f"  {name}:\n")
            for minor in reversed(range(VERSIONS)):
                out.write(ENTRY.format(name=name, version=f"1.{minor}.0",
                                       digest=number * VERSIONS + minor))
        out.write('generated: "2026-01-01T00:00:00Z"\n')
    os.utime(path, (time.time() - AGE,) * 2)
    return path


class Publishing:
    """A bucket, a registry and folders to publish into."""

    TOGETHER_NAME = f"bytes of {TOGETHER} publishers / index"

    def __init__(self, work: Path, example: Path, steps: Path, helm: str,
                 env: dict[str, str]):
        self.work, self.helm, self.env = work / "publishing", helm, env
        self.publish = str(steps / "publish-chart")
        self.work.mkdir()
        self.chart = self.work / "storefront"
        shutil.copytree(example, self.chart)
        subprocess.run([self.publish, "--destination", self.work, "--version",
                        "1.0.0", self.chart], env=env, check=True,
                       capture_output=True)

    def __enter__(self) -> Publishing:
        self.lab = Lab()
        self.memory = tempfile.TemporaryDirectory(dir=MEMORY)
        self.client = boto3.client(
            "s3", endpoint_url=self.lab.s3.endpoint,
            region_name=self.lab.s3.region,
            aws_access_key_id=self.lab.s3.access_key,
            aws_secret_access_key=self.lab.s3.secret_key)
        return self

    def __exit__(self, *_failure: object) -> None:
        self.lab.close()
        self.memory.cleanup()

    def cases(self) -> list[Case]:
        in_memory = Registry(self.lab.supervisor, Path(self.memory.name))
        return [self.merging(), self.to_bucket(),
                self.to_registry("push to a registry", 3, in_memory.start()),
                self.to_registry("the same, its data on the disk", 0,
                                 self.lab.registry)]

    # --- one entry more in a large index ---

    def merging(self) -> Case:
        index = write_index(self.work / "large.yaml", LARGE)
        ours, theirs = (self._folder(name, index) for name in ("ours", "theirs"))
        return Case(
            f"merge into {LARGE:,} entries", 100,
            Side([self.publish, str(self.work / ARCHIVE), "--repo",
                  f"file://{ours}"], self.work,
                 before=lambda: self._refill(ours, index)),
            Side([self.helm, "repo", "index", str(theirs), "--merge",
                  str(theirs / "index.yaml")], self.work,
                 before=lambda: self._refill(theirs, index, ARCHIVE)),
            runs=1, resident=int(index.stat().st_size * 1.2) >> 10)

    def _folder(self, name: str, index: Path) -> Path:
        folder = self.work / name
        self._refill(folder, index)
        return folder

    def _refill(self, folder: Path, index: Path, *archives: str) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy2(index, folder / "index.yaml")
        for name in archives:
            shutil.copy2(self.work / name, folder)

    # --- a chart's folder to a bucket ---

    def to_bucket(self) -> Case:
        """The script has the index at hand; a real one downloads it first."""
        text = self._proved_index("stable", self.lab.s3.env)
        index = write_index(self.work / "small.yaml", SMALL)
        packed = self.work / "packed"
        aws = f"{sys.executable} {Path(sys.executable).with_name('aws')} s3 cp " \
            "--only-show-errors"
        script = (f"set -e; {self.helm} package {self.chart} --version 1.0.0 -d {packed}; "
                  f"{aws} {packed}/{ARCHIVE} s3://{BUCKET}/scripted/; "
                  f"{self.helm} repo index {packed} --merge {index}; "
                  f"{aws} {packed}/index.yaml s3://{BUCKET}/scripted/")
        return Case(
            "publish to S3, against a script", 20,
            Side([self.publish, str(self.chart), "--version", "1.0.0",
                  "--repo", f"s3://{BUCKET}/stable"], self.work,
                 before=lambda: self._reset_bucket("stable", text),
                 env=self.lab.s3.env),
            Side(["sh", "-c", script], self.work, [packed],
                 env=self.lab.s3.env), runs=5)

    def _proved_index(self, prefix: str, env: dict[str, str]) -> bytes:
        """Of a bucket that was found to honour conditions, at the address in
        @env."""
        index = write_index(self.work / "proved.yaml", SMALL)
        self._reset_bucket(prefix, index.read_bytes())
        self._run(self.chart, prefix, "0.0.1", env).communicate()
        return self.client.get_object(
            Bucket=BUCKET, Key=f"{prefix}/index.yaml")["Body"].read()

    def _run(self, chart: Path, prefix: str, version: str,
             env: dict[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.publish, str(chart), "--version", version, "--repo",
             f"s3://{BUCKET}/{prefix}"], env=self.env | env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE)

    def _reset_bucket(self, prefix: str, index: bytes) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=f"{prefix}/{ARCHIVE}")
        self.client.put_object(Bucket=BUCKET, Key=f"{prefix}/index.yaml",
                               Body=index)

    # --- an archive to a registry ---

    def to_registry(self, name: str, goal: float, registry: Registry) -> Case:
        place = f"oci://{registry.host}/charts"
        kept = [registry.folder / "data"]
        archive = str(self.work / ARCHIVE)
        return Case(name, goal,
                    Side([self.publish, archive, "--repo", place], self.work,
                         kept),
                    Side([self.helm, "push", archive, place, "--plain-http"],
                         self.work, kept))

    # --- many at once ---

    def compare_bytes(self) -> bool:
        """What goes over the wire until all of many publishers are done, as a
        multiple of the index: of plain ones it does not depend on its size,
        and gigabytes take long.  Theirs doubles meanwhile: its mean counts."""
        ours = self._helping()
        small = write_index(self.work / "shared.yaml", SHARED).read_bytes()
        return report(self.TOGETHER_NAME, ours, self._plainly(small), "  ", 20)

    def _helping(self) -> float:
        charts = [self._chart(number) for number in range(TOGETHER)]
        with self._slow_store() as proxy:
            env = self.lab.s3.env | {"AWS_ENDPOINT_URL": proxy.url}
            index = self._proved_index("together", env)
            proxy.moved = 0
            running = [self._run(chart, "together", "1.0.0", env)
                       for chart in charts]
            for child in running:
                told = child.communicate()[1]
                if child.returncode:
                    raise SystemExit(f"bench: a publisher failed:\n{told}")
            return proxy.moved / len(index)

    def _plainly(self, index: bytes) -> float:
        with self._slow_store() as proxy:
            self._swap_all(proxy.url, index)
            stored = self.client.head_object(Bucket=BUCKET, Key=PLAIN)
            mean = (len(index) + stored["ContentLength"]) / 2
            return proxy.moved / mean

    def _slow_store(self) -> FaultyProxy:
        return FaultyProxy(self.lab.s3.endpoint, 0, 0, delay=DELAY)

    def _chart(self, number: int) -> Path:
        chart = self.work / f"together-{number:03d}"
        chart.mkdir()
        (chart / "Chart.yaml").write_text(
            f"apiVersion: v2\nname: {chart.name}\nversion: 1.0.0\n")
        return chart

    def _swap_all(self, endpoint: str, text: bytes) -> None:
        """Read, add, write if nobody else did, else again at once: as
        publishers do who know of nothing else."""
        self.client.put_object(Bucket=BUCKET, Key=PLAIN, Body=text)
        client = boto3.client(
            "s3", endpoint_url=endpoint, region_name=self.lab.s3.region,
            aws_access_key_id=self.lab.s3.access_key,
            aws_secret_access_key=self.lab.s3.secret_key,
            config=Config(max_pool_connections=TOGETHER,
                          retries={"max_attempts": 1}))
        place = {"Bucket": BUCKET, "Key": PLAIN}

        def swap(number: int) -> None:
            entry = ENTRY.format(name=f"together-{number:03d}", version="1.0.0",
                                 digest=number).encode()
            while True:
                found = client.get_object(**place)
                changed = found["Body"].read() + entry
                try:
                    client.put_object(**place, Body=changed,
                                      IfMatch=found["ETag"])
                    return
                except ClientError as error:
                    if error.response["Error"]["Code"] not in (
                            "PreconditionFailed", "ConditionalRequestConflict"):
                        raise

        threads = [threading.Thread(target=swap, args=(number,))
                   for number in range(TOGETHER)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        entries = client.get_object(**place)["Body"].read().count(b"name: together-")
        if entries != TOGETHER:
            raise SystemExit(f"bench: plain compare-and-swap lost "
                             f"{TOGETHER - entries} entries")
