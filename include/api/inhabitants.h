/*
 * What stands in a namespace beside an environment's own.
 *
 * Workloads, services, ingresses and volume claims count (core/estate).  What
 * holds only settings (config maps, secrets, accounts, roles: every namespace
 * has some, from the cluster or its mesh) does not.
 */
#ifndef API_INHABITANTS_H
#define API_INHABITANTS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/strvec.h"

struct err;
struct estate;
struct kinds;
struct kube;

#define INHABITANTS_OWNERS_MAX 5 /* above one another, that are looked up */

/* Each such as "Deployment web". */
struct inhabitants {
	struct strvec foreign;
	/*
	 * Whose owners are gone or going, or theirs: the garbage collector has
	 * not come to them yet.
	 */
	struct strvec leaving;
};

/*
 * Add what is in the namespace of @estate and none of it.  Whose owner may not
 * be looked up is foreign.  Errors: kube's.
 */
bool inhabitants_find(struct kube *kube, struct kinds *kinds,
		      const struct estate *estate, struct inhabitants *found,
		      struct err *err) MUST_CHECK;

/* Is there a volume claim that is none of @estate?  Errors: kube's. */
bool inhabitants_have_claims(struct kube *kube, const struct estate *estate,
			     bool *have, struct err *err) MUST_CHECK;

void inhabitants_release(struct inhabitants *found);

#endif
