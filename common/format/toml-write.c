#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/toml-tree.h"
#include "format/toml.h"
#include "format/value.h"

#define INDENT 2

/* What the library sees in a value before it writes it. */
enum form {
	FORM_NONE, /* nil: left out of tables */
	FORM_PLAIN,
	FORM_TABLE,
	FORM_TABLES,
};

/* The key of what is being written, from the root on. */
struct place {
	const struct place *parent; /* NULL: the root, which has no name */
	const struct value_text *name;
	size_t depth;
};

struct writer {
	struct str *out;
	const struct toml_dates *dates;
	unsigned int depth;
	bool has_written;
	struct err *err;
};

static bool write_item(struct writer *writer, const struct value *value);
static bool write_map(struct writer *writer, const struct place *place,
		      const struct value *map, bool inline_form);

static bool fail(struct writer *writer, const char *problem)
{
	return err_set(writer->err, ERR_INPUT, "%s", problem);
}

/* --- forms --------------------------------------------------------------- */

static bool form_of(struct writer *writer, const struct value *value,
		    unsigned int depth, enum form *form);

/* A list of nothing but maps is an array of tables. */
static bool form_of_list(struct writer *writer, const struct value_list *list,
			 unsigned int depth, enum form *form)
{
	*form = list->count > 0 ? FORM_TABLES : FORM_PLAIN;
	for (size_t i = 0; i < list->count; i++) {
		enum form item;

		if (!form_of(writer, list->items[i], depth + 1, &item))
			return false;
		if (item == FORM_NONE)
			return fail(writer, "toml: cannot encode array with "
					    "nil element");
		if (item != FORM_TABLE)
			*form = FORM_PLAIN;
	}
	return true;
}

/* A struct without a text of its own is a table, and shows no fields. */
static enum form form_of_object(const struct value *value)
{
	const struct value_class *class = value->object.class;
	CLEANUP(arena_release) struct arena arena = {0};
	const struct value *json =
		class->to_json ? class->to_json(value, &arena) : NULL;

	return json && value_is_map(json) ? FORM_TABLE : FORM_PLAIN;
}

static bool form_of(struct writer *writer, const struct value *value,
		    unsigned int depth, enum form *form)
{
	if (depth > VALUE_DEPTH_MAX)
		return err_set(writer->err, ERR_INPUT,
			       "the value is more than %d deep",
			       VALUE_DEPTH_MAX);
	if (value->kind == VALUE_COMPLEX128)
		return fail(writer, "unsupported type: complex128");
	if (value_is_null(value))
		*form = FORM_NONE;
	else if (value_is_list(value))
		return form_of_list(writer, &value->list, depth, form);
	else if (value_is_map(value))
		*form = FORM_TABLE;
	else
		*form = value->kind == VALUE_OBJECT ? form_of_object(value)
						    : FORM_PLAIN;
	return true;
}

/* --- words --------------------------------------------------------------- */

static void write_word(struct writer *writer, const char *word)
{
	str_add(writer->out, word);
	writer->has_written = true;
}

static void write_break(struct writer *writer)
{
	if (writer->has_written)
		str_add_char(writer->out, '\n');
}

static void write_indent(struct writer *writer, const struct place *place)
{
	str_add_repeated(writer->out, ' ', (place->depth - 1) * INDENT);
}

static void write_path(struct writer *writer, const struct place *place)
{
	if (place->parent->parent) {
		write_path(writer, place->parent);
		str_add_char(writer->out, '.');
	}
	toml_key_add(writer->out, place->name);
}

/* [a.b], or [[a.b]], on a line of its own. */
static void write_header(struct writer *writer, const struct place *place,
			 const char *open, const char *close)
{
	write_indent(writer, place);
	str_add(writer->out, open);
	write_path(writer, place);
	write_word(writer, close);
	write_break(writer);
}

/* --- what stands behind a '=' -------------------------------------------- */

static void write_number(struct writer *writer, double number)
{
	CLEANUP(str_release) struct str text = {0};

	if (!isfinite(number)) {
		write_word(writer, signbit(number) ? "-" : "");
		write_word(writer, isnan(number) ? "nan" : "inf");
		return;
	}
	value_add_float(&text, number, 'g');
	if (!strpbrk(str_text(&text), ".e"))
		str_add(&text, ".0");
	write_word(writer, str_text(&text));
}

static bool write_object(struct writer *writer, const struct value *value)
{
	const struct value_class *class = value->object.class;
	CLEANUP(arena_release) struct arena arena = {0};
	const struct value *text;

	if (writer->dates && writer->dates->write(writer->out, value)) {
		writer->has_written = true;
		return true;
	}
	text = class->to_json ? class->to_json(value, &arena) : NULL;
	if (text && text->kind == VALUE_STRING)
		toml_quote_add(writer->out, &text->string);
	else
		str_add(writer->out, "{}");
	writer->has_written = true;
	return true;
}

static bool write_list(struct writer *writer, const struct value_list *list)
{
	write_word(writer, "[");
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			write_word(writer, ", ");
		if (!write_item(writer, list->items[i]))
			return false;
	}
	write_word(writer, "]");
	return true;
}

static bool write_collection(struct writer *writer, const struct value *value)
{
	bool done;

	if (writer->depth == VALUE_DEPTH_MAX)
		return err_set(writer->err, ERR_INPUT,
			       "the value is more than %d deep",
			       VALUE_DEPTH_MAX);
	writer->depth++;
	done = value_is_map(value) ? write_map(writer, NULL, value, true)
				   : write_list(writer, &value->list);
	writer->depth--;
	return done;
}

/* A duration is its text; other integers with names are numbers. */
static void write_whole(struct writer *writer, const struct value *value)
{
	CLEANUP(str_release) struct str text = {0};

	if (strcmp(value_type(value), "time.Duration") == 0) {
		value_print(&text, value);
		toml_quote_add(writer->out,
			       &(struct value_text){str_text(&text), text.len});
		writer->has_written = true;
		return;
	}
	value_add_whole(&text, value);
	write_word(writer, str_text(&text));
}

static bool write_item(struct writer *writer, const struct value *value)
{
	switch (value->kind) {
	case VALUE_BOOL:
		write_word(writer, value->boolean ? "true" : "false");
		return true;
	case VALUE_INT:
	case VALUE_INT64:
	case VALUE_UINT8:
	case VALUE_UINT64:
		write_whole(writer, value);
		return true;
	case VALUE_FLOAT64:
		write_number(writer, value->number);
		return true;
	case VALUE_STRING:
		toml_quote_add(writer->out, &value->string);
		writer->has_written = true;
		return true;
	case VALUE_OBJECT:
		return write_object(writer, value);
	default:
		return write_collection(writer, value);
	}
}

/* --- tables -------------------------------------------------------------- */

static bool write_pair(struct writer *writer, const struct place *place,
		       const struct value *value)
{
	if (!place->parent)
		return write_item(writer, value);
	write_indent(writer, place);
	toml_key_add(writer->out, place->name);
	write_word(writer, " = ");
	if (!write_item(writer, value))
		return false;
	write_break(writer);
	return true;
}

static bool write_table(struct writer *writer, const struct place *place,
			const struct value *table)
{
	if (place->depth == 1)
		write_break(writer);
	if (place->depth > 0)
		write_header(writer, place, "[", "]");
	return !value_is_map(table) || write_map(writer, place, table, false);
}

static bool write_tables(struct writer *writer, const struct place *place,
			 const struct value_list *list)
{
	if (!place->parent)
		return fail(writer, "toml: top-level values must be Go maps or "
				    "structs");
	for (size_t i = 0; i < list->count; i++) {
		write_break(writer);
		write_header(writer, place, "[[", "]]");
		if (value_is_map(list->items[i]) &&
		    !write_map(writer, place, list->items[i], false))
			return false;
	}
	return true;
}

static bool write_at(struct writer *writer, const struct place *place,
		     const struct value *value, enum form form)
{
	switch (form) {
	case FORM_NONE:
		return true;
	case FORM_TABLE:
		return write_table(writer, place, value);
	case FORM_TABLES:
		return write_tables(writer, place, &value->list);
	default:
		return write_pair(writer, place, value);
	}
}

/* The members that are tables, or those that are not. */
static bool write_members(struct writer *writer, const struct place *place,
			  const struct value_map *map, const enum form *forms,
			  bool tables)
{
	for (size_t i = 0; i < map->count && !writer->out->overflow; i++) {
		struct place below = {place, &map->pairs[i].key,
				      place->depth + 1};

		if ((forms[i] >= FORM_TABLE) == tables &&
		    !write_at(writer, &below, map->pairs[i].value, forms[i]))
			return false;
	}
	return true;
}

/*
 * {a = 1, b = {c = 2}}.  Nil is left out, but not the comma behind it: that
 * is the library's mistake.
 */
static bool write_inline_members(struct writer *writer,
				 const struct value_map *map,
				 const enum form *forms, bool tables)
{
	size_t last = map->count, others = 0;

	for (size_t i = 0; i < map->count; i++) {
		if ((forms[i] >= FORM_TABLE) == tables)
			last = i;
		else
			others++;
	}
	for (size_t i = 0; i < map->count && !writer->out->overflow; i++) {
		if ((forms[i] >= FORM_TABLE) != tables || forms[i] == FORM_NONE)
			continue;
		toml_key_add(writer->out, &map->pairs[i].key);
		write_word(writer, " = ");
		if (!write_item(writer, map->pairs[i].value))
			return false;
		if (i != last || (!tables && others > 0))
			write_word(writer, ", ");
	}
	return true;
}

static bool write_map(struct writer *writer, const struct place *place,
		      const struct value *value, bool inline_form)
{
	const struct value_map *map = &value->map;
	CLEANUP(free_ptr) enum form *forms =
		xcalloc(map->count, sizeof(*forms));

	for (size_t i = 0; i < map->count; i++) {
		if (!form_of(writer, map->pairs[i].value, writer->depth,
			     &forms[i]))
			return false;
	}
	if (!inline_form) {
		bool done;

		if (writer->depth == VALUE_DEPTH_MAX)
			return err_set(writer->err, ERR_INPUT,
				       "the value is more than %d deep",
				       VALUE_DEPTH_MAX);
		writer->depth++;
		done = write_members(writer, place, map, forms, false) &&
		       write_members(writer, place, map, forms, true);
		writer->depth--;
		return done;
	}
	write_word(writer, "{");
	if (!write_inline_members(writer, map, forms, false) ||
	    !write_inline_members(writer, map, forms, true))
		return false;
	write_word(writer, "}");
	return true;
}

bool toml_write(struct str *out, const struct value *value,
		const struct toml_dates *dates, struct err *err)
{
	struct writer writer = {.out = out, .dates = dates, .err = err};
	const struct place root = {0};
	enum form form;

	if (value->kind == VALUE_NIL)
		return fail(&writer, "nil has no TOML");
	if (value->kind == VALUE_COMPLEX128)
		return fail(&writer, "unsupported type for key '': complex128");
	if (!form_of(&writer, value, 0, &form))
		return false;
	/* Only as a member a nil list is left out. */
	if (form == FORM_NONE && value_is_list(value))
		form = FORM_PLAIN;
	return write_at(&writer, &root, value, form);
}
