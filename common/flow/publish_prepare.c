/* Charts become packages: changed, stamped, checked, saved. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/chart.h"
#include "core/gitaddress.h"
#include "flow/chartdir.h"
#include "flow/origin.h"
#include "flow/publish.h"
#include "flow/publish_parts.h"
#include "sys/file.h"

/* "a.b=c": the part before the sign and the one behind. */
static bool split(const char *text, const char *option, char **key,
		  const char **value, struct err *err)
{
	const char *equals = strchr(text, '=');

	if (!equals || equals == text)
		return err_set(err, ERR_USAGE,
			       "'--%s %s' is not of the form KEY=VALUE", option,
			       text);
	*key = xmemdupz(text, (size_t)(equals - text));
	*value = equals + 1;
	return true;
}

static bool set_values(struct chart *chart, const struct strvec *set,
		       const char *option, enum chart_text as, struct err *err)
{
	for (size_t i = 0; i < set->count; i++) {
		CLEANUP(free_ptr) char *path = NULL;
		const char *value;

		if (!split(set->items[i], option, &path, &value, err) ||
		    !chart_set_value(chart, path, value, as, err))
			return false;
	}
	return true;
}

static bool apply_lists(struct chart *chart,
			const struct publish_changes *changes, struct err *err)
{
	for (size_t i = 0; i < changes->annotations->count; i++) {
		CLEANUP(free_ptr) char *key = NULL;
		const char *value;

		if (!split(changes->annotations->items[i], "annotation", &key,
			   &value, err))
			return false;
		chart_set_annotation(chart, key, value);
	}
	return set_values(chart, changes->set, "set", CHART_TYPED, err) &&
	       set_values(chart, changes->set_string, "set-string", CHART_TEXT,
			  err);
}

static void annotate(struct chart *chart, const struct origin *origin)
{
	CLEANUP(free_ptr) char *repository =
		origin->git_url ? gitaddress_path(origin->git_url) : NULL;

	if (origin->commit)
		chart_set_annotation(chart, "slipway/commit", origin->commit);
	if (repository)
		chart_set_annotation(chart, "slipway/repository", repository);
}

/* One time for all members, so that the same commit gives the same bytes. */
static bool stamp(struct chart *chart, const struct publish_changes *changes,
		  struct err *err)
{
	int64_t seconds = changes->origin->commit_time;

	if (changes->source_date_epoch &&
	    !num_parse_range(changes->source_date_epoch, 0, INT64_MAX,
			     &seconds))
		return err_set(err, ERR_USAGE,
			       "SOURCE_DATE_EPOCH is no number of seconds: "
			       "'%s'",
			       changes->source_date_epoch);
	if (seconds || changes->source_date_epoch)
		chart_stamp(chart, seconds);
	return true;
}

/*
 * What is a package already says which commit it is of, which need not be the
 * one of the checkout that it is published from: it is left alone but for
 * what is given as an option.
 */
static bool mark_source(struct chart *chart,
			const struct publish_changes *changes, struct err *err)
{
	bool is_folder = chart->read.count;

	if (is_folder)
		annotate(chart, changes->origin);
	return (!is_folder && !changes->epoch_given) ||
	       stamp(chart, changes, err);
}

static bool package(struct publish_item *item, struct err *err)
{
	return chart_package(&item->package, item->chart, err) &&
	       sha256_hex(str_text(&item->package), item->package.len,
			  item->digest, err);
}

static bool prepare(struct publish_item *item, const char *path,
		    const struct publish_changes *changes, struct arena *arena,
		    struct err *err)
{
	struct chart *chart = NULL;

	if (!chart_load(path, arena, &chart, err))
		return false;
	chartdir_tell_links(chart, changes->reporter);
	if (changes->app_version)
		chart_set_app_version(chart, changes->app_version);
	item->chart = chart;
	if (!mark_source(chart, changes, err) ||
	    (changes->version &&
	     !chart_set_version(chart, changes->version, err)) ||
	    !apply_lists(chart, changes, err) ||
	    !chart_check_dependencies(chart, err) || !package(item, err))
		return err_wrap(err, "cannot package chart '%s'", path);
	return true;
}

bool publish_choose(struct strvec *paths, const struct strvec *named,
		    struct err *err)
{
	static const char *const places[] = {"chart", "charts/*", ".", NULL};
	char *found;

	strvec_add_all(paths, named);
	if (named->count)
		return true;
	if (!chartdir_find(places, CHARTDIR_CURE, &found, err))
		return false;
	strvec_add_take(paths, found);
	return true;
}

/* Both would have the same archive, whichever came last. */
static bool check_unique(const struct publish_batch *batch, struct err *err)
{
	const struct publish_item *last = &batch->items[batch->count - 1];

	for (size_t i = 0; i + 1 < batch->count; i++) {
		const struct publish_item *item = &batch->items[i];

		if (same_text(chart_file_name(item->chart),
			      chart_file_name(last->chart)))
			return err_set(err, ERR_USAGE,
				       "'%s' and '%s' are both '%s' %s: name "
				       "one of them",
				       item->chart->path, last->chart->path,
				       last->chart->name, last->chart->version);
	}
	return true;
}

bool publish_prepare(struct publish_batch *batch, const struct strvec *paths,
		     const struct publish_changes *changes, struct arena *arena,
		     struct err *err)
{
	origin_tell_untrusted(changes->origin, NULL,
			      changes->source_date_epoch ? NULL
							 : "time of the commit",
			      changes->reporter);
	/* A chart with others in it takes some megabytes. */
	arena->roomy = true;
	batch->items = xcalloc(paths->count, sizeof(*batch->items));
	for (size_t i = 0; i < paths->count; i++) {
		if (!prepare(&batch->items[batch->count++], paths->items[i],
			     changes, arena, err) ||
		    !check_unique(batch, err))
			return false;
	}
	publish_look_modified(batch, changes->origin, changes->reporter);
	return true;
}

static bool save_provenance(const struct publish_item *item, const char *path,
			    struct err *err)
{
	CLEANUP(free_ptr) char *beside = xasprintf("%s.prov", path);

	return !item->provenance.len ||
	       file_swap(beside, str_text(&item->provenance),
			 item->provenance.len, 0666, err);
}

static bool save(struct publish_item *item, const char *dir, bool dry_run,
		 struct err *err)
{
	CLEANUP(free_ptr) char *path =
		path_join(dir, chart_file_name(item->chart));

	str_add(&item->address, path);
	if (dry_run)
		return true;
	if (!dir_create_all(dir, err) ||
	    !file_swap(path, str_text(&item->package), item->package.len, 0666,
		       err) ||
	    !save_provenance(item, path, err))
		return err_wrap(err, "cannot save the package");
	return true;
}

bool publish_save(struct publish_batch *batch, const char *dir, bool dry_run,
		  struct err *err)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (!save(&batch->items[i], dir, dry_run, err))
			return false;
	}
	return true;
}
