/*
 * What runs in a namespace: how many pods are ready, why others are not, and
 * under which addresses the outside reaches it.
 */
#ifndef API_WORKLOADS_H
#define API_WORKLOADS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct err;
struct kube;
struct strvec;

#define WORKLOADS_EVENTS_MAX	10 /* lines of events in a diagnosis */
#define WORKLOADS_LOG_LINES	5  /* of each failing container */
#define WORKLOADS_LOG_SIZE_MAX	((size_t)64 << 10)
#define WORKLOADS_DIAGNOSED_MAX 20 /* pods; more are only counted */

/* Pods that are ready, and all that are meant to run on. */
bool workloads_count_ready(struct kube *kube, const char *namespace,
			   size_t *ready, size_t *total, struct err *err)
	MUST_CHECK;

/*
 * Add to @lines why what is not ready is not: a line for each pod with
 * container, reason and the cluster's words; what a controller could not
 * create; the last lines of a failing container's log; the last warnings.
 */
bool workloads_diagnose(struct kube *kube, const char *namespace,
			struct strvec *lines, struct err *err) MUST_CHECK;

/*
 * Add the addresses of the Ingresses and the LoadBalancer Services in the
 * namespace: https://host/path where TLS covers the host, else http.
 */
bool workloads_find_urls(struct kube *kube, const char *namespace,
			 struct strvec *urls, struct err *err) MUST_CHECK;

#endif
