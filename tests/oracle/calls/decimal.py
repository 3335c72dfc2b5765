"""Numbers with a fraction: exact sums, and what floating point gives."""

CALLS = {
    "float": [("addf", ("fraction*",)), ("add1f", ("fraction",)),
              ("subf", ("fraction", "fraction*")),
              ("mulf", ("fraction", "fraction*")),
              ("divf", ("fraction", "divisor*")),
              ("maxf", ("fraction", "fraction*")),
              ("minf", ("fraction", "fraction*")),
              ("round", ("fraction", "places")),
              ("round", ("fraction", "places", "roundon"))],
    "int64": [("toDecimal", ("octal",)), ("toDecimal", ("any",))],
}

_ODD = ["0.1", "0.2", "0.3", "1e-7", "123.555", "-0.5", "1e300", "1e-300",
        "5e-324", "1.7976931348623157e308", "99999999999999999", "1e22",
        "9007199254740993", "2.5", "-1.005", "3", "7", "-3", "1e17", "0.5",
        "4.9406564584124654e-324", "2.2250738585072014e-308", "1e23",
        "8.41e21", "0.000001", "123456789.987654321", "1e15", "-1e-16",
        "4503599627370496.5", "0x1p-1074", "0x1.fffffffffffffp1023"]

SPECIAL = {
    "fraction": [*_ODD, "0", '"1.5"', '"x"', "nil", "true", "$.a", "$",
                 "(divf 1 3)", "(divf 22 7 -1)", "(mulf 1.1 1.1)",
                 "(addf 0.7 0.1)", "(int64 5)", "now.Month", '"-0"', '"1_0"',
                 '"nan"'],
    "divisor": [*_ODD, "(addf 1 2)", '"12.5"', "true", "nil"],
    "places": ["0", "1", "2", "3", "5", "10", "15", "22", "-1", "-3", "300",
               "308", "-320"],
    "roundon": ["0", ".5", ".4", "1", "-1", "0.99"],
    "octal": ['"0777"', '"644"', '"8"', "755", "-17", '"+7"', '""',
              '"0o17"', '"7_7"', '"777777777777777777777"'],
}
