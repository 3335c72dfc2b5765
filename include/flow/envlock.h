/*
 * One run at a time works on an environment: it holds the Lease "slipway" in
 * the environment's namespace, and renews it while it lives.
 *
 * The Lease says whose it is: build, machine, process (core/owner.h).  It is
 * taken over only from a holder that is known to be gone.  A holder that
 * cannot renew it ends what it does before others may take over: from
 * ENVLOCK_GIVE_UP_MS on envlock_keep() fails, and a child gets no more than
 * sys/proc's grace, which together are less than ENVLOCK_DURATION_S, with
 * room for the renewal that is under way by then.
 *
 * So envlock_keep() comes before whatever must not be done twice, and every
 * few seconds while that lasts: as the tick of a child, and as the vigil of
 * the client (net/http.h) while the server lets us wait.
 */
#ifndef FLOW_ENVLOCK_H
#define FLOW_ENVLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/owner.h"

struct err;
struct kube;
struct reporter;

#define ENVLOCK_NAME	   "slipway"
#define ENVLOCK_DURATION_S 60
#define ENVLOCK_RENEW_MS   10000
#define ENVLOCK_TRY_MS	   5000 /* of one renewal */
#define ENVLOCK_TICK_MS	   2000 /* between two, if they fail; and two looks */
#define ENVLOCK_GIVE_UP_MS 35000
#define ENVLOCK_POLL_MS	   1000 /* between two looks at who holds it */
#define ENVLOCK_TELL_MS	   30000
#define ENVLOCK_NOTE_TRIES 5 /* of a note, each after another's write */

/* All-zero: not held. */
struct envlock {
	struct kube *kube;     /* borrowed */
	const char *namespace; /* borrowed */
	struct owner self;

	struct arena arena;
	char *version; /* of the Lease; NULL = not held */
	bool lost; /* it is another's, or may be, for good: leave it alone */
	/* In the arena: why the last renewal failed; NULL: it has not. */
	const char *why;
	bool releasing;	    /* no renewal comes between */
	const char *estate; /* in the arena: what was noted there, or NULL */
	int64_t renewed_at;
	int64_t tried_at; /* when the last renewal ended */
};

/*
 * Set @lock->self before it is taken, for who has to say sooner which run this
 * is.
 */
void envlock_introduce(struct envlock *lock, const char *build_url);

/*
 * Take the Lease; wait for who holds it until @until, and say so.  @namespace
 * exists.  @lock->self is set here, unless it was introduced.
 * Errors: TIMEOUT (temporary; names the holder), NOT_FOUND (the namespace is
 * gone), and kube's.
 */
bool envlock_take(struct envlock *lock, struct kube *kube,
		  const char *namespace, const char *build_url,
		  struct deadline until, const struct reporter *reporter,
		  struct err *err) MUST_CHECK;

/*
 * The same without waiting: *@by tells who holds it, for people and in the
 * arena of @lock; NULL: it is ours.
 */
bool envlock_try(struct envlock *lock, struct kube *kube, const char *namespace,
		 const char *build_url, const struct reporter *reporter,
		 const char **by, struct err *err) MUST_CHECK;

/*
 * Who is at work there now, without taking anything: *@by tells it for
 * people and in @arena; NULL: nobody, or a run that is known to be gone.
 * *@run, unless NULL, is then its owner.run.
 */
bool envlock_look(struct kube *kube, const char *namespace, struct arena *arena,
		  const char **by, const char **run, struct err *err)
	MUST_CHECK;

/*
 * Renew it if that is due, in at most ENVLOCK_TRY_MS and what is left of the
 * @hurry_until of its kube.  False: it is not ours any more, or cannot be
 * shown to be: end what it protects; and from then on always, without asking.
 * True for one that is not held.
 * Errors: REMOTE, temporary.
 */
bool envlock_keep(struct envlock *lock, struct err *err) MUST_CHECK;

/* The same without renewing it, for who keeps several and asks of each. */
bool envlock_check(struct envlock *lock, struct err *err) MUST_CHECK;

/*
 * Note @estate (core/estate.h) where it outlives us, unless that is what is
 * noted there already.  @lock is held.
 * Errors: those of envlock_keep(), CONFLICT, and kube's.
 */
bool envlock_note_estate(struct envlock *lock, const char *estate,
			 struct err *err) MUST_CHECK;

/* What is noted there, in @arena; NULL: nothing.  Errors: kube's. */
bool envlock_read_estate(struct kube *kube, const char *namespace,
			 struct arena *arena, const char **estate,
			 struct err *err) MUST_CHECK;

/* Give it back, if it is held.  Failing that it lapses. */
void envlock_release(struct envlock *lock);

/* Let go of one that its namespace, which is being deleted, takes along. */
void envlock_drop(struct envlock *lock);

#endif
