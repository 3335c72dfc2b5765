"""Charts and chart repositories made by hand, for tests.

    make_repository(folder, {"web": ["1.0.0", "1.1.0"]})    index and archives
    make_chart(folder, "web", "1.0.0")                      a chart's folder
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from pathlib import Path

DEPLOYMENT = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-{{ .Chart.Name }}
data:
  department: {{ .Values.department | default "none" | quote }}
"""


def chart_files(name: str, version: str) -> dict[str, str]:
    return {
        "Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n",
        "values.yaml": "replicas: 1\n",
        "templates/map.yaml": DEPLOYMENT,
    }


def make_chart(folder: Path, name: str, version: str) -> Path:
    for path, text in chart_files(name, version).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def pack(name: str, files: dict[str, bytes], level: int = 9) -> bytes:
    """The same bytes each time, for the same files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, data in files.items():
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return gzip.compress(out.getvalue(), level, mtime=0)


def archive(name: str, version: str) -> bytes:
    return pack(name, {path: text.encode()
                       for path, text in chart_files(name, version).items()})


def make_repository(folder: Path, charts: dict[str, list[str]]) -> Path:
    """@folder as a repository of these versions of these charts."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["apiVersion: v1", "entries:"]
    for name in sorted(charts):
        lines.append(f"  {name}:")
        for version in charts[name]:
            file = f"{name}-{version}.tgz"
            data = archive(name, version)
            (folder / file).write_bytes(data)
            lines += [
                "  - apiVersion: v2",
                '    created: "2026-01-01T00:00:00Z"',
                f"    digest: {hashlib.sha256(data).hexdigest()}",
                f"    name: {name}",
                "    urls:",
                f"    - {file}",
                f"    version: {version}",
            ]
    lines.append('generated: "2026-01-01T00:00:00Z"')
    (folder / "index.yaml").write_text("\n".join(lines) + "\n")
    return folder
