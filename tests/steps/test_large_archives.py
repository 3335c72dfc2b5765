"""Archives that are as large as one may be, and more: what is in memory at once."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter

import pytest

import charts
from rendering import dependencies
from scripted_http import Reply, ScriptedHttp

MIB = 1 << 20


def archive(name: str, size: int) -> bytes:
    """A chart that nothing compresses."""
    chart = f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n".encode()
    return charts.pack(name, {"Chart.yaml": chart, "noise": random.randbytes(size)}, level=0)


def serve(server: ScriptedHttp, count: int, size: int, digest: str, **how) -> None:
    data = bytes(size)
    index = json.dumps({"apiVersion": "v1", "entries": {f"c{n}": [{
        "apiVersion": "v2", "name": f"c{n}", "version": "1.0.0", "digest": digest,
        "urls": [f"c{n}-1.0.0.tgz?X-Token=s3cr3t"]}] for n in range(count)}}).encode()
    server.always(lambda request: Reply(200, data, **how)
                  if ".tgz" in request.path else Reply(200, index))


@pytest.fixture
def render(umbrella, measured, tmp_path):
    """Of a server's charts c0, c1, ...; within 64 MB."""
    def run(server: ScriptedHttp, count: int, *args, **options):
        folder = umbrella(chart=dependencies(*(
            f"- {{name: c{n}, version: 1.0.0, repository: '{server.url}'}}"
            for n in range(count))))
        return measured("umbrella-render", folder, "--output-dir", tmp_path / "out", *args,
                        **options)
    return run


@pytest.mark.parametrize("count, size, words, code", [
    (1, 99, "the reply is larger than 16777216 bytes", 1),
    (8, 99, "the reply is larger than 16777216 bytes", 1),
    (1, 15, "is not what its index promises", 3),
    (8, 15, "the charts are larger than 25165824 bytes together", 2),
    (30, 2, "the charts are larger than 25165824 bytes together", 2),
])
def test_archives_that_are_too_large(count, size, words, code, render):
    with ScriptedHttp() as server:
        serve(server, count, size * MIB, "0" * 64)
        failed = render(server, count, expect=code)
    assert words in failed.err and "s3cr3t" not in failed.err


def test_replies_that_wait_for_others_are_whole(render):
    """More at once than may be in memory: all but one wait, and then go on."""
    with ScriptedHttp() as server:
        serve(server, 10, 2 * MIB, hashlib.sha256(bytes(2 * MIB)).hexdigest())
        failed = render(server, 10, "--jobs", "10", expect=2)
    # Their digests are right; that they are no charts is found after.
    assert "cannot load chart" in failed.err


@pytest.mark.parametrize("jobs", ["1", "8"])
def test_copies_of_what_is_large_together(measured, tmp_path, jobs):
    """72 MiB of it; each is read twice at most, and what is small but once.

    Those that are read again come last, behind what there is no room for then.
    """
    sizes = {f"c{n}": 6 * MIB for n in range(12)} | {"small": 10}
    bodies = {f"/{name}-1.0.0.tgz": archive(name, size) for name, size in sizes.items()}
    bodies["/index.yaml"] = json.dumps({"apiVersion": "v1", "entries": {name: [{
        "apiVersion": "v2", "name": name, "version": "1.0.0",
        "digest": hashlib.sha256(bodies[f"/{name}-1.0.0.tgz"]).hexdigest(),
        "urls": [f"{name}-1.0.0.tgz"]}] for name in sizes}}).encode()
    with ScriptedHttp() as server:
        def reply(request):
            if request.path not in bodies:
                return Reply(404)
            again = [other.path for other in server.requests].count(request.path) > 1
            return Reply(200, bodies[request.path], delay=0.3 * again)

        server.always(reply)
        copied = measured("repo-audit", "--repo", server.url, "--copy-to",
                          f"file://{tmp_path}/copies", *sizes, "--jobs", jobs,
                          "--output", "json").json["copied"]
        asked = Counter(request.path for request in server.requests)
    assert sorted(item["name"] for item in copied) == sorted(sizes)
    for path, body in bodies.items():
        assert asked[path] == 1 or (asked[path] == 2 and len(body) > MIB)
        if path != "/index.yaml":
            assert (tmp_path / f"copies{path}").read_bytes() == body
