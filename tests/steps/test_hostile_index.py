"""Indexes that somebody has made to hurt, and large ones that nobody has: what
reading and publishing take is bounded, and what is there stays."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import charts
from rendering import dependencies, left_behind

MIB = 1 << 20
SIZE = 6 * MIB - 100        # of each text, more or less: CHARTINDEX_SMALL
HEAD = b"apiVersion: v1\nentries:\n"
JSON = b'{"apiVersion":"v1","entries":{'


def numbered(form: bytes, between: bytes = b"") -> bytes:
    """As many of @form, each with its number, as there is room for."""
    return between.join(form % n for n in range(SIZE // (len(form % 0xfffff) + len(between))))


def filled(form: bytes) -> bytes:
    return form * (SIZE // len(form))


HOSTILE = {
    "list in flow style": HEAD + b"a: [" + filled(b"x,") + b"]\n",
    "lists in a list": HEAD + b"a: [" + filled(b"[],") + b"]\n",
    "list of nothing": HEAD + b"a:\n" + filled(b"-\n"),
    "mapping in flow style": HEAD + b"a: {" + numbered(b"%05x", b",") + b"}\n",
    "members of the index": HEAD + b"  web: []\n" + numbered(b"%05x: 1\n"),
    "one long word": HEAD + b"a: [" + filled(b"x") + b"]\n",
    "one long text": HEAD + b'a: ["' + filled(b"\\n") + b'"]\n',
    "one long key": HEAD + b"? [" + filled(b"x") + b"]\n: {}\n",
    "aliases": HEAD + b"a: &a [" + b"x," * 1000 + b"]\nb: [" + b"*a," * 900 + b"]\n",
    "merges": HEAD + b"a: &a {" + b"".join(b"k%d: x," % n for n in range(1000))
              + b"}\nb: [" + b"{<<: *a}," * 900 + b"]\n",
    "much text repeated": HEAD + b"a: &a " + b"x" * 4 * MIB + b"\nb: [" + b"*a," * 200 + b"]\n",
    "deep": HEAD + b"a:\n" + b"".join(b" " * n + b"-\n" for n in range(900))
            + (b" " * 900 + b"- x\n") * 9000,
    "names": HEAD + numbered(b"  %05x: []\n"),
    "entries": HEAD + b"  web:\n" + filled(b"  - a: b\n"),
    "an entry": HEAD + b"  web:\n  - a: [" + filled(b"x,") + b"]\n",
    "a text of many lines": HEAD + b"  web:\n  - a: x\n" + filled(b"      x\n"),
    "quotes of many lines": HEAD + b"  web:\n  - a: 'x\n" + filled(b"      ''\r\n") + b"      '\n",
    "JSON: names": JSON + numbered(b'"%05x":[]', b",") + b"}}",
    "JSON: entries": JSON + b'"web":[' + filled(b"{},") + b"{}]}}",
    "JSON: an entry": JSON + b'"web":[{' + numbered(b'"%05x":0', b",") + b"}]}}",
    "JSON: list": JSON + b'"web":[{"a":[' + filled(b"0,") + b"0]}]}}",
    "JSON: text": JSON + b'"web":[{"a":"' + filled(b"\\u00fc") + b'"}]}}',
}


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()
            if path.name != ".index.lock"}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_index(umbrella, measured, static_http, tmp_path, name):
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "index.yaml").write_bytes(HOSTILE[name])
    umbrella(chart=dependencies(
        f"- {{name: web, version: '*', repository: '{static_http(repository).url}'}}"))
    rendered = measured("umbrella-render", tmp_path / "work" / "umbrella", "--output-dir",
                        tmp_path / "work" / "rendered" / "shop", "--cache-dir",
                        tmp_path / "cache", expect=None)
    assert rendered.code in (1, 2), rendered
    assert rendered.err.count("error: ") == 1
    assert left_behind(tmp_path) == []

    chart = charts.make_chart(tmp_path / "web", "web", "1.0.0")
    published = measured("publish-chart", chart, "--repo", f"file://{repository}",
                         expect=None)
    if published.code:
        assert published.code == 2 and "index" in published.err, published
        assert files(repository)["index.yaml"] == HOSTILE[name], "it is as it was"
    else:
        assert b"web-1.0.0.tgz" in files(repository)["index.yaml"]


def entry(number: int) -> dict:
    return {"apiVersion": "v2", "appVersion": "1.0", "created": "2026-01-01T00:00:00Z",
            "description": f"A chart of the shop, the {number}th", "digest": "a" * 64,
            "home": "https://example.com/charts", "name": f"c{number // 20}",
            "maintainers": [{"name": "team", "email": "team@example.com"}],
            "urls": [f"c-{number}.tgz"], "version": f"1.0.{number % 20}"}


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_a_large_index_of_folded_lines_keeps_its_bytes(measured, tmp_path, line_end):
    """Helm and PyYAML fold what is longer than a line; Windows ends lines otherwise."""
    folded = ("many words " * 20 + "- 'and' \"some\" more", "quoted: " + "it's # words " * 20,
              "tab\t" + "\\ words  " * 20)
    entries: dict[str, list] = {}
    for number in range(10000):
        texts = {"description": folded[number % 3] + f" {number}", "kubeVersion": folded[2]}
        entries.setdefault(f"c{number // 20}", []).insert(0, entry(number) | texts)
    before = yaml.dump({"apiVersion": "v1", "entries": entries, "generated": "then"},
                       Dumper=yaml.CSafeDumper).encode().replace(b"\n", line_end)
    assert len(before) > 6 * MIB
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "index.yaml").write_bytes(before)
    chart = charts.make_chart(tmp_path / "web", "web", "1.0.0")
    measured("publish-chart", chart, "--repo", f"file://{repository}")
    after = (repository / "index.yaml").read_bytes()
    stays = before[:before.index(b"generated: ")]
    assert after.startswith(stays)
    assert after.count(b"\n") == after.count(line_end)
    added = after[len(stays):].split(line_end)
    assert (added[0], added[1][:4], added[-3]) == (b"  web:", b"  - ", b"    version: 1.0.0")
    assert added[-2].startswith(b'generated: "20') and added[-1] == b""


def test_an_entry_of_many_lines_that_end_in_crlf(measured, tmp_path):
    repository, chart = tmp_path / "repository", charts.make_chart(tmp_path / "web", "web", "1.0.0")
    with (chart / "Chart.yaml").open("a") as file:
        file.write("keywords:\n" + "- word\n" * 200000)
    repository.mkdir()
    (repository / "index.yaml").write_bytes(HEAD.replace(b"\n", b"\r\n"))
    measured("publish-chart", chart, "--repo", f"file://{repository}")
    after = (repository / "index.yaml").read_bytes()
    assert after.count(b"    - word\r\n") == 200000 and after.count(b"\n") == after.count(b"\r\n")


def test_a_large_index_of_another_layout_keeps_its_meaning(measured, tmp_path):
    """In flow style it must be parsed as a whole, and written anew."""
    entries: dict[str, list] = {}
    for number in range(4000):
        entries.setdefault(f"c{number // 20}", []).insert(0, entry(number))
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "index.yaml").write_text(yaml.dump(
        {"apiVersion": "v1", "entries": entries}, Dumper=yaml.CSafeDumper,
        default_flow_style=True))
    chart = charts.make_chart(tmp_path / "web", "web", "1.0.0")
    measured("publish-chart", chart, "--repo", f"file://{repository}")
    written = yaml.load((repository / "index.yaml").read_bytes(), Loader=yaml.CSafeLoader)
    assert [item["version"] for item in written["entries"].pop("web")] == ["1.0.0"]
    assert written["entries"] == entries
