#include <stdlib.h>
#include <string.h>

#include "api/helm.h"
#include "api/kube.h"
#include "api/namespaces.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/envname.h"
#include "core/gitaddress.h"
#include "core/sweep.h"
#include "flow/cleanup.h"
#include "flow/deploy_parts.h"
#include "flow/origin.h"
#include "flow/readiness.h"
#include "flow/survey.h"

/* The other environments of our repository that will expire. */
struct others {
	struct arena arena;
	struct sweep_world world;
	const struct sweep_namespace **items; /* the oldest first */
	size_t count;
};

static void others_release(struct others *others)
{
	free(others->items);
	sweep_world_release(&others->world);
	arena_release(&others->arena);
}

static bool is_other(const struct sweep_namespace *home,
		     const struct deploy *deploy)
{
	if (home->main || home->terminating ||
	    same_text(home->name, deploy->name->namespace) ||
	    !same_text(home->repository, deploy->name->repository))
		return false;
	return !home->git_url || !deploy->origin->git_url ||
	       gitaddress_same(home->git_url, deploy->origin->git_url);
}

/* What was there before us has no date, and is never the oldest. */
static int compare_age(const void *a, const void *b)
{
	const struct sweep_namespace *left = *(const void *const *)a;
	const struct sweep_namespace *right = *(const void *const *)b;
	int order;

	if (!left->created || !right->created)
		return !left->created - !right->created;
	order = strcmp(left->created, right->created);
	return order ? order : strcmp(left->name, right->name);
}

static bool find_others(struct kube *kube, const struct deploy *deploy,
			struct others *others, struct err *err)
{
	struct sweep_world *world = &others->world;

	if (!namespaces_find_marked(kube, &others->arena, world, err))
		return false;
	others->items =
		xcalloc(world->namespace_count + 1, sizeof(*others->items));
	for (size_t i = 0; i < world->namespace_count; i++) {
		if (is_other(&world->namespaces[i], deploy))
			others->items[others->count++] = &world->namespaces[i];
	}
	if (others->count > 1)
		qsort(others->items, others->count, sizeof(*others->items),
		      compare_age);
	return true;
}

static bool refuse(const struct deploy *deploy, const struct others *others,
		   struct err *err)
{
	(void)err_set(err, ERR_CONFLICT,
		      "repository '%s' has %zu environments already, of %lld "
		      "that it may have",
		      deploy->name->repository, others->count,
		      (long long)deploy->max_environments);
	return err_hint(err,
			"delete one that is not needed, as with expire-sweep "
			"--environment %s --now, or say '--evict-oldest'",
			others->items[0]->name);
}

static bool is_full(const struct deploy *deploy, const struct others *others)
{
	return others->count >= (size_t)deploy->max_environments;
}

static bool is_limited(const struct deploy *deploy)
{
	return deploy->max_environments > 0 && !deploy->name->main;
}

bool deploy_check_limit(struct kube *kube, const struct deploy *deploy,
			struct err *err)
{
	CLEANUP(others_release) struct others others = {0};

	if (!is_limited(deploy))
		return true;
	if (!find_others(kube, deploy, &others, err))
		return false;
	if (!is_full(deploy, &others))
		return true;
	return deploy->evict_oldest ? readiness_check_limit(kube, err)
				    : refuse(deploy, &others, err);
}

/* As expire-sweep --environment NAMESPACE --now would, with all its care. */
static bool evict(struct deployment *run, const char *namespace,
		  struct err *err)
{
	const struct sweep_rules rules = {
		.environment = namespace,
		.immediately = true,
		.max_deletes = 1,
		.max_percent = 100,
	};
	const struct survey survey = {
		.kube = run->kube,
		.rules = &rules,
		.reporter = run->deploy->reporter,
	};
	const struct cleanup cleanup = {
		.kube = run->kube,
		.helm = run->helm,
		.jobs = 1,
		.wait_ms = run->deploy->wait_ms,
		.reporter = run->deploy->reporter,
	};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(sweep_plan_release) struct sweep_plan plan = {0};
	CLEANUP(cleanup_result_release) struct cleanup_result result = {0};
	CLEANUP(sweep_world_release) struct sweep_world world = {0};

	if (!survey_run(&survey, &arena, &world, &plan, err) ||
	    !sweep_check(&plan, &rules, err) ||
	    !cleanup_run(&cleanup, &plan, &result, err))
		return false;
	for (size_t i = 0; i < result.count; i++) {
		if (result.outcomes[i].state == CLEANUP_DELETED)
			continue;
		(void)err_set(err, ERR_REMOTE, "%s", result.outcomes[i].reason);
		return err_temporary(err, result.outcomes[i].temporary);
	}
	return true;
}

/* One that a run works on is not the oldest, whatever its age. */
static const struct sweep_namespace *oldest(const struct others *others)
{
	for (size_t i = 0; i < others->count; i++) {
		if (others->items[i]->created && !others->items[i]->owner)
			return others->items[i];
	}
	return NULL;
}

bool deploy_make_room(struct deployment *run, struct err *err)
{
	const struct deploy *deploy = run->deploy;

	if (!is_limited(deploy))
		return true;
	for (;;) {
		CLEANUP(others_release) struct others others = {0};
		const struct sweep_namespace *victim;

		if (!find_others(run->kube, deploy, &others, err))
			return false;
		if (!is_full(deploy, &others))
			return true;
		victim = oldest(&others);
		if (!deploy->evict_oldest || !victim)
			return refuse(deploy, &others, err);
		report_warning(deploy->reporter,
			       "deleting environment '%s', the oldest of "
			       "repository '%s', to make room",
			       victim->name, deploy->name->repository);
		if (!evict(run, victim->name, err))
			return err_wrap(err,
					"cannot make room by deleting '%s'",
					victim->name);
	}
}

static bool take_back(struct deployment *run, struct err *err)
{
	const char *namespace = run->deploy->name->namespace;
	CLEANUP(arena_release) struct arena arena = {0};
	struct namespace_marks ours;
	bool exists;

	return namespace_read(run->kube, namespace, &arena, &ours, &exists,
			      err) &&
	       (!exists || namespace_delete(run->kube, namespace, ours.uid,
					    ours.resource_version, err));
}

/*
 * Who looks and then makes one may have others do so meanwhile: each of them
 * sees the others' then, and takes his own back.
 */
bool deploy_keep_limit(struct deployment *run, struct err *err)
{
	const struct deploy *deploy = run->deploy;
	CLEANUP(others_release) struct others others = {0};

	if (!is_limited(deploy))
		return true;
	if (!find_others(run->kube, deploy, &others, err))
		return false;
	if (!is_full(deploy, &others))
		return true;
	if (!take_back(run, err))
		return false;
	(void)err_set(err, ERR_REMOTE,
		      "repository '%s' got its last environments by other runs "
		      "at this moment",
		      deploy->name->repository);
	return err_temporary(err, true);
}
