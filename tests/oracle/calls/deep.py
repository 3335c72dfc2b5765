"""Dictionaries that are merged, copied, compared and dug into."""

CALLS = {
    "map": [("merge", ("fresh", "dicts*")), ("mergeOverwrite", ("fresh", "dicts*")),
            ("mustMerge", ("fresh", "dicts*")),
            ("mustMergeOverwrite", ("fresh", "dicts*")),
            ("deepCopy", ("dicts",)), ("mustDeepCopy", ("map",)),
            ("merge", ("fresh", "dict"))],
    "list": [("chunk", ("chunksize", "full")), ("mustChunk", ("chunksize", "list")),
             ("deepCopy", ("list",)), ("chunk", ("oddsize", "few"))],
    "bool": [("deepEqual", ("any", "any")), ("deepEqual", ("dicts", "dicts")),
             ("deepEqual", ("list", "list")), ("typeIsLike", ("typename", "any"))],
    "str": [("toString", ("pointers",)), ("toJson", ("pointers",)),
            ("dig", ("digkey", "str", "dicts")),
            ("dig", ("digkey", "digkey", "any", "dicts")),
            ("dig", ("digkey", "digkey", "digkey", "any", "deepdict"))],
    "int": [("dig", ("digkey", "digkey", "int", "deepdict"))],
}

_VALUES = ["1", "0", '""', '"x"', "nil", "false", "true", "1.5", "0.0", "0i",
           "(list)", "(list 1 nil)", "(until 2)", "(dict)", '(dict "b" 1)',
           '(dict "b" nil "c" "")', '(dict "b" (dict "c" 2) )', "now",
           "now.Month", "(now.Sub now)", '(merge nil)',
           '(split "," "x,y")', '(split "," "")', '(splitList "," "a,b")',
           '((semver "1.2.3").IncMajor)', 
           '(dict "_0" "" "_1" nil)', "(chunk 1 (until 2) )"]

_DICTS = ([f'(dict "a" {value} )' for value in _VALUES] +
          [f'(dict "a" {value} "k" {other} )' for value in _VALUES[:12]
           for other in _VALUES[12:20]] +
          [f'(dict "a" (dict "b" {value} "c" {other} ) )'
           for value in _VALUES[::2] for other in _VALUES[1::3]])

# Of pointers, printf would show where they lie in memory.
_POINTERS = ['(dict "a" (semver "1.2.3") )', '(dict "a" (semver "v2") "b" 1)',
             '(dict "a" now.Location)']
_MERGES = ["merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite"]

SPECIAL = {
    "pointers": [f"({merge} {one} {other} )" for merge in _MERGES
                 for one in _POINTERS for other in _DICTS[::9] + _POINTERS] + [
        f"({merge} {one} {other} )" for merge in _MERGES
        for one in _DICTS[::9] for other in _POINTERS] + [
        f"(deepCopy {one} )" for one in _POINTERS],
    "fresh": _DICTS,
    "dicts": [*_DICTS, "$", "(dict)"],
    "deepdict": ['(dict "a" (dict "b" (dict "c" 3) ) )', "$",
                 '(dict "a" (dict "b" nil) "b" 1)'],
    "digkey": ['"a"', '"b"', '"c"', '"k"', '"name"', '""'],
    "chunksize": ["1", "2", "3", "4", "7"],
    "oddsize": ["0", "1", "2", "-1", "-2", "-3", "9"],
    "few": ["(list)", "(list 1)", "(list 1 2)", "(list 1 2 3)", "(until 5)"],
    "typename": ['"int"', '"string"', '"semver.Version"', '"float64"',
                 '"map[string]interface {}"', '"<nil>"', '"[]string"'],
}
