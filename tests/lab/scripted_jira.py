#!/usr/bin/env python3
"""A scripted Jira: Cloud (REST v3) or Data Center (REST v2).

Written from the vendor's documents, before and apart from our client.  It
keeps projects, versions, issues with fix versions, comments, remote links and
a workflow, and judges each request by tests/lab/openapi/.  Both kinds answer
/rest/api/2/serverInfo, as the real ones do.

    python3 tests/lab/scripted_jira.py --port 0 --port-file F --state FILE

@state: see cloud_state() and datacenter_state(), which tests adapt.
"""

import base64
import copy
import re
import sys
from typing import Any

from openapi_check import Document, Match
from scripted_server import Reply, Request, ScriptedServer, main

USER = "bot@example.com"
TOKEN = "jira-api-token-3f9a"
PAT = "jira-personal-access-token-77c1"

NAME_MAX = 255
DESCRIPTION_MAX = 16384
SERVER_INFO = "/rest/api/2/serverInfo"

WORKFLOW = {
    "statuses": {"To Do": "new", "In Progress": "indeterminate",
                 "In Review": "indeterminate", "Done": "done"},
    # From: the statuses that it starts at, or null for all of them.
    "transitions": [
        {"id": "11", "name": "Start", "from": ["To Do"], "to": "In Progress"},
        {"id": "21", "name": "Review", "from": ["In Progress"], "to": "In Review"},
        {"id": "31", "name": "Finish", "from": None, "to": "Done"},
    ],
}


def new_issue(summary: str, status: str = "To Do", fix_versions: list[str] | None = None) -> dict:
    return {"summary": summary, "status": status,
            "fixVersions": fix_versions or [], "links": [], "comments": []}


def cloud_state() -> dict[str, Any]:
    """Two projects; SHOP has three issues and another team's version."""
    return {
        "kind": "cloud",
        "users": {USER: TOKEN},
        "next": 20000,
        "projects": {"SHOP": {"id": "10000", "name": "Shop"},
                     "PAY": {"id": "10001", "name": "Payments"}},
        "versions": {"10100": {"name": "autumn", "project": "SHOP"}},
        "issues": {"SHOP-1": new_issue("Basket forgets its items", fix_versions=["10100"]),
                   "SHOP-2": new_issue("Checkout is slow", status="In Review"),
                   "SHOP-3": new_issue("Old news", status="Done"),
                   "PAY-7": new_issue("Accept vouchers")},
        "workflows": {"default": copy.deepcopy(WORKFLOW)},
        # In the order in which an administrator has put them.
        "resolutions": ["Won't Do", "Duplicate", "Done"],
        "permissions": ["BROWSE_PROJECTS", "EDIT_ISSUES", "RESOLVE_ISSUES",
                        "LINK_ISSUES", "TRANSITION_ISSUES", "ADD_COMMENTS",
                        "DELETE_OWN_COMMENTS", "ADMINISTER_PROJECTS"],
    }


def datacenter_state() -> dict[str, Any]:
    state = cloud_state()
    state.update(kind="datacenter", users={}, tokens=[PAT])
    return state


class ScriptedJira(ScriptedServer):
    CLOUD = Document("jira-cloud-v3.json", "jira-cloud-v3-newer.json")
    DATACENTER = Document("jira-datacenter-v2.json")

    def __init__(self, state: dict[str, Any] | None = None, state_file: str | None = None):
        super().__init__(state or cloud_state(), state_file)
        self.cloud = self.state["kind"] == "cloud"
        self.document = self.CLOUD if self.cloud else self.DATACENTER
        self.base = "/rest/api/3" if self.cloud else "/rest/api/2"

    # Who asks, and for what.

    def authorize(self, request: Request) -> Reply | None:
        if request.path.endswith("/serverInfo"):
            return None
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if self.cloud:
            known = [base64.b64encode(f"{user}:{token}".encode()).decode()
                     for user, token in self.state["users"].items()]
            right = scheme == "Basic" and given in known
        else:
            right = scheme == "Bearer" and given in self.state["tokens"]
        if right:
            return None
        return self.refuse(401, "Client must be authenticated to access this resource.")

    def refuse(self, status: int, message: str = "", **errors: str) -> Reply:
        return Reply(status, {"errorMessages": [message] if message else [],
                              "errors": errors})

    def route(self, request: Request) -> Match | int:
        path = request.path
        if self.cloud and path == SERVER_INFO:
            path = self.base + "/serverInfo"
        return self.document.match(request.method, path)

    # The server and its user.

    def do_getServerInfo(self, _request: Request) -> Reply:
        numbers = [1001, 0, 0] if self.cloud else [9, 12, 4]
        return Reply(200, {
            "baseUrl": self.url, "version": ".".join(map(str, numbers)),
            "versionNumbers": numbers, "buildNumber": 912004,
            "deploymentType": "Cloud" if self.cloud else "Server",
            "serverTitle": "Jira"})

    def do_getCurrentUser(self, _request: Request) -> Reply:
        return Reply(200, {"displayName": "Release bot", "active": True})

    def do_getMyPermissions(self, request: Request) -> Reply:
        asked = [name for name in request.params.get("permissions", "").split(",") if name]
        if not asked:
            return self.refuse(400, "The permissions to look up must be named.")
        project = request.params.get("projectKey")
        if project is not None and project not in self.state["projects"]:
            return self._no_project(project)
        return Reply(200, {"permissions": {
            name: {"key": name, "name": name, "type": "PROJECT",
                   "havePermission": name in self.state["permissions"]}
            for name in asked}})

    def do_getBulkPermissions(self, request: Request) -> Reply:
        known = {int(project["id"]) for project in self.state["projects"].values()}
        granted = [{"permission": name, "issues": [],
                    "projects": [one for one in asked.get("projects", []) if one in known]}
                   for asked in request.value.get("projectPermissions", [])
                   for name in asked["permissions"] if name in self.state["permissions"]]
        return Reply(200, {"globalPermissions": [], "projectPermissions": granted})

    # Projects and their versions.

    def do_getProject(self, _request: Request, projectIdOrKey: str) -> Reply:
        key = self._project_key(projectIdOrKey)
        if key is None:
            return self._no_project(projectIdOrKey)
        project = self.state["projects"][key]
        return Reply(200, {"id": project["id"], "key": key, "name": project["name"]})

    def do_searchProjects(self, request: Request) -> Reply:
        found = self._projects()
        page, start, size = self._page(found, request.params, 50)
        return Reply(200, {"startAt": start, "maxResults": size, "total": len(found),
                           "isLast": start + len(page) >= len(found), "values": page})

    def do_getAllProjects(self, _request: Request) -> Reply:
        return Reply(200, self._projects())

    def do_getProjectVersions(self, _request: Request, projectIdOrKey: str) -> Reply:
        key = self._project_key(projectIdOrKey)
        if key is None:
            return self._no_project(projectIdOrKey)
        return Reply(200, self._versions_of(key))

    def do_getProjectVersionsPaginated(self, request: Request, projectIdOrKey: str) -> Reply:
        key = self._project_key(projectIdOrKey)
        if key is None:
            return self._no_project(projectIdOrKey)
        wanted = request.params.get("query", "").lower()
        found = [version for version in self._versions_of(key)
                 if wanted in version["name"].lower()
                 or wanted in version.get("description", "").lower()]
        page, start, size = self._page(found, request.params, 50)
        return Reply(200, {"startAt": start, "maxResults": size, "total": len(found),
                           "isLast": start + len(page) >= len(found), "values": page})

    def do_createVersion(self, request: Request) -> Reply:
        given = request.value
        name = given.get("name", "")
        refused = self._bad_version(given, name)
        if refused:
            return refused
        if self.cloud and "projectId" not in given:
            return self.refuse(400, projectId="The project must be named by its number.")
        asked = given.get("projectId", given.get("project"))
        key = self._project_key(str(asked))
        if key is None:
            return self._no_project(asked)
        if self._taken(key, name):
            return self.refuse(400, name="A version with this name already exists in this project.")
        number = self._number()
        kept = {k: v for k, v in given.items() if k not in ("project", "projectId")}
        self.state["versions"][number] = {**kept, "project": key}
        return Reply(201, self._version(number))

    def do_getVersion(self, _request: Request, id: str) -> Reply:
        if id not in self.state["versions"]:
            return self._no_version(id)
        return Reply(200, self._version(id))

    def do_updateVersion(self, request: Request, id: str) -> Reply:
        version = self.state["versions"].get(id)
        if version is None:
            return self._no_version(id)
        given = request.value
        refused = self._bad_version(given, given.get("name", version["name"]))
        if refused:
            return refused
        if given.get("name", version["name"]) != version["name"] and \
                self._taken(version["project"], given["name"]):
            return self.refuse(400, name="A version with this name already exists in this project.")
        version.update((k, v) for k, v in given.items()
                       if k not in ("project", "projectId", "expand"))
        return Reply(200, self._version(id))

    # Issues.

    def _now(self, key: str) -> str:
        """Issues move between projects; their old keys still lead to them."""
        return self.state.get("moved", {}).get(key, key)

    def do_getIssue(self, request: Request, issueIdOrKey: str) -> Reply:
        issueIdOrKey = self._now(issueIdOrKey)
        if issueIdOrKey not in self.state["issues"]:
            return self._no_issue()
        fields = request.params.get("fields", "*all").split(",")
        return Reply(200, self._issue(issueIdOrKey, fields))

    def do_bulkFetchIssues(self, request: Request) -> Reply:
        fields = request.value.get("fields", ["*navigable"])
        keys = dict.fromkeys(map(self._now, request.value["issueIdsOrKeys"]))
        return Reply(200, {"issueErrors": [], "issues": [
            self._issue(key, fields) for key in keys if key in self.state["issues"]]})

    def do_searchByJql(self, request: Request) -> Reply:
        given = request.value
        found, unknown = self._search(given["jql"])
        if found is None or unknown:
            return self._bad_jql(given["jql"], unknown)
        # A token is opaque to clients; here it is where to go on.
        token = given.get("nextPageToken", "at:0")
        if not re.fullmatch(r"at:\d+", token):
            return self.refuse(400, "The page token is not valid.")
        start = int(token[3:])
        page = found[start:start + min(given.get("maxResults", 50), 100)]
        answer: dict[str, Any] = {
            "issues": [self._issue(key, given["fields"]) for key in page],
            "isLast": start + len(page) >= len(found)}
        if not answer["isLast"]:
            answer["nextPageToken"] = f"at:{start + len(page)}"
        return Reply(200, answer)

    def do_search(self, request: Request) -> Reply:
        given = request.value
        found, unknown = self._search(given["jql"])
        if found is None or (unknown and given.get("validateQuery", True)):
            return self._bad_jql(given["jql"], unknown)
        start = given.get("startAt", 0)
        size = min(given.get("maxResults", 50), 1000)
        page = found[start:start + size]
        return Reply(200, {
            "startAt": start, "maxResults": size, "total": len(found),
            "issues": [self._issue(key, given.get("fields", ["*navigable"])) for key in page],
            "warningMessages": [self._no_key(key) for key in unknown]})

    def do_editIssue(self, request: Request, issueIdOrKey: str) -> Reply:
        issue = self.state["issues"].get(issueIdOrKey)
        if issue is None:
            return self._no_issue()
        given = request.value
        if "transition" in given:
            return self.refuse(400, "A transition is no part of an edit.")
        if set(given.get("fields", {})) & set(given.get("update", {})):
            return self.refuse(400, "A field is given in fields and in update.")
        return self._apply(issueIdOrKey, issue, given) or Reply(204)

    def _apply(self, key: str, issue: dict, given: dict) -> Reply | None:
        """Change fields, all of them or, on a refusal, none."""
        for name, value in given.get("fields", {}).items():
            if name != "resolution" or not isinstance(value, dict) or "name" not in value:
                return self.refuse(400, **{name: f"Field '{name}' cannot be set."})
        chosen = list(issue["fixVersions"])
        for name, steps in given.get("update", {}).items():
            if name != "fixVersions":
                return self.refuse(400, **{name: f"Field '{name}' cannot be set."})
            for step in steps:
                refused = self._edit_versions(key.rpartition("-")[0], chosen, step)
                if refused:
                    return refused
        issue["fixVersions"] = chosen
        if "resolution" in given.get("fields", {}):
            issue["resolution"] = given["fields"]["resolution"]["name"]
        return None

    def _edit_versions(self, project: str, chosen: list[str], step: dict) -> Reply | None:
        for verb, value in step.items():
            values = value if verb == "set" else [value]
            numbers = [self._named_version(project, one) for one in values]
            if None in numbers:
                return self.refuse(400, fixVersions="The version is not valid.")
            if verb == "set":
                chosen[:] = numbers
            elif verb == "add":
                chosen += [n for n in numbers if n not in chosen]
            elif verb == "remove":
                chosen[:] = [n for n in chosen if n not in numbers]
            else:
                return self.refuse(400, fixVersions=f"The operation '{verb}' is not supported.")
        return None

    # Transitions.

    def do_getTransitions(self, request: Request, issueIdOrKey: str) -> Reply:
        issue = self.state["issues"].get(issueIdOrKey)
        if issue is None:
            return self._no_issue()
        shown = []
        for transition in self._transitions(issueIdOrKey):
            one: dict[str, Any] = {
                "id": transition["id"], "name": transition["name"],
                "to": self._status(issueIdOrKey, transition["to"])}
            if "transitions.fields" in request.params.get("expand", ""):
                one["fields"] = {
                    name: self._field(name, name in transition.get("required", []))
                    for name in transition.get("screen", transition.get("required", []))}
            shown.append(one)
        return Reply(200, {"expand": "transitions", "transitions": shown})

    def _field(self, name: str, required: bool) -> dict:
        field = {"required": required, "name": name.capitalize(), "key": name,
                 "operations": ["set"], "schema": {"type": name},
                 "hasDefaultValue": name == "resolution" and bool(self.state.get("defaultResolution"))}
        if name == "resolution":
            field["allowedValues"] = [{"id": str(10 + at), "name": value}
                                      for at, value in enumerate(self.state["resolutions"])]
        return field

    def do_doTransition(self, request: Request, issueIdOrKey: str) -> Reply:
        issue = self.state["issues"].get(issueIdOrKey)
        if issue is None:
            return self._no_issue()
        given = request.value
        wanted = given.get("transition", {}).get("id")
        chosen = next((t for t in self._transitions(issueIdOrKey) if t["id"] == wanted), None)
        if chosen is None:
            return self.refuse(400, "It seems that you have tried to perform a workflow "
                                    "operation that is not valid for the current state of this issue.")
        missing = [name for name in chosen.get("required", [])
                   if name not in given.get("fields", {})
                   and not (name == "resolution" and self.state.get("defaultResolution"))]
        if missing:
            return self.refuse(400, **{name: f"{name.capitalize()} is required." for name in missing})
        resolution = given.get("fields", {}).get("resolution", {}).get("name")
        if resolution and resolution not in self.state["resolutions"]:
            return self.refuse(400, resolution="Resolution value is not valid.")
        refused = self._apply(issueIdOrKey, issue, given)
        if refused:
            return refused
        if "resolution" in chosen.get("required", []) and not resolution:
            issue["resolution"] = self.state["defaultResolution"]
        issue["status"] = chosen["to"]
        return Reply(204)

    # Remote links and comments.

    def do_getRemoteIssueLinks(self, request: Request, issueIdOrKey: str) -> Reply:
        issue = self.state["issues"].get(issueIdOrKey)
        if issue is None:
            return self._no_issue()
        wanted = request.params.get("globalId")
        if wanted is None:
            return Reply(200, issue["links"])
        found = [link for link in issue["links"] if link.get("globalId") == wanted]
        if not found:
            return self.refuse(404, "No remote link with that global id exists for this issue.")
        return Reply(200, found[0])

    def do_createOrUpdateRemoteIssueLink(self, request: Request, issueIdOrKey: str) -> Reply:
        issue = self.state["issues"].get(issueIdOrKey)
        if issue is None:
            return self._no_issue()
        given = request.value
        if not re.match(r"https?://.", given["object"]["url"]):
            return self.refuse(400, url="The address is not valid.")
        if not given["object"]["title"].strip():
            return self.refuse(400, title="The title is missing.")
        if len(given.get("globalId", "")) > 255:
            return self.refuse(400, globalId="The global id is too long.")
        old = next((link for link in issue["links"]
                    if "globalId" in given and link.get("globalId") == given["globalId"]), None)
        number = old["id"] if old else int(self._number())
        fresh = {"id": number, **given}
        if old:
            issue["links"][issue["links"].index(old)] = fresh
        else:
            issue["links"].append(fresh)
        address = f"{self.url}{self.base}/issue/{issueIdOrKey}/remotelink/{number}"
        return Reply(200 if old else 201, {"id": number, "self": address})

    def do_deleteRemoteIssueLinkByGlobalId(self, request: Request, issueIdOrKey: str) -> Reply:
        issue = self.state["issues"].get(issueIdOrKey)
        wanted = request.params["globalId"]
        if issue is None or all(link.get("globalId") != wanted for link in issue["links"]):
            return self._no_issue()
        issue["links"] = [link for link in issue["links"] if link.get("globalId") != wanted]
        return Reply(204)

    def do_getComments(self, request: Request, issueIdOrKey: str) -> Reply:
        issue = self.state["issues"].get(issueIdOrKey)
        if issue is None:
            return self._no_issue()
        comments = list(issue["comments"])
        if request.params.get("orderBy") == "-created":
            comments.reverse()
        page, start, size = self._page(comments, request.params, 100)
        return Reply(200, {"startAt": start, "maxResults": size,
                           "total": len(issue["comments"]), "comments": page})

    def do_addComment(self, request: Request, issueIdOrKey: str) -> Reply:
        issue = self.state["issues"].get(issueIdOrKey)
        if issue is None:
            return self._no_issue()
        refused = self._bad_comment(request.value)
        if refused:
            return refused
        comment = {"id": self._number(), "body": request.value["body"]}
        issue["comments"].append(comment)
        return Reply(201, comment)

    def do_getComment(self, _request: Request, issueIdOrKey: str, id: str) -> Reply:
        comment = self._comment(issueIdOrKey, id)
        return Reply(200, comment) if comment else self._no_issue()

    def do_updateComment(self, request: Request, issueIdOrKey: str, id: str) -> Reply:
        comment = self._comment(issueIdOrKey, id)
        if comment is None:
            return self._no_issue()
        refused = self._bad_comment(request.value)
        if refused:
            return refused
        comment["body"] = request.value["body"]
        return Reply(200, comment)

    def do_deleteComment(self, _request: Request, issueIdOrKey: str, id: str) -> Reply:
        comment = self._comment(issueIdOrKey, id)
        if comment is None:
            return self._no_issue()
        if "DELETE_OWN_COMMENTS" not in self.state["permissions"]:
            return self.refuse(400, "You do not have the permission to delete this comment.")
        self.state["issues"][issueIdOrKey]["comments"].remove(comment)
        return Reply(204)

    # How the state is read.

    def _number(self) -> str:
        self.state["next"] += 1
        return str(self.state["next"])

    def _projects(self) -> list[dict]:
        return [{"id": project["id"], "key": key, "name": project["name"]}
                for key, project in self.state["projects"].items()]

    def _project_key(self, asked: str) -> str | None:
        return next((key for key, project in self.state["projects"].items()
                     if asked in (key, project["id"])), None)

    def _version(self, number: str) -> dict:
        version = dict(self.state["versions"][number])
        project = self.state["projects"][version.pop("project")]
        return {"id": number, "self": f"{self.url}{self.base}/version/{number}",
                "archived": False, "released": False,
                "projectId": int(project["id"]), **version}

    def _versions_of(self, key: str) -> list[dict]:
        return [self._version(number) for number, version in self.state["versions"].items()
                if version["project"] == key]

    def _taken(self, key: str, name: str) -> bool:
        return any(version["name"].lower() == name.lower() for version in self._versions_of(key))

    def _named_version(self, key: str, given: Any) -> str | None:
        """The version that {"id": …} or {"name": …} means, if it is @key's."""
        if not isinstance(given, dict):
            return None
        return next((version["id"] for version in self._versions_of(key)
                     if version["id"] == given.get("id", version["id"])
                     and version["name"] == given.get("name", version["name"])
                     and given), None)

    def _workflow(self, key: str) -> dict:
        workflows = self.state["workflows"]
        return workflows.get(key.rpartition("-")[0], workflows["default"])

    def _transitions(self, key: str) -> list[dict]:
        status = self.state["issues"][key]["status"]
        return [t for t in self._workflow(key)["transitions"]
                if t["from"] is None or status in t["from"]]

    def _status(self, key: str, name: str) -> dict:
        category = self._workflow(key)["statuses"][name]
        return {"name": name, "id": str(1 + list(self._workflow(key)["statuses"]).index(name)),
                "statusCategory": {"key": category, "name": category}}

    def _issue(self, key: str, fields: list[str]) -> dict:
        issue = self.state["issues"][key]
        project = key.rpartition("-")[0]
        everything = {
            "summary": issue["summary"], "status": self._status(key, issue["status"]),
            "resolution": {"name": issue["resolution"]} if issue.get("resolution") else None,
            "project": {"key": project, "id": self.state["projects"][project]["id"]},
            "fixVersions": [self._version(number) for number in issue["fixVersions"]]}
        if not {"*all", "*navigable"} & set(fields):
            everything = {name: everything[name] for name in fields if name in everything}
        number = str(30000 + list(self.state["issues"]).index(key))
        return {"id": number, "key": key,
                "self": f"{self.url}{self.base}/issue/{number}", "fields": everything}

    def _comment(self, key: str, number: str) -> dict | None:
        issue = self.state["issues"].get(key, {"comments": []})
        return next((one for one in issue["comments"] if one["id"] == number), None)

    def _search(self, jql: str) -> tuple[list[str] | None, list[str]]:
        """The issues that @jql finds and the keys that do not exist.

        The language is cut to what our client has a use for:
        key in (A-1, A-2) and fixVersion in (10100), [ORDER BY key].
        """
        found = re.fullmatch(r"(key|fixVersion) in \(([^()]+)\)(?: ORDER BY key)?", jql)
        if not found:
            return None, []
        wanted = [value.strip().strip('"') for value in found[2].split(",")]
        issues = self.state["issues"]
        if found[1] == "fixVersion":
            if any(number not in self.state["versions"] for number in wanted):
                return None, []
            return [key for key, issue in issues.items()
                    if set(wanted) & set(issue["fixVersions"])], []
        wanted = list(map(self._now, wanted))
        return ([key for key in wanted if key in issues],
                [key for key in wanted if key not in issues])

    @staticmethod
    def _page(items: list, params: dict[str, str], most: int) -> tuple[list, int, int]:
        start = int(params.get("startAt", 0))
        size = min(int(params.get("maxResults", most)), most)
        return items[start:start + size], start, size

    # How it says no.

    def _bad_version(self, given: dict, name: str) -> Reply | None:
        if not name.strip():
            return self.refuse(400, name="You must specify a valid version name.")
        if len(name) > NAME_MAX:
            return self.refuse(400, name="The version name must not exceed 255 characters.")
        if len(given.get("description", "")) > DESCRIPTION_MAX:
            return self.refuse(400, description="The description is too long.")
        return None

    def _bad_comment(self, given: dict) -> Reply | None:
        body = given.get("body")
        if not self.cloud:
            good = isinstance(body, str) and body.strip()
        else:
            good = (isinstance(body, dict) and body.get("type") == "doc"
                    and body.get("version") == 1 and _is_adf(body))
        return None if good else self.refuse(400, comment="Comment body is not valid!")

    def _bad_jql(self, jql: str, unknown: list[str]) -> Reply:
        if unknown:
            return self.refuse(400, self._no_key(unknown[0]))
        return self.refuse(400, f"Error in the JQL Query: '{jql}'")

    @staticmethod
    def _no_key(key: str) -> str:
        return f"An issue with key '{key}' does not exist for field 'key'."

    def _no_issue(self) -> Reply:
        return self.refuse(404, "Issue does not exist or you do not have permission to see it.")

    def _no_project(self, asked: Any) -> Reply:
        return self.refuse(404, f"No project could be found with key '{asked}'.")

    def _no_version(self, asked: str) -> Reply:
        return self.refuse(404, f"Could not find version for id '{asked}'")


BLOCKS = {"doc", "paragraph", "bulletList", "orderedList", "listItem", "heading"}


def _is_adf(node: Any) -> bool:
    """Whether @node is of the Atlassian Document Format that we may write."""
    if not isinstance(node, dict):
        return False
    if node.get("type") == "text":
        marks = node.get("marks", [])
        return (bool(node.get("text"))
                and all(mark["type"] != "link" or mark["attrs"].get("href") for mark in marks))
    if node.get("type") in ("hardBreak", "rule"):
        return True
    return node.get("type") in BLOCKS and all(map(_is_adf, node.get("content", [])))


if __name__ == "__main__":
    sys.exit(main(ScriptedJira, cloud_state(), "A scripted Jira for tests and demonstrations"))
