"""An OCI registry in memory, as the distribution specification has it, for who
brings a token.

    with Registry() as registry:
        run_step(..., "--repo", f"oci://{registry.host}/team", env=LOGIN)
        assert registry.tags[("team/web", "1.0.0")] == sha256(manifest)

A manifest is taken only if all of its blobs are there, a blob only if it has
the digest that was promised.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from urllib.parse import parse_qs, urlsplit

from scripted_oci import BASIC, MANIFEST_TYPE, TOKEN, sha256
from serving import Handler, Serving


class Registry(Serving):
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()
        super().__init__(_Handler)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def clear(self) -> None:
        with self._lock:
            self.blobs: dict[tuple[str, str], bytes] = {}   # repository, digest
            self.tags: dict[tuple[str, str], str] = {}      # repository, tag
            self.uploads: set[str] = set()
            self._names = itertools.count(1)

    def references(self, repository: str, manifest: bytes) -> list[tuple[str, str]]:
        """Where the blobs are that @manifest needs."""
        said = json.loads(manifest)
        return [(repository, part["digest"]) for part in (said["config"], *said["layers"])]

    def answer(self, method: str, repository: str, kind: str, rest: str,
               body: bytes) -> tuple[int, dict[str, str], bytes]:
        with self._lock:
            if kind == "manifests":
                return self._manifest(method, repository, rest, body)
            if rest.startswith("uploads/"):
                return self._upload(method, repository, rest.removeprefix("uploads/"), body)
            return self._give(self.blobs.get((repository, rest)), rest)

    def _give(self, data: bytes | None, digest: str, kind: str = "application/octet-stream"):
        if data is None:
            return _error(404, "BLOB_UNKNOWN")
        return 200, {"Docker-Content-Digest": digest, "Content-Type": kind}, data

    def _manifest(self, method: str, repository: str, reference: str, body: bytes):
        if method != "PUT":
            digest = self.tags.get((repository, reference), reference)
            return self._give(self.blobs.get((repository, digest)), digest, MANIFEST_TYPE)
        if any(blob not in self.blobs for blob in self.references(repository, body)):
            return _error(400, "MANIFEST_BLOB_UNKNOWN")
        self.blobs[(repository, sha256(body))] = body
        self.tags[(repository, reference)] = sha256(body)
        return 201, {"Docker-Content-Digest": sha256(body)}, b""

    def _upload(self, method: str, repository: str, rest: str, body: bytes):
        name, _, query = rest.partition("?")
        asked = parse_qs(query)
        if method == "POST":
            return self._begin(repository, asked.get("mount", [""])[0])
        if name not in self.uploads:
            return _error(404, "BLOB_UPLOAD_UNKNOWN")
        self.uploads.remove(name)
        if method == "DELETE":
            return 204, {}, b""
        if sha256(body) != asked["digest"][0]:
            return _error(400, "DIGEST_INVALID")
        self.blobs[(repository, sha256(body))] = body
        return 201, {"Docker-Content-Digest": sha256(body)}, b""

    def _begin(self, repository: str, mount: str):
        if (repository, mount) in self.blobs:
            return 201, {"Docker-Content-Digest": mount}, b""
        name = f"00000000-0000-4000-8000-{next(self._names):012x}"
        self.uploads.add(name)
        return 202, {"Location": f"/v2/{repository}/blobs/uploads/{name}?_state=x"}, b""


def _error(status: int, code: str) -> tuple[int, dict[str, str], bytes]:
    return status, {}, json.dumps({"errors": [{"code": code, "message": "words"}]}).encode()


class _Handler(Handler):
    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        status, headers, data = self._judge(body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _judge(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        address = urlsplit(self.path)
        if address.path == "/token":
            known = self.headers.get("Authorization") == BASIC
            return ((200, {}, json.dumps({"token": TOKEN}).encode()) if known
                    else _error(401, "UNAUTHORIZED"))
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            # at the address by which it was reached itself
            realm = f"http://{self.headers['Host']}/token"
            status, _, data = _error(401, "UNAUTHORIZED")
            return status, {"WWW-Authenticate": f'Bearer realm="{realm}",service="lab"'}, data
        match = re.fullmatch(r"/v2/(.+)/(manifests|blobs)/(.+)", self.path)
        return self.owner.answer(self.command, *match.groups(), body) if match else \
            _error(404, "NAME_UNKNOWN")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve
