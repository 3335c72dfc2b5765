"""Packages against `helm package`: every member, and every refusal.

Charts are those of pipeline-examples/, those of the Go modules that charts/modules.txt
names, Helm with its test data among them, and SLIPWAY_CHARTS random ones (packages.py).  SLIPWAY_SEED repeats
a run.  Subcharts come in Helm's random order: what is compared is the order
within each chart, and all members as they stand in the tar stream, headers
included; and the whole file where the order happens to be the same.
"""

from __future__ import annotations

import gzip
import io
import os
import random
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
import reference
import toolbox
from packages import make_chart

EPOCH = "1795352645"
CHARTS = int(os.environ.get("SLIPWAY_CHARTS", "30"))
CHARTS_MIN = 40     # real ones
EXAMPLES = Path(__file__).resolve().parents[2] / "pipeline-examples"


def members(archive: Path) -> list[tuple[str, bytes]]:
    """Name and bytes, from the first header to the end of its padding."""
    data = gzip.decompress(archive.read_bytes())
    found = []
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for info in tar:
            end = info.offset_data + (info.size + 511) // 512 * 512
            found.append((info.name, data[info.offset:end]))
    used = sum(len(raw) for _, raw in found)
    assert data[used:] == bytes(1024), f"'{archive}' does not end as Helm's"
    return found


def by_chart(found: list[tuple[str, bytes]]) -> dict[str, list[tuple[str, bytes]]]:
    """The members of each chart of the tree, in their order."""
    roots = {name.removesuffix("/Chart.yaml") for name, _ in found
             if re.fullmatch(r"[^/]+(/charts/[^/]+)*/Chart.yaml", name)}
    groups: dict[str, list[tuple[str, bytes]]] = {}
    for name, raw in found:
        parts = name.split("/")
        root = next(top for end in range(len(parts), 0, -1)
                    if (top := "/".join(parts[:end])) in roots)
        groups.setdefault(root, []).append((name, raw))
    return groups


def package(argv: list[object], out: Path, epoch: str | None) -> tuple[Path | None, str]:
    """The package, or None and why not."""
    child = subprocess.run([*map(str, argv), str(out)], cwd=out.parent, timeout=60,
                           env={"PATH": os.defpath, "HOME": str(out.parent), "LC_ALL": "C.UTF-8"}
                           | ({"SOURCE_DATE_EPOCH": epoch} if epoch else {}),
                           stdin=subprocess.DEVNULL, capture_output=True)
    text = (child.stdout + child.stderr).decode(errors="backslashreplace")
    if child.returncode:
        assert argv[0] != "publish-chart" and child.returncode > 0, text
        return None, f"exit {child.returncode}: {text}"
    [made] = out.iterdir()
    return made, text


def difference(chart: Path, steps: Path, work: Path, epoch: str | None = EPOCH) -> str | None:
    """What the two packages of @chart differ in; the refusals agree.  @epoch None:
    the times are the files' own."""
    work.mkdir()
    ours, our_text = package([steps / "publish-chart", chart, "--quiet", "--destination"],
                             work / "ours", epoch)
    theirs, their_text = package([toolbox.helm4(), "package", chart, "-d"], work / "theirs", epoch)
    if not ours or not theirs:
        if not ours and not theirs:
            # Of a valid name the file's may still be too long for the folder.
            assert "exit 2:" in our_text or "File name too long" in our_text, our_text
            return None
        return f"ours: {our_text}theirs: {their_text}"
    if ours.name != theirs.name:
        return f"'{ours.name}' is '{theirs.name}'"
    mine, helms = members(ours), members(theirs)
    if mine == helms and ours.read_bytes() != theirs.read_bytes():
        return "the same members in other bytes"
    if by_chart(mine) == by_chart(helms):
        return None
    lines = [f"  ours:   {shown(raw)}" for name, raw in mine if (name, raw) not in helms]
    lines += [f"  theirs: {shown(raw)}" for name, raw in helms if (name, raw) not in mine]
    return "members differ\n" + "\n".join(lines or ["  in their order"])


def shown(raw: bytes) -> str:
    return re.sub(r"(\\x00){2,}", "…", repr(raw))[:1200]


def report(faults: list[tuple[Path, str]], judged: int) -> None:
    print(f"{judged} charts")
    for chart, fault in faults[:8]:
        print(f"--- {chart}\n{fault}")
    assert not faults, f"{len(faults)} of {judged} charts differ"


def test_random_charts(steps, tmp_path):
    rng = random.Random(reference.seed())
    (tmp_path / "outside.txt").write_text("x")
    faults, packed = [], 0
    for number in range(CHARTS):
        chart = tmp_path / f"chart-{number}"
        make_chart(rng, chart)
        if fault := difference(chart, steps, tmp_path / f"out-{number}"):
            faults.append((chart, fault))
        packed += (tmp_path / f"out-{number}" / "ours").exists()
    print(f"{packed} of them packages")
    report(faults, CHARTS)
    assert packed > CHARTS / 4


def test_times_of_the_files(steps, tmp_path):
    """Each its own, where no epoch and no commit tells another; and a package that
    Helm has made stays as it is, byte for byte."""
    rng = random.Random(reference.seed())
    chart, out = tmp_path / "web", tmp_path / "out"
    write_chart(chart)
    (chart / "templates").mkdir()
    for name in "values.yaml", "templates/web.yaml", "templates/NOTES.txt", "notes.md":
        (chart / name).write_text("a: 1\n")
    for path in chart.rglob("*"):
        nanoseconds = rng.randrange(2_000_000_000 * 10**9)
        os.utime(path, ns=(nanoseconds, nanoseconds))
    assert difference(chart, steps, out, None) is None
    [helms] = (out / "theirs").iterdir()
    with tarfile.open(helms) as tar:
        assert len({info.mtime for info in tar}) == 5
    again, text = package([steps / "publish-chart", helms, "--quiet", "--destination"],
                          tmp_path / "again", None)
    assert again, text
    assert again.read_bytes() == helms.read_bytes()


LIMIT = 100 << 20


@pytest.mark.parametrize("size, taken", [(LIMIT, True), (LIMIT + 1, False)])
def test_size_of_a_folder(steps, tmp_path, size, taken):
    chart = tmp_path / "web"
    write_chart(chart)
    with (chart / "zeros").open("wb") as file:
        file.truncate(size - (chart / "Chart.yaml").stat().st_size)
    assert difference(chart, steps, tmp_path / "out") is None
    assert (tmp_path / "out" / "ours").exists() == taken


@pytest.mark.parametrize("size, taken", [(LIMIT - 1, True), (LIMIT, False)])
def test_size_of_an_archive(steps, tmp_path, size, taken):
    chart, db = tmp_path / "web", tmp_path / "db"
    write_chart(chart)
    write_chart(db)
    (db / "zeros").write_bytes(bytes(size - (db / "Chart.yaml").stat().st_size))
    (chart / "charts").mkdir()
    with tarfile.open(chart / "charts" / "db-1.0.0.tgz", "w:gz", compresslevel=1) as tar:
        tar.add(db, "db")
    assert difference(chart, steps, tmp_path / "out") is None
    assert (tmp_path / "out" / "ours").exists() == taken


def write_chart(folder: Path) -> None:
    folder.mkdir()
    (folder / "Chart.yaml").write_text(
        f"apiVersion: v2\nname: {folder.name}\nversion: 1.0.0\n")


def charts_in(*folders: Path) -> list[Path]:
    return sorted({path.parent for folder in folders for path in folder.rglob("Chart.yaml")})


def test_real_charts(steps, tmp_path):
    # Out of the checkout, whose commit would be noted in them.
    examples = shutil.copytree(EXAMPLES, tmp_path / "examples")
    charts = charts_in(examples, *reference.chart_modules())
    assert {examples / name / "chart" for name in ("basket", "search", "storefront")} <= set(charts)
    assert len(charts) >= CHARTS_MIN
    faults = [(chart, fault) for number, chart in enumerate(charts)
              if (fault := difference(chart, steps, tmp_path / f"out-{number}"))]
    report(faults, len(charts))


# --- values ---------------------------------------------------------------------

TEXTS = ["true", "False", "null", "0", "00", "7", "-7", "-010", "+7", "1.10",
         "1e3", "0x1F", "12345678", "9007199254740992",
         "9223372036854775808", "", " 7", "7 ", "yes", "~", "[x", "a: b", "#x",
         "it's", "a=b", "2026-11-26", "é"]


def test_types_of_values(steps, tmp_path):
    """What is set in the package is what Helm sets when it installs, or its
    text where text stands."""
    chart = tmp_path / "web"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text(
        "apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (chart / "values.yaml").write_text("".join(
        f"number{i}: 3\ntext{i}: x\ndeep{i}: {{v: 3}}\n"
        for i in range(len(TEXTS))))
    (chart / "templates" / "all.yaml").write_text(
        "values: {{ omit .Values \"global\" | toJson }}\n")
    ours, theirs = [], []
    for i, text in enumerate(TEXTS):
        as_text = "--set" if text == "null" else "--set-string"
        for option, path in (("--set", f"number{i}"), ("--set", f"deep{i}.v"),
                             (as_text, f"text{i}")):
            ours += ["--set", f"{path}={text}"]
            theirs += [option, f"{path}={text}"]
    run([steps / "publish-chart", chart, "--destination", tmp_path, *ours])
    render = [toolbox.helm4(), "template", "web"]
    assert run([*render, tmp_path / "web-1.0.0.tgz"]) \
        == run([*render, chart, *theirs])


def run(argv: list[object]) -> str:
    return subprocess.run(list(map(str, argv)), check=True, timeout=60,
                          text=True, stdout=subprocess.PIPE).stdout
