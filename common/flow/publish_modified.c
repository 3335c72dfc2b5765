/* Whether what is packaged is what the commit has. */
#include <stdlib.h>
#include <string.h>

#include "api/repo.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/chart.h"
#include "core/helmignore.h"
#include "flow/origin.h"
#include "flow/publish_parts.h"
#include "sys/file.h"

/* Files of all charts, the first by its path. */
struct modified {
	char *first;
	size_t count;
};

static void modified_release(struct modified *modified)
{
	free(modified->first);
}

static void note(struct modified *modified, const struct chart *chart,
		 const char *name)
{
	if (!modified->count++)
		modified->first = path_join(chart->path, name);
}

/* Would @name, a file or a folder, not have been packaged, either? */
static bool is_left_out(const struct helmignore *ignore, const char *name)
{
	CLEANUP(free_ptr) char *path = xstrdup(name);
	char *slash;

	if (helmignore_has(ignore, path, false))
		return true;
	do {
		if (helmignore_has(ignore, path, true))
			return true;
		slash = strrchr(path, '/');
		if (slash)
			*slash = '\0';
	} while (slash);
	return false;
}

static bool compare(const struct chart *chart, const struct origin *origin,
		    struct repo_changes *changes, struct err *err)
{
	CLEANUP(free_ptr) struct repo_file *files =
		xcalloc(chart->read.count, sizeof(*files));

	for (size_t i = 0; i < chart->read.count; i++) {
		const struct chart_file *read = &chart->read.items[i];

		files[i] =
			(struct repo_file){read->name, read->bytes, read->len};
	}
	return repo_compare(&origin->repo, origin->commit, chart->path, files,
			    chart->read.count, changes, err);
}

static bool look(struct modified *modified, const struct chart *chart,
		 const struct origin *origin, struct err *err)
{
	CLEANUP(repo_changes_release) struct repo_changes changes = {0};
	CLEANUP(helmignore_release) struct helmignore ignore = {0};

	if (!compare(chart, origin, &changes, err) ||
	    !helmignore_read(&ignore, chart->path, err))
		return false;
	for (size_t i = 0; i < changes.changed.count; i++)
		note(modified, chart, changes.changed.items[i]);
	for (size_t i = 0; i < changes.missing.count; i++) {
		if (!is_left_out(&ignore, changes.missing.items[i]))
			note(modified, chart, changes.missing.items[i]);
	}
	return true;
}

static void warn(const struct modified *modified, const struct origin *origin,
		 const struct reporter *reporter)
{
	CLEANUP(free_ptr) char *others =
		modified->count > 1
			? xasprintf(" and %zu more", modified->count - 1)
			: xstrdup("");

	report_warning(reporter,
		       "what is packaged is not what commit '%.12s' has: "
		       "'%s'%s changed, new or missing",
		       origin->commit, modified->first, others);
}

void publish_look_modified(struct publish_batch *batch,
			   const struct origin *origin,
			   const struct reporter *reporter)
{
	CLEANUP(modified_release) struct modified modified = {0};

	if (!origin->commit || !repo_is_open(&origin->repo))
		return;
	for (size_t i = 0; i < batch->count; i++) {
		CLEANUP(err_release) struct err untold = {0};
		struct publish_item *item = &batch->items[i];
		size_t before = modified.count;

		/* An archive was made of a commit that nobody knows. */
		if (!item->chart->read.count)
			continue;
		if (!look(&modified, item->chart, origin, &untold))
			log_debug("cannot tell whether '%s' is as committed: "
				  "%s",
				  item->chart->path, untold.text);
		item->modified = modified.count > before;
	}
	if (modified.count)
		warn(&modified, origin, reporter);
}
