#include "core/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "core/envname.h"
#include "core/glob.h"

void sweep_add_release(struct sweep_world *world,
		       const struct sweep_release *release)
{
	world->releases =
		grow_array(world->releases, world->release_count + 1,
			   sizeof(*world->releases), &world->release_capacity);
	world->releases[world->release_count++] = *release;
}

void sweep_add_namespace(struct sweep_world *world,
			 const struct sweep_namespace *namespace)
{
	world->namespaces =
		grow_array(world->namespaces, world->namespace_count + 1,
			   sizeof(*world->namespaces),
			   &world->namespace_capacity);
	world->namespaces[world->namespace_count++] = *namespace;
}

void sweep_world_release(struct sweep_world *world)
{
	free(world->releases);
	free(world->namespaces);
	*world = (struct sweep_world){0};
}

static struct sweep_item *add_item(struct sweep_plan *plan)
{
	plan->items = grow_array(plan->items, plan->count + 1,
				 sizeof(*plan->items), &plan->capacity);
	return &plan->items[plan->count++];
}

static bool names(const struct sweep_namespace *home, const char *release)
{
	return home && home->managed && release &&
	       same_text(home->release, release);
}

static bool is_opted_in(const struct sweep_item *item)
{
	if (item->judged)
		return item->judged->managed ||
		       names(item->home, item->release);
	return item->home->managed != NULL;
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

/* What one place says of the end of an item. */
struct testimony {
	bool told;
	struct expiry expiry;
	const char *trouble; /* it cannot be relied on, or NULL */
};

static struct testimony read_label(struct sweep_plan *plan, const char *label)
{
	struct testimony testimony = {.told = label != NULL};

	if (label && !expiry_parse_label(label, &testimony.expiry))
		testimony.trouble = arena_printf(
			&plan->arena,
			"its label slipway/expires-at is no time: '%s'", label);
	return testimony;
}

/* The label counts; only without one do the values. */
static struct testimony read_release(struct sweep_plan *plan,
				     struct sweep_item *item)
{
	const struct sweep_release *release = item->judged;

	if (!release)
		return (struct testimony){0};
	if (release->expires_at)
		return read_label(plan, release->expires_at);
	if (!release->values) {
		item->question = SWEEP_ASK_VALUES;
		return (struct testimony){
			.trouble = "its values have not been read"};
	}
	return (struct testimony){.told = release->values->told.told,
				  .expiry = release->values->told.expiry,
				  .trouble = release->values->trouble};
}

/*
 * The later of what release and namespace say.  False, with the reason, where
 * one is garbled or both say nothing: then nobody knows.
 */
static bool read_expiry(struct sweep_plan *plan, struct sweep_item *item)
{
	struct testimony home =
		read_label(plan, item->home ? item->home->expires_at : NULL);
	struct testimony release = read_release(plan, item);

	item->doubtful = true;
	item->reason = release.trouble ? release.trouble : home.trouble;
	if (item->reason)
		return false;
	item->reason = item->judged && !item->judged->expires_at
			       ? "neither a label slipway/expires-at nor its "
				 "values say when it expires"
			       : "it has no label slipway/expires-at";
	if (!release.told && !home.told)
		return false;
	item->doubtful = false;
	item->expiry = !home.told ? release.expiry
		       : !release.told
			       ? home.expiry
			       : expiry_later(release.expiry, home.expiry);
	return true;
}

/* Why @item must be kept whatever its expiry, or NULL. */
static const char *protection(struct sweep_plan *plan,
			      const struct sweep_item *item,
			      const struct sweep_rules *rules)
{
	const char *version = unknown_version(item);

	if (!is_opted_in(item))
		return "its newest revision bears no mark of ours";
	if (version)
		return arena_printf(&plan->arena,
				    "its marks are of version '%s', which "
				    "this program does not know",
				    version);
	if (envname_is_system(item->namespace))
		return "the namespace belongs to the cluster";
	if (item->home && item->home->main)
		return "it is a main environment";
	if (glob_matches_any(rules->protect, item->namespace))
		return "it is protected";
	return NULL;
}

/* Adds whence the expiry is known, where that is no label. */
static const char *with_source(struct sweep_plan *plan,
			       const struct sweep_item *item,
			       const char *verdict)
{
	const struct sweep_release *release = item->judged;
	const struct expiry_told *told;
	CLEANUP(free_ptr) char *date = NULL;

	if (!release || release->expires_at || !release->values->told.told)
		return verdict;
	told = &release->values->told;
	date = expiry_date(&told->expiry);
	return arena_printf(&plan->arena, "%s, by its values%s%s%s", verdict,
			    *date ? ": " : "", date,
			    told->zoneless ? ", which names no zone and is "
					     "taken for UTC"
					   : "");
}

static void judge_by_time(struct sweep_plan *plan, struct sweep_item *item,
			  int64_t now, const struct sweep_rules *rules)
{
	const char *verdict = "it never expires";
	int64_t due;

	if (!read_expiry(plan, item))
		return;
	if (item->expiry.expires) {
		due = item->expiry.at + rules->grace_s;
		item->remove = now >= due;
		item->soon = !item->remove && now + rules->warn_before_s >= due;
		verdict = item->remove ? "expired" : "not expired yet";
	}
	item->reason = with_source(plan, item, verdict);
}

/* A branch of a fork ("owner:branch") is not in the repository itself. */
static bool has_branch_of_its_own(const struct sweep_namespace *home)
{
	return home && !is_blank(home->branch) && !is_blank(home->git_url) &&
	       !strchr(home->branch, ':');
}

static void remove_with_branch(struct sweep_item *item, const char *reason)
{
	item->remove = true;
	item->soon = false;
	item->doubtful = false;
	item->reason = reason;
}

/*
 * Only a commit that was ahead once can have been merged: a branch without
 * commits of its own is in the history of main as well.  What was to stay for
 * ever belongs to a branch that lives on after a merge.
 */
static bool may_be_merged(const struct sweep_item *item)
{
	const struct sweep_namespace *home = item->home;

	return item->expiry.expires && !is_blank(home->commit) &&
	       !is_blank(home->ahead_of) &&
	       !same_text(home->ahead_of, home->branch);
}

static void judge_by_merge(struct sweep_plan *plan, struct sweep_item *item)
{
	const struct sweep_namespace *home = item->home;

	if (!may_be_merged(item))
		return;
	switch (home->merge_state) {
	case SWEEP_MERGE_UNASKED:
		item->question = SWEEP_ASK_MERGE;
		return;
	case SWEEP_MERGE_DONE:
		remove_with_branch(
			item, arena_printf(&plan->arena,
					   "its branch '%s' at %s is merged: "
					   "'%s' at %s holds it",
					   home->branch, home->tip,
					   home->ahead_of, home->ahead_of_tip));
		return;
	case SWEEP_MERGE_OPEN:
		return;
	}
}

/* What was never there has not gone. */
static void judge_absent(struct sweep_plan *plan, struct sweep_item *item)
{
	const struct sweep_namespace *home = item->home;

	if (home->branch_seen) {
		remove_with_branch(item, arena_printf(&plan->arena,
						      "its branch '%s' is gone",
						      home->branch));
		return;
	}
	item->reason = arena_printf(
		&plan->arena,
		"%s; its repository has no branch '%s', but no deployment has "
		"seen one there, so it may never have had it",
		item->reason, home->branch);
}

/* @item may go before its time if its branch is gone, or merged. */
static void judge_by_branch(struct sweep_plan *plan, struct sweep_item *item)
{
	const struct sweep_namespace *home = item->home;

	if (!has_branch_of_its_own(home))
		return;
	switch (home->branch_state) {
	case SWEEP_BRANCH_UNASKED:
		item->question = SWEEP_ASK_BRANCH;
		return;
	case SWEEP_BRANCH_GONE:
		judge_absent(plan, item);
		return;
	case SWEEP_BRANCH_THERE:
		judge_by_merge(plan, item);
		return;
	case SWEEP_BRANCH_UNKNOWN:
		return;
	}
}

/* Since when the deletion of our namespace has taken too long; 0: it has not. */
static int64_t overdue_since(const struct sweep_namespace *home, int64_t now)
{
	int64_t since = home->terminating_since;

	return home->created && since && now - since > SWEEP_LEAVE_S ? since
								     : 0;
}

/* It is on its way out already, or should be. */
static void judge_leaving(struct sweep_plan *plan, struct sweep_item *item,
			  int64_t now)
{
	const struct sweep_namespace *home = item->home;
	int64_t since = overdue_since(home, now);

	item->reason = "it is being deleted already";
	if (!since)
		return;
	if (!home->held) {
		item->question = SWEEP_ASK_HELD;
		return;
	}
	item->stuck = *home->held != '\0';
	if (item->stuck)
		item->reason = arena_printf(
			&plan->arena,
			"it was deleted %lld minutes ago, and is still there: "
			"%s",
			(long long)(now - since) / 60, home->held);
}

/* Nothing of it is left but a namespace that stays. */
static bool is_remainder(const struct sweep_item *item)
{
	return !item->release && !item->home->created &&
	       !item->home->terminating;
}

/* What Helm has deleted there, and forgotten, may be held still. */
static void judge_remainder(struct sweep_plan *plan, struct sweep_item *item)
{
	const struct sweep_namespace *home = item->home;

	item->reason = "only its namespace is left, which was there before us";
	if (!home->held) {
		item->question = SWEEP_ASK_HELD;
		return;
	}
	item->stuck = *home->held != '\0';
	if (item->stuck)
		item->reason = arena_printf(&plan->arena, "%s; %s",
					    item->reason, home->held);
}

/* False, with the reason, where it may be there for good. */
static bool is_to_end(struct sweep_plan *plan, struct sweep_item *item)
{
	if (!read_expiry(plan, item))
		return false;
	item->reason = with_source(plan, item, "it never expires");
	return item->expiry.expires;
}

static void judge_by_name(struct sweep_plan *plan, struct sweep_item *item,
			  const struct sweep_rules *rules)
{
	if (rules->keep_lasting && !is_to_end(plan, item))
		return;
	item->remove = true;
	item->reason = "asked for by name";
}

static bool is_pending(const struct sweep_release *release)
{
	return release && release->status &&
	       starts_with(release->status, "pending-");
}

/* What is left pending for long, nobody is at work on any more. */
static void spare_for_helm(struct sweep_plan *plan, struct sweep_item *item,
			   int64_t now)
{
	const struct sweep_release *release = item->judged;

	if (!is_pending(release) || now - release->created >= SWEEP_HELM_S ||
	    release->helm == SWEEP_HELM_OURS)
		return;
	item->remove = false;
	if (release->helm == SWEEP_HELM_UNASKED) {
		item->question = SWEEP_ASK_HELM;
		return;
	}
	item->busy = true;
	item->reason = arena_printf(
		&plan->arena,
		"somebody's Helm may be at work on it: revision %lld of its "
		"release, made %lld s ago by none of our runs, is %s",
		(long long)release->revision,
		(long long)(now - release->created), release->status);
}

static void judge(struct sweep_plan *plan, struct sweep_item *item,
		  const struct sweep_world *world,
		  const struct sweep_rules *rules)
{
	item->over =
		item->home && (item->home->terminating || is_remainder(item));
	item->reason = protection(plan, item, rules);
	if (item->reason)
		return;
	if (item->home && item->home->terminating) {
		judge_leaving(plan, item, world->now);
		return;
	}
	if (is_remainder(item)) {
		judge_remainder(plan, item);
		return;
	}
	if (rules->immediately)
		judge_by_name(plan, item, rules);
	else
		judge_by_time(plan, item, world->now, rules);
	if (rules->gone_branches && !item->remove && !item->question)
		judge_by_branch(plan, item);
	if (item->remove)
		spare_for_helm(plan, item, world->now);
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
	       glob_matches_any(rules->namespaces, namespace);
}

/* Revisions of one release stand together, the highest first. */
static int compare_releases(const void *a, const void *b)
{
	const struct sweep_release *left =
		*(const struct sweep_release *const *)a;
	const struct sweep_release *right =
		*(const struct sweep_release *const *)b;
	int order = strcmp(left->namespace, right->namespace);

	if (!order)
		order = strcmp(left->name, right->name);
	if (order)
		return order;
	return (left->revision < right->revision) -
	       (left->revision > right->revision);
}

static bool is_same_release(const struct sweep_release *a,
			    const struct sweep_release *b)
{
	return strcmp(a->namespace, b->namespace) == 0 &&
	       strcmp(a->name, b->name) == 0;
}

static bool is_any_marked(const struct sweep_release *const *revisions,
			  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (revisions[i]->managed)
			return true;
	}
	return false;
}

/* @revisions, @count of them, are those of one release. */
static void collect_release(struct sweep_plan *plan,
			    const struct sweep_release *const *revisions,
			    size_t count, const struct sweep_rules *rules,
			    const struct map *homes, struct map *inhabited)
{
	const struct sweep_release *highest = revisions[0];
	const struct sweep_namespace *home = map_get(homes, highest->namespace);

	if (!is_any_marked(revisions, count) && !names(home, highest->name))
		return;
	map_put(inhabited, highest->namespace, inhabited);
	if (!is_wanted(highest->namespace, rules))
		return;
	*add_item(plan) = (struct sweep_item){
		.namespace = highest->namespace,
		.release = highest->name,
		.judged = highest,
		.revisions = revisions,
		.revision_count = count,
		.home = home,
	};
}

static void collect_releases(struct sweep_plan *plan,
			     const struct sweep_world *world,
			     const struct sweep_rules *rules,
			     const struct map *homes, struct map *inhabited)
{
	const struct sweep_release **sorted =
		xcalloc(world->release_count, sizeof(const void *));
	size_t next;

	plan->revisions = sorted;
	for (size_t i = 0; i < world->release_count; i++)
		sorted[i] = &world->releases[i];
	if (world->release_count > 1)
		qsort(sorted, world->release_count, sizeof(const void *),
		      compare_releases);
	for (size_t i = 0; i < world->release_count; i = next) {
		for (next = i + 1; next < world->release_count &&
				   is_same_release(sorted[i], sorted[next]);)
			next++;
		collect_release(plan, &sorted[i], next - i, rules, homes,
				inhabited);
	}
}

static void collect(struct sweep_plan *plan, const struct sweep_world *world,
		    const struct sweep_rules *rules)
{
	CLEANUP(map_release) struct map homes = {0};
	CLEANUP(map_release) struct map inhabited = {0};

	for (size_t i = 0; i < world->namespace_count; i++)
		map_put(&homes, world->namespaces[i].name,
			&world->namespaces[i]);
	collect_releases(plan, world, rules, &homes, &inhabited);
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

void sweep_decide(struct sweep_plan *plan, const struct sweep_world *world,
		  const struct sweep_rules *rules)
{
	collect(plan, world, rules);
	plan->unmarked = !plan->count && world->unmarked;
	for (size_t i = 0; i < plan->count; i++) {
		judge(plan, &plan->items[i], world, rules);
		plan->removals += plan->items[i].remove;
		plan->questions += plan->items[i].question != SWEEP_ASK_NOTHING;
	}
}

void sweep_plan_release(struct sweep_plan *plan)
{
	free(plan->revisions);
	free(plan->items);
	arena_release(&plan->arena);
	*plan = (struct sweep_plan){0};
}
