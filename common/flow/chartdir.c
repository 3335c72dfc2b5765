#include "flow/chartdir.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/chart.h"
#include "sys/file.h"
#include "sys/walk.h"

struct folder {
	const char *path;
	struct strvec charts;
};

static bool note_chart(void *context, const struct walk_entry *entry,
		       bool *descend, struct err *err)
{
	struct folder *folder = context;
	CLEANUP(free_ptr) char *path = path_join(folder->path, entry->name);

	(void)err;
	*descend = false;
	if (chart_is_in(path))
		strvec_add(&folder->charts, path);
	return true;
}

static void folder_release(struct folder *folder)
{
	strvec_release(&folder->charts);
}

/* The only chart in @parent; NULL if there is none. */
static bool find_only(const char *parent, char **dir, struct err *err)
{
	CLEANUP(folder_release) struct folder folder = {.path = parent};
	const struct walk walk = {.root = parent,
				  .follow_links = true,
				  .visit = note_chart,
				  .context = &folder};

	if (file_is_dir(parent) && !walk_tree(&walk, err))
		return false;
	if (folder.charts.count > 1) {
		(void)err_set(err, ERR_USAGE, "there are %zu charts in '%s/'",
			      folder.charts.count, parent);
		return err_hint(err, "name the one that is meant");
	}
	*dir = folder.charts.count ? xstrdup(folder.charts.items[0]) : NULL;
	return true;
}

bool chartdir_find(const char *const *places, const char *cure, char **dir,
		   struct err *err)
{
	CLEANUP(str_release) struct str looked = {0};

	for (size_t i = 0; places[i]; i++) {
		size_t len = strlen(places[i]);
		char *found = NULL;

		if (ends_with(places[i], "/*")) {
			CLEANUP(free_ptr) char *parent =
				xmemdupz(places[i], len - 2);

			if (!find_only(parent, &found, err))
				return false;
		} else if (chart_is_in(places[i])) {
			found = xstrdup(places[i]);
		}
		if (found) {
			*dir = found;
			return true;
		}
		str_addf(&looked, "%s'%s'", i ? ", " : "", places[i]);
	}
	(void)err_set(err, ERR_USAGE,
		      "no chart was given, and there is none "
		      "in %s",
		      str_text(&looked));
	return err_hint(err, "%s", cure);
}

void chartdir_tell_links(const struct chart *chart,
			 const struct reporter *reporter)
{
	for (size_t i = 0; i < chart->links.count; i++) {
		const struct chart_link *link = &chart->links.items[i];
		CLEANUP(free_ptr) char *path =
			path_join(chart->path, link->name);

		report_warning(reporter,
			       "'%s' -> '%s' leads out of the chart, and what "
			       "is there is packaged",
			       path, link->target);
	}
}
