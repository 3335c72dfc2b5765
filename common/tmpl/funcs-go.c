/* Go's own functions but for the comparisons. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/unicode.h"
#include "format/value.h"
#include "tmpl/func.h"
#include "tmpl/gofmt.h"

static bool run_not(struct call *call, struct err *err)
{
	(void)err;
	return call_give_bool(call, !value_truth(call->args[0]));
}

/* and, or are the executor's, which does not evaluate all arguments. */
static bool run_nothing(struct call *call, struct err *err)
{
	(void)err;
	return call_give(call, &value_nil);
}

/* --- index, slice, len --------------------------------------------------- */

static bool index_position(const struct value *index, size_t count,
			   size_t *position, struct err *err)
{
	if (!value_is_whole(index))
		return err_set(err, ERR_INPUT,
			       "the index of a list must be a whole number, "
			       "not %s",
			       type_word(index));
	if (index->integer < 0 || (uint64_t)index->integer >= count)
		return err_set(err, ERR_INPUT,
			       "index %lld is out of range: the length is %zu",
			       (long long)index->integer, count);
	*position = (size_t)index->integer;
	return true;
}

static bool index_map(const struct value *map, const struct value *key,
		      struct arena *arena, const struct value **item,
		      struct err *err)
{
	const struct value *found;

	if (key->kind != VALUE_STRING)
		return err_set(err, ERR_INPUT,
			       "the key of a map must be a string, not %s",
			       type_word(key));
	found = value_map_get_bytes(map, key->string.bytes, key->string.len);
	if (!found)
		found = map->kind == VALUE_STRING_MAP
				? value_new_text(arena, "")
				: &value_nil;
	*item = found;
	return true;
}

static bool index_one(struct arena *arena, const struct value *index,
		      const struct value **item, struct err *err)
{
	const struct value *from = *item;
	struct value *byte;
	size_t position;

	if (value_is_map(from))
		return index_map(from, index, arena, item, err);
	if (value_is_list(from)) {
		if (!index_position(index, from->list.count, &position, err))
			return false;
		*item = from->list.items[position];
		return true;
	}
	if (from->kind != VALUE_STRING)
		return err_set(err, ERR_INPUT, "%s has no items",
			       type_word(from));
	if (!index_position(index, from->string.len, &position, err))
		return false;
	byte = value_new(arena, VALUE_UINT8);
	byte->integer = (unsigned char)from->string.bytes[position];
	*item = byte;
	return true;
}

static bool run_index(struct call *call, struct err *err)
{
	const struct value *item = call->args[0];

	if (item->kind == VALUE_NIL)
		return err_set(err, ERR_INPUT, "nil has no items");
	for (size_t i = 1; i < call->count; i++) {
		if (!index_one(call->arena, call->args[i], &item, err))
			return false;
	}
	return call_give(call, item);
}

static bool run_len(struct call *call, struct err *err)
{
	const struct value *value = call->args[0];

	if (value->kind == VALUE_STRING)
		return call_give_int(call, (int64_t)value->string.len);
	if (value_is_list(value))
		return call_give_int(call, (int64_t)value->list.count);
	if (value_is_map(value))
		return call_give_int(call, (int64_t)value->map.count);

	return err_set(err, ERR_INPUT, "%s has no length", type_word(value));
}

/* --- printing ------------------------------------------------------------ */

static bool run_print(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;

	gofmt_print(&text, call->args, call->count);
	return call_give_str(call, &text, err);
}

static bool run_println(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;

	gofmt_println(&text, call->args, call->count);
	return call_give_str(call, &text, err);
}

static bool run_printf(struct call *call, struct err *err)
{
	const struct value_text *format = &call->args[0]->string;
	CLEANUP(str_release) struct str text = CALL_TEXT;

	gofmt_printf(&text, format->bytes, format->len, call->args + 1,
		     call->count - 1);
	return call_give_str(call, &text, err);
}

/* --- escaping ------------------------------------------------------------ */

/* Bytes that cost as much to escape as a node. */
#define ESCAPED_PER_STEP 4

static void add_html(struct str *out, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		switch (bytes[i]) {
		case '\0':
			str_add(out, "\xef\xbf\xbd");
			break;
		case '"':
			str_add(out, "&#34;");
			break;
		case '\'':
			str_add(out, "&#39;");
			break;
		case '&':
			str_add(out, "&amp;");
			break;
		case '<':
			str_add(out, "&lt;");
			break;
		case '>':
			str_add(out, "&gt;");
			break;
		default:
			str_add_char(out, bytes[i]);
		}
	}
}

static void add_js(struct str *out, const char *bytes, size_t len)
{
	for (size_t at = 0, width; at < len; at += width) {
		uint32_t rune;

		width = rune_decode(bytes + at, len - at, &rune);
		if (rune == '\\' || rune == '\'' || rune == '"')
			str_addf(out, "\\%c", (char)rune);
		else if (rune < ' ' || rune == '<' || rune == '>' ||
			 rune == '&' || rune == '=' ||
			 (rune >= 0x80 && !rune_is_printable(rune)))
			str_addf(out, "\\u%04X", (unsigned int)rune);
		else
			str_add_bytes(out, bytes + at, width);
	}
}

static void add_query(struct str *out, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == ' ')
			str_add_char(out, '+');
		else if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			 (c >= 'A' && c <= 'Z') ||
			 (c != '\0' && strchr("-_.~", c)))
			str_add_char(out, (char)c);
		else
			str_addf(out, "%%%02X", c);
	}
}

/* The arguments as a pipeline prints them: nil is <no value>, a string. */
static const struct value **printable_args(struct call *call)
{
	const struct value **args =
		arena_new_array(call->arena, const struct value *, call->count);

	for (size_t i = 0; i < call->count; i++) {
		args[i] = call->args[i];
		if (args[i]->kind == VALUE_NIL)
			args[i] = value_new_text(call->arena, "<no value>");
	}
	return args;
}

static bool escape(struct call *call,
		   void (*add)(struct str *out, const char *bytes, size_t len),
		   struct err *err)
{
	CLEANUP(str_release) struct str plain = CALL_TEXT;
	CLEANUP(str_release) struct str text = CALL_TEXT;

	gofmt_print(&plain, printable_args(call), call->count);
	add(&text, str_text(&plain), plain.len);
	text.overflow = text.overflow || plain.overflow;
	return call_charge(call, text.len / ESCAPED_PER_STEP, 0, err) &&
	       call_give_str(call, &text, err);
}

static bool run_html(struct call *call, struct err *err)
{
	return escape(call, add_html, err);
}

static bool run_js(struct call *call, struct err *err)
{
	return escape(call, add_js, err);
}

static bool run_urlquery(struct call *call, struct err *err)
{
	return escape(call, add_query, err);
}

const struct func funcs_go[] = {
	{"and", "aa*", run_nothing, .trait = FUNC_AND},
	{"html", "a*", run_html},
	{"index", "aa*", run_index},
	{"js", "a*", run_js},
	{"len", "a", run_len},
	{"not", "a", run_not},
	{"or", "aa*", run_nothing, .trait = FUNC_OR},
	{"print", "a*", run_print},
	{"printf", "sa*", run_printf},
	{"println", "a*", run_println},
	{"urlquery", "a*", run_urlquery},
	{NULL},
};
