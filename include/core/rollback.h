/*
 * Whose a rollback is that Helm has left pending.
 *
 * `helm rollback` takes no labels: its revision bears those of the one that it
 * goes back to.  So before a run lets Helm begin one, it marks the namespace
 * with the revision that will come and the time, and takes the mark away when
 * that is settled.  Where a run was killed between, the mark outlives it.
 *
 * A rollback of somebody else's is none of ours, unless it makes the very
 * revision that ours did not come to make, within ROLLBACK_BEGIN_S of our mark.
 */
#ifndef CORE_ROLLBACK_H
#define CORE_ROLLBACK_H

#include <stdbool.h>
#include <stdint.h>

struct str;

/* How long Helm may take until it makes the revision. */
#define ROLLBACK_BEGIN_S 30
#define ROLLBACK_SKEW_S	 2 /* of the clocks of several API servers */

/* @now: seconds since the epoch, by the server's clock. */
void rollback_add_mark(struct str *text, int64_t revision, int64_t now);

/* @mark may be NULL or anything; @created by the same clock. */
bool rollback_is_ours(const char *mark, int64_t revision, int64_t created);

#endif
