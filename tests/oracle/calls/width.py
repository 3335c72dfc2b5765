"""Sprig's functions that make text fit a width; numbers and parts as text."""

from odd import mixed

CALLS = {
    "str": [("abbrev", ("width", "long")),
            ("abbrevboth", ("width", "width", "long")),
            ("wrap", ("width", "long")),
            ("wrapWith", ("width", "separator", "long")),
            ("seq", ("small*",)), ("seq", ("far",)), ("seq", ("far", "far")),
            ("seq", ("far", "small", "far")), ("hello", ())],
    "map": [("splitn", ("str", "width", "str")),
            ("splitn", ("separator", "width", "long"))],
}

SPECIAL = {
    "width": ["-9223372036854775808", "-7", "-1", "0", "1", "2", "3", "4",
              "5", "6", "7", "8", "9", "10", "12", "20",
              "9223372036854775807"],
    "far": ["-12", "-3", "0", "1", "4", "17"],
    "separator": ['""', '" "', '"a"', '"ab"', '"é"', r'"\xa9"'],
    "long": mixed(2, [" ", " ", "  ", "a", "ab", "word", "éa", "日本", "\n",
                      "averylongword", b"\xff"], 3000, 12),
}
