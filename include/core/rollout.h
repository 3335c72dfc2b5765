/*
 * How far a release has rolled out: which of its workloads are ready, as
 * Helm's --wait counts them.  Pure.
 *
 * Only what is shown during a wait depends on this; whether the deployment
 * succeeded is Helm's own word.
 * Source: kstatus of sigs.k8s.io/cli-utils, which Helm 4 waits by
 * (Deployments, StatefulSets, DaemonSets, bare Pods, claims); Jobs count only
 * where Helm is told --wait-for-jobs.  Helm 3.20, pkg/kube/ready.go, which
 * waits for the addresses of Services of type LoadBalancer, too.
 */
#ifndef CORE_ROLLOUT_H
#define CORE_ROLLOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct str;
struct value;

#define ROLLOUT_SHOWN_MAX  5
#define ROLLOUT_OWNERS_MAX 8 /* steps from a pod up to its workload */

/*
 * What stands in a namespace: lists of objects as the API gives them, each
 * with its "kind"; NULL where nothing is known.  All borrowed.
 */
struct rollout_world {
	const struct value *pods;
	const struct value *replica_sets;
	const struct value *workloads; /* Deployment, StatefulSet, DaemonSet,
					  Job, CronJob is never one */
	const struct value *claims;
	const struct value *services;
	const struct value *events; /* warnings */
	const char *release;	    /* Helm's name for what counts */
	bool jobs;		    /* Jobs are waited for too */
	int64_t since; /* when it began, seconds, by the server's clock */
};

struct rollout_item {
	const struct value *object;
	const char *kind;
	const char *name;
	int64_t have; /* pods that are up and of the newest form */
	int64_t want;
	bool ready;
};

struct rollout {
	struct arena arena;
	struct rollout_item *items; /* all that counts, in order of the lists */
	size_t count;
	size_t capacity;
	size_t ready;
};

/* Strings are borrowed from @world. */
void rollout_count(struct rollout *rollout, const struct rollout_world *world);

/*
 * Append what is not ready: "Deployment 'web' (0 of 2), ...", at most
 * ROLLOUT_SHOWN_MAX of them.
 */
void rollout_print_missing(const struct rollout *rollout, struct str *out);

void rollout_release(struct rollout *rollout);

/*
 * Does Helm wait for @object, a pod or what makes pods: is it, or the
 * workload above it, of the release or of a hook?  Not so pods of a CronJob,
 * and pods of the form that a Deployment is leaving.
 */
bool rollout_awaits(const struct rollout_world *world,
		    const struct value *object);

/* The reference to the controller that made @object, or NULL. */
const struct value *rollout_controller(const struct value *object);

/* Was @object made since the deployment began?  Older is not its doing. */
bool rollout_is_new(const struct rollout_world *world,
		    const struct value *object);

/* Is a workload, pod, claim or service ready?  What is of no such kind is. */
bool rollout_is_ready(const struct value *object);

/* Is it ready, or over and well? */
bool rollout_pod_is_fine(const struct value *pod);

/* The condition of @type in status.conditions, or NULL. */
const struct value *rollout_condition(const struct value *object,
				      const char *type);

/* Is there a condition of @type that is "True"? */
bool rollout_has(const struct value *object, const char *type);

/* The whole number at @path, or @otherwise. */
int64_t rollout_number(const struct value *object, const char *path,
		       int64_t otherwise);

/* "kind" and "metadata.name", never NULL. */
const char *rollout_kind(const struct value *object);
const char *rollout_name(const struct value *object);

#endif
