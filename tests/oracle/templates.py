"""Writes random templates within the language, with data for them.

Which functions are called, with what types, comes from calls/*.py: each file
there has CALLS, a table of the functions that give a type, and SPECIAL, texts
for types that only some functions ask for.
"""

from __future__ import annotations

import importlib
import json
import random
from collections.abc import Iterator
from pathlib import Path

# mode of missing keys, data as JSON, template
Case = tuple[str, str, str]

# What gives a type: the function and the types that it takes; * any number.
CALLS: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
SPECIAL: dict[str, list[str]] = {}

for module in sorted(Path(__file__).with_name("calls").glob("*.py")):
    table = importlib.import_module(f"calls.{module.stem}")
    for kind, calls in table.CALLS.items():
        CALLS.setdefault(kind, []).extend(calls)
    SPECIAL.update(table.SPECIAL)

WORDS = ["", "a", "b", "x-y", "hello world", "a,b,c", "1", "007", "0x1f", "-3",
         "1.50", "12.00", "true", "nil", " pad ", "line\nline", "tab\t", "é",
         "☃ snow", "日本", 'say "x"', "it's", "<b>&</b>", "back\\slash", "%d",
         "100%", "((", "a b/c?d=e&f", "UPPER", "ǆ", "\x01", "\u200b", "😀"]
KEYS = ["a", "b", "name", "Name", "x1", "BRANCH_NAME", "deep", "é"]
FLOATS = ["0.0", "1.0", "1.5", "-2.25", "1e6", "1e21", "1e-7", "123456789.125",
          ".5", "5.", "0x1p-2", "1_0.5", "3.14159", "1e20", "100000.0"]
INTS = ["0", "1", "-1", "2", "3", "7", "42", "97", "1_000", "0x1F", "0b11",
        "017", "0o17", "'a'", "'\\n'", "'☃'", "9223372036854775807", "+5"]


class Writer:
    """Writes random templates; knows the types of what it writes."""

    def __init__(self, rng: random.Random, left: str = "((",
                 right: str = "))"):
        self.rng = rng
        self.left, self.right = left, right
        self.paths: dict[str, list[str]] = {}
        self.variables: list[tuple[str, str]] = []
        self.templates: list[str] = []
        self.loops = 0
        self.count = 0

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def pick(self, *choices):
        return self.rng.choice(choices)

    # --- data ---------------------------------------------------------------

    def value(self, depth: int = 0):
        kind = self.rng.random()
        if depth < 3 and kind < 0.2:
            return {self.rng.choice(KEYS): self.value(depth + 1)
                    for _ in range(self.rng.randrange(4))}
        if depth < 3 and kind < 0.4:
            return [self.value(depth + 1)
                    for _ in range(self.rng.randrange(4))]
        if kind < 0.65:
            return self.rng.choice(WORDS)
        return self.pick(None, True, False, 0, 1, -5, 42, 1000000, 1.5, -0.25,
                         1e6, 1e21, 123456.75)

    def data(self) -> dict:
        root = {key: self.value() for key in KEYS if self.chance(0.6)}
        self.paths = {kind: [] for kind in
                      ("int", "float", "str", "bool", "list", "map", "nil")}
        self.note("", root)
        return root

    def note(self, path: str, value) -> None:
        kind = {dict: "map", list: "list", str: "str", bool: "bool",
                int: "int", float: "float"}.get(type(value), "nil")
        self.paths[kind].append(path or ".")
        if isinstance(value, dict):
            for key, member in value.items():
                self.note(f"{path}.{key}", member)

    # --- expressions --------------------------------------------------------

    def string(self) -> str:
        word = self.rng.choice(WORDS)
        if self.chance(0.2) and "`" not in word:
            return f"`{word}`"
        if self.chance(0.1):
            return self.pick(r'"\u00e9\x41\101"', r'"\a\b\f\n\r\t\v\\\""',
                             r'"\U0001F600"', r'"\xff"')
        escaped = word.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + escaped.replace("\n", "\\n") + '"'

    def literal(self, kind: str) -> str:
        if kind == "int":
            return self.rng.choice(INTS)
        if kind == "float":
            return self.rng.choice(FLOATS)
        if kind == "str":
            return self.string()
        if kind == "bool":
            return self.pick("true", "false")
        if kind == "list":
            return self.pick("(list)", "(list 1 2 3)", '(list "b" "a")',
                             "(until 3)", '(splitList "," "x,y")',
                             '(list nil 1 "")')
        if kind == "map":
            return self.pick("(dict)", '(dict "a" 1 "b" "x")',
                             '(split "," "x,y")', '(dict "deep" (dict "a" 2) )')
        return self.pick("(index .m 0)", "nil")

    def path(self, kind: str) -> str | None:
        names = [name for name, known in self.variables if known == kind]
        if names and self.chance(0.5):
            return self.rng.choice(names)
        if self.paths[kind]:
            path = self.rng.choice(self.paths[kind])
            return "$" + ("" if path == "." else path)
        return None

    def any_kind(self) -> str:
        return self.pick("int", "int", "str", "str", "float", "bool", "list",
                         "map", "nil")

    def operand(self, kind: str, depth: int) -> str:
        """Something of a type, that can stand as an argument."""
        if kind == "template":
            return f'"{self.pick("none", *self.templates)}"'
        if kind in SPECIAL:
            return self.rng.choice(SPECIAL[kind])
        if kind == "any":
            kind = self.any_kind()
        if self.chance(0.03):
            kind = self.any_kind()  # perhaps an error
        if kind == "int64":
            return f"({self.call('int64', depth + 1)} )"
        path = self.path(kind)
        if path and self.chance(0.45):
            return path
        if kind == "nil":
            return self.pick("nil", '(index (dict) "a")', '(get (dict) "a")',
                             "(first (list) )")
        if depth < 4 and self.chance(0.4):
            space = self.pick("", " ")
            return f"({space}{self.call(kind, depth + 1)} )"
        if self.chance(0.02):
            return self.pick("1i", "1+2i", ".", "$")
        return self.literal(kind)

    def call(self, kind: str, depth: int) -> str:
        """A call that gives a type, written plain or piped."""
        return self.call_of(*self.rng.choice(CALLS[kind]), depth)

    def call_of(self, name: str, params: tuple[str, ...], depth: int) -> str:
        if name == "printf":
            return self.printf(depth)
        kinds: list[str] = []
        for param in params:
            if param.endswith("*"):
                kinds += [param[:-1]] * self.rng.randrange(4)
            else:
                kinds.append(param)
        if self.chance(0.01):
            kinds = kinds[:-1]
        args = [self.operand(k, depth) for k in kinds]
        if args and self.chance(0.3):
            last = args.pop()
            if last == "nil":
                last = "(first (list) )"
            return " ".join([last, "|", name, *args])
        return " ".join([name, *args])

    def verb(self) -> str:
        flags = "".join(flag for flag in "#0+- " if self.chance(0.12))
        width = self.pick("", "", "", "3", "8", "12", "*")
        precision = self.pick("", "", "", ".", ".0", ".2", ".5", ".*")
        index = self.pick(*[""] * 12, "[1]", "[2]", "[9]", "[x]")
        verb = self.rng.choice("vvvvdssqxXtTfgeGEFbcoOUz%")
        return f"%{flags}{index}{width}{precision}{verb}"

    def printf(self, depth: int) -> str:
        verbs = [self.verb() for _ in range(self.rng.randrange(1, 4))]
        text = self.pick("", "a ", "☃").join(verbs)
        count = max(0, text.count("%") + text.count("*") +
                    self.pick(0, 0, 0, 1, -1))
        args = [self.operand(self.pick("any", "any", "int"), depth)
                for _ in range(count)]
        return " ".join(["printf", f'"{text}"', *args])

    def pipeline(self, kind: str, depth: int = 0) -> str:
        if kind == "any":
            kind = self.any_kind()
        path = self.path(kind)
        if path and self.chance(0.35):
            return path
        if kind == "nil" or self.chance(0.1):
            operand = self.operand(kind, depth)
            return "(first (list) )" if operand == "nil" else operand
        if kind in ("list", "map") or self.chance(0.7):
            return self.call(kind, depth)
        return self.literal(kind)

    # --- items --------------------------------------------------------------

    def action(self, body: str) -> str:
        after = self.pick("", " ", "- ", "-\n", "\n")
        before = self.pick("", " ", " -", "\n")
        if body.startswith("("):
            after = after or " "
        if body.endswith(")"):
            before = before or " "
        return self.left + after + body + before + self.right

    def text(self) -> str:
        return self.pick("", " ", "\n", "a", " b ", "\n  c: ", ")", "( ", "x\n",
                         "# ☃\n", "\t", "- ",
                         f"{self.left}/* note */{self.right}",
                         f"{self.left}- /* (( \n */ -{self.right}")

    def variable(self) -> str:
        self.count += 1
        return f"${self.pick('x', 'y', 'é')}{self.count}"

    def items(self, depth: int) -> str:
        known = len(self.variables)
        body = "".join(self.item(depth)
                       for _ in range(self.rng.randrange(1, 4)))
        del self.variables[known:]
        return body

    def item(self, depth: int) -> str:
        kind = self.rng.random()
        before = self.text()
        if depth > 3 or kind < 0.45:
            return before + self.action(self.pipeline("any"))
        if kind < 0.55:
            return before + self.declaration()
        if kind < 0.7:
            return before + self.condition(depth, "if", "any")
        if kind < 0.78:
            return before + self.condition(depth, "with", "any")
        if kind < 0.9:
            return before + self.loop(depth)
        if kind < 0.93 and self.loops:
            return before + self.action("if " + self.pipeline("bool")) + \
                self.action(self.pick("break", "continue")) + \
                self.action("end")
        return before + self.definition(depth)

    def declaration(self) -> str:
        kind = self.any_kind()
        if self.variables and self.chance(0.4):
            name, known = self.rng.choice(self.variables)
            return self.action(f"{name} = {self.pipeline(known)}")
        body = self.pipeline(kind)
        name = self.variable()
        self.variables.append((name, kind))
        return self.action(f"{name} := {body}")

    def condition(self, depth: int, word: str, kind: str) -> str:
        body = self.pipeline(kind)
        if self.chance(0.2):
            body = f"{self.variable()} := {body}"
        text = self.action(f"{word} {body}") + self.items(depth + 1)
        if self.chance(0.3):
            text += self.action(f"else {word} {self.pipeline(kind)}")
            text += self.items(depth + 1)
        if self.chance(0.5):
            text += self.action("else") + self.items(depth + 1)
        return text + self.action("end")

    def loop(self, depth: int) -> str:
        kind = self.pick("list", "list", "map", "int", "nil")
        over = self.pipeline(kind)
        if kind == "int":
            over = self.pick("0", "1", "3", "-1", '(len "ab")', "1 | add 1")
        known = len(self.variables)
        item, index = self.variable(), self.variable()
        style = self.rng.random()
        if style < 0.3:
            over = f"{item} := {over}"
            self.variables.append((item, self.any_kind()))
        elif style < 0.6 and kind != "int":
            over = f"{index}, {item} := {over}"
            self.variables.append((item, self.any_kind()))
            self.variables.append((index, self.pick("int", "str")))
        self.loops += 1
        text = self.action(f"range {over}") + self.items(depth + 1)
        self.loops -= 1
        del self.variables[known:]
        if self.chance(0.3):
            text += self.action("else") + self.items(depth + 1)
        return text + self.action("end")

    def definition(self, depth: int) -> str:
        if self.templates and self.chance(0.5):
            name = self.rng.choice(self.templates)
            data = self.pick("", " .", " $", " " + self.pipeline("any"))
            return self.action(f'template "{name}"{data}')
        variables, loops, paths = self.variables, self.loops, self.paths
        name, data = f"t{self.count}", self.pipeline("any")
        self.count += 1
        self.variables, self.loops = [], 0
        self.paths = {kind: [] for kind in paths}
        body = self.items(depth + 1)
        self.variables, self.loops, self.paths = variables, loops, paths
        self.templates.append(name)
        return self.action(f'block "{name}" {data}') + body + \
            self.action("end")

    def template(self) -> str:
        self.variables, self.templates, self.loops = [], [], 0
        text = self.items(0)
        if self.chance(0.2):
            text += self.action('define "last"') + self.items(1) + \
                self.action("end") + self.action('template "last" .')
        return text + self.text()

    def broken(self, text: str) -> str:
        """A template with a mistake, or none after all."""
        at = self.rng.randrange(len(text) + 1)
        kind = self.rng.random()
        if kind < 0.3:
            return text[:at] + text[at + 1:]
        if kind < 0.7:
            return text[:at] + self.pick(
                "(", ")", "((", "))", " ", "-", ".", "$", "|", '"', "'", "`",
                ":=", "=", ",", "1", "e", "_", "i", "\n", "☃", "é", "end",
                "((end))", "((else))", "((break))", "/*", "*/") + text[at:]
        other = self.rng.randrange(len(text) + 1)
        return text[:min(at, other)] + text[max(at, other):]


def cases(seed: int, count: int) -> Iterator[Case]:
    rng = random.Random(seed)
    writer = Writer(rng)
    for number in range(count):
        data = writer.data()
        text = writer.template()
        # A mistake may make templates recursive, which Go follows too far.
        if number % 5 == 4 and 'template "' not in text and \
                "include" not in text:
            text = writer.broken(text)
        mode = rng.choice(["error", "error", "default", "zero"])
        yield mode, json.dumps(data, ensure_ascii=False), text
