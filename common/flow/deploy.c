#include "flow/deploy.h"

#include <stdlib.h>

#include "api/addresses.h"
#include "api/helm.h"
#include "api/kube.h"
#include "api/namespaces.h"
#include "api/releases.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/random.h"
#include "core/envname.h"
#include "core/stack.h"
#include "flow/deploy_parts.h"
#include "flow/farewell.h"
#include "flow/origin.h"
#include "format/value.h"
#include "net/retry.h"
#include "sys/signals.h"

static struct deadline lock_deadline(const struct deployment *run)
{
	return deadline_sooner(deadline_in(run->deploy->lock_ms),
			       run->helm->deadline);
}

/* While Helm runs: nothing may keep us from the next heartbeat. */
bool deploy_watch(void *context, struct err *err)
{
	struct deployment *run = context;
	bool going;

	if (!envlock_keep(&run->lock, err))
		return false;
	run->kube->hurry_ms = DEPLOY_HURRY_MS;
	going = waiting_look(&run->waiting, run->kube, err);
	run->kube->hurry_ms = 0;
	return going;
}

/*
 * While a request is under way.  What was lost is looked at before anything
 * that matters; it is no reason not to look why Helm failed.
 */
static bool keep_lock(void *context, struct err *err)
{
	CLEANUP(err_release) struct err lost = {0};
	struct deployment *run = context;

	(void)err;
	(void)!envlock_keep(&run->lock, &lost);
	return true;
}

/* *@busy: another Helm was at work on the release, or seemed to be. */
static bool run_helm(struct deployment *run, const struct helm_upgrade *upgrade,
		     bool *busy, struct err *err)
{
	CLEANUP(helm_call_release) struct helm_call call = {0};

	helm_prepare_upgrade(run->helm, &call, upgrade);
	call.proc.tick = deploy_watch;
	call.proc.tick_ms = DEPLOY_PROGRESS_MS;
	call.proc.context = run;
	if (!envlock_keep(&run->lock, err))
		return false;
	run->helm_begun = true;
	run->helm_failed = !proc_run(&call.proc, err);
	if (run->helm_failed)
		return false;
	*busy = helm_was_busy(&call);
	run->helm_failed = !helm_check_upgrade(&call, err) && !*busy;
	return !run->helm_failed && !*busy;
}

/*
 * What a killed Helm had sent may reach the server after we have looked at
 * what it left; then ours finds the release busy, and we look again.
 */
static bool upgrade(struct deployment *run, struct err *err)
{
	struct deadline until = lock_deadline(run);
	CLEANUP(deploy_input_release) struct deploy_input input = {0};
	struct helm_upgrade upgrade;

	if (!preparation_run(&run->deploy->preparation, run->kube,
			     run->deploy->name->namespace, err) ||
	    !deploy_make_input(&input, run->deploy, run->helm, &run->expiry,
			       err))
		return false;
	strvec_addf(&input.labels, "slipway/run=%s", run->lock.self.run);
	upgrade = deploy_upgrade(run->deploy, &input);
	for (int tries = 1;; tries++) {
		bool busy = false;

		if (run_helm(run, &upgrade, &busy, err))
			return true;
		if (!busy || tries == DEPLOY_TRIES_MAX)
			return false;
		err_release(err);
		if (!deploy_heal(run, until, err))
			return false;
	}
}

/* Of no payload there are none. */
static const struct value *applications_of(struct deployment *run,
					   const struct value *payload)
{
	return stack_applications(payload, run->deploy->names,
				  &run->result->arena);
}

/*
 * What is deployed now; after a failed one, the newest that was not.  And a
 * name of the cluster that does not depend on who asks, if that may be read.
 */
static bool ask_before(struct deployment *run, int64_t revision,
		       const struct value **payload, struct err *err)
{
	const struct envname *name = run->deploy->name;
	struct arena *arena = &run->result->arena;
	CLEANUP(release_query_release) struct release_query query = {0};
	struct namespace_marks marks = {0};
	struct namespace_query cluster;
	bool exists;
	struct kube_list questions[] = {
		namespace_query(&cluster, "kube-system", arena, &marks,
				&exists),
		release_query(&query, name->namespace, name->release, revision,
			      arena),
	};

	questions[0].once = true;
	if (!kube_list_all(run->kube, questions, revision ? 2 : 1, err))
		return false;
	run->result->cluster = marks.uid;
	return !revision || release_decode(&query, arena, payload, err);
}

static bool read_before(struct deployment *run, struct err *err)
{
	const struct envname *name = run->deploy->name;
	const int64_t revision = run->deployed ? run->deployed : run->latest;
	CLEANUP(err_release) struct err failure = {0};
	const struct value *payload = NULL;

	if (!ask_before(run, revision, &payload, &failure) && revision &&
	    !releases_read_payload(run->kube, name->namespace, name->release,
				   revision, &run->result->arena, &payload,
				   err))
		return false;
	run->old = applications_of(run, payload);
	return true;
}

/* Addresses are a courtesy: without them the environment is up as well. */
void deploy_find_urls(struct kube *kube, const struct deploy *deploy,
		      struct deploy_result *result)
{
	CLEANUP(err_release) struct err failure = {0};

	if (deploy->url)
		strvec_add(&result->urls, deploy->url);
	else if (!addresses_find(kube, deploy->name->namespace, &result->urls,
				 &failure))
		report_warning(deploy->reporter,
			       "cannot tell the environment's addresses: %s",
			       failure.text);
}

/* And the payload of the newest revision. */
static bool read_made(struct deployment *run, struct release_head *head,
		      const struct value **payload, struct err *err)
{
	const struct envname *name = run->deploy->name;

	return releases_read_expected(run->kube, name->namespace, name->release,
				      run->latest + 1, &run->result->arena,
				      head, payload, err);
}

static bool read_head(struct deployment *run, struct release_head *head,
		      struct err *err)
{
	const struct envname *name = run->deploy->name;

	return releases_read_head(run->kube, name->namespace, name->release,
				  &run->result->arena, head, err);
}

/* What was there before is no result of ours: Helm may have made nothing. */
static void describe(struct deployment *run, const struct release_head *head,
		     const struct value *payload)
{
	struct deploy_result *result = run->result;
	bool made = head->revision > run->latest;

	result->revision = made ? head->revision : 0;
	result->status = head->status;
	result->applications =
		made ? stack_changes(run->old, applications_of(run, payload),
				     &result->arena)
		     : value_new_list(&result->arena);
	deploy_find_urls(run->kube, run->deploy, result);
}

/*
 * Helm failed: find out why while it is all still there.  What cannot be
 * found out must not hide the failure itself.
 */
static void diagnose(struct deployment *run)
{
	const struct deploy *deploy = run->deploy;
	struct bundle *bundle = &run->result->bundle;
	CLEANUP(err_release) struct err ignored = {0};
	const struct rollout_world world = {
		.release = deploy->name->release,
		.jobs = deploy->wait_for_jobs,
		.since = run->waiting.since,
	};

	if (bundle_gather(bundle, run->kube, deploy->name->namespace, &world,
			  &ignored))
		bundle_report(bundle, deploy->diagnosis, deploy->reporter);
	else
		log_debug("no diagnosis: %s", ignored.text);
}

/*
 * A deployment renews the expiry also where Helm failed before it made a
 * revision of its own.
 */
static bool stamp_release(struct deployment *run, struct err *err)
{
	const struct envname *name = run->deploy->name;
	CLEANUP(arena_release) struct arena arena = {0};
	struct release_head head;

	if (!releases_read_head(run->kube, name->namespace, name->release,
				&arena, &head, err))
		return false;
	return !head.revision || same_text(head.expires_at, run->expires_at) ||
	       releases_set_expiry(run->kube, name->namespace, name->release,
				   head.revision, run->expires_at, err);
}

/*
 * The marks after Helm.  A signal that ended Helm does not keep us from these
 * few requests.
 */
static bool mark_end(struct deployment *run, bool installed, struct err *err)
{
	int cause = deploy_begin_farewell(run);
	CLEANUP(err_release) struct err lost = {0};
	bool marked;

	/* If it was lost, another run marks it now. */
	marked = !envlock_keep(&run->lock, &lost) ||
		 (deploy_mark_again(run, err) &&
		  (installed || stamp_release(run, err)));
	deploy_end_farewell(run, cause);
	return marked;
}

/* Is there a revision of our Helm's that is not complete? */
static bool left_revision(struct deployment *run)
{
	CLEANUP(err_release) struct err unknown = {0};
	struct release_head head;

	return read_head(run, &head, &unknown) &&
	       same_text(head.run, run->lock.self.run) &&
	       !same_text(head.status, "deployed");
}

/*
 * Is it a failure of the deployment, not of the way to the cluster?  What may
 * pass by waiting can fail a deployment as well, in the midst of it.
 */
static bool is_final(struct deployment *run, const struct err *err)
{
	if (err->kind == ERR_CHILD && err->temporary)
		return left_revision(run);
	return err->kind == ERR_TIMEOUT || err->kind == ERR_CHILD;
}

/*
 * What a failed deployment leaves to be told; its own error stays.  What
 * cannot be found out is left out.
 */
static void tell_failure(struct deployment *run)
{
	struct deploy_result *result = run->result;
	CLEANUP(err_release) struct err failure = {0};
	const struct value *payload = NULL;
	struct release_head head;

	if (read_made(run, &head, &payload, &failure)) {
		describe(run, &head, payload);
	} else {
		log_debug("not all is told: %s", failure.text);
		result->applications = value_new_list(&result->arena);
	}
	result->status = "failed";
}

/* Where --timeout has passed; whoever sent a signal waits for no look. */
static int begin_last_look(struct deployment *run, struct deadline *until)
{
	return signals_noted()
		       ? 0
		       : farewell_begin(run->kube, until, DEPLOY_LAST_LOOK_MS);
}

/* Diagnosis first: what is rolled back cannot be looked at. */
static void conclude_failure(struct deployment *run, struct err *err)
{
	struct deadline until = {0};
	int cause = begin_last_look(run, &until);

	diagnose(run);
	farewell_end(run->kube, cause);
	deploy_undo(run);
	cause = begin_last_look(run, &until);
	tell_failure(run);
	farewell_end(run->kube, cause);
	if (run->result->rolled_back_to)
		(void)err_wrap(err, "failed, and rolled back to revision %lld",
			       (long long)run->result->rolled_back_to);
}

static bool install(struct deployment *run, struct err *err)
{
	CLEANUP(err_release) struct err mark_err = {0};
	bool done, marked;

	done = upgrade(run, err);
	if (!done && run->helm_failed && is_final(run, err))
		conclude_failure(run, err);
	marked = mark_end(run, done, &mark_err);
	if (done && !marked)
		err_move(err, &mark_err);
	else if (!marked)
		log_debug("not marked again: %s", mark_err.text);
	return done && marked;
}

void deploy_stamp(struct deployment *run)
{
	const struct deploy *deploy = run->deploy;

	/* Each answer tells the time. */
	run->now = run->kube->server_time ? kube_now(run->kube) : deploy->now;
	run->expiry = expiry_renew(deploy->expiry, deploy->now, run->now);
	free(run->expires_at);
	run->expires_at = expiry_label(&run->expiry);
}

/*
 * Wait until the environment is ours alone, and mark it.  Its time begins
 * when the wait ends.
 */
static bool try_to_enter(struct deployment *run, struct deadline until,
			 struct err *err)
{
	const struct deploy *deploy = run->deploy;

	if (!deploy_make(run, until, err) ||
	    !envlock_take(&run->lock, run->kube, deploy->name->namespace,
			  deploy->origin->build_url, until, deploy->reporter,
			  err))
		return false;
	deploy_stamp(run);
	return deploy_claim(run, err);
}

/*
 * Whom we waited for may have been a sweep, which takes the namespace away
 * with all that we had in it; nothing can be created in one that is going.
 * One that could not be made did not leave.
 */
static bool may_try_again(struct deployment *run, struct deadline until,
			  const struct err *err)
{
	CLEANUP(err_release) struct err unknown = {0};
	bool leaving;

	return run->found &&
	       (err->kind == ERR_DENIED || err->kind == ERR_NOT_FOUND ||
		err->kind == ERR_REMOTE) &&
	       !deadline_passed(&until) &&
	       deploy_is_leaving(run, &leaving, &unknown) && leaving;
}

/* Others may be about to do the same as we: not all at the same moment. */
static bool stand_back(unsigned int tries, struct deadline until,
		       struct err *err)
{
	int64_t wait = retry_jitter_ms(DEPLOY_AGAIN_MS, DEPLOY_AGAIN_CAP_MS,
				       tries, random_number());
	int64_t left = deadline_left_ms(&until, wait);

	return signals_pause(wait < left ? wait : left, err);
}

static bool enter(struct deployment *run, struct err *err)
{
	struct deadline until = lock_deadline(run);

	for (unsigned int tries = 1; !try_to_enter(run, until, err); tries++) {
		if (!may_try_again(run, until, err))
			return false;
		envlock_drop(&run->lock);
		err_release(err);
		run->seen = NULL;
		if (!stand_back(tries, until, err))
			return false;
	}
	return deploy_heal(run, until, err) &&
	       kube_read_time(run->kube, &run->waiting.since, err);
}

static void leave(struct deployment *run)
{
	int cause;

	run->kube->hurry_ms = DEPLOY_HURRY_MS;
	cause = deploy_begin_farewell(run);
	envlock_release(&run->lock);
	deploy_end_farewell(run, cause);
	run->kube->hurry_ms = 0;
}

/* Helm ended well. */
static bool conclude(struct deployment *run, struct err *err)
{
	const struct value *payload = NULL;
	struct release_head head;

	if (!read_made(run, &head, &payload, err))
		return false;
	if (!head.revision)
		return err_set(err, ERR_CONFLICT,
			       "release '%s' was deleted meanwhile",
			       run->deploy->name->release);
	describe(run, &head, payload);
	if (run->result->revision)
		return true;
	/* What calls itself Helm may be a script that does nothing. */
	run->result->status = "failed";
	(void)err_set(err, ERR_CHILD,
		      "'%s' ended well, but made no new revision",
		      run->helm->program);
	return err_hint(err, "see whether that is Helm itself");
}

bool deploy_run(struct kube *kube, const struct helm *helm,
		const struct deploy *deploy, struct deploy_result *result,
		struct err *err)
{
	struct deployment run = {
		.kube = kube,
		.helm = helm,
		.deploy = deploy,
		.result = result,
		.seen = deploy_trusted(deploy),
		.waiting =
			{
				.namespace = deploy->name->namespace,
				.release = deploy->name->release,
				.jobs = deploy->wait_for_jobs,
				.patience_ms = deploy->patience_ms,
				.reporter = deploy->reporter,
			},
	};
	const struct http_vigil vigil = {.every_ms = ENVLOCK_TICK_MS,
					 .keep = keep_lock,
					 .context = &run};
	bool done;

	(void)http_set_vigil(&kube->http, &vigil);
	deploy_stamp(&run);
	result->started = clock_now_ms() / 1000;
	done = enter(&run, err) && read_before(&run, err) && install(&run, err);
	if (done) {
		result->ready = clock_now_ms() / 1000;
		done = conclude(&run, err);
	}
	if (!done && signals_noted())
		deploy_tell_abort(&run, err);
	(void)http_set_vigil(&kube->http, NULL);
	leave(&run);
	result->expiry = run.expiry;
	free(run.expires_at);
	free(run.version);
	waiting_release(&run.waiting);
	return done || err_wrap(err, "cannot deploy '%s' to namespace '%s'",
				deploy->name->release, deploy->name->namespace);
}

void deploy_result_release(struct deploy_result *result)
{
	arena_release(&result->arena);
	strvec_release(&result->urls);
	bundle_release(&result->bundle);
	*result = (struct deploy_result){0};
}
