/* Entries of the index are changed, and taken out. */
#include <string.h>

#include "base/err.h"
#include "core/chartindex.h"
#include "flow/publish_parts.h"
#include "format/value.h"

/* What is to be done to the index as it is now. */
struct edit_plan {
	struct arena arena;
	struct chartindex_put *puts;
	size_t put_count;
	struct chartindex_removal *removals;
	size_t removal_count;
	const char *name; /* of the chart whose entries these are */
	struct chartindex_entries entries;
};

static void edit_plan_release(struct edit_plan *plan)
{
	arena_release(&plan->arena);
}

static void add_to_plan(struct edit_plan *plan, const struct publish_edit *edit)
{
	if (edit->entry)
		plan->puts[plan->put_count++] = (struct chartindex_put){
			edit->name, edit->version, edit->entry};
	else
		plan->removals[plan->removal_count++] =
			(struct chartindex_removal){edit->name, edit->version};
}

/* An edit is done where the index has come to say so already. */
static bool judge_edit(struct edit_plan *plan, struct chartindex *index,
		       struct publish_edit *edit, struct err *err)
{
	const struct chartindex_entry *entry;
	const char *digest;
	bool as_found;

	/* Many edits of one chart mostly come one after the other. */
	if (!same_text(plan->name, edit->name) &&
	    !chartindex_read(index, edit->name, &plan->arena, &plan->entries,
			     err))
		return false;
	plan->name = edit->name;
	entry = chartindex_find(&plan->entries, edit->version);
	digest = entry ? entry->digest : NULL;
	as_found = same_text(digest, edit->found);
	edit->done = as_found ||
		     same_text(digest, edit->entry ? edit->digest : NULL);
	if (as_found)
		add_to_plan(plan, edit);
	return true;
}

static bool plan_edits(struct edit_plan *plan, struct chartindex *index,
		       struct publish_edits *edits, struct err *err)
{
	plan->puts = arena_new_array(&plan->arena, struct chartindex_put,
				     edits->count);
	plan->removals = arena_new_array(
		&plan->arena, struct chartindex_removal, edits->count);
	for (size_t i = 0; i < edits->count; i++) {
		if (!judge_edit(plan, index, &edits->items[i], err))
			return false;
	}
	return true;
}

/*
 * One try.  A write whose answer was lost counts as lost to others: the next
 * try finds what it did.
 */
static enum publish_swap try_edits(struct publish_run *run, void *context,
				   struct err *err)
{
	CLEANUP(edit_plan_release) struct edit_plan plan = {0};
	struct chartindex_change change = {
		.generated = str_text(&run->now),
		.annotation = run->proof,
		.annotation_text = str_text(&run->now),
		.format = run->publish->format,
	};
	enum chartrepo_outcome outcome;
	struct chartindex *index;
	bool unclear, done;

	if (!publish_open_index(run, &index, err) ||
	    !plan_edits(&plan, index, context, err))
		return PUBLISH_FAILED;
	if (!plan.put_count && !plan.removal_count)
		return PUBLISH_DONE;
	change.puts = plan.puts;
	change.count = plan.put_count;
	change.removals = plan.removals;
	change.removal_count = plan.removal_count;
	if (!chartindex_change(index, &run->index.text, &change, err) ||
	    !publish_keep_lock(run, err))
		return PUBLISH_FAILED;
	done = chartrepo_swap_index(run->publish->repo, &run->index,
				    str_text(&run->index.text),
				    run->index.text.len, &outcome, &unclear,
				    err);
	publish_settle(run, done, err);
	run->index_read = false;
	chartrepo_index_release(&run->index);
	if (!done)
		return PUBLISH_FAILED;
	return outcome == CHARTREPO_WRITTEN ? PUBLISH_DONE : PUBLISH_LOST;
}

static bool edit(struct publish_run *run, struct publish_edits *edits,
		 struct err *err)
{
	if (!publish_guard(run, err))
		return false;
	switch (try_edits(run, edits, err)) {
	case PUBLISH_DONE:
		return true;
	case PUBLISH_FAILED:
		return false;
	case PUBLISH_LOST:
		break;
	}
	return publish_keep_trying(run, try_edits, edits, err);
}

bool publish_edit_index(const struct publish *publish,
			struct publish_edits *edits, struct err *err)
{
	struct publish_batch none = {0};
	CLEANUP(publish_run_release) struct publish_run run = {
		.publish = publish,
		.batch = &none,
		.bucket = chartrepo_bucket(publish->repo),
	};

	clock_add_rfc3339(&run.now, publish->now);
	if (!edits->count)
		return true;
	return edit(&run, edits, err) ||
	       err_wrap(err, "cannot change the index of '%s'",
			publish->repo->address);
}
