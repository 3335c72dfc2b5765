"""Forges that serve the history of a real repository, as their documents say.

    with ScriptedForge("gitlab", history) as forge:
        run_step("changelog", ..., "--forge-url", forge.url, "--forge", forge.kind)

Written from the vendors' documents alone: GitHub REST API 2022-11-28 (get a
commit, compare two commits), GitLab REST API v4 (commits, tags, pagination),
Gitea API v1, Bitbucket Cloud 2.0 (commits, refs), Bitbucket Data Center 1.0.
What a document does not allow ends the test: other paths, unknown or missing
parameters, a token in the wrong place.  Pages are short, to be asked for.
"""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl, unquote, urlsplit

from histories import History
from scripted_http import Reply, Request, ScriptedHttp

TOKEN = "canary-5f1c0de5-token"
PAGE = 2
HASH = re.compile(r"[0-9a-f]{7,40}")


class ScriptedForge(ScriptedHttp):
    def __init__(self, kind: str, history: History, path: str = "acme/web",
                 public: bool = False):
        super().__init__()
        self.kind, self.history, self.path = kind, history, path
        self.public = public
        self.wrong: list[str] = []
        self.first: list[Reply] = []       # given before anything else
        self.always(self._answer)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __exit__(self, kind, error, trace) -> None:
        super().__exit__(kind, error, trace)
        if kind is None:
            assert not self.wrong, self.wrong

    # --- the repository

    def _commit(self, name: str) -> dict | None:
        """All that forges tell of a commit, or None."""
        if not HASH.fullmatch(name):
            return None
        return self._show(name)

    def _show(self, name: str) -> dict | None:
        try:
            text = self.history.git("show", "-s", "--format=%H%x00%P%x00%an%x00"
                                    "%cI%x00%ct%x00%B", f"{name}^{{commit}}", "--")
        except AssertionError:
            return None
        found = text.split("\0")
        return {"hash": found[0], "parents": found[1].split(), "author": found[2],
                "date": found[3], "seconds": int(found[4]), "message": found[5]}

    def _tag(self, name: str) -> dict | None:
        return self._show(f"refs/tags/{name}")

    def _between(self, old: str, new: str, reverse: bool = False) -> list[dict] | None:
        if not self._commit(old) or not self._commit(new):
            return None
        hashes = self.history.git(
            "rev-list", "--topo-order", *(["--reverse"] if reverse else []),
            f"{old}..{new}").split()
        return [self._commit(one) for one in hashes]

    # --- requests

    def _answer(self, request: Request) -> Reply:
        if self.first:
            return self.first.pop(0)
        where = urlsplit(request.path)
        query = dict(parse_qsl(where.query, keep_blank_values=True,
                               strict_parsing=bool(where.query)))
        if not self._is_known(request):
            return self._say(401 if not self.public else 404, "who are you?")
        if request.method != "GET":
            self.wrong.append(request.line)
        try:
            return getattr(self, "_" + self.kind.replace("-", "_"))(where.path, query)
        except (KeyError, ValueError, AssertionError) as error:
            self.wrong.append(f"{request.line}: {error!r}")
            return self._say(400, "not in the document")

    def _is_known(self, request: Request) -> bool:
        names = {"gitlab": ("PRIVATE-TOKEN", TOKEN),
                 "gitea": ("Authorization", f"token {TOKEN}")}
        name, value = names.get(self.kind, ("Authorization", f"Bearer {TOKEN}"))
        given = request.header(name)
        if given is None and self.public:
            return True
        if self.kind == "github" and \
                request.header("X-GitHub-Api-Version") != "2022-11-28":
            self.wrong.append("no version of the API")
        return given == value

    @staticmethod
    def _json(body, *headers: str) -> Reply:
        return Reply(200, json.dumps(body).encode(),
                     headers=["Content-Type: application/json", *headers])

    def _say(self, status: int, words: str) -> Reply:
        return Reply(status, json.dumps(
            {"errors": [{"message": words}]} if self.kind == "bitbucket-server"
            else {"type": "error", "error": {"message": words}}
            if self.kind == "bitbucket" else {"message": words}).encode())

    def _found(self, commit: dict | None, shape) -> Reply:
        return self._json(shape(commit)) if commit else self._say(404, "Not Found")

    def _below(self, path: str, root: str) -> str:
        prefix = f"{root}/"
        assert path.startswith(prefix), path
        return path[len(prefix):]

    @staticmethod
    def _only(query: dict, **wanted: str | None) -> None:
        """Exactly these parameters; None: any value."""
        assert set(query) == set(wanted), query
        for name, value in wanted.items():
            assert value is None or query[name] == value, query

    @staticmethod
    def _page(items: list, page: str, size: int) -> tuple[list, bool]:
        size = min(size, PAGE)
        start = (int(page) - 1) * size
        return items[start:start + size], start + size < len(items)

    def _next(self, more: bool) -> list[str]:
        if self.kind == "gitlab":
            return [f"X-Next-Page: {'2' if more else ''}"]
        # The address is never to be followed: it might be anybody's.
        return ['Link: <http://192.0.2.1/next>; rel="next"'] if more else \
            ['Link: <http://192.0.2.1/first>; rel="first"']

    @staticmethod
    def _github_shape(commit: dict) -> dict:
        return {"sha": commit["hash"], "commit": {
            "message": commit["message"],
            "author": {"name": commit["author"], "date": commit["date"]},
            "committer": {"name": "C", "date": commit["date"]}},
            "parents": [{"sha": one} for one in commit["parents"]]}

    def _github(self, path: str, query: dict) -> Reply:
        rest = self._below(path, f"/api/v3/repos/{self.path}")
        if rest.startswith("compare/"):
            self._only(query, per_page="100", page=None)
            old, new = unquote(rest[len("compare/"):]).split("...")
            commits = self._between(old, new, reverse=True)
            if commits is None:
                return self._say(404, "Not Found")
            part, more = self._page(commits, query["page"], 100)
            return self._json({"status": "ahead", "total_commits": len(commits),
                               "commits": [self._github_shape(c) for c in part]},
                              *self._next(more))
        assert rest.startswith("commits/"), rest
        self._only(query, per_page="1")
        name = unquote(rest[len("commits/"):])
        if name.startswith("tags/"):
            return self._found(self._tag(name[5:]), self._github_shape)
        commit = self._commit(name)
        if commit is None:
            return self._say(422, f"No commit found for SHA: {name}")
        return self._found(commit, self._github_shape)

    def _gitea(self, path: str, query: dict) -> Reply:
        rest = self._below(path, f"/api/v1/repos/{self.path}")
        brief = {"stat": "false", "verification": "false", "files": "false"}
        if rest == "commits":
            self._only(query, sha=None, limit="50", page=None, **{"not": None},
                       **brief)
            commits = self._between(query["not"], query["sha"])
            if commits is None:
                return self._say(404, "Not Found")
            part, more = self._page(commits, query["page"], 50)
            return self._json([self._github_shape(c) for c in part],
                              *self._next(more))
        if rest.startswith("tags/"):
            self._only(query)
            return self._found(self._tag(unquote(rest[5:])), lambda c: {
                "name": rest[5:], "commit": {"sha": c["hash"]}})
        assert rest.startswith("git/commits/"), rest
        self._only(query, **brief)
        return self._found(self._commit(rest[len("git/commits/"):]),
                           self._github_shape)

    def _gitlab(self, path: str, query: dict) -> Reply:
        project = self.path.replace("/", "%2F")
        rest = self._below(path, f"/api/v4/projects/{project}/repository")

        def shape(commit: dict) -> dict:
            return {"id": commit["hash"], "message": commit["message"],
                    "author_name": commit["author"],
                    "committed_date": commit["date"].replace("+00:00", ".000+00:00"),
                    "parent_ids": commit["parents"]}
        if rest == "commits":
            self._only(query, ref_name=None, order="topo", per_page="100", page=None)
            commits = self._between(*query["ref_name"].split(".."))
            if commits is None:
                return self._say(404, "404 Commit Not Found")
            part, more = self._page(commits, query["page"], 100)
            return self._json([shape(one) for one in part], *self._next(more))
        if rest.startswith("tags/"):
            self._only(query)
            assert "/" not in rest[5:], rest
            return self._found(self._tag(unquote(rest[5:])), lambda c: {
                "name": rest[5:], "target": "f" * 40, "commit": shape(c)})
        assert rest.startswith("commits/"), rest
        self._only(query, stats="false")
        return self._found(self._commit(rest[len("commits/"):]), shape)

    def _bitbucket(self, path: str, query: dict) -> Reply:
        rest = self._below(path, f"/2.0/repositories/{self.path}")

        def shape(commit: dict) -> dict:
            return {"hash": commit["hash"], "message": commit["message"],
                    "author": {"raw": f"{commit['author']} <a@example.com>"},
                    "date": commit["date"],
                    "parents": [{"hash": one} for one in commit["parents"]]}
        if rest == "commits":
            self._only(query, include=None, exclude=None, pagelen="100", page=None)
            commits = self._between(query["exclude"], query["include"])
            if commits is None:
                return self._say(404, "Commit not found")
            part, more = self._page(commits, query["page"], 100)
            body = {"pagelen": PAGE, "values": [shape(one) for one in part]}
            if more:
                body["next"] = "http://192.0.2.1/next"
            return self._json(body)
        self._only(query)
        if rest.startswith("refs/tags/"):
            return self._found(self._tag(unquote(rest[len("refs/tags/"):])), lambda c: {
                "type": "tag", "target": {"hash": c["hash"]}})
        assert rest.startswith("commit/"), rest
        return self._found(self._commit(rest[len("commit/"):]), shape)

    def _bitbucket_server(self, path: str, query: dict) -> Reply:
        project, name = self.path.split("/")
        rest = self._below(path, f"/rest/api/1.0/projects/{project}/repos/{name}")

        def shape(commit: dict) -> dict:
            return {"id": commit["hash"], "message": commit["message"],
                    "author": {"name": commit["author"]},
                    "authorTimestamp": commit["seconds"] * 1000,
                    "committerTimestamp": commit["seconds"] * 1000,
                    "parents": [{"id": one} for one in commit["parents"]]}
        if rest == "commits":
            self._only(query, since=None, until=None, limit="100", start=None)
            commits = self._between(query["since"], query["until"])
            if commits is None:
                return self._say(404, "Commit does not exist")
            start = int(query["start"])
            last = start + PAGE >= len(commits)
            return self._json({
                "values": [shape(one) for one in commits[start:start + PAGE]],
                "isLastPage": last, "start": start,
                "nextPageStart": None if last else start + PAGE})
        self._only(query)
        if rest.startswith("tags/"):
            return self._found(self._tag(unquote(rest[5:])), lambda c: {
                "id": f"refs/tags/{rest[5:]}", "latestCommit": c["hash"]})
        assert rest.startswith("commits/"), rest
        return self._found(self._commit(rest[len("commits/"):]), shape)
