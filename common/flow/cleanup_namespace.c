/* The namespace of an environment that goes: it goes, too, or it stays. */

#include <stdlib.h>

#include "api/inhabitants.h"
#include "api/kube.h"
#include "api/namespaces.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/sweep.h"
#include "flow/cleanup_hold.h"
#include "flow/cleanup_look.h"
#include "flow/cleanup_parts.h"

/* The namespace stays; the release, if there was one, is gone all the same. */
static void keep_namespace(struct task *task, const char *reason)
{
	task_settle(task, task->uninstalled ? CLEANUP_DELETED : CLEANUP_KEPT,
		    reason);
}

/* What is held in it, of this sweep or an earlier: then it has failed. */
static void tell_held(struct task *task, const char *reason)
{
	CLEANUP(str_release) struct str held = {0};
	CLEANUP(free_ptr) char *both = NULL;

	removal_find_still_held(&task->sweep->removal, &task->hold->estate,
				&held);
	if (!held.len)
		return;
	both = xasprintf("%s; %s", reason, str_text(&held));
	task_settle_held(task, both);
}

/* For good: what is held in it is not gone. */
static void leave_namespace(struct task *task, const char *reason)
{
	keep_namespace(task, reason);
	tell_held(task, reason);
}

/* The server says what holds it only after a while, and names no object. */
static void give_up(struct task *task, const struct namespace_leave *leave)
{
	CLEANUP(free_ptr) char *reason =
		xasprintf("the namespace does not go away: %s", leave->why);

	task_settle(task, CLEANUP_FAILED, reason);
	task->outcome->temporary = true;
	if (leave->stuck)
		task_settle_held(task, reason);
	tell_held(task, reason);
}

static void leave_to_others(struct task *task, const struct strvec *others)
{
	CLEANUP(str_release) struct str reason = {0};

	str_add(&reason, "the namespace stays, because in it is ");
	strvec_print(others, CLEANUP_NAMED_MAX, &reason);
	task->outcome->foreign = true;
	leave_namespace(task, str_text(&reason));
}

/*
 * What our objects owned goes after them, when the garbage collector comes to
 * it: is there time to wait for that?
 */
static bool wait_for_collector(struct task *task)
{
	if (!task->waited)
		task->patience = deadline_in(task->sweep->cleanup->wait_ms);
	task->waited = true;
	task->settling = !deadline_passed(&task->patience);
	return task->settling;
}

static void note_leaving(struct task *task, const struct look *look)
{
	task->leaving =
		arena_strdup(&task->sweep->result->arena, look->marks.uid);
	task->patience = deadline_in(task->sweep->cleanup->wait_ms);
	task->outcome->begun = true;
	hold_drop(task->hold);
}

/* A release that was judged to stay, though it may be gone meanwhile. */
static const char *find_kept(const struct sweep *sweep, const char *namespace)
{
	for (size_t i = 0; i < sweep->result->count; i++) {
		const struct sweep_item *item = sweep->result->outcomes[i].item;

		if (!item->remove && item->release &&
		    same_text(item->namespace, namespace))
			return item->release;
	}
	return NULL;
}

const char *task_staying(const struct task *task)
{
	const struct sweep_item *item = task->item;
	const char *kept = find_kept(task->sweep, item->namespace);

	if (kept)
		return arena_printf(&task->sweep->result->arena,
				    "the namespace stays, because release %s "
				    "in it does",
				    kept);
	if (!item->home->created)
		return "the namespace was there before us, and stays";
	return NULL;
}

/* Not *@empty: for what is in it the task is settled, or settling. */
static bool look_inside(struct task *task, struct look *look, bool *empty,
			struct err *err)
{
	CLEANUP(inhabitants_release) struct inhabitants found = {0};
	struct sweep *sweep = task->sweep;

	if (!look_for_others(look, sweep->cleanup->kube, &sweep->removal.kinds,
			     &task->hold->estate, &found, err))
		return false;
	*empty = !found.foreign.count && !found.leaving.count;
	if (found.foreign.count)
		leave_to_others(task, &found.foreign);
	else if (found.leaving.count && !wait_for_collector(task))
		leave_to_others(task, &found.leaving);
	return true;
}

/* Delete the namespace if it is ours and empty of others' things. */
static bool delete_namespace(struct task *task, struct err *err)
{
	CLEANUP(look_release) struct look look = {0};
	struct kube *kube = task->sweep->cleanup->kube;
	const char *stays = task_staying(task);
	const char *busy = NULL;
	bool empty;

	task->settling = false;
	if (stays) {
		leave_namespace(task, stays);
		return true;
	}
	if (!task_enter(task, &busy, err))
		return false;
	if (busy) {
		keep_namespace(task, busy);
		return true;
	}
	if (!look_again(&look, kube, task->item, err))
		return false;
	if (!look.exists) {
		task_settle(task, CLEANUP_DELETED, task->item->reason);
		return true;
	}
	if (look.changed) {
		keep_namespace(task, look.changed);
		return true;
	}
	if (task->uninstalled && look.released)
		return task_refuse_to_believe(task, err);
	if (look.marks.terminating) {
		note_leaving(task, &look);
		return true;
	}
	if (!look_inside(task, &look, &empty, err))
		return false;
	if (!empty)
		return true;
	if (!hold_keep(task->hold, err) ||
	    !namespace_delete(kube, task->item->namespace, look.marks.uid,
			      look.marks.resource_version, err))
		return false;
	note_leaving(task, &look);
	return true;
}

/*
 * A conflict means that somebody changed the namespace after the look, if
 * only another sweep by deleting it: look once more and judge by that.
 */
void task_delete_namespace(struct task *task)
{
	CLEANUP(err_release) struct err failure = {0};
	CLEANUP(err_release) struct err again = {0};

	if (delete_namespace(task, &failure))
		return;
	if (failure.kind != ERR_CONFLICT)
		task_fail(task, &failure);
	else if (!delete_namespace(task, &again))
		task_fail(task, &again);
}

void task_look_if_gone(struct task *task)
{
	bool last = deadline_passed(&task->patience);
	struct cleanup_result *result = task->sweep->result;
	CLEANUP(err_release) struct err failure = {0};
	struct namespace_leave leave = {0};

	if (!namespace_read_leave(task->sweep->cleanup->kube,
				  task->item->namespace, task->leaving,
				  &result->arena, &leave, &failure)) {
		task->leaving = NULL;
		task_fail(task, &failure);
	} else if (leave.gone) {
		task->leaving = NULL;
		task_settle(task, CLEANUP_DELETED, task->item->reason);
	} else if (last) {
		task->leaving = NULL;
		give_up(task, &leave);
	}
}
