"""The Kubernetes API for tests: one request, the parsed answer."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

SYSTEM_NAMESPACES = {"default", "kube-system", "kube-public", "kube-node-lease"}
IDLE_MAX = 20.0         # seconds after which a kept connection is not trusted
MERGE_PATCH = "application/merge-patch+json"


class ApiError(Exception):
    """The server's refusal: its status and its own message."""

    def __init__(self, status: int, answer: object):
        message = answer.get("message") if isinstance(answer, dict) else answer
        super().__init__(f"{status}: {message}")
        self.status = status


class KubeApi:
    """Requests with the rights of @token; may be shared by threads."""

    def __init__(self, port: int, ca: Path, token: str):
        self.port, self.ca, self.token = port, ca, token
        self._lock = threading.Lock()
        self._connection: http.client.HTTPSConnection | None = None
        self._used = 0.0

    def request(self, method: str, path: str, body: object = None,
                kind: str = "application/json") -> tuple[int, Any]:
        """Status and answer, whatever they are."""
        text = None if body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {self.token}",
                   "Content-Type": kind}
        with self._lock:
            connection = self._open()
            try:
                connection.request(method, path, text, headers)
                answer = connection.getresponse()
                content = answer.read().decode()
            except BaseException:
                self._connection = None
                connection.close()
                raise
            self._used = time.monotonic()
        try:
            return answer.status, json.loads(content)
        except ValueError:
            return answer.status, content

    def __call__(self, method: str, path: str, body: object = None,
                 kind: str = "application/json") -> Any:
        """The answer; a refusal is an ApiError."""
        status, answer = self.request(method, path, body, kind)
        if status >= 300:
            raise ApiError(status, answer)
        return answer

    def exists(self, path: str) -> bool:
        """Is it there, and served?  A new kind answers 429 at first."""
        status, answer = self.request("GET", path)
        if status == 429 and "(re)initializing" in answer.get("message", ""):
            return False
        if status not in (200, 404):
            raise ApiError(status, answer)
        return status == 200

    def namespaces(self) -> set[str]:
        """The names of those that are not Kubernetes' own."""
        found = self("GET", "/api/v1/namespaces")["items"]
        return {n["metadata"]["name"] for n in found} - SYSTEM_NAMESPACES

    def create_namespace(self, name: str, **metadata: object) -> str:
        """@metadata: labels={...}, annotations={...}."""
        self("POST", "/api/v1/namespaces",
             {"metadata": {"name": name, **metadata}})
        return name

    def pods(self, namespace: str, selector: str = "") -> list[dict]:
        query = urlencode({"labelSelector": selector})
        return self("GET",
                    f"/api/v1/namespaces/{namespace}/pods?{query}")["items"]

    @cached_property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca))

    def _open(self) -> http.client.HTTPSConnection:
        if self._connection and time.monotonic() - self._used > IDLE_MAX:
            self._connection.close()
            self._connection = None
        if not self._connection:
            self._connection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=30, context=self.tls)
        return self._connection
