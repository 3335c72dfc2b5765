#include "format/toml-scalar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/quote.h"
#include "base/str.h"
#include "base/unicode.h"
#include "format/toml-lex.h"
#include "format/toml.h"
#include "format/value.h"

/* --- failures ------------------------------------------------------------ */

static bool fail_lost(struct toml_scalars *scalars)
{
	scalars->lost = true;
	return false;
}

/* @before, the item in Go's quotes, @behind. */
static bool fail_item(struct toml_scalars *scalars,
		      const struct toml_item *item, const char *before,
		      const char *behind)
{
	CLEANUP(str_release) struct str quoted = {0};

	quote_add(&quoted, item->text.bytes, item->text.len, false);
	return toml_fail_on(scalars->lexer, item->line, "%s%s%s", before,
			    str_text(&quoted), behind);
}

static bool fail_range(struct toml_scalars *scalars,
		       const struct toml_item *item, const char *type)
{
	return toml_fail_on(scalars->lexer, item->line,
			    "%.*s is out of range for %s", (int)item->text.len,
			    item->text.bytes, type);
}

/* --- strings ------------------------------------------------------------- */

static size_t blanks(const char *text, size_t len)
{
	size_t count = 0;

	while (count < len && strchr(" \t\r\n", text[count]))
		count++;
	return count;
}

/* Without backslashes that end a line, and the blanks behind them. */
static void add_joined_lines(struct str *out, const struct value_text *text)
{
	for (size_t at = 0; at < text->len;) {
		const char *here = text->bytes + at;
		size_t left = text->len - at, count;

		if (*here != '\\') {
			str_add_char(out, *here);
			at++;
			continue;
		}
		if (left > 1 && here[1] == '\\') {
			str_add_bytes(out, here, 2);
			at += 2;
			continue;
		}
		count = blanks(here + 1, left - 1);
		if (count > 0 && memchr(here + 1, '\n', count)) {
			at += 1 + count;
			continue;
		}
		str_add_char(out, *here);
		at++;
	}
}

/* \xXX, \uXXXX, \UXXXXXXXX; the lexer has counted the digits. */
static bool add_code(struct toml_scalars *scalars, const struct toml_item *item,
		     struct str *out, const char *digits, size_t count)
{
	char text[9] = {0};
	unsigned long rune;

	memcpy(text, digits, count);
	rune = strtoul(text, NULL, 16);
	if (rune > RUNE_MAX || !rune_is_valid((uint32_t)rune))
		return toml_fail_on(scalars->lexer, item->line,
				    "Escaped character '\\u%s' is not valid "
				    "UTF-8.",
				    text);
	str_add_rune(out, (unsigned int)rune);
	return true;
}

/* One escape at @text; *@len is what it takes. */
static bool add_escape(struct toml_scalars *scalars,
		       const struct toml_item *item, struct str *out,
		       const char *text, size_t *len)
{
	static const char named[] = "b\bt\tn\nf\fr\re\x1b\"\"\\\\";
	const char *name = named;

	*len = 2;
	if (text[1] == ' ' || text[1] == '\t')
		return toml_fail_on(scalars->lexer, item->line,
				    "invalid escape: '\\%c'", text[1]);
	if (text[1] == 'x')
		*len = 4;
	else if (text[1] == 'u')
		*len = 6;
	else if (text[1] == 'U')
		*len = 10;
	if (*len > 2)
		return add_code(scalars, item, out, text + 2, *len - 2);
	while (*name && *name != text[1])
		name += 2;
	if (!*name)
		return fail_lost(scalars);
	str_add_char(out, name[1]);
	return true;
}

static bool unescape(struct toml_scalars *scalars, const struct toml_item *item,
		     const char *text, size_t len, struct value_text *result)
{
	CLEANUP(str_release) struct str out = {0};

	for (size_t at = 0, taken; at < len; at += taken) {
		if (text[at] != '\\') {
			const char *next = memchr(text + at, '\\', len - at);

			taken = next ? (size_t)(next - text) - at : len - at;
			str_add_bytes(&out, text + at, taken);
			continue;
		}
		if (at + 1 == len)
			return fail_lost(scalars);
		if (!add_escape(scalars, item, &out, text + at, &taken))
			return false;
	}
	result->bytes = arena_memdupz(scalars->arena, str_text(&out), out.len);
	result->len = out.len;
	return true;
}

/* The line break behind the opening quotes does not count. */
static struct value_text behind_break(struct value_text text)
{
	size_t skip = 0;

	if (text.len > 0 && text.bytes[0] == '\n')
		skip = 1;
	else if (text.len > 1 && memcmp(text.bytes, "\r\n", 2) == 0)
		skip = 2;
	return (struct value_text){text.bytes + skip, text.len - skip};
}

bool toml_scalar_text(struct toml_scalars *scalars,
		      const struct toml_item *item, struct value_text *result)
{
	CLEANUP(str_release) struct str joined = {0};
	struct value_text text = item->text;

	if (item->type == TOML_ESCAPED)
		return unescape(scalars, item, text.bytes, text.len, result);
	if (item->type == TOML_MULTILINE) {
		text = behind_break(text);
		add_joined_lines(&joined, &text);
		return unescape(scalars, item, str_text(&joined), joined.len,
				result);
	}
	if (item->type == TOML_RAW_MULTILINE)
		text = behind_break(text);
	result->bytes = arena_memdupz(scalars->arena, text.bytes, text.len);
	result->len = text.len;
	return true;
}

/* --- numbers and dates --------------------------------------------------- */

/* Each between digits of any base. */
static bool underscores_are_right(const char *text, size_t len)
{
	bool digit = false;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '_' && !digit)
			return false;
		digit = toml_is_hex((unsigned char)text[i]);
	}
	return digit;
}

static bool has_leading_zero(const char *text, size_t len)
{
	if (len > 1 && text[0] == '0')
		return !strchr("box", text[1]);
	return len > 2 && (text[0] == '-' || text[0] == '+') && text[1] == '0';
}

static void add_without_underscores(struct str *out,
				    const struct value_text *text)
{
	for (size_t i = 0; i < text->len; i++) {
		if (text->bytes[i] != '_')
			str_add_char(out, text->bytes[i]);
	}
}

static bool parse_integer(struct toml_scalars *scalars,
			  const struct toml_item *item,
			  const struct value **value)
{
	const struct value_text *text = &item->text;
	CLEANUP(str_release) struct str digits = {0};
	const char *start;
	int64_t integer;
	int base = 10;

	if (!underscores_are_right(text->bytes, text->len))
		return fail_item(scalars, item, "Invalid integer ",
				 ": underscores must be surrounded by digits");
	if (has_leading_zero(text->bytes, text->len))
		return fail_item(scalars, item, "Invalid integer ",
				 ": cannot have leading zeroes");
	add_without_underscores(&digits, text);
	start = str_text(&digits);
	if (start[0] == '0' && start[1]) {
		base = start[1] == 'x' ? 16 : start[1] == 'o' ? 8 : 2;
		start += 2;
	}
	errno = 0;
	integer = strtoll(start, NULL, base);
	if (errno == ERANGE)
		return fail_range(scalars, item, "int64");
	*value = value_new_int64(scalars->arena, integer);
	return true;
}

/* Each part between '.', 'e' and 'E'; *@first is the first of them. */
static bool parts_are_right(const struct value_text *text,
			    struct value_text *first)
{
	const char *at = text->bytes, *end = at + text->len;

	*first = (struct value_text){0};
	while (at < end) {
		size_t len = 0;

		while (at + len < end && !strchr(".eE", at[len]))
			len++;
		if (len > 0 && !underscores_are_right(at, len))
			return false;
		if (len > 0 && !first->bytes)
			*first = (struct value_text){at, len};
		at += len + 1;
	}
	return true;
}

static bool points_are_right(const struct value_text *text)
{
	for (size_t i = 0; i < text->len; i++) {
		if (text->bytes[i] == '.' &&
		    (i + 1 == text->len || text->bytes[i + 1] < '0' ||
		     text->bytes[i + 1] > '9'))
			return false;
	}
	return true;
}

static bool float_of_word(const char *text, double *number)
{
	bool negative = *text == '-';

	text += negative || *text == '+';
	if (strcmp(text, "nan") == 0)
		*number = copysign(NAN, negative ? -1 : 1);
	else if (strcmp(text, "inf") == 0)
		*number = negative ? -INFINITY : INFINITY;
	else
		return false;
	return true;
}

static const char *skip_digits(const char *text)
{
	while (*text >= '0' && *text <= '9')
		text++;
	return text;
}

/* [+-]?[0-9]+(.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool is_float(const char *text)
{
	const char *at = text + (*text == '-' || *text == '+');
	const char *end = skip_digits(at);

	if (end == at)
		return false;
	if (*end == '.')
		end = skip_digits(end + 1);
	if (*end == 'e' || *end == 'E') {
		at = end + 1 + (end[1] == '-' || end[1] == '+');
		end = skip_digits(at);
		if (end == at)
			return false;
	}
	return !*end;
}

static bool parse_float(struct toml_scalars *scalars,
			const struct toml_item *item,
			const struct value **value)
{
	const struct value_text *text = &item->text;
	CLEANUP(str_release) struct str plain = {0};
	struct value_text first;
	double number;

	add_without_underscores(&plain, text);
	if (!float_of_word(str_text(&plain), &number)) {
		if (!parts_are_right(text, &first))
			return fail_item(
				scalars, item, "Invalid float ",
				": underscores must be surrounded by digits");
		if (first.bytes && has_leading_zero(first.bytes, first.len))
			return fail_item(scalars, item, "Invalid float ",
					 ": cannot have leading zeroes");
		if (!points_are_right(text))
			return fail_item(scalars, item, "Invalid float ",
					 ": '.' must be followed by one or "
					 "more digits");
		if (!is_float(str_text(&plain)))
			return fail_item(scalars, item,
					 "Invalid float value: ", "");
		number = strtod(str_text(&plain), NULL);
		if (isinf(number))
			return fail_range(scalars, item, "float64");
	}
	*value = value_new_float(scalars->arena, number);
	return true;
}

static bool parse_date(struct toml_scalars *scalars,
		       const struct toml_item *item, const struct value **value)
{
	const struct toml_dates *dates = scalars->dates;
	CLEANUP(str_release) struct str text = {0};
	struct toml_item replaced = *item;

	for (size_t i = 0; i < item->text.len; i++) {
		char c = item->text.bytes[i];

		str_add_char(&text, c == 'z'		   ? 'Z'
				    : c == 't' || c == ' ' ? 'T'
							   : c);
	}
	*value = dates ? dates->read(str_text(&text), text.len, scalars->arena,
				     dates->context)
		       : NULL;
	replaced.text = (struct value_text){str_text(&text), text.len};
	return *value ||
	       fail_item(scalars, &replaced, "invalid datetime: ", "");
}

const struct value *toml_scalar_value(struct toml_scalars *scalars,
				      const struct toml_item *item)
{
	const struct value *value = NULL;
	struct value *text;

	switch (item->type) {
	case TOML_INTEGER:
		return parse_integer(scalars, item, &value) ? value : NULL;
	case TOML_FLOAT:
		return parse_float(scalars, item, &value) ? value : NULL;
	case TOML_DATE:
		return parse_date(scalars, item, &value) ? value : NULL;
	case TOML_BOOL:
		return item->text.bytes[0] == 't' ? &value_true : &value_false;
	default:
		text = value_new(scalars->arena, VALUE_STRING);
		return toml_scalar_text(scalars, item, &text->string) ? text
								      : NULL;
	}
}
