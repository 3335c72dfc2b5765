/* Which applications changed: from charts, repositories and the record. */

#include <string.h>

#include "api/helmrepos.h"
#include "api/repoaccess.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "flow/changelog_parts.h"
#include "format/hash.h"
#include "format/value.h"
#include "net/redact.h"
#include "sys/file.h"

/* A chart repository; its index is read once. */
struct source {
	struct http http;
	struct chartrepo repo;
	struct chartrepo_index text;
	struct chartindex index;
	bool has_index;
};

static void source_release(struct source *source)
{
	chartindex_release(&source->index);
	chartrepo_index_release(&source->text);
	chartrepo_release(&source->repo);
	http_release(&source->http);
}

void changelog_release_charts(struct changelog_gathering *gathering)
{
	for (size_t i = 0; i < gathering->sources.count; i++)
		source_release(gathering->sources.entries[i].value);
	map_release(&gathering->sources);
}

/* --- repositories ------------------------------------------------------ */

static bool open_index(struct source *source, struct err *err)
{
	source->has_index = chartrepo_has_index(&source->repo);
	if (!source->has_index)
		return true;
	if (!chartrepo_read_index(&source->repo, &source->text, err))
		return false;
	return chartindex_open(&source->index,
			       chartrepo_index_text(&source->text),
			       source->text.text.len,
			       source->repo.index_address, err);
}

static bool open_source(struct changelog_gathering *gathering,
			const char *address, struct source **result,
			struct err *err)
{
	struct source *source = map_get(&gathering->sources, address);
	struct repoaccess_args access = {0};

	*result = source;
	if (source)
		return true;
	source = arena_new(gathering->arena, struct source);
	map_put(&gathering->sources, address, source);
	if (same_text(address, gathering->args->repository))
		access.login = *gathering->args->login;
	if (!repoaccess_open(&source->repo, &source->http, address, &access,
			     gathering->args->http, err) ||
	    !open_index(source, err))
		return err_wrap(err, "cannot read repository '%s'", address);
	*result = source;
	return true;
}

/* *@entry is NULL where the repository has no such version. */
static bool find_entry(struct source *source, const char *name,
		       const char *version, struct arena *arena,
		       const struct chartindex_entry **entry, struct err *err)
{
	struct chartindex_entries *entries =
		arena_new(arena, struct chartindex_entries);
	CLEANUP(err_release) struct err failure = {0};
	bool done = source->has_index
			    ? chartindex_read(&source->index, name, arena,
					      entries, &failure)
			    : chartrepo_list(&source->repo, name, version,
					     arena, entries, &failure);

	if (!done && failure.kind != ERR_NOT_FOUND) {
		err_move(err, &failure);
		return false;
	}
	*entry = done ? chartindex_find(entries, version) : NULL;
	return true;
}

static bool download(struct source *source,
		     const struct chartindex_entry *entry, const char *name,
		     struct arena *arena, struct chart **chart, struct err *err)
{
	const struct value *urls = entry->urls;
	CLEANUP(str_release) struct str bytes = {0};
	CLEANUP(str_release) struct str shown = {0};
	char hex[SHA256_HEX_SIZE];

	if (urls->list.count == 0 || urls->list.items[0]->kind != VALUE_STRING)
		return err_set(err, ERR_INPUT,
			       "the entry of '%s' %s has no address", name,
			       entry->version);
	redact_url(&shown, urls->list.items[0]->string.bytes);
	return chartrepo_get(&source->repo, urls->list.items[0]->string.bytes,
			     CHART_ARCHIVE_MAX, &bytes, err) &&
	       sha256_hex(str_text(&bytes), bytes.len, hex, err) &&
	       chartindex_check_digest(str_text(&shown), entry->digest, hex,
				       err) &&
	       chart_load_archive(str_text(&bytes), bytes.len, name, arena,
				  chart, err) &&
	       chartindex_check_chart(str_text(&shown), name, entry->version,
				      *chart, err);
}

/* --- what annotations say ---------------------------------------------- */

static bool read_registry(struct source *source,
			  const struct chartindex_entry *entry,
			  const char *name, struct appchange_side *side,
			  struct arena *arena, struct err *err)
{
	CLEANUP(arena_release) struct arena charts = {0};
	CLEANUP(err_release) struct err failure = {0};
	struct chart *chart;

	if (!download(source, entry, name, &charts, &chart, &failure)) {
		if (failure.kind == ERR_NOT_FOUND)
			return true;
		err_move(err, &failure);
		return false;
	}
	appchange_annotate(side, value_map_get(chart->metadata, "annotations"),
			   arena);
	return true;
}

/* Neither a folder that is a chart nor a name of Helm's can be asked. */
static bool is_address(const char *repository)
{
	return !is_blank(repository) && !helmrepos_alias(repository) &&
	       (!starts_with(repository, "file://") ||
		starts_with(repository, "file:///"));
}

static bool annotate(struct changelog_gathering *gathering,
		     const struct appchange *change,
		     struct appchange_side *side, struct err *err)
{
	const char *address = change->repository ? change->repository
						 : gathering->args->repository;
	const struct chartindex_entry *entry;
	struct source *source;

	if (!change->old.version || !change->new.version || side->was_read ||
	    !is_address(address))
		return true;
	if (!open_source(gathering, address, &source, err) ||
	    !find_entry(source, change->chart, side->version, gathering->arena,
			&entry, err))
		return false;
	if (!entry)
		return true;
	if (!source->has_index)
		return read_registry(source, entry, change->chart, side,
				     gathering->arena, err);
	appchange_annotate(side, value_map_get(entry->value, "annotations"),
			   gathering->arena);
	return true;
}

/* --- charts ------------------------------------------------------------ */

/* "web@1.4.0" of --repo. */
static bool fetch_chart(struct changelog_gathering *gathering, const char *name,
			const char *version, struct chart **chart,
			struct err *err)
{
	const char *address = gathering->args->repository;
	const struct chartindex_entry *entry;
	struct source *source;

	if (is_blank(address))
		return err_set(err, ERR_USAGE,
			       "missing '--repo', which '%s@%s' is of", name,
			       version);
	if (!open_source(gathering, address, &source, err) ||
	    !find_entry(source, name, version, gathering->arena, &entry, err))
		return false;
	if (!entry)
		return err_set(err, ERR_NOT_FOUND,
			       "there is no chart '%s' %s in '%s'", name,
			       version, address);
	return download(source, entry, name, gathering->arena, chart, err);
}

static bool load_chart(struct changelog_gathering *gathering, const char *place,
		       struct chart **chart, struct err *err)
{
	const char *at = strrchr(place, '@');
	CLEANUP(free_ptr) char *name = NULL;

	if (!at || at == place || !at[1] || file_exists(place))
		return chart_load(place, gathering->arena, chart, err);
	name = xmemdupz(place, (size_t)(at - place));
	return fetch_chart(gathering, name, at + 1, chart, err);
}

/* What umbrella-render wrote, if it is still there. */
static const char *recorded_umbrella(const struct value *record,
				     struct arena *arena)
{
	const char *dir =
		record ? value_find_text(record, "umbrella.outputDir") : NULL;

	return dir && chart_is_in(dir) ? arena_strdup(arena, dir) : NULL;
}

/* The only chart that was published, as "web@1.4.0". */
static const char *recorded_chart(const struct value *record,
				  struct arena *arena)
{
	const struct value *charts =
		record ? value_find(record, "charts") : NULL;
	const char *name, *version;

	if (!charts || !value_is_list(charts) || charts->list.count != 1)
		return NULL;
	name = value_find_text(charts->list.items[0], "name");
	version = value_find_text(charts->list.items[0], "version");
	return name && version ? arena_printf(arena, "%s@%s", name, version)
			       : NULL;
}

static bool compare_charts(struct changelog_gathering *gathering,
			   const char *new_place, struct err *err)
{
	struct chart *old = NULL;
	struct chart *new = NULL;

	if (!load_chart(gathering, gathering->args->old, &old, err))
		return err_wrap(err, "cannot read the old chart");
	if (!load_chart(gathering, new_place, &new, err))
		return err_wrap(err, "cannot read the new chart");
	appchange_of_charts(&gathering->changes, old, new, gathering->arena);
	return true;
}

static bool read_record(struct changelog_gathering *gathering,
			const char *umbrella, struct err *err)
{
	const struct value *record = gathering->args->record;
	const struct value *list =
		record ? value_find(record, "environment.applications") : NULL;
	struct chart *new = NULL;

	if (!list || !value_is_list(list)) {
		err_set(err, ERR_USAGE, "missing '--range' or '--old'");
		return err_hint(err, "no release record ('--record') tells of "
				     "a deployment that changed applications");
	}
	if (umbrella && !load_chart(gathering, umbrella, &new, err))
		return false;
	appchange_of_record(&gathering->changes, record, new, gathering->arena);
	return true;
}

bool changelog_find_changes(struct changelog_gathering *gathering,
			    struct err *err)
{
	const struct changelog_args *args = gathering->args;
	struct appchanges *changes = &gathering->changes;
	const char *new =
		args->new ? args->new
			  : recorded_umbrella(args->record, gathering->arena);

	if (!args->old) {
		if (!read_record(gathering, new, err))
			return false;
	} else {
		new = new ? new
			  : recorded_chart(args->record, gathering->arena);
		if (!new)
			return err_set(err, ERR_USAGE, "missing '--new'");
		if (!compare_charts(gathering, new, err))
			return false;
	}
	for (size_t i = 0; i < changes->count; i++)
		if (!annotate(gathering, &changes->items[i],
			      &changes->items[i].old, err) ||
		    !annotate(gathering, &changes->items[i],
			      &changes->items[i].new, err))
			return false;
	appchanges_join(changes);
	return true;
}
