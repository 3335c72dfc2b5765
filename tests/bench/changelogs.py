"""A changelog of 20,000 commits against git log of the same ones."""

from __future__ import annotations

import subprocess
from pathlib import Path

from measuring import Case, Side

COMMITS = 20_000
RESIDENT = 48 << 10     # KiB


def write_history(out) -> None:
    """As git fast-import takes it: pull requests, merged and squashed."""
    time, mark = 1_700_000_000, 1

    def commit(parents: list[int], message: str, author: str) -> int:
        nonlocal time, mark
        time, mark = time + 60, mark + 1
        who = f"{author} <a@example.com> {time} +0000"
        lines = [f"commit refs/heads/main\nmark :{mark}\nauthor {who}",
                 f"committer {who}\ndata {len(message)}\n{message}"]
        lines += [f"{'merge' if at else 'from'} :{parent}"
                  for at, parent in enumerate(parents)]
        lines += [f"M 100644 :1 file-{mark % 50}\n\n"]
        out.write("\n".join(lines).encode())
        return mark

    out.write(b"blob\nmark :1\ndata 2\nx\n\n")
    tip = commit([], "Begin", "Ada")
    out.write(f"reset refs/tags/v1.0.0\nfrom :{tip}\n\n".encode())
    for number in range(0, COMMITS, 4):
        author = f"Author {number % 17}"
        part = commit([tip], f"SHOP-{number % 3000 + 1}: work on part {number}\n\n"
                      "Why this was done, in a line or two of words that are\n"
                      "about as long as people write them.\n", author)
        part = commit([part], f"Refine part {number}\n\nMore of it.\n", author)
        squashed = commit([tip], f"Fix thing {number} (#{number + 1})\n\nIt was so.\n",
                          f"Author {number % 13}")
        tip = commit([squashed, part], f"Merge pull request #{number} from acme/"
                     f"part-{number}\n\nPart {number}\n", "Ada")


def cases(work: Path, steps: Path) -> list[Case]:
    folder = work / "history"
    subprocess.run(["git", "init", "-q", "-b", "main", folder], check=True)
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=folder,
                          stdin=subprocess.PIPE) as importer:
        write_history(importer.stdin)
    if importer.returncode:
        raise SystemExit("bench: git fast-import failed")
    subprocess.run(["git", "repack", "-adq"], cwd=folder, check=True)
    span = "v1.0.0..main"
    return [Case(f"changelog of {COMMITS} commits, git log", 0.5,
                 Side([str(steps / "changelog"), "--range", span], folder),
                 Side(["git", "log", span], folder), resident=RESIDENT)]
