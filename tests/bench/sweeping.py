"""expire-sweep, against Helm on the same control plane."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import environments
from kubeapi import KubeApi
from measuring import Case, Meter, Side, measure, report
from session import Lab

RELEASES = 10000
EXPIRED = 100           # of these
ENDED = 1600000000      # when
SHARE = 100             # releases that live in one namespace
PAYLOAD = 9 << 10       # bytes of a release as it is stored
JOBS = 4
WRITERS = 4
NAMES = LIST, BYTES, WHOLE = (
    "list 10,000 releases", "bytes of that list", "sweep of 100 in 10,000")


def padding(dice: random.Random) -> dict:
    """Values of which a release gets PAYLOAD bytes."""
    return {"padding": dice.randbytes(PAYLOAD * 3 // 4 - 300).hex()}


class Tap:
    """Hands bytes through to a port, and counts them."""

    def __init__(self, port: int):
        self.target, self.moved = port, 0
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):      # closed
            while True:
                client = self._socket.accept()[0]
                server = socket.create_connection(("127.0.0.1", self.target))
                for ends in (client, server), (server, client):
                    threading.Thread(target=self._pump, args=ends,
                                     daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                with self._lock:
                    self.moved += len(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


class Sweeping:
    """A control plane with RELEASES releases."""

    def __init__(self, work: Path, steps: Path, helm: str):
        self.work, self.steps, self.helm = work / "sweeping", steps, helm
        self.work.mkdir()

    def __enter__(self) -> Sweeping:
        self.lab = Lab()
        self.cluster = self.lab.cluster
        self._fill()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.lab.close()

    def measure(self, meter: Meter) -> list[bool]:
        """All rows."""
        return [*self._compare_lists(meter), self._compare_sweeps(meter)]

    # -- the cluster

    def _in_parallel(self, work, count: int) -> None:
        """work(api, number, dice) for each number, by WRITERS threads."""
        def run(first: int) -> None:
            api = KubeApi(self.cluster.port, self.cluster.ca,
                          self.cluster.token)
            dice = random.Random(first)
            for number in range(first, count, WRITERS):
                work(api, number, dice)

        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(run, range(WRITERS)))

    def _fill(self) -> None:
        """Releases that have not expired, without objects of their own."""
        def add_namespace(api: KubeApi, number: int, _dice) -> None:
            api.create_namespace(f"shared-{number:03d}")

        def add(api: KubeApi, number: int, dice: random.Random) -> None:
            environments.store_release(
                api, f"shared-{number // SHARE:03d}", f"web-{number:05d}",
                environments.marks("never"), values=padding(dice))

        live = RELEASES - EXPIRED
        self._in_parallel(add_namespace, live // SHARE)
        self._in_parallel(add, live)

    def _add_expired(self) -> None:
        """In namespaces of their own, which were there before, and stay."""
        def add(api: KubeApi, number: int, dice: random.Random) -> None:
            path = f"/api/v1/namespaces/old-{number:03d}"
            name = path.rsplit("/", 1)[1]
            if not api.exists(path):
                environments.make(api, name, ENDED, created=False, release=None)
            if not api.exists(f"{path}/secrets/sh.helm.release.v1.web.v1"):
                environments.add_release(api, name, "web",
                                         environments.marks(ENDED),
                                         values=padding(dice))
        self._in_parallel(add, EXPIRED)

    # -- rows

    def _list(self, kubeconfig: Path) -> tuple[Side, Side]:
        env = {"KUBECONFIG": str(kubeconfig)}
        return (Side([str(self.steps / "expire-sweep"), "--dry-run",
                      "--max-deletes", str(EXPIRED),
                      "--output", "json"], self.work, env=env),
                Side([self.helm, "list", "-A", "--max", "0", "-o", "json"],
                     self.work, env=env))

    def _compare_lists(self, meter: Meter) -> Iterator[bool]:
        self._add_expired()
        ours, theirs = self._list(self.cluster.kubeconfig)
        yield measure(Case(LIST, 8, ours, theirs, runs=5, memory=1 / 25),
                      meter)
        tap = Tap(self.cluster.port)
        tapped = self.work / "tapped"
        tapped.write_text(self.cluster.kubeconfig.read_text().replace(
            f":{self.cluster.port}", f":{tap.port}"))
        moved = []
        for side in self._list(tapped):
            before = tap.moved
            meter.run(side)
            moved.append((tap.moved - before) / 1e6)
        tap.close()
        yield report(BYTES, *moved, "MB", 100)

    def _compare_sweeps(self, meter: Meter) -> bool:
        """Of the same releases, in namespaces that stay."""
        env = {"KUBECONFIG": str(self.cluster.kubeconfig)}
        names = "\\n".join(f"old-{n:03d}" for n in range(EXPIRED))
        ours = Side([str(self.steps / "expire-sweep"), "--output", "json",
                     "--max-deletes", str(EXPIRED), "--jobs", str(JOBS),
                     "--helm", self.helm], self.work, env=env)
        theirs = Side(["/bin/sh", "-c",
                       f"printf '{names}\\n' | xargs -P {JOBS} -I @ "
                       f"{self.helm} uninstall --wait web -n @"], self.work,
                      env=env)
        for side in ours, theirs:
            side.before = self._add_expired
        return measure(Case(WHOLE, 1 / 1.2, ours, theirs, runs=3), meter)

