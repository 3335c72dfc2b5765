/*
 * Why a deployment failed, gathered before anything is undone: what is not
 * ready and why, the last warnings of the cluster, the ends of logs.
 *
 * All text is bounded, and what the namespace's Secrets hold is hidden in
 * logs (core/logmask).  A part that may not be read is left out: a bundle
 * must never hide the failure itself.
 */
#ifndef FLOW_BUNDLE_H
#define FLOW_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "core/diagnosis.h"
#include "core/rollout.h"

struct err;
struct kube;
struct reporter;
struct value;

#define BUNDLE_LOGS_MAX	    10 /* containers */
#define BUNDLE_LOG_LINES    20 /* of each; a line of text shows the last: */
#define BUNDLE_LOG_SHOWN    5
#define BUNDLE_LOG_BYTES    ((size_t)64 << 10)
#define BUNDLE_EVENTS_MAX   50
#define BUNDLE_EVENTS_SHOWN 10

struct bundle_log {
	const char *pod; /* borrowed from the world */
	const char *container;
	bool previous;
	struct strvec lines;
};

/* Of one time and place; all-zero is empty. */
struct bundle {
	struct arena arena;
	struct rollout_world world;
	struct rollout rollout;
	struct diagnosis diagnosis;
	struct bundle_log logs[BUNDLE_LOGS_MAX];
	size_t log_count;
	const struct value *events; /* the last, the newest at the end */
	bool gathered;
};

/*
 * Look at @namespace now.  @world says whose release and since when.
 * Errors: those of reading its pods.
 */
bool bundle_gather(struct bundle *bundle, struct kube *kube,
		   const char *namespace, const struct rollout_world *world,
		   struct err *err) MUST_CHECK;

void bundle_release(struct bundle *bundle);

/*
 * As a map: {waiting: [{kind, name, have, want}], findings: [{kind, name,
 * container, init, cause, reason, message, cure, final}], left, events:
 * [{time, kind, name, reason, message, count}], logs: [{pod, container,
 * previous, lines}]}.
 */
const struct value *bundle_tell(const struct bundle *bundle,
				struct arena *arena);

/* The findings alone, without logs and events: for the release record. */
const struct value *bundle_findings(const struct bundle *bundle,
				    struct arena *arena);

/*
 * Tell it as warnings, a line for each fact, and write it as JSON to the
 * file @path (NULL: none), which failing is a warning too.
 */
void bundle_report(const struct bundle *bundle, const char *path,
		   const struct reporter *reporter);

#endif
