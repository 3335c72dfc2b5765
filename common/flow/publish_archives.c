/* Archives are put into the repository, or found to be there. */
#include <stdlib.h>
#include <string.h>

#include "api/chartrepo.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "flow/publish_parts.h"
#include "format/value.h"

#define LOOKS_AT_ONCE 16
#define GZIP_MAGIC    "\x1f\x8b"

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

/* The chart of that version, if that is what is there; else NULL, with @err set. */
static const struct chart *load_there(const struct publish_item *item,
				      const struct there *there,
				      struct arena *arena, struct err *err)
{
	struct chart *chart;

	if (!starts_with(str_text(&there->bytes), GZIP_MAGIC)) {
		(void)err_set(err, ERR_INPUT,
			      there->bytes.len ? "it is no .tgz at all"
					       : "it is empty");
		return NULL;
	}
	if (!chart_load_archive(str_text(&there->bytes), there->bytes.len,
				chart_file_name(item->chart), arena, &chart,
				err))
		return NULL;
	if (same_text(chart->name, item->chart->name) &&
	    same_text(chart->version, item->chart->version))
		return chart;
	(void)err_set(err, ERR_INPUT, "it holds chart '%s' %s", chart->name,
		      chart->version);
	return NULL;
}

/* Nothing is changed; what it is that is there tells what to do about it. */
static bool refuse(const struct publish *publish,
		   const struct publish_item *item, const struct there *there,
		   const char *why, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err fault = {0};
	const char *address = str_text(&item->address);

	if (!load_there(item, there, &arena, &fault)) {
		(void)err_set(err, ERR_CONFLICT,
			      "'%s' is there already, but is no archive of "
			      "that chart: %s",
			      address, fault.text);
		return err_hint(err, "remove it, or let 'publish-chart "
				     "--if-exists replace' put the chart in "
				     "its place");
	}
	if (item->listed == PUBLISH_UNLISTED &&
	    chartrepo_writes_index(publish->repo)) {
		(void)err_set(err, ERR_CONFLICT,
			      "'%s' is there already%s, but in no index: "
			      "another run has put it there that was killed "
			      "before it had entered it, or is still at work",
			      address, why);
		return err_hint(err, "if nobody is at work, 'publish-chart "
				     "--if-exists replace' puts this chart in "
				     "its place, and 'repo-audit --repair' "
				     "enters that one");
	}
	(void)err_set(err, ERR_CONFLICT, "'%s' is there already%s", address,
		      why);
	return publish_hint_conflict(publish, err);
}

/* The published one stays: from now on it is the chart of this item. */
static bool keep(struct publish_item *item, const struct there *there)
{
	CLEANUP(err_release) struct err ignored = {0};
	const struct chart *chart =
		load_there(item, there, item->chart->arena, &ignored);

	if (!chart)
		return false;
	item->chart = chart;
	item->kept = true;
	return true;
}

static void take_theirs(struct publish_item *item, const struct there *there)
{
	memcpy(item->digest, there->digest, sizeof(there->digest));
	item->existed = true;
	item->place = PUBLISH_PLACE_OURS;
}

/*
 * An archive of that name is there.  If it holds the same chart, its bytes
 * are the ones that count from now on: another compressor may have made
 * them, and the index must name their digest.
 */
static bool judge(const struct publish *publish, struct publish_item *item,
		  const struct there *there, struct err *err)
{
	bool same_bytes = strcmp(there->digest, item->digest) == 0;

	if (publish->if_exists == PUBLISH_FAIL)
		return refuse(publish, item, there, "", err);
	if (!same_bytes && publish->if_exists == PUBLISH_EXACT)
		return refuse(publish, item, there, " with other bytes", err);
	if (same_bytes ||
	    chart_same_package(str_text(&item->package), item->package.len,
			       str_text(&there->bytes), there->bytes.len) ||
	    (publish->if_exists == PUBLISH_KEEP && keep(item, there))) {
		take_theirs(item, there);
		return true;
	}
	item->place = PUBLISH_PLACE_OTHER;
	return publish->if_exists == PUBLISH_REPLACE ||
	       refuse(publish, item, there, " with other content", err);
}

/* --- looking before anything is written -------------------------------------- */

struct look {
	struct chartrepo_fetch fetch; /* first */
	const struct publish *publish;
	struct publish_item *item;
	char *url;
};

static void look_release(struct look *look)
{
	str_release(&look->fetch.bytes);
	err_release(&look->fetch.failure);
	free(look->url);
}

/* Not all archives are in memory at once. */
static void take_look(struct chartrepo_fetch *fetch)
{
	struct look *look = (struct look *)fetch;
	CLEANUP(there_release) struct there there = {.bytes = fetch->bytes};

	fetch->bytes = (struct str){0};
	if (fetch->failure.kind != ERR_NONE)
		return;
	if (!sha256_hex(str_text(&there.bytes), there.bytes.len, there.digest,
			&fetch->failure) ||
	    !judge(look->publish, look->item, &there, &fetch->failure))
		log_debug("refused");
}

/*
 * Does the index have another archive in the place of ours?  Then what lies
 * there tells whether the index, or our chart, is wrong.
 */
static bool must_look(const struct publish *publish,
		      const struct publish_item *item)
{
	return item->listed == PUBLISH_LISTED_OTHER ||
	       (item->listed == PUBLISH_LISTED &&
		publish->if_exists == PUBLISH_REPLACE);
}

/* That one may not look says nothing: a reader without ListBucket hears so. */
static bool finish_look(struct look *look, struct err *err)
{
	const struct publish_item *item = look->item;
	enum err_kind kind = look->fetch.failure.kind;

	if (kind == ERR_NONE ||
	    (kind == ERR_DENIED && !must_look(look->publish, item)))
		return true;
	if (kind != ERR_NOT_FOUND) {
		err_move(err, &look->fetch.failure);
		return false;
	}
	if (item->listed != PUBLISH_LISTED_OTHER ||
	    look->publish->if_exists == PUBLISH_REPLACE)
		return true;
	(void)err_set(err, ERR_CONFLICT,
		      "the index has another archive of '%s' %s, which is not "
		      "there",
		      item->chart->name, item->chart->version);
	return err_hint(err, "give the chart another version, or let "
			     "'repo-audit --repair' remove that entry");
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
	return publish_drop_provenance(publish, item, err) &&
	       put(publish, item, true, &written, &unclear, err) &&
	       (written ||
		err_set(err, ERR_TIMEOUT, "other writes of '%s' are under way",
			str_text(&item->address)));
}

/* It was created by somebody else just now, or by a try of ours. */
static bool judge_found(const struct publish *publish,
			struct publish_item *item, bool perhaps_ours,
			struct err *err)
{
	CLEANUP(there_release) struct there there = {0};

	if (!read_there(publish, item, &there, err))
		return err_wrap(err, "cannot compare with '%s'",
				str_text(&item->address));
	if (perhaps_ours && strcmp(there.digest, item->digest) == 0)
		return true;
	if (!judge(publish, item, &there, err))
		return false;
	return item->place == PUBLISH_PLACE_OURS ||
	       overwrite(publish, item, err);
}

/* What has an index of its own making is asked to replace by itself. */
static bool create(const struct publish *publish, struct publish_item *item,
		   struct err *err)
{
	bool replace = publish->if_exists == PUBLISH_REPLACE &&
		       !chartrepo_writes_index(publish->repo);
	bool written, unclear = false;

	return put(publish, item, replace, &written, &unclear, err) &&
	       (written || judge_found(publish, item, unclear, err));
}

static bool put_archive(const struct publish *publish,
			struct publish_item *item, struct err *err)
{
	switch (item->place) {
	case PUBLISH_PLACE_UNKNOWN:
		return create(publish, item, err);
	case PUBLISH_PLACE_OTHER:
		return overwrite(publish, item, err);
	case PUBLISH_PLACE_OURS:
		return publish->if_exists != PUBLISH_REPLACE ||
		       publish_drop_provenance(publish, item, err);
	}
	BUG("an archive is in no place");
}

/* --- all of them ------------------------------------------------------------ */

static bool finish_looks(struct look *looks, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (!finish_look(&looks[i], err))
			return err_wrap(err, "cannot publish '%s'",
					chart_file_name(looks[i].item->chart));
	}
	return true;
}

static bool look_at(const struct publish *publish, struct look *looks,
		    size_t count, struct err *err)
{
	static const struct reporter silent = {0};
	CLEANUP(free_ptr) struct chartrepo_fetch **fetches =
		xcalloc(count + 1, sizeof(struct chartrepo_fetch *));

	for (size_t i = 0; i < count; i++)
		fetches[i] = &looks[i].fetch;
	return chartrepo_fetch_all(publish->repo->http, fetches, count,
				   LOOKS_AT_ONCE, 0, &silent, err) &&
	       finish_looks(looks, count, err);
}

/* Those of which the write itself does not tell what is there. */
static bool needs_look(const struct publish *publish,
		       const struct publish_batch *batch,
		       const struct publish_item *item, bool foresee)
{
	return item->listed != PUBLISH_LISTED_KEPT &&
	       (foresee || batch->count > 1 || must_look(publish, item));
}

bool publish_look(const struct publish *publish, struct publish_batch *batch,
		  bool foresee, struct err *err)
{
	CLEANUP(free_ptr) struct look *looks =
		xcalloc(batch->count + 1, sizeof(*looks));
	size_t count = 0;
	bool done;

	for (size_t i = 0; i < batch->count; i++) {
		struct publish_item *item = &batch->items[i];
		char *url;

		if (!needs_look(publish, batch, item, foresee))
			continue;
		url = chartrepo_chart_url(publish->repo, item->chart);
		looks[count++] = (struct look){
			.fetch = {.repo = publish->repo,
				  .url = url,
				  .limit = CHART_ARCHIVE_MAX,
				  .taken = take_look},
			.publish = publish,
			.item = item,
			.url = url,
		};
	}
	done = !count || look_at(publish, looks, count, err);
	for (size_t i = 0; i < count; i++)
		look_release(&looks[i]);
	return done;
}

static bool put_one(struct publish_run *run, struct publish_item *item,
		    struct err *err)
{
	bool done;

	if (item->listed == PUBLISH_LISTED_KEPT)
		return true;
	if (!publish_keep_lock(run, err))
		return false;
	done = put_archive(run->publish, item, err) &&
	       publish_put_provenance(run->publish, item, err);
	publish_settle(run, done, err);
	return done;
}

bool publish_put_archives(struct publish_run *run, struct err *err)
{
	const struct publish *publish = run->publish;
	struct publish_batch *batch = run->batch;

	if (!publish_look(publish, batch, false, err))
		return false;
	for (size_t i = 0; i < batch->count; i++) {
		struct publish_item *item = &batch->items[i];

		if (!put_one(run, item, err))
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
	const struct chart *chart;

	if (!read_there(run->publish, item, &there, err))
		return false;
	chart = load_there(item, &there, &arena, err);
	if (!chart)
		return false;
	edit.entry = publish_new_entry(run->publish, chart, there.digest,
				       str_text(&run->now), &arena);
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
