"""Toxiproxy: links to a server that its "toxics" make slow, unsteady or broken.

    with lab.toxiproxy.link(server.port) as link:
        run_step(..., env={"AWS_ENDPOINT_URL": link.url})       # in peace
        link.add("latency", latency=100, jitter=50)
        link.add("reset_peer", UPSTREAM, toxicity=0.2, timeout=20)
        ...
        link.heal()

A toxic takes hold of the connections that there are and of all later ones, or of
a part of them (toxicity), as chance will have it at the start of each.  What
kinds there are and what they take is in Toxiproxy's README.
"""

from __future__ import annotations

import http.client
import itertools
import json
from pathlib import Path
from typing import Any, Self

import toolbox
import wait
from supervisor import Supervisor

UPSTREAM, DOWNSTREAM = STREAMS = "upstream", "downstream"   # requests, answers


class Toxiproxy:
    """A running server; start() makes one."""

    def __init__(self, supervisor: Supervisor, folder: Path):
        self.supervisor, self.folder = supervisor, folder
        self.port = wait.free_port()
        self._numbers = itertools.count(1)

    def start(self) -> Toxiproxy:
        self.process = self.supervisor.start(
            [str(toolbox.find("toxiproxy", "toxiproxy")), "-host", "127.0.0.1",
             "-port", str(self.port)],
            log=self.folder / "toxiproxy.log", env={"HOME": str(self.folder)})
        wait.until(self._ready, "toxiproxy ready")
        return self

    def link(self, port: int) -> Link:
        """To the server at that port of the loopback."""
        return Link(self, f"link-{next(self._numbers)}", port)

    def ask(self, method: str, path: str, body: dict | None = None) -> Any:
        """The answer of its API, which must be one of success."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, json.dumps(body) if body else None)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text!r}")
        return json.loads(text) if text else None

    def _ready(self) -> bool:
        self.process.check()
        return bool(self.ask("GET", "/version"))


class Link:
    def __init__(self, server: Toxiproxy, name: str, port: int):
        self._server, self._path = server, f"/proxies/{name}"
        made = server.ask("POST", "/proxies", {
            "name": name, "listen": "127.0.0.1:0", "upstream": f"127.0.0.1:{port}",
            "enabled": True})
        self.host = made["listen"]      # and the port
        self.url = f"http://{self.host}"

    def add(self, kind: str, stream: str = DOWNSTREAM, toxicity: float = 1.0,
            **attributes: int) -> None:
        """One of a kind for each stream."""
        self._server.ask("POST", f"{self._path}/toxics", {
            "type": kind, "stream": stream, "toxicity": toxicity,
            "attributes": attributes})

    def heal(self) -> None:
        """Take all toxics away; what they have done to a connection remains."""
        for toxic in self._server.ask("GET", f"{self._path}/toxics"):
            self._server.ask("DELETE", f"{self._path}/toxics/{toxic['name']}")

    def close(self) -> None:
        self._server.ask("DELETE", self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()
