/*
 * Whether the objects of a release are its own still: Helm marks each with the
 * release that it is of, and whoever takes one over marks it anew.
 *
 * Source: Helm 4 pkg/action/validate.go, checkOwnership().
 */
#ifndef API_OWNERSHIP_H
#define API_OWNERSHIP_H

#include <stdbool.h>

#include "base/attr.h"

struct err;
struct kinds;
struct kube;
struct manifest;
struct strvec;

/*
 * Add to @others what there is of @manifest without the marks of @release in
 * @namespace, such as "Service web (of release 'api' in 'tools')".  Hooks,
 * which bear none, and what Helm does not delete are left out.  Each object is
 * asked for by its name, all at once.  Errors: kube's.
 */
bool ownership_find_others(struct kube *kube, struct kinds *kinds,
			   const char *namespace, const char *release,
			   const struct manifest *manifest,
			   struct strvec *others, struct err *err) MUST_CHECK;

#endif
