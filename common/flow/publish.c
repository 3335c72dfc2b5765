#include "flow/publish.h"

#include <stdlib.h>
#include <string.h>

#include "api/chartrepo.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "core/chart.h"
#include "flow/publish_parts.h"
#include "net/retry.h"
#include "sys/signals.h"

/* --- archives -------------------------------------------------------------- */

static bool conflict(const struct publish_item *item, const char *why,
		     struct err *err)
{
	(void)err_set(err, ERR_CONFLICT, "'%s' is there already%s",
		      str_text(&item->address), why);
	return err_hint(err, "give the chart another version: what was "
			     "published must not change");
}

/*
 * An archive of that name is there.  If it holds the same chart, its bytes
 * are the ones that count from now on: another compressor may have made
 * them, and the index must name their digest.
 */
static bool adopt(const struct publish *publish, struct publish_item *item,
		  bool perhaps_ours, struct err *err)
{
	CLEANUP(str_release) struct str there = {0};
	CLEANUP(free_ptr) char *url =
		chartrepo_chart_url(publish->repo, item->chart);
	char digest[SHA256_HEX_SIZE];

	if (!chartrepo_get(publish->repo, url, CHART_ARCHIVE_MAX, &there,
			   err) ||
	    !sha256_hex(str_text(&there), there.len, digest, err))
		return err_wrap(err, "cannot compare with '%s'",
				str_text(&item->address));
	if (perhaps_ours && strcmp(digest, item->digest) == 0)
		return true;
	if (publish->if_exists == PUBLISH_FAIL)
		return conflict(item, "", err);
	if (strcmp(digest, item->digest) != 0 &&
	    publish->if_exists == PUBLISH_EXACT)
		return conflict(item, " with other bytes", err);
	if (strcmp(digest, item->digest) != 0 &&
	    !chart_same_package(str_text(&item->package), item->package.len,
				str_text(&there), there.len))
		return conflict(item, " with other content", err);
	memcpy(item->digest, digest, sizeof(digest));
	item->existed = true;
	return true;
}

/*
 * The write failed, but its answer may be all that did: true, and no error
 * any more, if the archive is there.
 */
static bool landed(const struct publish *publish, struct publish_item *item,
		   struct err *err)
{
	CLEANUP(err_release) struct err ignored = {0};
	CLEANUP(str_release) struct str there = {0};
	CLEANUP(free_ptr) char *url =
		chartrepo_chart_url(publish->repo, item->chart);

	if (!err->temporary ||
	    !chartrepo_get(publish->repo, url, CHART_ARCHIVE_MAX, &there,
			   &ignored) ||
	    there.len != item->package.len ||
	    memcmp(there.buf, item->package.buf, there.len) != 0)
		return false;
	err_release(err);
	return true;
}

/* Put the archive there, or find that the same one is. */
static bool put_archive(const struct publish *publish,
			struct publish_item *item, struct err *err)
{
	const struct chartrepo_put put = {
		.chart = item->chart,
		.bytes = str_text(&item->package),
		.len = item->package.len,
		.replace = publish->if_exists == PUBLISH_REPLACE,
		.metadata = publish->metadata,
		.provenance = &item->provenance,
	};
	enum chartrepo_outcome outcome;
	bool unclear = false;

	chartrepo_add_address(&item->address, publish->repo, put.chart);
	if (!chartrepo_put_chart(publish->repo, &put, &outcome, &unclear, err))
		return landed(publish, item, err);
	return outcome == CHARTREPO_WRITTEN ||
	       adopt(publish, item, unclear, err);
}

static bool put_archives(struct publish_run *run, struct err *err)
{
	const struct publish *publish = run->publish;
	struct publish_batch *batch = run->batch;

	for (size_t i = 0; i < batch->count; i++) {
		struct publish_item *item = &batch->items[i];

		if (!publish_keep_lock(run, err) ||
		    !put_archive(publish, item, err) ||
		    !publish_put_provenance(publish, item, err))
			return err_wrap(err, "cannot publish '%s'",
					chart_file_name(item->chart));
		report_progress(publish->reporter, "charts", i + 1,
				batch->count);
	}
	return true;
}

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
	if (run->bucket) {
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
	chartrepo_index_release(&run->index);
	s3_lock_release(&run->lock);
	str_release(&run->now);
	free(run->proof);
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
	if (!publish_guard(&run, err) || !put_archives(&run, err))
		return false;
	if (!chartrepo_writes_index(publish->repo))
		return true;
	if (!enter(&run, err) || !verify(&run, err))
		return err_wrap(err, "cannot enter the index of '%s'",
				publish->repo->address);
	if (run.bucket && run.resumed && !run.lock.s3)
		publish_tidy(&run);
	return true;
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
