"""ChartMuseum's documented API, with charts in memory.

    with ChartMuseum(context="/v1") as museum:
        run_step("publish-chart", chart, "--repo", museum.repo("org/team"))
        assert museum.charts["org/team"]["web-1.0.0.tgz"] == ...

Behaves as ChartMuseum 0.16's README and handlers say: POST answers 201, or
409 where that file is there, unless the server lets it be overwritten
(@overwrite: always, "force": with ?force, None: never); the index is made of
what is there; GET of a version finds 1.0.0+b for 1.0.0+a, too.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
import urllib.parse

import yaml

from scripted_http import Reply, Request, ScriptedHttp


def _json(status: int, **body: object) -> Reply:
    return Reply(status, json.dumps(body).encode())


class ChartMuseum(ScriptedHttp):
    def __init__(self, *first, context: str = "", overwrite: str | None = "force",
                 authorization: str | None = None):
        super().__init__(*first)
        self.context, self.overwrite = context, overwrite
        self.authorization = authorization
        self.charts: dict[str, dict[str, bytes]] = {}
        self.provenances: dict[tuple[str, str], bytes] = {}
        self.always(self.answer)

    def repo(self, path: str = "") -> str:
        return f"{self.url}{self.context}{'/' + path if path else ''}"

    def answer(self, request: Request) -> Reply:
        if self.authorization and request.header("Authorization") != self.authorization:
            return _json(401, error="unauthorized")
        path, _, query = request.path.partition("?")
        path = urllib.parse.unquote(path)
        if not path.startswith(self.context + "/"):
            return _json(404, error="not found")
        path = path[len(self.context) + 1:]
        if path.startswith("api/"):
            return self._api(request, path.removeprefix("api/"), query)
        return self._read(path)

    def _api(self, request: Request, path: str, query: str) -> Reply:
        if path.endswith("prov") and request.method == "POST":
            return self._post_provenance(path.removesuffix("prov").strip("/"), request.body)
        repo, found, rest = ("/" + path + "/").partition("/charts/")
        repo = repo.strip("/")
        if not found:
            return _json(404, error="not found")
        if request.method == "POST" and not rest:
            return self._post(repo, request.body, "force" in query)
        name, version = rest.strip("/").split("/")
        return self._look_up(repo, name, version)

    def _post(self, repo: str, body: bytes, force: bool) -> Reply:
        metadata = _metadata(body)
        file = f"{metadata['name']}-{metadata['version']}.tgz"
        charts = self.charts.setdefault(repo, {})
        may = self.overwrite == "always" or (self.overwrite == "force" and force)
        if file in charts and not may:
            return _json(409, error="file already exists")
        charts[file] = body
        return _json(201, saved=True)

    def _post_provenance(self, repo: str, body: bytes) -> Reply:
        """Its name is that of the archive in it, ".prov" added."""
        found = re.search(rb"^  (\S+\.tgz): sha256:", body, re.M)
        if not found:
            return _json(400, error="bad provenance")
        self.provenances[(repo, found[1].decode())] = body
        return _json(201, saved=True)

    def _look_up(self, repo: str, name: str, version: str) -> Reply:
        entries = self._entries(repo).get(name, [])
        for same in (lambda a: a == version,
                     lambda a: a.split("+")[0] == version.split("+")[0]):
            for entry in entries:
                if same(entry["version"]):
                    return _json(200, **entry)
        return _json(404, error=f"no chart version found for {name}-{version}")

    def _read(self, path: str) -> Reply:
        repo, _, file = path.rpartition("/")
        if file == "index.yaml":
            info = {"contextPath": self.context} if self.context else {}
            return Reply(200, yaml.safe_dump(
                {"apiVersion": "v1", "entries": self._entries(repo),
                 "generated": "2026-01-01T00:00:00Z", "serverInfo": info}).encode())
        repo = repo.removesuffix("charts").strip("/")
        body = (self.charts.get(repo, {}).get(file)
                or self.provenances.get((repo, file.removesuffix(".prov"))))
        return Reply(200, body) if body else _json(404, error="not found")

    def _entries(self, repo: str) -> dict[str, list[dict]]:
        entries: dict[str, list[dict]] = {}
        for file, body in self.charts.get(repo, {}).items():
            metadata = _metadata(body)
            entries.setdefault(metadata["name"], []).append(metadata | {
                "urls": [f"charts/{file}"], "created": "2026-01-01T00:00:00Z",
                "digest": hashlib.sha256(body).hexdigest()})
        return entries


def _metadata(archive: bytes) -> dict:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive))) as tar:
        member = next(m for m in tar if m.name.count("/") == 1
                      and m.name.endswith("/Chart.yaml"))
        return yaml.safe_load(tar.extractfile(member))
