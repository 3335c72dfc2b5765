"""Paths."""

from odd import mixed

CALLS = {
    "str": [(name, ("path",)) for name in
            ("base", "dir", "clean", "ext", "osBase", "osDir", "osClean",
             "osExt")],
    "bool": [("isAbs", ("path",)), ("osIsAbs", ("path",))],
}

SPECIAL = {
    "path": mixed(3, ["/", "/", "//", ".", "..", "a", "b", ".tar", ".gz", "é",
                      "...", "\\", "c:", b"\xff", " ", b"\x00"], 3000, 9),
}
