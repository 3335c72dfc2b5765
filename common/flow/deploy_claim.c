#include <stdlib.h>

#include "api/helm.h"
#include "api/kube.h"
#include "api/namespaces.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/claim.h"
#include "core/envname.h"
#include "core/rollback.h"
#include "core/sweep.h"
#include "flow/deploy_parts.h"
#include "flow/origin.h"
#include "sys/signals.h"

#define NOTHING "" /* takes a mark away */

static struct namespace_marks wanted_marks(const struct deploy *deploy,
					   const char *expires_at)
{
	return (struct namespace_marks){
		.managed = SWEEP_MARK_VERSION,
		.expires_at = expires_at,
		.stack = deploy->name->stack,
		.repository = deploy->name->repository,
		.branch = deploy->name->branch,
		.git_url = deploy->origin->git_url,
		.release = deploy->name->release,
		.main = deploy->name->main,
	};
}

/* What is not true of this deployment goes away; see core/ahead. */
static void mark_ahead(struct namespace_marks *marks,
		       const struct deploy *deploy,
		       const struct namespace_marks *found)
{
	const struct ahead *ahead = &deploy->ahead;

	if (deploy->name->main)
		return;
	marks->branch_seen = ahead->seen;
	marks->commit = ahead->commit ? ahead->commit : NOTHING;
	marks->ahead_of = ahead_mark(ahead, found->commit, found->ahead_of);
}

static const struct strvec *labels_of(const struct deploy *deploy)
{
	return &deploy->preparation.args->labels;
}

static struct claim claim_of(const struct namespace_marks *found)
{
	return (struct claim){
		.managed = found->managed,
		.repository = found->repository,
		.branch = found->branch,
		.git_url = found->git_url,
		.main = found->main,
		.terminating = found->terminating,
	};
}

/* May it be ours? */
static bool judge(const struct namespace_marks *found,
		  const struct deploy *deploy, struct err *err)
{
	const struct claim claim = claim_of(found);

	return claim_check(&claim, deploy->name, deploy->origin->git_url, err);
}

/* What there is, judged. */
static bool look(struct kube *kube, const struct deploy *deploy,
		 struct arena *arena, struct namespace_marks *found,
		 bool *exists, struct err *err)
{
	return namespace_read(kube, deploy->name->namespace, arena, found,
			      exists, err) &&
	       (!*exists || judge(found, deploy, err));
}

/* Once, when it is made: the main environment is not to end unexpectedly. */
static void warn_of_unknown_main(const struct deploy *deploy)
{
	const struct envname *name = deploy->name;

	if (name->main_unknown && deploy->time_to_live == DEPLOY_UNSET)
		report_warning(deploy->reporter,
			       "nobody tells which branch is the main one, so "
			       "the environment of '%s' is taken for one that "
			       "expires; if it is the main one: '--main-branch "
			       "%s'",
			       name->branch, name->branch);
}

/* Another repository of the same name could have been meant. */
static void warn_of_first_address(const struct deploy *deploy,
				  const struct namespace_marks *found)
{
	const char *git_url = deploy->origin->git_url;
	const struct claim claim = claim_of(found);

	if (deploy->chart && claim_is_first_address(&claim, git_url))
		report_warning(deploy->reporter,
			       "namespace '%s' does not say at which address "
			       "its repository is: from now on it belongs to "
			       "that at '%s'",
			       deploy->name->namespace, git_url);
}

/* One that is being deleted may be had when it is gone, whosever it was. */
static bool check_claim(struct kube *kube, const struct deploy *deploy,
			struct arena *arena, struct namespace_marks *found,
			struct err *err)
{
	bool exists;

	if (!namespace_read(kube, deploy->name->namespace, arena, found,
			    &exists, err))
		return false;
	if (exists && !found->terminating) {
		if (!judge(found, deploy, err))
			return false;
		warn_of_first_address(deploy, found);
		return true;
	}
	warn_of_unknown_main(deploy);
	return deploy_check_limit(kube, deploy, err);
}

bool deploy_check_claim(struct kube *kube, const struct deploy *deploy,
			struct arena *arena,
			const struct namespace_marks **seen, struct err *err)
{
	struct namespace_marks *found =
		arena_new(arena, struct namespace_marks);

	if (!check_claim(kube, deploy, arena, found, err))
		return false;
	*seen = found->uid ? found : NULL;
	return true;
}

const struct namespace_marks *deploy_trusted(const struct deploy *deploy)
{
	const struct namespace_marks *seen = deploy->seen;

	return seen && seen->managed && seen->resource_version &&
			       !seen->terminating
		       ? seen
		       : NULL;
}

static bool refuse_vanished(const struct deploy *deploy, struct err *err)
{
	(void)err_set(err, ERR_REMOTE, "namespace '%s' was deleted meanwhile",
		      deploy->name->namespace);
	return err_temporary(err, true);
}

bool deploy_is_leaving(struct deployment *run, bool *leaving, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct namespace_marks found = {0};
	bool exists;

	if (!namespace_read(run->kube, run->deploy->name->namespace, &arena,
			    &found, &exists, err))
		return false;
	*leaving = !exists || found.terminating;
	return true;
}

static bool give_up(const struct deploy *deploy,
		    const struct namespace_leave *leave, struct err *err)
{
	(void)err_set(err, ERR_TIMEOUT, "namespace '%s' is being deleted: %s",
		      deploy->name->namespace, leave->why);
	return leave->stuck ? err_hint(err, NAMESPACE_HELD_CURE) : false;
}

/* A sweep, or a person, deletes it: then it is made anew. */
static bool await_end(struct deployment *run,
		      const struct namespace_marks *found,
		      struct deadline until, struct err *err)
{
	const struct deploy *deploy = run->deploy;
	const char *namespace = deploy->name->namespace;
	int64_t told_at = 0;

	for (;;) {
		CLEANUP(arena_release) struct arena arena = {0};
		struct namespace_leave leave = {0};
		int64_t now = clock_monotonic_ms();

		if (!namespace_read_leave(run->kube, namespace, found->uid,
					  &arena, &leave, err))
			return false;
		if (leave.gone)
			return true;
		if (deadline_left_ms(&until, ENVLOCK_POLL_MS) < ENVLOCK_POLL_MS)
			return give_up(deploy, &leave, err);
		if (!told_at || now - told_at >= ENVLOCK_TELL_MS) {
			report_warning(deploy->reporter,
				       "waiting for namespace '%s', which is "
				       "being deleted: %s",
				       namespace, leave.why);
			told_at = now;
		}
		if (!signals_pause(ENVLOCK_POLL_MS, err))
			return false;
	}
}

/* Of the namespace as it is when no other of its name is on its way out. */
static bool look_at_last(struct deployment *run, struct arena *arena,
			 struct namespace_marks *found, bool *exists,
			 struct deadline until, struct err *err)
{
	for (;;) {
		if (!namespace_read(run->kube, run->deploy->name->namespace,
				    arena, found, exists, err))
			return false;
		if (!*exists)
			return true;
		if (!found->terminating)
			return judge(found, run->deploy, err);
		if (!await_end(run, found, until, err))
			return false;
	}
}

/*
 * *@made: the namespace is new, and it was us: also where the answer that said
 * so was lost, and a second try found it there.
 */
static bool create(struct deployment *run, const struct namespace_marks *found,
		   bool *made, struct err *err)
{
	const struct deploy *deploy = run->deploy;
	const char *namespace = deploy->name->namespace;
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str created = {0};
	CLEANUP(str_release) struct str owner = {0};
	struct namespace_marks marks = wanted_marks(deploy, run->expires_at);
	struct namespace_marks now = {0};
	struct owner maker = {0};
	bool exists;

	envlock_introduce(&run->lock, deploy->origin->build_url);
	owner_add_text(&owner, &run->lock.self);
	clock_add_rfc3339(&created, run->now);
	marks.owner = str_text(&owner);
	marks.created = str_text(&created);
	mark_ahead(&marks, deploy, found);
	if (!namespace_create(run->kube, namespace, &marks, labels_of(deploy),
			      &exists, err) ||
	    (exists &&
	     !namespace_read(run->kube, namespace, &arena, &now, &exists, err)))
		return false;
	*made = !exists ||
		(now.owner && owner_parse(now.owner, &arena, &maker) &&
		 same_text(maker.run, run->lock.self.run));
	return true;
}

bool deploy_make(struct deployment *run, struct deadline until, struct err *err)
{
	const struct deploy *deploy = run->deploy;
	CLEANUP(arena_release) struct arena arena = {0};
	struct namespace_marks found = {0};
	bool exists, made;

	run->found = run->seen != NULL;
	if (run->seen)
		return true;
	if (!look_at_last(run, &arena, &found, &exists, until, err))
		return false;
	if (exists && !found.managed)
		report_warning(deploy->reporter,
			       "namespace '%s' was there before: it gets "
			       "marks, and will never be deleted",
			       deploy->name->namespace);
	run->found = exists;
	if (exists)
		return true;
	if (!deploy_make_room(run, err))
		return false;
	deploy_stamp(run); /* room may have taken its time */
	run->found = create(run, &found, &made, err);
	if (!run->found)
		return false;
	/* Somebody else was faster: is it ours all the same? */
	return made ? deploy_keep_limit(run, err)
		    : check_claim(run->kube, deploy, &arena, &found, err);
}

/* @kube does nothing for real until it is set back. */
static bool write_for_show(struct kube *kube, const struct deploy *deploy,
			   const struct namespace_marks *marks, bool exists,
			   struct err *err)
{
	const char *namespace = deploy->name->namespace;
	bool done, appeared;

	kube->dry_run = true;
	done = exists ? namespace_mark(kube, namespace, marks,
				       labels_of(deploy), NULL, err)
		      : namespace_create(kube, namespace, marks,
					 labels_of(deploy), &appeared, err);
	kube->dry_run = false;
	return done;
}

bool deploy_rehearse_claim(struct kube *kube, const struct deploy *deploy,
			   bool *exists, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(free_ptr) char *expires_at = expiry_label(&deploy->expiry);
	struct namespace_marks marks = wanted_marks(deploy, expires_at);
	struct namespace_marks found = {0};

	if (!look(kube, deploy, &arena, &found, exists, err))
		return false;
	mark_ahead(&marks, deploy, &found);
	return write_for_show(kube, deploy, &marks, *exists, err);
}

/*
 * Marks are read, judged and written only if nobody changed them since: an
 * attempt that fails for that (409) is made again.
 */
static bool attempt(bool (*change)(struct kube *kube,
				   const struct deploy *deploy,
				   struct namespace_marks *marks,
				   char **version, struct err *err),
		    struct kube *kube, const struct deploy *deploy,
		    const struct namespace_marks *marks, char **version,
		    struct err *err)
{
	for (int tries = 1;; tries++) {
		struct namespace_marks wanted = *marks;

		if (change(kube, deploy, &wanted, version, err))
			return true;
		if (err->status != 409 || tries == DEPLOY_TRIES_MAX)
			return false;
		err_release(err);
	}
}

/*
 * The same in one request, if nobody changed them since they were judged.
 * Not *@done: somebody did, or may have.
 */
static bool mark_as_seen(struct deployment *run,
			 const struct namespace_marks *marks,
			 const struct strvec *labels, char **version,
			 bool *done, struct err *err)
{
	*done = namespace_mark(run->kube, run->deploy->name->namespace, marks,
			       labels, version, err);
	if (*done)
		return true;
	if (err->status != 409 && err->status != 404)
		return false;
	err_release(err);
	return true;
}

static bool claim(struct kube *kube, const struct deploy *deploy,
		  struct namespace_marks *marks, char **version,
		  struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct namespace_marks found = {0};
	bool exists;

	if (!look(kube, deploy, &arena, &found, &exists, err))
		return false;
	if (!exists)
		return refuse_vanished(deploy, err);
	mark_ahead(marks, deploy, &found);
	marks->resource_version = found.resource_version;
	return namespace_mark(kube, deploy->name->namespace, marks,
			      labels_of(deploy), version, err);
}

static bool claim_as_seen(struct deployment *run,
			  const struct namespace_marks *marks, bool *done,
			  struct err *err)
{
	struct namespace_marks wanted = *marks;

	*done = false;
	if (!run->seen)
		return true;
	mark_ahead(&wanted, run->deploy, run->seen);
	wanted.resource_version = run->seen->resource_version;
	return mark_as_seen(run, &wanted, labels_of(run->deploy), &run->version,
			    done, err);
}

bool deploy_claim(struct deployment *run, struct err *err)
{
	struct namespace_marks marks =
		wanted_marks(run->deploy, run->expires_at);
	CLEANUP(str_release) struct str owner = {0};
	bool done;

	owner_add_text(&owner, &run->lock.self);
	marks.owner = str_text(&owner);
	free_ptr(&run->version);
	return claim_as_seen(run, &marks, &done, err) &&
	       (done || attempt(claim, run->kube, run->deploy, &marks,
				&run->version, err));
}

/* An expiry that somebody moved further meanwhile stays. */
static void keep_later(const struct namespace_marks *found,
		       struct namespace_marks *marks)
{
	struct expiry ours, moved;

	if (found->expires_at && expiry_parse_label(marks->expires_at, &ours) &&
	    expiry_parse_label(found->expires_at, &moved) &&
	    !expiry_same(expiry_later(ours, moved), ours))
		marks->expires_at = found->expires_at;
}

static bool mark_again(struct kube *kube, const struct deploy *deploy,
		       struct namespace_marks *marks, char **version,
		       struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct namespace_marks found = {0};
	const char *namespace = deploy->name->namespace;
	bool exists;

	if (!namespace_read(kube, namespace, &arena, &found, &exists, err))
		return false;
	if (!exists || found.terminating)
		return refuse_vanished(deploy, err);
	keep_later(&found, marks);
	mark_ahead(marks, deploy, &found);
	marks->resource_version = found.resource_version;
	return namespace_mark(kube, namespace, marks, labels_of(deploy),
			      version, err);
}

/* All else is as deploy_claim() has left it. */
static bool unmark_as_claimed(struct deployment *run, bool *done,
			      struct err *err)
{
	const struct namespace_marks marks = {
		.owner = NOTHING,
		.rollback = run->undo_open ? NULL : NOTHING,
		.resource_version = run->version,
	};

	*done = false;
	return !run->version ||
	       mark_as_seen(run, &marks, NULL, NULL, done, err);
}

bool deploy_mark_again(struct deployment *run, struct err *err)
{
	struct namespace_marks marks =
		wanted_marks(run->deploy, run->expires_at);
	bool done;

	marks.owner = NOTHING;
	marks.rollback = run->undo_open ? NULL : NOTHING;
	return unmark_as_claimed(run, &done, err) &&
	       (done ||
		attempt(mark_again, run->kube, run->deploy, &marks, NULL, err));
}

bool deploy_mark_rollback(struct deployment *run, int64_t revision,
			  const char *description, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	struct namespace_marks marks = {0};

	rollback_add_mark(&text, revision, kube_now(run->kube), description);
	marks.rollback = str_text(&text);
	return namespace_mark(run->kube, run->deploy->name->namespace, &marks,
			      NULL, NULL, err);
}

bool deploy_read_renewable(struct kube *kube, const struct deploy *deploy,
			   struct arena *arena, struct namespace_marks *found,
			   struct err *err)
{
	const char *namespace = deploy->name->namespace;
	bool exists;

	if (!look(kube, deploy, arena, found, &exists, err))
		return false;
	if (!exists || !found->managed)
		return err_set(err, ERR_NOT_FOUND,
			       "there is no environment '%s' to renew",
			       namespace);
	return (!found->main && !deploy->name->main) ||
	       err_set(err, ERR_CONFLICT,
		       "'%s' is a main environment, which has no expiry to "
		       "renew",
		       namespace);
}

static bool renew(struct kube *kube, const struct deploy *deploy,
		  struct namespace_marks *marks, char **version,
		  struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct namespace_marks found = {0};
	const char *namespace = deploy->name->namespace;

	if (!deploy_read_renewable(kube, deploy, &arena, &found, err))
		return false;
	if (!deploy->renew_to)
		keep_later(&found, marks);
	marks->resource_version = found.resource_version;
	return namespace_mark(kube, namespace, marks, NULL, version, err);
}

bool deploy_move_expiry(struct kube *kube, const struct deploy *deploy,
			const char *expires_at, struct err *err)
{
	const struct namespace_marks moved = {.expires_at = expires_at};

	return attempt(renew, kube, deploy, &moved, NULL, err);
}
