/* Archives are put into the repository, or found to be there. */
#include <string.h>

#include "api/chartrepo.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "flow/publish_parts.h"
#include "format/value.h"

/* --- what lies there ------------------------------------------------------- */

/* What lies where the archive of a chart goes. */
struct there {
	struct str bytes;
	char digest[SHA256_HEX_SIZE];
};

static void there_release(struct there *there)
{
	str_release(&there->bytes);
}

static bool read_there(const struct publish *publish,
		       const struct publish_item *item, struct there *there,
		       struct err *err)
{
	CLEANUP(free_ptr) char *url =
		chartrepo_chart_url(publish->repo, item->chart);

	return chartrepo_get(publish->repo, url, CHART_ARCHIVE_MAX,
			     &there->bytes, err) &&
	       sha256_hex(str_text(&there->bytes), there->bytes.len,
			  there->digest, err);
}

bool publish_check_archive(const struct publish_run *run,
			   const struct publish_item *item, struct err *err)
{
	CLEANUP(there_release) struct there there = {0};

	if (!read_there(run->publish, item, &there, err))
		return err_wrap(err, "cannot find '%s' again",
				str_text(&item->address));
	if (strcmp(there.digest, item->digest) == 0)
		return true;
	(void)err_set(err, ERR_CONFLICT,
		      "'%s' was replaced meanwhile, by another publisher",
		      str_text(&item->address));
	return err_hint(err, "what the index has now is his; run this again "
			     "to replace it once more");
}

static bool conflict(const struct publish_item *item, const char *why,
		     struct err *err)
{
	(void)err_set(err, ERR_CONFLICT, "'%s' is there already%s",
		      str_text(&item->address), why);
	return err_hint(err, "give the chart another version: what was "
			     "published must not change");
}

static bool holds_same_chart(const struct publish_item *item,
			     const struct there *there)
{
	return strcmp(there->digest, item->digest) == 0 ||
	       chart_same_package(str_text(&item->package), item->package.len,
				  str_text(&there->bytes), there->bytes.len);
}

/*
 * An archive of that name is there.  If it holds the same chart, its bytes
 * are the ones that count from now on: another compressor may have made
 * them, and the index must name their digest.  *@ours is false where another
 * one is there that may be overwritten.
 */
static bool adopt(const struct publish *publish, struct publish_item *item,
		  bool perhaps_ours, bool *ours, struct err *err)
{
	CLEANUP(there_release) struct there there = {0};

	if (!read_there(publish, item, &there, err))
		return err_wrap(err, "cannot compare with '%s'",
				str_text(&item->address));
	*ours = true;
	if (perhaps_ours && strcmp(there.digest, item->digest) == 0)
		return true;
	if (publish->if_exists == PUBLISH_FAIL)
		return conflict(item, "", err);
	if (strcmp(there.digest, item->digest) != 0 &&
	    publish->if_exists == PUBLISH_EXACT)
		return conflict(item, " with other bytes", err);
	if (holds_same_chart(item, &there)) {
		memcpy(item->digest, there.digest, sizeof(there.digest));
		item->existed = true;
		return true;
	}
	*ours = false;
	return publish->if_exists == PUBLISH_REPLACE ||
	       conflict(item, " with other content", err);
}

/* --- one of them ----------------------------------------------------------- */

/*
 * The write failed, but its answer may be all that did: true, and no error
 * any more, if the archive is there.
 */
static bool landed(const struct publish *publish,
		   const struct publish_item *item, struct err *err)
{
	CLEANUP(err_release) struct err ignored = {0};
	CLEANUP(there_release) struct there there = {0};

	if (!err->temporary || !read_there(publish, item, &there, &ignored) ||
	    strcmp(there.digest, item->digest) != 0)
		return false;
	err_release(err);
	return true;
}

static bool put(const struct publish *publish, struct publish_item *item,
		bool replace, bool *written, bool *unclear, struct err *err)
{
	const struct chartrepo_put put = {
		.chart = item->chart,
		.bytes = str_text(&item->package),
		.len = item->package.len,
		.replace = replace,
		.metadata = publish->metadata,
		.provenance = &item->provenance,
	};
	enum chartrepo_outcome outcome = CHARTREPO_WRITTEN;

	if (!chartrepo_put_chart(publish->repo, &put, &outcome, unclear, err) &&
	    !landed(publish, item, err))
		return false;
	*written = outcome == CHARTREPO_WRITTEN;
	return true;
}

/* Another archive is there, which is to go. */
static bool overwrite(const struct publish *publish, struct publish_item *item,
		      struct err *err)
{
	bool written, unclear;

	item->replaced = true;
	return put(publish, item, true, &written, &unclear, err) &&
	       (written ||
		err_set(err, ERR_TIMEOUT, "other writes of '%s' are under way",
			str_text(&item->address)));
}

/* What has an index of its own making is asked to replace by itself. */
static bool put_new(const struct publish *publish, struct publish_item *item,
		    struct err *err)
{
	bool replace = publish->if_exists == PUBLISH_REPLACE &&
		       !chartrepo_writes_index(publish->repo);
	bool written, unclear = false, ours;

	if (!put(publish, item, replace, &written, &unclear, err))
		return false;
	if (written)
		return true;
	return adopt(publish, item, unclear, &ours, err) &&
	       (ours || overwrite(publish, item, err));
}

/*
 * The index has another archive of that version, in the place of ours: what
 * lies there tells whether the index, or our chart, is wrong.
 */
static bool settle(const struct publish *publish, struct publish_item *item,
		   struct err *err)
{
	bool ours;

	if (adopt(publish, item, false, &ours, err))
		return ours || overwrite(publish, item, err);
	if (err->kind != ERR_NOT_FOUND)
		return false;
	if (publish->if_exists == PUBLISH_REPLACE) {
		err_release(err);
		return put_new(publish, item, err);
	}
	err_release(err);
	(void)err_set(err, ERR_CONFLICT,
		      "the index has another archive of '%s' %s, which is not "
		      "there",
		      item->chart->name, item->chart->version);
	return err_hint(err, "give the chart another version, or let "
			     "'repo-audit --repair' remove that entry");
}

static bool put_archive(const struct publish *publish,
			struct publish_item *item, struct err *err)
{
	bool replace = publish->if_exists == PUBLISH_REPLACE;

	if (item->listed == PUBLISH_LISTED_OTHER ||
	    (replace && item->listed == PUBLISH_LISTED))
		return settle(publish, item, err);
	return put_new(publish, item, err);
}

/* --- all of them ------------------------------------------------------------ */

bool publish_put_archives(struct publish_run *run, struct err *err)
{
	const struct publish *publish = run->publish;
	struct publish_batch *batch = run->batch;

	for (size_t i = 0; i < batch->count; i++) {
		struct publish_item *item = &batch->items[i];

		chartrepo_add_address(&item->address, publish->repo,
				      item->chart);
		if (!publish_keep_lock(run, err) ||
		    !put_archive(publish, item, err) ||
		    !publish_put_provenance(publish, item, err))
			return err_wrap(err, "cannot publish '%s'",
					chart_file_name(item->chart));
		report_progress(publish->reporter, "charts", i + 1,
				batch->count);
	}
	run->archives_later = run->index_read;
	return true;
}

/* --- replaced by another ---------------------------------------------------- */

/* What the index should have of what is there now. */
static bool enter_theirs(const struct publish_run *run,
			 const struct publish_item *item, struct err *err)
{
	CLEANUP(there_release) struct there there = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	struct publish_edit edit = {
		.name = item->chart->name,
		.version = item->chart->version,
		.found = item->digest,
		.digest = there.digest,
		.reason = "",
	};
	struct publish_edits edits = {.items = &edit, .count = 1};
	struct chart *chart;

	if (!read_there(run->publish, item, &there, err) ||
	    !chart_load_archive(str_text(&there.bytes), there.bytes.len,
				str_text(&item->address), &arena, &chart, err))
		return false;
	if (!same_text(chart->name, edit.name) ||
	    !same_text(chart->version, edit.version))
		return err_set(err, ERR_INPUT, "'%s' holds another chart",
			       str_text(&item->address));
	edit.entry =
		chartindex_new_entry(chart, chart_file_name(item->chart),
				     there.digest, str_text(&run->now), &arena);
	return publish_edit_index(run->publish, &edits, err);
}

bool publish_check_replaced(const struct publish_run *run, struct err *err)
{
	for (size_t i = 0; i < run->batch->count; i++) {
		const struct publish_item *item = &run->batch->items[i];
		CLEANUP(err_release) struct err ignored = {0};

		if (!item->replaced || publish_check_archive(run, item, err))
			continue;
		if (err->kind == ERR_CONFLICT && !run->lock.s3 &&
		    !enter_theirs(run, item, &ignored))
			log_debug("%s", ignored.text);
		return false;
	}
	return true;
}
