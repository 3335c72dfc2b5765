#include "flow/publish.h"

#include <stdlib.h>
#include <string.h>

#include "api/chartrepo.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/random.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "core/ci.h"
#include "flow/origin.h"
#include "format/value.h"
#include "net/retry.h"
#include "sys/file.h"
#include "sys/proc.h"

/* "a.b=c": the part before the sign and the one behind. */
static bool split(const char *text, const char *option, char **key,
		  const char **value, struct err *err)
{
	const char *equals = strchr(text, '=');

	if (!equals || equals == text)
		return err_set(err, ERR_USAGE,
			       "'--%s %s' is not of the form KEY=VALUE", option,
			       text);
	*key = xmemdupz(text, (size_t)(equals - text));
	*value = equals + 1;
	return true;
}

static bool apply_lists(struct chart *chart,
			const struct publish_changes *changes, struct err *err)
{
	for (size_t i = 0; i < changes->annotations->count; i++) {
		CLEANUP(free_ptr) char *key = NULL;
		const char *value;

		if (!split(changes->annotations->items[i], "annotation", &key,
			   &value, err))
			return false;
		chart_set_annotation(chart, key, value);
	}
	for (size_t i = 0; i < changes->set->count; i++) {
		CLEANUP(free_ptr) char *path = NULL;
		const char *value;

		if (!split(changes->set->items[i], "set", &path, &value, err) ||
		    !chart_set_value(chart, path, value, err))
			return false;
	}
	return true;
}

static void annotate(struct chart *chart, const struct origin *origin)
{
	CLEANUP(free_ptr) char *repository =
		origin->git_url ? ci_repository_path(origin->git_url) : NULL;

	if (origin->commit)
		chart_set_annotation(chart, "slipway/commit", origin->commit);
	if (repository)
		chart_set_annotation(chart, "slipway/repository", repository);
}

/* One time for all members, so that the same commit gives the same bytes. */
static bool stamp(struct chart *chart, const struct publish_changes *changes,
		  struct err *err)
{
	int64_t seconds = changes->origin->commit_time;

	if (changes->source_date_epoch &&
	    !num_parse_range(changes->source_date_epoch, 0, INT64_MAX,
			     &seconds))
		return err_set(err, ERR_USAGE,
			       "SOURCE_DATE_EPOCH is no number of seconds: "
			       "'%s'",
			       changes->source_date_epoch);
	if (seconds || changes->source_date_epoch)
		chart_stamp(chart, seconds);
	return true;
}

static bool package(struct publish_item *item, struct err *err)
{
	return chart_package(&item->package, item->chart, err) &&
	       sha256_hex(str_text(&item->package), item->package.len,
			  item->digest, err);
}

static bool prepare(struct publish_item *item, const char *path,
		    const struct publish_changes *changes, struct arena *arena,
		    struct err *err)
{
	struct chart *chart = NULL;

	if (!chart_load(path, arena, &chart, err))
		return false;
	annotate(chart, changes->origin);
	if (changes->app_version)
		chart_set_app_version(chart, changes->app_version);
	item->chart = chart;
	if ((changes->version &&
	     !chart_set_version(chart, changes->version, err)) ||
	    !apply_lists(chart, changes, err) || !stamp(chart, changes, err) ||
	    !chart_check_dependencies(chart, err) || !package(item, err))
		return err_wrap(err, "cannot package chart '%s'", path);
	return true;
}

bool publish_prepare(struct publish_batch *batch, const struct strvec *paths,
		     const struct publish_changes *changes, struct arena *arena,
		     struct err *err)
{
	batch->items = xcalloc(paths->count, sizeof(*batch->items));
	for (size_t i = 0; i < paths->count; i++) {
		if (!prepare(&batch->items[batch->count++], paths->items[i],
			     changes, arena, err))
			return false;
	}
	return true;
}

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
	    !chart_same_package(str_text(&item->package), item->package.len,
				str_text(&there), there.len))
		return conflict(item, " with other content", err);
	memcpy(item->digest, digest, sizeof(digest));
	item->existed = true;
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
	};
	enum chartrepo_outcome outcome;
	bool unclear = false;

	chartrepo_add_address(&item->address, publish->repo, put.chart);
	if (!chartrepo_put_chart(publish->repo, &put, &outcome, &unclear, err))
		return false;
	return outcome == CHARTREPO_WRITTEN ||
	       adopt(publish, item, unclear, err);
}

/* Does the index have exactly this chart under our archive's name? */
static bool is_listed(const struct chartindex_entry *entry,
		      const struct publish_item *item)
{
	const char *digest = entry->digest;

	if (starts_with(digest, "sha256:"))
		digest += strlen("sha256:");
	return strcmp(digest, item->digest) == 0;
}

/*
 * What the index lacks of @batch.  An entry with another digest describes
 * what the archive no longer is, or never was: it is put right.
 */
static bool find_missing(struct chartindex *index, const char *now,
			 struct publish_batch *batch, struct arena *arena,
			 struct chartindex_put *puts, size_t *put_count,
			 struct err *err)
{
	*put_count = 0;
	for (size_t i = 0; i < batch->count; i++) {
		struct publish_item *item = &batch->items[i];
		const struct chart *chart = item->chart;
		struct chartindex_entries entries = {0};
		const struct chartindex_entry *entry;

		if (!chartindex_read(index, chart->name, arena, &entries, err))
			return false;
		entry = chartindex_find(&entries, chart->version);
		if (entry && is_listed(entry, item))
			continue;
		puts[(*put_count)++] = (struct chartindex_put){
			.name = chart->name,
			.version = chart->version,
			.entry = chartindex_new_entry(
				chart, chart_file_name(chart), item->digest,
				entry && *entry->created ? entry->created : now,
				arena),
		};
		item->existed = false;
	}
	return true;
}

enum swap {
	SWAP_DONE,
	SWAP_AGAIN,
	SWAP_FAILED
};

/* Read the index, add what it lacks, write it if it has not changed. */
static enum swap try_index(const struct publish *publish,
			   struct publish_batch *batch, struct err *err)
{
	CLEANUP(chartrepo_index_release) struct chartrepo_index read = {0};
	CLEANUP(chartindex_release) struct chartindex index = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str now = {0};
	struct chartindex_put *puts =
		arena_new_array(&arena, struct chartindex_put, batch->count);
	struct chartindex_change change = {.puts = puts};
	enum chartrepo_outcome outcome;
	bool unclear;

	clock_add_rfc3339(&now, publish->now);
	if (!chartrepo_read_index(publish->repo, &read, err) ||
	    !chartindex_open(&index, str_text(&read.text), read.text.len,
			     CHARTREPO_INDEX, err) ||
	    !find_missing(&index, str_text(&now), batch, &arena, puts,
			  &change.count, err))
		return SWAP_FAILED;
	if (!change.count)
		return SWAP_DONE;
	change.generated = str_text(&now);
	if (!chartindex_change(&index, &read.text, &change, err) ||
	    !chartrepo_swap_index(publish->repo, &read, str_text(&read.text),
				  read.text.len, &outcome, &unclear, err))
		return SWAP_FAILED;
	/* Also where it is unclear whose write was met: the next try sees. */
	return outcome == CHARTREPO_WRITTEN ? SWAP_DONE : SWAP_AGAIN;
}

static bool enter_index(const struct publish *publish,
			struct publish_batch *batch, struct err *err)
{
	for (unsigned int try = 1; try <= PUBLISH_TRIES_MAX; try++) {
		enum swap swap = try_index(publish, batch, err);

		if (swap == SWAP_FAILED)
			return err_wrap(err, "cannot enter the index of '%s'",
					publish->repo->address);
		if (swap == SWAP_DONE)
			return true;
		log_debug("the index changed meanwhile, try %u", try);
		(void)clock_sleep_ms(retry_jitter_ms(PUBLISH_WAIT_BASE_MS,
						     PUBLISH_WAIT_CAP_MS, try,
						     random_number()));
		if (proc_interrupted(err))
			return false;
		if (deadline_passed(&publish->deadline))
			break;
	}
	return err_set(err, ERR_TIMEOUT,
		       "cannot enter the index of '%s': others kept changing "
		       "it; the archives are there, and the next run enters "
		       "them",
		       publish->repo->address);
}

bool publish_charts(const struct publish *publish, struct publish_batch *batch,
		    struct err *err)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct publish_item *item = &batch->items[i];

		if (!put_archive(publish, item, err))
			return err_wrap(err, "cannot publish '%s'",
					chart_file_name(item->chart));
		report_progress(publish->reporter, "charts", i + 1,
				batch->count);
	}
	return !chartrepo_writes_index(publish->repo) ||
	       enter_index(publish, batch, err);
}

static bool save(struct publish_item *item, const char *dir, struct err *err)
{
	CLEANUP(free_ptr) char *path =
		path_join(dir, chart_file_name(item->chart));

	if (!dir_create_all(dir, err) ||
	    !file_replace(path, str_text(&item->package), item->package.len,
			  0666, err))
		return err_wrap(err, "cannot save the package");
	str_add(&item->address, path);
	return true;
}

bool publish_save(struct publish_batch *batch, const char *dir, struct err *err)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (!save(&batch->items[i], dir, err))
			return false;
	}
	return true;
}

void publish_batch_release(struct publish_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		str_release(&batch->items[i].package);
		str_release(&batch->items[i].address);
	}
	free(batch->items);
}
