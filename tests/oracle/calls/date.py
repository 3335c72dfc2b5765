"""Dates, durations and time zones, with the methods of their types."""

# What a template may ask of a time; those with arguments take them piped too.
PLAIN = ["Year", "Month", "Day", "Hour", "Minute", "Second", "Nanosecond",
         "YearDay", "Weekday", "Unix", "UnixMilli", "UnixMicro", "UnixNano",
         "Location", "IsDST", "IsZero", "String", "GoString"]

LAYOUTS = ["2006-01-02", "2006-01-02T15:04:05Z07:00", "Jan _2 2006 3:04PM",
           "Mon, 02 Jan 06 15:04:05.000 MST", "2006-002 -0700", "06 __2 pm",
           "15:04:05.999999 -07:00:00", "Monday January 2 Z0700", "x 1 y 2 z",
           "2006-01-02 15:04:05.999999999 -0700 MST", "Z07:00", "", "_2006"]
TEXTS = ["2017-12-31", "2024-02-29T10:11:12.5Z", "2024-02-29T10:11:12+05:30",
         "Feb  9 2021 3:04PM", "Tue, 03 Feb 69 15:04:05.123 EST",
         "2020-366 -0500", "2020-060 +0000", "15:04:05.5 -05:00:30", "Z",
         "2021-02-29", "x 12 y 31 z", "2025-11-26 12:00:00 +0100 CET",
         "2025-11-26 12:00:00 -0300 GMT-3", "", "_2006", "0000-01-01"]
SECONDS = ["0", "-1", "1", "86399", "1700000000", "1783082096", "-5000000000",
           "99999999999", "253402300800", "-62135596801",
           "9223372036854775807", "-9223372036854775807"]
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Africa/Casablanca",
         "Europe/Dublin", "America/Nuuk", "Pacific/Apia", "Australia/Sydney",
         "Etc/GMT+5", "EST5EDT", "Antarctica/Troll", "Africa/Monrovia", "UTC",
         "Local", "", "Nowhere", "../UTC", "/UTC"]
DURATIONS = ["1h", "-1.5h", "90s", "2h45m.5s", "1ns", "0", "", "x", "1",
             "2.5", "-0x1p3", " 3s ", "9223372036854775807ns", "1e3", "inf",
             "-9223372036854775808ns", "2562048h", "1h 2m", "0.3us", "nan",
             "1.0000000000000000000000000001s", "26h13m", "-169h", "1000µs"]

CALLS = {
    "str": [("date", ("layout", "date")), ("htmlDate", ("date",)),
            ("dateInZone", ("layout", "date", "zone")),
            ("date_in_zone", ("layout", "date", "zone")),
            ("htmlDateInZone", ("date", "zone")), ("ago", ("date",)),
            ("unixEpoch", ("timevalue",)), ("print", ("timepart", "timepart")),
            ("toString", ("timevalue",)), ("quote", ("timepart",)),
            ("typeOf", ("timepart",)), ("kindOf", ("timepart",)),
            ("toString", ("timepart",)),
            ("duration", ("durationvalue",)),
            ("durationRound", ("durationvalue",)),
            ("print", ("roundedduration",)),
            ("print", ("roundedduration", "roundedduration"))],
    "bool": [("eq", ("timevalue", "timevalue")), ("lt", ("timesmall", "int"))],
    "int64": [("add", ("timepart", "timepart*")), ("int64", ("timepart",)),
              ("max", ("timepart", "int"))] + [
        (f"duration{unit}", ("durationvalue",)) for unit in
        ("Milliseconds", "Microseconds", "Nanoseconds")],
    "float": [("float64", ("timepart",))] + [
        (f"duration{unit}", ("durationvalue",)) for unit in
        ("Seconds", "Minutes", "Hours", "Days", "Weeks")],
    "list": [("list", ("timesmall", "timesmall"))],
}
_TIMES = ["now", "(now.AddDate 0 -5 13)", "(now.AddDate -300 0 0)",
          "(now.Add 1234567890)", "now.UTC", "now.Local",
          "((now.Add -987654321).Round 1000000)",
          "(now.Truncate 86400000000000)", "(now.In now.Local.Location)"] + [
    f'(toDate "{layout}" "{text}" )' for layout in LAYOUTS for text in TEXTS
] + [f'(dateModify "{text}" now )' for text in DURATIONS]

_LENGTHS = [f'"{text}"' for text in DURATIONS] + [
    "5", "-7", "1.5", "-0.25", "(int64 90)", "(now.Sub (now.Add 1234567) )",
    "nil", "true", "(list)", "now", "now.Month", "9223372036", "9223372037",
    "-9223372036.854776", "9223372036.854776", '(toDate "2006" "2020")',
    '(toDate "2006" "1020")', "1e-10", '(float64 "nan")']

# In lists nothing that a range would take forever to count to.
_SMALL = ["Month", "Weekday", "Year", "YearDay", "Day", "Hour", "Minute"]

SPECIAL = {
    "layout": [f'"{layout}"' for layout in LAYOUTS],
    "datetext": [f'"{text}"' for text in TEXTS],
    "zone": [f'"{zone}"' for zone in ZONES],
    "durationtext": [f'"{text}"' for text in DURATIONS],
    "date": [*SECONDS, *_TIMES[:9], '"x"', "nil", "1.5", "(int64 86400)",
             "now.Month"],
    "durationvalue": _LENGTHS,
    "roundedduration": [
        f"(duration{kind}To {length} {step} )" for kind in ("Round", "Truncate")
        for length in _LENGTHS for step in _LENGTHS[::3]] + [
        f"(mustToDuration {length} )" for length in _LENGTHS[::4]],
    "timevalue": _TIMES,
    "timesmall": [f"now.{name}" for name in _SMALL],
    "timepart": [f"{time}.{name}" for time in _TIMES[:9] for name in PLAIN] + [
        f"(({time}).{call} )" for time in _TIMES[:9] for call in
        ("Sub now", "Equal now", "Compare now", "After now", 'Format "Jan"',
         "Add 5", "AddDate 1 2 3", "Round 7777777")] + [
        f"(now.Sub ({time})).{name}" for time in _TIMES[1:5] for name in
        ("Hours", "Minutes", "Seconds", "Milliseconds", "Microseconds",
         "Nanoseconds", "Abs", "String")] + [
        f"((now.Sub ({time})).{call} )" for time in _TIMES[1:5] for call in
        ("Round 3600000000000", "Truncate 1000000007", "Round -1")],
}
