#include "format/ydoc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/unicode.h"
#include "format/value.h"
#include "format/ydoc-scalar.h"

/*
 * sigs.k8s.io/yaml writes JSON, reads that with go-yaml v2 and lets it write
 * YAML, in a port of libyaml's emitter.  libyaml's own differs from the port
 * (lists, line folding, what it escapes), so this one follows the port.
 */
#define INDENT	       2
#define WIDTH	       80  /* lines are folded at the first blank behind */
#define SIMPLE_KEY_MAX 128 /* bytes; a longer key is written "? key" */

enum role {
	ROLE_ROOT,
	ROLE_ITEM,
	ROLE_KEY,
	ROLE_VALUE,
};

struct emitter {
	struct str *out;
	int column;	 /* characters, not bytes */
	int indent;	 /* of the collection; -1 outside of all */
	bool whitespace; /* the last thing written was a blank */
	bool indention;	 /* nothing but indentation is on this line */
	unsigned int depth;
};

static void put(struct emitter *emitter, char c)
{
	str_add_char(emitter->out, c);
	emitter->column++;
}

static void put_rune(struct emitter *emitter, uint32_t rune)
{
	str_add_rune(emitter->out, rune);
	emitter->column++;
}

static void put_break(struct emitter *emitter)
{
	str_add_char(emitter->out, '\n');
	emitter->column = 0;
}

static void write_indent(struct emitter *emitter)
{
	int indent = emitter->indent < 0 ? 0 : emitter->indent;

	if (!emitter->indention || emitter->column > indent ||
	    (emitter->column == indent && !emitter->whitespace))
		put_break(emitter);
	while (emitter->column < indent)
		put(emitter, ' ');
	emitter->whitespace = true;
	emitter->indention = true;
}

/* "-", "?", ":": what may be followed by more on the same line. */
static void write_block_indicator(struct emitter *emitter, char indicator)
{
	if (!emitter->whitespace)
		put(emitter, ' ');
	put(emitter, indicator);
	emitter->whitespace = false;
}

static void write_token(struct emitter *emitter, const char *token)
{
	if (!emitter->whitespace)
		put(emitter, ' ');
	while (*token)
		put(emitter, *token++);
	emitter->whitespace = false;
	emitter->indention = false;
}

/* Scalars; @fold tells whether lines may be broken. */

static void write_plain(struct emitter *emitter, const char *text, size_t len,
			bool fold)
{
	bool spaces = false;

	if (!emitter->whitespace)
		put(emitter, ' ');
	for (size_t at = 0; at < len;) {
		uint32_t rune = yscalar_rune(text, len, &at);
		bool space = rune == ' ';

		if (space && fold && !spaces && emitter->column > WIDTH &&
		    text[at] != ' ')
			write_indent(emitter);
		else
			put_rune(emitter, rune);
		if (!space)
			emitter->indention = false;
		spaces = space;
	}
	emitter->whitespace = false;
	emitter->indention = false;
}

static void write_single_quoted(struct emitter *emitter, const char *text,
				size_t len, bool fold)
{
	bool spaces = false, breaks = false;

	write_token(emitter, "'");
	for (size_t at = 0; at < len;) {
		bool first = at == 0, last, space;
		uint32_t rune = yscalar_rune(text, len, &at);

		last = at == len;
		space = rune == ' ';
		if (space && fold && !spaces && !first && !last &&
		    emitter->column > WIDTH && text[at] != ' ') {
			write_indent(emitter);
		} else if (yscalar_is_break(rune)) {
			put_rune(emitter, rune);
			emitter->column = 0;
			emitter->indention = true;
		} else {
			if (breaks)
				write_indent(emitter);
			if (rune == '\'')
				put(emitter, '\'');
			put_rune(emitter, rune);
		}
		breaks = yscalar_is_break(rune);
		if (!space && !breaks)
			emitter->indention = false;
		spaces = space;
	}
	put(emitter, '\'');
	emitter->whitespace = false;
	emitter->indention = false;
}

static void write_escape(struct emitter *emitter, uint32_t rune)
{
	size_t before = emitter->out->len;

	yscalar_add_escape(emitter->out, rune);
	emitter->column += (int)(emitter->out->len - before);
}

static void write_double_quoted(struct emitter *emitter, const char *text,
				size_t len, bool fold)
{
	/* The port's test for a byte order mark looks at the start only. */
	bool spaces = false, all = starts_with(text, "\xef\xbb\xbf");

	write_token(emitter, "\"");
	for (size_t at = 0; at < len;) {
		bool first = at == 0;
		uint32_t rune = yscalar_rune(text, len, &at);
		bool space = rune == ' ' && !all;

		if (all || !yscalar_is_printable(rune) ||
		    yscalar_is_break(rune) || rune == '"' || rune == '\\') {
			write_escape(emitter, rune);
		} else if (space && fold && !spaces && !first && at < len &&
			   emitter->column > WIDTH) {
			write_indent(emitter);
			if (text[at] == ' ')
				put(emitter, '\\');
		} else {
			put_rune(emitter, rune);
		}
		spaces = space;
	}
	put(emitter, '"');
	emitter->whitespace = false;
	emitter->indention = false;
}

/* The rune that @text ends with before *@end, which moves in front of it. */
static uint32_t last_rune(const char *text, size_t *end)
{
	uint32_t rune;

	*end -= rune_decode_last(text, *end, &rune);
	return rune;
}

static void write_block_hints(struct emitter *emitter, const char *text,
			      size_t len)
{
	size_t at = 0, end = len;
	uint32_t first = yscalar_rune(text, len, &at);

	if (first == ' ' || yscalar_is_break(first))
		put(emitter, '0' + INDENT);
	if (!yscalar_is_break(last_rune(text, &end)))
		put(emitter, '-');
	else if (end == 0 || yscalar_is_break(last_rune(text, &end)))
		put(emitter, '+');
}

static void write_literal(struct emitter *emitter, const char *text, size_t len)
{
	bool breaks = true;

	write_token(emitter, "|");
	write_block_hints(emitter, text, len);
	put_break(emitter);
	emitter->indention = true;
	emitter->whitespace = true;
	for (size_t at = 0; at < len;) {
		uint32_t rune = yscalar_rune(text, len, &at);

		if (yscalar_is_break(rune)) {
			put_rune(emitter, rune);
			emitter->column = 0;
			emitter->indention = true;
			breaks = true;
			continue;
		}
		if (breaks)
			write_indent(emitter);
		put_rune(emitter, rune);
		emitter->indention = false;
		breaks = false;
	}
}

static void write_text(struct emitter *emitter, const char *text, size_t len,
		       enum role role)
{
	bool key = role == ROLE_KEY, literal, quote;
	struct yscalar_traits traits;

	yscalar_analyze(&traits, text, len);
	literal = memchr(text, '\n', len) && traits.literal && !key;
	quote = !yscalar_reads_as_text(text, len) || (key && traits.multiline);
	if (literal)
		write_literal(emitter, text, len);
	else if (memchr(text, '\n', len) || quote)
		write_double_quoted(emitter, text, len, !key);
	else if (traits.block_plain && len > 0)
		write_plain(emitter, text, len, !key);
	else if (traits.single_quoted)
		write_single_quoted(emitter, text, len, !key);
	else
		write_double_quoted(emitter, text, len, !key);
}

/* What is not UTF-8 becomes U+FFFD on its way through JSON. */
static void write_string(struct emitter *emitter,
			 const struct value_text *string, enum role role)
{
	CLEANUP(str_release) struct str clean = {0};

	for (size_t at = 0; at < string->len;)
		str_add_rune(&clean,
			     yscalar_rune(string->bytes, string->len, &at));
	write_text(emitter, str_text(&clean), clean.len, role);
}

/* JSON has no difference between 1 and 1.0; go-yaml reads an integer. */
static void add_number(struct str *out, double number)
{
	if (isnan(number))
		str_add(out, ".nan");
	else if (isinf(number))
		str_add(out, number < 0 ? "-.inf" : ".inf");
	else if (number == 0)
		str_add_char(out, '0');
	else if (number == trunc(number) && number >= -0x1p63 &&
		 number < 0x1p64)
		value_add_float(out, number, 'f');
	else
		value_add_float(out, number, 'g');
}

static void write_scalar(struct emitter *emitter, const struct value *value,
			 enum role role)
{
	CLEANUP(str_release) struct str text = {0};

	switch (value->kind) {
	case VALUE_NIL:
		write_token(emitter, "null");
		return;
	case VALUE_STRING:
		write_string(emitter, &value->string, role);
		return;
	case VALUE_FLOAT64:
		add_number(&text, value->number);
		write_token(emitter, str_text(&text));
		return;
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_INT64:
	case VALUE_UINT8:
		value_print(&text, value);
		write_token(emitter, str_text(&text));
		return;
	default:
		value_print(&text, value);
		write_text(emitter, str_text(&text), text.len, role);
	}
}

/* Keys, in go-yaml's order: letters last, digits by their number. */

/* The number that starts at *@at, with @before in front of its digits. */
static int64_t take_digits(const char *text, size_t len, size_t *at,
			   uint64_t before)
{
	uint64_t number = before;

	while (*at < len) {
		size_t next = *at;
		uint32_t rune = yscalar_rune(text, len, &next);

		if (!rune_is_digit(rune))
			break;
		number = number * 10 + rune - '0';
		*at = next;
	}
	return (int64_t)number;
}

/* Do the digits just before @at hold more than zeros? */
static bool follows_number(const char *text, size_t at)
{
	uint32_t rune;

	while (at > 0) {
		at -= rune_decode_last(text, at, &rune);
		if (!rune_is_digit(rune))
			return false;
		if (rune != '0')
			return true;
	}
	return false;
}

static int compare_at(const struct value_text *a, const struct value_text *b,
		      size_t at)
{
	size_t next = at, i = at, j = at;
	uint32_t x = yscalar_rune(a->bytes, a->len, &next), y;
	bool x_letter = rune_is_letter(x), y_letter;
	int64_t m, n;
	uint64_t before = 0;

	next = at;
	y = yscalar_rune(b->bytes, b->len, &next);
	y_letter = rune_is_letter(y);
	if (x_letter && y_letter)
		return x < y ? -1 : 1;
	if (x_letter || y_letter)
		return y_letter ? -1 : 1;
	if ((x == '0' || y == '0') && follows_number(a->bytes, at))
		before = 1;
	m = take_digits(a->bytes, a->len, &i, before);
	n = take_digits(b->bytes, b->len, &j, before);
	if (m != n)
		return m < n ? -1 : 1;
	if (i != j)
		return i < j ? -1 : 1;
	return x < y ? -1 : 1;
}

static int compare_keys(const void *a, const void *b)
{
	const struct value_text *x =
		&(*(const struct value_pair *const *)a)->key;
	const struct value_text *y =
		&(*(const struct value_pair *const *)b)->key;
	size_t least = x->len < y->len ? x->len : y->len, at = 0;

	while (at < least && x->bytes[at] == y->bytes[at])
		at++;
	if (at == least)
		return (x->len > y->len) - (x->len < y->len);
	while (at > 0 &&
	       ((x->bytes[at] & 0xc0) == 0x80 || (y->bytes[at] & 0xc0) == 0x80))
		at--;
	return compare_at(x, y, at);
}

static const struct value_pair **sorted_pairs(const struct value_map *map)
{
	const struct value_pair **pairs = xcalloc(map->count, sizeof(*pairs));

	for (size_t i = 0; i < map->count; i++)
		pairs[i] = &map->pairs[i];
	qsort(pairs, map->count, sizeof(*pairs), compare_keys);
	return pairs;
}

/* Collections. */

static void emit(struct emitter *emitter, const struct value *value,
		 enum role role);

static void emit_key(struct emitter *emitter, const struct value_text *key)
{
	struct yscalar_traits traits;
	int indent = emitter->indent;
	bool simple;

	yscalar_analyze(&traits, key->bytes, key->len);
	simple = !traits.multiline && key->len <= SIMPLE_KEY_MAX;
	write_indent(emitter);
	if (!simple)
		write_block_indicator(emitter, '?');
	emitter->indent += INDENT;
	write_string(emitter, key, simple ? ROLE_KEY : ROLE_VALUE);
	emitter->indent = indent;
	if (simple) {
		put(emitter, ':');
		emitter->whitespace = false;
		emitter->indention = false;
		return;
	}
	write_indent(emitter);
	write_block_indicator(emitter, ':');
}

static void emit_map(struct emitter *emitter, const struct value_map *map)
{
	CLEANUP(free_ptr) const struct value_pair **pairs = NULL;
	int indent = emitter->indent;

	if (map->count == 0) {
		write_token(emitter, "{}");
		return;
	}
	pairs = sorted_pairs(map);
	emitter->indent = indent < 0 ? 0 : indent + INDENT;
	for (size_t i = 0; i < map->count; i++) {
		emit_key(emitter, &pairs[i]->key);
		emit(emitter, pairs[i]->value, ROLE_VALUE);
	}
	emitter->indent = indent;
}

static void emit_list(struct emitter *emitter, const struct value_list *list,
		      enum role role)
{
	int indent = emitter->indent;

	if (list->count == 0) {
		write_token(emitter, "[]");
		return;
	}
	/* The list of a key stands in the key's own indentation. */
	if (indent < 0)
		emitter->indent = 0;
	else if (role != ROLE_VALUE || emitter->indention)
		emitter->indent += INDENT;
	for (size_t i = 0; i < list->count; i++) {
		write_indent(emitter);
		write_block_indicator(emitter, '-');
		emit(emitter, list->items[i], ROLE_ITEM);
	}
	emitter->indent = indent;
}

static void emit(struct emitter *emitter, const struct value *value,
		 enum role role)
{
	int indent = emitter->indent;

	if (emitter->depth > VALUE_DEPTH_MAX) {
		write_token(emitter, "null");
		return;
	}
	emitter->depth++;
	if (value_is_map(value)) {
		emit_map(emitter, &value->map);
	} else if (value_is_list(value)) {
		emit_list(emitter, &value->list, role);
	} else {
		emitter->indent = indent < 0 ? INDENT : indent + INDENT;
		write_scalar(emitter, value, role);
		emitter->indent = indent;
	}
	emitter->depth--;
}

void ydoc_emit(struct str *out, const struct value *value)
{
	struct emitter emitter = {
		.out = out,
		.indent = -1,
		.whitespace = true,
		.indention = true,
	};

	emit(&emitter, value, ROLE_ROOT);
	write_indent(&emitter);
}

void ydoc_emit_indented(struct str *out, const struct value *value,
			size_t indent)
{
	CLEANUP(str_release) struct str text = {0};
	bool start = true;

	ydoc_emit(&text, value);
	for (size_t i = 0; i < text.len; i++) {
		if (start && text.buf[i] != '\n')
			str_add_repeated(out, ' ', indent);
		start = text.buf[i] == '\n';
		str_add_char(out, text.buf[i]);
	}
}
