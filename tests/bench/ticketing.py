"""Fix versions and links of many tickets, against a loop over curl."""

from __future__ import annotations

from pathlib import Path

from measuring import Case, Side
from scripted_jira import TOKEN, USER, ScriptedJira, cloud_state, new_issue

PROJECTS = ("SHOP", "PAY", "OPS")
TICKETS = 1000
RELEASES = 20
LATENCY = 0.02          # seconds
ENVIRONMENT = "https://shop.example.com"
REQUESTS = 2.2          # for a ticket, at most


def tickets_of(release: int) -> list[str]:
    each = TICKETS // RELEASES
    return [f"{PROJECTS[number % len(PROJECTS)]}-{number + 1}"
            for number in range(release * each, (release + 1) * each)]


class Ticketing:
    """A Jira that is 20 ms away."""

    REQUESTS_NAME = "  requests for a ticket"

    def __init__(self, work: Path, steps: Path):
        self.work, self.step = work / "ticketing", steps / "jira-fixversion"
        self.work.mkdir()

    def __enter__(self) -> Ticketing:
        self.jira = ScriptedJira()
        self.jira.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        self.jira.__exit__(*failure)

    def _reset(self) -> None:
        self.jira.clear()
        self.jira.fail(delay=LATENCY, times=None)
        state = cloud_state()
        state["projects"] = {key: {"id": str(10000 + at), "name": key}
                             for at, key in enumerate(PROJECTS)}
        state["versions"] = {}
        state["issues"] = {key: new_issue("x") for release in range(RELEASES)
                           for key in tickets_of(release)}
        self.jira.state.clear()
        self.jira.state.update(state)

    def _side(self, name: str, lines: list[str]) -> Side:
        script = self.work / name
        script.write_text("set -e\n" + "\n".join(lines) + "\n")
        return Side(["sh", str(script)], self.work, before=self._reset,
                    env={"JIRA_URL": self.jira.url, "JIRA_USER": USER,
                         "JIRA_TOKEN": TOKEN})

    def ours(self) -> Side:
        return self._side("ours.sh", [
            f"{self.step} --quiet --app app-{release} --environment shop "
            f"--semver 1.0.0 --environment-url {ENVIRONMENT} "
            + " ".join(f"--ticket {key}" for key in tickets_of(release))
            for release in range(RELEASES)])

    def curls(self) -> Side:
        """What teams have: no look at what is there, no second try."""
        lines = [
            'jira() { curl -sf -u "$JIRA_USER:$JIRA_TOKEN" -H '
            '"Content-Type: application/json" -X "$1" -d "$3" "$JIRA_URL/rest/api/3/$2"; }',
            'ticket() {',
            '  jira PUT "issue/$1?notifyUsers=false" '
            '''"{\\"update\\":{\\"fixVersions\\":[{\\"add\\":{\\"name\\":\\"$2\\"}}]}}"''',
            '  jira POST "issue/$1/remotelink" '
            f'''"{{\\"globalId\\":\\"$2\\",\\"object\\":{{\\"url\\":\\"{ENVIRONMENT}\\",\\"title\\":\\"$2\\"}}}}"''',
            '}']
        for release in range(RELEASES):
            name = f"app-{release}-shop-1.0.0"
            lines += [f"jira POST version "
                      f"'{{\"name\":\"{name}\",\"projectId\":{10000 + at}}}'"
                      for at in range(len(PROJECTS))]
            lines += [f"ticket {key} {name}" for key in tickets_of(release)]
        return self._side("curl.sh", lines)

    def cases(self) -> list[Case]:
        return [Case(f"{TICKETS:,} tickets, against curl", 8, self.ours(),
                     self.curls(), runs=1)]

    def compare_requests(self, run) -> bool:
        """How many requests our side takes for a ticket; @run runs it."""
        run(self.ours())
        each = len(self.jira.requests) / TICKETS
        good = each <= REQUESTS
        print(f"{self.REQUESTS_NAME:<34} {each:9.2f}    {'':10}     {'':9} "
              f"at most {REQUESTS}  {'ok' if good else 'MISSED'}", flush=True)
        return good
