/* What was vendored, told to programs and to people. */
#include "base/mem.h"
#include "base/str.h"
#include "flow/vendor.h"
#include "format/value.h"

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
		set_or_null(map, arena, "repository", item->repository);
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

void vendor_add_text(struct str *text, const struct vendored *vendored)
{
	for (size_t i = 0; i < vendored->count; i++) {
		const struct vendored_dependency *item = &vendored->items[i];

		str_addf(text, "  %s %s", item->name, item->version);
		if (item->alias)
			str_addf(text, " as %s", item->alias);
		str_add_char(text, '\n');
	}
}
