#include "base/err.h"
#include "base/str.h"
#include "core/sweep.h"
#include "flow/cleanup.h"
#include "sys/file.h"

#define PREFIX "slipway_expire_sweep_"

struct cleanup_metrics cleanup_measure(const struct sweep_plan *plan,
				       const struct cleanup_result *result)
{
	struct cleanup_metrics metrics = {.planned = true,
					  .judged = plan->count};
	size_t *const counters[] = {
		[CLEANUP_KEPT] = &metrics.kept,
		[CLEANUP_DELETED] = &metrics.deleted,
		[CLEANUP_FAILED] = &metrics.failed,
	};

	for (size_t i = 0; i < plan->count; i++) {
		++*counters[result		   ? result->outcomes[i].state
			    : plan->items[i].stuck ? CLEANUP_FAILED
						   : CLEANUP_KEPT];
		metrics.soon += plan->items[i].soon;
		metrics.doubtful += plan->items[i].doubtful;
	}
	return metrics;
}

static void add_metric(struct str *text, const char *name, const char *help)
{
	str_addf(text, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s gauge\n",
		 name, help, name);
}

static void add_count(struct str *text, const char *name, size_t count,
		      const char *help)
{
	add_metric(text, name, help);
	str_addf(text, PREFIX "%s %zu\n", name, count);
}

static void add_outcome(struct str *text, const char *outcome, size_t count)
{
	str_addf(text, PREFIX "environments{outcome=\"%s\"} %zu\n", outcome,
		 count);
}

static void add_plan(struct str *text, const struct cleanup_metrics *metrics)
{
	add_metric(text, "environments",
		   "Environments by what became of them in the last run.");
	add_outcome(text, "kept", metrics->kept);
	add_outcome(text, "deleted", metrics->deleted);
	add_outcome(text, "failed", metrics->failed);
	add_count(text, "expiring_soon", metrics->soon,
		  "Environments that expire within --warn-before.");
	add_count(text, "doubtful", metrics->doubtful,
		  "Environments kept because nobody knows when they expire.");
}

static bool check_folder(const char *path, struct err *err)
{
	CLEANUP(free_ptr) char *folder = path_parent(path);

	if (file_is_dir(path))
		return err_set(err, ERR_IO, "'%s' is a folder", path);
	if (!file_is_dir(folder))
		return err_set(err, ERR_IO, "there is no folder '%s'", folder);
	return dir_is_writable(folder) ||
	       err_set(err, ERR_IO, "no file may be made in '%s'", folder);
}

bool cleanup_check_metrics(const char *path, struct err *err)
{
	return check_folder(path, err) ||
	       err_wrap(err, "cannot write the metrics");
}

bool cleanup_write_metrics(const char *path,
			   const struct cleanup_metrics *metrics, int64_t now,
			   struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	if (metrics->planned)
		add_plan(&text, metrics);
	add_metric(&text, "duration_seconds", "Time that the last run took.");
	str_addf(&text, PREFIX "duration_seconds %lld.%03d\n",
		 (long long)(metrics->milliseconds / 1000),
		 (int)(metrics->milliseconds % 1000));
	add_count(&text, "success", metrics->success,
		  "Whether the last run did all that it had to (1) or not "
		  "(0).");
	add_count(&text, "last_run_timestamp_seconds", (size_t)now,
		  "When the last run ended.");
	return file_replace(path, str_text(&text), text.len, 0644, err) ||
	       err_wrap(err, "cannot write the metrics");
}
