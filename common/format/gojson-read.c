#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/block.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/quote.h"
#include "base/str.h"
#include "base/unicode.h"
#include "format/gojson.h"

/* --- checking ------------------------------------------------------------ */

/* @open has the brackets that are open: a text may be deeper than a stack. */
struct scan {
	const char *text;
	size_t len;
	size_t at;
	struct str open;
	struct gojson_size size;
	struct err *err;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Behind the end stands a blank, as Go sees it. */
static char peek(const struct scan *scan)
{
	return scan->at < scan->len ? scan->text[scan->at] : ' ';
}

static bool fail(struct scan *scan, const char *where)
{
	CLEANUP(str_release) struct str quoted = {0};
	char c = peek(scan);

	if (c == '"')
		str_add_char(&quoted, c);
	else
		quote_add_rune(&quoted, (unsigned char)c, '\'', false);
	return err_set(scan->err, ERR_INPUT, "invalid character '%s' %s",
		       str_text(&quoted), where);
}

static bool fail_end(struct scan *scan)
{
	return err_set(scan->err, ERR_INPUT, "unexpected end of JSON input");
}

/* To the next character that is no space; false at the end. */
static bool skip_spaces(struct scan *scan)
{
	while (scan->at < scan->len && is_space(scan->text[scan->at]))
		scan->at++;
	return scan->at < scan->len;
}

static bool scan_escape(struct scan *scan)
{
	char c = peek(scan);

	if (c != 'u') {
		if (!strchr("bfnrt\\/\"", c) || c == '\0')
			return fail(scan, "in string escape code");
		scan->at++;
		return true;
	}
	scan->at++;
	for (int i = 0; i < 4; i++, scan->at++) {
		if (!is_hex(peek(scan)))
			return fail(scan,
				    "in \\u hexadecimal character escape");
	}
	return true;
}

/* Of what a string may be made without any rule, all at once. */
static void skip_plain(struct scan *scan)
{
	size_t taken = BLOCK_SIZE;

	while (taken == BLOCK_SIZE && scan->len - scan->at >= BLOCK_SIZE) {
		block bytes = block_load(scan->text + scan->at);

		taken = block_first(((bytes >= 0) & (bytes < ' ')) |
				    (bytes == '"') | (bytes == '\\'));
		scan->at += taken;
	}
}

/* A string, from its opening quote on. */
static bool scan_string(struct scan *scan)
{
	scan->size.values++;
	scan->at++;
	for (skip_plain(scan); scan->at < scan->len; skip_plain(scan)) {
		char c = scan->text[scan->at];

		if ((unsigned char)c < ' ')
			return fail(scan, "in string literal");
		scan->at++;
		if (c == '"')
			return true;
		if (c == '\\' && !scan_escape(scan))
			return false;
	}
	return fail_end(scan);
}

static void skip_digits(struct scan *scan)
{
	while (is_digit(peek(scan)))
		scan->at++;
}

static bool scan_number(struct scan *scan)
{
	if (peek(scan) == '-')
		scan->at++;
	if (!is_digit(peek(scan)))
		return fail(scan, "in numeric literal");
	if (peek(scan) == '0')
		scan->at++;
	else
		skip_digits(scan);
	if (peek(scan) == '.') {
		scan->at++;
		if (!is_digit(peek(scan)))
			return fail(scan,
				    "after decimal point in numeric literal");
		skip_digits(scan);
	}
	if (peek(scan) == 'e' || peek(scan) == 'E') {
		scan->at++;
		if (peek(scan) == '+' || peek(scan) == '-')
			scan->at++;
		if (!is_digit(peek(scan)))
			return fail(scan, "in exponent of numeric literal");
		skip_digits(scan);
	}
	return true;
}

static bool scan_word(struct scan *scan, const char *word)
{
	for (const char *c = word; *c; c++, scan->at++) {
		char where[40];

		if (peek(scan) == *c)
			continue;
		snprintf(where, sizeof(where), "in literal %s (expecting '%c')",
			 word, *c);
		return fail(scan, where);
	}
	return true;
}

static bool scan_scalar(struct scan *scan)
{
	char c = peek(scan);

	if (c == '"')
		return scan_string(scan);
	scan->size.values++;
	if (c == '-' || is_digit(c))
		return scan_number(scan);
	if (c == 't')
		return scan_word(scan, "true");
	if (c == 'f')
		return scan_word(scan, "false");
	if (c == 'n')
		return scan_word(scan, "null");
	return fail(scan, "looking for beginning of value");
}

static bool scan_key(struct scan *scan)
{
	if (!skip_spaces(scan))
		return fail_end(scan);
	if (peek(scan) != '"')
		return fail(scan, "looking for beginning of object key string");
	if (!scan_string(scan))
		return false;
	if (!skip_spaces(scan))
		return fail_end(scan);
	if (peek(scan) != ':')
		return fail(scan, "after object key");
	scan->at++;
	return true;
}

/*
 * An opening bracket and, of a map, the first key.  *@empty: it is closed
 * again already, with nothing in it.
 */
static bool scan_open(struct scan *scan, bool *empty)
{
	char open = peek(scan);

	if (scan->open.len == GOJSON_DEPTH_MAX)
		return fail(scan, "exceeded max depth");
	scan->size.values++;
	scan->at++;
	str_add_char(&scan->open, open);
	if (scan->open.len > scan->size.depth)
		scan->size.depth = scan->open.len;
	if (!skip_spaces(scan))
		return fail_end(scan);
	*empty = peek(scan) == (open == '{' ? '}' : ']');
	return *empty || open == '[' || scan_key(scan);
}

/*
 * What may stand behind a value: closing brackets, then a comma (and the
 * key behind it) or the end.  *@more: a value follows.
 */
static bool scan_close(struct scan *scan, bool *more)
{
	while (scan->open.len > 0) {
		bool map = scan->open.buf[scan->open.len - 1] == '{';

		if (!skip_spaces(scan))
			return fail_end(scan);
		if (peek(scan) == ',') {
			scan->at++;
			*more = true;
			return !map || scan_key(scan);
		}
		if (peek(scan) != (map ? '}' : ']'))
			return fail(scan, map ? "after object key:value pair"
					      : "after array element");
		scan->at++;
		str_truncate(&scan->open, scan->open.len - 1);
	}
	*more = false;
	return true;
}

static bool scan_all(struct scan *scan)
{
	for (bool more = true, empty; more;) {
		char c;

		if (!skip_spaces(scan))
			return fail_end(scan);
		c = peek(scan);
		empty = true;
		if (c == '{' || c == '[' ? !scan_open(scan, &empty)
					 : !scan_scalar(scan))
			return false;
		/* Else its first value comes next. */
		if (empty && !scan_close(scan, &more))
			return false;
	}
	return !skip_spaces(scan) || fail(scan, "after top-level value");
}

bool gojson_check(const char *text, size_t len, struct gojson_size *size,
		  struct err *err)
{
	struct scan scan = {.text = text, .len = len, .err = err};
	bool valid = scan_all(&scan);

	str_release(&scan.open);
	if (valid)
		*size = scan.size;
	else
		size->wrong = scan.at;
	return valid;
}

/* --- building, from a text that is valid -------------------------------- */

struct build {
	const char *at;
	struct arena *arena;
	struct value_text too_large;
};

static const struct value *build_value(struct build *build);

/* The next character that is no space. */
static char next(struct build *build)
{
	while (is_space(*build->at))
		build->at++;
	return *build->at;
}

static uint32_t hex4(const char *text)
{
	char digits[5] = {text[0], text[1], text[2], text[3], '\0'};

	return (uint32_t)strtoul(digits, NULL, 16);
}

/* \uXXXX, or two of them that make a pair; a half of one is U+FFFD. */
static void add_unicode(struct build *build, struct str *out)
{
	uint32_t rune = hex4(build->at + 2), low;

	build->at += 6;
	if (rune >= 0xd800 && rune < 0xdc00 && build->at[0] == '\\' &&
	    build->at[1] == 'u') {
		low = hex4(build->at + 2);
		if (low >= 0xdc00 && low < 0xe000) {
			rune = 0x10000 + ((rune - 0xd800) << 10) +
			       (low - 0xdc00);
			build->at += 6;
		}
	}
	str_add_rune(out, rune);
}

static void add_escape(struct build *build, struct str *out)
{
	static const char named[] = "b\bf\fn\nr\rt\t";
	char c = build->at[1];

	if (c == 'u') {
		add_unicode(build, out);
		return;
	}
	for (size_t i = 0; named[i]; i += 2) {
		if (c == named[i])
			c = named[i + 1];
	}
	str_add_char(out, c);
	build->at += 2;
}

static struct value_text build_text(struct build *build)
{
	CLEANUP(str_release) struct str text = {0};
	const char *end = ++build->at;
	struct value_text made;

	for (; *end != '"'; end++)
		end += *end == '\\';
	while (build->at < end) {
		size_t plain = strcspn(build->at, "\\\"");
		uint32_t rune;

		if (plain == 0) {
			add_escape(build, &text);
			continue;
		}
		for (size_t i = 0; i < plain;) {
			i += rune_decode(build->at + i, plain - i, &rune);
			str_add_rune(&text, rune);
		}
		build->at += plain;
	}
	build->at = end + 1;
	made.bytes = arena_memdupz(build->arena, str_text(&text), text.len);
	made.len = text.len;
	return made;
}

static const struct value *build_number(struct build *build)
{
	const char *start = build->at;
	char *end;
	double number = strtod(start, &end);

	build->at = end;
	if (isfinite(number))
		return value_new_float(build->arena, number);
	if (build->too_large.len == 0)
		build->too_large =
			(struct value_text){start, (size_t)(end - start)};
	return &value_nil;
}

static const struct value *build_list(struct build *build)
{
	struct value *list = value_new_list(build->arena);

	build->at++;
	while (next(build) != ']') {
		value_list_add(list, build->arena, build_value(build));
		if (next(build) == ',')
			build->at++;
	}
	build->at++;
	return list;
}

static const struct value *build_map(struct build *build)
{
	struct value *map = value_new_map(build->arena);

	build->at++;
	while (next(build) != '}') {
		struct value_text key = build_text(build);

		next(build);
		build->at++;
		value_map_add(map, build->arena, key, build_value(build));
		if (next(build) == ',')
			build->at++;
	}
	build->at++;
	value_map_sort(map);
	return map;
}

static const struct value *build_value(struct build *build)
{
	struct value *text;

	switch (next(build)) {
	case '{':
		return build_map(build);
	case '[':
		return build_list(build);
	case '"':
		text = value_new(build->arena, VALUE_STRING);
		text->string = build_text(build);
		return text;
	case 't':
		build->at += strlen("true");
		return &value_true;
	case 'f':
		build->at += strlen("false");
		return &value_false;
	case 'n':
		build->at += strlen("null");
		return &value_nil;
	default:
		return build_number(build);
	}
}

const struct value *gojson_build(const char *text, struct arena *arena,
				 struct value_text *too_large)
{
	struct build build = {.at = text, .arena = arena};
	const struct value *value = build_value(&build);

	*too_large = build.too_large;
	return value;
}
