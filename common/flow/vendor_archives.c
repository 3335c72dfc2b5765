/* Archives: looked for in the cache, downloaded, checked, kept. */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "flow/vendor_parts.h"
#include "format/url.h"
#include "format/value.h"
#include "net/redact.h"

/* --- what is recorded --------------------------------------------------------- */

static const char *find_recorded(const struct value *list,
				 const struct vendor_archive *archive)
{
	for (size_t i = 0; list && value_is_list(list) && i < list->list.count;
	     i++) {
		const struct value *item = list->list.items[i];
		const char *repository = value_find_text(item, "repository");

		if (repository &&
		    same_text(value_find_text(item, "name"), archive->name) &&
		    same_text(value_find_text(item, "version"),
			      archive->version) &&
		    url_same_place(repository, archive->source->address))
			return value_find_text(item, "digest");
	}
	return NULL;
}

/* What was just published, or else rendered before, in this release. */
static const char *recorded_digest(const struct vendoring *vendoring,
				   const struct vendor_archive *archive)
{
	const struct value *record = vendoring->args->record;
	const char *digest;

	if (!record)
		return NULL;
	digest = find_recorded(value_find(record, "charts"), archive);
	return digest ? digest
		      : find_recorded(value_find(record,
						 "umbrella.dependencies"),
				      archive);
}

struct vendor_archive *vendor_find_archive(struct vendoring *vendoring,
					   struct vendor_source *source,
					   const char *name,
					   const struct chartindex_entry *entry)
{
	CLEANUP(free_ptr) char *key =
		xasprintf("%s\n%s\n%s", source->address, name, entry->version);
	struct vendor_archive *archive = map_get(&vendoring->archives, key);

	if (archive)
		return archive;
	archive = arena_new(&vendoring->vendored->arena, struct vendor_archive);
	archive->source = source;
	archive->name = name;
	archive->version = entry->version;
	archive->digest = entry->digest;
	archive->fetch.repo = &source->repo;
	archive->fetch.url = entry->urls->list.items[0]->string.bytes;
	archive->fetch.limit = VENDOR_ARCHIVE_MAX;
	archive->recorded = recorded_digest(vendoring, archive);
	map_put(&vendoring->archives, key, archive);
	return archive;
}

/* --- the cache ------------------------------------------------------------------ */

static bool is_local(const struct vendor_archive *archive)
{
	return starts_with(archive->source->address, "file://");
}

/* For those whose digest no index tells. */
static char *cache_key(const struct vendor_archive *archive)
{
	return xasprintf("chart\n%s\n%s\n%s", archive->source->repo.address,
			 archive->name, archive->version);
}

static bool read_cached(const struct vendoring *vendoring,
			struct vendor_archive *archive)
{
	CLEANUP(free_ptr) char *key = cache_key(archive);
	CLEANUP(chartcache_name_release) struct chartcache_name last = {0};
	const char *digest = archive->digest;

	/* What a tag meant last time counts only where nobody can be asked. */
	if (!*digest && vendoring->args->offline &&
	    chartcache_find(&vendoring->world->cache, key, &last))
		digest = last.digest;
	return chartcache_read(&vendoring->world->cache, digest,
			       archive->fetch.limit, &archive->fetch.bytes);
}

static void keep_archive(const struct vendoring *vendoring,
			 const struct vendor_archive *archive)
{
	CLEANUP(free_ptr) char *key = cache_key(archive);
	char hex[SHA256_HEX_SIZE];
	const struct chartcache_name name = {.digest = hex};

	if (is_local(archive) || archive->is_there)
		return;
	memcpy(hex, archive->hex, sizeof(hex));
	chartcache_write(&vendoring->world->cache, hex,
			 str_text(&archive->fetch.bytes),
			 archive->fetch.bytes.len);
	if (!*archive->digest)
		chartcache_remember(&vendoring->world->cache, key, &name);
}

static void look_into_cache(struct vendoring *vendoring)
{
	for (size_t i = 0; i < vendoring->archives.count; i++) {
		struct vendor_archive *archive =
			vendoring->archives.entries[i].value;

		if (is_local(archive))
			continue;
		archive->is_there = read_cached(vendoring, archive);
		if (!archive->is_there && vendoring->args->offline)
			strvec_addf(&vendoring->world->missing,
				    "chart '%s' %s of '%s'", archive->name,
				    archive->version, archive->source->address);
	}
}

static bool fail_offline(const struct vendoring *vendoring, struct err *err)
{
	CLEANUP(str_release) struct str names = {0};

	strvec_join(&vendoring->world->missing, "; ", &names);
	(void)err_set(err, ERR_NOT_FOUND,
		      "cannot vendor offline, as these are not in the cache: "
		      "%s",
		      str_text(&names));
	return err_hint(err, "render once without '--offline', with the same "
			     "'--cache-dir'");
}

static bool fail_incomplete(const struct vendoring *vendoring, struct err *err)
{
	return vendor_judge_denied(vendoring->world, err) &&
	       fail_offline(vendoring, err);
}

/* --- downloading ------------------------------------------------------------------ */

bool vendor_fetch(struct vendoring *vendoring, struct err *err)
{
	const struct map *archives = &vendoring->archives;
	struct chartrepo_fetch **fetches =
		arena_alloc_array(&vendoring->vendored->arena,
				  archives->count + 1,
				  sizeof(struct chartrepo_fetch *));
	size_t count = 0;

	look_into_cache(vendoring);
	/* Of a folder's own: all that is missing is told at once, at the end. */
	if (vendor_is_incomplete(vendoring))
		return vendoring->outer || fail_incomplete(vendoring, err);
	for (size_t i = 0; i < archives->count; i++) {
		struct vendor_archive *archive = archives->entries[i].value;

		if (!archive->is_there)
			fetches[count++] = &archive->fetch;
	}
	return !count ||
	       chartrepo_fetch_all(&vendoring->world->http, fetches, count,
				   vendoring->args->jobs, VENDOR_KEPT_MAX,
				   vendoring->args->http->reporter, err) ||
	       err_wrap(err, "cannot download the charts");
}

/* --- checking ---------------------------------------------------------------------- */

static bool check_digest(const struct vendor_archive *archive, const char *url,
			 struct err *err)
{
	if (!chartindex_check_digest(url, archive->digest, archive->hex, err))
		return false;
	if (archive->recorded && strcmp(archive->recorded, archive->hex) != 0)
		return err_set(err, ERR_CONFLICT,
			       "'%s' is not what it was earlier in this "
			       "release: its SHA-256 is %s, and the release "
			       "record has %s",
			       url, archive->hex, archive->recorded);
	return true;
}

/* Of a registry's archive, its manifest vouches for the bytes. */
static void note_unchecked(const struct vendoring *vendoring,
			   const struct vendor_archive *archive)
{
	if (!*archive->digest && !archive->recorded &&
	    chartrepo_has_index(&archive->source->repo))
		report_warning(vendoring->args->http->reporter,
			       "the index of '%s' has no digest of chart '%s' "
			       "%s: whatever was there is vendored",
			       archive->source->address, archive->name,
			       archive->version);
}

/* The bytes are those of the index, and the chart that they should be. */
static bool check_archive(struct vendoring *vendoring,
			  struct vendor_archive *archive, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(free_ptr) char *name =
		xasprintf("%s-%s.tgz", archive->name, archive->version);
	const struct str *bytes = &archive->fetch.bytes;
	CLEANUP(str_release) struct str shown = {0};
	struct chart *chart;

	redact_url(&shown, archive->fetch.url);
	if (!sha256_hex(bytes->buf, bytes->len, archive->hex, err) ||
	    !check_digest(archive, str_text(&shown), err) ||
	    !chart_load_archive(bytes->buf, bytes->len, name, &arena, &chart,
				err) ||
	    !chartindex_check_chart(str_text(&shown), archive->name,
				    archive->version, chart, err))
		return false;
	note_unchecked(vendoring, archive);
	vendor_note_chart(vendoring, chart, archive->uses);
	return true;
}

bool vendor_settle_archive(struct vendoring *vendoring, size_t i,
			   struct err *err)
{
	const struct chart_dependency *wanted = &vendoring->wanted.items[i];
	struct vendor_archive *archive = vendoring->of[i];
	struct vendored_dependency item = {
		.name = wanted->name,
		.version = archive->version,
		.repository = wanted->repository,
	};

	/* The first of several aliases hands the bytes over. */
	if (!*archive->hex) {
		if (!check_archive(vendoring, archive, err))
			return vendor_fail(vendoring, i, "version", err);
		keep_archive(vendoring, archive);
		if (!vendor_put_archive(vendoring, archive->name,
					archive->version, &archive->fetch.bytes,
					err))
			return vendor_fail(vendoring, i, "version", err);
	}
	item.digest = arena_strdup(&vendoring->vendored->arena, archive->hex);
	vendor_settle(vendoring, i, &item, archive->version);
	return true;
}
