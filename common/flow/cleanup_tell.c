#include "base/str.h"
#include "core/sweep.h"
#include "flow/cleanup.h"
#include "format/value.h"

static const char *const words[] = {
	[CLEANUP_KEPT] = "kept",
	[CLEANUP_DELETED] = "deleted",
	[CLEANUP_FAILED] = "failed",
};

static struct value *make_entry(const struct cleanup_outcome *outcome,
				struct arena *arena)
{
	const struct sweep_item *item = outcome->item;
	struct value *entry = value_new_map(arena);

	value_map_set_text(entry, arena, "namespace", item->namespace);
	value_map_set(entry, arena, "release",
		      item->release ? value_new_text(arena, item->release)
				    : &value_nil);
	value_map_set_text(entry, arena, "reason", outcome->reason);
	value_map_set(entry, arena, "seconds",
		      value_new_float(arena,
				      (double)outcome->milliseconds / 1000));
	return entry;
}

static void say(struct str *text, const char *what,
		const struct cleanup_outcome *outcome)
{
	const struct sweep_item *item = outcome->item;

	str_addf(text, "%s %s%s%s: %s\n", what, item->namespace,
		 item->release ? "/" : "", item->release ? item->release : "",
		 outcome->reason);
}

/* What a plan says will come of an item. */
static struct cleanup_outcome foresee(const struct sweep_item *item)
{
	return (struct cleanup_outcome){
		.item = item,
		.state = item->remove ? CLEANUP_DELETED : CLEANUP_KEPT,
		.reason = item->reason,
	};
}

struct value *cleanup_tell(const struct sweep_plan *plan,
			   const struct cleanup_result *result,
			   struct arena *arena, struct str *text)
{
	struct value *map = value_new_map(arena);
	struct value *soon = value_new_list(arena);
	struct value *lists[ARRAY_SIZE(words)];

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		lists[i] = value_new_list(arena);
		value_map_set(map, arena, words[i], lists[i]);
	}
	for (size_t i = 0; i < plan->count; i++) {
		struct cleanup_outcome outcome =
			result ? result->outcomes[i] : foresee(&plan->items[i]);
		struct value *entry = make_entry(&outcome, arena);

		value_list_add(lists[outcome.state], arena, entry);
		if (plan->items[i].soon)
			value_list_add(soon, arena, entry);
		say(text,
		    !result && plan->items[i].remove ? "would delete"
						     : words[outcome.state],
		    &outcome);
	}
	value_map_set(map, arena, "expiringSoon", soon);
	value_map_set(map, arena, "judged",
		      value_new_int(arena, (int64_t)plan->count));
	value_map_set(map, arena, "dryRun", value_new_bool(arena, !result));
	return map;
}
