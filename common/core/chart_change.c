/* What a chart becomes before it is packaged. */
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "core/chart.h"
#include "core/chart_parts.h"
#include "format/semver.h"
#include "format/url.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "sys/file.h"

bool chart_set_version(struct chart *chart, const char *version,
		       struct err *err)
{
	CLEANUP(semver_release) struct semver parsed = {0};

	if (!semver_parse(&parsed, version, err))
		return false;
	chart->version = arena_strdup(chart->arena, version);
	value_map_set_text(chart->metadata, chart->arena, "version", version);
	return true;
}

void chart_set_app_version(struct chart *chart, const char *version)
{
	value_map_set_text(chart->metadata, chart->arena, "appVersion",
			   version);
}

void chart_set_annotation(struct chart *chart, const char *key,
			  const char *text)
{
	const struct value *old = value_map_get(chart->metadata, "annotations");
	struct value *annotations = old ? value_copy(old, chart->arena)
					: value_new_map(chart->arena);

	value_map_set_text(annotations, chart->arena, key, text);
	value_map_set(chart->metadata, chart->arena, "annotations",
		      annotations);
}

const char *chart_annotation(const struct chart *chart, const char *key)
{
	const struct value *annotations =
		value_map_get(chart->metadata, "annotations");
	const struct value *text =
		annotations ? value_map_get(annotations, key) : NULL;

	return text && text->kind == VALUE_STRING ? text->string.bytes : NULL;
}

/* --- values ---------------------------------------------------------------- */

/* Append the item that "[N]" names to the list at @path; false: it does not. */
static bool add_index(struct str *path, const struct ydoc *doc, const char **at)
{
	const struct value *list = value_find(doc->root, str_text(path));
	size_t digits = strspn(*at + 1, "0123456789");
	const char *end = *at + 1 + digits;

	if (!digits || *end != ']' || (end[1] && !strchr(".[", end[1])) ||
	    !list || list->kind != VALUE_LIST)
		return false;
	str_addf(path, ".%.*s", (int)digits, *at + 1);
	*at = end + 1;
	return true;
}

/* Helm's "a[0].b" as format/ydoc.h has it, "a.0.b". */
static bool read_path(struct str *out, const struct ydoc *doc, const char *path,
		      struct err *err)
{
	const char *at = path;

	while (*at) {
		if (*at != '[')
			str_add_char(out, *at++);
		else if (!add_index(out, doc, &at))
			return err_set(err, ERR_INPUT,
				       "'%s' is no item of a list", at);
	}
	return true;
}

/* What is another key in Helm, or one that nobody means, is not set silently. */
static bool check_path(const char *path, struct err *err)
{
	if (strpbrk(path, "\\,")) {
		err_set(err, ERR_USAGE,
			"'%s' is no path of keys: it has a backslash or a "
			"comma",
			path);
		return err_hint(err, "a key that has a dot in it is set in "
				     "values.yaml itself; of several values, "
				     "give '--set' once for each");
	}
	if (*path != '.' && !ends_with(path, ".") && !strstr(path, "..") &&
	    !strstr(path, ".["))
		return true;
	return err_set(err, ERR_USAGE,
		       "'%s' is no path of keys: one of them is empty", path);
}

/* "{a,b}": a list in Helm. */
static bool is_list(const char *text)
{
	return *text == '{' && ends_with(text, "}");
}

/* "x,b=2": whoever writes so means Helm's form of several values. */
static bool holds_several(const char *text)
{
	const char *comma, *name;

	for (comma = strchr(text, ','); comma; comma = strchr(name, ',')) {
		name = comma + 1;
		name += strspn(name, "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_-.[]");
		if (name > comma + 1 && *name == '=')
			return true;
	}
	return false;
}

static bool check_typed(const char *path, const char *text, struct err *err)
{
	if (is_list(text)) {
		err_set(err, ERR_USAGE, "'%s=%s' is a list to Helm", path,
			text);
		return err_hint(err, "lists are written in values.yaml itself; "
				     "a text with braces is one for "
				     "'--set-string'");
	}
	if (!holds_several(text))
		return true;
	err_set(err, ERR_USAGE, "'%s=%s' holds several values", path, text);
	return err_hint(err, "give '--set' once for each; a text with commas "
			     "is one for '--set-string'");
}

/* Helm reads the numbers of a chart as float64; beyond this it rounds them. */
#define WHOLE_MAX ((int64_t)1 << 53)

/* Put the scalar that Helm's --set takes @text for; false: it is text. */
static bool read_scalar(struct str *scalar, const char *text)
{
	static const char *const words[] = {"true", "false", "null"};
	int64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			str_add(scalar, words[i]);
			return true;
		}
	}
	if ((*text == '0' && text[1]) ||
	    !num_parse_range(*text == '+' && text[1] != '-' ? text + 1 : text,
			     -WHOLE_MAX, WHOLE_MAX, &number))
		return false;
	str_addf(scalar, "%lld", (long long)number);
	return true;
}

static bool set_value(struct ydoc *doc, const char *path, const char *text,
		      enum chart_text as, struct err *err)
{
	CLEANUP(str_release) struct str scalar = {0};
	const struct value *old = value_find(doc->root, path);

	if (as == CHART_TEXT || !read_scalar(&scalar, text) ||
	    (old && old->kind == VALUE_STRING &&
	     strcmp(str_text(&scalar), "null") != 0))
		return ydoc_set_text(doc, path, text, err);
	return ydoc_set_raw(doc, path, str_text(&scalar), err);
}

bool chart_set_value(struct chart *chart, const char *path, const char *text,
		     enum chart_text as, struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(str_release) struct str plain = {0};
	struct chart_file *changed;

	if (!check_path(path, err) ||
	    (as == CHART_TYPED && !check_typed(path, text, err)))
		return false;
	if (!chart->values)
		return err_set(err, ERR_INPUT,
			       "cannot set '%s': chart '%s' has no values.yaml",
			       path, chart->path);
	if (!chart_parse_file(&doc, chart, chart->values, 0, err) ||
	    !read_path(&plain, &doc, path, err))
		return err_wrap(err, "cannot set '%s'", path);
	if (!set_value(&doc, str_text(&plain), text, as, err))
		return false;
	changed = arena_new(chart->arena, struct chart_file);
	*changed = *chart->values;
	changed->bytes =
		arena_memdupz(chart->arena, str_text(&doc.text), doc.text.len);
	changed->len = doc.text.len;
	chart->values = changed;
	return true;
}

/* --- versions that dependencies lack --------------------------------------- */

static bool lacks_version(const struct chart_dependency *dependency)
{
	return is_blank(dependency->version);
}

static bool lacks_versions(const struct chart *chart)
{
	for (size_t i = 0; i < chart->dependencies.count; i++) {
		if (lacks_version(&chart->dependencies.items[i]))
			return true;
	}
	return false;
}

static void fill_metadata(struct chart *chart, const char *version)
{
	const struct value *old =
		value_map_get(chart->metadata, "dependencies");
	struct value *list = value_new_list(chart->arena);

	for (size_t i = 0; i < chart->dependencies.count; i++) {
		struct value *item =
			value_copy(old->list.items[i], chart->arena);

		if (lacks_version(&chart->dependencies.items[i]))
			value_map_set_text(item, chart->arena, "version",
					   version);
		value_list_add(list, chart->arena, item);
	}
	value_map_set(chart->metadata, chart->arena, "dependencies", list);
}

static bool fill_text(struct ydoc *doc, const struct chart *chart,
		      const char *version, struct err *err)
{
	for (size_t i = 0; i < chart->dependencies.count; i++) {
		CLEANUP(free_ptr) char *path =
			xasprintf("dependencies.%zu.version", i);

		if (lacks_version(&chart->dependencies.items[i]) &&
		    !ydoc_set_text(doc, path, version, err))
			return err_wrap(err, "cannot write '%s'", path);
	}
	return true;
}

/* Of a v1 chart, whose package has its dependencies in that file alone. */
static bool fill_requirements(const struct chart *chart, const char *version,
			      struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	struct chart_file *file = NULL;

	for (size_t i = 0; !file && i < chart->others.count; i++) {
		if (!strcmp(chart->others.items[i].name, "requirements.yaml"))
			file = &chart->others.items[i];
	}
	if (!file)
		return true;
	if (!chart_parse_file(&doc, chart, file, YDOC_FIRST | YDOC_INFINITE,
			      err))
		return false;
	if (!value_is_list(value_find(doc.root, "dependencies")))
		return true;
	if (!fill_text(&doc, chart, version, err))
		return false;
	file->bytes =
		arena_memdupz(chart->arena, str_text(&doc.text), doc.text.len);
	file->len = doc.text.len;
	return true;
}

bool chart_fill_versions(struct chart *chart, const char *version,
			 struct err *err)
{
	if (!lacks_versions(chart))
		return true;
	if (!fill_requirements(chart, version, err))
		return false;
	fill_metadata(chart, version);
	for (size_t i = 0; i < chart->dependencies.count; i++) {
		if (lacks_version(&chart->dependencies.items[i]))
			chart->dependencies.items[i].version = version;
	}
	return true;
}

/* --- times and dependencies ------------------------------------------------ */

void chart_stamp(struct chart *chart, int64_t seconds)
{
	chart->stamp = seconds;
	for (size_t i = 0; i < chart->subchart_count; i++)
		chart_stamp(chart->subcharts[i], seconds);
}

bool chart_has_subchart(const struct chart *chart, const char *name)
{
	for (size_t i = 0; i < chart->subchart_count; i++) {
		if (!strcmp(chart->subcharts[i]->name, name))
			return true;
	}
	return false;
}

void chart_add_subchart(struct chart *chart, struct chart *subchart)
{
	size_t count = chart->subchart_count;
	struct chart **grown =
		arena_new_array(chart->arena, struct chart *, count + 1);

	if (count)
		memcpy(grown, chart->subcharts, count * sizeof(*grown));
	grown[count] = subchart;
	chart->subcharts = grown;
	chart->subchart_count++;
}

void chart_add_missing(struct str *names, const struct chart *chart)
{
	for (size_t i = 0; i < chart->dependencies.count; i++) {
		const char *name = chart->dependencies.items[i].name;

		if (!chart_has_subchart(chart, name))
			str_addf(names, "%s'%s'", names->len ? ", " : "", name);
	}
}

static bool has_chart(const char *from, const char *folder)
{
	CLEANUP(free_ptr) char *path =
		*folder == '/' ? xstrdup(folder) : path_join(from, folder);

	return chart_is_in(path);
}

/*
 * Why Helm cannot fetch a dependency of @chart, as the end of a sentence; NULL:
 * it can, where the repository is known to it.  Repositories in folders and
 * buckets are ours, not Helm's.  The caller frees it.
 */
static char *why_not_helm(const struct chart *chart,
			  const struct chart_dependency *dependency)
{
	const char *address = dependency->repository;
	const char *scheme_end = strstr(address, "://");
	const char *folder = after_prefix(address, "file://");

	if (is_blank(address))
		return xasprintf("does not know where to fetch '%s' from",
				 dependency->name);
	if (folder)
		return has_chart(chart->path, folder)
			       ? NULL
			       : xasprintf("knows no chart '%s' in '%s'",
					   dependency->name, address);
	if (!scheme_end || url_is_web(address) ||
	    starts_with(address, "oci://"))
		return NULL;
	return xasprintf("cannot fetch '%s' from %.*s://", dependency->name,
			 (int)(scheme_end - address), address);
}

static bool hint_at_missing(const struct chart *chart, struct err *err)
{
	if (!file_is_dir(chart->path))
		return err_hint(err, "package it again from its folder, with "
				     "them in 'charts/' there");
	for (size_t i = 0; i < chart->dependencies.count; i++) {
		const struct chart_dependency *dependency =
			&chart->dependencies.items[i];
		CLEANUP(free_ptr) char *why = NULL;

		if (!chart_has_subchart(chart, dependency->name))
			why = why_not_helm(chart, dependency);
		if (why)
			return err_hint(err,
					"put what is missing into "
					"'%s/charts/', as folders or archives: "
					"Helm %s",
					chart->path, why);
	}
	return err_hint(err, "fetch them with 'helm dependency update %s'",
			chart->path);
}

bool chart_check_dependencies(const struct chart *chart, struct err *err)
{
	CLEANUP(str_release) struct str missing = {0};

	chart_add_missing(&missing, chart);
	if (!missing.len)
		return true;
	err_set(err, ERR_INPUT,
		"Chart.yaml of '%s' names dependencies that are not in "
		"charts/: %s",
		chart->path, str_text(&missing));
	return hint_at_missing(chart, err);
}
