/* What was published, told to programs and to people. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chart.h"
#include "flow/publish.h"
#include "format/value.h"

static struct value *tell_charts(const struct publish_batch *batch,
				 const char *repository, struct arena *arena)
{
	struct value *charts = value_new_list(arena);

	/* The address of a repository may hold a login. */
	repository = log_copy_masked(repository, arena);
	for (size_t i = 0; i < batch->count; i++) {
		const struct publish_item *item = &batch->items[i];
		struct value *map = value_new_map(arena);

		value_map_set_text(map, arena, "name", item->chart->name);
		value_map_set_text(map, arena, "version", item->chart->version);
		if (*item->digest)
			value_map_set_text(map, arena, "digest", item->digest);
		value_map_set_text(map, arena, "url", str_text(&item->address));
		value_map_set(map, arena, "existed",
			      value_new_bool(arena, item->existed));
		if (item->kept)
			value_map_set(map, arena, "kept",
				      value_new_bool(arena, true));
		if (item->modified)
			value_map_set(map, arena, "modified",
				      value_new_bool(arena, true));
		if (repository)
			value_map_set_text(map, arena, "repository",
					   repository);
		value_list_add(charts, arena, map);
	}
	return charts;
}

struct value *publish_tell(const struct publish_batch *batch,
			   const char *repository, struct arena *arena,
			   struct str *text)
{
	struct value *result = value_new_map(arena);

	value_map_set(result, arena, "charts",
		      tell_charts(batch, repository, arena));
	for (size_t i = 0; i < batch->count; i++) {
		const struct publish_item *item = &batch->items[i];

		str_addf(text, "%s %s: %s%s\n", item->chart->name,
			 item->chart->version, str_text(&item->address),
			 item->kept	 ? " (kept: other content was there)"
			 : item->existed ? " (was there)"
					 : "");
	}
	return result;
}
