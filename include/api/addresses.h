/*
 * Reads what core/addresses needs to tell where a namespace is reached.
 */
#ifndef API_ADDRESSES_H
#define API_ADDRESSES_H

#include <stdbool.h>

#include "base/attr.h"

struct err;
struct kube;
struct strvec;

#define ADDRESSES_GATEWAYS_MAX 20 /* that routes name; more are not read */

/*
 * Add the addresses of what stands in @namespace.  A kind that the cluster
 * does not have, or a Gateway that may not be read, is left out.  Lists are
 * cached ones (api/kube).
 * Errors: kube's, of Ingresses and Services.
 */
bool addresses_find(struct kube *kube, const char *namespace,
		    struct strvec *urls, struct err *err) MUST_CHECK;

#endif
