"""Git repositories over HTTP, as Git itself serves them.

    with GitServer(tmp_path) as server:
        history = server.history("team/web.git")    # histories.History
        run_step(..., server.address("team/web.git"))
        assert server.lines == ["GET /team/web.git/info/refs?service=..."]

What is in .replies is answered in place of Git, by path.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from histories import IDENTITY, History
from scripted_http import Reply, Request, Script, ScriptedHttp

REFS = "/info/refs"
SERVICE = "/git-upload-pack"


class GitServer(ScriptedHttp):
    def __init__(self, folder: Path, **how: object) -> None:
        super().__init__(**how)
        self.folder = folder
        self.replies: dict[str, Script] = {}
        self.always(self._answer)

    def history(self, path: str, object_format: str = "sha1") -> History:
        return History(self.folder / path, object_format=object_format)

    def address(self, path: str) -> str:
        return f"{self.url}/{path}"

    def _answer(self, request: Request) -> Reply:
        script = self.replies.get(urlsplit(request.path).path)
        if script is None:
            return self.ask_git(request)
        return script(request) if callable(script) else script

    def ask_git(self, request: Request) -> Reply:
        """By git-http-backend, a CGI program (RFC 3875)."""
        url = urlsplit(request.path)
        root, path = self.folder, url.path
        for end in (REFS, SERVICE):
            if path.endswith(end):
                path = f"{path[:-len(end)]}/.git{end}"
        done = subprocess.run(
            ["git", "http-backend"], input=request.body, capture_output=True,
            env=IDENTITY | {
                "GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path, "QUERY_STRING": url.query,
                "REQUEST_METHOD": request.method,
                "CONTENT_LENGTH": str(len(request.body)),
                "CONTENT_TYPE": request.header("Content-Type") or "",
                "GIT_PROTOCOL": request.header("Git-Protocol") or "",
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": "*"})
        head, body = done.stdout.split(b"\r\n\r\n", 1)
        headers = head.decode().split("\r\n")
        status = [h[8:11] for h in headers if h.startswith("Status: ")]
        return Reply(int(status[0]) if status else 200, body,
                     [h for h in headers if not h.startswith("Status: ")])
