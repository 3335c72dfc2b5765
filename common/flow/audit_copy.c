/* Named versions are copied to another repository, byte for byte. */
#include <stdlib.h>
#include <string.h>

#include "api/chartrepo.h"
#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "core/audit.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "core/resolve.h"
#include "flow/audit_parts.h"
#include "flow/repocheck.h"
#include "format/value.h"

/* One version to copy. */
struct pick {
	struct chartrepo_fetch fetch; /* first: its archive */
	struct copying *copying;
	const char *name;
	const char *version;
	const char *digest;
	size_t size; /* of the archive; 0 = it was not read yet */
	bool taken;  /* it is in memory, or was copied */
};

struct copying {
	const struct audit_copy *copy;
	struct audit_report *report;
	struct arena arena;
	struct pick **picks;
	size_t count;
	size_t kept; /* bytes of the archives in memory */
};

static void copying_release(struct copying *copying)
{
	for (size_t i = 0; i < copying->count; i++) {
		str_release(&copying->picks[i]->fetch.bytes);
		err_release(&copying->picks[i]->fetch.failure);
	}
	free(copying->picks);
	arena_release(&copying->arena);
}

/* --- which ----------------------------------------------------------------------- */

static bool is_picked(const struct copying *copying, const struct pick *pick)
{
	for (size_t i = 0; i < copying->count; i++) {
		if (same_text(copying->picks[i]->name, pick->name) &&
		    same_text(copying->picks[i]->version, pick->version))
			return true;
	}
	return false;
}

/*
 * Together they may be too large, which only reading them shows.  Then the first
 * that came are copied, and the others read again, with what has room by then.
 */
static void take_bytes(struct chartrepo_fetch *fetch)
{
	struct pick *pick = (struct pick *)fetch;
	struct copying *copying = pick->copying;

	pick->size = fetch->bytes.len;
	pick->taken = !copying->kept ||
		      copying->kept + pick->size <= AUDIT_COPY_KEPT_MAX;
	if (pick->taken)
		copying->kept += pick->size;
	else
		str_release(&fetch->bytes);
}

/* @wanted: NAME, or NAME@VERSION. */
static bool pick_one(struct copying *copying, struct chartindex *index,
		     const char *wanted, struct err *err)
{
	struct pick *pick = arena_new(&copying->arena, struct pick);
	const char *at = strchr(wanted, '@');
	struct resolve_query query = {.constraint = at ? at + 1 : "",
				      .rule = RESOLVE_SPELLED};
	CLEANUP(map_release) struct map ambiguous = {0};
	const struct chartindex_entry *entry;
	struct chartindex_entries entries, by_age;

	pick->name = arena_memdupz(&copying->arena, wanted,
				   at ? (size_t)(at - wanted) : strlen(wanted));
	query.name = pick->name;
	if (!chartindex_read(index, pick->name, &copying->arena, &entries, err))
		return false;
	/* The newest is what a prune takes for it, too. */
	audit_find_ambiguous(&ambiguous, &entries);
	audit_sort_by_age(&by_age, &entries, &ambiguous, &copying->arena);
	if (!resolve_entry(&by_age, &query, &entry, err))
		return false;
	if (!*entry->digest || !entry->urls->list.count)
		return err_set(err, ERR_INPUT, "the index has no %s of '%s' %s",
			       *entry->digest ? "address" : "digest",
			       pick->name, entry->version);
	/* What was read may be a part of the index, which is not kept. */
	pick->version = arena_strdup(&copying->arena, entry->version);
	pick->digest = arena_strdup(&copying->arena, entry->digest);
	pick->fetch = (struct chartrepo_fetch){
		.repo = copying->copy->from,
		.url = arena_strdup(&copying->arena,
				    entry->urls->list.items[0]->string.bytes),
		.limit = CHART_ARCHIVE_MAX,
		.taken = take_bytes,
	};
	pick->copying = copying;
	if (!is_picked(copying, pick))
		copying->picks[copying->count++] = pick;
	return true;
}

/* The variable of a pipeline that is empty makes such names. */
static bool check_names(const struct strvec *names, struct err *err)
{
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->items[i];
		const char *at = strchr(name, '@');

		if (!*name || at == name)
			return err_set(err, ERR_USAGE,
				       "'%s' lacks the name of a chart", name);
		if (!at || at[1])
			continue;
		(void)err_set(err, ERR_USAGE, "'%s' lacks a version", name);
		return err_hint(err, "the newest release is '%.*s'",
				(int)(at - name), name);
	}
	return true;
}

static bool check_source(const struct audit_copy *copy, struct err *err)
{
	return check_names(copy->names, err) &&
	       (chartrepo_has_index(copy->from) ||
		err_set(err, ERR_USAGE, "'%s' has no index to copy from",
			copy->from->address));
}

static bool pick_all(struct copying *copying, struct err *err)
{
	const struct audit_copy *copy = copying->copy;
	CLEANUP(chartrepo_index_release) struct chartrepo_index text = {0};
	CLEANUP(chartindex_release) struct chartindex index = {0};

	copying->picks = xcalloc(copy->names->count + 1, sizeof(struct pick *));
	if (!chartrepo_read_index(copy->from, &text, err) ||
	    !chartindex_open(&index, chartrepo_index_text(&text), text.text.len,
			     copy->from->index_address, err))
		return false;
	for (size_t i = 0; i < copy->names->count; i++) {
		if (!pick_one(copying, &index, copy->names->items[i], err))
			return err_wrap(err, "cannot copy '%s' of '%s'",
					copy->names->items[i],
					copy->from->address);
	}
	return true;
}

/* --- what -------------------------------------------------------------------------- */

/* A signature that cannot be had is no reason to leave the chart behind. */
static bool take_provenance(struct copying *copying, const struct pick *pick,
			    struct publish_item *item, struct err *err)
{
	if (chartrepo_get_provenance(copying->copy->from, pick->fetch.url,
				     &item->provenance, err))
		return true;
	if (err->kind != ERR_NOT_FOUND && err->kind != ERR_DENIED)
		return false;
	if (err->kind == ERR_DENIED)
		report_warning(copying->copy->reporter,
			       "copied without what may sign it: %s",
			       err->text);
	err_release(err);
	return true;
}

/* The archive must be what the index says before anybody else gets it. */
static bool take_archive(struct copying *copying, struct pick *pick,
			 struct arena *arena, struct publish_item *item,
			 struct err *err)
{
	CLEANUP(arena_release) struct arena files = {0};
	struct chart *chart;

	item->package = pick->fetch.bytes;
	pick->fetch.bytes = (struct str){0};
	if (!sha256_hex(str_text(&item->package), item->package.len,
			item->digest, err))
		return false;
	if (strcmp(item->digest, pick->digest) != 0)
		return err_set(err, ERR_REMOTE,
			       "its digest is %s, the index says %s",
			       item->digest, pick->digest);
	if (!chart_load_archive(str_text(&item->package), item->package.len,
				pick->fetch.url, &files, &chart, err))
		return false;
	if (!same_text(chart->name, pick->name) ||
	    !same_text(chart->version, pick->version))
		return err_set(err, ERR_REMOTE, "it holds chart '%s' %s",
			       chart->name, chart->version);
	item->chart = chart_copy_head(chart, arena);
	return take_provenance(copying, pick, item, err);
}

/*
 * Of those that are left: such as were not read yet, or such as are known not
 * to be too large together.  Among the first some may be read in vain, so none
 * of the others is with them: it would be read a third time.
 */
static size_t choose_group(const struct copying *copying, struct pick **group)
{
	size_t count = 0, size = 0;

	for (size_t i = 0; i < copying->count && count < AUDIT_COPY_AT_ONCE;
	     i++) {
		struct pick *pick = copying->picks[i];

		if (pick->taken)
			continue;
		if (count && ((pick->size == 0) != (group[0]->size == 0) ||
			      size + pick->size > AUDIT_COPY_KEPT_MAX))
			continue;
		size += pick->size;
		group[count++] = pick;
	}
	return count;
}

static bool take_one(struct copying *copying, struct pick *pick,
		     struct arena *arena, struct publish_batch *batch,
		     struct err *err)
{
	if (pick->fetch.failure.kind != ERR_NONE) {
		err_move(err, &pick->fetch.failure);
		return false;
	}
	return !pick->taken || take_archive(copying, pick, arena,
					    &batch->items[batch->count++], err);
}

static bool take_group(struct copying *copying, struct pick **group,
		       size_t count, struct arena *arena,
		       struct publish_batch *batch, struct err *err)
{
	const struct audit_copy *copy = copying->copy;

	copying->kept = 0;
	if (!chartrepo_fetch_all(copy->http, (struct chartrepo_fetch **)group,
				 count, copy->jobs, 0, copy->reporter, err))
		return false;
	batch->items = xcalloc(count, sizeof(*batch->items));
	for (size_t i = 0; i < count; i++) {
		if (!take_one(copying, group[i], arena, batch, err))
			return err_wrap(err, "cannot copy '%s' %s of '%s'",
					group[i]->name, group[i]->version,
					copy->from->address);
	}
	return true;
}

/* --- where to ----------------------------------------------------------------------- */

static bool put_group(const struct audit_copy *copy,
		      struct publish_batch *batch, struct err *err)
{
	const struct publish publish = {
		.repo = copy->to,
		.if_exists = PUBLISH_EXACT,
		.lock = copy->lock,
		.format = CHARTINDEX_KEEP,
		.now = copy->now,
		.deadline = copy->deadline,
		.reporter = copy->reporter,
	};

	return copy->dry_run ? publish_foresee(&publish, batch, err)
			     : publish_charts(&publish, batch, err);
}

static void report_group(struct audit_report *report,
			 const struct publish_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct publish_item *from = &batch->items[i];
		const struct audit_item item = {
			.name = from->chart->name,
			.version = from->chart->version,
			.digest = from->digest,
			.address = str_text(&from->address),
			.reason = from->existed ? "it was there" : "",
		};

		audit_items_add(&report->copied, &report->arena, &item);
		if (!report->dry_run && !from->existed)
			log_info("copied to '%s'", item.address);
	}
}

bool audit_copy(const struct audit_copy *copy, struct audit_report *report,
		struct err *err)
{
	CLEANUP(copying_release) struct copying copying = {.copy = copy,
							   .report = report};
	struct pick *group[AUDIT_COPY_AT_ONCE];
	size_t count;

	report->dry_run = copy->dry_run;
	if (!check_source(copy, err) || !pick_all(&copying, err))
		return false;
	while ((count = choose_group(&copying, group)) > 0) {
		CLEANUP(publish_batch_release) struct publish_batch batch = {0};
		CLEANUP(arena_release) struct arena arena = {0};

		if (!take_group(&copying, group, count, &arena, &batch, err) ||
		    !put_group(copy, &batch, err))
			return false;
		report_group(report, &batch);
	}
	return true;
}

/* --- --check -------------------------------------------------------------------------- */

/* A server that keeps its index itself is asked for the charts. */
static bool look_up(const struct copying *copying, struct arena *arena,
		    struct value **found, struct str *text, struct err *err)
{
	struct chartrepo *to = copying->copy->to;
	const char *shown = log_copy_masked(to->address, arena);
	bool all = true;

	for (size_t i = 0; i < copying->count; i++) {
		const struct chart chart = {
			.name = copying->picks[i]->name,
			.version = copying->picks[i]->version,
		};
		bool one;

		if (!chartrepo_has_chart(to, &chart, &one, err))
			return false;
		all = all && one;
	}
	*found = value_new_map(arena);
	value_map_set_text(*found, arena, "repository", shown);
	value_map_set(*found, arena, "published", value_new_bool(arena, all));
	str_addf(text, "'%s' %s\n", shown,
		 all ? "has what is named" : "does not yet have all of it");
	return true;
}

static bool check_target(const struct copying *copying, struct arena *arena,
			 struct value **found, struct str *text,
			 struct err *err)
{
	const struct audit_copy *copy = copying->copy;
	const struct repocheck check = {
		.repo = copy->to,
		.use = REPOCHECK_PUBLISH,
		.lock = copy->lock,
		.reporter = copy->reporter,
	};

	if (chartrepo_writes_index(copy->to))
		return repocheck_run(&check, arena, found, text, err);
	return look_up(copying, arena, found, text, err);
}

bool audit_check_copy(const struct audit_copy *copy, struct arena *arena,
		      struct value **found, struct str *text, struct err *err)
{
	CLEANUP(copying_release) struct copying copying = {.copy = copy};
	const struct repocheck source = {
		.repo = copy->from,
		.use = REPOCHECK_READ,
		.lock = copy->lock,
		.reporter = copy->reporter,
	};
	struct value *told, *target;

	if (!check_source(copy, err) ||
	    !repocheck_run(&source, arena, &told, text, err) ||
	    !pick_all(&copying, err) ||
	    !check_target(&copying, arena, &target, text, err))
		return false;
	value_map_set(told, arena, "copyTo", target);
	*found = told;
	return true;
}
