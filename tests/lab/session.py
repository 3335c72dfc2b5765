"""One lab: what was asked for, started when it is first asked for.

    with Lab() as lab:
        lab.cluster                     # starts the control plane
        lab.s3                          # starts MinIO
        lab.registry                    # starts an OCI registry
        lab.toxiproxy                   # starts Toxiproxy
        subprocess.run(..., env=os.environ | lab.env)
"""

from __future__ import annotations

import shutil
import tempfile
from functools import cached_property
from pathlib import Path

import toolbox
from cluster import Cluster
from moto_server import Moto
from registry import Registry, TokenServer, basic
from s3 import MinIO, VersityGW
from static_http import StaticHttp
from supervisor import Supervisor
from toxiproxy import Toxiproxy


class Lab:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="slipway-lab-"))
        self.supervisor = Supervisor()
        self.supervisor.remove_at_end(self.folder)
        self.env: dict[str, str] = {}

    @cached_property
    def cluster(self) -> Cluster:
        cluster = Cluster(self.supervisor, self._new("cluster")).start()
        self.env |= cluster.env
        return cluster

    @cached_property
    def s3(self) -> MinIO:
        s3 = MinIO(self.supervisor, self._new("minio")).start()
        self.env |= s3.env
        return s3

    @cached_property
    def versitygw(self) -> VersityGW:
        """A second S3 of other make; self.env names the first."""
        return VersityGW(self.supervisor, self._new("versitygw")).start()

    @cached_property
    def moto(self) -> Moto:
        return Moto(self.supervisor, self._new("moto")).start()

    @cached_property
    def registry(self) -> Registry:
        return Registry(self.supervisor, self._new("registry")).start()

    @cached_property
    def toxiproxy(self) -> Toxiproxy:
        return Toxiproxy(self.supervisor, self._new("toxiproxy")).start()

    def guarded_registry(self, tokens: bool) -> tuple[Registry, TokenServer | None]:
        """One that only registry.USER may use, by password or by tokens."""
        folder = self._new("registry")
        server = TokenServer(folder) if tokens else None
        auth = server.auth if server else basic(folder)
        return Registry(self.supervisor, folder, auth).start(), server

    @cached_property
    def tools(self) -> Path:
        """A folder for PATH: helm (4), helm3, kubectl."""
        folder = self.folder / "bin"
        folder.mkdir()
        for name, module, binary in (("helm", "helm4", "helm"),
                                     ("helm3", "helm3", "helm"),
                                     ("kubectl", "kubernetes", "kubectl")):
            path = toolbox.folder(module) / binary
            if path.exists():
                (folder / name).symlink_to(path)
                self.env[name.upper()] = str(path)
        return folder

    def _new(self, name: str) -> Path:
        """A folder for a start, which may be the second after a failed one."""
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))

    def serve(self, folder: Path) -> StaticHttp:
        """@folder over HTTP; it ends with this process."""
        server = StaticHttp(folder)
        self.env["LAB_HTTP"] = server.url
        return server

    def close(self) -> None:
        self.supervisor.close()
        # the supervisor has removed it already, unless it was killed
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()
