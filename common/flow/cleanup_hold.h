/*
 * A namespace that a sweep holds while it deletes what is in it, so that no
 * deployment works there meanwhile.  Private to flow/cleanup.
 *
 * The hold is the Lease that deployments take (flow/envlock).  It is taken
 * before the last look, so that whatever a deployment did before shows there,
 * and none does anything after.  It goes with the namespace, or is given back
 * when nothing more is to be done in one that stays.
 */
#ifndef COMMON_FLOW_CLEANUP_HOLD_H
#define COMMON_FLOW_CLEANUP_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "core/estate.h"
#include "flow/envlock.h"

struct err;
struct kube;
struct reporter;

#define HOLD_FAREWELL_MS 5000 /* for giving back all, if it is late */

struct hold {
	const char *namespace; /* borrowed */
	struct envlock lock;
	/* What there belongs to the releases that go, or went before. */
	struct estate estate;
	const char *busy; /* in the lock: who holds it; NULL: nobody else */
	bool leaving;	  /* the namespace goes, or is gone: nobody deploys */
	size_t tasks;	  /* that are not settled yet */
	int64_t kept_at;  /* by hold_keep_all() */
};

/*
 * Hold it from here on, or still.  @hold->busy tells that another run works
 * there: then nothing in it may be touched.
 * Errors: those of envlock_keep(), and kube's.
 */
bool hold_enter(struct hold *hold, struct kube *kube,
		const struct reporter *reporter, struct err *err) MUST_CHECK;

/*
 * Is it ours still?  Comes before all that deletes something there.
 * Errors: those of envlock_keep().
 */
bool hold_keep(struct hold *hold, struct err *err) MUST_CHECK;

/*
 * Note the estate where the next sweep finds it, if this one is killed or the
 * namespace stays.  It is held.
 * Errors: those of envlock_note_estate().
 */
bool hold_note_estate(struct hold *hold, struct err *err) MUST_CHECK;

/*
 * Renew what of @holds is due, the longest untried first, in no more time than
 * one may take: the rest is the next pass's.  What was lost hold_keep() tells.
 */
void hold_keep_all(struct hold *holds, size_t count, struct kube *kube);

/* The namespace is being deleted, which ends the hold with it. */
void hold_drop(struct hold *hold);

/*
 * One of its tasks is settled; after the last one it is given back, but not
 * after a signal or the run's deadline: then all are, when the sweep ends.
 */
void hold_settle(struct hold *hold);

void hold_release(struct hold *hold);

#endif
