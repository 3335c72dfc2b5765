"""A Git server for random clusters: one branch for each environment, and what
became of it (sweep_model.BRANCHES); no more of Git than the sweep asks for.

    with GitWorld(world) as git:
        kube.marks = git.marks      # annotations of one namespace
"""

from __future__ import annotations

import hashlib

from scripted_http import Reply, Request, ScriptedHttp
from sweep_model import Namespace, World

REPOSITORY, BROKEN = "/team/web.git", "/team/broken.git"
MAIN = hashlib.sha1(b"main").hexdigest()
ABSENT = ("gone", "unseen")
NO_OBJECT, OBJECT = b"\0", b"\1"


def line(text: bytes) -> bytes:
    return b"%04x%s" % (len(text) + 4, text)


def tip(name: str) -> str:
    return hashlib.sha1(name.encode()).hexdigest()


def before(name: str) -> str:
    """The commit that was deployed, where the tip is another."""
    return tip(f"{name}, before")


class GitWorld(ScriptedHttp):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.branches = {n.name: n.branch for n in world.values() if n.branch}
        self.held = {tip(name): branch not in ("alive", *ABSENT)
                     for name, branch in self.branches.items()}
        self.held |= {before(name): branch == "merged"
                      for name, branch in self.branches.items()}
        self.always(self._answer)

    def marks(self, namespace: Namespace) -> dict[str, str]:
        name, branch = namespace.name, namespace.branch
        if not branch:
            return {}
        path = BROKEN if branch == "broken" else REPOSITORY
        marks = {"slipway/branch": f"b/{name}",
                 "slipway/git-url": f"{self.url}{path}",
                 "slipway/commit": tip(name), "slipway/ahead-of": "main"}
        if branch == "reset" or len(name) % 2:
            marks["slipway/commit"] = before(name)
        if branch != "unseen" and (branch == "gone" or len(name) % 2):
            marks["slipway/branch-seen"] = "true"
        if branch == "never ahead":
            del marks["slipway/ahead-of"]
        if branch == "fork":
            marks["slipway/branch"] = f"ann:b/{name}"
        return marks

    def _answer(self, request: Request) -> Reply:
        if request.path.startswith(BROKEN):
            return Reply(500)
        if request.method == "GET":
            return Reply(200, self._refs())
        want = request.body[9:49].decode()
        pack = b"PACK\0\0\0\2\0\0\0" + (NO_OBJECT if self.held[want]
                                         else OBJECT)
        return Reply(200, line(f"shallow {want}".encode()) + b"0000" +
                     line(f"ACK {MAIN}\n".encode()) +
                     line(b"\1" + pack + b"x" * 20) + b"0000")

    def _refs(self) -> bytes:
        refs = [(MAIN, "refs/heads/main\0side-band-64k shallow")] + [
            (tip(name), f"refs/heads/b/{name}")
            for name, branch in self.branches.items() if branch not in ABSENT]
        return line(b"# service=git-upload-pack\n") + b"0000" + b"".join(
            line(f"{hash} {name}\n".encode()) for hash, name in refs) + b"0000"
