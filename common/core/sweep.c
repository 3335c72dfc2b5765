#include "core/sweep.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "core/envname.h"

static bool matches_any(const char *name, const struct strvec *globs)
{
	for (size_t i = 0; globs && i < globs->count; i++) {
		if (fnmatch(globs->items[i], name, 0) == 0)
			return true;
	}
	return false;
}

static struct sweep_item *add_item(struct sweep_plan *plan)
{
	plan->items = arena_grow(&plan->arena, plan->items, plan->count + 1,
				 sizeof(*plan->items), &plan->capacity);
	return &plan->items[plan->count++];
}

static bool is_opted_in(const struct sweep_item *item)
{
	return (item->judged && item->judged->managed) ||
	       (item->home && item->home->managed);
}

/* Is a mark of a version that we do not know on either? */
static const char *unknown_version(const struct sweep_item *item)
{
	const char *marks[] = {
		item->judged ? item->judged->managed : NULL,
		item->home ? item->home->managed : NULL,
	};

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		if (marks[i] && strcmp(marks[i], SWEEP_MARK_VERSION) != 0)
			return marks[i];
	}
	return NULL;
}

/*
 * The later of both marks.  False, with the reason, where one is garbled or
 * there is none: then nobody knows.
 */
static bool read_expiry(struct sweep_plan *plan, struct sweep_item *item)
{
	const char *labels[] = {
		item->judged ? item->judged->expires_at : NULL,
		item->home ? item->home->expires_at : NULL,
	};
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		struct expiry expiry;

		if (!labels[i])
			continue;
		if (!expiry_parse_label(labels[i], &expiry)) {
			item->reason = arena_printf(
				&plan->arena,
				"its label slipway/expires-at is no time: '%s'",
				labels[i]);
			return false;
		}
		item->expiry =
			found ? expiry_later(item->expiry, expiry) : expiry;
		found = true;
	}
	if (!found)
		item->reason = "it has no label slipway/expires-at";
	return found;
}

/* Why @item must be kept whatever its expiry, or NULL. */
static const char *protection(struct sweep_plan *plan,
			      const struct sweep_item *item,
			      const struct sweep_rules *rules)
{
	const char *version = unknown_version(item);

	if (!is_opted_in(item))
		return "no deployment of ours marked it";
	if (version)
		return arena_printf(&plan->arena,
				    "its marks are of version '%s', which "
				    "this program does not know",
				    version);
	if (envname_is_system(item->namespace))
		return "the namespace belongs to the cluster";
	if (item->home && item->home->main)
		return "it is a main environment";
	if (matches_any(item->namespace, rules->protect))
		return "it is protected";
	if (item->home && item->home->terminating)
		return "it is being deleted already";
	if (!item->release && !item->home->created)
		return "only its namespace is left, which was there before us";
	return NULL;
}

static void judge(struct sweep_plan *plan, struct sweep_item *item,
		  const struct sweep_world *world,
		  const struct sweep_rules *rules)
{
	int64_t due;

	item->reason = protection(plan, item, rules);
	if (item->reason)
		return;
	if (rules->immediately) {
		item->remove = true;
		item->reason = "asked for by name";
		return;
	}
	if (!read_expiry(plan, item))
		return;
	if (!item->expiry.expires) {
		item->reason = "it never expires";
		return;
	}

	due = item->expiry.at + rules->grace_s;
	item->remove = world->now >= due;
	item->soon = !item->remove && world->now + rules->warn_before_s >= due;
	item->reason = item->remove ? "expired" : "not expired yet";
}

static int compare_items(const void *a, const void *b)
{
	const struct sweep_item *left = a, *right = b;
	int order = strcmp(left->namespace, right->namespace);

	if (order)
		return order;
	if (!left->release || !right->release)
		return !right->release - !left->release;
	return strcmp(left->release, right->release);
}

static bool is_wanted(const char *namespace, const struct sweep_rules *rules)
{
	if (rules->environment)
		return strcmp(namespace, rules->environment) == 0;
	return !rules->namespaces || !rules->namespaces->count ||
	       matches_any(namespace, rules->namespaces);
}

/* The highest revision of each release, by "namespace/name". */
static void find_highest(struct map *highest, const struct sweep_world *world)
{
	for (size_t i = 0; i < world->release_count; i++) {
		struct sweep_release *release = &world->releases[i];
		CLEANUP(free_ptr) char *key =
			xasprintf("%s/%s", release->namespace, release->name);
		const struct sweep_release *known = map_get(highest, key);

		if (!known || known->revision < release->revision)
			map_put(highest, key, release);
	}
}

static void collect(struct sweep_plan *plan, const struct sweep_world *world,
		    const struct sweep_rules *rules)
{
	CLEANUP(map_release) struct map highest = {0};
	CLEANUP(map_release) struct map homes = {0};
	CLEANUP(map_release) struct map inhabited = {0};

	find_highest(&highest, world);
	for (size_t i = 0; i < world->namespace_count; i++)
		map_put(&homes, world->namespaces[i].name,
			&world->namespaces[i]);

	for (size_t i = 0; i < highest.count; i++) {
		const struct sweep_release *release = highest.entries[i].value;

		map_put(&inhabited, release->namespace, &inhabited);
		if (!is_wanted(release->namespace, rules))
			continue;
		*add_item(plan) = (struct sweep_item){
			.namespace = release->namespace,
			.release = release->name,
			.judged = release,
			.home = map_get(&homes, release->namespace),
		};
	}
	for (size_t i = 0; i < world->namespace_count; i++) {
		const struct sweep_namespace *home = &world->namespaces[i];

		if (map_has(&inhabited, home->name) ||
		    !is_wanted(home->name, rules))
			continue;
		*add_item(plan) = (struct sweep_item){
			.namespace = home->name,
			.home = home,
		};
	}
	if (plan->count > 1)
		qsort(plan->items, plan->count, sizeof(*plan->items),
		      compare_items);
}

static bool check_fuse(const struct sweep_plan *plan,
		       const struct sweep_rules *rules, struct err *err)
{
	bool too_many = rules->max_deletes >= 0 &&
			plan->removals > (size_t)rules->max_deletes;
	bool too_large_a_part =
		plan->removals * 100 > plan->count * (size_t)rules->max_percent;

	if (rules->environment || (!too_many && !too_large_a_part))
		return true;
	(void)err_set(err, ERR_CONFLICT,
		      "%zu of %zu environments would be deleted, more than "
		      "%s allows; nothing was deleted",
		      plan->removals, plan->count,
		      too_many ? "--max-deletes" : "--max-percent");
	return err_hint(err, "look at them with '--dry-run'; if they are "
			     "right, raise the limit for this run");
}

/* Nothing is left to do for it. */
static bool is_over(const struct sweep_item *item)
{
	return item->home && (item->home->terminating ||
			      (!item->release && !item->home->created));
}

/* Naming one environment that cannot be deleted is an error, not a shrug. */
static bool check_named(const struct sweep_plan *plan,
			const struct sweep_rules *rules, struct err *err)
{
	if (!rules->environment || !rules->immediately)
		return true;
	for (size_t i = 0; i < plan->count; i++) {
		const struct sweep_item *item = &plan->items[i];

		if (!item->remove && !is_over(item))
			return err_set(err, ERR_CONFLICT,
				       "cannot delete environment '%s': %s",
				       item->namespace, item->reason);
	}
	return true;
}

void sweep_decide(struct sweep_plan *plan, const struct sweep_world *world,
		  const struct sweep_rules *rules)
{
	collect(plan, world, rules);
	for (size_t i = 0; i < plan->count; i++) {
		judge(plan, &plan->items[i], world, rules);
		plan->removals += plan->items[i].remove;
	}
}

bool sweep_check(const struct sweep_plan *plan, const struct sweep_rules *rules,
		 struct err *err)
{
	return check_named(plan, rules, err) && check_fuse(plan, rules, err);
}

bool sweep_is_unchanged(const struct sweep_release *judged,
			const struct sweep_release *found, size_t count)
{
	bool seen = false;

	for (size_t i = 0; i < count; i++) {
		if (found[i].revision > judged->revision)
			return false;
		if (found[i].revision == judged->revision)
			seen = same_text(found[i].uid, judged->uid) &&
			       same_text(found[i].resource_version,
					 judged->resource_version);
	}
	return seen;
}

void sweep_plan_release(struct sweep_plan *plan)
{
	arena_release(&plan->arena);
	*plan = (struct sweep_plan){0};
}
