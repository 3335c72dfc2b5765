"""Child processes that never outlive their owner, however it ends.

    with Supervisor() as supervisor:
        etcd = supervisor.start(["etcd", ...], log="etcd.log")
        ...
                                        # here nothing runs any more

The owner (pytest, `lab run`) starts one small process, the supervisor, and
speaks with it over a socket, one JSON object per line.  The supervisor alone
forks.  Who is killed decides how the rest ends:

- the owner: the socket closes, the supervisor stops everything, the last one
  started first, removes the folders that it was given, and ends;
- the supervisor: its children carry PR_SET_PDEATHSIG and are killed by the
  kernel.  That signal comes when the forking *thread* ends, which is why the
  owner, whose threads come and go, does not fork them itself;
- a child: what it had started falls to the supervisor, which is the
  subreaper (PR_SET_CHILD_SUBREAPER), and is killed at the end.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
STOP_DEADLINE = 30.0    # seconds for a whole stop, what the owner waits
TICK = 0.02             # seconds between two looks at ended children
GONE = "the lab's supervisor is gone"

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int, sig: int = signal.SIGKILL) -> None:
    """For preexec_fn: get @sig when the thread that forked us ends."""
    _libc.prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(127)


class Process:
    """What the owner knows of a child."""

    def __init__(self, supervisor: Supervisor, pid: int, name: str,
                 log: Path | None):
        self.supervisor, self.pid, self.name, self.log = \
            supervisor, pid, name, log

    def code(self) -> int | None:
        """The exit code (negative: the signal), None while it runs."""
        return self.supervisor._ask(op="code", pid=self.pid)["code"]

    def wait(self) -> int:
        while (code := self.code()) is None:
            time.sleep(TICK)
        return code

    def stop(self) -> None:
        self.supervisor._ask(op="stop", pid=self.pid)

    def check(self) -> None:
        """Raise, with the end of its log, if it does not run any more."""
        code = self.code()
        if code is None:
            return
        tail = ""
        if self.log and self.log.exists():
            tail = "\n".join(
                self.log.read_text(errors="replace").splitlines()[-15:])
        raise RuntimeError(f"'{self.name}' ended with {code}\n{tail}")


class Supervisor:
    """The owner's end."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.child = subprocess.Popen(
                [sys.executable, "-I", __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()])
        self.channel = ours.makefile("rw", encoding="utf-8")
        ours.close()
        self.pid = self.child.pid
        self._lock = threading.Lock()
        self._asked = 0

    def start(self, argv: list[str], *, env: dict[str, str] | None = None,
              cwd: str | None = None, log: Path | None = None,
              grace: float = 0.0) -> Process:
        """Start @argv, its output in @log, without which it keeps ours and
        stays in the terminal's foreground.  @grace: seconds between TERM and
        KILL when it is stopped; 0 kills at once, right for throw-away data.
        """
        argv = [str(word) for word in argv]
        answer = self._ask(op="start", argv=argv, env=env, cwd=cwd,
                           log=str(log) if log else None, grace=grace)
        return Process(self, answer["pid"], os.path.basename(argv[0]), log)

    def remove_at_end(self, folder: Path) -> None:
        self._ask(op="own", folder=str(folder))

    def close(self) -> None:
        """Stop everything; returns when nothing runs any more."""
        try:
            self.channel.close()
        except OSError:
            pass
        try:
            self.child.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _ask(self, **request: object) -> dict:
        with self._lock:
            self._asked += 1
            question = json.dumps(request | {"id": self._asked})
            try:
                self.channel.write(question + "\n")
                self.channel.flush()
                answer = self._answer()
            except OSError as error:
                raise RuntimeError(GONE) from error
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def _answer(self) -> dict:
        """The answer to the last question; earlier ones are of questions
        that were interrupted, as by a test's timeout."""
        while line := self.channel.readline():
            answer = json.loads(line)
            if answer.pop("id") == self._asked:
                return answer
        raise RuntimeError(GONE)


class _Children:
    """The supervisor's end: the children and how they are stopped."""

    def __init__(self) -> None:
        self.running: dict[int, tuple[subprocess.Popen, float]] = {}
        self.ended: dict[int, int] = {}
        self.folders: list[str] = []

    def answer(self, request: dict) -> dict:
        match request["op"]:
            case "start":
                return {"pid": self.start(request)}
            case "code":
                self.reap()
                return {"code": self.ended.get(request["pid"])}
            case "stop":
                self.stop(request["pid"])
            case "own":
                self.folders.append(request["folder"])
        return {}

    def start(self, request: dict) -> int:
        me = os.getpid()
        out = open(request["log"], "ab") if request["log"] else None
        try:
            child = subprocess.Popen(
                request["argv"], env=request["env"], cwd=request["cwd"],
                stdin=subprocess.DEVNULL if out else None,
                stdout=out, stderr=out, start_new_session=out is not None,
                preexec_fn=lambda: die_with_parent(me))
        finally:
            if out:
                out.close()
        self.running[child.pid] = child, request["grace"]
        return child.pid

    def reap(self) -> None:
        for pid, (child, _grace) in list(self.running.items()):
            if child.poll() is not None:
                self.ended[pid] = child.returncode
                del self.running[pid]

    def stop(self, pid: int) -> None:
        if pid not in self.running:
            return
        child, grace = self.running[pid]
        if grace:
            child.terminate()
            try:
                child.wait(grace)
            except subprocess.TimeoutExpired:
                pass
        child.kill()
        child.wait()
        self.reap()

    def stop_all(self) -> None:
        _catch(lambda *_: None)
        for pid in reversed(list(self.running)):
            self.stop(pid)
        kill_descendants()
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)


def adopt_orphans() -> None:
    """Become the parent of what our children leave behind."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_descendants() -> None:
    """End every process below this one; with adopt_orphans(), none escapes."""
    while below := descendants(os.getpid()):
        for pid in below:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        _reap_any()
        time.sleep(TICK)


def descendants(root: int) -> list[int]:
    """The living processes below @root."""
    parents = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = Path("/proc", entry, "stat").read_text()
        except OSError:
            continue
        state, parent = stat.rpartition(")")[2].split()[:2]
        if state != "Z":
            parents[int(entry)] = int(parent)
    found = {root}
    while more := {p for p, up in parents.items() if up in found} - found:
        found |= more
    return sorted(found - {root})


def _reap_any() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _serve(channel: socket.socket) -> None:
    children = _Children()
    stream = channel.makefile("rw", encoding="utf-8")
    try:
        while line := stream.readline():
            request = json.loads(line)
            try:
                answer = children.answer(request)
            except OSError as error:
                answer = {"error": str(error)}
            stream.write(json.dumps(answer | {"id": request["id"]}) + "\n")
            stream.flush()
    except (BrokenPipeError, ConnectionResetError):
        pass
    finally:
        children.stop_all()


def _catch(handler: Callable) -> None:
    for sig in signal.SIGTERM, signal.SIGHUP:
        signal.signal(sig, handler)


def _main() -> None:
    adopt_orphans()
    # An interrupt is for the owner to judge.  A handler, not SIG_IGN, which
    # the children would inherit.
    signal.signal(signal.SIGINT, lambda *_: None)
    _catch(lambda *_: sys.exit(1))
    _serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    _main()
