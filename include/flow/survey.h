/*
 * Look which environments a cluster holds, and judge them by core/sweep:
 * what expire-sweep gathers and decides before it acts.
 *
 *	CLEANUP(sweep_plan_release) struct sweep_plan plan = {0};
 *	struct sweep_world world = {0};
 *
 *	if (!survey_run(&survey, &arena, &world, &plan, err))
 *		return false;
 *
 * Releases and namespaces are listed as metadata, in pages.  Only of what
 * bears no label the values are read, and branches are only asked for of what
 * has not expired anyway, each repository once.  The time is the API server's.
 */
#ifndef FLOW_SURVEY_H
#define FLOW_SURVEY_H

#include <stdbool.h>

#include "base/attr.h"

struct arena;
struct err;
struct kube;
struct http_config;
struct reporter;
struct secret;
struct sweep_plan;
struct sweep_rules;
struct sweep_world;

struct survey {
	struct kube *kube;
	const struct sweep_rules *rules;
	/* How Git's servers are asked, for rules->gone_branches. */
	const struct http_config *http;
	const struct secret *git_credentials; /* see api/gitremote.h */
	const struct reporter *reporter;
};

/*
 * What @world holds lives in @arena; @plan borrows from both.
 * Errors: a list that could not be read, no time.  What cannot be found out
 * of one environment alone keeps that one, with the reason in @plan; of a Git
 * server that gives no answer to be relied on, a warning tells.
 */
bool survey_run(const struct survey *survey, struct arena *arena,
		struct sweep_world *world, struct sweep_plan *plan,
		struct err *err) MUST_CHECK;

#endif
