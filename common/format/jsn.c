#include "format/jsn.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "format/value.h"

/* --- text ---------------------------------------------------------------- */

/* Where nesting passes the ceiling: a byte offset; @len if nowhere. */
static size_t too_deep_at(const char *text, size_t len)
{
	bool in_string = false;
	size_t depth = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (in_string)
			continue;
		else if ((c == '{' || c == '[') && ++depth > JSN_DEPTH_MAX)
			return i;
		else if ((c == '}' || c == ']') && depth)
			depth--;
	}
	return len;
}

bool jsn_parse(json_t **json, const char *text, size_t len, const char *what,
	       struct err *err)
{
	size_t deep = too_deep_at(text, len);
	json_error_t cause;
	json_t *parsed;

	if (deep < len) {
		err_set(err, ERR_INPUT,
			"cannot parse '%s': nested more than %d deep", what,
			JSN_DEPTH_MAX);
		return err_at_offset(err, what, text, len, deep);
	}
	parsed = json_loadb(text, len,
			    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY |
				    JSON_ALLOW_NUL,
			    &cause);
	if (!parsed) {
		size_t at = cause.position > 0 ? (size_t)cause.position : 0;

		err_set(err, ERR_INPUT, "cannot parse '%s' as JSON: %s", what,
			cause.text);
		return err_at_offset(err, what, text, len, at);
	}
	jsn_release(json);
	*json = parsed;
	return true;
}

/* Where the member @key of the outermost object begins; @len if nowhere. */
static size_t find_member(const char *text, size_t len, const char *key)
{
	CLEANUP(free_ptr) char *quoted = xasprintf("\"%s\"", key);
	size_t quoted_len = strlen(quoted);
	bool in_string = false;
	size_t depth = 0;
	char before = '\0'; /* of what stands between strings */

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (in_string) {
			i += c == '\\';
			in_string = c != '"';
			continue;
		}
		if (c == '"' && depth == 1 && before != ':' &&
		    quoted_len <= len - i &&
		    memcmp(text + i, quoted, quoted_len) == 0)
			return i;
		in_string = c == '"';
		if (c == '{' || c == '[')
			depth++;
		if ((c == '}' || c == ']') && depth)
			depth--;
		if (!strchr(" \t\r\n", c))
			before = c;
	}
	return len;
}

json_t *jsn_parse_head(const char *text, size_t len, const char *key)
{
	size_t end = find_member(text, len, key);
	CLEANUP(str_release) struct str head = {0};
	CLEANUP(err_release) struct err unfit = {0};
	json_t *parsed = NULL;

	if (end == len)
		return NULL;
	str_add_bytes(&head, text, end);
	str_trim(&head);
	if (head.len && head.buf[head.len - 1] == ',')
		str_truncate(&head, head.len - 1);
	str_add(&head, "}");
	return jsn_parse(&parsed, str_text(&head), head.len, "head", &unfit)
		       ? parsed
		       : NULL;
}

static int add_chunk(const char *bytes, size_t len, void *out)
{
	str_add_bytes(out, bytes, len);
	return 0;
}

void jsn_print(struct str *out, const json_t *json, bool pretty)
{
	/* Digits that every double keeps: 5.771, not 5.7709999999999999. */
	size_t flags = JSON_ENCODE_ANY | JSON_REAL_PRECISION(15);

	flags |= pretty ? JSON_INDENT(2) : JSON_COMPACT;
	if (json_dump_callback(json, add_chunk, out, flags))
		mem_exhausted();
}

/* --- members ------------------------------------------------------------- */

static json_t *member(const json_t *json, const char *name)
{
	int64_t index;

	if (json_is_object(json))
		return json_object_get(json, name);
	if (json_is_array(json) && num_parse_range(name, 0, INT32_MAX, &index))
		return json_array_get(json, (size_t)index);
	return NULL;
}

json_t *jsn_find(const json_t *json, const char *path)
{
	json_t *found = NULL;

	while (json) {
		size_t len = strcspn(path, ".");
		CLEANUP(free_ptr) char *name = xmemdupz(path, len);

		found = member(json, name);
		if (!path[len])
			return found;
		path += len + 1;
		json = found;
	}
	return NULL;
}

const char *jsn_text(const json_t *json, const char *path)
{
	return json_string_value(jsn_find(json, path));
}

int64_t jsn_int(const json_t *json, const char *path, int64_t otherwise)
{
	const json_t *found = jsn_find(json, path);

	return json_is_integer(found) ? json_integer_value(found) : otherwise;
}

bool jsn_bool(const json_t *json, const char *path, bool otherwise)
{
	const json_t *found = jsn_find(json, path);

	return json_is_boolean(found) ? json_is_true(found) : otherwise;
}

bool jsn_get_text(const json_t *json, const char *path, const char *what,
		  const char **text, struct err *err)
{
	const char *found = jsn_text(json, path);

	if (!found)
		return err_set(err, ERR_REMOTE, "no '%s' in %s", path, what);
	*text = found;
	return true;
}

/* --- making -------------------------------------------------------------- */

static void add_valid_utf8(struct str *out, const char *text, size_t len)
{
	while (len) {
		unsigned int rune;
		size_t size = rune_next(text, len, &rune);

		str_add_rune(out, rune);
		text += size;
		len -= size;
	}
}

static json_t *string_of(const char *text, size_t len)
{
	CLEANUP(str_release) struct str valid = {0};
	json_t *string = json_stringn(text, len);

	if (string)
		return string;
	add_valid_utf8(&valid, text, len);
	return json_stringn_nocheck(str_text(&valid), valid.len);
}

json_t *jsn_string(const char *text)
{
	return string_of(text, strlen(text));
}

json_t *jsn_string_or_null(const char *text)
{
	return text ? jsn_string(text) : json_null();
}

void jsn_set(json_t *object, const char *key, json_t *value_taken)
{
	CLEANUP(str_release) struct str valid = {0};

	add_valid_utf8(&valid, key, strlen(key));
	if (json_object_set_new_nocheck(object, str_text(&valid), value_taken))
		mem_exhausted();
}

void jsn_set_text(json_t *object, const char *key, const char *text)
{
	jsn_set(object, key, jsn_string(text));
}

void jsn_add(json_t *array, json_t *value_taken)
{
	if (json_array_append_new(array, value_taken))
		mem_exhausted();
}

void jsn_release(json_t **json)
{
	json_decref(*json);
	*json = NULL;
}

/* --- values -------------------------------------------------------------- */

static struct value *list_to_value(const json_t *json, struct arena *arena)
{
	struct value *list = value_new_list(arena);

	for (size_t i = 0; i < json_array_size(json); i++)
		value_list_add(list, arena,
			       jsn_to_value(json_array_get(json, i), arena));
	return list;
}

static struct value *object_to_value(const json_t *json, struct arena *arena)
{
	struct value *map = value_new_map(arena);
	json_t *object = (json_t *)(uintptr_t)json;
	const char *key;
	json_t *item;

	json_object_foreach (object, key, item)
		value_map_set(map, arena, key, jsn_to_value(item, arena));
	return map;
}

struct value *jsn_to_value(const json_t *json, struct arena *arena)
{
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return object_to_value(json, arena);
	case JSON_ARRAY:
		return list_to_value(json, arena);
	case JSON_STRING:
		return value_new_bytes(arena, json_string_value(json),
				       json_string_length(json));
	case JSON_INTEGER:
		return value_new_int(arena, json_integer_value(json));
	case JSON_REAL:
		return value_new_float(arena, json_real_value(json));
	case JSON_TRUE:
	case JSON_FALSE:
		return value_new_bool(arena, json_is_true(json));
	default:
		return value_new(arena, VALUE_NIL);
	}
}

static json_t *printed(const struct value *value)
{
	CLEANUP(str_release) struct str text = {0};

	value_print(&text, value);
	return string_of(str_text(&text), text.len);
}

static json_t *from_list(const struct value *value, size_t depth);
static json_t *from_map(const struct value *value, size_t depth);

static json_t *from_value(const struct value *value, size_t depth)
{
	if (depth > VALUE_DEPTH_MAX)
		return json_null();
	switch (value->kind) {
	case VALUE_NIL:
		return json_null();
	case VALUE_BOOL:
		return json_boolean(value->boolean);
	case VALUE_INT:
	case VALUE_INT64:
		return json_integer(value->integer);
	case VALUE_FLOAT64:
		return isfinite(value->number) ? json_real(value->number)
					       : json_null();
	case VALUE_STRING:
		return string_of(value->string.bytes, value->string.len);
	case VALUE_LIST:
	case VALUE_STRING_LIST:
		return from_list(value, depth);
	case VALUE_MAP:
	case VALUE_STRING_MAP:
		return from_map(value, depth);
	default:
		return printed(value);
	}
}

static json_t *from_list(const struct value *value, size_t depth)
{
	json_t *array = json_array();

	for (size_t i = 0; i < value->list.count; i++)
		jsn_add(array, from_value(value->list.items[i], depth + 1));
	return array;
}

static json_t *from_map(const struct value *value, size_t depth)
{
	json_t *object = json_object();

	for (size_t i = 0; i < value->map.count; i++) {
		const struct value_pair *pair = &value->map.pairs[i];

		jsn_set(object, pair->key.bytes,
			from_value(pair->value, depth + 1));
	}
	return object;
}

json_t *jsn_from_value(const struct value *value)
{
	return from_value(value, 0);
}

static void add_json(struct str *out, json_t *json_taken)
{
	jsn_print(out, json_taken, false);
	json_decref(json_taken);
}

static void add_value(struct str *out, const struct value *value, size_t depth);

static void add_list(struct str *out, const struct value *list, size_t depth)
{
	str_add(out, "[");
	for (size_t i = 0; i < list->list.count; i++) {
		str_add(out, i ? "," : "");
		add_value(out, list->list.items[i], depth + 1);
	}
	str_add(out, "]");
}

static void add_map(struct str *out, const struct value *map, size_t depth)
{
	str_add(out, "{");
	for (size_t i = 0; i < map->map.count; i++) {
		const struct value_pair *pair = &map->map.pairs[i];

		str_add(out, i ? "," : "");
		add_json(out, jsn_string(pair->key.bytes));
		str_add(out, ":");
		add_value(out, pair->value, depth + 1);
	}
	str_add(out, "}");
}

static void add_value(struct str *out, const struct value *value, size_t depth)
{
	if (depth <= VALUE_DEPTH_MAX &&
	    (value->kind == VALUE_LIST || value->kind == VALUE_STRING_LIST))
		add_list(out, value, depth);
	else if (depth <= VALUE_DEPTH_MAX && value_is_map(value))
		add_map(out, value, depth);
	else
		add_json(out, from_value(value, depth));
}

void jsn_print_value(struct str *out, const struct value *value)
{
	add_value(out, value, 0);
}
