"""Folders of charts, as odd as people make them and odder.

    make_chart(random.Random(1), folder)

What is made may be no chart: the point is that Helm and we agree.
"""

from __future__ import annotations

import gzip
import io
import os
import random
import tarfile
from pathlib import Path

# For each field what may stand there in YAML: first what Helm takes, then what
# it may not.
WORDS = (["web", "1.10", "1.0", "12", "0x1F", "0o17", "017", "1_000", "1e3", "1.5e-7", "1e21",
          "123456789012345678901234567890", "0.1", ".5", "+1", "yes", "On", "true", "null", "~",
          '""', "''", "'yes'", '"1.10"', "2026-11-22", "2026-11-22T10:00:00Z", "12:30:45", "-0",
          "it's", "é ☃ 😀", '"a\\tb\\u0000c\\u200bd"', '"\\u00a0x\\u2028y\\ufeff"',
          '"\\x85\\U0010ffff\\u0301"', "'a  b'", "word word " * 12, "|\n  one\n\n  two\n",
          ">-\n  one\n  two\n", "|+\n  a\n\n", "'>=1.20.0-0'", "<b>&amp;</b>", "!!str 12",
          "!!binary aGk=", "!foo x", "# none", '"# x"', "&a x", "=", "'<<'", "'{'",
          "http://example.com/a#b", "::", '"\\r\\n"', '"\\u0378\\ue000\\u00ad"', "  padded  "],
         ["- x", "a: b", ">=1.20.0-0", "{{ .x }}", "*", "@x", "%x", "`x`",
          "[a, b]", "{a: b}", "<<", "!!int x", "*a", "'", '"\\q"', ".nan", "-.inf"])
LISTS = (["[]", "null", "[a, b]", "[1, true, ~, 1.50]", "\n- a\n- 'b c'\n",
          "\n  - one\n  - >\n    two\n", "[é, '\\n', \"\\n\"]", "['', ' x ']"],
         ["[[a]]", "[{a: b}]", "word", "{a: b}", "1"])
MAPS = (["{}", "null", "{a: b, 'c d': 1.0}", "{1: 2, true: x, 1.5: z, yes: no}",
         "\n  b: |\n    long\n    text\n  a: 'x'\n", "{'<': '>', '&': \"\\u2028\"}",
         "\n  example.com/license: Apache-2.0\n  category: \"x\"\n", "{a: ~}", "{'': a}"],
        ["{a: {b: c}}", "{a: [b]}", "[a]", "word", "{a: 1, a: 2}", "{~: y}", "{[a]: b}"])
MAINTAINERS = (["[]", "null", "[{name: é, email: a@b.c}]", "[{Name: x}]", "[{}]",
                "\n- name: A B\n  url: http://x\n  other: 1\n- email: x@y\n",
                "[{name: 1, url: true}]"],
               ["[~]", "[x]", "{name: x}", "[{name: [x]}]"])
FLAGS = (["true", "false", "null", "yes", "~", "True", "off"], ["'true'", "1", "[true]"])
VERSIONS = (["1.2.3", "v1.2.3", "1.2", "1", "1.2.3-rc.1+build.5", "'1.2.3'", "01.2.3", "1.10", "1.0",
             "'1.0'", "0.0.0", "1e3", "1.2.3+a-b"],
            ["1.2.3.4", "x", "1.2.3-", '""', "null", '" 1.2.3"', "1.2.3+a_b",
             "18446744073709551616.0.0", "[1]", "1.2.3-01", "1.2.3-a..b"])
NAMES = (["web", "web-app", "'web.x'", "Web", "12", "1.0", "é", "w w", "true", '"we\\u200bb"',
          "x" * 90, "é" * 60, "we:b", "a\\b"],
         ["..", "'.'", "a/b", '""', "null", "[a]", "x" * 300, "a/", "/"])
TYPES = (["application", "library", "", "null", '""'], ["x", "Library", "1"])
RANGES = (["1.x", "'*'", "1.0", "", "'^1.0.0 || >2'"], ["[1]", ">=1.0.0"])
CONDITIONS = (["a.enabled", "'a.enabled,b.enabled'", '"a\\tb"', "1.0"], ["[a]", "{a: b}"])
ALIASES = (["x", "a_b-1", "12", '""', "null"], ["'a b'", "a.b", "é", "[x]"])
IMPORTS = (["[data]", "[{child: a, parent: b}]", "[1, 2.50, ~, 1e30]", "[[a], 12345678901]",
            "[{b: 1, a: [x, '<&>']}]", "[]"], ["word", "{a: b}"])
# What requirements.yaml says over Chart.yaml.
OVER = {"name": (["", "null", "~"], ['""', "[a]"]), "version": (["", "null", "2.0.0"], ['""']),
        "description": WORDS, "annotations": MAPS, "keywords": LISTS, "deprecated": FLAGS}
KEYS = ["name", "Name", "NAME", "apiversion", "unknown", "12", "true", "appversion",
        "kubeversion", "Annotations"]
FILES = (["README.md", "LICENSE", "templates/a.yaml", "templates/_helpers.tpl",
          "templates/NOTES.txt", "templates/tests/t.yaml", "templates/.hidden",
          "templates/sub/.hidden", "crds/x.yaml", "files/a b.txt", "files/é.txt",
          "files/" + "d" * 60 + "/" + "f" * 60, "files/" + "l" * 120, "files/" + "é" * 70,
          "p" * 99 + "/" + "q" * 99, "p" * 155 + "/" + "q" * 100, "p" * 156 + "/q", ".helm",
          ".gitignore", ".git/config", "a.b/c", "a/c", "a-b", "values-prod.yaml", "values.yml",
          "Chart.yml", "chart.yaml", "ci/values.yaml", "charts/db.prov", "charts/x.tgz.prov",
          "charts/.x", "charts/_y/z", "charts/.d/Chart.yaml", "..x", "a\\b", "c:/x",
          "templates/a.yaml~", "x.orig", "requirements.yaml.bak", "tmpcharts-12/a", "a\nb",
          "z" * 255, "[x]", "a*b", "-x", " x", "tést/a"],
         ["charts/README.md", "charts/d/x", "templates", "charts", "charts/x.tgz",
          "charts/y.tgz/z", ".helmignore/x"])
IGNORES = ([".git/", "*.orig", "*~", "# x", "", "  *.md  ", "/README.md", "files/", "files/*",
            "files", "/files", "templates/*.txt", "[a-z]*.md", "\\R*", "charts/*/README.md",
            "templates/.?*", "/templates/", "é*", "a?c", "[a-]b", ".helmignore", ".*",
            "templates/*/t.yaml", "#", "Chart.lock", "[[:alpha:]]", "a\\*b", "[\\[]x]", "tést",
            "te?t/*", "!?*", "?*b/", "crds/*/", "[x-]", "-*"],
           ["!*.yaml", "!templates", "**/x", "a**", "[", "[^R]*", "\\", "?", "*", "*/", "/", "/*",
            "/*/", "!", "!*", "!*/", "charts/", "charts/*.tgz", "*.tgz", "[a", "[]a]", "[a-]",
            "values.yaml", "Chart.yaml", "!/", "[^]"])
TEXTS = [b"", b"x: 1\n", b"\xef\xbb\xbfx: 1\n", b"\xef\xbb\xbf\xef\xbb\xbfx: 1\n",
         b"a\r\nb\r\n", bytes(range(256)), b"{{ .Values.x }}\n", b"no line break",
         b"\0", b"x" * 511, b"x" * 512, b"x" * 513, b"y\n" * 4000]
VALUES = ([b"", b"a: 1\n", b"\xef\xbb\xbfa: 1 # x\n", b"a: 1\n---\nb: 2\n", b"null\n",
           b"a: &x 1\nb: *x\n", b"# only\n", b"---\n", b"a: {b: c}\r\n", b"<<: {a: 1}\n",
           b"a: 1\n--- # x\nb: 2"],
          [b"[a]\n", b"x\n", b"a: [\n", b"a: 1\na: 2\n", b"a: *x\n", b"\ta: 1\n", b"--- x\n",
           b"a: \xff\n", b"%YAML 1.2\n---\na: 1\n", b"a: 1\n...\nb: 2\n", b"? [a]\n: b\n",
           b"a: !!int x\n", b"a: .nan\n"])
SCHEMAS = ([b"{}", b'{"type": "object"}\n', b"null", b"\xef\xbb\xbf{}", b'{"a": 1, "a": 2}', b"[]",
            b'"\xff"', b"1e999"], [b"", b"{", b"{} x", b"{'a': 1}", b"[1,]", b"01"])
LOCKS = (["", "dependencies: []\n", "dependencies:\n- name: db\n  repository: https://x\n"
          "  version: 1.0.0\ndigest: sha256:00\n"
          "generated: \"2026-11-22T23:16:09.111589797+01:00\"\n",
          "generated: 2026-11-22T10:00:00Z\n", "x: y\n", "null\n",
          "dependencies:\n- version: 1.0\n  name: 5\n  alias: x\n",
          "generated: \"2026-11-22T23:16:09.5Z\"\n", "generated: null\ndigest: null\n",
          "Digest: x\nGENERATED: \"2026-01-01T00:00:00-07:30\"\n", "digest: 12\n",
          "dependencies:\n- name: \"a\\tb\"\n  enabled: true\n  tags: [x]\n"
          "  import-values: [1, {a: b}]\n"],
         ["generated: \"2026-11-22 10:00\"\n", "dependencies: [~]\n", "[a]\n", "digest: [a]\n",
          "a: [\n", "generated: 12\n", "dependencies: {}\n", "generated: [a]\n"])


def pick(rng: random.Random, pool: tuple[list, list], odd: float):
    good, bad = pool
    return rng.choice(bad if rng.random() < odd / 8 else good)


def dependency(rng: random.Random, name: str, odd: float) -> str:
    """An item of the list in Chart.yaml, for the vendored chart @name."""
    fields = {"name": name, "version": pick(rng, RANGES, odd),
              "repository": "https://example.com/charts"}
    extra = {"condition": CONDITIONS, "alias": ALIASES, "tags": LISTS, "enabled": FLAGS,
             "unknown": WORDS, "import-values": IMPORTS}
    for key, pool in extra.items():
        if rng.random() < 0.15:
            fields[key] = pick(rng, pool, odd)
    if rng.random() < odd / 2:
        del fields[rng.choice(list(fields))]
    lines = [f"{key}: {value}".replace("\n", "\n    ").rstrip() for key, value in fields.items()]
    return "- " + "\n  ".join(lines)


def chart_yaml(rng: random.Random, name: str, vendored: list[str], odd: float,
               api: str) -> str:
    fields = {"apiVersion": api, "name": name, "version": "1.2.3"}
    if rng.random() < odd:
        fields["version"] = pick(rng, VERSIONS, odd)
    if rng.random() < odd / 2:
        fields["name"] = pick(rng, NAMES, odd)
    if rng.random() < odd / 4:
        fields["apiVersion"] = rng.choice(["v1", "v3", "x", "null", "2", "[v2]", ""])
    kinds = {"description": WORDS, "home": WORDS, "icon": WORDS, "appVersion": WORDS,
             "kubeVersion": WORDS, "condition": WORDS, "tags": WORDS, "sources": LISTS,
             "keywords": LISTS, "maintainers": MAINTAINERS, "annotations": MAPS,
             "deprecated": FLAGS, "type": TYPES}
    for key, pool in kinds.items():
        if rng.random() < 0.3:
            fields[key] = pick(rng, pool, odd)
    if rng.random() < odd / 2:
        fields.setdefault(rng.choice(KEYS), pick(rng, WORDS, odd))
    listed = [each for each in vendored if rng.random() < 0.8]
    if rng.random() < odd / 6:
        listed.append(rng.choice(["missing", "web", "db"]))
    if listed and api == "v2":
        fields["dependencies"] = "\n" + "\n".join(dependency(rng, each, odd) for each in listed)
    items = list(fields.items())
    rng.shuffle(items)
    text = "".join(f"{key}: {value}".rstrip("\n") + "\n" for key, value in items)
    if rng.random() < odd / 2:
        text = rng.choice(["\ufeff" + text, text.replace("\n", "\r\n"), "---\n" + text, text * 2,
                           text + "---\na: b\n", text + "...\n", "", "[a]\n", "\t" + text,
                           "# x\n" + text, text + "<<: {home: x}\n", text + "---\n[\n",
                           "x: &m {home: y}\n<<: *m\n" + text])
    return text


def write(rng: random.Random, folder: Path, name: str, content: bytes) -> None:
    """Leaves out what a file of that name stands in the way of."""
    path = folder / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        return
    os.utime(path, ns=(0, rng.randrange(10**18, 2 * 10**18)))
    path.chmod(rng.choice([0o644, 0o755, 0o600]))


def add_links(rng: random.Random, folder: Path) -> None:
    """Symbolic links to files, folders, nothing, outside, and in a circle."""
    target = rng.choice(["values.yaml", "templates", "../outside.txt", "Chart.yaml"] * 3 +
                        ["nowhere", "..", ".", "self", "/dev/null"])
    link = folder / rng.choice(["self", "templates/link.yaml", "linked", "charts/linked"])
    if not link.parent.is_dir() or link.exists() or link.is_symlink():
        return
    if not target.startswith("/") and link.parent != folder:
        target = f"../{target}"
    link.symlink_to(target)


def add_subchart(rng: random.Random, charts: Path, name: str, odd: float, depth: int) -> None:
    """Vendored as a folder, or packed in one of the ways of packing."""
    folder = charts / name
    make_chart(rng, folder, name=name, odd=odd, depth=depth + 1)
    if rng.random() < 0.5:
        return
    packed = pack(rng, folder, name, odd)
    for path, _, files in os.walk(folder, topdown=False):
        for file in files:
            Path(path, file).unlink()
        for link in Path(path).iterdir():
            link.unlink() if link.is_symlink() else link.rmdir()
    folder.rmdir()
    write(rng, charts, f"{name}-1.2.3.tgz", packed)


def odd_member(rng: random.Random, name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(rng.choice([f"{name}/link", f"{name}/a/../b", f"{name}/../x", "Chart.yaml",
                                       f"{name}//x", f"{name}\\win\\x", f"{name}/./y", f"{name}/c:/x",
                                       f"{name}/..z", "/abs/x", "lone", f"{name}/", f"{name}/a//b",
                                       f"./{name}/q", f"{name}/a\\b/c"]))
    info.type = rng.choice([tarfile.REGTYPE] * 4 + [tarfile.SYMTYPE, tarfile.LNKTYPE,
                                                    tarfile.DIRTYPE, tarfile.FIFOTYPE])
    info.linkname = f"{name}/Chart.yaml" if info.type in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
    return info


def pack(rng: random.Random, folder: Path, name: str, odd: float) -> bytes:
    out = io.BytesIO()
    form = rng.choice([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for path in sorted(folder.rglob("*"), key=lambda _: rng.random()):
            if path.is_symlink() or not path.is_file():
                continue
            try:
                tar.add(path, f"{name}/{path.relative_to(folder)}")
            except ValueError:      # too long for that format
                continue
        if rng.random() < odd:
            tar.addfile(odd_member(rng, name))
    data = out.getvalue()
    if rng.random() < odd / 6:
        data = data[:rng.randrange(len(data))]
    return gzip.compress(data, mtime=0)


def make_chart(rng: random.Random, folder: Path, *, name: str = "web", odd: float | None = None,
               depth: int = 0) -> None:
    """@odd is how much of it is strange, from 0 to 1; drawn if not given."""
    odd = rng.choice([0, 0.02, 0.1, 0.3]) if odd is None else odd
    folder.mkdir(parents=True)
    api = rng.choice(["v2", "v2", "v2", "v1"])
    vendored = rng.sample(["db", "cache", "a.b", "queue"], rng.choice([0, 0, 0, 1, 1, 2, 3])
                          if depth < 2 else 0)
    for each in vendored:
        add_subchart(rng, folder / "charts", each, odd / 2, depth)
    for _ in range(rng.randrange(12)):
        write(rng, folder, pick(rng, FILES, odd), rng.choice(TEXTS))
    write(rng, folder, "Chart.yaml", chart_yaml(rng, name, vendored, odd, api).encode())
    if rng.random() < 0.7:
        write(rng, folder, "values.yaml", pick(rng, VALUES, odd))
    if rng.random() < 0.2:
        write(rng, folder, "values.schema.json", pick(rng, SCHEMAS, odd))
    if rng.random() < 0.3:
        write(rng, folder, rng.choice(["Chart.lock", "requirements.lock"]),
              pick(rng, LOCKS, odd).encode())
    if api == "v1" and vendored and rng.random() < 0.7:
        text = "dependencies:\n" + "\n".join(dependency(rng, each, odd) for each in vendored)
        for key, pool in OVER.items():
            if rng.random() < 0.1:
                text += f"\n{key}: {pick(rng, pool, odd)}"
        write(rng, folder, "requirements.yaml", f"{text}\n".encode())
    if depth == 0 and rng.random() < 0.5:
        rules = [pick(rng, IGNORES, odd) for _ in range(rng.randrange(1, 5))]
        write(rng, folder, ".helmignore", "\n".join(rules).encode())
    if rng.random() < odd:
        add_links(rng, folder)
    if rng.random() < odd / 20:
        os.mkfifo(folder / "pipe")
