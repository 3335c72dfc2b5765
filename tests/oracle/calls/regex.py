"""Regular expressions; tests/oracle/test_rx.py knows more patterns."""

CALLS = {
    "bool": [("regexMatch", ("pattern", "str")),
             ("mustRegexMatch", ("pattern", "str"))],
    "str": [("regexFind", ("pattern", "str")),
            ("mustRegexFind", ("pattern", "str")),
            ("regexReplaceAll", ("pattern", "str", "form")),
            ("mustRegexReplaceAll", ("pattern", "str", "form")),
            ("regexReplaceAllLiteral", ("pattern", "str", "form")),
            ("mustRegexReplaceAllLiteral", ("pattern", "str", "form")),
            ("regexQuoteMeta", ("str",))],
    "list": [("regexFindAll", ("pattern", "str", "small")),
             ("mustRegexFindAll", ("pattern", "str", "small")),
             ("regexSplit", ("pattern", "str", "small")),
             ("mustRegexSplit", ("pattern", "str", "small"))],
}

SPECIAL = {
    "pattern": ["`[a-z]+`", "`(a)|b`", "`l*`", "``", "`\\\\d`", "`\\W+`",
                "`(?P<first>\\w)(\\w*)`", "`^.`", "`(?m).$`", "`[^a]`", "`,`",
                "`(?i)E`", "`(?=a)`", "`(`", "`\\p{Lu}`", "(regexQuoteMeta `.`)"],
    "form": ["`$0`", "`<$1>`", "`${first}-$2`", "`$1x`", "`$$`", "``", '"$"'],
}
