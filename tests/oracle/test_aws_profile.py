"""AWS's shared files as botocore reads them, and command lines as its
credential_process splits them.

Left out is what botocore refuses and other SDKs read (a section or a setting
given twice) and what they read otherwise (comments behind a value).
SLIPWAY_SEED repeats a run, SLIPWAY_FILES makes it longer.
"""

from __future__ import annotations

import json
import os
import random
import shlex
import subprocess
from pathlib import Path

from botocore import configloader

FILES = int(os.environ.get("SLIPWAY_FILES", "500"))
ORACLES = Path(os.environ.get("SLIPWAY_ORACLES", "build/release/oracle"))

NAMES = ["default", "ci", "a-b", "with space", "x.y", "42"]
KEYS = ["region", "role_arn", "source_profile", "aws_access_key_id",
        "aws_secret_access_key", "credential_process", "s3", "sts", "odd.key"]
NESTED = ["endpoint_url", "addressing_style", "max_queue"]
VALUES = ["eu-central-1", "arn:aws:iam::1:role/a", "a=b", "AbC+/=", "\"q u\" 'o'",
          "x#y;z", "http://h:1/p?a=b", "\u00e4\u20ac", "[x]", "%(x)s", "a  b"]


def blanks(rng: random.Random, least: int = 0) -> str:
    return "".join(rng.choices(" \t", k=rng.randint(least, least + 2)))


def between(rng: random.Random) -> list[str]:
    """Lines that say nothing."""
    return rng.choices(["", "  ", "# comment", "; comment", "#[default]"],
                       k=rng.choice([0, 0, 0, 1, 2]))


def setting(rng: random.Random, key: str, indent: str) -> list[str]:
    sign = rng.choice(["=", " = ", "= ", "\t=", ": ", "="])
    name = "".join(rng.choice([c, c, c.upper()]) for c in key)
    kind = rng.random()
    if kind < 0.15:     # settings of its own below it
        deeper = indent + blanks(rng, 1)
        names = rng.sample(NESTED, rng.randint(1, 3))
        return [f"{indent}{name}{sign}"] + [
            f"{deeper}{nested}{rng.choice(['=', ' = '])}{rng.choice(VALUES)}"
            for nested in names]
    lines = [f"{indent}{name}{sign}{rng.choice(VALUES)}{blanks(rng)}"]
    if kind > 0.9:      # a value of two lines
        lines.append(f"{indent}{blanks(rng, 1)}{rng.choice(VALUES)}")
    return lines if kind < 0.97 else [f"{indent}{name}{sign}"]


def section(rng: random.Random, header: str) -> list[str]:
    indent = blanks(rng) if rng.random() < 0.2 else ""
    lines = [header]
    for key in rng.sample(KEYS, rng.randint(0, 5)):
        lines += between(rng) + setting(rng, key, indent)
    return lines + between(rng)


def quoted(rng: random.Random, name: str) -> str:
    if " " in name or rng.random() < 0.2:
        return rng.choice(["'%s'", '"%s"']) % name
    return name


def config(rng: random.Random) -> str:
    headers = [f"[{kind}{blanks(rng, 1)}{quoted(rng, name)}]"
               for kind in ("profile", "sso-session", "services")
               for name in rng.sample(NAMES[1:], rng.randint(0, 3))]
    headers += rng.choice([["[default]"], ["[profile default]"], []])
    headers += rng.sample(["[plugins]", "[preview]", "[ci]"],
                          rng.randint(0, 2))
    return document(rng, headers)


def credentials(rng: random.Random) -> str:
    return document(rng, [f"[{name}]" for name in
                          rng.sample(NAMES, rng.randint(0, 3))])


def document(rng: random.Random, headers: list[str]) -> str:
    rng.shuffle(headers)
    lines = between(rng)
    for header in headers:
        lines += section(rng, header)
    end = rng.choice(["\n", "\r\n"])
    return end.join(lines) + rng.choice([end, ""])


def flat(values: dict) -> dict[str, str]:
    found = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found |= {f"{key}.{name}": text for name, text in value.items()}
        else:
            found[key] = value
    return {key: value for key, value in found.items() if value}


def reference(folder: Path, config: str, credentials: str) -> dict:
    """{section: {name: {key: value}}} by botocore."""
    (folder / "config").write_bytes(config.encode())
    (folder / "credentials").write_bytes(credentials.encode())
    loaded = configloader.load_config(str(folder / "config"))
    keys = configloader.raw_config_parse(str(folder / "credentials"))
    found = {kind: {name: flat(values) for name, values in
                    loaded[loads].items()}
             for kind, loads in (("profiles", "profiles"),
                                 ("sso-sessions", "sso_sessions"),
                                 ("services", "services"))}
    for name, values in keys.items():
        # a setting without a value hides that of the other file too
        kept = {key: value for key, value in
                found["profiles"].get(name, {}).items() if key not in values}
        found["profiles"][name] = kept | flat(values)
    return found


def drive(cases: list[dict]) -> list[dict]:
    driver = subprocess.run([ORACLES / "aws_profile-driver"],
                            input=json.dumps(cases), text=True, check=True,
                            capture_output=True)
    lines = driver.stdout.splitlines()
    assert len(lines) == len(cases)
    return [json.loads(line) for line in lines]


def seeded() -> random.Random:
    seed = int(os.environ.get("SLIPWAY_SEED", random.randrange(1 << 32)))
    print(f"SLIPWAY_SEED={seed}")
    return random.Random(seed)


def test_random_files(tmp_path):
    rng = seeded()
    ask = [[kind, name, key] for kind in ("profiles", "sso-sessions",
                                          "services")
           for name in NAMES
           for key in KEYS + [f"{key}.{nested}" for key in ("s3", "sts")
                              for nested in NESTED]]
    cases = [{"config": config(rng), "credentials": credentials(rng),
              "ask": ask} for _ in range(FILES)]
    for case, ours in zip(cases, drive(cases)):
        theirs = reference(tmp_path, case["config"], case["credentials"])
        assert "found" in ours, (ours, case["config"], case["credentials"])
        for (kind, name, key), value in zip(ask, ours["found"]):
            assert value == theirs[kind].get(name, {}).get(key), (
                kind, name, key, case["config"], case["credentials"])


def test_random_command_lines():
    rng = seeded()
    texts = ["".join(rng.choices("ab -\t'\"\\\\$;|#\n\u00e4",
                                 k=rng.randint(0, 14)))
             for _ in range(FILES * 20)]
    for text, ours in zip(texts, drive([{"words": text} for text in texts])):
        try:
            theirs = shlex.split(text)
        except ValueError:
            theirs = None
        assert ours["words"] == theirs, repr(text)
