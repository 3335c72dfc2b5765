#include "flow/publish.h"

#include <stdlib.h>

#include "api/chartrepo.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "flow/publish_parts.h"
#include "net/retry.h"
#include "sys/signals.h"

/* --- the index ------------------------------------------------------------- */

bool publish_out_of_time(const struct publish_run *run, struct err *err)
{
	if (signals_interrupted(err))
		return true;
	if (!deadline_passed(&run->publish->deadline))
		return false;
	(void)publish_give_up(run, err);
	return true;
}

bool publish_give_up(const struct publish_run *run, struct err *err)
{
	return err_set(err, ERR_TIMEOUT,
		       "cannot enter the index of '%s': others kept changing "
		       "it; the archives are there, and the next run enters "
		       "them",
		       run->publish->repo->address);
}

bool publish_keep_trying(struct publish_run *run,
			 enum publish_swap (*try)(struct publish_run *run,
						  void *context,
						  struct err *err),
			 void *context, struct err *err)
{
	for (unsigned int number = 1; number < PUBLISH_TRIES_MAX; number++) {
		enum publish_swap swap;

		log_debug("the index changed meanwhile, try %u", number);
		(void)signals_sleep_ms(retry_jitter_ms(
			PUBLISH_WAIT_BASE_MS, PUBLISH_WAIT_CAP_MS, number,
			random_number()));
		if (publish_out_of_time(run, err))
			return false;
		swap = try(run, context, err);
		if (swap != PUBLISH_LOST)
			return swap == PUBLISH_DONE;
	}
	return publish_give_up(run, err);
}

/* Without help from others. */
static enum publish_swap enter_alone(struct publish_run *run, void *context,
				     struct err *err)
{
	(void)context;
	return publish_try_swap(run, NULL, err);
}

/*
 * Others help to add entries, but leave those that are there as they are:
 * whether one is to be changed only its own publisher can tell.
 */
static bool changes_entries(const struct publish_run *run)
{
	for (size_t i = 0; i < run->batch->count; i++) {
		const struct publish_item *item = &run->batch->items[i];

		if (item->replaced || item->listed == PUBLISH_LISTED_OTHER)
			return true;
	}
	return false;
}

static bool enter(struct publish_run *run, struct err *err)
{
	switch (publish_try_swap(run, NULL, err)) {
	case PUBLISH_DONE:
		return true;
	case PUBLISH_FAILED:
		return false;
	case PUBLISH_LOST:
		break;
	}
	if (run->bucket && !changes_entries(run)) {
		bool denied = false;

		if (publish_help(run, &denied, err))
			return true;
		if (!denied)
			return false;
		report_warning(run->publish->reporter,
			       "%s; going on without the help of other "
			       "publishers",
			       err->text);
		err_release(err);
	}
	return publish_keep_trying(run, enter_alone, NULL, err);
}

static bool verify(struct publish_run *run, struct err *err)
{
	bool entered;

	if (!run->proof && !run->lock.s3)
		return true;
	if (!publish_glimpse(run, &entered, err))
		return err_wrap(err, "cannot verify what was written");
	if (entered)
		return true;
	(void)err_set(err, ERR_REMOTE,
		      "the store lost the write of the index that it had "
		      "confirmed");
	return run->lock.s3 ? err_hint(err, "another publisher writes without "
					    "the lock: all of them must use "
					    "'--lock object'")
			    : err_hint(err, "give all publishers of this "
					    "repository '--lock object'");
}

void publish_run_release(struct publish_run *run)
{
	chartindex_release(&run->parsed);
	chartrepo_index_release(&run->index);
	s3_lock_release(&run->lock);
	str_release(&run->now);
	free(run->proof);
}

static void fill_in_addresses(const struct publish *publish,
			      struct publish_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		chartrepo_add_address(&batch->items[i].address, publish->repo,
				      batch->items[i].chart);
}

bool publish_charts(const struct publish *publish, struct publish_batch *batch,
		    struct err *err)
{
	CLEANUP(publish_run_release) struct publish_run run = {
		.publish = publish,
		.batch = batch,
		.bucket = chartrepo_bucket(publish->repo),
	};

	clock_add_rfc3339(&run.now, publish->now);
	fill_in_addresses(publish, batch);
	if (!chartrepo_writes_index(publish->repo))
		return publish_guard(&run, err) &&
		       publish_put_archives(&run, err);
	if (!publish_check_names(batch, publish->repo, err) ||
	    !publish_guard(&run, err) || !publish_judge(&run, err) ||
	    !publish_put_archives(&run, err))
		return false;
	if (!enter(&run, err) || !verify(&run, err) ||
	    !publish_check_replaced(&run, err))
		return err_wrap(err, "cannot enter the index of '%s'",
				publish->repo->address);
	if (run.bucket && run.resumed && !run.lock.s3)
		publish_tidy(&run);
	return true;
}

bool publish_foresee(const struct publish *publish, struct publish_batch *batch,
		     struct err *err)
{
	CLEANUP(publish_run_release) struct publish_run run = {
		.publish = publish,
		.batch = batch,
		.bucket = chartrepo_bucket(publish->repo),
	};

	fill_in_addresses(publish, batch);
	if (!chartrepo_writes_index(publish->repo))
		return publish_look(publish, batch, true, err);
	return publish_check_names(batch, publish->repo, err) &&
	       publish_judge(&run, err) &&
	       publish_look(publish, batch, true, err) &&
	       publish_note_entered(&run, err);
}

void publish_batch_release(struct publish_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		str_release(&batch->items[i].package);
		str_release(&batch->items[i].address);
		str_release(&batch->items[i].provenance);
	}
	free(batch->items);
}
