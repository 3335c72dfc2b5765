"""One mark over HTTPS, against curl."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from measuring import Case, Side
from scripted_grafana import TOKEN, ScriptedGrafana, grafana_state
from scripted_http import TestAuthority

SYSTEM = Path("/etc/ssl/certs")
BUNDLE = SYSTEM / "ca-certificates.crt"


class Marking:
    """A Grafana whose certificate is of an authority beside the system's.

    Both sides trust them all: ours by the folder that the system has of them,
    curl by the bundle, as is its way.
    """

    def __init__(self, work: Path, steps: Path):
        self.work, self.step = work / "marking", steps / "grafana-annotate"
        self.work.mkdir()

    def __enter__(self) -> Marking:
        authority = TestAuthority(self.work / "authority")
        self.folder = authority.hashed_dir()
        for path in SYSTEM.iterdir():
            if path.is_file() and not (self.folder / path.name).exists():
                shutil.copy(path, self.folder, follow_symlinks=True)
        self.bundle = self.work / "bundle.pem"
        self.bundle.write_text(BUNDLE.read_text() + authority.file.read_text())
        self.grafana = ScriptedGrafana()
        self.grafana.tls = authority.server()
        self.grafana.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        self.grafana.__exit__(*failure)

    def _reset(self) -> None:
        self.grafana.clear()
        self.grafana.state.update(grafana_state())

    def cases(self) -> list[Case]:
        url = self.grafana.url
        mark = json.dumps({"time": 1795341600000, "tags": ["deploy"], "text": "web 1.4.0"})
        return [Case(
            "a mark over HTTPS, against curl", 2,
            Side([str(self.step), "--quiet", "--text", "web 1.4.0", "--start",
                  "1795341600000"], self.work, before=self._reset,
                 env={"GRAFANA_URL": url, "GRAFANA_TOKEN": TOKEN,
                      "SSL_CERT_DIR": str(self.folder)}),
            Side(["curl", "-sf", "--cacert", str(self.bundle), "-H",
                  f"Authorization: Bearer {TOKEN}", "-H",
                  "Content-Type: application/json", "-d", mark,
                  f"{url}/api/annotations"], self.work, before=self._reset))]
