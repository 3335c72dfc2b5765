/* What Helm will keep of a release with these charts. */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "flow/vendor_parts.h"
#include "sys/file.h"

/* Does a template give something that is applied? */
static bool is_in_manifest(const char *name)
{
	const char *base = path_base(name);

	return *base != '_' && strcmp(base, "NOTES.txt") != 0;
}

static void count_chart(struct vendoring *vendoring, const struct chart *chart,
			const char *path, size_t uses)
{
	struct releasesize *size = &vendoring->size;

	for (size_t i = 0; i < chart->templates.count; i++) {
		const struct chart_file *file = &chart->templates.items[i];
		CLEANUP(free_ptr) char *name = path_join(path, file->name);

		for (size_t j = 0; j < uses && is_in_manifest(name); j++)
			releasesize_add_text(size, name, file->bytes,
					     file->len);
	}
	if (chart->values) {
		CLEANUP(free_ptr) char *name =
			path_join(path, chart->values->name);

		for (size_t j = 0; j < uses; j++)
			releasesize_add_text(size, name, chart->values->bytes,
					     chart->values->len);
	}
}

static void count_tree(struct vendoring *vendoring, const struct chart *chart,
		       const char *parent, size_t uses)
{
	CLEANUP(free_ptr) char *path =
		xasprintf("%scharts/%s", parent, chart->name);
	CLEANUP(free_ptr) char *below = xasprintf("%s/", path);

	count_chart(vendoring, chart, path, uses);
	for (size_t i = 0; i < chart->subchart_count; i++)
		count_tree(vendoring, chart->subcharts[i], below, uses);
}

void vendor_tell_lacks(const struct vendoring *vendoring,
		       const struct chart *chart)
{
	CLEANUP(str_release) struct str missing = {0};

	/* What could not be had yet is told as such, and ends the run. */
	if (vendor_is_incomplete(vendoring))
		return;
	chart_add_missing(&missing, chart);
	if (missing.len)
		report_warning(vendoring->args->http->reporter,
			       "chart '%s' %s names dependencies that are not "
			       "inside it, and Helm will install it without "
			       "them: %s",
			       chart->name, chart->version, str_text(&missing));
	for (size_t i = 0; i < chart->subchart_count; i++)
		vendor_tell_lacks(vendoring, chart->subcharts[i]);
}

void vendor_note_chart(struct vendoring *vendoring, const struct chart *chart,
		       size_t uses)
{
	/* A subchart of a folder is looked at with the folder. */
	if (vendoring->outer)
		return;
	vendor_tell_lacks(vendoring, chart);
	count_tree(vendoring, chart, "", uses);
}

/* A file of the umbrella itself, or of a chart that is a folder in it. */
static void count_file(struct releasesize *size,
		       const struct umbrella_file *file)
{
	const char *path = file->path;
	const char *bytes = str_text(&file->text);
	size_t len = file->text.len;
	bool inside = starts_with(path, "charts/");

	if (inside && ends_with(path, ".tgz"))
		return; /* counted as a chart */
	if (!inside && strcmp(path, "values.yaml") != 0 &&
	    strcmp(path, CHART_FILE) != 0)
		releasesize_add_file(size, path, bytes, len);
	if (strcmp(path_base(path), "values.yaml") == 0 ||
	    (strstr(path, "templates/") && is_in_manifest(path)))
		releasesize_add_text(size, path, bytes, len);
}

void vendor_check_size(struct vendoring *vendoring)
{
	const struct umbrella *umbrella = vendoring->umbrella;
	CLEANUP(str_release) struct str largest = {0};
	size_t bytes;

	for (size_t i = 0; i < umbrella->count; i++)
		count_file(&vendoring->size, &umbrella->files[i]);
	bytes = releasesize_estimate(&vendoring->size, &largest);
	if (bytes > RELEASESIZE_MAX)
		report_warning(vendoring->args->http->reporter,
			       "Helm keeps a release in a Secret of at most "
			       "1024 KiB, and this one may need %zu; what "
			       "takes most: %s",
			       (bytes + 1023) / 1024, str_text(&largest));
}
