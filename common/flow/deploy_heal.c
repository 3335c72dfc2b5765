#include "api/kube.h"
#include "api/releases.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/envname.h"
#include "flow/deploy_parts.h"
#include "flow/orphan.h"
#include "sys/signals.h"

static bool is_pending(const struct release_head *head)
{
	return head->status && starts_with(head->status, "pending-");
}

static bool free_release(struct deployment *run,
			 const struct release_head *head, struct err *err)
{
	const struct envname *name = run->deploy->name;
	bool changed;

	if (!envlock_keep(&run->lock, err) ||
	    !releases_fail_pending(run->kube, name->namespace, name->release,
				   head->revision,
				   "The deployment was cut off: Slipway marked "
				   "it as failed",
				   &changed, err))
		return false;
	if (changed)
		report_warning(run->deploy->reporter,
			       "release '%s': revision %lld was left %s by a "
			       "run that is gone; it counts as failed now",
			       name->release, (long long)head->revision,
			       head->status);
	return true;
}

static bool give_up(const struct deployment *run,
		    const struct release_head *head, struct err *err)
{
	const struct envname *name = run->deploy->name;

	(void)err_set(err, ERR_TIMEOUT,
		      "release '%s': revision %lld is %s, by a Helm that no "
		      "run of ours started",
		      name->release, (long long)head->revision, head->status);
	return err_hint(err,
			"if nobody is at work on it, 'helm rollback' or, for "
			"a first install, 'helm uninstall' frees it");
}

static bool wait_a_little(struct deployment *run, struct deadline until,
			  const struct release_head *head, bool *told,
			  struct err *err)
{
	const struct envname *name = run->deploy->name;

	if (deadline_passed(&until))
		return give_up(run, head, err);
	if (!*told)
		report_warning(run->deploy->reporter,
			       "waiting for somebody's Helm: revision %lld of "
			       "release '%s' is %s",
			       (long long)head->revision, name->release,
			       head->status);
	*told = true;
	return signals_pause(ENVLOCK_POLL_MS, err) &&
	       envlock_keep(&run->lock, err);
}

bool deploy_heal(struct deployment *run, struct deadline until, struct err *err)
{
	const struct envname *name = run->deploy->name;
	bool told = false;

	for (;;) {
		CLEANUP(arena_release) struct arena arena = {0};
		struct release_head head;
		bool orphan;

		if (!releases_read_head(run->kube, name->namespace,
					name->release, &arena, &head, err))
			return false;
		run->latest = head.revision;
		run->deployed = head.deployed;
		if (!is_pending(&head))
			return true;
		/* Not by this one's Helm, which is yet to start. */
		if (!orphan_check(run->kube, name->namespace, name->release,
				  &head, &orphan, err))
			return false;
		if (orphan)
			return free_release(run, &head, err);
		if (!wait_a_little(run, until, &head, &told, err))
			return false;
	}
}

static void warn_pending(struct deployment *run, int64_t revision,
			 const struct err *failure)
{
	run->undo_open = run->undo_begun;
	report_warning(run->deploy->reporter,
		       "revision %lld may be left pending: %s",
		       (long long)revision, failure->text);
}

void deploy_settle_head(struct deployment *run, const struct release_head *head)
{
	CLEANUP(err_release) struct err failure = {0};
	int cause = deploy_begin_farewell(run);

	if (is_pending(head) && !free_release(run, head, &failure))
		warn_pending(run, head->revision, &failure);
	deploy_end_farewell(run, cause);
}

void deploy_settle(struct deployment *run, int64_t revision)
{
	const struct envname *name = run->deploy->name;
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err failure = {0};
	struct release_head head;
	int cause = deploy_begin_farewell(run);

	if (!releases_read_head(run->kube, name->namespace, name->release,
				&arena, &head, &failure))
		warn_pending(run, revision, &failure);
	else if (head.revision < revision)
		run->undo_open = true;
	else if (head.revision == revision)
		deploy_settle_head(run, &head);
	deploy_end_farewell(run, cause);
}
