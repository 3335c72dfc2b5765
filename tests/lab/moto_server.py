"""moto: AWS's IAM, STS and S3 in one server, which checks signatures, session
tokens and policies once enforce() was called."""

from __future__ import annotations

import http.client
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import wait
from supervisor import Supervisor

# Its threads race each other within a conditional write, which AWS's do not.
ONE_AT_A_TIME = """
import threading
from moto import server

lock = threading.Lock()
serve = server.DomainDispatcherApplication.__call__

def serve_alone(app, environ, start_response):
    with lock:
        return list(serve(app, environ, start_response))

server.DomainDispatcherApplication.__call__ = serve_alone
server.main()
"""
ANYBODY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}


@dataclass
class User:
    access_key: str
    secret_key: str


class Moto:
    """A running server; start() makes one."""

    region = "eu-central-1"

    def __init__(self, supervisor: Supervisor, folder: Path):
        self.supervisor, self.folder = supervisor, folder
        self.port = wait.free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"

    def start(self) -> Moto:
        self.process = self.supervisor.start(
            [sys.executable, "-c", ONE_AT_A_TIME, "-H", "127.0.0.1",
             "-p", str(self.port)],
            log=self.folder / "moto.log", env={"HOME": str(self.folder)})
        wait.until(self._ready, "moto ready")
        return self

    def reset(self) -> None:
        """Nothing is left, and nobody is asked who he is."""
        self._post("/moto-api/reset")
        self._post("/moto-api/reset-auth", "inf")

    def enforce(self, after: int = 0) -> None:
        """From now on, but for the next @after requests, rights count."""
        self._post("/moto-api/reset-auth", str(after))

    def relax(self) -> None:
        self._post("/moto-api/reset-auth", "inf")

    def client(self, service: str):
        import boto3

        return boto3.client(
            service, endpoint_url=self.endpoint, region_name=self.region,
            aws_access_key_id="lab", aws_secret_access_key="lab")

    def user(self, name: str, *actions: str) -> User:
        """A user with keys, who may do @actions."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="lab",
                            PolicyDocument=_policy(actions))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return User(key["AccessKeyId"], key["SecretAccessKey"])

    def role(self, name: str, *actions: str) -> str:
        """The ARN of a role that may do @actions and anybody may assume."""
        iam = self.client("iam")
        role = iam.create_role(RoleName=name,
                               AssumeRolePolicyDocument=json.dumps(ANYBODY))
        iam.put_role_policy(RoleName=name, PolicyName="lab",
                            PolicyDocument=_policy(actions))
        return role["Role"]["Arn"]

    def _post(self, path: str, body: str = "") -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=20)
        try:
            connection.request("POST", path, body,
                               {"Content-Type": "text/plain"})
            reply = connection.getresponse()
            assert reply.status == 200, (reply.status, reply.read())
        finally:
            connection.close()

    def _ready(self) -> bool:
        self.process.check()
        self._post("/moto-api/reset")
        return True


def _policy(actions: tuple[str, ...]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": list(actions), "Resource": "*"}]})
