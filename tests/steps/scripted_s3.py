"""S3 in memory: objects, listings and conditional writes as AWS does them,
and stores that do otherwise.

    with ScriptedS3() as s3:
        run_step(..., env=s3.env)
        assert s3.objects["stable/index.yaml"].body == ...
        assert s3.lines == ["GET stable/index.yaml", ...]

How it may differ:

    ScriptedS3("ignore")    conditions are not looked at
    ScriptedS3("race")      they are looked at some time before the write
    ScriptedS3("none")      a request with one is answered 501
    ScriptedS3("missing")   a swap of what is not there succeeds
    ScriptedS3("conflict")  what is not met is answered 409, not 412
    ScriptedS3("late")      a listing shows what was written a second ago

.fault is asked about each request: it gives None, or a Fault; while it waits,
others are answered. .moved counts the bytes of all bodies, in both directions.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from socket import SHUT_RDWR
from typing import Callable
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from serving import Handler, Serving

BUCKET = "bucket"
RACE_SECONDS = 0.05


@dataclass
class Object:
    body: bytes
    headers: dict[str, str]
    modified: float

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.body).hexdigest()}"'


@dataclass
class Fault:
    """What goes wrong with one request."""

    status: int = 0             # answered in place of doing it
    code: str = "SlowDown"
    headers: dict[str, str] = field(default_factory=dict)
    lose: bool = False          # done, but the answer does not come back
    seconds: float = 0          # that it takes longer


@dataclass
class Seen:
    method: str
    key: str
    headers: dict[str, str]
    query: dict[str, list[str]]
    status: int = 0

    @property
    def line(self) -> str:
        return f"{self.method} {self.key}" if self.key else f"{self.method} ?"


@dataclass
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def error(status: int, code: str) -> Answer:
    return Answer(status, f"<Error><Code>{code}</Code><Message>words of {code}"
                  "</Message></Error>".encode())


def proof_at(url: str, bucket: str = BUCKET) -> str:
    """The annotation by which an index says that the store there is proved."""
    return ("slipway/conditional-writes-"
            + hashlib.sha256(f"{url}/{bucket}".encode()).hexdigest()[:16])


class ScriptedS3(Serving):
    def __init__(self, mode: str = "", byte_seconds: float = 0.0):
        self.mode, self.byte_seconds = mode, byte_seconds
        self.objects: dict[str, Object] = {}
        self.requests: list[Seen] = []
        self.fault: Callable[[Seen], Fault | None] = lambda seen: None
        self.moved = 0
        self.clock: Callable[[], float] = time.time
        self._lock = threading.RLock()
        super().__init__(_Handler)

    # --- for tests ---

    @property
    def env(self) -> dict[str, str]:
        return {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_REGION": "us-east-1",
                "AWS_SECRET_ACCESS_KEY": "very/secret+key",
                "AWS_ENDPOINT_URL_S3": self.url}

    @property
    def lines(self) -> list[str]:
        return [seen.line for seen in self.requests]

    @property
    def proof(self) -> str:
        return proof_at(self.url)

    def put(self, key: str, body: bytes, modified: float | None = None) -> None:
        with self._lock:
            self.objects[key] = Object(body, {}, modified or self.clock())

    def forget(self) -> None:
        self.requests.clear()
        self.moved = 0

    # --- as a server ---

    def answer(self, seen: Seen, body: bytes) -> tuple[Answer, bool]:
        """The answer, and whether it is lost."""
        with self._lock:
            self.requests.append(seen)
        fault = self.fault(seen)
        if fault:
            time.sleep(fault.seconds)
        if fault and fault.status:
            answer = error(fault.status, fault.code)
            answer.headers = fault.headers
        else:
            answer = self._do(seen, body)
        seen.status = answer.status
        moved = len(body) + (0 if seen.method == "HEAD" else len(answer.body))
        with self._lock:
            self.moved += moved
        time.sleep(moved * self.byte_seconds)
        return answer, bool(fault and fault.lose)

    def _do(self, seen: Seen, body: bytes) -> Answer:
        if not seen.key:
            return self._list(seen)
        if seen.method == "PUT":
            return self._put(seen, body)
        with self._lock:
            found = self.objects.get(seen.key)
            if seen.method == "DELETE":
                self.objects.pop(seen.key, None)
                return Answer(204)
        if not found:
            return error(404, "NoSuchKey")
        headers = {"ETag": found.etag, "Last-Modified": formatdate(
            found.modified, usegmt=True), **found.headers}
        if seen.headers.get("if-none-match") == found.etag:
            return Answer(304, headers=headers)
        if part := re.fullmatch(r"bytes=(\d+)-(\d+)", seen.headers.get("range", "")):
            body = found.body[int(part[1]):int(part[2]) + 1]
            return Answer(206, body, headers) if body else error(416, "InvalidRange")
        return Answer(200, found.body, headers)

    def _refusal(self, seen: Seen) -> Answer | None:
        """What a condition that does not hold is answered."""
        create = seen.headers.get("if-none-match")
        swap = seen.headers.get("if-match")
        if self.mode == "ignore" or not (create or swap):
            return None
        if self.mode == "none":
            return error(501, "NotImplemented")
        found = self.objects.get(seen.key)
        unmet = (error(409, "ConditionalRequestConflict")
                 if self.mode == "conflict" else error(412, "PreconditionFailed"))
        if create:
            return unmet if found else None
        if not found:
            return None if self.mode == "missing" else error(404, "NoSuchKey")
        return None if found.etag == swap else unmet

    def _put(self, seen: Seen, body: bytes) -> Answer:
        with self._lock:
            refusal = self._refusal(seen)
            if refusal:
                return refusal
            if self.mode != "race":
                return self._store(seen, body)
        time.sleep(RACE_SECONDS)
        with self._lock:
            return self._store(seen, body)

    def _store(self, seen: Seen, body: bytes) -> Answer:
        kept = {name: value for name, value in seen.headers.items()
                if name.startswith("x-amz-meta-")
                or name in ("content-type", "cache-control")}
        stored = self.objects[seen.key] = Object(body, kept, self.clock())
        return Answer(200, headers={"ETag": stored.etag})

    def _list(self, seen: Seen) -> Answer:
        prefix = seen.query.get("prefix", [""])[0]
        shown_until = self.clock() - (1 if self.mode == "late" else 0)
        with self._lock:
            rows = "".join(
                f"<Contents><Key>{quote(key, safe='/')}</Key>"
                f"<ETag>{escape(item.etag)}</ETag><Size>{len(item.body)}</Size>"
                f"<LastModified>{_iso(item.modified)}</LastModified></Contents>"
                for key, item in sorted(self.objects.items())
                if key.startswith(prefix) and item.modified <= shown_until)
        return Answer(200, ("<ListBucketResult><EncodingType>url</EncodingType>"
                            f"<IsTruncated>false</IsTruncated>{rows}"
                            "</ListBucketResult>").encode())


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


class _Handler(Handler):
    def _serve(self) -> None:
        address = urlsplit(self.path)
        match = re.fullmatch(rf"/{BUCKET}(?:/(.*))?", address.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        seen = Seen(self.command, unquote(match[1] or "") if match else "?",
                    {name.lower(): value for name, value in self.headers.items()},
                    parse_qs(address.query))
        answer, lost = (self.owner.answer(seen, body) if match
                        else (error(404, "NoSuchBucket"), False))
        if lost:
            self.connection.shutdown(SHUT_RDWR)
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_PUT = do_DELETE = do_HEAD = _serve

    def date_time_string(self, timestamp=None):
        return formatdate(self.owner.clock(), usegmt=True)
