/*
 * --check of the steps that work on a cluster: is it there, is Helm, and may
 * we do there what the step will do?
 */
#ifndef FLOW_READINESS_H
#define FLOW_READINESS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/clock.h"

struct arena;
struct err;
struct kube_options;
struct value;

/* What a chart holds needs rights of its own, which only the chart tells. */
enum readiness_rights {
	READINESS_DEPLOY,
	READINESS_SWEEP,
};

/*
 * @namespace is where rights are needed, NULL: everywhere.  *@found gets
 * {cluster, helm} as a map in @arena.
 * Errors: those of opening the cluster and Helm; DENIED, naming each right
 * that is missing.
 */
bool readiness_check(const struct kube_options *cluster, const char *namespace,
		     enum readiness_rights rights, struct deadline deadline,
		     struct arena *arena, struct value **found, struct err *err)
	MUST_CHECK;

#endif
