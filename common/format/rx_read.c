/* Patterns rune by rune, and what is said of one that is wrong. */
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/num.h"
#include "base/unicode.h"
#include "format/rx_tree.h"

/* Bytes of a pattern that an error shows. */
#define SHOWN_MAX 200

/* --- errors -------------------------------------------------------------- */

/* What other engines know, by how it starts. */
static const struct {
	const char *start;
	const char *hint;
} absent[] = {
	{"(?=", "RE2 has no lookahead"},
	{"(?!", "RE2 has no lookahead"},
	{"(?<=", "RE2 has no lookbehind"},
	{"(?<!", "RE2 has no lookbehind"},
	{"(?>", "RE2 has no atomic groups; it never needs them"},
	{"(?|", "RE2 has no branch reset"},
	{"(?#", "RE2 has no comments"},
	{"(?(", "RE2 has no conditions"},
	{"(?R", "RE2 has no recursion"},
	{"(?&", "RE2 has no recursion"},
	{"(?P>", "RE2 has no recursion"},
	{"(?P=", "RE2 has no backreferences"},
	{"(?'", "write (?P<name>...)"},
	{"(?x", "RE2 has no flag x; its flags are i, m, s and U"},
	{"\\k", "RE2 has no backreferences"},
	{"\\g", "RE2 has no backreferences"},
	{"\\G", "RE2 has no \\G"},
	{"\\Z", "write \\z, which is the end of the text"},
	{"\\C", "Go's RE2 has no \\C"},
	{"\\K", "RE2 has no \\K; use a group"},
	{"\\R", "write (?:\\r\\n|\\n)"},
	{"\\h", "write [ \\t]"},
	{"\\N", "write [^\\n]"},
	{"\\X", "RE2 has no grapheme clusters"},
	{"\\u", "write \\x{...}"},
	{"\\e", "write \\x1b"},
};

static const char *hint_for(const char *text, size_t len)
{
	if (len >= 2 && text[0] == '\\' && text[1] >= '1' && text[1] <= '9')
		return "RE2 has no backreferences";
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++) {
		size_t start = strlen(absent[i].start);

		if (len >= start && memcmp(text, absent[i].start, start) == 0)
			return absent[i].hint;
	}
	return NULL;
}

static void add_shown(struct str *out, const char *text, size_t len)
{
	str_add_escaped(out, text, len < SHOWN_MAX ? len : SHOWN_MAX);
	if (len > SHOWN_MAX)
		str_add(out, "...");
}

bool rx_fail(struct rx_reader *reader, const char *what, size_t start)
{
	CLEANUP(str_release) struct str pattern = {0}, part = {0};
	const char *text = reader->text + start;
	const char *hint = hint_for(text, reader->len - start);

	add_shown(&pattern, reader->text, reader->len);
	add_shown(&part, text, reader->at - start);
	err_set(reader->err, ERR_INPUT,
		"bad regular expression '%s', byte %zu: %s: '%s'",
		str_text(&pattern), start, what, str_text(&part));
	return hint ? err_hint(reader->err, "%s", hint) : false;
}

/* --- reading ------------------------------------------------------------- */

size_t rx_left(const struct rx_reader *reader)
{
	return reader->len - reader->at;
}

char rx_peek(const struct rx_reader *reader, size_t offset)
{
	return offset < rx_left(reader) ? reader->text[reader->at + offset]
					: '\0';
}

bool rx_take_rune(struct rx_reader *reader, uint32_t *rune)
{
	size_t width =
		rune_decode(reader->text + reader->at, rx_left(reader), rune);
	size_t start = reader->at;

	reader->at += width;
	return !(*rune == RUNE_ERROR && width == 1) ||
	       rx_fail(reader, "invalid UTF-8", start);
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

bool rx_is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '_';
}

/* Up to three digits. */
static uint32_t take_octal(struct rx_reader *reader)
{
	uint32_t rune = 0;

	for (int i = 0; i < 3 && is_octal(rx_peek(reader, 0)); i++)
		rune = rune * 8 + (uint32_t)(reader->text[reader->at++] - '0');
	return rune;
}

/* Two hexadecimal digits, or any number of them in braces. */
static bool take_hex(struct rx_reader *reader, uint32_t *rune)
{
	bool braces = rx_peek(reader, 0) == '{';
	size_t digits = 0;

	*rune = 0;
	reader->at += braces;
	for (; braces || digits < 2; digits++) {
		int digit = num_hex_digit(rx_peek(reader, 0));

		if (digit < 0)
			break;
		*rune = *rune * 16 + (uint32_t)digit;
		reader->at++;
		if (*rune > RUNE_MAX)
			return false;
	}
	if (!braces)
		return digits == 2;

	return digits > 0 && rx_peek(reader, 0) == '}' && ++reader->at;
}

bool rx_take_escape(struct rx_reader *reader, uint32_t *rune)
{
	static const char letters[] = "afnrtv", controls[] = "\a\f\n\r\t\v";
	size_t start = reader->at++;
	const char *letter;

	if (rx_left(reader) == 0)
		return rx_fail(reader,
			       "trailing backslash at end of expression",
			       start);
	if (rx_peek(reader, 0) == '0' ||
	    (is_octal(rx_peek(reader, 0)) && is_octal(rx_peek(reader, 1)))) {
		*rune = take_octal(reader);
		return true;
	}
	if (!rx_take_rune(reader, rune))
		return false;
	if (*rune == 'x')
		return take_hex(reader, rune) ||
		       rx_fail(reader, "invalid escape sequence", start);
	letter = *rune > 0 && *rune < 0x80 ? strchr(letters, (int)*rune) : NULL;
	if (letter) {
		*rune = (uint32_t)controls[letter - letters];
		return true;
	}
	if (*rune < 0x80 && (*rune == '_' || !rx_is_word((char)*rune)))
		return true;

	return rx_fail(reader, "invalid escape sequence", start);
}
