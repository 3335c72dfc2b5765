#include "core/chart_parts.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/unicode.h"
#include "core/chart.h"
#include "format/value.h"
#include "format/ydoc.h"

#define SPELLINGS_MAX 4 /* of a field; each costs a pass over all members */

enum field_type {
	TEXT,
	TEXTS,	  /* []string */
	TEXT_MAP, /* map[string]string */
	FLAG,
	LIST, /* of anything */
	ANY,
	MAINTAINERS,
	DEPENDENCIES,
};

enum field_flag {
	SANITISED = 1 << 0,
	ALWAYS = 1 << 1, /* written even if it is empty */
};

struct field {
	const char *name;
	enum field_type type;
	unsigned int flags;
};

static const struct field metadata_fields[] = {
	{"name", TEXT, SANITISED},
	{"home", TEXT, SANITISED},
	{"sources", TEXTS, SANITISED},
	{"version", TEXT, 0},
	{"description", TEXT, SANITISED},
	{"keywords", TEXTS, SANITISED},
	{"maintainers", MAINTAINERS, 0},
	{"icon", TEXT, SANITISED},
	{"apiVersion", TEXT, 0},
	{"condition", TEXT, SANITISED},
	{"tags", TEXT, SANITISED},
	{"appVersion", TEXT, SANITISED},
	{"deprecated", FLAG, 0},
	{"annotations", TEXT_MAP, 0},
	{"kubeVersion", TEXT, SANITISED},
	{"dependencies", DEPENDENCIES, 0},
	{"type", TEXT, 0},
	{0},
};

static const struct field maintainer_fields[] = {
	{"name", TEXT, SANITISED},
	{"email", TEXT, SANITISED},
	{"url", TEXT, SANITISED},
	{0},
};

static const struct field dependency_fields[] = {
	{"name", TEXT, SANITISED | ALWAYS},
	{"version", TEXT, SANITISED},
	{"repository", TEXT, SANITISED | ALWAYS},
	{"condition", TEXT, SANITISED},
	{"tags", TEXTS, SANITISED},
	{"enabled", FLAG, 0},
	{"import-values", LIST, 0},
	{"alias", TEXT, 0},
	{0},
};

static const struct field lock_fields[] = {
	{"generated", ANY, 0},
	{"digest", TEXT, ALWAYS},
	{"dependencies", DEPENDENCIES, ALWAYS},
	{0},
};

struct reader {
	struct arena *arena;
	const struct ydoc *doc; /* for places; NULL = none */
	bool keeps_all;		/* nothing is sanitised */
	/* What an earlier document said; NULL = there is none. */
	const struct value *earlier;
};

/* --- text ---------------------------------------------------------------- */

/* How many bytes at the start are ASCII that stays as it is. */
static size_t plain_span(const char *text, size_t len)
{
	size_t span = 0;

	while (span < len && text[span] >= ' ' && text[span] <= '~')
		span++;
	return span;
}

static void add_sanitised(struct str *out, const char *text, size_t len)
{
	for (;;) {
		size_t span = plain_span(text, len), size;
		uint32_t rune;

		str_add_bytes(out, text, span);
		if (span == len)
			return;
		size = rune_decode(text + span, len - span, &rune);
		if (rune_is_space(rune))
			str_add_char(out, ' ');
		else if (rune_is_printable(rune))
			str_add_rune(out, rune);
		text += span + size;
		len -= span + size;
	}
}

bool chart_add_scalar(struct str *out, const struct value *value)
{
	switch (value->kind) {
	case VALUE_NIL:
		return true;
	case VALUE_STRING:
		str_add_bytes(out, value->string.bytes, value->string.len);
		return true;
	case VALUE_BOOL:
		str_add(out, value->boolean ? "true" : "false");
		return true;
	case VALUE_INT:
	case VALUE_INT64:
		str_addf(out, "%" PRId64, value->integer);
		return true;
	case VALUE_FLOAT64:
		value_add_float32(out, value->number, 'g');
		return true;
	default:
		return false;
	}
}

/* --- fields -------------------------------------------------------------- */

static const char *article_of(const struct value *value)
{
	if (value_is_map(value))
		return "a mapping";
	if (value_is_list(value))
		return "a list";
	return value->kind == VALUE_NIL ? "nothing" : "a scalar";
}

static bool wrong_type(const struct reader *reader, const char *path,
		       const char *wanted, const struct value *value,
		       struct err *err)
{
	err_set(err, ERR_INPUT, "'%s' must be %s, is %s", path, wanted,
		article_of(value));
	return reader->doc ? ydoc_blame(reader->doc, path, err) : false;
}

static bool read_text(const struct reader *reader, const char *path,
		      const struct value *value, unsigned int flags,
		      struct value **out, struct err *err)
{
	CLEANUP(str_release) struct str text = {0}, clean = {0};
	const struct str *result = &text;

	if (!chart_add_scalar(&text, value))
		return wrong_type(reader, path, "text", value, err);
	if ((flags & SANITISED) && !reader->keeps_all) {
		add_sanitised(&clean, str_text(&text), text.len);
		result = &clean;
	}
	*out = value_new_bytes(reader->arena, str_text(result), result->len);
	return true;
}

/*
 * Sanitising takes a NUL byte away.  Where nothing is sanitised but by a check
 * of the whole, the check must not see the text before it alone.
 */
static bool read_own_text(const struct reader *reader, const char *path,
			  const struct value *value, unsigned int flags,
			  struct value **out, struct err *err)
{
	struct value *read;

	if (!read_text(reader, path, value, flags, &read, err))
		return false;
	if (!reader->keeps_all &&
	    memchr(read->string.bytes, '\0', read->string.len)) {
		err_set(err, ERR_INPUT, "'%s' holds a NUL byte", path);
		return reader->doc ? ydoc_blame(reader->doc, path, err) : false;
	}
	*out = read;
	return true;
}

static bool read_texts(const struct reader *reader, const char *path,
		       const struct value *value, unsigned int flags,
		       struct value **out, struct err *err)
{
	struct value *list = value_new_list(reader->arena);

	if (value->kind != VALUE_NIL && !value_is_list(value))
		return wrong_type(reader, path, "a list", value, err);
	for (size_t i = 0; value_is_list(value) && i < value->list.count; i++) {
		const char *item_path =
			arena_printf(reader->arena, "%s.%zu", path, i);
		struct value *item;

		if (!read_text(reader, item_path, value->list.items[i], flags,
			       &item, err))
			return false;
		value_list_add(list, reader->arena, item);
	}
	*out = list;
	return true;
}

static bool read_text_map(const struct reader *reader, const char *path,
			  const struct value *value, struct value **out,
			  struct err *err)
{
	struct value *map = value_new_map(reader->arena);

	if (value->kind != VALUE_NIL && !value_is_map(value))
		return wrong_type(reader, path, "a mapping", value, err);
	for (size_t i = 0; value_is_map(value) && i < value->map.count; i++) {
		const struct value_pair *pair = &value->map.pairs[i];
		const char *item_path = arena_printf(reader->arena, "%s.%s",
						     path, pair->key.bytes);
		struct value *item;

		if (!read_text(reader, item_path, pair->value, 0, &item, err))
			return false;
		value_map_set_bytes(map, reader->arena, pair->key.bytes,
				    pair->key.len, item);
	}
	*out = map;
	return true;
}

static bool read_flag(const struct reader *reader, const char *path,
		      const struct value *value, struct value **out,
		      struct err *err)
{
	if (value->kind != VALUE_NIL && value->kind != VALUE_BOOL)
		return wrong_type(reader, path, "true or false", value, err);
	*out = value_new_bool(reader->arena,
			      value->kind == VALUE_BOOL && value->boolean);
	return true;
}

static bool read_list(const struct reader *reader, const char *path,
		      const struct value *value, struct value **out,
		      struct err *err)
{
	if (value->kind != VALUE_NIL && !value_is_list(value))
		return wrong_type(reader, path, "a list", value, err);
	*out = value->kind == VALUE_NIL ? value_new_list(reader->arena)
					: value_copy(value, reader->arena);
	return true;
}

static bool read_fields(const struct reader *reader, const char *path,
			const struct value *map, const struct field *fields,
			struct value **out, struct err *err);

static bool read_structs(const struct reader *reader, const char *path,
			 const struct value *value, const struct field *fields,
			 struct value **out, struct err *err)
{
	struct value *list = value_new_list(reader->arena);

	if (value->kind != VALUE_NIL && !value_is_list(value))
		return wrong_type(reader, path, "a list", value, err);
	for (size_t i = 0; value_is_list(value) && i < value->list.count; i++) {
		const char *item_path =
			arena_printf(reader->arena, "%s.%zu", path, i);
		const struct value *item = value->list.items[i];
		struct value *read;

		if (!value_is_map(item))
			return wrong_type(reader, item_path, "a mapping", item,
					  err);
		if (!read_fields(reader, item_path, item, fields, &read, err))
			return false;
		value_list_add(list, reader->arena, read);
	}
	*out = list;
	return true;
}

static bool read_field(const struct reader *reader, const char *path,
		       const struct value *value, const struct field *field,
		       struct value **out, struct err *err)
{
	switch (field->type) {
	case TEXT:
		return read_own_text(reader, path, value, field->flags, out,
				     err);
	case TEXTS:
		return read_texts(reader, path, value, field->flags, out, err);
	case TEXT_MAP:
		return read_text_map(reader, path, value, out, err);
	case FLAG:
		return read_flag(reader, path, value, out, err);
	case LIST:
		return read_list(reader, path, value, out, err);
	case ANY:
		*out = value_copy(value, reader->arena);
		return true;
	case MAINTAINERS:
		return read_structs(reader, path, value, maintainer_fields, out,
				    err);
	case DEPENDENCIES:
		return read_structs(reader, path, value, dependency_fields, out,
				    err);
	}
	BUG("field '%s' has no type", field->name);
}

/* The member called @name in any case that comes next after @last by bytes. */
static const struct value_pair *next_spelling(const struct value *map,
					      const char *name,
					      const struct value_pair *last)
{
	const struct value_pair *found = NULL;
	size_t len = strlen(name);

	for (size_t i = 0; i < map->map.count; i++) {
		const struct value_pair *pair = &map->map.pairs[i];

		if (pair->key.len == len &&
		    !strcasecmp(pair->key.bytes, name) &&
		    (!last || strcmp(pair->key.bytes, last->key.bytes) > 0) &&
		    (!found || strcmp(pair->key.bytes, found->key.bytes) < 0))
			found = pair;
	}
	return found;
}

static void merge(struct value *map, struct arena *arena,
		  const struct value *more)
{
	for (size_t i = 0; i < more->map.count; i++)
		value_map_set_bytes(map, arena, more->map.pairs[i].key.bytes,
				    more->map.pairs[i].key.len,
				    more->map.pairs[i].value);
}

/*
 * Go's JSON decoder takes a name in any case, and of several all, in the order
 * in which they come out of YAML: each must be of the type, the last counts,
 * but for texts by name, which are put together.  *@out is what was said
 * before, NULL = nothing.
 */
static bool read_member(const struct reader *reader, const char *path,
			const struct value *map, const struct field *field,
			struct value **out, struct err *err)
{
	const struct value_pair *pair = NULL;
	unsigned int spellings = 0;

	while ((pair = next_spelling(map, field->name, pair))) {
		struct value *value;

		if (++spellings > SPELLINGS_MAX)
			return err_set(err, ERR_INPUT,
				       "'%s' is spelled in more than %d ways",
				       path, SPELLINGS_MAX);
		if (*out && pair->value->kind == VALUE_NIL &&
		    (field->type == TEXT || field->type == FLAG))
			continue;
		if (!read_field(reader, path, pair->value, field, &value, err))
			return false;
		if (*out && field->type == TEXT_MAP &&
		    pair->value->kind != VALUE_NIL)
			merge(*out, reader->arena, value);
		else
			*out = value;
	}
	return true;
}

/* Does text come of a number that stands in the field? */
static bool makes_text(const struct field *fields, const char *name)
{
	while (fields->name && strcasecmp(fields->name, name))
		fields++;
	return fields->name && fields->type != LIST && fields->type != ANY;
}

/* Only as text can .inf and .nan go through JSON, as in Helm they do. */
static bool check_numbers(const struct reader *reader, const char *path,
			  const struct value *map, const struct field *fields,
			  struct err *err)
{
	for (size_t i = 0; i < map->map.count; i++) {
		const struct value_pair *pair = &map->map.pairs[i];

		if (!value_has_infinite(pair->value) ||
		    makes_text(fields, pair->key.bytes))
			continue;
		err_set(err, ERR_INPUT,
			"'%s' holds a number that JSON, and so Helm, does not "
			"know",
			pair->key.bytes);
		return reader->doc ? ydoc_blame(reader->doc, path, err) : false;
	}
	return true;
}

static bool read_fields(const struct reader *reader, const char *path,
			const struct value *map, const struct field *fields,
			struct value **out, struct err *err)
{
	struct value *read = value_new_map(reader->arena);

	if (!check_numbers(reader, path, map, fields, err))
		return false;
	for (; fields->name; fields++) {
		const char *member_path = fields->name;
		const struct value *earlier =
			*path ? NULL
			      : value_map_get(reader->earlier, fields->name);
		struct value *value =
			earlier ? value_copy(earlier, reader->arena) : NULL;

		if (!(fields->flags & ALWAYS) && !value &&
		    !next_spelling(map, fields->name, NULL))
			continue;
		if (*path)
			member_path = arena_printf(reader->arena, "%s.%s", path,
						   fields->name);
		if (!read_member(reader, member_path, map, fields, &value,
				 err) ||
		    (!value && (fields->flags & ALWAYS) &&
		     !read_field(reader, member_path, &value_nil, fields,
				 &value, err)))
			return false;
		if (value && (value_truth(value) || (fields->flags & ALWAYS)))
			value_map_set(read, reader->arena, fields->name, value);
	}
	*out = read;
	return true;
}

bool chart_read_fields(const struct value *map, struct arena *arena,
		       struct value **metadata, struct err *err)
{
	const struct reader reader = {.arena = arena};

	return read_fields(&reader, "", map, metadata_fields, metadata, err);
}

static bool read_document(const struct reader *reader, struct value **metadata,
			  struct err *err)
{
	const struct ydoc *doc = reader->doc;

	if (!value_is_map(doc->root)) {
		err_set(err, ERR_INPUT, "'%s' must be a mapping, is %s",
			doc->name, article_of(doc->root));
		return ydoc_blame(doc, "", err);
	}
	return read_fields(reader, "", doc->root, metadata_fields, metadata,
			   err);
}

bool chart_read_metadata(const struct ydoc *doc, struct arena *arena,
			 struct value **metadata, struct err *err)
{
	const struct reader reader = {.arena = arena, .doc = doc};

	return read_document(&reader, metadata, err);
}

bool chart_read_over(const struct ydoc *doc, struct arena *arena,
		     struct value **metadata, struct err *err)
{
	const struct reader reader = {
		.arena = arena, .doc = doc, .earlier = *metadata};

	/* One of comments alone says nothing. */
	return doc->root->kind == VALUE_NIL ||
	       read_document(&reader, metadata, err);
}

/* --- dependencies -------------------------------------------------------- */

const char *chart_text_of(const struct value *map, const char *name)
{
	const char *text = value_find_text(map, name);

	return text ? text : "";
}

static struct chart_dependency dependency_of(const struct value *map)
{
	const struct value *enabled = value_map_get(map, "enabled");

	return (struct chart_dependency){
		.name = chart_text_of(map, "name"),
		.version = chart_text_of(map, "version"),
		.repository = chart_text_of(map, "repository"),
		.condition = chart_text_of(map, "condition"),
		.alias = chart_text_of(map, "alias"),
		.tags = value_map_get(map, "tags"),
		.import_values = value_map_get(map, "import-values"),
		.enabled = enabled && value_truth(enabled),
	};
}

void chart_take_dependencies(struct chart_dependencies *dependencies,
			     const struct value *list, struct arena *arena)
{
	size_t count = list ? list->list.count : 0;

	dependencies->items =
		arena_new_array(arena, struct chart_dependency, count);
	dependencies->count = count;
	for (size_t i = 0; i < count; i++)
		dependencies->items[i] = dependency_of(list->list.items[i]);
}

bool chart_read_dependencies(const struct value *list, struct arena *arena,
			     struct chart_dependencies *dependencies,
			     struct err *err)
{
	const struct reader reader = {.arena = arena};
	struct value *read;

	if (!read_structs(&reader, "dependencies", list, dependency_fields,
			  &read, err))
		return false;
	chart_take_dependencies(dependencies, read, arena);
	return true;
}

bool chart_read_lock(const struct value *root, struct arena *arena,
		     struct value **lock,
		     struct chart_dependencies *dependencies, struct err *err)
{
	const struct reader reader = {.arena = arena, .keeps_all = true};

	if (!read_fields(&reader, "", root, lock_fields, lock, err))
		return false;
	chart_take_dependencies(dependencies,
				value_map_get(*lock, "dependencies"), arena);
	return true;
}
