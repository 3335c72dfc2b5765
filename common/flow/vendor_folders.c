/* Charts that are folders: of the umbrella, or beside it. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/checkout.h"
#include "core/resolve.h"
#include "flow/chartdir.h"
#include "flow/vendor_parts.h"
#include "format/semver.h"
#include "sys/file.h"

bool vendor_is_inside(const struct vendoring *vendoring, const char *name)
{
	CLEANUP(free_ptr) char *path = xasprintf("charts/%s/" CHART_FILE, name);

	return umbrella_find(vendoring->umbrella, path);
}

char *vendor_inside_of(const char *path)
{
	const char *base = after_prefix(path, "charts/");
	const char *slash = base ? strchr(base, '/') : NULL;

	if (!slash || strcmp(slash + 1, CHART_FILE) != 0)
		return NULL;
	return xmemdupz(path, (size_t)(slash - path));
}

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

/* The locked version with --locked, else one of the constraint. */
static bool check_version(const struct vendoring *vendoring, size_t i,
			  const char *version, struct err *err)
{
	const char *wanted = vendor_constraint(vendoring, i);

	return check_constraint(version, wanted, err) &&
	       (!vendoring->given || resolve_is_locked(version, wanted) ||
		err_set(err, ERR_NOT_FOUND,
			"version %s, which is there, is not the locked %s",
			version, wanted));
}

static bool check_name(const struct chart *chart, const char *folder,
		       const char *name, struct err *err)
{
	if (!strcmp(chart->name, name))
		return true;
	(void)err_set(err, ERR_INPUT, "'%s' is the chart '%s'", folder,
		      chart->name);
	return err_hint(err, "Helm finds a dependency by the name in its "
			     "Chart.yaml, whatever its folder and its alias "
			     "are called");
}

/* The files of the umbrella below @folder. */
static struct chart_files files_below(const struct umbrella *umbrella,
				      const char *folder, struct arena *arena)
{
	struct chart_files files = {
		.items = arena_new_array(arena, struct chart_file,
					 umbrella->count),
	};

	for (size_t i = 0; i < umbrella->count; i++) {
		const struct umbrella_file *file = &umbrella->files[i];
		const char *name = after_prefix(file->path, folder);

		if (name && *name == '/')
			files.items[files.count++] = (struct chart_file){
				.name = name + 1,
				.bytes = str_text(&file->text),
				.len = file->text.len,
			};
	}
	return files;
}

static bool load_inside(const struct vendoring *vendoring, const char *folder,
			struct arena *arena, struct chart **chart,
			struct err *err)
{
	const struct chart_files files =
		files_below(vendoring->umbrella, folder, arena);
	CLEANUP(free_ptr) char *path =
		umbrella_source(vendoring->umbrella, folder);

	return chart_load_files(&files, path, arena, chart, err);
}

/* charts/NAME in the umbrella: Helm locks the constraint, not the version. */
bool vendor_settle_inside(struct vendoring *vendoring, size_t i,
			  struct err *err)
{
	const struct chart_dependency *wanted = &vendoring->wanted.items[i];
	CLEANUP(free_ptr) char *folder = xasprintf("charts/%s", wanted->name);
	CLEANUP(arena_release) struct arena arena = {0};
	struct vendored_dependency item = {.name = wanted->name};
	struct chart *chart;

	if (!load_inside(vendoring, folder, &arena, &chart, err))
		return vendor_fail(vendoring, i, "", err);
	if (!check_name(chart, folder, wanted->name, err))
		return vendor_fail(vendoring, i, "name", err);
	if (!check_constraint(chart->version, wanted->version, err))
		return vendor_fail(vendoring, i, "version", err);
	vendor_tell_lacks(vendoring, chart);
	item.version =
		arena_strdup(&vendoring->vendored->arena, chart->version);
	vendor_settle(vendoring, i, &item, wanted->version);
	return true;
}

/* Is it the folder of a dependency, or one that Helm passes over? */
static bool is_settled(const struct vendoring *vendoring, const char *folder)
{
	const char *base = path_base(folder);

	if (*base == '_' || *base == '.')
		return true;
	for (size_t i = 0; i < vendoring->wanted.count; i++) {
		const struct chart_dependency *wanted =
			&vendoring->wanted.items[i];

		if (is_blank(wanted->repository) &&
		    same_text(wanted->name, base))
			return true;
	}
	return false;
}

void vendor_tell_of_unlisted(const struct vendoring *vendoring)
{
	for (size_t i = 0; i < vendoring->umbrella->count; i++) {
		CLEANUP(free_ptr) char *folder =
			vendor_inside_of(vendoring->umbrella->files[i].path);
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err unfit = {0};
		struct chart *chart;

		if (folder && !is_settled(vendoring, folder) &&
		    load_inside(vendoring, folder, &arena, &chart, &unfit))
			vendor_tell_lacks(vendoring, chart);
	}
}

/* The folder of a "file://" dependency, seen from the umbrella. */
char *vendor_folder(const struct vendoring *vendoring, const char *repository)
{
	const char *path = after_prefix(repository, "file://");

	if (!path)
		return NULL;
	return *path == '/' ? xstrdup(path)
			    : path_join(vendoring->umbrella->dir, path);
}

/*
 * What the checkout has no business with is not read.  A folder outside of any
 * is not of who writes to one: somebody else has put the links there.
 */
static bool load_folder(const struct vendoring *vendoring, const char *folder,
			struct arena *arena, struct chart **chart,
			struct err *err)
{
	CLEANUP(free_ptr) char *checkout = NULL;

	return checkout_find(folder, vendoring->world->umbrella->checkout,
			     &checkout, err) &&
	       chart_load_within(checkout, folder, arena, chart, err);
}

bool vendor_settle_folder(struct vendoring *vendoring, size_t i,
			  const char *folder, struct err *err)
{
	const struct chart_dependency *wanted = &vendoring->wanted.items[i];
	struct arena *lasting = &vendoring->vendored->arena;
	/* What it holds may be much, and is there but for its package. */
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str bytes = {0};
	struct vendored_dependency item = {.name = wanted->name,
					   .repository = wanted->repository};
	char hex[SHA256_HEX_SIZE];
	struct chart *chart;

	if (!load_folder(vendoring, folder, &arena, &chart, err))
		return vendor_fail(vendoring, i, "repository", err);
	if (!check_name(chart, folder, wanted->name, err))
		return vendor_fail(vendoring, i, "repository", err);
	if (!check_version(vendoring, i, chart->version, err))
		return vendor_fail(vendoring, i, "version", err);
	if (!vendor_complete(vendoring, chart, folder, err) ||
	    !chart_fill_versions(chart, VENDOR_ANY_VERSION, err))
		return vendor_fail(vendoring, i, "repository", err);
	if (vendoring->args->stamp_s >= 0)
		chart_stamp(chart, vendoring->args->stamp_s);
	if (!chart_package(&bytes, chart, err) ||
	    !sha256_hex(bytes.buf, bytes.len, hex, err) ||
	    !vendor_put_archive(vendoring, chart->name, chart->version, &bytes,
				err))
		return vendor_fail(vendoring, i, "repository", err);
	chartdir_tell_links(chart, vendoring->args->http->reporter);
	vendor_note_chart(vendoring, chart, 1);
	item.version = arena_strdup(lasting, chart->version);
	item.digest = arena_strdup(lasting, hex);
	vendor_settle(vendoring, i, &item, item.version);
	return true;
}
