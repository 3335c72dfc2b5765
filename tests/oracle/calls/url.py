"""URLs, whole ones and parts that make one."""

from odd import mixed

URLS = mixed(4, [
    "http:", "https:", "HTTP://", "s3://", "mailto:", "1a:", "a+b.c-1:", "//",
    "///", "/", "/", "host", "Host.example", "user", ":", ":", "pa ss", "@",
    "@", ":8080", ":80a", "[", "]", "[::1]", "[fe80::1%25en0]", "[1.2.3.4]",
    "[::ffff:1.2.3.4]", "[1:2:3:4:5:6:7::]", "[::1%2525%20%zz]", "[::1%25]",
    "[1::2::3]", "[12345::]", "[1:2:3:4:5:6:1.2.3.4]", "[::01.2.3.4]", "?",
    "?a=b&c", "#", "#frag", "*", "%", "%41", "%2F", "%e4", "%zz", "%4", "%00",
    "%25", "+", " ", ";", "é", "|", "^", "<", '"', "'", "(", "!", "$", "~",
    "..", "./", "\t", b"\x7f", b"\xff", b"\x00"], 8000, 9)

PARTS = mixed(5, ["", "http", "mailto", "host", ":80", "[::1]", "/", "a", ":",
                  "b c", "?", "#", "@", "%", "%41", "%zz", "é", "*", "user",
                  ".", b"\xff", "[", "'", "!", "<", b"\x00"], 400, 4)


def made(number: int) -> str:
    keys = ["scheme", "host", "path", "query", "opaque", "fragment",
            "userinfo", "hostname"]
    pairs = [f'"{key}" {PARTS[(number * 7 + place * 31) % len(PARTS)]}'
             for place, key in enumerate(keys) if number >> place & 1]
    return f"(dict {' '.join(pairs)} )"


CALLS = {
    "map": [("urlParse", ("url",)), ("urlParse", ("url",))],
    "str": [("urlJoin", ("made",)), ("urlJoin", ("parsed",)),
            ("urlJoin", ("dict",))],
}

SPECIAL = {
    "url": URLS,
    "made": [made(number) for number in range(3000)],
    "parsed": [f"(urlParse {url} )" for url in URLS] +
              ['(dict "host" nil)', '(dict "path" 1)'],
}
