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
struct kube;
struct kube_options;
struct preparation;
struct value;

/* What a chart holds needs rights of its own, which only the chart tells. */
enum readiness_rights {
	READINESS_DEPLOY,
	READINESS_SWEEP,
};

struct readiness {
	const struct kube_options *cluster;
	const char *namespace; /* where rights are needed; NULL: everywhere */
	enum readiness_rights rights;
	const struct preparation *preparation; /* or NULL */
	bool limited;			       /* by --max-environments */
	struct deadline deadline;
};

/*
 * *@found gets {cluster, helm} as a map in @arena.
 * Errors: those of opening the cluster and Helm; INPUT (a manifest of a kind
 * that the cluster does not know); DENIED, naming each right that is missing.
 */
bool readiness_check(const struct readiness *readiness, struct arena *arena,
		     struct value **found, struct err *err) MUST_CHECK;

/*
 * May we delete an environment to make room for another one?
 * Errors: DENIED, as above.
 */
bool readiness_check_limit(struct kube *kube, struct err *err) MUST_CHECK;

#endif
