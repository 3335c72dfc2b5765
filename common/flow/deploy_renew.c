#include <stdlib.h>

#include "api/kube.h"
#include "api/namespaces.h"
#include "api/releases.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/envname.h"
#include "core/sweep.h"
#include "flow/deploy_parts.h"
#include "format/value.h"
#include "sys/signals.h"

/*
 * Is a run at work on it that is no deployment, and so a sweep?  *@by tells
 * which, for people.  A deployment is named by the namespace, too, and keeps
 * an expiry that somebody moves.
 */
static bool find_sweep(struct kube *kube, const char *namespace,
		       struct arena *arena, const char **by, struct err *err)
{
	struct namespace_marks found = {0};
	struct owner owner = {0};
	const char *run;
	bool exists;

	if (!envlock_look(kube, namespace, arena, by, &run, err))
		return false;
	if (!*by)
		return true;
	if (!namespace_read(kube, namespace, arena, &found, &exists, err))
		return false;
	if (exists && found.owner && owner_parse(found.owner, arena, &owner) &&
	    same_text(owner.run, run))
		*by = NULL;
	return true;
}

/* *@waited: there was one. */
static bool await_sweep(struct kube *kube, const struct deploy *deploy,
			struct deadline until, bool *waited, struct err *err)
{
	const char *namespace = deploy->name->namespace;

	for (*waited = false;; *waited = true) {
		CLEANUP(arena_release) struct arena arena = {0};
		const char *by;

		if (!find_sweep(kube, namespace, &arena, &by, err))
			return false;
		if (!by)
			return true;
		if (deadline_left_ms(&until, ENVLOCK_POLL_MS) < ENVLOCK_POLL_MS)
			return err_set(err, ERR_TIMEOUT,
				       "another run is at work on environment "
				       "'%s': %s",
				       namespace, by);
		if (!signals_pause(ENVLOCK_POLL_MS, err))
			return false;
	}
}

/*
 * Whichever came first counts: a sweep that looks after we have moved the
 * expiry keeps the environment, and one that has looked before holds its Lease
 * by then.
 */
static bool move_expiry(struct kube *kube, const struct deploy *deploy,
			const char *expires_at, bool *swept, struct err *err)
{
	struct deadline until = deadline_in(deploy->lock_ms);
	bool waited;

	return await_sweep(kube, deploy, until, &waited, err) &&
	       deploy_move_expiry(kube, deploy, expires_at, err) &&
	       await_sweep(kube, deploy, until, swept, err);
}

/* A label that says nothing, or nothing legible, moves nothing. */
static void note_label(struct expiry *latest, const char *label)
{
	struct expiry told;

	if (label && expiry_parse_label(label, &told))
		*latest = expiry_later(*latest, told);
}

/* The values count where the release has no label, as for expire-sweep. */
static bool note_values(struct kube *kube, const struct envname *name,
			int64_t revision, struct arena *arena,
			struct expiry *latest, struct err *err)
{
	struct sweep_release release = {
		.namespace = name->namespace,
		.name = name->release,
		.revision = revision,
	};

	if (!releases_read_told(kube, &release, arena, err))
		return false;
	if (release.values->told.told)
		*latest = expiry_later(*latest, release.values->told.expiry);
	return true;
}

static bool find_latest(struct kube *kube, const struct deploy *deploy,
			struct expiry *latest, struct err *err)
{
	const struct envname *name = deploy->name;
	CLEANUP(arena_release) struct arena arena = {0};
	struct namespace_marks home = {0};
	struct release_head head;

	if (!deploy_read_renewable(kube, deploy, &arena, &home, err) ||
	    !releases_read_head(kube, name->namespace, name->release, &arena,
				&head, err))
		return false;
	note_label(latest, home.expires_at);
	note_label(latest, head.expires_at);
	return !head.revision || head.expires_at ||
	       note_values(kube, name, head.revision, &arena, latest, err);
}

/* @asked is what '--renew' says, @latest what is there. */
static void tell_renewal(const struct deploy *deploy,
			 const struct expiry *asked,
			 const struct expiry *latest)
{
	CLEANUP(free_ptr) char *to = expiry_date(asked);
	CLEANUP(free_ptr) char *from = expiry_date(latest);
	const char *name = deploy->name->namespace;
	const char *before = latest->expires ? from : "never";
	const char *zone = latest->expires ? " UTC" : "";

	if (deploy->renew_to)
		log_info("the expiry of environment '%s' moves nearer, to %s "
			 "UTC: it was %s%s",
			 name, to, before, zone);
	else
		log_info("the expiry of environment '%s' stays: %s%s, which is "
			 "later than '--renew' asks for",
			 name, before, zone);
}

bool deploy_plan_renewal(struct kube *kube, struct deploy *deploy,
			 struct err *err)
{
	struct expiry latest = deploy->expiry;

	if (!find_latest(kube, deploy, &latest, err))
		return false;
	if (expiry_same(latest, deploy->expiry))
		return true;
	tell_renewal(deploy, &deploy->expiry, &latest);
	if (!deploy->renew_to)
		deploy->expiry = latest;
	return true;
}

bool deploy_renew(struct kube *kube, const struct deploy *deploy,
		  struct deploy_result *result, struct err *err)
{
	CLEANUP(free_ptr) char *expires_at = expiry_label(&deploy->expiry);
	const struct envname *name = deploy->name;
	struct release_head head;
	bool swept;

	if (!move_expiry(kube, deploy, expires_at, &swept, err) ||
	    !releases_read_head(kube, name->namespace, name->release,
				&result->arena, &head, err))
		return false;
	result->revision = head.revision;
	result->status = head.status;
	if (swept && !result->revision)
		return err_set(err, ERR_NOT_FOUND,
			       "environment '%s' was deleted meanwhile",
			       name->namespace);
	if (result->revision &&
	    !releases_set_expiry(kube, name->namespace, name->release,
				 result->revision, expires_at, err))
		return false;
	result->expiry = deploy->expiry;
	result->applications = value_new_list(&result->arena);
	deploy_find_urls(kube, deploy, result);
	return true;
}
