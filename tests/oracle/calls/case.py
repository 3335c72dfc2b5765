"""Sprig's functions that change the case of words."""

from odd import mixed

CALLS = {
    "str": [(name, ("name",)) for name in
            ("title", "untitle", "swapcase", "initials", "snakecase",
             "kebabcase", "camelcase")],
}

SPECIAL = {
    "name": mixed(1, [
        "a", "b", "x", "Z", "A", "HTTP", "Server", "word", "1", "42", "_", "_",
        "-", "--", " ", "\t", ".", "!", "+", "$", "'", "é", "É", "ß", "ǆ",
        "ǅ", "Ǆ", "ⅷ", "½", "٣", "日", "本", "㐀", "𠀀", "\u2003", "\u00a0",
        "\u0085", "𝐀", "ª", "ʰ", "ﬁ", "İ", "ı", "ᾳ", "ᾼ", "😀", "«", "\ufffd",
        b"\xff", b"\xc3", b"\xe2\x98", b"\xed\xa0\x80", b"\x00", "\u0301", "Ω",
        "“", "₤"], 3000, 9),
}
