/*
 * A lock for stores whose writes know no conditions, made of objects alone;
 * see core/lease for how, and why no two hold it.
 *
 *	CLEANUP(s3_lock_release) struct s3_lock lock = {0};
 *
 *	if (!s3_lock_take(&lock, &s3, "stable/", &wait, err))
 *		return false;
 *	...
 *	if (!s3_lock_keep(&lock, err))		(before each write)
 *		return false;
 *
 * It relies on what the store lists: all that was written before.  And on
 * writes that end within the lease: an owner who is stopped between
 * s3_lock_keep() and the end of his write for longer than LEASE_S seconds is
 * taken for dead, and his write may then fall on another's.  Everybody who
 * writes there must use the same lock.
 */
#ifndef API_S3_LOCK_H
#define API_S3_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"

struct err;
struct reporter;
struct s3;

#define S3_LOCK_PREFIX	     ".slipway/lock/"
#define S3_LOCK_WAIT_BASE_MS 500
#define S3_LOCK_WAIT_CAP_MS  5000

struct s3_lock {
	struct s3 *s3;	    /* borrowed; NULL = not held */
	char *prefix;	    /* of all claims */
	char *key;	    /* of ours */
	char *owner;	    /* who we are, for people */
	int64_t renewed_ms; /* monotonic, before our claim was last written */
	bool unsettled;	    /* a write under it has an open end: see release */
};

/* How long, and who is told that we wait for whom. */
struct s3_lock_wait {
	struct deadline deadline;
	const struct reporter *reporter;
};

/*
 * Take the lock of everything below @prefix (empty or with a slash at its
 * end).  @s3 is borrowed until it is released.
 * Errors: TIMEOUT (names the owner); those of s3_put() and s3_list().
 */
bool s3_lock_take(struct s3_lock *lock, struct s3 *s3, const char *prefix,
		  const struct s3_lock_wait *wait, struct err *err) MUST_CHECK;

/* Renew the claim if it is old.  Errors: TIMEOUT (taken for dead meanwhile). */
bool s3_lock_keep(struct s3_lock *lock, struct err *err) MUST_CHECK;

/*
 * Give it back, if it is held, also where a signal has come or the deadline
 * has passed.  But where @lock->unsettled was set, because a write whose
 * answer was lost may still take effect, others are kept out until the claim
 * has run out by itself.
 */
void s3_lock_release(struct s3_lock *lock);

#endif
