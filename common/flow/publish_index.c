/* One try to enter the index. */
#include <stdlib.h>
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

struct value *publish_new_entry(const struct publish *publish,
				const struct chart *chart, const char *digest,
				const char *created, struct arena *arena)
{
	const char *url = chartrepo_entry_url(publish->repo,
					      chart_file_name(chart), arena);

	return chartindex_new_entry(chart, url, digest, created, arena);
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
		     struct publish_item *item,
		     const struct chartindex_entry *old, struct err *err)
{
	const struct chart *chart = item->chart;
	const struct publish_entry entry = {
		.name = chart->name,
		.version = chart->version,
		.digest = item->digest,
		.value =
			publish_new_entry(run->publish, chart, item->digest,
					  str_text(&run->now), &missing->arena),
	};
	bool same = old && same_text(old->digest, item->digest);

	if (old && !same && !publish_judge_again(run, item, old, err))
		return false;
	run->resumed = run->resumed || (item->existed && !same);
	item->existed = item->existed && same;
	if (!same || item->replaced)
		add_put(missing, &entry, old);
	return true;
}

/* One of the batch, or an entry of others that waits. */
struct candidate {
	const char *name;
	const char *version;
	struct publish_item *item;	   /* NULL = of others */
	const struct publish_entry *guest; /* NULL = our own */
	size_t place;
};

/* Ours before those of others, and these as they come. */
static int by_version(const void *a, const void *b)
{
	const struct candidate *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	order = order ? order : strcmp(left->version, right->version);
	return order ? order
		     : (left->place > right->place) -
			       (left->place < right->place);
}

static bool is_same_version(const struct candidate *a,
			    const struct candidate *b)
{
	return !strcmp(a->name, b->name) && !strcmp(a->version, b->version);
}

static struct candidate *list_candidates(const struct publish_run *run,
					 const struct publish_entries *guests,
					 size_t count, struct arena *arena)
{
	struct candidate *list =
		arena_new_array(arena, struct candidate, count);

	for (size_t i = 0; i < count; i++) {
		struct candidate *one = &list[i];

		one->place = i;
		if (i < run->batch->count) {
			one->item = &run->batch->items[i];
			one->name = one->item->chart->name;
			one->version = one->item->chart->version;
			continue;
		}
		one->guest = &guests->items[i - run->batch->count];
		one->name = one->guest->name;
		one->version = one->guest->version;
	}
	qsort(list, count, sizeof(*list), by_version);
	return list;
}

/* Of others: only if the index has nothing of that version. */
static bool add_candidate(struct publish_run *run, struct missing *missing,
			  struct chartindex_lookup *lookup,
			  const struct candidate *one, struct err *err)
{
	const struct chartindex_entry *old;

	if (one->item && one->item->listed == PUBLISH_LISTED_KEPT)
		return true;
	if (!chartindex_look_up(lookup, one->name, one->version, &old, err))
		return false;
	if (one->item)
		return add_item(run, missing, one->item, old, err);
	if (!old)
		add_put(missing, one->guest, NULL);
	return true;
}

static bool find_missing(struct publish_run *run, struct missing *missing,
			 struct chartindex *index,
			 const struct publish_entries *guests, struct err *err)
{
	CLEANUP(chartindex_lookup_release) struct chartindex_lookup lookup = {
		.index = index};
	size_t count = run->batch->count + (guests ? guests->count : 0);
	const struct candidate *list =
		list_candidates(run, guests, count, &missing->arena);

	missing->puts =
		arena_new_array(&missing->arena, struct chartindex_put, count);
	for (size_t i = 0; i < count; i++) {
		/* Which of them enters was decided with the first. */
		if (list[i].guest && i &&
		    is_same_version(&list[i], &list[i - 1]))
			continue;
		if (!add_candidate(run, missing, &lookup, &list[i], err))
			return false;
	}
	return true;
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

enum publish_swap publish_write_index(struct publish_run *run,
				      struct chartindex *index,
				      struct chartindex_change *change,
				      bool *unclear, struct err *err)
{
	enum chartrepo_outcome outcome;
	int64_t before;
	bool done;

	*unclear = false;
	change->generated = change->annotation_text = str_text(&run->now);
	change->annotation = run->proof;
	change->format = run->publish->format;
	if (!chartindex_change(index, &run->index.text, change, err) ||
	    !publish_keep_lock(run, err))
		return PUBLISH_FAILED;
	if (run->bucket && run->batch->count)
		note_place(run);
	before = clock_monotonic_ms();
	done = chartrepo_swap_index(run->publish->repo, &run->index,
				    str_text(&run->index.text),
				    run->index.text.len, &outcome, unclear,
				    err);
	publish_settle(run, done, err);
	run->index_read = false;
	run->swap_ms = clock_monotonic_ms() - before;
	chartrepo_index_release(&run->index);
	if (!done) {
		*unclear = err->temporary;
		return PUBLISH_FAILED;
	}
	return outcome == CHARTREPO_WRITTEN ? PUBLISH_DONE : PUBLISH_LOST;
}

enum publish_swap publish_try_swap(struct publish_run *run,
				   const struct publish_entries *guests,
				   struct err *err)
{
	CLEANUP(missing_release) struct missing missing = {0};
	struct chartindex_change change = {0};
	struct chartindex *index;
	enum publish_swap swap;
	bool unclear;

	if (!publish_open_index(run, &index, err) ||
	    !find_missing(run, &missing, index, guests, err))
		return PUBLISH_FAILED;
	if (!missing.count)
		return PUBLISH_DONE;
	change.puts = missing.puts;
	change.count = missing.count;
	swap = publish_write_index(run, index, &change, &unclear, err);
	return swap != PUBLISH_DONE && unclear ? look_up(run, err) : swap;
}

bool publish_each_entry(struct publish_run *run,
			bool (*each)(struct publish_run *run,
				     struct publish_item *item,
				     const struct chartindex_entry *entry,
				     struct err *err),
			struct err *err)
{
	CLEANUP(chartindex_lookup_release) struct chartindex_lookup lookup = {
		0};

	if (!publish_open_index(run, &lookup.index, err))
		return false;
	for (size_t i = 0; i < run->batch->count; i++) {
		struct publish_item *item = &run->batch->items[i];
		const struct chartindex_entry *entry;

		if (!chartindex_look_up(&lookup, item->chart->name,
					item->chart->version, &entry, err) ||
		    !each(run, item, entry, err))
			return false;
	}
	return true;
}

static bool note_entered(struct publish_run *run, struct publish_item *item,
			 const struct chartindex_entry *entry, struct err *err)
{
	(void)run;
	(void)err;
	item->existed = item->existed && entry &&
			same_text(entry->digest, item->digest);
	return true;
}

bool publish_note_entered(struct publish_run *run, struct err *err)
{
	return publish_each_entry(run, note_entered, err);
}

bool publish_is_entered(struct publish_run *run, bool *entered, struct err *err)
{
	CLEANUP(chartindex_lookup_release) struct chartindex_lookup lookup = {
		0};

	run->index_read = false;
	if (!publish_open_index(run, &lookup.index, err))
		return false;
	for (size_t i = 0; i < run->batch->count; i++) {
		const struct publish_item *item = &run->batch->items[i];
		const struct chartindex_entry *entry;

		if (item->listed == PUBLISH_LISTED_KEPT)
			continue;
		if (!chartindex_look_up(&lookup, item->chart->name,
					item->chart->version, &entry, err))
			return false;
		*entered = entry && same_text(entry->digest, item->digest);
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
