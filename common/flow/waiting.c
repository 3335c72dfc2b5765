#include "flow/waiting.h"

#include "api/workloads.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "core/rollout.h"

static void show(const struct waiting *waiting,
		 const struct rollout_world *world)
{
	CLEANUP(rollout_release) struct rollout rollout = {0};
	CLEANUP(str_release) struct str what = {0};

	rollout_count(&rollout, world);
	str_add(&what, "workloads ready");
	if (rollout.ready < rollout.count)
		str_add(&what, ", waiting for ");
	rollout_print_missing(&rollout, &what);
	report_progress(waiting->reporter, str_text(&what), rollout.ready,
			rollout.count);
}

static bool judge(struct waiting *waiting, struct kube *kube,
		  const struct deadline *until,
		  const struct rollout_world *world, struct err *err)
{
	CLEANUP(diagnosis_release) struct diagnosis diagnosis = {0};
	CLEANUP(str_release) struct str text = {0};
	const struct diagnosis_finding *lasting;

	if (waiting->patience_ms < 0)
		return true;
	diagnosis_make(&diagnosis, world);
	workloads_look_for_missing(kube, waiting->namespace, until, &diagnosis);
	lasting = diagnosis_lasting(&waiting->watch, &diagnosis,
				    clock_monotonic_ms(), waiting->patience_ms);
	if (!lasting)
		return true;
	str_add(&text, "it cannot get ready, and has been so for ");
	num_format_duration(&text, waiting->patience_ms);
	str_add(&text, ": ");
	diagnosis_print(&text, lasting);
	return err_set(err, ERR_CHILD, "%s", str_text(&text));
}

bool waiting_look(struct waiting *waiting, struct kube *kube, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err ignored = {0};
	struct deadline until = deadline_in(WAITING_LOOK_MS);
	struct rollout_world world = {
		.release = waiting->release,
		.jobs = waiting->jobs,
		.since = waiting->since,
	};

	if (!workloads_read(kube, waiting->namespace, &until, &arena, &world,
			    &ignored)) {
		log_debug("no progress: %s", ignored.text);
		return true;
	}
	show(waiting, &world);
	return judge(waiting, kube, &until, &world, err);
}

void waiting_release(struct waiting *waiting)
{
	diagnosis_watch_release(&waiting->watch);
}
