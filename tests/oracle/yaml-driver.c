/*
 * Our answers to the documents on standard input, in the form of
 * tests/oracle/yaml/main.go: JSON and YAML of each, its JSON with numbers as
 * floats, whether its keys are strict, and its JSON as a values file,
 * separated by NUL bytes.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "sys/file.h"

#define INPUT_MAX ((size_t)256 << 20)

static void add_json(struct str *out, const struct value *value);

static void add_string(struct str *out, const struct value_text *text)
{
	str_add_char(out, '"');
	for (size_t i = 0; i < text->len; i++) {
		unsigned char c = (unsigned char)text->bytes[i];

		if (c < 0x20 || c == '"' || c == '\\')
			str_addf(out, "\\u%04x", c);
		else
			str_add_char(out, (char)c);
	}
	str_add_char(out, '"');
}

static void add_map(struct str *out, const struct value_map *map)
{
	str_add_char(out, '{');
	for (size_t i = 0; i < map->count; i++) {
		if (i > 0)
			str_add_char(out, ',');
		add_string(out, &map->pairs[i].key);
		str_add_char(out, ':');
		add_json(out, map->pairs[i].value);
	}
	str_add_char(out, '}');
}

static void add_list(struct str *out, const struct value_list *list)
{
	str_add_char(out, '[');
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			str_add_char(out, ',');
		add_json(out, list->items[i]);
	}
	str_add_char(out, ']');
}

static void add_json(struct str *out, const struct value *value)
{
	if (value_is_map(value))
		add_map(out, &value->map);
	else if (value_is_list(value))
		add_list(out, &value->list);
	else if (value->kind == VALUE_STRING)
		add_string(out, &value->string);
	else if (value->kind == VALUE_NIL)
		str_add(out, "null");
	else if (value->kind == VALUE_FLOAT64)
		value_add_float(out, value->number, 'e');
	else
		value_print(out, value);
}

static bool read_document(struct ydoc *doc, const char *text, size_t len,
			  unsigned int flags, struct str *out)
{
	CLEANUP(err_release) struct err err = {0};

	if (ydoc_parse(doc, text, len, "document", flags | YDOC_FIRST, &err))
		return true;
	str_addf(out, "error: %s (%u:%u)", err.text, err.line, err.column);
	return false;
}

/* As Helm reads a values file: mappings, one merged over the other. */
static bool merge_stream(struct ydoc_stream *stream, struct arena *arena,
			 const struct value **merged, struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};

	while (ydoc_next(stream, &doc, YDOC_FLOATS | YDOC_FIRST, err)) {
		if (value_is_map(doc.root))
			*merged = value_merge(
				*merged, value_copy(doc.root, arena), arena);
		else if (doc.root->kind != VALUE_NIL)
			return err_set(err, ERR_INPUT, "it is no mapping");
	}
	return stream->ended;
}

static void answer_values(struct str *out, const char *text, size_t len)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err err = {0};
	struct ydoc_stream stream = {
		.text = text, .len = len, .name = "values"};
	const struct value *merged = value_new_map(&arena);

	if (merge_stream(&stream, &arena, &merged, &err))
		add_json(out, merged);
	else
		str_addf(out, "error: %s", err.text);
	str_add_char(out, '\0');
}

static void answer(struct str *out, const char *text, size_t len)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};
	bool read = read_document(&doc, text, len, 0, out);

	if (read)
		add_json(out, doc.root);
	str_add_char(out, '\0');
	if (read && !ydoc_marshal(out, doc.root, &err))
		str_addf(out, "error: %s", err.text);
	str_add_char(out, '\0');
	ydoc_release(&doc);
	if (read && read_document(&doc, text, len, YDOC_FLOATS, out))
		add_json(out, doc.root);
	str_add_char(out, '\0');
	ydoc_release(&doc);
	if (read && read_document(&doc, text, len, YDOC_STRICT_KEYS, out))
		str_add(out, "strict");
	str_add_char(out, '\0');
	ydoc_release(&doc);
	answer_values(out, text, len);
}

int main(void)
{
	CLEANUP(str_release) struct str input = {0}, output = {0};
	CLEANUP(err_release) struct err err = {0};

	if (!file_read("-", INPUT_MAX, &input, &err)) {
		fprintf(stderr, "yaml-driver: %s\n", err.text);
		return 1;
	}
	for (const char *at = str_text(&input), *end = at + input.len;;) {
		size_t len = strnlen(at, (size_t)(end - at));

		answer(&output, at, len);
		at += len + 1;
		if (at > end)
			break;
	}
	return fwrite(output.buf, 1, output.len, stdout) == output.len ? 0 : 1;
}
