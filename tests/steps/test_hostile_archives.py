"""Archives that somebody has made to fill the memory: what they may unpack to
is bounded by what they take, whichever step reads them."""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
import tarfile
import zlib
from pathlib import Path

import pytest

from rendering import dependencies

MIB = 1 << 20


def header(name: str, size: int = 0) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.GNU_FORMAT)


def member(name: str, data: bytes) -> bytes:
    return header(name, len(data)) + data + b"\0" * (-len(data) % 512)


def start(name: str) -> bytes:
    return member(f"{name}/Chart.yaml",
                  f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n".encode())


def packed(*parts: bytes) -> bytes:
    """Each part with a gzip header of its own, as one that repeats is made once."""
    made = {part: gzip.compress(part, 6) for part in set(parts)}
    return b"".join(made[part] for part in parts)


def in_one(*parts: bytes) -> bytes:
    """The same with one header for all, and no checksum that is right."""
    def deflated(part: bytes) -> bytes:
        deflate = zlib.compressobj(6, wbits=-15)
        return deflate.compress(part) + deflate.flush(zlib.Z_FULL_FLUSH)

    made = {part: deflated(part) for part in set(parts)}
    return (b"\x1f\x8b\x08" + bytes(7) + b"".join(made[part] for part in parts)
            + b"\x03\0" + bytes(8))


@functools.cache
def large_file(mib: int, file: str, fill: bytes) -> bytes:
    return packed(member(f"any/{file}", b"a: " + fill * (mib * MIB - 515)))


def large(name: str, mib: int, file: str = "zeros", fill: bytes = b"\0") -> bytes:
    """A chart with one file of so many MiB."""
    return packed(start(name)) + large_file(mib, file, fill) + packed(b"\0" * 1024)


@pytest.fixture(scope="module")
def hostile() -> dict[str, bytes]:
    inner = large("inner", 90)
    within = packed(start("within") + member("within/charts/inner.tgz", inner) + b"\0" * 1024)
    millions = b"".join(header(f"web/f{n}") for n in range(10000))
    return {
        "subcharts": packed(start("web") + b"".join(
            member(f"web/charts/c{n}.tgz", inner) for n in range(20)) + b"\0" * 1024),
        "a subchart's subchart": packed(
            start("web") + member("web/charts/within.tgz", within) + b"\0" * 1024),
        "1,000,000 members": packed(start("web"), *[millions] * 100, b"\0" * 1024),
        "10 GB": packed(start("web") + header("web/zeros", 10240 * MIB),
                        *[b"\0" * 64 * MIB] * 160, b"\0" * 1024),
        "10 GB behind the end": in_one(start("web") + b"\0" * 1024,
                                       *[b"\0" * 64 * MIB] * 160),
    }


def make_repository(folder: Path, archives: dict[str, bytes]) -> str:
    folder.mkdir()
    entries = {}
    for name, data in archives.items():
        (folder / f"{name}-1.0.0.tgz").write_bytes(data)
        entries[name] = [{
            "apiVersion": "v2", "name": name, "version": "1.0.0",
            "digest": hashlib.sha256(data).hexdigest(), "urls": [f"{name}-1.0.0.tgz"]}]
    (folder / "index.yaml").write_text(json.dumps({"apiVersion": "v1", "entries": entries}))
    return f"file://{folder}"


@pytest.mark.parametrize("kind", ["subcharts", "a subchart's subchart", "1,000,000 members",
                                  "10 GB", "10 GB behind the end"])
def test_hostile_archive(umbrella, measured, tmp_path, hostile, kind):
    data = hostile[kind]
    repository = make_repository(tmp_path / "repository", {"web": data})
    folder = umbrella(chart=dependencies(
        f"- {{name: web, version: 1.0.0, repository: '{repository}'}}"))
    rendered = measured("umbrella-render", folder, "--output-dir", tmp_path / "out", expect=2)
    assert "cannot load chart 'web-1.0.0.tgz'" in rendered.err
    assert not (tmp_path / "out").exists()

    archive = tmp_path / "web-1.0.0.tgz"
    archive.write_bytes(data)
    published = measured("publish-chart", archive, "--repo", f"file://{tmp_path}/other",
                         expect=2)
    assert f"cannot load chart '{archive}'" in published.err

    audited = measured("repo-audit", "--repo", repository, expect=1)
    assert "web 1.0.0" in audited.out, audited
    if "subchart" in kind:
        for result in rendered, published, audited:
            assert "(100 times as many, 8388608 at least)" in result.err + result.out


def rendered_with(umbrella, measured, tmp_path, archives: dict[str, bytes], expect: int):
    repository = make_repository(tmp_path / "repository", archives)
    folder = umbrella(chart=dependencies("\n".join(
        f"- {{name: {name}, version: 1.0.0, repository: '{repository}'}}"
        for name in archives)))
    return measured("umbrella-render", folder, "--output-dir", tmp_path / "out",
                    expect=expect)


def test_several_hostile_archives(umbrella, measured, tmp_path):
    rendered_with(umbrella, measured, tmp_path,
                  {f"c{n}": large(f"c{n}", 99) for n in range(8)}, expect=2)


@pytest.mark.parametrize("file", ["templates/a.yaml", "values.yaml", "notes.txt"])
def test_no_two_archives_are_held_unpacked(umbrella, measured, tmp_path, file):
    """As large as one may be, and as many as would be too much together."""
    rendered_with(umbrella, measured, tmp_path,
                  {f"c{n}": large(f"c{n}", 7, file, b"x") for n in range(16)}, expect=0)
