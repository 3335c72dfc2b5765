"""Resolving and vendoring dependencies, against Helm and against libyaml."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path

import goprogram
from measuring import Case, Side

ARCHIVES = 200          # charts that can be downloaded
ENTRY_SIZE = 920        # bytes, as in a large public index


def write_tgz(path: Path, name: str, version: str) -> None:
    """A small chart as a repository holds it."""
    folder = path.parent / f".{name}"
    (folder / name / "templates").mkdir(parents=True)
    (folder / name / "Chart.yaml").write_text(
        f"apiVersion: v2\nname: {name}\nversion: {version}\n")
    (folder / name / "templates" / "map.yaml").write_text(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n")
    with tarfile.open(path, "w:gz") as tar:
        for file in ("Chart.yaml", "templates/map.yaml"):
            tar.add(folder / name / file, f"{name}/{file}")
    shutil.rmtree(folder)


def make_repository(folder: Path, charts: int) -> None:
    """An index of @charts entries; the first ARCHIVES have their archives."""
    folder.mkdir()
    lines = ["apiVersion: v1", "entries:"]
    for number in range(charts):
        name = f"app-{number:05d}"
        digest = hashlib.sha256(name.encode()).hexdigest()
        if number < ARCHIVES:
            archive = folder / f"{name}-1.2.3.tgz"
            write_tgz(archive, name, "1.2.3")
            digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        entry = [f"  {name}:", "  - apiVersion: v2",
                 '    created: "2026-01-01T00:00:00Z"',
                 f"    digest: {digest}", f"    name: {name}",
                 "    urls:", f"    - {name}-1.2.3.tgz", "    version: 1.2.3"]
        size = sum(len(line) + 1 for line in entry)
        filler = "d" * max(ENTRY_SIZE - size - 18, 1)
        entry.insert(3, f"    description: {filler}")
        lines += entry
    lines.append('generated: "2026-01-01T00:00:00Z"')
    (folder / "index.yaml").write_text("\n".join(lines) + "\n")


def make_umbrella(folder: Path, url: str, wanted: int) -> None:
    folder.mkdir()
    dependencies = "".join(
        f"- name: app-{number:05d}\n  version: 1.2.3\n  repository: {url}\n"
        for number in range(wanted))
    (folder / "Chart.yaml").write_text(
        "apiVersion: v2\nname: umbrella\nversion: 0.1.0\n"
        f"dependencies:\n{dependencies}")
    (folder / "values.yaml").write_text("global:\n  expires: false\n")


class FileServer:
    """A folder over HTTP, as ChartMuseum and MinIO serve it: by Go.

    What a server in Python takes would be in both sides of a case.
    """

    def __init__(self, program: str, folder: Path):
        self._child = subprocess.Popen([program, folder],
                                       stdout=subprocess.PIPE, text=True)
        self.url = self._child.stdout.readline().strip()

    def close(self) -> None:
        self._child.kill()
        self._child.wait()
        self._child.stdout.close()


class Repositories:
    """Indexes of 1,000 and 15,000 charts on a server, known to Helm."""

    SIZES = (1000, 15000)

    def __init__(self, work: Path, steps: Path, helm: str, env: dict[str, str]):
        self.work, self.steps, self.helm, self.env = work, steps, helm, env
        self.servers: dict[int, FileServer] = {}

    def __enter__(self) -> Repositories:
        program = goprogram.build("fileserver", self.work)
        for charts in self.SIZES:
            folder = self.work / f"repository-{charts}"
            make_repository(folder, charts)
            self.servers[charts] = FileServer(program, folder)
        return self

    def __exit__(self, *_failure: object) -> None:
        for server in self.servers.values():
            server.close()

    def umbrella(self, charts: int, wanted: int) -> Path:
        folder = self.work / f"umbrella-{wanted}-of-{charts}"
        if not folder.exists():
            make_umbrella(folder, self.servers[charts].url, wanted)
        return folder

    def ours(self, charts: int, wanted: int, cached: bool) -> Side:
        output = self.work / "rendered" / f"{wanted}-of-{charts}"
        cache = self.work / f"cache-{charts}-{cached}"
        return Side([str(self.steps / "umbrella-render"),
                     str(self.umbrella(charts, wanted)),
                     "--repository-name", "bench", "--branch", "main",
                     "--cache-dir", str(cache), "--output-dir", str(output)],
                    self.work, [output] if cached else [output, cache])

    def helms(self, charts: int, wanted: int) -> Side:
        """The best that Helm can do: it has the repository added, alone."""
        folder = self.work / f"helm-{wanted}-of-{charts}"
        shutil.copytree(self.umbrella(charts, wanted), folder,
                        dirs_exist_ok=True)
        config = self.work / f"repositories-{charts}.yaml"
        subprocess.run([self.helm, "repo", "add", "bench",
                        self.servers[charts].url, "--force-update",
                        "--repository-config", config], env=self.env,
                       check=True, stdout=subprocess.DEVNULL)
        return Side([self.helm, "dependency", "update", str(folder),
                     "--repository-config", str(config)], self.work,
                    [folder / "charts", folder / "Chart.lock"])

    def libyamls(self, charts: int, wanted: int) -> Side:
        """The index parsed once, and all of it downloaded by curl."""
        program = self.work / "parse"
        source = Path(__file__).parent / "libyaml" / "parse.c"
        subprocess.run(["cc", "-O2", "-o", program, source, "-lyaml"],
                       check=True)
        url = self.servers[charts].url
        names = ["index.yaml", *(f"app-{number:05d}-1.2.3.tgz"
                                 for number in range(wanted))]
        listed = self.work / "urls"
        listed.write_text("".join(
            f"url = {url}/{name}\noutput = downloads/{name}\n"
            for name in names))
        index = self.work / f"repository-{charts}" / "index.yaml"
        downloads = self.work / "downloads"
        return Side(["sh", "-c", f"mkdir {downloads} && {program} {index} && "
                     f"curl -sf --parallel --parallel-max 8 -K {listed}"],
                    self.work, [downloads])

    def cases(self) -> list[Case]:
        return [
            Case("resolve 20 of 1,000", 80, self.ours(1000, 20, False),
                 self.helms(1000, 20), runs=5),
            Case("the same, cached", 80, self.ours(1000, 20, True),
                 self.helms(1000, 20), runs=5),
            Case("200 of 15,000, against libyaml", 0.5,
                 self.ours(15000, 200, False), self.libyamls(15000, 200),
                 runs=10),
            Case("resolve 20 of 15,000", 150, self.ours(15000, 20, False),
                 self.helms(15000, 20), runs=1),
        ]
