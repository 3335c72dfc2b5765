#include "base/err.h"
#include "base/str.h"
#include "core/envname.h"
#include "core/glob.h"
#include "core/sweep.h"

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

static bool refuse_busy(const struct sweep_item *item, struct err *err)
{
	(void)err_set(err, ERR_REMOTE, "cannot delete environment '%s': %s",
		      item->namespace, item->reason);
	(void)err_temporary(err, true);
	return err_hint(err, "run it again when that has ended");
}

/* Naming one environment that cannot be deleted is an error, not a shrug. */
static bool check_named(const struct sweep_plan *plan,
			const struct sweep_rules *rules, struct err *err)
{
	if (!rules->environment || !rules->immediately)
		return true;
	if (plan->unmarked)
		return err_set(err, ERR_CONFLICT,
			       "cannot delete namespace '%s': %s",
			       rules->environment,
			       envname_is_system(rules->environment)
				       ? "it belongs to the cluster"
				       : "neither it nor a release in it bears "
					 "a mark of ours");
	for (size_t i = 0; i < plan->count; i++) {
		const struct sweep_item *item = &plan->items[i];

		if (item->busy)
			return refuse_busy(item, err);
		if (!item->remove && !item->over)
			return err_set(err, ERR_CONFLICT,
				       "cannot delete environment '%s': %s",
				       item->namespace, item->reason);
	}
	return true;
}

bool sweep_check_rules(const struct sweep_rules *rules, struct err *err)
{
	if (rules->immediately && !rules->environment)
		return err_set(err, ERR_USAGE, "'--now' needs '--environment'");
	if (rules->environment &&
	    !envname_check_namespace(rules->environment, err))
		return false;
	return glob_check_all(rules->namespaces, err) &&
	       glob_check_all(rules->protect, err);
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

bool sweep_is_leftover(const struct sweep_item *item,
		       const struct sweep_release *found)
{
	for (size_t i = 0; i < item->revision_count; i++) {
		if (item->revisions[i]->revision == found->revision)
			return same_text(item->revisions[i]->uid, found->uid);
	}
	return false;
}
