#include "api/kube.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/sweep.h"
#include "flow/cleanup.h"
#include "flow/deploy_parts.h"
#include "flow/survey.h"

/* As expire-sweep --environment NAMESPACE --now would, with all its care. */
struct eviction {
	struct arena arena;
	struct sweep_rules rules;
	struct sweep_world world;
	struct sweep_plan plan;
};

static void eviction_release(struct eviction *eviction)
{
	sweep_plan_release(&eviction->plan);
	sweep_world_release(&eviction->world);
	arena_release(&eviction->arena);
}

static bool plan_eviction(struct eviction *eviction, struct kube *kube,
			  const struct deploy *deploy, const char *namespace,
			  struct err *err)
{
	const struct survey survey = {
		.kube = kube,
		.rules = &eviction->rules,
		.reporter = deploy->reporter,
	};

	eviction->rules = (struct sweep_rules){
		.environment = namespace,
		.immediately = true,
		.keep_lasting = true,
		.max_deletes = 1,
		.max_percent = 100,
	};
	return survey_run(&survey, &eviction->arena, &eviction->world,
			  &eviction->plan, err);
}

bool deploy_foresee_eviction(struct kube *kube, const struct deploy *deploy,
			     const char *namespace, struct arena *arena,
			     const char **why, bool *busy, struct err *err)
{
	CLEANUP(eviction_release) struct eviction eviction = {0};
	CLEANUP(err_release) struct err refusal = {0};
	CLEANUP(str_release) struct str others = {0};

	*busy = false;
	if (!plan_eviction(&eviction, kube, deploy, namespace, err))
		return false;
	if (!sweep_check(&eviction.plan, &eviction.rules, &refusal)) {
		*why = arena_strdup(arena, refusal.text);
		*busy = refusal.temporary;
		return true;
	}
	if (!cleanup_foresee(kube, &eviction.plan, &eviction.world, &others,
			     err))
		return false;
	*why = others.len
		       ? arena_printf(arena, "in it is %s", str_text(&others))
		       : NULL;
	return true;
}

/* What became of it; the first failure counts. */
static bool judge(const struct cleanup_result *result, struct err *err)
{
	for (size_t i = 0; i < result->count; i++) {
		const struct cleanup_outcome *outcome = &result->outcomes[i];

		if (outcome->state == CLEANUP_DELETED && !outcome->foreign)
			continue;
		(void)err_set(err, ERR_REMOTE, "%s", outcome->reason);
		if (outcome->hint)
			(void)err_hint(err, "%s", outcome->hint);
		return err_temporary(err,
				     outcome->temporary ||
					     outcome->state == CLEANUP_KEPT);
	}
	return true;
}

bool deploy_evict(struct deployment *run, const char *namespace, bool *begun,
		  struct err *err)
{
	const struct cleanup cleanup = {
		.kube = run->kube,
		.helm = run->helm,
		.jobs = 1,
		.wait_ms = run->deploy->wait_ms,
		.reporter = run->deploy->reporter,
	};
	CLEANUP(eviction_release) struct eviction eviction = {0};
	CLEANUP(cleanup_result_release) struct cleanup_result result = {0};
	bool done;

	*begun = false;
	if (!plan_eviction(&eviction, run->kube, run->deploy, namespace, err) ||
	    !sweep_check(&eviction.plan, &eviction.rules, err))
		return false;
	done = cleanup_run(&cleanup, &eviction.plan, &result, err);
	for (size_t i = 0; i < result.count; i++)
		*begun |= result.outcomes[i].begun;
	return done && judge(&result, err);
}
