/* What lies in charts/ already, and gives way to what is vendored. */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "flow/vendor_parts.h"
#include "format/value.h"

/* The first dependency on the chart @name; NULL: there is none. */
static const struct chart_dependency *find_wanted(
	const struct vendoring *vendoring, const char *name, bool inside)
{
	for (size_t i = 0; i < vendoring->wanted.count; i++) {
		const struct chart_dependency *wanted =
			&vendoring->wanted.items[i];

		if (same_text(wanted->name, name) &&
		    is_blank(wanted->repository) == inside)
			return wanted;
	}
	return NULL;
}

/* --- archives ------------------------------------------------------------ */

/* What follows "charts/" in @path, if that is an archive of a chart. */
static const char *archive_base(const char *path)
{
	const char *base = after_prefix(path, "charts/");

	return base && !strchr(base, '/') && ends_with(base, ".tgz") ? base
								     : NULL;
}

/* By its name alone: charts/NAME-1.2.3.tgz of what is vendored anew. */
static bool is_named_so(const struct vendoring *vendoring, const char *base)
{
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

/* The name of a file may be of both, web 2-1.0.0 and web-2 1.0.0, or of none. */
static bool is_stale(const struct vendoring *vendoring,
		     const struct umbrella_file *file)
{
	const char *base = archive_base(file->path);
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err unfit = {0};
	struct chart *chart;

	if (!base)
		return false;
	if (!chart_load_archive(file->text.buf, file->text.len, file->path,
				&arena, &chart, &unfit))
		return is_named_so(vendoring, base);
	return find_wanted(vendoring, chart->name, false);
}

/* Often of a dependency that was taken out of the list. */
static void tell_unlisted(const struct vendoring *vendoring)
{
	for (size_t i = 0; i < vendoring->umbrella->count; i++) {
		const char *path = vendoring->umbrella->files[i].path;

		if (archive_base(path))
			report_warning(vendoring->args->http->reporter,
				       "'%s' is of no dependency, and Helm "
				       "will install it all the same",
				       path);
	}
}

/* --- folders ------------------------------------------------------------- */

/* Helm takes any of two charts of a name, or both: it leaves that to chance. */
static const struct chart_dependency *find_rival(
	const struct vendoring *vendoring, const char *path)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err unfit = {0};
	const char *name;

	if (!vendor_parse_file(&doc, vendoring->umbrella, path, &unfit))
		return NULL;
	name = value_find_text(doc.root, "name");
	return find_wanted(vendoring, name, true)
		       ? NULL
		       : find_wanted(vendoring, name, false);
}

/* What is made an archive of a folder here may well be of this one. */
static void tell_gone(const struct vendoring *vendoring, const char *folder,
		      const struct chart_dependency *rival)
{
	CLEANUP(free_ptr) char *made_of =
		vendor_folder(vendoring, rival->repository);

	if (!made_of || !chart_is_in(made_of))
		report_warning(vendoring->args->http->reporter,
			       "'%s/' is left out: the chart '%s' is vendored "
			       "from its repository, and Helm would take any "
			       "of the two",
			       folder, rival->name);
}

static void remove_folder(struct vendoring *vendoring, const char *folder)
{
	for (size_t i = vendoring->umbrella->count; i-- > 0;)
		if (starts_with(vendoring->umbrella->files[i].path, folder))
			umbrella_remove(vendoring->umbrella,
					vendoring->umbrella->files[i].path);
}

static void remove_rivals(struct vendoring *vendoring)
{
	CLEANUP(strvec_release) struct strvec folders = {0};

	for (size_t i = 0; i < vendoring->umbrella->count; i++) {
		const char *path = vendoring->umbrella->files[i].path;
		CLEANUP(free_ptr) char *folder = vendor_inside_of(path);
		const struct chart_dependency *rival =
			folder ? find_rival(vendoring, path) : NULL;

		if (!rival)
			continue;
		tell_gone(vendoring, folder, rival);
		strvec_addf(&folders, "%s/", folder);
	}
	for (size_t i = 0; i < folders.count; i++)
		remove_folder(vendoring, folders.items[i]);
}

void vendor_remove_stale(struct vendoring *vendoring)
{
	for (size_t i = vendoring->umbrella->count; i-- > 0;)
		if (is_stale(vendoring, &vendoring->umbrella->files[i]))
			umbrella_remove(vendoring->umbrella,
					vendoring->umbrella->files[i].path);
	remove_rivals(vendoring);
	tell_unlisted(vendoring);
}
