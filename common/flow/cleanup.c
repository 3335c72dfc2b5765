#include "flow/cleanup.h"

#include <stdlib.h>

#include "api/helm.h"
#include "api/kube.h"
#include "api/namespaces.h"
#include "api/releases.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/sweep.h"
#include "sys/proc.h"

/* One environment on its way out. */
struct task {
	struct sweep *sweep;
	const struct sweep_item *item;
	struct cleanup_outcome *outcome;
	struct helm_call call;
	bool changed; /* since it was judged: it must survive */
	bool uninstalled;
	bool namespace_deleted;
	int64_t started; /* monotonic, ms */
};

struct sweep {
	const struct cleanup *cleanup;
	struct cleanup_result *result;
	struct task *tasks;
	size_t count;
	size_t next; /* the next task to start */
	size_t done;
};

static void settle(struct task *task, enum cleanup_state state,
		   const char *reason)
{
	struct cleanup_outcome *outcome = task->outcome;

	outcome->state = state;
	outcome->reason = arena_strdup(&task->sweep->result->arena, reason);
	outcome->milliseconds = clock_monotonic_ms() - task->started;
}

static void fail(struct task *task, const struct err *err)
{
	settle(task, CLEANUP_FAILED, err->text);
	task->outcome->temporary = err->temporary;
}

/*
 * Is what was judged still what is there?  The namespace may have been
 * renewed, the release upgraded, since the list was read.
 */
static bool look_again(struct task *task, const char **changed,
		       struct err *err)
{
	const struct sweep_item *item = task->item;
	const struct cleanup *cleanup = task->sweep->cleanup;
	CLEANUP(arena_release) struct arena arena = {0};
	struct sweep_world now = {0};
	struct namespace_marks marks = {0};
	bool exists;

	*changed = NULL;
	if (!namespace_read(cleanup->kube, item->namespace, &arena, &marks,
			    &exists, err))
		return false;
	if (item->home && exists &&
	    (!same_text(marks.uid, item->home->uid) ||
	     !same_text(marks.managed, item->home->managed) ||
	     !same_text(marks.expires_at, item->home->expires_at) ||
	     marks.main != item->home->main))
		*changed = "its namespace was marked anew since it was judged";
	if (!item->judged || *changed)
		return true;
	if (!releases_find(cleanup->kube, item->namespace, item->release,
			   &arena, &now, err))
		return false;
	if (!now.release_count)
		return true; /* somebody else was faster */
	if (!sweep_is_unchanged(item->judged, now.releases, now.release_count))
		*changed = "it was deployed anew since it was judged";
	return true;
}

static bool before_uninstall(void *context, struct err *err)
{
	struct task *task = context;
	const char *changed;

	task->started = clock_monotonic_ms();
	if (!look_again(task, &changed, err))
		return false;
	if (!changed)
		return true;
	task->changed = true;
	return err_set(err, ERR_CONFLICT, "%s", changed);
}

static bool next_uninstall(void *context, struct proc **proc)
{
	struct sweep *sweep = context;

	while (sweep->next < sweep->count) {
		struct task *task = &sweep->tasks[sweep->next++];

		if (!task->item->release)
			continue;
		helm_prepare_uninstall(sweep->cleanup->helm, &task->call,
				       task->item->namespace,
				       task->item->release,
				       sweep->cleanup->wait_ms);
		task->call.proc.before_start = before_uninstall;
		task->call.proc.context = task;
		*proc = &task->call.proc;
		return true;
	}
	return false;
}

static void uninstall_done(void *context, struct proc *proc, struct err *err)
{
	struct sweep *sweep = context;
	struct task *task = proc->context;
	CLEANUP(err_release) struct err failure = {0};

	if (task->changed) {
		settle(task, CLEANUP_KEPT, err->text);
	} else if (err->kind != ERR_NONE) {
		fail(task, err);
	} else if (helm_check_uninstall(&task->call, &failure)) {
		task->uninstalled = true;
		settle(task, CLEANUP_DELETED, task->item->reason);
	} else {
		fail(task, &failure);
	}
	report_progress(sweep->cleanup->reporter, "environments", ++sweep->done,
			sweep->count);
}

static bool uninstall_all(struct sweep *sweep, struct err *err)
{
	struct proc_batch batch = {
		.jobs = sweep->cleanup->jobs,
		.next = next_uninstall,
		.done = uninstall_done,
		.context = sweep,
	};

	return proc_run_batch(&batch, err);
}

/* Did all releases of the namespace that were to go do so? */
static bool is_vacated(const struct sweep *sweep, const char *namespace)
{
	for (size_t i = 0; i < sweep->count; i++) {
		const struct task *task = &sweep->tasks[i];

		if (same_text(task->item->namespace, namespace) &&
		    task->item->release && !task->uninstalled)
			return false;
	}
	return true;
}

/* What stands in the namespace that is none of the task's own, or "". */
static bool find_others(struct task *task, struct arena *arena,
			struct str *others, struct err *err)
{
	struct kube *kube = task->sweep->cleanup->kube;
	const struct sweep_item *item = task->item;
	CLEANUP(strvec_release) struct strvec found = {0};
	struct sweep_world left = {0};

	if (!releases_find(kube, item->namespace, NULL, arena, &left, err))
		return false;
	for (size_t i = 0; i < left.release_count; i++)
		strvec_addf(&found, "release %s", left.releases[i].name);
	if (!namespace_find_foreign(kube, item->namespace, item->release,
				    &found, err))
		return false;
	for (size_t i = 0; i < found.count && i < 5; i++)
		str_addf(others, "%s%s", i ? ", " : "", found.items[i]);
	if (found.count > 5)
		str_addf(others, " and %zu more", found.count - 5);
	return true;
}

/*
 * Delete the namespace if it is ours and empty of others' things.  The
 * preconditions are what was read here, after the last look at its marks.
 */
static bool delete_namespace(struct task *task, struct err *err)
{
	struct kube *kube = task->sweep->cleanup->kube;
	const struct sweep_item *item = task->item;
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str others = {0};
	struct namespace_marks marks = {0};
	const char *changed;
	bool exists;

	if (!look_again(task, &changed, err))
		return false;
	if (changed) {
		if (!task->uninstalled)
			settle(task, CLEANUP_KEPT, changed);
		return true;
	}
	if (!namespace_read(kube, item->namespace, &arena, &marks, &exists,
			    err))
		return false;
	if (!exists || marks.terminating) {
		task->namespace_deleted = exists;
		settle(task, CLEANUP_DELETED, item->reason);
		return true;
	}
	if (!marks.created) {
		if (!task->uninstalled)
			settle(task, CLEANUP_KEPT,
			       "the namespace was there before us");
		return true;
	}
	if (!find_others(task, &arena, &others, err))
		return false;
	if (others.len) {
		CLEANUP(free_ptr) char *reason = xasprintf(
			"the namespace is kept, because in it is %s",
			str_text(&others));

		settle(task,
		       task->uninstalled ? CLEANUP_DELETED : CLEANUP_KEPT,
		       reason);
		return true;
	}
	if (!namespace_delete(kube, item->namespace, marks.uid,
			      marks.resource_version, err))
		return false;
	task->namespace_deleted = true;
	return true;
}

static bool delete_namespaces(struct sweep *sweep, struct err *err)
{
	for (size_t i = 0; i < sweep->count; i++) {
		struct task *task = &sweep->tasks[i];
		CLEANUP(err_release) struct err failure = {0};

		if (proc_interrupted(err))
			return false;
		if (!task->started)
			task->started = clock_monotonic_ms();
		if ((task->item->release && !task->uninstalled) ||
		    !task->item->home ||
		    !is_vacated(sweep, task->item->namespace))
			continue;
		if (!delete_namespace(task, &failure))
			fail(task, &failure);
	}
	return true;
}

/* One look at a namespace that is on its way out. */
static void look_if_gone(struct task *task, bool last)
{
	struct cleanup_result *result = task->sweep->result;
	CLEANUP(err_release) struct err failure = {0};
	const char *why;
	bool gone;

	if (!namespace_is_gone(task->sweep->cleanup->kube,
			       task->item->namespace, &result->arena, &gone,
			       &why, &failure)) {
		task->namespace_deleted = false;
		fail(task, &failure);
	} else if (gone) {
		task->namespace_deleted = false;
		settle(task, CLEANUP_DELETED, task->item->reason);
	} else if (last) {
		CLEANUP(free_ptr) char *reason = xasprintf(
			"the namespace does not go away: %s", why);

		settle(task, CLEANUP_FAILED, reason);
		task->outcome->temporary = true;
	}
}

static bool wait_until_gone(struct sweep *sweep, struct err *err)
{
	struct deadline deadline = deadline_in(sweep->cleanup->wait_ms);
	size_t left;

	do {
		bool last = deadline_passed(&deadline);

		left = 0;
		for (size_t i = 0; i < sweep->count; i++) {
			struct task *task = &sweep->tasks[i];

			if (task->namespace_deleted)
				look_if_gone(task, last);
			left += task->namespace_deleted;
		}
		if (!left || last)
			return true;
		(void)clock_sleep_ms(CLEANUP_POLL_MS);
	} while (!proc_interrupted(err));
	return false;
}

static void sweep_release(struct sweep *sweep)
{
	for (size_t i = 0; i < sweep->count; i++)
		helm_call_release(&sweep->tasks[i].call);
	free(sweep->tasks);
}

static void plan_tasks(struct sweep *sweep, const struct sweep_plan *plan)
{
	struct cleanup_result *result = sweep->result;

	result->count = plan->count;
	result->outcomes = arena_new_array(&result->arena,
					   struct cleanup_outcome,
					   plan->count);
	sweep->tasks = xcalloc(plan->count, sizeof(*sweep->tasks));
	for (size_t i = 0; i < plan->count; i++) {
		struct cleanup_outcome *outcome = &result->outcomes[i];

		outcome->item = &plan->items[i];
		outcome->reason = arena_strdup(&result->arena,
					       plan->items[i].reason);
		if (!plan->items[i].remove)
			continue;
		sweep->tasks[sweep->count++] = (struct task){
			.sweep = sweep,
			.item = &plan->items[i],
			.outcome = outcome,
		};
	}
}

bool cleanup_run(const struct cleanup *cleanup, const struct sweep_plan *plan,
		 struct cleanup_result *result, struct err *err)
{
	CLEANUP(sweep_release) struct sweep sweep = {.cleanup = cleanup,
						     .result = result};
	bool done;

	plan_tasks(&sweep, plan);
	done = uninstall_all(&sweep, err) && delete_namespaces(&sweep, err) &&
	       wait_until_gone(&sweep, err);
	for (size_t i = 0; i < result->count; i++)
		result->failed += result->outcomes[i].state == CLEANUP_FAILED;
	return done;
}

void cleanup_result_release(struct cleanup_result *result)
{
	arena_release(&result->arena);
	*result = (struct cleanup_result){0};
}
