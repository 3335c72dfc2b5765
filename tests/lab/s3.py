"""MinIO: an S3 server whose conditional writes are the real ones."""

from __future__ import annotations

import http.client
import secrets
from pathlib import Path

import toolbox
import wait
from supervisor import Supervisor

BUCKET = "lab"          # is there from the start


class S3:
    """A running server; start() makes one."""

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
            [str(toolbox.find("minio", "minio")), "server", "--quiet",
             "--address", f"127.0.0.1:{self.port}",
             "--console-address", f"127.0.0.1:{wait.free_port()}",
             str(self.folder / "data")],
            log=self.folder / "minio.log",
            env={"HOME": str(self.folder), "MINIO_BROWSER": "off",
                 "MINIO_UPDATE": "off",
                 "MINIO_ROOT_USER": self.access_key,
                 "MINIO_ROOT_PASSWORD": self.secret_key})
        wait.until(self._ready, "MinIO ready")
        return self

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
            connection.request("GET", "/minio/health/ready")
            return connection.getresponse().status == 200
        finally:
            connection.close()
