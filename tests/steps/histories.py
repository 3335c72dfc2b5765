"""Small git repositories with a history, made by git itself.

    web = History(tmp_path / "web", "https://git.example/acme/web.git")
    first = web.commit("Begin")
    web.tag("v1.0.0")
    web.pull_request(7, "A new basket", "SHOP-1: wip", "Fix it")
    web.revert(first)
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

IDENTITY = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
            "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
            "PATH": os.environ["PATH"], "HOME": "/nonexistent"}


class History:
    def __init__(self, folder: Path, remote: str | None = None,
                 object_format: str = "sha1"):
        self.folder = folder
        self.time = 1_760_000_000
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main",
                 f"--object-format={object_format}")
        self.git("config", "uploadpack.allowFilter", "true")
        if remote:
            self.git("remote", "add", "origin", remote)

    def git(self, *args: object, input: bytes | None = None,
            author: str = "Ada", cwd: Path | None = None) -> str:
        self.time += 60
        env = IDENTITY | {"GIT_AUTHOR_NAME": author,
                          "GIT_AUTHOR_DATE": f"@{self.time} +0000",
                          "GIT_COMMITTER_DATE": f"@{self.time} +0000"}
        done = subprocess.run(["git", *map(str, args)], cwd=cwd or self.folder,
                              env=env, input=input, capture_output=True)
        assert done.returncode == 0, (args, done.stderr.decode(errors="replace"))
        return done.stdout.decode(errors="replace").strip()

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def commit(self, message: str | bytes, author: str = "Ada",
               encoding: str | None = None) -> str:
        """A commit that adds a file of its own, so that it can be reverted."""
        (self.folder / f"file-{self.time}").write_text("x\n")
        self.git("add", ".")
        raw = message if isinstance(message, bytes) else message.encode()
        config = ["-c", f"i18n.commitEncoding={encoding}"] if encoding else []
        self.git(*config, "commit", "-q", "--cleanup=verbatim",
                 "--allow-empty-message", "-F", "-", input=raw, author=author)
        return self.head

    def tag(self, name: str, commit: str = "HEAD") -> None:
        self.git("tag", "-f", "-a", "-m", name, name, commit)

    def merge(self, branch: str, message: str) -> str:
        self.git("merge", "-q", "--no-ff", "-m", message, branch)
        return self.head

    def pull_request(self, number: int, title: str, *messages: str,
                     author: str = "Bob") -> str:
        """Merged by GitHub's button."""
        self.git("switch", "-q", "-c", f"pr-{number}")
        for message in messages:
            self.commit(message, author=author)
        self.git("switch", "-q", "-")
        return self.merge(f"pr-{number}",
                          f"Merge pull request #{number} from acme/pr-{number}"
                          f"\n\n{title}")

    def revert(self, commit: str, *options: str) -> str:
        self.git("revert", "--no-edit", *options, commit)
        return self.head

    def clone(self, name: str, *options: str) -> Path:
        """A clone beside it, over a protocol that obeys the options."""
        to = self.folder.parent / name
        self.git("clone", "-q", *options, f"file://{self.folder}", to)
        return to
