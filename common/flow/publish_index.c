/* One try to enter the index. */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "flow/publish_parts.h"
#include "format/value.h"

/* What others have entered meanwhile may have moved ours by so much. */
#define GLIMPSE_BEFORE ((size_t)16 << 10)
#define GLIMPSE_BEHIND ((size_t)240 << 10)

bool publish_read_index(struct publish_run *run, struct err *err)
{
	int64_t before = clock_monotonic_ms();

	chartindex_release(&run->parsed);
	chartrepo_index_release(&run->index);
	run->archives_later = false;
	run->index_read =
		chartrepo_read_index(run->publish->repo, &run->index, err);
	run->read_ms = clock_monotonic_ms() - before;
	return run->index_read;
}

bool publish_parse_index(struct chartindex *index, const struct chartrepo *repo,
			 const struct chartrepo_index *text, struct err *err)
{
	if (chartindex_open(index, chartrepo_index_text(text), text->text.len,
			    repo->index_address, err))
		return true;
	return err_hint(err, "it is left as it is: put it right, or move it "
			     "away and let 'repo-audit --repair' make one of "
			     "the archives");
}

bool publish_open_index(struct publish_run *run, struct chartindex **index,
			struct err *err)
{
	*index = &run->parsed;
	return (run->index_read || publish_read_index(run, err)) &&
	       (run->parsed.layout ||
		publish_parse_index(&run->parsed, run->publish->repo,
				    &run->index, err));
}

/* Does the index have exactly this archive under its name and version? */
static bool find_entry(struct chartindex *index, const char *name,
		       const char *version, const char *digest,
		       const struct chartindex_entry **entry, bool *same,
		       struct arena *arena, struct err *err)
{
	struct chartindex_entries entries = {0};

	if (!chartindex_read(index, name, arena, &entries, err))
		return false;
	*entry = chartindex_find(&entries, version);
	*same = *entry && strcmp((*entry)->digest, digest) == 0;
	return true;
}

/* What is to be put, and memory for it. */
struct missing {
	struct arena arena;
	struct chartindex_put *puts;
	size_t count;
};

static void missing_release(struct missing *missing)
{
	arena_release(&missing->arena);
}

static void add_put(struct missing *missing, const struct publish_entry *entry,
		    const struct chartindex_entry *old)
{
	if (old && *old->created)
		value_map_set_text(entry->value, &missing->arena, "created",
				   old->created);
	missing->puts[missing->count++] = (struct chartindex_put){
		.name = entry->name,
		.version = entry->version,
		.entry = entry->value,
	};
}

/*
 * What replaced another archive is written in any case: a publisher who
 * replaced that one before must not find the index as he read it.
 */
static bool add_item(struct publish_run *run, struct missing *missing,
		     struct chartindex *index, struct publish_item *item,
		     struct err *err)
{
	const struct chart *chart = item->chart;
	const struct publish_entry entry = {
		.name = chart->name,
		.version = chart->version,
		.digest = item->digest,
		.value = chartindex_new_entry(chart, chart_file_name(chart),
					      item->digest, str_text(&run->now),
					      &missing->arena),
	};
	const struct chartindex_entry *old;
	bool same;

	if (!find_entry(index, entry.name, entry.version, entry.digest, &old,
			&same, &missing->arena, err) ||
	    (old && !same && !publish_judge_again(run, item, old, err)))
		return false;
	run->resumed = run->resumed || (item->existed && !same);
	item->existed = item->existed && same;
	if (!same || item->replaced)
		add_put(missing, &entry, old);
	return true;
}

static bool add_own(struct publish_run *run, struct missing *missing,
		    struct chartindex *index, struct err *err)
{
	for (size_t i = 0; i < run->batch->count; i++) {
		struct publish_item *item = &run->batch->items[i];

		if (item->listed != PUBLISH_LISTED_KEPT &&
		    !add_item(run, missing, index, item, err))
			return false;
	}
	return true;
}

/* Only if the index has nothing of that version. */
static bool add_guest(struct missing *missing, struct chartindex *index,
		      const struct publish_entry *entry, struct err *err)
{
	const struct chartindex_entry *old;
	bool same;

	if (!find_entry(index, entry->name, entry->version, entry->digest, &old,
			&same, &missing->arena, err))
		return false;
	if (!old)
		add_put(missing, entry, NULL);
	return true;
}

/* Is @entry one of the batch, which has been seen to already? */
static bool is_own(const struct publish_run *run,
		   const struct publish_entry *entry)
{
	for (size_t i = 0; i < run->batch->count; i++) {
		const struct chart *chart = run->batch->items[i].chart;

		if (same_text(chart->name, entry->name) &&
		    same_text(chart->version, entry->version))
			return true;
	}
	return false;
}

static bool is_noted(const struct missing *missing,
		     const struct publish_entry *entry)
{
	for (size_t i = 0; i < missing->count; i++) {
		if (same_text(missing->puts[i].name, entry->name) &&
		    same_text(missing->puts[i].version, entry->version))
			return true;
	}
	return false;
}

static bool find_missing(struct publish_run *run, struct missing *missing,
			 struct chartindex *index,
			 const struct publish_entries *guests, struct err *err)
{
	size_t guest_count = guests ? guests->count : 0;

	missing->puts = arena_new_array(&missing->arena, struct chartindex_put,
					run->batch->count + guest_count);
	if (!add_own(run, missing, index, err))
		return false;
	for (size_t i = 0; i < guest_count; i++) {
		const struct publish_entry *guest = &guests->items[i];

		if (is_own(run, guest) || is_noted(missing, guest))
			continue;
		if (!add_guest(missing, index, guest, err))
			return false;
	}
	return true;
}

static bool change_index(struct publish_run *run, struct chartindex *index,
			 const struct missing *missing, struct err *err)
{
	const struct chartindex_change change = {
		.puts = missing->puts,
		.count = missing->count,
		.generated = str_text(&run->now),
		.annotation = run->proof,
		.annotation_text = str_text(&run->now),
		.format = run->publish->format,
	};

	return chartindex_change(index, &run->index.text, &change, err);
}

/*
 * The write failed, or was met by a state that may be of its own making:
 * what the index has now tells.
 */
static enum publish_swap look_up(struct publish_run *run, struct err *err)
{
	CLEANUP(err_release) struct err ignored = {0};
	bool entered = false;

	if (!publish_is_entered(run, &entered, &ignored))
		log_debug("cannot look the write up: %s", ignored.text);
	if (entered) {
		err_release(err);
		publish_settle(run, true, err);
		return PUBLISH_DONE;
	}
	return err->kind == ERR_NONE ? PUBLISH_LOST : PUBLISH_FAILED;
}

/* Where our first entry stands, by its digest, which nothing else has. */
static void note_place(struct publish_run *run)
{
	const char *text = str_text(&run->index.text);
	const char *digest = run->batch->items[0].digest;
	const char *found =
		memmem(text, run->index.text.len, digest, strlen(digest));

	run->place = found ? (size_t)(found - text) : 0;
}

static enum publish_swap swap(struct publish_run *run, struct err *err)
{
	int64_t before = clock_monotonic_ms();
	enum chartrepo_outcome outcome;
	bool unclear = false, done;

	if (run->bucket)
		note_place(run);
	done = chartrepo_swap_index(run->publish->repo, &run->index,
				    str_text(&run->index.text),
				    run->index.text.len, &outcome, &unclear,
				    err);
	publish_settle(run, done, err);
	run->index_read = false;
	run->swap_ms = clock_monotonic_ms() - before;
	chartrepo_index_release(&run->index);
	if (done && outcome == CHARTREPO_WRITTEN)
		return PUBLISH_DONE;
	if (done ? unclear : err->temporary)
		return look_up(run, err);
	return done ? PUBLISH_LOST : PUBLISH_FAILED;
}

enum publish_swap publish_try_swap(struct publish_run *run,
				   const struct publish_entries *guests,
				   struct err *err)
{
	CLEANUP(missing_release) struct missing missing = {0};
	struct chartindex *index;

	if (!publish_open_index(run, &index, err) ||
	    !find_missing(run, &missing, index, guests, err))
		return PUBLISH_FAILED;
	if (!missing.count)
		return PUBLISH_DONE;
	if (!change_index(run, index, &missing, err) ||
	    !publish_keep_lock(run, err))
		return PUBLISH_FAILED;
	return swap(run, err);
}

bool publish_is_entered(struct publish_run *run, bool *entered, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct chartindex *index;

	run->index_read = false;
	if (!publish_open_index(run, &index, err))
		return false;
	for (size_t i = 0; i < run->batch->count; i++) {
		const struct publish_item *item = &run->batch->items[i];
		const struct chartindex_entry *entry;

		if (item->listed == PUBLISH_LISTED_KEPT)
			continue;
		if (!find_entry(index, item->chart->name, item->chart->version,
				item->digest, &entry, entered, &arena, err))
			return false;
		if (!*entered)
			return true;
	}
	*entered = true;
	return true;
}

static bool shows_all(const struct publish_run *run, const struct str *part)
{
	for (size_t i = 0; i < run->batch->count; i++) {
		const struct publish_item *item = &run->batch->items[i];

		if (item->listed != PUBLISH_LISTED_KEPT &&
		    !memmem(str_text(part), part->len, item->digest,
			    strlen(item->digest)))
			return false;
	}
	return true;
}

bool publish_glimpse(struct publish_run *run, bool *entered, struct err *err)
{
	CLEANUP(s3_object_release) struct s3_object part = {0};
	CLEANUP(err_release) struct err ignored = {0};
	CLEANUP(free_ptr) char *key =
		xasprintf("%s" CHARTREPO_INDEX, run->publish->repo->prefix);
	size_t start =
		run->place > GLIMPSE_BEFORE ? run->place - GLIMPSE_BEFORE : 0;

	if (run->place &&
	    s3_find_part(run->bucket, key, start, run->place + GLIMPSE_BEHIND,
			 &part, &ignored) &&
	    part.found && shows_all(run, &part.body)) {
		*entered = true;
		return true;
	}
	return publish_is_entered(run, entered, err);
}
