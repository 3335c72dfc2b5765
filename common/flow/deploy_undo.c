#include "api/helm.h"
#include "api/kube.h"
#include "api/releases.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "core/envname.h"
#include "core/rollback.h"
#include "flow/deploy_parts.h"

/* *@ours: the next revision is that of our Helm, which has ended. */
static bool roll_back(struct deployment *run,
		      const struct helm_rollback *rollback, bool *ours,
		      struct err *err)
{
	CLEANUP(helm_call_release) struct helm_call call = {0};

	helm_prepare_rollback(run->helm, &call, rollback);
	call.proc.tick = deploy_watch;
	call.proc.tick_ms = DEPLOY_PROGRESS_MS;
	call.proc.context = run;
	*ours = run->undo_begun = true;
	if (!proc_run(&call.proc, err))
		return false;
	*ours = !helm_was_busy(&call);
	return helm_check_rollback(&call, err);
}

/* Back to what @head says was deployed last, marked as our doing. */
static bool mark_and_roll_back(struct deployment *run,
			       const struct release_head *head, bool *ours,
			       struct err *err)
{
	const struct deploy *deploy = run->deploy;
	CLEANUP(str_release) struct str description = {0};
	bool own_words = helm_describes_rollbacks(run->helm);
	struct helm_rollback rollback = {
		.release = deploy->name->release,
		.namespace = deploy->name->namespace,
		.revision = head->deployed,
		.wait_ms = deploy->wait_ms,
		.history_max = deploy->history_max,
	};

	rollback_add_description(&description, head->deployed,
				 own_words ? run->lock.self.run : NULL);
	if (own_words)
		rollback.description = str_text(&description);
	/* To find out why it failed may have taken its time. */
	if (!envlock_keep(&run->lock, err) ||
	    !deploy_mark_rollback(run, head->revision + 1,
				  str_text(&description), err))
		return false;
	report_warning(deploy->reporter,
		       "rolling release '%s' back to revision %lld",
		       deploy->name->release, (long long)head->deployed);
	run->waiting.patience_ms = -1;
	return roll_back(run, &rollback, ours, err);
}

/* @to: the last revision that was complete, as far as that is known. */
static bool undo(struct deployment *run, int64_t *to, struct err *err)
{
	const struct envname *name = run->deploy->name;
	CLEANUP(arena_release) struct arena arena = {0};
	struct release_head head;
	bool ours = false;

	if (deadline_passed(&run->helm->deadline))
		return !run->deployed ||
		       err_set(err, ERR_TIMEOUT, "'--timeout' has passed");
	if (!releases_read_head(run->kube, name->namespace, name->release,
				&arena, &head, err))
		return false;
	*to = head.deployed;
	if (!same_text(head.run, run->lock.self.run))
		return true; /* our Helm came to make none */
	if (!head.deployed) {
		report_warning(run->deploy->reporter,
			       "there is no revision of release '%s' to roll "
			       "back to: none was deployed yet",
			       name->release);
		return true;
	}
	if (!mark_and_roll_back(run, &head, &ours, err)) {
		if (ours)
			deploy_settle(run, head.revision + 1);
		return false;
	}
	run->result->rolled_back_to = head.deployed;
	return true;
}

/* Who is at work on it now, or has sent a signal, is not to be hurried. */
static void tell_not_undone(const struct deployment *run, int64_t to,
			    const struct err *failure)
{
	CLEANUP(str_release) struct str text = {0};

	str_addf(&text, "release '%s' is not rolled back",
		 run->deploy->name->release);
	if (to)
		str_addf(&text, " to revision %lld", (long long)to);
	str_addf(&text, ": %s", failure->text);
	if (to && !run->lock.lost && failure->kind != ERR_INTERRUPTED) {
		str_add(&text, "; to do it by hand: ");
		deploy_add_command(run, "rollback", to, &text);
	}
	report_warning(run->deploy->reporter, "%s", str_text(&text));
}

void deploy_undo(struct deployment *run)
{
	CLEANUP(err_release) struct err failure = {0};
	int64_t to = run->deployed;

	if (run->deploy->name->main && !undo(run, &to, &failure))
		tell_not_undone(run, to, &failure);
}
