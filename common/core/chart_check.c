/* What Helm's validation refuses of a chart, or of an entry of an index. */
#include <string.h>

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "core/chart.h"
#include "core/chart_parts.h"
#include "format/semver.h"
#include "format/value.h"
#include "format/ydoc.h"

static bool is_alias(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";

	return *text && !text[strspn(text, allowed)];
}

static bool check_alias(const struct chart_dependency *dependency,
			struct err *err)
{
	return !*dependency->alias || is_alias(dependency->alias) ||
	       err_set(err, ERR_INPUT,
		       "dependency '%s' has the alias '%s': only letters, "
		       "digits, '_' and '-' may be in it",
		       dependency->name, dependency->alias);
}

static bool check_unique(struct map *seen, struct chart_dependency *dependency,
			 struct err *err)
{
	const char *key =
		*dependency->alias ? dependency->alias : dependency->name;

	return !map_put(seen, key, dependency) ||
	       err_set(err, ERR_INPUT,
		       "more than one dependency has the name or alias '%s'",
		       key);
}

static bool check_dependencies(const struct chart *chart,
			       const struct ydoc *doc, struct err *err)
{
	CLEANUP(map_release) struct map seen = {0};

	for (size_t i = 0; i < chart->dependencies.count; i++) {
		struct chart_dependency *dependency =
			&chart->dependencies.items[i];
		CLEANUP(free_ptr) char *path = xasprintf("dependencies.%zu", i);

		if (!check_alias(dependency, err)) {
			CLEANUP(free_ptr) char *alias =
				xasprintf("%s.alias", path);

			return ydoc_blame(doc, alias, err);
		}
		if (!check_unique(&seen, dependency, err))
			return ydoc_blame(doc, path, err);
	}
	return true;
}

static bool check_name(const char *name, struct err *err)
{
	if (!*name)
		return err_set(err, ERR_INPUT, "the chart has no name");
	if (!strcmp(name, ".") || !strcmp(name, "..") || strchr(name, '/'))
		return err_set(err, ERR_INPUT, "'%s' cannot be a chart's name",
			       name);
	return true;
}

static bool check_version(const char *version, struct err *err)
{
	CLEANUP(semver_release) struct semver parsed = {0};

	if (!*version)
		return err_set(err, ERR_INPUT, "the chart has no version");
	return semver_parse(&parsed, version, err);
}

static bool check_type(const char *type, struct err *err)
{
	if (!*type || !strcmp(type, "application") || !strcmp(type, "library"))
		return true;
	return err_set(err, ERR_INPUT,
		       "the chart's type is '%s', must be application or "
		       "library",
		       type);
}

bool chart_take_metadata(struct chart *chart, const struct ydoc *doc,
			 bool vendored, struct err *err)
{
	const char *api;

	if (!*chart_text_of(chart->metadata, "apiVersion"))
		value_map_set_text(chart->metadata, chart->arena, "apiVersion",
				   "v1");
	api = chart_text_of(chart->metadata, "apiVersion");
	chart->name = chart_text_of(chart->metadata, "name");
	chart->version = chart_text_of(chart->metadata, "version");
	chart->api_version = api;
	chart_take_dependencies(&chart->dependencies,
				value_map_get(chart->metadata, "dependencies"),
				chart->arena);
	if (!vendored && strcmp(api, "v1") && strcmp(api, "v2")) {
		err_set(err, ERR_INPUT, "apiVersion '%s' is not supported",
			api);
		return ydoc_blame(doc, "apiVersion", err);
	}
	if (!check_name(chart->name, err))
		return ydoc_blame(doc, "name", err);
	if (!check_version(chart->version, err))
		return ydoc_blame(doc, "version", err);
	if (!check_type(chart_text_of(chart->metadata, "type"), err))
		return ydoc_blame(doc, "type", err);
	return check_dependencies(chart, doc, err);
}

static bool check_aliases(const struct value *metadata, struct arena *arena,
			  struct err *err)
{
	struct chart_dependencies dependencies;

	chart_take_dependencies(&dependencies,
				value_map_get(metadata, "dependencies"), arena);
	for (size_t i = 0; i < dependencies.count; i++) {
		if (!check_alias(&dependencies.items[i], err))
			return false;
	}
	return true;
}

bool chart_check_entry(const struct value *entry, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *metadata;

	return chart_read_fields(entry, &arena, &metadata, err) &&
	       check_name(chart_text_of(metadata, "name"), err) &&
	       check_version(chart_text_of(metadata, "version"), err) &&
	       check_type(chart_text_of(metadata, "type"), err) &&
	       check_aliases(metadata, &arena, err);
}
