#include "flow/vendor.h"

#include <stdlib.h>
#include <string.h>

#include "api/chartrepo.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "core/lockfile.h"
#include "core/resolve.h"
#include "flow/umbrella.h"
#include "format/hash.h"
#include "format/semver.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "net/http.h"
#include "sys/file.h"

#define CHART_FILE "Chart.yaml"

/* A repository and its index, for all dependencies that name it. */
struct source {
	const char *address;
	struct chartrepo repo;
	struct chartrepo_index index_text;
	struct chartindex index;
};

/* An archive, for all dependencies that are the same chart. */
struct archive {
	struct chartrepo_fetch fetch; /* first: what is downloaded */
	const char *name;
	const char *version;
	const char *digest; /* as the index has it, "" = not told */
	char hex[SHA256_HEX_SIZE];
};

/* All that a run of this module holds. */
struct vendoring {
	struct vendored *vendored;
	struct umbrella *umbrella;
	const struct vendor_args *args;
	const char *file; /* that has the dependencies */
	const char *lock;
	struct ydoc doc;
	struct chart_dependencies wanted;
	struct chart_dependencies locked;
	struct http http;
	struct map sources;  /* address -> struct source */
	struct map archives; /* address, name and version -> struct archive */
	struct archive **of; /* the archive of each dependency, or NULL */
};

static void vendoring_release(struct vendoring *vendoring)
{
	for (size_t i = 0; i < vendoring->sources.count; i++) {
		struct source *source = vendoring->sources.entries[i].value;

		chartindex_release(&source->index);
		chartrepo_index_release(&source->index_text);
		chartrepo_release(&source->repo);
	}
	for (size_t i = 0; i < vendoring->archives.count; i++) {
		struct archive *archive = vendoring->archives.entries[i].value;

		str_release(&archive->fetch.bytes);
	}
	map_release(&vendoring->archives);
	map_release(&vendoring->sources);
	http_release(&vendoring->http);
	ydoc_release(&vendoring->doc);
}

void vendored_release(struct vendored *vendored)
{
	arena_release(&vendored->arena);
	*vendored = (struct vendored){0};
}

/* --- Chart.yaml ---------------------------------------------------------- */

static bool parse_file(struct ydoc *doc, const struct umbrella *umbrella,
		       const char *path, struct err *err)
{
	const struct umbrella_file *file = umbrella_find(umbrella, path);
	CLEANUP(free_ptr) char *name = umbrella_source(umbrella, path);

	if (!ydoc_parse(doc, str_text(&file->text), file->text.len, name, 0,
			err))
		return err_wrap(err, "cannot use what was rendered");
	if (value_is_map(doc->root))
		return true;
	err_set(err, ERR_INPUT, "'%s' is no mapping", name);
	return ydoc_blame(doc, "", err);
}

static bool read_text(struct vendored *vendored, const struct ydoc *doc,
		      const char *key, const char **text, struct err *err)
{
	const char *found = value_find_text(doc->root, key);

	if (!is_blank(found)) {
		*text = arena_strdup(&vendored->arena, found);
		return true;
	}
	err_set(err, ERR_INPUT, "'%s' has no '%s' that is a text", doc->name,
		key);
	if (value_map_get(doc->root, key))
		err_hint(err, "put it in quotes");
	return ydoc_blame(doc, key, err);
}

/* A name that is one part of a path, and no trick. */
static bool is_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";

	return *name && strspn(name, allowed) == strlen(name) &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

bool vendor_read_chart(struct vendored *vendored,
		       const struct umbrella *umbrella, struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(semver_release) struct semver version = {0};

	if (!parse_file(&doc, umbrella, CHART_FILE, err) ||
	    !read_text(vendored, &doc, "name", &vendored->name, err) ||
	    !read_text(vendored, &doc, "version", &vendored->version, err))
		return false;
	if (!is_name(vendored->name)) {
		err_set(err, ERR_INPUT, "'%s' is no name for a chart",
			vendored->name);
		return ydoc_blame(&doc, "name", err);
	}
	if (!semver_parse(&version, vendored->version, err))
		return ydoc_blame(&doc, "version", err);
	return true;
}

/* --- what is wanted ------------------------------------------------------ */

/* Where a member of dependency number @i stands, for ydoc. */
static const char *member_path(struct vendoring *vendoring, size_t i,
			       const char *member)
{
	return arena_printf(&vendoring->vendored->arena, "dependencies.%zu%s%s",
			    i, *member ? "." : "", member);
}

static bool fail(struct vendoring *vendoring, size_t i, const char *member,
		 struct err *err)
{
	ydoc_blame(&vendoring->doc, member_path(vendoring, i, member), err);
	return err_wrap(err, "cannot vendor '%s'",
			vendoring->wanted.items[i].name);
}

static const char *effective_name(const struct chart_dependency *dependency)
{
	return is_blank(dependency->alias) ? dependency->name
					   : dependency->alias;
}

static bool check_names(struct vendoring *vendoring, struct err *err)
{
	CLEANUP(map_release) struct map seen = {0};

	for (size_t i = 0; i < vendoring->wanted.count; i++) {
		struct chart_dependency *dependency =
			&vendoring->wanted.items[i];
		const char *name = effective_name(dependency);

		if (!is_name(dependency->name) || !is_name(name)) {
			err_set(err, ERR_INPUT, "it is no name for a chart");
			return fail(vendoring, i, "", err);
		}
		if (map_put(&seen, name, dependency)) {
			err_set(err, ERR_INPUT,
				"another dependency has that "
				"name or alias");
			return fail(vendoring, i, "", err);
		}
	}
	return true;
}

static bool is_in_umbrella(const struct vendoring *vendoring,
			   const struct chart_dependency *dependency)
{
	CLEANUP(free_ptr) char *path =
		xasprintf("charts/%s/" CHART_FILE, dependency->name);

	return umbrella_find(vendoring->umbrella, path);
}

/* Write the repository that was left out into the file. */
static bool fill_repository(struct vendoring *vendoring, size_t i,
			    struct err *err)
{
	struct chart_dependency *dependency = &vendoring->wanted.items[i];
	const char *repository = vendoring->args->repository;

	if (!is_blank(dependency->repository) ||
	    is_in_umbrella(vendoring, dependency))
		return true;
	if (is_blank(repository)) {
		err_set(err, ERR_INPUT,
			"it names no repository, and charts/%s "
			"is not there",
			dependency->name);
		err_hint(err, "give '--repo', or write 'repository' there");
		return fail(vendoring, i, "", err);
	}
	if (!ydoc_set_text(&vendoring->doc,
			   member_path(vendoring, i, "repository"), repository,
			   err))
		return false;
	dependency->repository = repository;
	return true;
}

static bool read_wanted(struct vendoring *vendoring, struct err *err)
{
	struct umbrella *umbrella = vendoring->umbrella;
	struct arena *arena = &vendoring->vendored->arena;
	const struct value *list;

	vendoring->file = CHART_FILE;
	vendoring->lock = "Chart.lock";
	if (!parse_file(&vendoring->doc, umbrella, CHART_FILE, err))
		return false;
	if (!value_map_get(vendoring->doc.root, "dependencies") &&
	    umbrella_find(umbrella, "requirements.yaml")) {
		vendoring->file = "requirements.yaml";
		vendoring->lock = "requirements.lock";
		if (!parse_file(&vendoring->doc, umbrella, vendoring->file,
				err))
			return false;
	}
	list = value_map_get(vendoring->doc.root, "dependencies");
	if (!list)
		return true;
	/* The document changes below, and its values with it. */
	list = value_copy(list, arena);
	if (!chart_read_dependencies(list, arena, &vendoring->wanted, err))
		return ydoc_blame(&vendoring->doc, "dependencies", err);
	if (vendoring->wanted.count > VENDOR_DEPENDENCIES_MAX) {
		err_set(err, ERR_INPUT, "'%s' has more than %d dependencies",
			vendoring->doc.name, VENDOR_DEPENDENCIES_MAX);
		return ydoc_blame(&vendoring->doc, "dependencies", err);
	}
	if (!check_names(vendoring, err))
		return false;
	for (size_t i = 0; i < vendoring->wanted.count; i++)
		if (!fill_repository(vendoring, i, err))
			return false;
	return true;
}

/* --- charts that are folders --------------------------------------------- */

static bool check_constraint(const char *version, const char *constraint,
			     struct err *err)
{
	CLEANUP(semver_release) struct semver parsed = {0};
	CLEANUP(semver_constraint_release) struct semver_constraint wanted = {
		0};

	if (!semver_parse(&parsed, version, err) ||
	    !semver_constraint_parse(&wanted, *constraint ? constraint : "*",
				     err))
		return false;
	if (semver_satisfies(&parsed, &wanted))
		return true;
	return err_set(err, ERR_NOT_FOUND,
		       "version %s, which is there, is not in '%s'", version,
		       constraint);
}

/* Into the result and the lock; @item->version is what was found. */
static void settle(struct vendoring *vendoring, size_t i,
		   const struct vendored_dependency *item,
		   const char *lock_version)
{
	const struct chart_dependency *wanted = &vendoring->wanted.items[i];

	vendoring->vendored->items[i] = *item;
	vendoring->vendored->items[i].alias =
		is_blank(wanted->alias) ? NULL : wanted->alias;
	vendoring->locked.items[i] = (struct chart_dependency){
		.name = wanted->name,
		.version = lock_version,
		.repository = wanted->repository,
		.condition = "",
		.alias = "",
	};
}

/* charts/NAME in the umbrella: Helm locks the constraint, not the version. */
static bool settle_in_umbrella(struct vendoring *vendoring, size_t i,
			       struct err *err)
{
	const struct chart_dependency *wanted = &vendoring->wanted.items[i];
	CLEANUP(free_ptr) char *path =
		xasprintf("charts/%s/" CHART_FILE, wanted->name);
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	struct vendored_dependency item = {.name = wanted->name};

	if (!parse_file(&doc, vendoring->umbrella, path, err) ||
	    !read_text(vendoring->vendored, &doc, "version", &item.version,
		       err) ||
	    !check_constraint(item.version, wanted->version, err))
		return fail(vendoring, i, "version", err);
	settle(vendoring, i, &item, wanted->version);
	return true;
}

static const char *archive_path(struct vendoring *vendoring, const char *name,
				const char *version)
{
	return arena_printf(&vendoring->vendored->arena, "charts/%s-%s.tgz",
			    name, version);
}

/* Two archives of one name would be one file. */
static bool put_archive(struct vendoring *vendoring, const char *name,
			const char *version, struct str *bytes, struct err *err)
{
	const char *path = archive_path(vendoring, name, version);
	const struct umbrella_file *old =
		umbrella_find(vendoring->umbrella, path);

	if (old && !chart_same_package(old->text.buf, old->text.len, bytes->buf,
				       bytes->len))
		return err_set(err, ERR_CONFLICT,
			       "two repositories have different charts '%s' of "
			       "version %s",
			       name, version);
	umbrella_put(vendoring->umbrella, path, bytes);
	return true;
}

/* The folder of a "file://" dependency, seen from the umbrella. */
static char *local_folder(const struct vendoring *vendoring,
			  const char *repository)
{
	const char *path = after_prefix(repository, "file://");

	if (!path)
		return NULL;
	return *path == '/' ? xstrdup(path)
			    : path_join(vendoring->umbrella->dir, path);
}

static bool is_chart_folder(const char *folder)
{
	CLEANUP(free_ptr) char *path = NULL;

	if (!folder)
		return false;
	path = path_join(folder, CHART_FILE);
	return file_exists(path);
}

static bool settle_folder(struct vendoring *vendoring, size_t i,
			  const char *folder, struct err *err)
{
	const struct chart_dependency *wanted = &vendoring->wanted.items[i];
	struct vendored *vendored = vendoring->vendored;
	CLEANUP(str_release) struct str bytes = {0};
	struct vendored_dependency item = {.name = wanted->name,
					   .repository = wanted->repository};
	char hex[SHA256_HEX_SIZE];
	struct chart *chart;

	if (!chart_load(folder, &vendored->arena, &chart, err))
		return fail(vendoring, i, "repository", err);
	if (strcmp(chart->name, wanted->name) != 0) {
		err_set(err, ERR_INPUT, "'%s' is the chart '%s'", folder,
			chart->name);
		return fail(vendoring, i, "repository", err);
	}
	if (!check_constraint(chart->version, wanted->version, err))
		return fail(vendoring, i, "version", err);
	chart_stamp(chart, vendoring->args->now_ms / 1000);
	if (!chart_package(&bytes, chart, err) ||
	    !sha256_hex(bytes.buf, bytes.len, hex, err) ||
	    !put_archive(vendoring, chart->name, chart->version, &bytes, err))
		return fail(vendoring, i, "repository", err);
	item.version = chart->version;
	item.digest = arena_strdup(&vendored->arena, hex);
	settle(vendoring, i, &item, chart->version);
	return true;
}

/* --- repositories -------------------------------------------------------- */

static bool open_source(struct vendoring *vendoring, const char *address,
			struct source **result, struct err *err)
{
	struct source *source = map_get(&vendoring->sources, address);
	CLEANUP(free_ptr) char *folder = local_folder(vendoring, address);
	CLEANUP(free_ptr) char *absolute =
		folder ? xasprintf("file://%s", folder) : NULL;
	const struct chartrepo_config config = {.http = &vendoring->http,
						.env = vendoring->args->env};

	*result = source;
	if (source)
		return true;
	if (chartrepo_needs_http(address) && !vendoring->http.client &&
	    !http_open(&vendoring->http, vendoring->args->http, err))
		return false;
	source = arena_new(&vendoring->vendored->arena, struct source);
	source->address = address;
	map_put(&vendoring->sources, address, source);
	if (!chartrepo_open(&source->repo, absolute ? absolute : address,
			    &config, err) ||
	    (chartrepo_has_index(&source->repo) &&
	     !chartrepo_read_index(&source->repo, &source->index_text, err)))
		return err_wrap(err, "cannot read repository '%s'", address);
	if (!chartrepo_has_index(&source->repo)) {
		*result = source;
		return true;
	}
	if (!source->index_text.found)
		return err_set(err, ERR_NOT_FOUND,
			       "there is no repository '%s': it has no "
			       "index.yaml",
			       address);
	*result = source;
	return chartindex_open(&source->index,
			       str_text(&source->index_text.text),
			       source->index_text.text.len, address, err);
}

static struct archive *find_archive(struct vendoring *vendoring,
				    struct source *source, const char *name,
				    const struct chartindex_entry *entry,
				    const char *url)
{
	struct arena *arena = &vendoring->vendored->arena;
	CLEANUP(free_ptr) char *key =
		xasprintf("%s\n%s\n%s", source->address, name, entry->version);
	struct archive *archive = map_get(&vendoring->archives, key);

	if (archive)
		return archive;
	archive = arena_new(arena, struct archive);
	archive->name = name;
	archive->version = entry->version;
	archive->digest = entry->digest;
	archive->fetch.repo = &source->repo;
	archive->fetch.url = url;
	archive->fetch.limit = CHART_ARCHIVE_MAX;
	map_put(&vendoring->archives, key, archive);
	return archive;
}

static bool find_entries(struct vendoring *vendoring, struct source *source,
			 const struct chart_dependency *wanted,
			 struct chartindex_entries *entries, struct err *err)
{
	struct arena *arena = &vendoring->vendored->arena;

	return chartrepo_has_index(&source->repo)
		       ? chartindex_read(&source->index, wanted->name, arena,
					 entries, err)
		       : chartrepo_list(&source->repo, wanted->name,
					wanted->version, arena, entries, err);
}

static bool choose_entry(struct vendoring *vendoring, size_t i, struct err *err)
{
	const struct chart_dependency *wanted = &vendoring->wanted.items[i];
	struct chartindex_entries entries = {0};
	const struct chartindex_entry *entry;
	struct source *source;
	CLEANUP(semver_release) struct semver version = {0};

	if (!open_source(vendoring, wanted->repository, &source, err))
		return fail(vendoring, i, "repository", err);
	if (!find_entries(vendoring, source, wanted, &entries, err))
		return fail(vendoring, i, "name", err);
	if (!resolve_entry(&entries, wanted->name, wanted->version, &entry,
			   err)) {
		err_wrap(err, "repository '%s'", wanted->repository);
		return fail(vendoring, i, entries.count ? "version" : "name",
			    err);
	}
	/* It becomes part of a path. */
	if (!semver_parse(&version, entry->version, err))
		return fail(vendoring, i, "version", err);
	if (!entry->urls || !entry->urls->list.count) {
		err_set(err, ERR_INPUT,
			"repository '%s': version %s has no "
			"address",
			wanted->repository, entry->version);
		return fail(vendoring, i, "version", err);
	}
	vendoring->of[i] =
		find_archive(vendoring, source, wanted->name, entry,
			     entry->urls->list.items[0]->string.bytes);
	return true;
}

/* The bytes are those of the index, and the chart that they should be. */
static bool check_archive(struct archive *archive, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(free_ptr) char *name =
		xasprintf("%s-%s.tgz", archive->name, archive->version);
	const struct str *bytes = &archive->fetch.bytes;
	struct chart *chart;

	if (!sha256_hex(bytes->buf, bytes->len, archive->hex, err))
		return false;
	if (*archive->digest && strcmp(archive->digest, archive->hex) != 0)
		return err_set(err, ERR_CONFLICT,
			       "'%s' is not what its index promises: its "
			       "SHA-256 is %s, not %s",
			       archive->fetch.url, archive->hex,
			       archive->digest);
	if (!chart_load_archive(bytes->buf, bytes->len, name, &arena, &chart,
				err))
		return false;
	if (strcmp(chart->name, archive->name) != 0 ||
	    strcmp(chart->version, archive->version) != 0)
		return err_set(err, ERR_CONFLICT,
			       "'%s' is not what its index promises: it holds "
			       "'%s' %s",
			       archive->fetch.url, chart->name, chart->version);
	return true;
}

static bool fetch_archives(struct vendoring *vendoring, struct err *err)
{
	const struct map *archives = &vendoring->archives;
	struct chartrepo_fetch **fetches =
		arena_alloc_array(&vendoring->vendored->arena,
				  archives->count + 1,
				  sizeof(struct chartrepo_fetch *));

	for (size_t i = 0; i < archives->count; i++)
		fetches[i] = archives->entries[i].value;
	return chartrepo_fetch_all(&vendoring->http, fetches, archives->count,
				   vendoring->args->jobs,
				   vendoring->args->http->reporter, err);
}

static bool settle_archive(struct vendoring *vendoring, size_t i,
			   struct err *err)
{
	const struct chart_dependency *wanted = &vendoring->wanted.items[i];
	struct archive *archive = vendoring->of[i];
	struct arena *arena = &vendoring->vendored->arena;
	struct vendored_dependency item = {
		.name = wanted->name,
		.version = archive->version,
		.repository = wanted->repository,
	};

	/* The first of several aliases hands the bytes over. */
	if (!*archive->hex &&
	    (!check_archive(archive, err) ||
	     !put_archive(vendoring, archive->name, archive->version,
			  &archive->fetch.bytes, err)))
		return fail(vendoring, i, "version", err);
	item.digest = arena_strdup(arena, archive->hex);
	settle(vendoring, i, &item, archive->version);
	return true;
}

/* --- the whole ----------------------------------------------------------- */

/* Is @path charts/NAME-1.2.3.tgz of a dependency that is vendored anew? */
static bool is_stale(const struct vendoring *vendoring, const char *path)
{
	const char *base = after_prefix(path, "charts/");

	if (!base || strchr(base, '/') || !ends_with(base, ".tgz"))
		return false;
	for (size_t i = 0; i < vendoring->wanted.count; i++) {
		const struct chart_dependency *wanted =
			&vendoring->wanted.items[i];
		const char *rest = after_prefix(base, wanted->name);

		if (!is_blank(wanted->repository) && rest && rest[0] == '-' &&
		    strchr("v0123456789", rest[1]))
			return true;
	}
	return false;
}

static void remove_stale(struct vendoring *vendoring)
{
	for (size_t i = vendoring->umbrella->count; i-- > 0;)
		if (is_stale(vendoring, vendoring->umbrella->files[i].path))
			umbrella_remove(vendoring->umbrella,
					vendoring->umbrella->files[i].path);
}

static bool lock_has_digest(const struct str *text, const char *digest)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err unreadable = {0};

	return ydoc_parse(&doc, str_text(text), text->len, "lock", 0,
			  &unreadable) &&
	       same_text(value_find_text(doc.root, "digest"), digest);
}

/* The lock of the last render, if it says the same: its time is kept. */
static bool keep_previous(struct vendoring *vendoring, const char *digest)
{
	CLEANUP(err_release) struct err unreadable = {0};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(free_ptr) char *path = NULL;

	if (!vendoring->args->previous)
		return false;
	path = path_join(vendoring->args->previous, vendoring->lock);
	if (!file_exists(path) ||
	    !file_read(path, UMBRELLA_FILE_MAX, &text, &unreadable) ||
	    !lock_has_digest(&text, digest))
		return false;
	umbrella_put(vendoring->umbrella, vendoring->lock, &text);
	return true;
}

static bool write_lock(struct vendoring *vendoring, struct err *err)
{
	const struct umbrella_file *old =
		umbrella_find(vendoring->umbrella, vendoring->lock);
	CLEANUP(str_release) struct str text = {0}, now = {0};
	char digest[LOCKFILE_DIGEST_SIZE];
	struct lockfile lock = {.dependencies = vendoring->locked,
				.digest = digest};

	if (!lockfile_digest(&vendoring->wanted, &vendoring->locked, digest,
			     err))
		return false;
	if ((old && lock_has_digest(&old->text, digest)) ||
	    keep_previous(vendoring, digest))
		return true;
	clock_add_rfc3339(&now, vendoring->args->now_ms / 1000);
	lockfile_emit(&text, &lock, str_text(&now));
	umbrella_put(vendoring->umbrella, vendoring->lock, &text);
	return true;
}

static void prepare(struct vendoring *vendoring)
{
	struct vendored *vendored = vendoring->vendored;
	size_t count = vendoring->wanted.count;

	vendored->count = count;
	vendored->items = arena_new_array(&vendored->arena,
					  struct vendored_dependency, count);
	vendoring->locked.count = count;
	vendoring->locked.items = arena_new_array(
		&vendored->arena, struct chart_dependency, count);
	vendoring->of = arena_alloc_array(&vendored->arena, count,
					  sizeof(struct archive *));
}

/* What is a folder is settled here, what is in an index is chosen. */
static bool resolve(struct vendoring *vendoring, struct err *err)
{
	for (size_t i = 0; i < vendoring->wanted.count; i++) {
		const char *repository = vendoring->wanted.items[i].repository;
		CLEANUP(free_ptr) char *folder =
			local_folder(vendoring, repository);
		bool done;

		if (is_blank(repository))
			done = settle_in_umbrella(vendoring, i, err);
		else if (is_chart_folder(folder))
			done = settle_folder(vendoring, i, folder, err);
		else
			done = choose_entry(vendoring, i, err);
		if (!done)
			return false;
	}
	return true;
}

bool vendor_dependencies(struct vendored *vendored, struct umbrella *umbrella,
			 const struct vendor_args *args, struct err *err)
{
	CLEANUP(vendoring_release) struct vendoring vendoring = {
		.vendored = vendored, .umbrella = umbrella, .args = args};
	CLEANUP(str_release) struct str text = {0};

	if (!read_wanted(&vendoring, err))
		return false;
	if (!vendoring.wanted.count)
		return true;
	prepare(&vendoring);
	remove_stale(&vendoring);
	if (!resolve(&vendoring, err) || !fetch_archives(&vendoring, err))
		return false;
	for (size_t i = 0; i < vendoring.wanted.count; i++)
		if (vendoring.of[i] && !settle_archive(&vendoring, i, err))
			return false;
	str_add_bytes(&text, vendoring.doc.text.buf, vendoring.doc.text.len);
	umbrella_put(umbrella, vendoring.file, &text);
	return write_lock(&vendoring, err);
}
