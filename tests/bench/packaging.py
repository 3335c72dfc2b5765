"""Cases of packaging, against `helm package`."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

from measuring import Case, Side

VENDORED = 200
RESIDENT = 8 << 10      # KiB


def cases(work: Path, example: Path, steps: Path, helm: str) -> list[Case]:
    chart = work / "web"
    shutil.copytree(example, chart)
    return [
        case("package a small chart", 15, chart, steps, helm),
        case(f"with {VENDORED} vendored dependencies", 6,
             vendoring_chart(chart), steps, helm, resident=RESIDENT),
    ]


def case(name: str, goal: float, chart: Path, steps: Path, helm: str,
         **limits: int) -> Case:
    work = chart.parent
    ours, theirs = work / "ours", work / "packed"
    return Case(name, goal,
                Side([str(steps / "publish-chart"), "--destination", str(ours),
                      "--version", "1.0.0", str(chart)], work, [ours]),
                Side([helm, "package", str(chart), "--version", "1.0.0", "-d",
                      str(theirs)], work, [theirs]), **limits)


def vendoring_chart(chart: Path) -> Path:
    """The chart with VENDORED others like it, packed, in charts/."""
    folder, other = chart.parent / "vendoring", chart.parent / "other"
    shutil.copytree(chart, folder)
    shutil.copytree(chart, other)
    (folder / "charts").mkdir()
    dependencies = ""
    for name in (f"app-{number:03d}" for number in range(VENDORED)):
        (other / "Chart.yaml").write_text(
            f"apiVersion: v2\nname: {name}\nversion: 1.2.3\n")
        with tarfile.open(folder / "charts" / f"{name}-1.2.3.tgz", "w:gz") as tar:
            tar.add(other, name)
        dependencies += (f"- name: {name}\n  version: 1.2.3\n"
                         "  repository: https://example.com\n")
    (folder / "Chart.yaml").write_text(
        "apiVersion: v2\nname: vendoring\nversion: 1.0.0\n"
        f"dependencies:\n{dependencies}")
    return folder
