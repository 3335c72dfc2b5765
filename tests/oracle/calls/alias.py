"""Other names of functions, and the must forms: they fail where the others
do not, or are the same."""

CALLS = {
    "int64": [("biggest", ("any", "any*"))],
    "bool": [("mustHas", ("any", "list")), ("mustFirst", ("list",)),
             ("mustLast", ("list",))],
    "str": [("unixEpoch", ("othertime",)), ("trimall", ("str", "str")), ("fail", ("str",))],
    "list": [("push", ("list", "any")), ("mustPush", ("list", "any")),
             ("mustAppend", ("list", "any")), ("mustPrepend", ("list", "any")),
             ("mustRest", ("full",)), ("mustInitial", ("full",)),
             ("mustUniq", ("list",)), ("mustReverse", ("list",)),
             ("mustWithout", ("list", "any*")), ("mustCompact", ("list",)),
             ("mustSlice", ("full", "small")), ("pluck", ("str", "dict*")),
             ("keys", ("one",))],
}

SPECIAL = {
    "othertime": [f'({name} "{duration}" now )'
                  for name in ("date_modify", "must_date_modify", "dateModify",
                               "mustDateModify")
                  for duration in ("1h", "-36h30m", "1.5s", "", "x", "1d")] +
                 [f'({name} "2006-01-02" "{date}" )'
                  for name in ("toDate", "mustToDate")
                  for date in ("2020-02-29", "2021-02-29", "", "x")],
}
