"""Debian's docker-registry: an OCI registry on the loopback, without TLS.

Open to all, or with one user, who logs in by password (basic()) or with
tokens that TokenServer hands out for it (.auth).
"""

from __future__ import annotations

import base64
import http.client
import json
import secrets
import subprocess
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import wait
from supervisor import Supervisor

BINARY = "/usr/bin/docker-registry"
USER, PASSWORD = "robot", "lab-password"
HTPASSWD = f"{USER}:$2b$04$tYprpuS2zDGB2vlNoBWa6OcGnpnfhkuK2AB7b3ycAo2nRyugy2/aS\n"      # of PASSWORD


class Registry:
    """A running server; start() makes one."""

    def __init__(self, supervisor: Supervisor, folder: Path,
                 auth: dict | None = None):
        self.supervisor, self.folder, self.auth = supervisor, folder, auth
        self.port = wait.free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.log = folder / "registry.log"

    def start(self) -> Registry:
        config = self.folder / "config.yml"
        # JSON is YAML; the lab runs without packages of Python.
        config.write_text(json.dumps({
            "version": 0.1,
            "storage": {"filesystem": {"rootdirectory": str(self.folder / "data")}},
            "http": {"addr": self.host, "secret": secrets.token_hex(8)},
            "log": {"accesslog": {"disabled": False}},
        } | ({"auth": self.auth} if self.auth else {})))
        self.process = self.supervisor.start(
            [BINARY, "serve", str(config)], log=self.log,
            env={"HOME": str(self.folder)})
        wait.until(self._ready, "docker-registry ready")
        return self

    def requests(self) -> list[str]:
        """ "PUT /v2/..." of all requests so far, in order."""
        words = [line.split('"')[1] for line in self.log.read_text().splitlines()
                 if '" ' in line and '] "' in line]
        return [line.rsplit(" ", 1)[0] for line in words if "/v2/ " not in line]

    def _ready(self) -> bool:
        self.process.check()
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=5)
        try:
            connection.request("GET", "/v2/")
            return connection.getresponse().status in (200, 401)
        finally:
            connection.close()


def basic(folder: Path) -> dict:
    """The auth of a registry where USER logs in with PASSWORD."""
    (folder / "htpasswd").write_text(HTPASSWD)
    return {"htpasswd": {"realm": "lab", "path": str(folder / "htpasswd")}}


class TokenServer:
    """Tokens for what USER asks for, and for reading "public/" for anybody."""

    service, issuer = "lab registry", "lab"

    def __init__(self, folder: Path):
        self.folder = folder
        self.scopes: list[str] = []
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
             "2", "-subj", "/CN=tokens", "-keyout", folder / "key.pem", "-out",
             folder / "cert.pem"], check=True, capture_output=True)
        der = subprocess.run(
            ["openssl", "x509", "-in", folder / "cert.pem", "-outform", "DER"],
            check=True, capture_output=True).stdout
        self._header = {"typ": "JWT", "alg": "RS256",
                        "x5c": [base64.b64encode(der).decode()]}
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_words: object) -> None:
                pass

            def do_GET(self) -> None:
                status, body = owner.answer(self.path, self.headers)
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,),
                         daemon=True).start()

    @property
    def auth(self) -> dict:
        return {"token": {
            "realm": f"http://127.0.0.1:{self._server.server_port}/token",
            "service": self.service, "issuer": self.issuer,
            "rootcertbundle": str(self.folder / "cert.pem")}}

    def answer(self, path: str, headers) -> tuple[int, dict]:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query)
        told = headers.get("Authorization")
        known = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if told not in (None, known) or query.get("service") != [self.service]:
            return 401, {"details": "who are you?"}
        access = []
        for scope in query.get("scope", []):
            self.scopes.append(scope)
            kind, name, actions = scope.split(":")
            granted = actions.split(",")
            if told is None:
                granted = ["pull"] if name.startswith("public/") else []
            access.append({"type": kind, "name": name, "actions": granted})
        return 200, {"token": self._token(access), "expires_in": 60}

    def close(self) -> None:
        self._server.shutdown()

    def _token(self, access: list) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": USER, "aud": self.service,
                  "exp": now + 60, "nbf": now - 60, "iat": now,
                  "jti": secrets.token_hex(8), "access": access}
        text = ".".join(_url64(json.dumps(part).encode())
                        for part in (self._header, claims))
        signature = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", self.folder / "key.pem"],
            input=text.encode(), check=True, capture_output=True).stdout
        return f"{text}.{_url64(signature)}"


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
