/*
 * What runs in a namespace, as values to be judged by core/rollout and
 * core/diagnosis.
 */
#ifndef API_WORKLOADS_H
#define API_WORKLOADS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct arena;
struct deadline;
struct diagnosis;
struct err;
struct kube;
struct rollout_world;
struct strvec;

#define WORKLOADS_ASKED_MAX   10
#define WORKLOADS_SECRETS_MAX 500 /* values that are hidden in logs */
#define WORKLOADS_SECRET_MIN  6	  /* bytes of one that is worth hiding */

/*
 * Fill in the lists of @world from @namespace, in @arena; services only where
 * all else that counts is ready, as Helm 3 waits for their addresses.  What may
 * not be read, other than pods, is left out.  With @until (NULL: however long it
 * takes) lists are taken in passing (api/objects), and none is begun after
 * that.
 * Errors: kube's; TIMEOUT.
 */
bool workloads_read(struct kube *kube, const char *namespace,
		    const struct deadline *until, struct arena *arena,
		    struct rollout_world *world, struct err *err) MUST_CHECK;

/*
 * Look for the first WORKLOADS_ASKED_MAX secrets and config maps of which
 * warnings in @diagnosis say that they are missing, and correct it by what is
 * so now; what may not be read, or not @until then, stays as it was.
 */
void workloads_look_for_missing(struct kube *kube, const char *namespace,
				const struct deadline *until,
				struct diagnosis *diagnosis);

/*
 * Add to @values what the Secrets of @namespace hold, line by line, so that
 * it can be hidden where a program printed it; Helm's own are passed over.
 */
bool workloads_read_secrets(struct kube *kube, const char *namespace,
			    struct strvec *values, struct err *err) MUST_CHECK;

#endif
