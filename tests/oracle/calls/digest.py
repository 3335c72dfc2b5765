"""Digests and encodings of bytes.

Nothing that is random: a template with a mistake may show more of it than its
shape.  tests/tables/tmpl/random.txt has these.
"""

from odd import mixed

CALLS = {
    "str": [("adler32sum", ("bytes",)), ("sha1sum", ("bytes",)),
            ("sha256sum", ("bytes",)), ("sha512sum", ("bytes",)),
            ("b64enc", ("bytes",)), ("b32enc", ("bytes",)),
            ("b64dec", ("base64",)), ("b64dec", ("str",)),
            ("b32dec", ("base32",)), ("b32dec", ("str",)),
            ("decryptAES", ("str", "encrypted")),
            ("decryptAES", ("password", "encrypted"))],
}

SPECIAL = {
    "bytes": mixed(6, ["a", "b", "é", b"\x00", b"\xff", "x" * 13, "\n"],
                   2000, 9),
    "base64": mixed(7, ["aGk", "YQ", "=", "=", "==", "A", "/", "+", "-", "_",
                        "\n", "\r", "\r\n", " ", "é", "aGVsbG8=", "MTIz",
                        b"\x00"], 4000, 9),
    "base32": mixed(8, ["NBUQ", "ME", "=", "=", "====", "A", "7", "8", "a",
                        "\n", "\r", " ", "é", "NBSWY3DP", "======",
                        b"\x00"], 4000, 9),
    "password": ['""', '"pw"', '"é"', '"' + "x" * 40 + '"'],
    "encrypted": ['""', '"AAAA"', '"*"', '(b64enc "0123456789abcdef" )',
                  '(b64enc "0123456789abcdef0123456789abcdef" )',
                  '(b64enc "0123456789abcdef0123456789abcdef0" )',
                  *mixed(9, ["MDEy", "YWJj", "AAAA"], 300, 16)],
}
