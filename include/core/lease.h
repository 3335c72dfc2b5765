/*
 * Who holds a lock that is made of objects alone, in a store whose writes
 * know no conditions.
 *
 * Everyone who wants the lock creates a claim under a name of his own, then
 * lists all claims.  He holds the lock if his claim is the only live one.  Of
 * any two, the one whose claim came second to the store sees the first one's
 * when he lists, so no two hold it at once; that needs no condition, only that
 * a listing shows all that was written before it.  Where several claims meet,
 * the first of them by time and key stays and waits for the others to go; the
 * others take theirs back and come again later.
 *
 * A claim that was not renewed for LEASE_S seconds, by the store's own clock,
 * is that of a dead owner and may be removed.
 */
#ifndef CORE_LEASE_H
#define CORE_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEASE_S		 120
#define LEASE_RENEW_S	 30 /* an owner renews his claim when it is so old */
#define LEASE_CLAIMS_MAX 1000

struct lease_claim {
	const char *key;
	int64_t modified_s; /* by the store's clock */
	bool dead;	    /* set by lease_judge() */
};

enum lease_state {
	LEASE_HELD,
	LEASE_WAIT,  /* our claim stays; look again */
	LEASE_YIELD, /* take our claim back, try again later */
	LEASE_LOST,  /* our claim is not there: somebody took us for dead */
};

/* @now_s is the store's time of the listing; dead claims are marked. */
enum lease_state lease_judge(struct lease_claim *claims, size_t count,
			     const char *own, int64_t now_s);

#endif
