/*
 * Watching over a deployment while Helm waits for it: how much of it is
 * ready, what is missing, and whether it is of any use to wait on.
 *
 * A cause that waiting does not cure (core/diagnosis) ends the wait when it
 * has lasted for the patience given, in each look.  Only what Helm waits for
 * and what was made since the deployment began counts: what an older
 * revision left broken may be what this one mends.
 */
#ifndef FLOW_WAITING_H
#define FLOW_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "core/diagnosis.h"

struct err;
struct kube;
struct reporter;

#define WAITING_LOOK_MS 5000 /* that a look may take at most */

/* All borrowed but @watch. */
struct waiting {
	const char *namespace;
	const char *release;
	bool jobs;	     /* Jobs are waited for too */
	int64_t since;	     /* seconds, by the server's clock */
	int64_t patience_ms; /* negative: for ever */
	const struct reporter *reporter;
	struct diagnosis_watch watch;
};

/*
 * Look once, and report progress; what cannot be read now is not shown.
 * Errors: CHILD (it cannot get ready: says whose cause has lasted).
 */
bool waiting_look(struct waiting *waiting, struct kube *kube, struct err *err)
	MUST_CHECK;

void waiting_release(struct waiting *waiting);

#endif
