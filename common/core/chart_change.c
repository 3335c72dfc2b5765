/* What a chart becomes before it is packaged. */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chart.h"
#include "core/chart_parts.h"
#include "format/semver.h"
#include "format/value.h"
#include "format/ydoc.h"

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

bool chart_set_value(struct chart *chart, const char *path, const char *text,
		     struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	struct chart_file *changed;

	if (!chart->values)
		return err_set(err, ERR_INPUT,
			       "cannot set '%s': chart '%s' has no values.yaml",
			       path, chart->path);
	if (!chart_parse_file(&doc, chart, chart->values, 0, err) ||
	    !ydoc_set_text(&doc, path, text, err))
		return err_wrap(err, "cannot set '%s'", path);
	changed = arena_new(chart->arena, struct chart_file);
	*changed = *chart->values;
	changed->bytes =
		arena_memdupz(chart->arena, str_text(&doc.text), doc.text.len);
	changed->len = doc.text.len;
	chart->values = changed;
	return true;
}

void chart_stamp(struct chart *chart, int64_t seconds)
{
	chart->stamp = seconds;
	for (size_t i = 0; i < chart->subchart_count; i++)
		chart_stamp(chart->subcharts[i], seconds);
}

static bool has_subchart(const struct chart *chart, const char *name)
{
	for (size_t i = 0; i < chart->subchart_count; i++) {
		if (!strcmp(chart->subcharts[i]->name, name))
			return true;
	}
	return false;
}

void chart_add_missing(struct str *names, const struct chart *chart)
{
	for (size_t i = 0; i < chart->dependencies.count; i++) {
		const char *name = chart->dependencies.items[i].name;

		if (!has_subchart(chart, name))
			str_addf(names, "%s'%s'", names->len ? ", " : "", name);
	}
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
	return err_hint(err, "fetch them with 'helm dependency update %s'",
			chart->path);
}
