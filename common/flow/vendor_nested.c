/* The dependencies of a folder that is vendored. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "flow/vendor_parts.h"
#include "sys/file.h"

static bool is_same_folder(const char *a, const char *b)
{
	CLEANUP(free_ptr) char *left = realpath(a, NULL);
	CLEANUP(free_ptr) char *right = realpath(b, NULL);

	return left && right && !strcmp(left, right);
}

/* "'mid' -> 'leaf' -> " of the folders from @first on to the innermost. */
static void add_way(struct str *way, const struct vendoring *innermost,
		    const struct vendoring *first)
{
	if (innermost != first)
		add_way(way, innermost->outer, first);
	str_addf(way, "'%s' -> ",
		 innermost->chart ? innermost->chart->name
				  : innermost->vendored->name);
}

/* May the dependencies of @chart in @folder be looked for from here? */
static bool check_way(const struct vendoring *innermost,
		      const struct chart *chart, const char *folder,
		      struct err *err)
{
	const struct vendoring *at;
	size_t depth = 0;

	for (at = innermost; at; at = at->outer, depth++) {
		CLEANUP(str_release) struct str way = {0};

		if (!is_same_folder(at->umbrella->dir, folder))
			continue;
		add_way(&way, innermost, at);
		return err_set(err, ERR_INPUT,
			       "charts depend on each other in a circle: "
			       "%s'%s'",
			       str_text(&way), chart->name);
	}
	return depth <= VENDOR_NESTED_MAX ||
	       err_set(err, ERR_INPUT,
		       "folders depend on folders more than %d deep",
		       VENDOR_NESTED_MAX);
}

static bool is_wanted(const char *name)
{
	static const char *const names[] = {CHART_FILE, "Chart.lock",
					    "requirements.yaml",
					    "requirements.lock"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/*
 * What says which dependencies a folder has, as it was read: what .helmignore
 * leaves out is not there for Helm either.
 */
static void take_files(struct umbrella *files, const struct chart *chart)
{
	for (size_t i = 0; i < chart->read.count; i++) {
		const struct chart_file *file = &chart->read.items[i];
		CLEANUP(str_release) struct str text = {0};

		if (!is_wanted(file->name))
			continue;
		str_add_bytes(&text, file->bytes, file->len);
		umbrella_put(files, file->name, &text);
	}
}

/* All that was vendored for @chart becomes a part of it. */
static bool put_inside(struct chart *chart, const struct umbrella *files,
		       struct err *err)
{
	for (size_t i = 0; i < files->count; i++) {
		const struct umbrella_file *file = &files->files[i];
		struct chart *subchart;

		if (!starts_with(file->path, "charts/"))
			continue;
		if (!chart_load_archive(str_text(&file->text), file->text.len,
					path_base(file->path), chart->arena,
					&subchart, err))
			return false;
		chart_add_subchart(chart, subchart);
	}
	return true;
}

bool vendor_complete(struct vendoring *vendoring, struct chart *chart,
		     const char *folder, struct err *err)
{
	CLEANUP(str_release) struct str missing = {0};
	CLEANUP(umbrella_release) struct umbrella files = {0};
	CLEANUP(vendored_release) struct vendored vendored = {0};
	CLEANUP(vendoring_release) struct vendoring inner = {
		.world = vendoring->world,
		.outer = vendoring,
		.chart = chart,
		.vendored = &vendored,
		.umbrella = &files,
		.args = vendoring->args,
	};

	chart_add_missing(&missing, chart);
	if (!missing.len)
		return true;
	files.dir = xstrdup(folder);
	take_files(&files, chart);
	return check_way(vendoring, chart, folder, err) &&
	       vendor_all(&inner, err) && put_inside(chart, &files, err);
}
