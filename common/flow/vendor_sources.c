/* Repositories: which they are, what they have, what is taken of it. */
#include <stdlib.h>
#include <string.h>

#include "api/repoaccess.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/checkout.h"
#include "core/resolve.h"
#include "flow/vendor_parts.h"
#include "format/semver.h"
#include "format/url.h"
#include "format/value.h"

#define TAGS_SIZE_MAX ((size_t)16 << 20) /* of a cached list of versions */

void vendor_source_release(struct vendor_source *source)
{
	chartindex_release(&source->index);
	chartrepo_index_release(&source->index_text);
	chartrepo_release(&source->repo);
}

/* --- which they are --------------------------------------------------------- */

/* Only files need neither Helm's knowledge nor a cache. */
static bool are_remote(const struct vendoring *vendoring)
{
	for (size_t i = 0; i < vendoring->wanted.count; i++) {
		const char *repository = vendoring->wanted.items[i].repository;

		if (!is_blank(repository) &&
		    !starts_with(repository, "file://"))
			return true;
	}
	return false;
}

/* Put the address in place of an alias. */
static bool name_source(struct vendoring *vendoring, const char **repository,
			struct err *err)
{
	const struct helmrepos_entry *entry;

	if (!*repository || !helmrepos_alias(*repository))
		return true;
	if (!helmrepos_find(&vendoring->world->repos, *repository, &entry, err))
		return false;
	*repository = arena_strdup(&vendoring->vendored->arena, entry->url);
	return true;
}

bool vendor_set_own(struct vendoring *world, struct err *err)
{
	const char *address = world->args->repository;
	CLEANUP(url_release) struct url url = {0};
	CLEANUP(str_release) struct str public = {0};

	world->own_address = address;
	login_set_args(&world->own_login, world->args->login);
	if (is_blank(address) || !url_is_web(address))
		return true;
	if (!url_parse(&url, address, err))
		return err_wrap(err, "cannot use '--repo'");
	if (!url.user)
		return true;
	login_take_url(&world->own_login, &url);
	url_add_text(&public, &url, true);
	world->own_address =
		arena_strdup(&world->vendored->arena, str_text(&public));
	return true;
}

/*
 * A "file://" address of @vendoring as it is from everywhere; others as they
 * are.
 */
static const char *absolute_address(const struct vendoring *vendoring,
				    const char *address)
{
	struct arena *arena = &vendoring->vendored->arena;
	const char *path = after_prefix(address, "file://");
	CLEANUP(free_ptr) char *dir = NULL;
	CLEANUP(str_release) struct str encoded = {0};

	if (!path || *path == '/')
		return address;
	dir = realpath(vendoring->umbrella->dir, NULL);
	if (!dir)
		return address;
	url_encode(&encoded, dir, strlen(dir), "/");
	return arena_printf(arena, "file://%s/%s", str_text(&encoded), path);
}

const char *vendor_own_address(const struct vendoring *vendoring)
{
	const char *address = vendoring->world->own_address;

	return is_blank(address) || vendoring == vendoring->world
		       ? address
		       : absolute_address(vendoring->world, address);
}

static bool open_world(struct vendoring *world, struct err *err)
{
	const struct vendor_args *args = world->args;

	if (world->is_open)
		return true;
	if (!helmrepos_read(&world->repos, args->env, err) ||
	    !chartcache_open(&world->cache, args->cache_dir, args->env, err))
		return false;
	if (!name_source(world, &world->own_address, err))
		return false;
	world->is_open = true;
	return true;
}

bool vendor_name_sources(struct vendoring *vendoring, struct err *err)
{
	if (!are_remote(vendoring))
		return true;
	if (!open_world(vendoring->world, err))
		return false;
	for (size_t i = 0; i < vendoring->wanted.count; i++)
		if (!name_source(vendoring,
				 &vendoring->wanted.items[i].repository, err))
			return vendor_fail(vendoring, i, "repository", err);
	return true;
}

/* Is it the one that --repo names, for which the options have a login? */
static bool is_own(const struct vendoring *vendoring, const char *address)
{
	return vendoring->world->own_address &&
	       login_is_set(&vendoring->world->own_login) &&
	       url_same_place(vendoring->world->own_address, address);
}

/* The client of all. */
static bool open_client(struct vendoring *vendoring,
			const struct vendor_source *source, struct err *err)
{
	struct http *http = &vendoring->world->http;

	return vendoring->args->offline || http->client ||
	       !chartrepo_needs_http(source->address) ||
	       http_open(http, vendoring->args->http, err);
}

static bool is_local(const struct vendor_source *source)
{
	return starts_with(source->address, "file://");
}

static bool open_repo(struct vendoring *vendoring, struct vendor_source *source,
		      struct err *err)
{
	const char *address = source->address;
	struct chartrepo_config config = {
		.http = &vendoring->world->http,
		.env = vendoring->args->env,
		.cache = &vendoring->world->cache,
	};

	if (is_local(source))
		config.http = NULL;
	if (!vendoring->args->offline)
		repoaccess_use(source->known, &config);
	if (is_own(vendoring, address))
		config.login = &vendoring->world->own_login;
	return chartrepo_open(&source->repo,
			      absolute_address(vendoring, address), &config,
			      err) &&
	       (!is_local(source) ||
		checkout_find(source->repo.dir,
			      vendoring->world->umbrella->checkout,
			      &source->repo.checkout, err));
}

/* --- indexes ----------------------------------------------------------------- */

static bool read_cached(const struct vendoring *vendoring,
			const struct chartcache_name *name,
			struct chartrepo_index *index)
{
	index->found = chartcache_read(&vendoring->world->cache, name->digest,
				       CHARTINDEX_SIZE_MAX, &index->text);
	return index->found;
}

static void keep_index(const struct vendoring *vendoring, const char *key,
		       const struct chartrepo_index *index)
{
	CLEANUP(err_release) struct err unfit = {0};
	char hex[SHA256_HEX_SIZE];
	const struct chartcache_name name = {hex, index->token,
					     index->modified};

	if (!vendoring->world->cache.dir || !index->found ||
	    !sha256_hex(str_text(&index->text), index->text.len, hex, &unfit))
		return;
	chartcache_write(&vendoring->world->cache, hex, str_text(&index->text),
			 index->text.len);
	chartcache_remember(&vendoring->world->cache, key, &name);
}

/* Ask whether what is cached is still true, and read it from there if so. */
static bool refresh(struct vendoring *vendoring, struct vendor_source *source,
		    const struct chartcache_name *cached, const char *key,
		    struct err *err)
{
	struct chartrepo_index *index = &source->index_text;
	const struct chartrepo_index known = {.token = cached->etag,
					      .modified = cached->modified};

	if (cached->etag || cached->modified) {
		if (!chartrepo_read_changed_index(&source->repo, &known, index,
						  err))
			return false;
		if (index->unchanged && read_cached(vendoring, cached, index))
			return true;
	}
	/* Not asked yet, or the cache has lost what it promised. */
	if (!index->found || index->unchanged) {
		chartrepo_index_release(index);
		if (!chartrepo_read_index(&source->repo, index, err))
			return false;
	}
	keep_index(vendoring, key, index);
	return true;
}

static bool read_index(struct vendoring *vendoring,
		       struct vendor_source *source, struct err *err)
{
	CLEANUP(free_ptr) char *key =
		xasprintf("index\n%s", source->repo.address);
	CLEANUP(chartcache_name_release) struct chartcache_name cached = {0};
	bool is_known;

	if (is_local(source))
		return chartrepo_read_index(&source->repo, &source->index_text,
					    err);
	is_known = chartcache_find(&vendoring->world->cache, key, &cached);
	if (!vendoring->args->offline)
		return refresh(vendoring, source, &cached, key, err);
	if (is_known && read_cached(vendoring, &cached, &source->index_text))
		return true;
	source->is_missing = true;
	strvec_addf(&vendoring->world->missing, "the index of '%s'",
		    source->address);
	return true;
}

static bool open_index(struct vendoring *vendoring,
		       struct vendor_source *source, struct err *err)
{
	const struct str *text = &source->index_text.text;

	if (!read_index(vendoring, source, err))
		return false;
	if (source->is_missing)
		return true;
	if (!source->index_text.found)
		return err_set(err, ERR_NOT_FOUND,
			       "there is no repository '%s': it has no "
			       "index.yaml",
			       source->address);
	return chartindex_open(&source->index, str_text(text), text->len,
			       source->repo.index_address, err);
}

/*
 * *@result, which is set on failure too, gets the repository.
 * What is no file is the same for whoever names it, and is opened once;
 * "https://host/x" and "https://host/x/" are one place.
 */
static bool open_source(struct vendoring *vendoring, const char *address,
			struct vendor_source **result, struct err *err)
{
	CLEANUP(free_ptr) char *place = without_slashes(address);
	struct vendor_source *source;

	if (!starts_with(address, "file://"))
		vendoring = vendoring->world;
	source = map_get(&vendoring->sources, place);
	*result = source;
	if (source)
		return true;
	source = arena_new(&vendoring->vendored->arena, struct vendor_source);
	source->address = arena_strdup(&vendoring->vendored->arena, address);
	map_put(&vendoring->sources, place, source);
	*result = source;
	if (url_is_web(address) && !is_own(vendoring, address) &&
	    !helmrepos_find(&vendoring->world->repos, address, &source->known,
			    err))
		return false;
	if (!open_client(vendoring, source, err) ||
	    !open_repo(vendoring, source, err))
		return err_wrap(err, "cannot read repository '%s'", address);
	return !chartrepo_has_index(&source->repo) ||
	       open_index(vendoring, source, err);
}

/* --- registries --------------------------------------------------------------- */

static void keep_versions(const struct vendoring *vendoring, const char *key,
			  const struct chartindex_entries *entries)
{
	CLEANUP(err_release) struct err unfit = {0};
	CLEANUP(str_release) struct str text = {0};
	char hex[SHA256_HEX_SIZE];
	const struct chartcache_name name = {.digest = hex};

	for (size_t i = 0; i < entries->count; i++)
		str_addf(&text, "%s%s", i ? "\n" : "",
			 entries->items[i].version);
	if (!sha256_hex(str_text(&text), text.len, hex, &unfit))
		return;
	chartcache_write(&vendoring->world->cache, hex, str_text(&text),
			 text.len);
	chartcache_remember(&vendoring->world->cache, key, &name);
}

/* The versions that the registry had when it was asked last. */
static void list_cached(struct vendoring *vendoring,
			const struct vendor_source *source, const char *key,
			const char *chart, struct chartindex_entries *entries)
{
	CLEANUP(chartcache_name_release) struct chartcache_name name = {0};
	CLEANUP(strvec_release) struct strvec versions = {0};
	CLEANUP(str_release) struct str text = {0};

	if (!chartcache_find(&vendoring->world->cache, key, &name) ||
	    !chartcache_read(&vendoring->world->cache, name.digest,
			     TAGS_SIZE_MAX, &text)) {
		strvec_addf(&vendoring->world->missing,
			    "the versions of '%s/%s'", source->address, chart);
		return;
	}
	strvec_split(&versions, str_text(&text), '\n');
	chartrepo_list_known(&source->repo, chart, &versions,
			     &vendoring->vendored->arena, entries);
}

static bool list_versions(struct vendoring *vendoring,
			  struct vendor_source *source, const char *chart,
			  const char *constraint,
			  struct chartindex_entries *entries, struct err *err)
{
	struct arena *arena = &vendoring->vendored->arena;
	CLEANUP(free_ptr) char *key =
		xasprintf("versions\n%s\n%s", source->repo.address, chart);
	bool exact = chartrepo_is_exact(constraint);

	if (vendoring->args->offline && !exact) {
		list_cached(vendoring, source, key, chart, entries);
		return true;
	}
	if (!chartrepo_list(&source->repo, chart, constraint, arena, entries,
			    err))
		return false;
	if (!exact)
		keep_versions(vendoring, key, entries);
	return true;
}

/* --- what is denied ------------------------------------------------------------ */

static bool note_denied(const struct vendoring *vendoring,
			struct vendor_source *source, struct err *err)
{
	struct vendor_denied *denied = &vendoring->world->denied;

	if (!source || err->kind != ERR_DENIED)
		return false;
	source->is_missing = true;
	strvec_add(&denied->texts, err->text);
	if (err->hint)
		strvec_add_once(&denied->cures, err->hint);
	if (denied->texts.count == 1)
		err_move(&denied->first, err);
	else
		err_release(err);
	return true;
}

bool vendor_judge_denied(const struct vendoring *world, struct err *err)
{
	const struct vendor_denied *denied = &world->denied;
	const struct err *first = &denied->first;
	CLEANUP(str_release) struct str texts = {0}, cures = {0};

	if (!denied->texts.count)
		return true;
	if (denied->texts.count == 1)
		return err_copy(err, first);
	strvec_join(&denied->texts, "; ", &texts);
	strvec_join(&denied->cures, "; ", &cures);
	err_set(err, ERR_DENIED, "%zu repositories may not be read: %s",
		denied->texts.count, str_text(&texts));
	err_at(err, first->file, first->line, first->column, first->source,
	       first->source ? strlen(first->source) : 0);
	return denied->cures.count ? err_hint(err, "%s", str_text(&cures))
				   : false;
}

void vendor_warn_of_denied(const struct vendoring *vendoring)
{
	const struct strvec *texts = &vendoring->world->denied.texts;

	/* What ends a folder ends all. */
	for (size_t i = 0; vendoring == vendoring->world && i < texts->count;
	     i++)
		report_warning(vendoring->args->http->reporter, "%s",
			       texts->items[i]);
}

/* --- choosing ----------------------------------------------------------------- */

static bool find_entries(struct vendoring *vendoring,
			 struct vendor_source *source, size_t i,
			 struct chartindex_entries *entries, struct err *err)
{
	const char *name = vendoring->wanted.items[i].name;

	return chartrepo_has_index(&source->repo)
		       ? chartindex_read(&source->index, name,
					 &vendoring->vendored->arena, entries,
					 err)
		       : list_versions(vendoring, source, name,
				       vendor_constraint(vendoring, i), entries,
				       err);
}

static bool take_entry(struct vendoring *vendoring, size_t i,
		       struct vendor_source *source,
		       const struct chartindex_entry *entry, struct err *err)
{
	const struct chart_dependency *wanted = &vendoring->wanted.items[i];
	CLEANUP(semver_release) struct semver version = {0};

	/* It becomes part of a path. */
	if (!semver_parse(&version, entry->version, err))
		return vendor_fail(vendoring, i, "version", err);
	if (!entry->urls->list.count ||
	    entry->urls->list.items[0]->kind != VALUE_STRING) {
		err_set(err, ERR_INPUT,
			"repository '%s': version %s has no address",
			wanted->repository, entry->version);
		return vendor_fail(vendoring, i, "version", err);
	}
	vendoring->of[i] =
		vendor_find_archive(vendoring, source, wanted->name, entry);
	vendoring->of[i]->uses++;
	return true;
}

static bool resolve(struct vendoring *vendoring, size_t i,
		    const struct chartindex_entries *entries,
		    const struct chartindex_entry **entry, struct err *err)
{
	const struct chart_dependency *wanted = &vendoring->wanted.items[i];
	CLEANUP(strvec_release) struct strvec passed_over = {0};
	const struct resolve_query query = {
		.name = wanted->name,
		.constraint = vendor_constraint(vendoring, i),
		.rule = vendoring->given ? RESOLVE_LOCKED : RESOLVE_HIGHEST,
		.passed_over = &passed_over,
	};
	bool found = resolve_entry(entries, &query, entry, err);

	for (size_t j = 0; j < passed_over.count; j++)
		report_warning(vendoring->args->http->reporter,
			       "repository '%s': chart '%s' is passed over in "
			       "%s",
			       wanted->repository, wanted->name,
			       passed_over.items[j]);
	return found || err_wrap(err, "repository '%s'", wanted->repository);
}

bool vendor_choose(struct vendoring *vendoring, size_t i, struct err *err)
{
	const struct chart_dependency *wanted = &vendoring->wanted.items[i];
	struct chartindex_entries entries = {0};
	const struct chartindex_entry *entry;
	struct vendor_source *source;
	size_t missing;

	if (!open_source(vendoring, wanted->repository, &source, err)) {
		vendor_fail(vendoring, i, "repository", err);
		return note_denied(vendoring, source, err);
	}
	missing = vendoring->world->missing.count;
	if (source->is_missing)
		return true;
	if (!find_entries(vendoring, source, i, &entries, err)) {
		vendor_fail(vendoring, i, "name", err);
		return note_denied(vendoring, source, err);
	}
	if (vendoring->world->missing.count > missing)
		return true;
	if (!resolve(vendoring, i, &entries, &entry, err))
		return vendor_fail(vendoring, i,
				   entries.count ? "version" : "name", err);
	if (vendoring->args->explain)
		vendoring->vendored->items[i].explanation =
			resolve_explain(&entries,
					vendor_constraint(vendoring, i), entry,
					&vendoring->vendored->arena);
	return take_entry(vendoring, i, source, entry, err);
}
