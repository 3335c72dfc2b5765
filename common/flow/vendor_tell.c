/* What was vendored, told to programs and to people. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/resolve.h"
#include "flow/vendor.h"
#include "format/value.h"

#define SHOWN_MAX 10 /* candidates that the text for people names */

static void set_or_null(struct value *map, struct arena *arena, const char *key,
			const char *text)
{
	value_map_set(map, arena, key,
		      text ? value_new_text(arena, text) : &value_nil);
}

static struct value *tell_dependencies(const struct vendored *vendored,
				       struct arena *arena)
{
	struct value *list = value_new_list(arena);

	for (size_t i = 0; i < vendored->count; i++) {
		const struct vendored_dependency *item = &vendored->items[i];
		struct value *map = value_new_map(arena);

		value_map_set_text(map, arena, "name", item->name);
		set_or_null(map, arena, "alias", item->alias);
		value_map_set_text(map, arena, "version", item->version);
		/* It may end in a build's log, and hold a login. */
		set_or_null(map, arena, "repository",
			    log_copy_masked(item->repository, arena));
		set_or_null(map, arena, "digest", item->digest);
		value_list_add(list, arena, map);
	}
	return list;
}

struct value *vendor_tell(const struct vendored *vendored,
			  const char *output_dir, struct arena *arena)
{
	struct value *chart = value_new_map(arena);

	value_map_set_text(chart, arena, "outputDir", output_dir);
	value_map_set_text(chart, arena, "name", vendored->name);
	value_map_set_text(chart, arena, "version", vendored->version);
	value_map_set(chart, arena, "dependencies",
		      tell_dependencies(vendored, arena));
	return chart;
}

/* --- why ------------------------------------------------------------------- */

static struct value *tell_candidates(const struct resolve_explanation *why,
				     struct arena *arena)
{
	struct value *list = value_new_list(arena);

	for (size_t i = 0; i < why->count; i++) {
		const struct resolve_candidate *candidate = &why->candidates[i];
		struct value *map = value_new_map(arena);

		value_map_set_text(map, arena, "version", candidate->version);
		value_map_set_text(map, arena, "verdict",
				   resolve_verdict_text(candidate->verdict));
		value_list_add(list, arena, map);
	}
	return list;
}

static struct value *tell_explanation(const struct resolve_explanation *why,
				      struct arena *arena)
{
	struct value *map = value_new_map(arena);

	value_map_set_text(map, arena, "constraint", why->constraint);
	value_map_set_text(map, arena, "why", why->why);
	value_map_set(map, arena, "candidates", tell_candidates(why, arena));
	value_map_set(map, arena, "more",
		      value_new_int(arena, (int64_t)why->more));
	return map;
}

void vendor_tell_why(const struct vendored *vendored, struct value *chart,
		     struct arena *arena)
{
	const struct value *told = value_map_get(chart, "dependencies");
	struct value *list = value_new_list(arena);

	for (size_t i = 0; i < vendored->count; i++) {
		struct value *map = value_copy(told->list.items[i], arena);

		if (vendored->items[i].explanation)
			value_map_set(
				map, arena, "explanation",
				tell_explanation(vendored->items[i].explanation,
						 arena));
		value_list_add(list, arena, map);
	}
	value_map_set(chart, arena, "dependencies", list);
}

static void add_why(struct str *text, const struct resolve_explanation *why)
{
	size_t more = why->more;

	str_addf(text, "    '%s': %s\n", why->constraint, why->why);
	for (size_t i = 0; i < why->count; i++) {
		const struct resolve_candidate *candidate = &why->candidates[i];

		if (i >= SHOWN_MAX && candidate->verdict != RESOLVE_TAKEN) {
			more++;
			continue;
		}
		str_addf(text, "      %s: %s\n", candidate->version,
			 resolve_verdict_text(candidate->verdict));
	}
	if (more)
		str_addf(text, "      and %zu more\n", more);
}

void vendor_add_text(struct str *text, const struct vendored *vendored)
{
	for (size_t i = 0; i < vendored->count; i++) {
		const struct vendored_dependency *item = &vendored->items[i];

		str_addf(text, "  %s %s", item->name, item->version);
		if (item->alias)
			str_addf(text, " as %s", item->alias);
		str_add_char(text, '\n');
		if (item->explanation)
			add_why(text, item->explanation);
	}
}
