#include "format/ydoc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/unicode.h"
#include "format/value.h"
#include "format/ydoc-json.h"
#include "format/ydoc-scalar.h"
#include "format/ydoc-writer.h"

/*
 * sigs.k8s.io/yaml writes JSON, reads that with go-yaml v2 and lets it write
 * YAML: numbers, strings and the order of keys are what that makes of them.
 */
#define SIMPLE_KEY_MAX 128 /* bytes; a longer key is written "? key" */
#define BINARY_LINE    70  /* characters of base64 */
#define BINARY_KEY_MAX 51  /* bytes whose base64 stays on one line */

enum role {
	ROLE_ROOT,
	ROLE_ITEM,
	ROLE_VALUE,
};

struct emitter {
	struct ywriter writer;
	unsigned int depth;
	bool strict;	      /* as Marshal, its losses included */
	bool v3;	      /* as v3's Encoder, with no JSON on the way */
	const char *obstacle; /* why Marshal would have failed */
	struct arena arena;   /* keys, and JSON of objects */
};

static void emitter_release(struct emitter *emitter)
{
	arena_release(&emitter->arena);
}

static void refuse(struct emitter *emitter, const char *obstacle)
{
	if (obstacle && !emitter->obstacle)
		emitter->obstacle = obstacle;
}

/* Base64 with a tag, in lines of 70 characters if it has as many. */
static void write_binary(struct emitter *emitter, const struct value_text *text,
			 bool key)
{
	CLEANUP(str_release) struct str packed = {0}, lines = {0};

	base64_encode(&packed, text->bytes, text->len, BASE64_STANDARD);
	for (size_t at = 0; at < packed.len; at += BINARY_LINE) {
		size_t left = packed.len - at;

		str_add_bytes(&lines, packed.buf + at,
			      left < BINARY_LINE ? left : BINARY_LINE);
		if (packed.len >= BINARY_LINE)
			str_add_char(&lines, '\n');
	}
	ywriter_tag(&emitter->writer, "!!binary");
	ywriter_tagged(&emitter->writer, str_text(&lines), lines.len, key);
}

static void write_text_v3(struct emitter *emitter,
			  const struct value_text *text, bool key)
{
	if (utf8_is_valid(text->bytes, text->len))
		ywriter_text(&emitter->writer, text->bytes, text->len, key);
	else
		write_binary(emitter, text, key);
}

static void write_string(struct emitter *emitter, const struct value_text *text)
{
	CLEANUP(str_release) struct str arrived = {0};

	if (emitter->v3) {
		write_text_v3(emitter, text, false);
		return;
	}
	if (emitter->strict)
		refuse(emitter, yjson_pass(&arrived, text->bytes, text->len));
	else
		yjson_clean(&arrived, text->bytes, text->len);
	ywriter_text(&emitter->writer, str_text(&arrived), arrived.len, false);
}

/*
 * JSON has no difference between 1 and 1.0; go-yaml reads an integer, if it
 * fits: the shortest digits of -2^63 are a little below.
 */
static void add_number(struct str *out, double number, bool v3)
{
	bool whole = !v3 && number == trunc(number) && number > -0x1p63 &&
		     number < 0x1p64;

	if (isnan(number))
		str_add(out, ".nan");
	else if (isinf(number))
		str_add(out, number < 0 ? "-.inf" : ".inf");
	else if (whole && number == 0)
		str_add_char(out, '0');
	else
		value_add_float(out, number, whole ? 'f' : 'g');
}

static void write_float(struct emitter *emitter, double number)
{
	CLEANUP(str_release) struct str text = {0};

	if (!isfinite(number) && !emitter->v3)
		refuse(emitter, "JSON knows no such number");
	add_number(&text, number, emitter->v3);
	ywriter_token(&emitter->writer, str_text(&text));
}

/* Objects and complex numbers; Marshal refuses what has no JSON. */
static void write_other(struct emitter *emitter, const struct value *value)
{
	CLEANUP(str_release) struct str text = {0};

	refuse(emitter, "JSON knows no such type");
	value_print(&text, value);
	ywriter_text(&emitter->writer, str_text(&text), text.len, false);
}

/* v3 knows times, which it writes plain, and durations, as they print. */
static bool write_named_v3(struct emitter *emitter, const struct value *value,
			   const struct value *json)
{
	const char *type = value_type(value);
	CLEANUP(str_release) struct str text = {0};

	if (strcmp(type, "time.Time") == 0 && json &&
	    json->kind == VALUE_STRING) {
		ywriter_token(&emitter->writer, json->string.bytes);
		return true;
	}
	if (strcmp(type, "time.Duration") != 0)
		return false;
	value_print(&text, value);
	ywriter_text(&emitter->writer, str_text(&text), text.len, false);
	return true;
}

static void write_scalar(struct emitter *emitter, const struct value *value)
{
	CLEANUP(str_release) struct str text = {0};
	const struct value *json = value;

	if (value->kind == VALUE_OBJECT && value->object.class->to_json)
		json = value->object.class->to_json(value, &emitter->arena);
	if (emitter->v3 && write_named_v3(emitter, value, json))
		return;
	switch (json ? json->kind : VALUE_OBJECT) {
	case VALUE_NIL:
		ywriter_token(&emitter->writer, "null");
		return;
	case VALUE_STRING:
		write_string(emitter, &json->string);
		return;
	case VALUE_FLOAT64:
		write_float(emitter, json->number);
		return;
	case VALUE_BOOL:
		ywriter_token(&emitter->writer,
			      json->boolean ? "true" : "false");
		return;
	case VALUE_INT:
	case VALUE_INT64:
	case VALUE_UINT8:
	case VALUE_UINT64:
		value_add_whole(&text, json);
		ywriter_token(&emitter->writer, str_text(&text));
		return;
	case VALUE_MAP: /* to_json() of a struct with no fields for others */
		ywriter_token(&emitter->writer, "{}");
		return;
	default:
		write_other(emitter, value);
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

static bool follows_digit(const char *text, size_t at)
{
	uint32_t rune;

	return at > 0 && rune_decode_last(text, at, &rune) > 0 &&
	       rune_is_digit(rune);
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

/* @at is where they differ; @v3: letters first behind a digit. */
static int compare_at(const struct value_text *a, const struct value_text *b,
		      size_t at, bool v3)
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
		return y_letter != (v3 && follows_digit(a->bytes, at)) ? -1 : 1;
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

/* A pair with its key as it is written. */
struct entry {
	struct value_text key;
	const struct value_pair *pair;
};

static int compare_keys(const struct entry *first, const struct entry *second,
			bool v3)
{
	const struct value_text *x = &first->key, *y = &second->key;
	size_t least = x->len < y->len ? x->len : y->len, at = 0;

	while (at < least && x->bytes[at] == y->bytes[at])
		at++;
	if (at == least && x->len != y->len)
		return x->len < y->len ? -1 : 1;
	if (at == least)
		return first->pair < second->pair ? -1 : 1;
	while (at > 0 &&
	       ((x->bytes[at] & 0xc0) == 0x80 || (y->bytes[at] & 0xc0) == 0x80))
		at--;
	return compare_at(x, y, at, v3);
}

static int compare_entries(const void *a, const void *b)
{
	return compare_keys(a, b, false);
}

static int compare_entries_v3(const void *a, const void *b)
{
	return compare_keys(a, b, true);
}

static bool same_key(const struct entry *a, const struct entry *b)
{
	return a->key.len == b->key.len &&
	       memcmp(a->key.bytes, b->key.bytes, a->key.len) == 0;
}

static struct value_text pass_key(struct emitter *emitter,
				  const struct value_text *key)
{
	CLEANUP(str_release) struct str arrived = {0};

	if (emitter->v3)
		return *key;
	if (emitter->strict)
		refuse(emitter, yjson_pass_key(&arrived, key->bytes, key->len));
	else
		yjson_clean(&arrived, key->bytes, key->len);
	if (arrived.len == key->len &&
	    memcmp(str_text(&arrived), key->bytes, key->len) == 0)
		return *key;
	return (struct value_text){
		arena_memdupz(&emitter->arena, str_text(&arrived), arrived.len),
		arrived.len};
}

/* The last of keys that become the same by being written wins. */
static struct entry *sorted_entries(struct emitter *emitter,
				    const struct value_map *map, size_t *count)
{
	struct entry *entries = xcalloc(map->count, sizeof(*entries));

	for (size_t i = 0; i < map->count; i++)
		entries[i] = (struct entry){
			pass_key(emitter, &map->pairs[i].key), &map->pairs[i]};
	qsort(entries, map->count, sizeof(*entries),
	      emitter->v3 ? compare_entries_v3 : compare_entries);
	*count = 0;
	for (size_t i = 0; i < map->count; i++)
		if (i + 1 == map->count ||
		    !same_key(&entries[i], &entries[i + 1]))
			entries[(*count)++] = entries[i];
	return entries;
}

/* Collections. */

static void emit(struct emitter *emitter, const struct value *value,
		 enum role role);

static void emit_key(struct emitter *emitter, const struct value_text *key)
{
	struct yscalar_traits traits;
	int indent = emitter->writer.indent;
	bool simple;

	yscalar_analyze(&traits, key->bytes, key->len);
	simple = !traits.multiline && key->len <= SIMPLE_KEY_MAX;
	if (emitter->v3 && !utf8_is_valid(key->bytes, key->len))
		simple = key->len <= BINARY_KEY_MAX;
	ywriter_indent(&emitter->writer);
	if (!simple)
		ywriter_block_indicator(&emitter->writer, '?');
	emitter->writer.indent += YWRITER_INDENT;
	/* Marshal's plain "<<" would be read as a merge. */
	if (emitter->v3)
		write_text_v3(emitter, key, simple);
	else if (!emitter->strict && same_text(key->bytes, "<<"))
		ywriter_token(&emitter->writer, "\"<<\"");
	else
		ywriter_text(&emitter->writer, key->bytes, key->len, simple);
	emitter->writer.indent = indent;
	if (simple) {
		ywriter_colon(&emitter->writer);
		return;
	}
	ywriter_indent(&emitter->writer);
	ywriter_block_indicator(&emitter->writer, ':');
}

static void emit_map(struct emitter *emitter, const struct value_map *map)
{
	CLEANUP(free_ptr) struct entry *entries = NULL;
	int indent = emitter->writer.indent;
	size_t count;

	if (map->count == 0) {
		ywriter_token(&emitter->writer, "{}");
		return;
	}
	entries = sorted_entries(emitter, map, &count);
	emitter->writer.indent = indent < 0 ? 0 : indent + YWRITER_INDENT;
	for (size_t i = 0; i < count; i++) {
		emit_key(emitter, &entries[i].key);
		emit(emitter, entries[i].pair->value, ROLE_VALUE);
	}
	emitter->writer.indent = indent;
}

static void emit_list(struct emitter *emitter, const struct value_list *list,
		      enum role role)
{
	int indent = emitter->writer.indent;

	if (list->count == 0) {
		ywriter_token(&emitter->writer, "[]");
		return;
	}
	/* The list of a key stands in the key's own indentation. */
	if (indent < 0)
		emitter->writer.indent = 0;
	else if (role != ROLE_VALUE || emitter->writer.indention || emitter->v3)
		emitter->writer.indent += YWRITER_INDENT;
	for (size_t i = 0; i < list->count; i++) {
		ywriter_indent(&emitter->writer);
		ywriter_block_indicator(&emitter->writer, '-');
		emit(emitter, list->items[i], ROLE_ITEM);
	}
	emitter->writer.indent = indent;
}

static void emit(struct emitter *emitter, const struct value *value,
		 enum role role)
{
	int indent = emitter->writer.indent;

	if (emitter->depth > VALUE_DEPTH_MAX) {
		refuse(emitter, "it is nested too deeply");
		ywriter_token(&emitter->writer, "null");
		return;
	}
	emitter->depth++;
	if (value->kind == VALUE_NIL ||
	    (value_is_null(value) && !emitter->v3)) {
		ywriter_token(&emitter->writer, "null");
	} else if (value_is_map(value)) {
		emit_map(emitter, &value->map);
	} else if (value_is_list(value)) {
		emit_list(emitter, &value->list, role);
	} else {
		emitter->writer.indent =
			indent < 0 ? YWRITER_INDENT : indent + YWRITER_INDENT;
		write_scalar(emitter, value);
		emitter->writer.indent = indent;
	}
	emitter->depth--;
}

static void emit_root(struct emitter *emitter, const struct value *value)
{
	emitter->writer.indent = -1;
	emitter->writer.whitespace = true;
	emitter->writer.indention = true;
	emit(emitter, value, ROLE_ROOT);
	ywriter_indent(&emitter->writer);
}

void ydoc_emit(struct str *out, const struct value *value)
{
	CLEANUP(emitter_release) struct emitter emitter = {.writer.out = out};

	emit_root(&emitter, value);
}

/* All of @value or nothing. */
static bool marshal(struct emitter *emitter, const struct value *value,
		    struct err *err)
{
	struct str *out = emitter->writer.out;
	size_t len = out->len;

	emit_root(emitter, value);
	if (!emitter->obstacle)
		return true;
	str_truncate(out, len);
	return err_set(err, ERR_INPUT, "cannot write the value as YAML: %s",
		       emitter->obstacle);
}

bool ydoc_marshal(struct str *out, const struct value *value, struct err *err)
{
	CLEANUP(emitter_release) struct emitter emitter = {.writer.out = out,
							   .strict = true};

	return marshal(&emitter, value, err);
}

bool ydoc_marshal_v3(struct str *out, const struct value *value,
		     struct err *err)
{
	CLEANUP(emitter_release) struct emitter emitter = {
		.writer.out = out, .writer.v3 = true, .v3 = true};

	return marshal(&emitter, value, err);
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
