/*
 * What the parts of flow/deploy share: one deployment under way.
 */
#ifndef FLOW_DEPLOY_PARTS_H
#define FLOW_DEPLOY_PARTS_H

#include <stdbool.h>

#include "base/attr.h"
#include "flow/deploy.h"
#include "flow/envlock.h"

struct err;
struct helm;
struct kube;

struct deployment {
	struct kube *kube;
	const struct helm *helm;
	const struct deploy *deploy;
	struct deploy_result *result;
	struct envlock lock;
	const char *expires_at; /* the label */
};

/* --- deploy_claim.c: the namespace and its marks --------------------------- */

/* Make sure that there is the namespace, and that it is ours. */
bool deploy_make(struct deployment *run, struct err *err) MUST_CHECK;

/* Before Helm runs: mark it with our expiry, and as what we work on. */
bool deploy_claim(struct deployment *run, struct err *err) MUST_CHECK;

/*
 * After Helm ran, whatever came of it, for what a chart or a person did to
 * the marks meanwhile.  An expiry that somebody moved further stays.
 */
bool deploy_mark_again(struct deployment *run, struct err *err) MUST_CHECK;

/* Only move the expiry of the namespace. */
bool deploy_move_expiry(struct kube *kube, const struct deploy *deploy,
			const char *expires_at, struct err *err) MUST_CHECK;

/* --- deploy_heal.c: what others left ---------------------------------------- */

/*
 * See that no revision of the release is pending.  One that a run of ours
 * left is marked as failed: as we hold the environment's Lease, that run is
 * gone.  For anybody else's Helm we wait until @until.
 * Errors: TIMEOUT (temporary; somebody else's Helm is at work, or was).
 */
bool deploy_heal(struct deployment *run, struct deadline until, struct err *err)
	MUST_CHECK;

#endif
