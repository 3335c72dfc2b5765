"""Release records, judged by their published schema.

    record = records.merged(folder)     # every fragment is valid, and the whole
    assert record["environment"]["namespace"] == "web-main"

The merge is written here a second time, from the rules in the schema, so that
a test that compares it with what a step read checks the step's own.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA = (Path(__file__).resolve().parent.parent / "pipeline-examples"
          / "release-record.schema.json")
NAME = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[a-z-]+-[0-9a-f]{8}\.json")
JOINED = {"applications": "name", "changelog.applications": "name",
          "changelog.tickets": "key", "charts": "name", "jira.versions": "id",
          "marks": "id", "steps": "name", "tickets": None}


def validate(document: Any, what: str = "record") -> None:
    """Fail with every way in which @document breaks the schema."""
    schema = json.loads(SCHEMA.read_text())
    errors = [f"{what}: {error.json_path}: {error.message}"
              for error in Draft202012Validator(schema).iter_errors(document)]
    assert not errors, "\n".join(errors)


def fragments(folder: Path) -> list[Any]:
    """The fragments in @folder in their order, each of them valid."""
    found = []
    for path in sorted(folder.iterdir()):
        assert NAME.fullmatch(path.name), f"not a fragment: {path.name}"
        found.append(json.loads(path.read_text()))
        validate(found[-1], path.name)
    return found


def merged(folder: Path) -> Any:
    """All fragments in @folder as one valid record."""
    whole: Any = {}
    for fragment in fragments(folder):
        whole = merge(whole, fragment)
    validate(whole)
    return whole


def merge(base: Any, over: Any, path: str = "") -> Any:
    if isinstance(base, list) and isinstance(over, list) and path in JOINED:
        return join(base, over, JOINED[path])
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    if path == "environment" and {"namespace"} <= base.keys() & over.keys() \
            and base["namespace"] != over["namespace"]:
        return over
    return base | {
        key: merge(base[key], value, f"{path}.{key}".lstrip("."))
        if key in base else value
        for key, value in over.items()}


def join(base: list[Any], over: list[Any], identity: str | None) -> list[Any]:
    def key(item: Any) -> Any:
        return item[identity] if identity else item

    later = {key(item): item for item in over}
    kept = [later.pop(key(item), item) for item in base]
    return kept + list(later.values())


def changelog(title: str, count: int = 1) -> dict[str, Any]:
    """What the step changelog tells of one application, with @count changes."""
    changes = [{"title": f"{title} {number}", "change": None, "hash": f"{number:040x}",
                "url": None, "date": "2026-11-22T10:00:00Z", "authors": ["Ada"],
                "tickets": [], "commits": 1} for number in range(count)]
    return {"tickets": [], "applications": [{
        "name": "web", "old": "1.3.0", "new": "1.4.0", "downgrade": False,
        "commits": count, "changes": changes, "removed": [], "more": 0, "tickets": [],
        "authors": ["Ada"]}]}
