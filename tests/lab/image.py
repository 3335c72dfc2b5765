"""The image of all steps, and programs run in it as a container would.

    with Image() as image:
        image.run(["publish-chart", "--help"])
        image.run(["sh", "-xe", "-c", "..."], uid=1000, env=...,
                  cwd=workspace, mounts=[workspace])

container/build makes it with buildah, on a base of debootstrap, in a storage
of its own in the lab's cache.  A program gets mount and pid namespaces of its
own, the network of this machine (the lab listens on loopback), and a root
that is read-only unless told otherwise.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import resource
import subprocess
from pathlib import Path

import toolbox
from runner import Result
from supervisor import die_with_parent

TOP = Path(__file__).resolve().parent.parent.parent
NAME = "slipway-test"   # of the image
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# $1: root, $2: uid, $3: ro or rw, $4: working directory, then folders to
# mount, "--" and the command.  /tmp is mounted first, so that folders below
# it need no mount point in the image.
CONTAIN = """
root=$1 uid=$2 mode=$3 cwd=$4; shift 4
mount --bind "$root" "$root"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do
	target=$root${1##*=}
	mkdir -p "$target"
	mount --bind "${1%%=*}" "$target"
	shift
done
shift
[ "$mode" = rw ] || mount -o remount,bind,ro "$root"
exec chroot --userspec="$uid:$uid" "$root" \
	/bin/sh -c 'cd "$1" && shift && exec "$@"' sh "$cwd" "$@"
"""


def as_root(*argv: object) -> list[str]:
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n", "-E"]
    return [*sudo, *map(str, argv)]


def limits() -> list[str]:
    """As container/build sets them, for its reasons."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    processes = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    if not 0 <= processes < 32768:
        processes = 32768
    return [f"--ulimit=nofile={files}:{files}",
            f"--ulimit=nproc={processes}:{processes}"]


class Image:
    def __init__(self) -> None:
        self.storage = toolbox.cache() / "image"
        self.container = f"{NAME}-{os.getpid()}"
        self.root = Path()

    def __enter__(self) -> Image:
        self.storage.mkdir(parents=True, exist_ok=True)
        with open(self.storage / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            subprocess.run(
                as_root(TOP / "container" / "build", *self.arguments),
                check=True, stdin=subprocess.DEVNULL)
            self._tidy()
            self.buildah("from", "--pull-never", *limits(),
                         "--name", self.container,
                         f"localhost/{NAME}")
        self.root = Path(self.buildah("mount", self.container))
        return self

    def __exit__(self, *_exc: object) -> None:
        self.buildah("rm", self.container)

    @property
    def arguments(self) -> list[object]:
        """Of container/build, for this image."""
        return ["--engine", "buildah", "--base", "debootstrap",
                "--tag", NAME, "--storage", self.storage]

    def buildah(self, *args: object, check: bool = True) -> str:
        return subprocess.run(
            as_root("buildah", "--storage-driver", "vfs",
                    "--root", self.storage / "images",
                    "--runroot", self.storage / "run", *args),
            check=check, stdout=subprocess.PIPE, text=True,
            stderr=None if check else subprocess.DEVNULL).stdout.strip()

    def _tidy(self) -> None:
        """Remove what sessions left that were killed, and old images."""
        names = self.buildah("containers", "--noheading", "--format",
                             "{{.ContainerName}}").split()
        for name in names:
            owner = re.fullmatch(rf"{NAME}-(\d+)", name)
            if owner and not Path("/proc", owner[1]).exists():
                self.buildah("rm", name)
        self.buildah("rmi", "--prune", check=False)

    def inspect(self) -> dict:
        return json.loads(self.buildah("inspect", "--type", "image", NAME))

    def start(self, argv: list[str], *, uid: int = 65532,
              env: dict[str, str] | None = None, cwd: Path | str = "/work",
              mounts: list[Path | str] | None = None,
              read_only: bool = True) -> subprocess.Popen[str]:
        """Start @argv.  A mount is a folder, which appears under the same
        path, or "FOLDER=PATH".  HOME is not set."""
        me = os.getpid()
        return subprocess.Popen(
            as_root("/usr/bin/unshare", "--mount", "--pid", "--fork",
                    "--kill-child", "/bin/sh", "-e", "-c", CONTAIN, "sh",
                    self.root, uid, "ro" if read_only else "rw", cwd,
                    *(mounts or []), "--", *argv),
            env={"PATH": PATH} | (env or {}), text=True,
            errors="backslashreplace", stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True, preexec_fn=lambda: die_with_parent(me))

    def run(self, argv: list[str], *, expect: int | None = 0,
            input: str = "", timeout: float = 60, **options) -> Result:
        """Run @argv to its end; None takes any exit code."""
        process = self.start(argv, **options)
        try:
            out, err = process.communicate(input, timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(
                f"no end within {timeout:g} s: "
                f"{Result(argv, -9, out, err)}") from None
        result = Result(argv, process.returncode, out, err)
        if expect is not None and result.code != expect:
            raise AssertionError(f"expected exit code {expect}: {result}")
        return result
