"""Hosts of their own on this machine, each in a network namespace.

    with Hosts(supervisor, 4) as hosts:
        for host in hosts:
            server = serve(host.address)        # where the host finds us
            run_step(*host.enter, steps / "publish-chart", ...)

A host has a name (UTS namespace), a loopback, and one cable (a veth pair) to
this machine, over which nothing else can be reached.  It lives as long as the
process that holds its namespaces, which is the supervisor's: nothing is left
on the machine, however a test ends.

Where the kernel allows none of this (no root, a container without
CAP_SYS_ADMIN), .separate is False, all hosts are this machine, and a warning
says so.
"""

from __future__ import annotations

import os
import random
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import wait
from supervisor import Process, Supervisor

# For networks between devices under test (RFC 2544); cut in fours here.
NETWORK, CABLES_MAX = "198.18", 1 << 14
PATH = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


@dataclass
class Host:
    name: str
    address: str            # this machine, as the host sees it
    enter: list[str]        # what goes before a program to run there


class Hosts:
    def __init__(self, supervisor: Supervisor, count: int):
        self._supervisor = supervisor
        self._holders: list[Process] = []
        self.separate = may_separate()
        if not self.separate:
            warnings.warn(f"no right to make network namespaces: {count} hosts are one",
                          stacklevel=2)
        try:
            self._hosts = [self._new(f"host-{n}") for n in range(count)]
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[Host]:
        return iter(self._hosts)

    def _new(self, name: str) -> Host:
        if not self.separate:
            return Host(name, "127.0.0.1", [])
        holder = self._supervisor.start(
            ["unshare", "--net", "--uts", "sh", "-c",
             f"echo {name} >/proc/sys/kernel/hostname; exec sleep infinity"],
            env=PATH, log=Path(os.devnull))
        self._holders.append(holder)
        wait.until(lambda: is_asleep(holder), f"{name} ready")
        enter = ["/usr/bin/nsenter", "--target", str(holder.pid), "--net", "--uts"]
        return Host(name, connect(holder.pid, enter), enter)

    def close(self) -> None:
        for holder in self._holders:
            holder.stop()

    def __enter__(self) -> Hosts:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def may_separate() -> bool:
    """Is there the right to make namespaces and cables?"""
    return subprocess.run(
        ["unshare", "--net", "--uts", "sh", "-c",
         "echo probe >/proc/sys/kernel/hostname && "
         "ip link add probe type veth peer name other"],
        env=PATH, capture_output=True).returncode == 0


def is_asleep(holder: Process) -> bool:
    holder.check()
    return Path(f"/proc/{holder.pid}/comm").read_text() == "sleep\n"


def connect(pid: int, enter: list[str]) -> str:
    """A cable between us and the namespace of @pid; our end's address."""
    number = random.randrange(CABLES_MAX)
    ours, theirs = (f"{NETWORK}.{number >> 6}.{(number & 63) << 2 | end}"
                    for end in (1, 2))
    cable = f"slipway{number}"
    ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", str(pid))
    ip("address", "add", f"{ours}/30", "dev", cable)
    ip("link", "set", cable, "up")
    ip("address", "add", f"{theirs}/30", "dev", "eth0", within=enter)
    for device in ("lo", "eth0"):
        ip("link", "set", device, "up", within=enter)
    return ours


def ip(*argv: str, within: list[str] = []) -> None:
    done = subprocess.run([*within, "ip", *argv], env=PATH, capture_output=True,
                          text=True)
    assert done.returncode == 0, f"ip {' '.join(argv)}: {done.stderr}"
