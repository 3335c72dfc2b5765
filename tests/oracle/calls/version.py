"""Versions, constraints, and the methods of *semver.Version."""

VERSIONS = ["1.2.3", "v1", "1.2", "0.0.0-alpha.1+x.y", "2.0.0-rc.1", "v10.0.0",
            "1.27.3-gke.100", "18446744073709551615.0.1", "1.2.3+meta", "0",
            "01.02.03"]
BROKEN = ["", "x", "1.2.3.4", "1.0.0-01", "v", "1..2", "1.2.3-", "-1",
          "18446744073709551616.0.0", " 1.2.3"]
CONSTRAINTS = [">=1.2", "^1.2.0", "~1.2 || >3", "1.x", "*", ">=1-0", "1.2 - 2",
               "!=1.2.3", "<2.0.0-0", ">1,<3", "=v1.2.3", "~0.1", "^0.0",
               "1.2.3-alpha || 2", ">=01.2"]

CALLS = {
    "str": [("toString", ("version",)), ("toString", ("versionpart",)),
            ("quote", ("version",)), ("print", ("versionpart", "versionpart")),
            ("typeOf", ("versionpart",)), ("kindOf", ("version",)),
            ("toJson", ("version",)), ("toYaml", ("version",)),
            ("html", ("version",))],
    "bool": [("semverCompare", ("constraint", "versiontext")),
             ("semverCompare", ("constraint", "versiontext")),
             ("semverCompare", ("constraint", "brokentext")),
             ("eq", ("version", "version")), ("eq", ("number", "int")),
             ("lt", ("number", "number")), ("gt", ("int", "number")),
             ("empty", ("number",)), ("deepEqual", ("version", "version"))],
    "int64": [("add", ("number", "any*")), ("int64", ("number",)),
              ("max", ("number", "number"))],
    "float": [("float64", ("number",))],
    # No pointers in lists: printf shows where they lie in memory.
    "list": [("list", ("versionpart", "versionpart"))],
}

_SEMVERS = [f'(semver "{text}" )' for text in VERSIONS]

SPECIAL = {
    "version": [*_SEMVERS, '(semver "x")'],
    "versiontext": [f'"{text}"' for text in VERSIONS],
    "brokentext": [f'"{text}"' for text in VERSIONS * 3 + BROKEN],
    "constraint": [f'"{text}"' for text in CONSTRAINTS * 3 +
                   ["", "x y", ">", "1 2 3", "><1", "1 -2", "||", "1 ||"]],
    "number": [f"{version}.{part}" for version in _SEMVERS
               for part in ("Major", "Minor", "Patch")],
    "versionpart": [f"{version}.{part}" for version in _SEMVERS for part in
                    ("Prerelease", "Metadata", "Original", "String", "Value",
                     "IncMinor", "IncPatch", "IncMinor.IncPatch.Minor")] + [
        f"({version}.{call} )" for version in _SEMVERS for call in
        ('Compare (semver "1.2")', 'LessThan (semver "1.2.3-x")',
         'Equal (semver "1.2.3")', "Equal nil", 'SetPrerelease "rc.2"',
         'SetMetadata "a.01"', 'GreaterThanEqual (semver "v10")',
         'LessThanEqual (semver "0")', 'GreaterThan (semver "0")')],
}
