"""Two S3 servers of independent make, whose conditional writes are real:
MinIO, and versitygw over a folder.
"""

from __future__ import annotations

import http.client
import secrets
from pathlib import Path

import toolbox
import wait
from supervisor import Supervisor

BUCKET = "lab"          # is there from the start


class S3:
    """A running server; start() of one of its kinds makes one."""

    name: str
    ready_path: str         # answers 200 when the server is ready
    region = "us-east-1"

    def __init__(self, supervisor: Supervisor, folder: Path):
        self.supervisor, self.folder = supervisor, folder
        self.port = wait.free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.access_key = "lab" + secrets.token_hex(8)
        self.secret_key = secrets.token_hex(20)

    def start(self) -> S3:
        # a folder that is there at the start is a bucket
        (self.folder / "data" / BUCKET).mkdir(parents=True)
        self.process = self.supervisor.start(
            [str(toolbox.find(self.name, self.name)), *self._arguments()],
            log=self.folder / f"{self.name}.log",
            env={"HOME": str(self.folder), **self._environment()})
        wait.until(self._ready, f"{self.name} ready")
        return self

    def _arguments(self) -> list[str]:
        raise NotImplementedError

    def _environment(self) -> dict[str, str]:
        raise NotImplementedError

    def stop(self) -> None:
        self.process.stop()

    @property
    def env(self) -> dict[str, str]:
        """What the AWS SDKs, and our steps, read."""
        return {"AWS_ACCESS_KEY_ID": self.access_key,
                "AWS_SECRET_ACCESS_KEY": self.secret_key,
                "AWS_REGION": self.region,
                "AWS_ENDPOINT_URL": self.endpoint}

    def client(self):
        """A boto3 client with this server's keys."""
        import boto3    # here, because the demo does without it

        return boto3.client(
            "s3", endpoint_url=self.endpoint, region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key)

    def _ready(self) -> bool:
        self.process.check()
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=5)
        try:
            connection.request("GET", self.ready_path)
            return connection.getresponse().status == 200
        finally:
            connection.close()


class MinIO(S3):
    name = "minio"
    ready_path = "/minio/health/ready"

    def _arguments(self) -> list[str]:
        return ["server", "--quiet", "--address", f"127.0.0.1:{self.port}",
                "--console-address", f"127.0.0.1:{wait.free_port()}",
                str(self.folder / "data")]

    def _environment(self) -> dict[str, str]:
        return {"MINIO_BROWSER": "off", "MINIO_UPDATE": "off",
                "MINIO_ROOT_USER": self.access_key,
                "MINIO_ROOT_PASSWORD": self.secret_key}


class VersityGW(S3):
    name = "versitygw"
    ready_path = "/health"

    def _arguments(self) -> list[str]:
        # needs a file system with extended attributes: with a sidecar folder
        # for them an object and its ETag are not replaced together, and
        # swaps get lost
        return ["--quiet", "--keep-alive", "--port", f"127.0.0.1:{self.port}",
                "--health", self.ready_path, "--region", self.region,
                "posix", str(self.folder / "data")]

    def _environment(self) -> dict[str, str]:
        return {"ROOT_ACCESS_KEY": self.access_key,
                "ROOT_SECRET_KEY": self.secret_key}
