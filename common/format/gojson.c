#include "format/gojson.h"

#include <math.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/unicode.h"

#define INDENT 2

struct writer {
	struct str *out;
	unsigned int flags;
	unsigned int depth;
	struct err *err;
};

static bool write_value(struct writer *writer, const struct value *value);

static void write_escape(struct str *out, uint32_t rune)
{
	static const char named[] = "\bb\ff\nn\rr\tt\"\"\\\\";

	for (size_t i = 0; named[i]; i += 2) {
		if (rune == (unsigned char)named[i]) {
			str_addf(out, "\\%c", named[i + 1]);
			return;
		}
	}
	str_addf(out, "\\u%04x", (unsigned int)rune);
}

static void write_text(struct writer *writer, const char *bytes, size_t len)
{
	struct str *out = writer->out;
	bool html = writer->flags & GOJSON_HTML;

	str_add_char(out, '"');
	for (size_t at = 0, width; at < len && !out->overflow; at += width) {
		uint32_t rune;

		width = rune_decode(bytes + at, len - at, &rune);
		if (rune < ' ' || rune == '"' || rune == '\\' ||
		    (html && (rune == '<' || rune == '>' || rune == '&')) ||
		    rune == 0x2028 || rune == 0x2029 ||
		    (rune == RUNE_ERROR && width == 1))
			write_escape(out, rune);
		else
			str_add_bytes(out, bytes + at, width);
	}
	str_add_char(out, '"');
}

/* As ES6 writes numbers: e-7 where strconv has e-07. */
static bool write_number(struct writer *writer, double number)
{
	struct str *out = writer->out;
	double size = fabs(number);

	if (!isfinite(number)) {
		CLEANUP(str_release) struct str text = {0};

		value_add_float(&text, number, 'g');
		return err_set(writer->err, ERR_INPUT,
			       "json: unsupported value: %s", str_text(&text));
	}
	if (size == 0 || (size >= 1e-6 && size < 1e21)) {
		value_add_float(out, number, 'f');
		return true;
	}
	value_add_float(out, number, 'e');
	if (out->len >= 4 && out->buf[out->len - 3] == '-' &&
	    out->buf[out->len - 2] == '0')
		str_splice(out, out->len - 2, 1, "", 0);
	return true;
}

static bool write_object(struct writer *writer, const struct value *value)
{
	const struct value_class *class = value->object.class;
	CLEANUP(arena_release) struct arena arena = {0};
	const struct value *json =
		class->to_json ? class->to_json(value, &arena) : NULL;

	if (!json)
		return err_set(writer->err, ERR_INPUT,
			       "json: error calling MarshalJSON for type %s",
			       class->type);
	return write_value(writer, json);
}

/* Lists and maps. */

static void write_break(struct writer *writer)
{
	if (!(writer->flags & GOJSON_PRETTY))
		return;
	str_add_char(writer->out, '\n');
	str_add_repeated(writer->out, ' ', (size_t)writer->depth * INDENT);
}

static bool write_list(struct writer *writer, const struct value_list *list)
{
	writer->depth++;
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			str_add_char(writer->out, ',');
		write_break(writer);
		if (!write_value(writer, list->items[i]))
			return false;
	}
	writer->depth--;
	return true;
}

static bool write_map(struct writer *writer, const struct value_map *map)
{
	writer->depth++;
	for (size_t i = 0; i < map->count; i++) {
		const struct value_pair *pair = &map->pairs[i];

		if (i > 0)
			str_add_char(writer->out, ',');
		write_break(writer);
		write_text(writer, pair->key.bytes, pair->key.len);
		str_add_char(writer->out, ':');
		if (writer->flags & GOJSON_PRETTY)
			str_add_char(writer->out, ' ');
		if (!write_value(writer, pair->value))
			return false;
	}
	writer->depth--;
	return true;
}

static bool write_collection(struct writer *writer, const struct value *value)
{
	bool map = value_is_map(value);
	size_t count = map ? value->map.count : value->list.count;

	if (value->is_nil) {
		str_add(writer->out, "null");
		return true;
	}
	if (writer->depth >= VALUE_DEPTH_MAX)
		return err_set(writer->err, ERR_INPUT,
			       "the value is more than %d deep",
			       VALUE_DEPTH_MAX);
	str_add_char(writer->out, map ? '{' : '[');
	if (map ? !write_map(writer, &value->map)
		: !write_list(writer, &value->list))
		return false;
	if (count > 0)
		write_break(writer);
	str_add_char(writer->out, map ? '}' : ']');
	return true;
}

static bool write_value(struct writer *writer, const struct value *value)
{
	switch (value->kind) {
	case VALUE_NIL:
		str_add(writer->out, "null");
		return true;
	case VALUE_BOOL:
		str_add(writer->out, value->boolean ? "true" : "false");
		return true;
	case VALUE_INT:
	case VALUE_INT64:
	case VALUE_UINT8:
	case VALUE_UINT64:
		value_add_whole(writer->out, value);
		return true;
	case VALUE_FLOAT64:
		return write_number(writer, value->number);
	case VALUE_COMPLEX128:
		return err_set(writer->err, ERR_INPUT,
			       "json: unsupported type: complex128");
	case VALUE_STRING:
		write_text(writer, value->string.bytes, value->string.len);
		return true;
	case VALUE_OBJECT:
		return write_object(writer, value);
	default:
		return write_collection(writer, value);
	}
}

bool gojson_write(struct str *out, const struct value *value,
		  unsigned int flags, struct err *err)
{
	struct writer writer = {.out = out, .flags = flags, .err = err};

	return write_value(&writer, value);
}
