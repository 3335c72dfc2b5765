"""Judge requests by an OpenAPI 3.0 document.

A scripted server is only as good as its refusals: it must say no to whatever
the real one would not understand.  So this is stricter than the documents: a
member that a schema does not name, or that only the server may set
(readOnly), is a violation in a request.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jsonschema import FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import Draft202012Validator, extend

DOCUMENTS = Path(__file__).resolve().parent / "openapi"


def _refuse_read_only(_validator, read_only, _instance, _schema):
    if read_only:
        yield ValidationError("is set by the server only")


RequestValidator = extend(
    Draft202012Validator, {"readOnly": _refuse_read_only})


@dataclass
class Match:
    """The operation that a request asks for, and its path's parameters."""

    document: "Document"
    operation: dict[str, Any]
    template: str
    params: dict[str, str]

    @property
    def name(self) -> str:
        return self.operation["operationId"]


class Document:
    def __init__(self, *names: str):
        self.paths: list[tuple[re.Pattern, str, dict]] = []
        self.schemas: dict[str, Any] = {}
        for name in names:
            content = json.loads((DOCUMENTS / name).read_text())
            self.schemas.update(content["components"]["schemas"])
            for template, item in content["paths"].items():
                self.paths.append((_path_pattern(template), template, item))
        # Fewest parameters first: /issue/bulkfetch is no issue's key.
        self.paths.sort(key=lambda path: path[1].count("{"))
        self.closed = _close(self.schemas)

    def match(self, method: str, path: str) -> Match | int:
        """The operation, or the status that a server answers: 404 or 405."""
        status = 404
        for pattern, template, item in self.paths:
            found = pattern.fullmatch(path)
            if not found:
                continue
            operation = item.get(method.lower())
            if operation:
                params = {name: unquote(value)
                          for name, value in found.groupdict().items()}
                return Match(self, operation, template, params)
            status = 405
        return status

    def check_query(self, match: Match, query: list[tuple[str, str]]) -> list[str]:
        known = {parameter["name"]: parameter
                 for parameter in match.operation.get("parameters", [])
                 if parameter["in"] == "query"}
        faults = []
        for name in sorted({name for name, _ in query}):
            values = [value for key, value in query if key == name]
            if name not in known:
                faults.append(f"query parameter '{name}' is unknown")
                continue
            schema = known[name]["schema"]
            if schema.get("type") == "array":
                schema = schema["items"]
            elif len(values) > 1:
                faults.append(f"query parameter '{name}' is repeated")
            for value in values:
                faults += [f"query parameter '{name}': {fault}"
                           for fault in self._faults(schema, _typed(schema, value))]
        for name, parameter in known.items():
            if parameter.get("required") and name not in dict(query):
                faults.append(f"query parameter '{name}' is missing")
        return faults

    def check_body(self, match: Match, content_type: str, body: bytes) -> tuple[Any, list[str]]:
        """The parsed body and what is wrong with it."""
        wanted = match.operation.get("requestBody")
        if wanted is None:
            return None, ["a body where none is expected"] if body else []
        if not body:
            return None, ["the body is missing"] if wanted.get("required") else []
        kind = content_type.partition(";")[0].strip().lower()
        if kind not in wanted["content"]:
            return None, [f"content type '{content_type}' is not one of "
                          + ", ".join(wanted["content"])]
        try:
            value = json.loads(body.decode("utf-8"))
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            return None, [f"the body is not JSON: {error}"]
        schema = wanted["content"][kind]["schema"]
        return value, self._faults(schema, value)

    def check_reply(self, match: Match, status: int, value: Any) -> list[str]:
        """What is wrong with an answer of the scripted server itself."""
        reply = match.operation["responses"].get(str(status))
        if reply is None:
            return [f"{match.name} never answers {status}"]
        schema = reply.get("content", {}).get("application/json", {}).get("schema")
        if not schema:
            return []
        root = {**schema, "components": {"schemas": self.schemas}}
        return _explain(Draft202012Validator(root).iter_errors(value))

    def _faults(self, schema: dict, value: Any) -> list[str]:
        root = {**_close(schema), "components": {"schemas": self.closed}}
        return _explain(RequestValidator(
            root, format_checker=FormatChecker()).iter_errors(value))


def _explain(errors) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in errors]


def _path_pattern(template: str) -> re.Pattern:
    parts = re.split(r"\{(\w+)\}", template)
    pattern = "".join(f"(?P<{part}>[^/]+)" if at % 2 else re.escape(part)
                      for at, part in enumerate(parts))
    return re.compile(pattern)


def _close(schema: Any) -> Any:
    """The same schema, with objects that name their members closed."""
    if isinstance(schema, list):
        return [_close(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _close(value) for key, value in schema.items()}
    if (isinstance(schema.get("properties"), dict)
            and schema.get("type") == "object"
            and not isinstance(schema.get("additionalProperties"), dict)):
        closed["additionalProperties"] = False
    return closed


def _typed(schema: dict, text: str) -> Any:
    if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if schema.get("type") == "boolean" and text in ("true", "false"):
        return text == "true"
    return text
