#include "core/chart.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "format/gojson.h"
#include "format/value.h"

static void add_key(struct str *out, const char *key)
{
	if (out->buf[out->len - 1] != '{')
		str_add_char(out, ',');
	str_addf(out, "\"%s\":", key);
}

static bool add_text(struct str *out, const char *key, const char *text,
		     struct err *err)
{
	const struct value value = {.kind = VALUE_STRING,
				    .string = {.bytes = text,
					       .len = strlen(text)}};

	add_key(out, key);
	return gojson_write(out, &value, GOJSON_HTML, err);
}

/* What is empty is left out. */
static bool add_some_text(struct str *out, const char *key, const char *text,
			  struct err *err)
{
	return is_blank(text) || add_text(out, key, text, err);
}

/* --- dependencies -------------------------------------------------------- */

/* A copy in which all numbers are float64, as in what Helm reads of YAML. */
static struct value *with_floats(const struct value *value, struct arena *arena)
{
	struct value *copy;

	if (value->kind == VALUE_INT || value->kind == VALUE_INT64)
		return value_new_float(arena, (double)value->integer);
	copy = value_copy(value, arena);
	for (size_t i = 0; value_is_list(value) && i < value->list.count; i++)
		copy->list.items[i] = with_floats(value->list.items[i], arena);
	for (size_t i = 0; value_is_map(value) && i < value->map.count; i++)
		copy->map.pairs[i].value =
			with_floats(value->map.pairs[i].value, arena);
	return copy;
}

static bool add_list(struct str *out, const char *key, const struct value *list,
		     struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};

	if (!list || !list->list.count)
		return true;
	add_key(out, key);
	return gojson_write(out, with_floats(list, &arena), GOJSON_HTML, err);
}

/* The members in the order of Helm's struct Dependency. */
static bool add_dependency(struct str *out,
			   const struct chart_dependency *dependency,
			   struct err *err)
{
	str_add_char(out, '{');
	if (!add_text(out, "name", dependency->name, err) ||
	    !add_some_text(out, "version", dependency->version, err) ||
	    !add_text(out, "repository", dependency->repository, err) ||
	    !add_some_text(out, "condition", dependency->condition, err) ||
	    !add_list(out, "tags", dependency->tags, err))
		return false;
	if (dependency->enabled)
		str_add(out, ",\"enabled\":true");
	if (!add_list(out, "import-values", dependency->import_values, err) ||
	    !add_some_text(out, "alias", dependency->alias, err))
		return false;
	str_add_char(out, '}');
	return true;
}

bool chart_add_dependencies_json(struct str *out,
				 const struct chart_dependencies *dependencies,
				 struct err *err)
{
	str_add_char(out, '[');
	for (size_t i = 0; i < dependencies->count; i++) {
		if (i)
			str_add_char(out, ',');
		if (!add_dependency(out, &dependencies->items[i], err))
			return false;
	}
	str_add_char(out, ']');
	return true;
}

/* --- the chart ----------------------------------------------------------- */

/* Members of Helm's struct Maintainer, in their order. */
static const char *const maintainer_members[] = {"name", "email", "url"};

/* The same of struct Metadata. */
static const char *const metadata_members[] = {
	"name",	       "home",	      "sources",     "version",
	"description", "keywords",    "maintainers", "icon",
	"apiVersion",  "condition",   "tags",	     "appVersion",
	"deprecated",  "annotations", "kubeVersion", "dependencies",
	"type"};

static bool add_maintainer(struct str *out, const struct value *maintainer,
			   struct err *err)
{
	str_add_char(out, '{');
	for (size_t i = 0; i < ARRAY_SIZE(maintainer_members); i++) {
		const char *key = maintainer_members[i];

		if (!add_some_text(out, key, value_find_text(maintainer, key),
				   err))
			return false;
	}
	str_add_char(out, '}');
	return true;
}

static bool add_maintainers(struct str *out, const struct value *list,
			    struct err *err)
{
	str_add_char(out, '[');
	for (size_t i = 0; i < list->list.count; i++) {
		if (i)
			str_add_char(out, ',');
		if (!value_is_map(list->list.items[i]))
			str_add(out, "null");
		else if (!add_maintainer(out, list->list.items[i], err))
			return false;
	}
	str_add_char(out, ']');
	return true;
}

static bool add_member(struct str *out, const struct chart *chart,
		       const char *key, struct err *err)
{
	const struct value *member = value_map_get(chart->metadata, key);

	if (!member || !value_truth(member))
		return true;
	add_key(out, key);
	if (strcmp(key, "maintainers") == 0)
		return add_maintainers(out, member, err);
	if (strcmp(key, "dependencies") == 0)
		return chart_add_dependencies_json(out, &chart->dependencies,
						   err);
	return gojson_write(out, member, GOJSON_HTML, err);
}

bool chart_add_json(struct str *out, const struct chart *chart, struct err *err)
{
	str_add_char(out, '{');
	for (size_t i = 0; i < ARRAY_SIZE(metadata_members); i++)
		if (!add_member(out, chart, metadata_members[i], err))
			return false;
	str_add_char(out, '}');
	return true;
}
