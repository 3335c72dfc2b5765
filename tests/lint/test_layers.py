"""Who may include what: layers, facades, and headers that stand alone."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from functools import cache

import pytest

from sources import ROOT, c_files, includes, layer, matching, name

# Where the header of each package may be named.
FACADES = {
    "curl/*": ["common/net/http*"],
    "git2*": ["common/api/repo_git2.h"],
    "openssl/*": ["common/format/hash.c", "common/format/cipher.c"],
    "yaml.h": ["common/format/ydoc*", "tests/bench/libyaml/*"],
    "pcre2.h": ["common/format/rx_pcre2.h"],
    "zlib.h": ["common/format/gzip_zlib.h"],
    "jansson.h": ["common/format/*", "include/format/*", "common/api/*",
                  "include/api/*", "tests/*"],
    "cmocka.h": ["tests/unit/unit.h"],
}

WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wstrict-prototypes"]


@cache
def readme() -> str:
    return (ROOT / "common/README.md").read_text()


def named_modules(layer: str) -> list[str]:
    """The modules, or patterns of them, that the layer's section lists."""
    section = re.search(rf"^## \d+ `{layer}`$(.*?)(^## |\Z)", readme(),
                        re.M | re.S)[1]
    items = re.findall(r"^ *- ((?:`[^`]+` ?)+)", section, re.M)
    return re.findall(r"`([^`]+)`", " ".join(items))


@cache
def ranks() -> dict[str, int]:
    """The layers and their numbers, from the text that people read."""
    titles = re.findall(r"^## (\d+) `(\w+)`$", readme(), re.M)
    assert len(titles) == 10
    return {layer: int(number) for number, layer in titles}


def product() -> list:
    return matching("common/*/*.c", "common/*/*.h", "include/*/*.h",
                    "steps/*.c")


def test_includes_go_downwards():
    wrong = [f"{name(path)} includes {header}"
             for path in product()
             for kind, header in includes(path) if kind == '"'
             if ranks().get(header.split("/")[0], 99) > ranks()[layer(path)]]
    assert not wrong, "\n".join(wrong)


def test_each_module_is_in_the_picture():
    stems = {(layer(path), path.stem) for path in product()
             if layer(path) != "steps"}
    names = {where: named_modules(where) for where, _ in stems}
    missing = [f"{where}/{stem}" for where, stem in stems
               if not any(fnmatch(stem, name) or fnmatch(stem, name + "[-_]*")
                          for name in names[where])]
    gone = [f"{where}/{name}" for where in names for name in names[where]
            if not any(place == where and fnmatch(stem, name)
                       for place, stem in stems)]
    assert not missing and not gone, \
        f"not in common/README.md: {missing}; there, but no module: {gone}"


def test_quoted_includes_exist():
    wrong = [f"{name(path)} includes {header}"
             for path in product()
             for kind, header in includes(path) if kind == '"'
             if not any((ROOT / folder / header).is_file()
                        for folder in ("include", "common"))]
    assert not wrong, "\n".join(wrong)


def test_private_headers_stay_in_their_layer():
    private = {name(path).removeprefix("common/")
               for path in matching("common/*/*.h")}
    wrong = [f"{name(path)} includes {header}"
             for path in product()
             for kind, header in includes(path)
             if header in private and header.split("/")[0] != layer(path)]
    assert not wrong, "\n".join(wrong)


def test_steps_see_neither_network_nor_system_nor_packages():
    wrong = [f"{name(path)} includes {header}"
             for path in matching("steps/*.c")
             for kind, header in includes(path)
             if header.split("/")[0] in ("net", "sys")
             or any(fnmatch(header, package) for package in FACADES)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", FACADES)
def test_packages_are_named_in_their_facade_only(package):
    wrong = [name(path) for path in c_files()
             if any(kind == "<" and fnmatch(header, package)
                    for kind, header in includes(path))
             and not any(fnmatch(name(path), place)
                         for place in FACADES[package])]
    assert not wrong, f"<{package}> in {', '.join(wrong)}"


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_headers_stand_alone(compiler):
    """Without base/banned.h, which would bring system headers along."""
    def compile(path) -> str:
        return subprocess.run(
            [compiler, "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only",
             *WARNINGS, "-iquote", ".", "-iquote", "include",
             "-iquote", "common", "-include", name(path), "-x", "c",
             "/dev/null"],
            cwd=ROOT, capture_output=True, text=True).stderr

    headers = [path for path in
               matching("include/*/*.h", "common/*/*.h", "tests/unit/*.h")
               if not path.stem.endswith("-tables")]    # data of one file
    with ThreadPoolExecutor(2) as pool:
        errors = [text for text in pool.map(compile, headers) if text]
    assert headers and not errors, "\n".join(errors)


def test_every_module_has_its_header():
    """include/x/y.h is the manual of common/x/y.c, and of a y-part.c."""
    def has_header(path) -> bool:
        return any(path.stem.startswith(header.stem)
                   for folder in ("include", "common")
                   for header in matching(f"{folder}/{layer(path)}/*.h"))

    wrong = [name(path) for path in matching("common/*/*.c")
             if path.stem != "main" and not has_header(path)]
    assert not wrong, "without a header: " + ", ".join(wrong)
