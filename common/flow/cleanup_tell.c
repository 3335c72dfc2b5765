#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "core/sweep.h"
#include "flow/cleanup.h"
#include "format/value.h"

static const char *const words[] = {
	[CLEANUP_KEPT] = "kept",
	[CLEANUP_DELETED] = "deleted",
	[CLEANUP_FAILED] = "failed",
};

/*
 * Of 10,000 entries most say the same as the one before: texts are borrowed,
 * values shared.
 */
struct entry {
	const struct value *namespace, *release, *reason, *seconds;
};

static const struct value *share(const struct value *last, const char *text,
				 struct arena *arena)
{
	struct value *value;

	if (!text)
		return &value_nil;
	if (last && last->kind == VALUE_STRING && last->string.bytes == text)
		return last;
	value = value_new(arena, VALUE_STRING);
	value->string = (struct value_text){text, strlen(text)};
	return value;
}

static struct value *make_entry(struct entry *last,
				const struct cleanup_outcome *outcome,
				struct arena *arena)
{
	const struct sweep_item *item = outcome->item;
	double seconds = (double)outcome->milliseconds / 1000;
	struct value *entry = value_new_map(arena);

	last->namespace = share(last->namespace, item->namespace, arena);
	last->release = share(last->release, item->release, arena);
	last->reason = share(last->reason, outcome->reason, arena);
	if (!last->seconds || last->seconds->number != seconds)
		last->seconds = value_new_float(arena, seconds);
	value_map_reserve(entry, arena, sizeof(*last) / sizeof(last->release));
	value_map_set(entry, arena, "namespace", last->namespace);
	value_map_set(entry, arena, "release", last->release);
	value_map_set(entry, arena, "reason", last->reason);
	value_map_set(entry, arena, "seconds", last->seconds);
	return entry;
}

/* With what a message to its owner needs. */
static struct value *make_soon_entry(const struct value *plain,
				     const struct sweep_item *item,
				     struct arena *arena)
{
	static const struct sweep_namespace unmarked;
	const struct sweep_namespace *home =
		item->home ? item->home : &unmarked;
	struct value *entry = value_new_map(arena);

	for (size_t i = 0; i < plain->map.count; i++)
		value_map_set(entry, arena, plain->map.pairs[i].key.bytes,
			      plain->map.pairs[i].value);
	value_map_set(entry, arena, "repository",
		      share(NULL, home->repository, arena));
	value_map_set(entry, arena, "branch", share(NULL, home->branch, arena));
	expiry_tell(&item->expiry, entry, arena);
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
		.state = item->stuck	? CLEANUP_FAILED
			 : item->remove ? CLEANUP_DELETED
					: CLEANUP_KEPT,
		.reason = item->reason,
	};
}

static struct value *tell_metrics(const struct sweep_plan *plan,
				  const struct cleanup_result *result,
				  struct arena *arena)
{
	const struct cleanup_metrics metrics = cleanup_measure(plan, result);
	const struct {
		const char *name;
		size_t count;
	} counts[] = {
		{"judged", metrics.judged},	{"kept", metrics.kept},
		{"deleted", metrics.deleted},	{"failed", metrics.failed},
		{"expiringSoon", metrics.soon}, {"doubtful", metrics.doubtful},
	};
	struct value *map = value_new_map(arena);

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		value_map_set(map, arena, counts[i].name,
			      value_new_int(arena, (int64_t)counts[i].count));
	return map;
}

struct value *cleanup_tell(const struct sweep_plan *plan,
			   const struct cleanup_result *result,
			   struct arena *arena, struct str *text)
{
	struct value *map = value_new_map(arena);
	struct value *soon = value_new_list(arena);
	struct value *lists[ARRAY_SIZE(words)];
	struct entry last = {0};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		lists[i] = value_new_list(arena);
		value_map_set(map, arena, words[i], lists[i]);
	}
	for (size_t i = 0; i < plan->count; i++) {
		struct cleanup_outcome outcome =
			result ? result->outcomes[i] : foresee(&plan->items[i]);
		struct value *entry = make_entry(&last, &outcome, arena);

		value_list_add(lists[outcome.state], arena, entry);
		if (plan->items[i].soon)
			value_list_add(soon, arena,
				       make_soon_entry(entry, outcome.item,
						       arena));
		say(text,
		    !result && plan->items[i].remove ? "would delete"
						     : words[outcome.state],
		    &outcome);
	}
	value_map_set(map, arena, "expiringSoon", soon);
	value_map_set(map, arena, "judged",
		      value_new_int(arena, (int64_t)plan->count));
	value_map_set(map, arena, "dryRun", value_new_bool(arena, !result));
	value_map_set(map, arena, "metrics", tell_metrics(plan, result, arena));
	return map;
}

/* What runs comes to an end; what others have put there does not. */
static bool refuse_named(const struct cleanup_outcome *outcome, struct err *err)
{
	(void)err_set(err, outcome->foreign ? ERR_CONFLICT : ERR_REMOTE,
		      "'%s' was not deleted: %s", outcome->item->namespace,
		      outcome->reason);
	(void)err_temporary(err, !outcome->foreign);
	return err_hint(err, outcome->foreign
				     ? "its owner has to take that away first, "
				       "or to delete the namespace"
				     : "run it again when that has ended");
}

bool cleanup_check_named(const struct cleanup_result *result, struct err *err)
{
	for (size_t i = 0; i < result->count; i++) {
		const struct cleanup_outcome *outcome = &result->outcomes[i];

		if (outcome->foreign ||
		    (outcome->item->remove && outcome->state == CLEANUP_KEPT))
			return refuse_named(outcome, err);
	}
	return true;
}

bool cleanup_check_plan(const struct sweep_plan *plan, struct err *err)
{
	CLEANUP(cleanup_result_release) struct cleanup_result result = {
		.count = plan->count};

	result.outcomes = arena_new_array(&result.arena, struct cleanup_outcome,
					  plan->count);
	for (size_t i = 0; i < plan->count; i++) {
		result.outcomes[i] = foresee(&plan->items[i]);
		result.failed += plan->items[i].stuck;
	}
	return cleanup_check(&result, err);
}

bool cleanup_check(const struct cleanup_result *result, struct err *err)
{
	const struct cleanup_outcome *first = NULL;
	bool temporary = true;

	for (size_t i = 0; i < result->count; i++) {
		const struct cleanup_outcome *outcome = &result->outcomes[i];

		if (outcome->state != CLEANUP_FAILED)
			continue;
		if (!first)
			first = outcome;
		temporary = temporary && outcome->temporary;
	}
	if (!first)
		return true;
	(void)err_set(err, ERR_REMOTE,
		      "cannot delete %zu of the environments, the first is "
		      "'%s': %s",
		      result->failed, first->item->namespace, first->reason);
	if (first->hint)
		(void)err_hint(err, "%s", first->hint);
	return err_temporary(err, temporary);
}

void cleanup_log(const struct cleanup_result *result)
{
	for (size_t i = 0; i < result->count; i++) {
		const struct cleanup_outcome *outcome = &result->outcomes[i];
		const char *namespace = outcome->item->namespace;

		if (outcome->state == CLEANUP_DELETED)
			log_info(outcome->foreign
					 ? "deleted what is ours of '%s'"
					 : "deleted environment '%s'",
				 namespace);
		if (outcome->state == CLEANUP_FAILED)
			log_warning("'%s' failed: %s", namespace,
				    outcome->reason);
	}
}
