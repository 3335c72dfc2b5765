/*
 * Under which addresses the outside reaches what runs in a namespace.
 */
#ifndef API_ADDRESSES_H
#define API_ADDRESSES_H

#include <stdbool.h>

#include "base/attr.h"

struct err;
struct kube;
struct strvec;

/*
 * Add the addresses of the Ingresses and the LoadBalancer Services in the
 * namespace: https://host/path where TLS covers the host, else http.
 */
bool addresses_find(struct kube *kube, const char *namespace,
		    struct strvec *urls, struct err *err) MUST_CHECK;

#endif
