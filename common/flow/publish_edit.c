/* Entries of the index are changed, and taken out. */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "core/chartindex.h"
#include "flow/publish_parts.h"
#include "format/jsontext.h"
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

/* What the index has of that version now; NULL: nothing. */
static bool find_now(struct edit_plan *plan, struct chartindex *index,
		     const char *name, const char *version,
		     const struct chartindex_entry **entry, struct err *err)
{
	/* Many edits of one chart mostly come one after the other. */
	if (!same_text(plan->name, name) &&
	    !chartindex_read(index, name, &plan->arena, &plan->entries, err))
		return false;
	plan->name = name;
	*entry = chartindex_find(&plan->entries, version);
	return true;
}

/* An edit is done where the index has come to say so already. */
static bool judge_edit(struct edit_plan *plan, struct chartindex *index,
		       struct publish_edit *edit, struct err *err)
{
	const struct chartindex_entry *entry;
	const char *digest;
	bool as_found;

	if (!find_now(plan, index, edit->name, edit->version, &entry, err))
		return false;
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

/* Equal as JSON: what was written may have come back with other types. */
static bool is_put(const struct chartindex_put *put,
		   const struct chartindex_entry *entry)
{
	CLEANUP(str_release) struct str written = {0}, read = {0};

	if (!entry)
		return false;
	jsontext_print(&written, put->entry, false);
	jsontext_print(&read, entry->value, false);
	return strcmp(str_text(&written), str_text(&read)) == 0;
}

/* Does the index, read again, have all that was to be written? */
static bool is_carried_out(struct publish_run *run, struct edit_plan *plan,
			   bool *all, struct err *err)
{
	const struct chartindex_entry *entry;
	struct chartindex *index;

	*all = false;
	plan->name = NULL;
	if (!publish_open_index(run, &index, err))
		return false;
	for (size_t i = 0; i < plan->put_count; i++) {
		const struct chartindex_put *put = &plan->puts[i];

		if (!find_now(plan, index, put->name, put->version, &entry,
			      err))
			return false;
		if (!is_put(put, entry))
			return true;
	}
	for (size_t i = 0; i < plan->removal_count; i++) {
		const struct chartindex_removal *removal = &plan->removals[i];

		if (!find_now(plan, index, removal->name, removal->version,
			      &entry, err))
			return false;
		if (entry)
			return true;
	}
	*all = true;
	return true;
}

/* The write failed, it seems: what the index has now tells. */
static enum publish_swap look_up(struct publish_run *run,
				 struct edit_plan *plan, struct err *err)
{
	CLEANUP(err_release) struct err ignored = {0};
	bool done;

	if (!is_carried_out(run, plan, &done, &ignored))
		log_debug("cannot look the write up: %s", ignored.text);
	if (!done)
		return PUBLISH_FAILED;
	err_release(err);
	publish_settle(run, true, err);
	return PUBLISH_DONE;
}

/*
 * A write that may have been ours and was met by another state counts as
 * lost to others: the next try finds what it did.
 */
static enum publish_swap try_edits(struct publish_run *run, void *context,
				   struct err *err)
{
	CLEANUP(edit_plan_release) struct edit_plan plan = {0};
	struct chartindex_change change = {0};
	struct chartindex *index;
	enum publish_swap swap;
	bool unclear;

	if (!publish_open_index(run, &index, err) ||
	    !plan_edits(&plan, index, context, err))
		return PUBLISH_FAILED;
	if (!plan.put_count && !plan.removal_count)
		return PUBLISH_DONE;
	change.puts = plan.puts;
	change.count = plan.put_count;
	change.removals = plan.removals;
	change.removal_count = plan.removal_count;
	swap = publish_write_index(run, index, &change, &unclear, err);
	return swap == PUBLISH_FAILED && unclear ? look_up(run, &plan, err)
						 : swap;
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
