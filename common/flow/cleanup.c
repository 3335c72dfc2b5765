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
#include "core/manifest.h"
#include "core/sweep.h"
#include "flow/cleanup_hold.h"
#include "flow/cleanup_look.h"
#include "flow/cleanup_parts.h"
#include "flow/farewell.h"
#include "flow/removal.h"
#include "sys/proc.h"
#include "sys/signals.h"

void task_settle(struct task *task, enum cleanup_state state,
		 const char *reason)
{
	struct cleanup_outcome *outcome = task->outcome;

	outcome->state = state;
	outcome->reason = arena_strdup(&task->sweep->result->arena, reason);
	outcome->milliseconds = clock_monotonic_ms() - task->started;
}

void task_fail(struct task *task, const struct err *err)
{
	task_settle(task, CLEANUP_FAILED, err->text);
	task->outcome->temporary = err->temporary;
	if (err->hint)
		task->outcome->hint =
			arena_strdup(&task->sweep->result->arena, err->hint);
}

void task_settle_held(struct task *task, const char *reason)
{
	task_settle(task, CLEANUP_FAILED, reason);
	task->outcome->temporary = false;
	task->outcome->hint = NAMESPACE_HELD_CURE;
}

/*
 * Each child's tick asks for it; where renewals fail, that must not take the
 * time of each.
 */
static void renew_all(struct sweep *sweep)
{
	if (clock_monotonic_ms() < sweep->pass_at)
		return;
	hold_keep_all(sweep->holds, sweep->count, sweep->cleanup->kube);
	sweep->pass_at = clock_monotonic_ms() + ENVLOCK_TICK_MS;
}

/*
 * While a request is under way, whosever: all that is held stays so.  What was
 * lost ends the request that was made for it; and also any other where Helm is
 * at work there, which we have to get back to.
 */
static bool keep_all(void *context, struct err *err)
{
	struct sweep *sweep = context;

	renew_all(sweep);
	for (size_t i = 0; i < sweep->count; i++) {
		struct task *task = &sweep->tasks[i];

		if ((task->at_work || task == sweep->current) &&
		    !envlock_check(&task->hold->lock, err))
			return false;
	}
	return true;
}

bool task_enter(struct task *task, const char **busy, struct err *err)
{
	struct hold *hold = task->hold;
	const struct cleanup *cleanup = task->sweep->cleanup;

	if (!hold_enter(hold, cleanup->kube, cleanup->reporter, err))
		return false;
	*busy = hold->busy ? arena_printf(&task->sweep->result->arena,
					  "another run is at work on it: %s",
					  hold->busy)
			   : NULL;
	return true;
}

/*
 * What of it will be found in a namespace that is to go after it: when the
 * release is gone, nothing else tells, and a sweep may end at any moment.
 */
static bool note_estate(struct task *task, struct err *err)
{
	const struct sweep_namespace *home = task->item->home;
	struct hold *hold = task->hold;

	estate_add_manifest(&hold->estate, &task->manifest);
	if (!home || !home->created)
		return true;
	return look_at_older(task->sweep->cleanup->kube, task->item,
			     &hold->estate, err) &&
	       (!estate_says_more(&hold->estate, home->release) ||
		hold_note_estate(hold, err));
}

/*
 * Nothing is begun that could end half-way for want of a right.  Between two
 * requests another sweep may have done it all.
 */
static bool check_removal(struct task *task, const struct look *look,
			  struct err *err)
{
	struct sweep *sweep = task->sweep;
	const struct sweep_release *judged = task->item->judged;
	bool found;

	if (!removal_read(&look->payload, &sweep->result->arena,
			  &task->manifest, &found, err))
		return false;
	task->gone = !found;
	if (task->gone)
		return err_set(err, ERR_CONFLICT, "%s", task->item->reason);
	return removal_check(&sweep->removal, judged->namespace, judged->name,
			     &task->manifest, err) &&
	       note_estate(task, err);
}

/* May Helm begin? */
static bool prepare_uninstall(struct task *task, struct err *err)
{
	CLEANUP(look_release) struct look look = {0};
	const char *busy;

	if (!task_enter(task, &busy, err))
		return false;
	task->changed = busy != NULL;
	if (busy)
		return err_set(err, ERR_CONFLICT, "%s", busy);
	if (!look_again(&look, task->sweep->cleanup->kube, task->item, err))
		return false;
	task->changed = look.changed != NULL;
	if (task->changed)
		return err_set(err, ERR_CONFLICT, "%s", look.changed);
	task->gone = !look.released;
	if (task->gone)
		return err_set(err, ERR_CONFLICT, "%s", task->item->reason);
	return check_removal(task, &look, err) && hold_keep(task->hold, err);
}

static bool before_uninstall(void *context, struct err *err)
{
	struct task *task = context;

	task->started = clock_monotonic_ms();
	task->look_at = task->started + task->sweep->cleanup->wait_ms / 2;
	task->sweep->current = task;
	task->at_work = prepare_uninstall(task, err);
	task->outcome->begun = task->at_work;
	task->sweep->current = NULL;
	return task->at_work;
}

/*
 * Append who holds what Helm deletes, and note it: once it is tired of waiting
 * it forgets the release, and nothing else tells then.
 */
static void note_held(struct task *task, struct str *held)
{
	CLEANUP(err_release) struct err unnoted = {0};

	removal_find_held(&task->sweep->removal, task->item->namespace,
			  &task->manifest, &task->hold->estate, held);
	if (held->len && !hold_note_estate(task->hold, &unnoted))
		log_debug("%s", unnoted.text);
}

/*
 * A sweep may be killed before it hears that Helm has waited in vain.  What is
 * not held yet may be later, as after a hook.  The ends of other Helms wait for
 * this, and so do their own looks: for at most half of the time.
 */
static void note_if_slow(struct task *task)
{
	struct sweep *sweep = task->sweep;
	struct kube *kube = sweep->cleanup->kube;
	const int64_t hurry_ms = kube->hurry_ms;
	const struct deadline hurry_until = kube->hurry_until;
	int64_t begun = clock_monotonic_ms();
	CLEANUP(str_release) struct str held = {0};

	if (begun < task->look_at || begun < sweep->look_at)
		return;
	kube->hurry_ms = ENVLOCK_TRY_MS;
	kube->hurry_until =
		deadline_sooner(hurry_until, deadline_in(ENVLOCK_TRY_MS));
	note_held(task, &held);
	kube->hurry_ms = hurry_ms;
	kube->hurry_until = hurry_until;
	sweep->look_at = 2 * clock_monotonic_ms() - begun;
	task->look_at = begun + sweep->cleanup->wait_ms / 2;
}

/* While Helm runs. */
static bool keep_hold(void *context, struct err *err)
{
	struct task *task = context;

	renew_all(task->sweep);
	task->at_work = envlock_check(&task->hold->lock, err);
	if (task->at_work)
		note_if_slow(task);
	return task->at_work;
}

/* What calls itself Helm may end well for nothing. */
bool task_refuse_to_believe(const struct task *task, struct err *err)
{
	return err_set(err, ERR_CHILD,
		       "release '%s' is still there after helm uninstall",
		       task->item->release);
}

/* Have all other releases of its namespace gone that were to? */
static bool is_last(const struct task *task)
{
	const struct sweep *sweep = task->sweep;

	for (size_t i = 0; i < sweep->count; i++) {
		const struct task *other = &sweep->tasks[i];

		if (other != task && other->item->release &&
		    !other->uninstalled &&
		    same_text(other->item->namespace, task->item->namespace))
			return false;
	}
	return task->item->home != NULL;
}

/* Is it known to be gone, or is there a look before the namespace goes? */
static bool is_looked_at(const struct task *task)
{
	return task->gone ||
	       helm_says_uninstalled(&task->call, task->item->release) ||
	       (is_last(task) && !task_staying(task));
}

/* Of what Helm was to delete a cache shows some that are gone, but lacks none. */
static bool find_left(const struct task *task, struct arena *arena,
		      struct sweep_world *left, struct err *err)
{
	const struct sweep_item *item = task->item;
	struct kube *kube = task->sweep->cleanup->kube;
	CLEANUP(releases_query_release) struct releases_query query = {0};
	struct kube_list list = releases_query(&query, item->namespace,
					       item->release, arena, left);

	list.cached = true;
	if (!kube_list(kube, &list, err))
		return false;
	if (!left->release_count)
		return true;
	left->release_count = 0;
	return releases_find(kube, item->namespace, item->release, arena, left,
			     err);
}

/*
 * Helm forgets the revisions that it can read; what is left of older ones
 * would be taken for a release.
 */
static bool forget_leftovers(const struct task *task, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(sweep_world_release) struct sweep_world left = {0};
	const struct sweep_item *item = task->item;
	struct kube *kube = task->sweep->cleanup->kube;

	if (item->revision_count < 2 && is_looked_at(task))
		return true;
	if (!find_left(task, &arena, &left, err))
		return false;
	if (!task->gone &&
	    sweep_is_unchanged(item->judged, left.releases, left.release_count))
		return task_refuse_to_believe(task, err);
	for (size_t i = 0; i < left.release_count; i++) {
		if (sweep_is_leftover(item, &left.releases[i]) &&
		    (!hold_keep(task->hold, err) ||
		     !releases_forget(kube, &left.releases[i], err)))
			return false;
	}
	return true;
}

static void note_uninstalled(struct task *task)
{
	CLEANUP(err_release) struct err failure = {0};

	if (!forget_leftovers(task, &failure)) {
		task_fail(task, &failure);
		return;
	}
	task->uninstalled = true;
	task_settle(task, CLEANUP_DELETED, task->item->reason);
	/* The others of its namespace, and Helm, go on meanwhile. */
	if (is_last(task))
		task_delete_namespace(task);
}

static void note_failed(struct task *task, const struct err *failure)
{
	CLEANUP(str_release) struct str held = {0};
	CLEANUP(free_ptr) char *reason = NULL;

	task_fail(task, failure);
	note_held(task, &held);
	if (!held.len)
		return;
	reason = xasprintf("%s; %s", failure->text, str_text(&held));
	task_settle_held(task, reason);
}

static void conclude(struct task *task)
{
	CLEANUP(err_release) struct err failure = {0};

	if (task->changed)
		task_settle(task, CLEANUP_KEPT, task->failure.text);
	else if (task->gone)
		note_uninstalled(task);
	else if (task->failure.kind != ERR_NONE)
		task_fail(task, &task->failure);
	else if (helm_check_uninstall(&task->call, &failure))
		note_uninstalled(task);
	else
		note_failed(task, &failure);
}

/* All requests of @work are for @task, which may be settled by it. */
static void work_on(struct task *task, void (*work)(struct task *task))
{
	task->sweep->current = task;
	work(task);
	task->sweep->current = NULL;
	if (!task->settling)
		hold_settle(task->hold);
}

/* What follows has time: the next one's Helm starts first. */
static void uninstall_done(void *context, struct proc *proc, struct err *err)
{
	struct sweep *sweep = context;
	struct task *task = proc->context;

	task->at_work = false;
	err_move(&task->failure, err);
	*sweep->ended_end = task;
	sweep->ended_end = &task->next_ended;
	sweep->waiting++;
}

/* Of those whose Helm has ended; false: there is none. */
static bool conclude_next(void *context)
{
	struct sweep *sweep = context;
	struct task *task = sweep->ended;

	if (!task)
		return false;
	sweep->ended = task->next_ended;
	if (!sweep->ended)
		sweep->ended_end = &sweep->ended;
	sweep->waiting--;
	work_on(task, conclude);
	report_progress(sweep->cleanup->reporter, "environments uninstalled",
			++sweep->done, sweep->releases);
	return true;
}

/*
 * Where Helms end faster than others start, or are not to start, there is no
 * time between: that must not leave a Lease for each, only for as many more as
 * are at work.
 */
static bool next_uninstall(void *context, struct proc **proc)
{
	struct sweep *sweep = context;

	while (sweep->waiting > sweep->cleanup->jobs)
		(void)conclude_next(sweep);
	while (sweep->next < sweep->count) {
		struct task *task = &sweep->tasks[sweep->next++];

		if (!task->item->release)
			continue;
		helm_prepare_uninstall(sweep->cleanup->helm, &task->call,
				       task->item->namespace,
				       task->item->release,
				       sweep->cleanup->wait_ms);
		task->call.proc.before_start = before_uninstall;
		task->call.proc.tick = keep_hold;
		task->call.proc.tick_ms = ENVLOCK_TICK_MS;
		task->call.proc.context = task;
		*proc = &task->call.proc;
		return true;
	}
	return false;
}

static bool uninstall_all(struct sweep *sweep, struct err *err)
{
	struct proc_batch batch = {
		.jobs = sweep->cleanup->jobs,
		.next = next_uninstall,
		.done = uninstall_done,
		.meanwhile = conclude_next,
		.context = sweep,
	};
	bool done = proc_run_batch(&batch, err);

	while (conclude_next(sweep))
		;
	return done;
}

/* Those in which no release is left. */
static bool delete_namespaces(struct sweep *sweep, struct err *err)
{
	for (size_t i = 0; i < sweep->count; i++) {
		struct task *task = &sweep->tasks[i];

		if (signals_interrupted(err))
			return false;
		if (task->item->release)
			continue;
		task->started = clock_monotonic_ms();
		work_on(task, task_delete_namespace);
	}
	return true;
}

static bool wait_until_gone(struct sweep *sweep, struct err *err)
{
	for (;;) {
		size_t left = 0;

		for (size_t i = 0; i < sweep->count; i++) {
			struct task *task = &sweep->tasks[i];

			/* Is what its objects owned gone by now? */
			if (task->settling)
				work_on(task, task_delete_namespace);
			if (task->leaving)
				task_look_if_gone(task);
			left += task->settling || task->leaving;
		}
		if (!left)
			return true;
		report_progress(sweep->cleanup->reporter, "environments gone",
				sweep->count - left, sweep->count);
		if (!signals_pause(CLEANUP_POLL_MS, err))
			return false;
	}
}

/*
 * What ended us, a signal or the deadline, does not keep us from these; they
 * only hurry.
 */
static void release_holds(struct sweep *sweep)
{
	struct kube *kube = sweep->cleanup->kube;
	struct deadline until = {0};
	int cause = farewell_begin(kube, &until, HOLD_FAREWELL_MS);

	for (size_t i = 0; i < sweep->count; i++) {
		hold_release(&sweep->holds[i]);
		estate_release(&sweep->holds[i].estate);
	}
	free(sweep->holds);
	farewell_end(kube, cause);
}

static void sweep_release(struct sweep *sweep)
{
	for (size_t i = 0; i < sweep->count; i++) {
		helm_call_release(&sweep->tasks[i].call);
		err_release(&sweep->tasks[i].failure);
	}
	release_holds(sweep);
	removal_release(&sweep->removal);
	free(sweep->tasks);
}

/* Those of one namespace stand together. */
static struct hold *find_hold(struct sweep *sweep, const char *namespace)
{
	const struct task *last =
		sweep->count ? &sweep->tasks[sweep->count - 1] : NULL;
	struct hold *hold;

	if (last && same_text(last->hold->namespace, namespace))
		return last->hold;
	hold = &sweep->holds[sweep->count];
	hold->namespace = namespace;
	hold->estate.namespace = namespace;
	return hold;
}

static void take_hold(struct task *task)
{
	const struct sweep_item *item = task->item;
	struct estate *estate = &task->hold->estate;

	task->hold->tasks++;
	estate_add_release(estate, item->release);
	if (item->home)
		estate_add_release(estate, item->home->release);
}

static void plan_tasks(struct sweep *sweep, const struct sweep_plan *plan)
{
	struct cleanup_result *result = sweep->result;

	result->count = plan->count;
	result->outcomes = arena_new_array(&result->arena,
					   struct cleanup_outcome, plan->count);
	sweep->tasks = xcalloc(plan->count, sizeof(*sweep->tasks));
	sweep->holds = xcalloc(plan->count, sizeof(*sweep->holds));
	for (size_t i = 0; i < plan->count; i++) {
		struct cleanup_outcome *outcome = &result->outcomes[i];

		outcome->item = &plan->items[i];
		if (plan->items[i].stuck)
			outcome->state = CLEANUP_FAILED;
		outcome->reason =
			arena_strdup(&result->arena, plan->items[i].reason);
		if (!plan->items[i].remove)
			continue;
		sweep->releases += plan->items[i].release != NULL;
		sweep->tasks[sweep->count] = (struct task){
			.sweep = sweep,
			.item = &plan->items[i],
			.outcome = outcome,
			.hold = find_hold(sweep, plan->items[i].namespace),
		};
		take_hold(&sweep->tasks[sweep->count++]);
	}
}

bool cleanup_run(const struct cleanup *cleanup, const struct sweep_plan *plan,
		 struct cleanup_result *result, struct err *err)
{
	CLEANUP(sweep_release) struct sweep sweep = {
		.cleanup = cleanup,
		.result = result,
		.removal = {.kube = cleanup->kube},
		.vigil = {.every_ms = ENVLOCK_TICK_MS,
			  .keep = keep_all,
			  .context = &sweep},
	};
	struct http *http = &cleanup->kube->http;
	const struct http_vigil *outer;
	bool done;

	sweep.ended_end = &sweep.ended;
	plan_tasks(&sweep, plan);
	outer = http_set_vigil(http, &sweep.vigil);
	done = delete_namespaces(&sweep, err) && uninstall_all(&sweep, err) &&
	       wait_until_gone(&sweep, err);
	(void)http_set_vigil(http, outer);
	for (size_t i = 0; i < result->count; i++)
		result->failed += result->outcomes[i].state == CLEANUP_FAILED;
	return done;
}

void cleanup_result_release(struct cleanup_result *result)
{
	arena_release(&result->arena);
	*result = (struct cleanup_result){0};
}
