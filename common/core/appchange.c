#include "core/appchange.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/chart.h"
#include "core/gitaddress.h"
#include "core/githash.h"
#include "core/lockfile.h"
#include "format/value.h"

struct appchange *appchanges_add(struct appchanges *changes,
				 struct arena *arena)
{
	struct appchange *change;

	changes->items =
		arena_grow(arena, changes->items, changes->count + 1,
			   sizeof(*changes->items), &changes->capacity);
	change = &changes->items[changes->count++];
	*change = (struct appchange){0};
	return change;
}

/* --- where a chart comes from ------------------------------------------ */

static const char *annotation(const struct value *annotations, const char *ours,
			      const char *usual)
{
	const struct value *found =
		annotations ? value_map_get(annotations, ours) : NULL;

	if (!found && annotations)
		found = value_map_get(annotations, usual);
	return found && found->kind == VALUE_STRING ? found->string.bytes
						    : NULL;
}

void appchange_annotate(struct appchange_side *side,
			const struct value *annotations, struct arena *arena)
{
	const char *commit = annotation(annotations, "slipway/commit",
					"org.opencontainers.image.revision");
	const char *source = annotation(annotations, "slipway/repository",
					"org.opencontainers.image.source");
	CLEANUP(free_ptr) char *path = NULL;

	side->was_read = true;
	if (commit && githash_is_part(commit))
		side->commit = arena_strdup(arena, commit);
	if (!source)
		return;
	if (strstr(source, "://") || strchr(source, '@'))
		path = gitaddress_path(source);
	else if (strchr(source, '/'))
		path = xstrdup(source);
	if (path)
		side->source = arena_strdup(arena, path);
}

/* --- the applications of a chart --------------------------------------- */

static bool is_partial(const struct chart_file *file)
{
	const char *slash = strrchr(file->name, '/');
	const char *name = slash ? slash + 1 : file->name;

	return name[0] == '_' || strcmp(name, "NOTES.txt") == 0;
}

/* An umbrella only brings others; its own templates are partials. */
static bool is_application(const struct chart *chart)
{
	if (chart->dependencies.count == 0)
		return true;
	for (size_t i = 0; i < chart->templates.count; i++)
		if (!is_partial(&chart->templates.items[i]))
			return true;
	return false;
}

static void add_self(struct appchanges *found, const struct chart *chart,
		     struct arena *arena)
{
	struct appchange *change = appchanges_add(found, arena);

	change->name = change->chart = arena_strdup(arena, chart->name);
	change->new.version = arena_strdup(arena, chart->version);
	appchange_annotate(&change->new,
			   value_map_get(chart->metadata, "annotations"),
			   arena);
}

/* That of exactly @version if there is one, else the first. */
static const struct chart *find_subchart(const struct chart *chart,
					 const char *name, const char *version)
{
	const struct chart *found = NULL;

	for (size_t i = 0; i < chart->subchart_count; i++) {
		const struct chart *one = chart->subcharts[i];

		if (!same_text(one->name, name))
			continue;
		if (same_text(one->version, version))
			return one;
		found = found ? found : one;
	}
	return found;
}

/* The lock's entries stand in the order of the dependencies. */
static const char *locked_version(const struct chart *chart, size_t at)
{
	const struct chart_dependencies *locked =
		chart->lock ? &chart->lock->dependencies : NULL;

	if (!locked || locked->count != chart->dependencies.count ||
	    !same_text(locked->items[at].name,
		       chart->dependencies.items[at].name))
		return NULL;
	return locked->items[at].version;
}

static void add_dependency(struct appchanges *found, const struct chart *chart,
			   size_t at, struct arena *arena)
{
	const struct chart_dependency *wanted = &chart->dependencies.items[at];
	const char *locked = locked_version(chart, at);
	const char *version = locked ? locked : wanted->version;
	const struct chart *sub = find_subchart(chart, wanted->name, version);
	struct appchange *change = appchanges_add(found, arena);

	/* What is in charts/ is what is installed, whatever was asked for. */
	if (sub && !locked)
		version = sub->version;
	if (sub && !same_text(sub->version, version))
		sub = NULL;
	change->name = arena_strdup(arena, *wanted->alias ? wanted->alias
							  : wanted->name);
	change->chart = arena_strdup(arena, wanted->name);
	if (*wanted->repository)
		change->repository = arena_strdup(arena, wanted->repository);
	change->new.version = arena_strdup(arena, version);
	if (sub)
		appchange_annotate(&change->new,
				   value_map_get(sub->metadata, "annotations"),
				   arena);
}

/* All of them, as the new side of changes. */
static void list_applications(struct appchanges *found,
			      const struct chart *chart, struct arena *arena)
{
	if (is_application(chart))
		add_self(found, chart, arena);
	for (size_t i = 0;
	     i < chart->dependencies.count && found->count < APPCHANGE_MAX; i++)
		add_dependency(found, chart, i, arena);
}

static struct appchange *find_by_name(const struct appchanges *list,
				      const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (same_text(list->items[i].name, name))
			return &list->items[i];
	return NULL;
}

static bool is_change(const struct appchange *change)
{
	return !same_text(change->old.version, change->new.version) ||
	       (change->old.commit && change->new.commit &&
		strcmp(change->old.commit, change->new.commit) != 0);
}

void appchange_of_charts(struct appchanges *changes, const struct chart *old,
			 const struct chart *new, struct arena *arena)
{
	struct appchanges before = {0};
	struct appchanges after = {0};

	if (old)
		list_applications(&before, old, arena);
	if (new)
		list_applications(&after, new, arena);
	for (size_t i = 0; i < after.count; i++) {
		struct appchange *was =
			find_by_name(&before, after.items[i].name);

		if (was)
			after.items[i].old = was->new;
		if (is_change(&after.items[i]))
			*appchanges_add(changes, arena) = after.items[i];
	}
	for (size_t i = 0; i < before.count; i++) {
		struct appchange gone = before.items[i];

		if (find_by_name(&after, gone.name))
			continue;
		gone.old = gone.new;
		gone.new = (struct appchange_side){0};
		*appchanges_add(changes, arena) = gone;
	}
}

/* --- the record -------------------------------------------------------- */

/* The umbrella's dependency with that alias, or that name and no alias. */
static const struct value *find_recorded(const struct value *record,
					 const char *name)
{
	const struct value *list =
		value_find_list(record, "umbrella.dependencies");

	for (size_t i = 0; i < list->list.count; i++) {
		const struct value *item = list->list.items[i];
		const char *alias = value_find_text(item, "alias");

		if (same_text(alias ? alias : value_find_text(item, "name"),
			      name))
			return item;
	}
	return NULL;
}

static const char *copy_text(const char *text, struct arena *arena)
{
	return is_blank(text) ? NULL : arena_strdup(arena, text);
}

void appchange_of_record(struct appchanges *changes, const struct value *record,
			 const struct chart *new, struct arena *arena)
{
	const struct value *list =
		value_find_list(record, "environment.applications");
	struct appchanges deployed = {0};

	if (new)
		list_applications(&deployed, new, arena);
	for (size_t i = 0;
	     i < list->list.count && changes->count < APPCHANGE_MAX; i++) {
		const struct value *item = list->list.items[i];
		const char *name = value_find_text(item, "name");
		const struct appchange *known =
			name ? find_by_name(&deployed, name) : NULL;
		const struct value *dependency =
			name ? find_recorded(record, name) : NULL;
		struct appchange change = {.name = copy_text(name, arena)};

		if (!change.name)
			continue;
		change.old.version =
			copy_text(value_find_text(item, "old"), arena);
		change.new.version =
			copy_text(value_find_text(item, "new"), arena);
		change.chart = change.name;
		if (dependency && value_find_text(dependency, "name"))
			change.chart = copy_text(
				value_find_text(dependency, "name"), arena);
		if (dependency)
			change.repository = copy_text(
				value_find_text(dependency, "repository"),
				arena);
		if (known && same_text(known->new.version, change.new.version))
			change.new = known->new;
		if (is_change(&change))
			*appchanges_add(changes, arena) = change;
	}
}

/* --- several names ----------------------------------------------------- */

static bool same_side(const struct appchange_side *a,
		      const struct appchange_side *b)
{
	return same_text(a->version, b->version) &&
	       same_text(a->commit, b->commit);
}

static bool is_same(const struct appchange *a, const struct appchange *b)
{
	return same_text(a->chart, b->chart) && same_side(&a->old, &b->old) &&
	       same_side(&a->new, &b->new);
}

void appchanges_join(struct appchanges *changes)
{
	size_t kept = 0;

	for (size_t i = 0; i < changes->count; i++) {
		bool joined = false;

		for (size_t k = 0; k < kept && !joined; k++) {
			joined =
				is_same(&changes->items[k], &changes->items[i]);
			if (joined)
				changes->items[k].name =
					changes->items[k].chart;
		}
		if (!joined)
			changes->items[kept++] = changes->items[i];
	}
	changes->count = kept;
}
