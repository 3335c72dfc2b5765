/*
 * Whose a rollback is that Helm has left pending.
 *
 * `helm rollback` takes no labels: its revision bears those of the one that it
 * goes back to.  So before a run lets Helm begin one, it marks the namespace
 * with the revision that will come and the time, and takes the mark away when
 * that is settled.  Where a run was killed between, the mark outlives it.
 *
 * The mark also has the description by which the revision can be told: from
 * Helm 4.3 on it names the run.  An older one writes words of its own; then a
 * rollback of somebody else's is none of ours, unless it makes the very
 * revision that ours did not come to make, goes back to the same one, and
 * begins within ROLLBACK_BEGIN_S of our mark.
 */
#ifndef CORE_ROLLBACK_H
#define CORE_ROLLBACK_H

#include <stdbool.h>
#include <stdint.h>

struct str;

/* How long Helm may take until it makes the revision. */
#define ROLLBACK_BEGIN_S 30
#define ROLLBACK_SKEW_S	 2 /* of the clocks of several API servers */

/* Of one back to revision @to; @run is NULL where Helm says it by itself. */
void rollback_add_description(struct str *text, int64_t to, const char *run);

/* @now: seconds since the epoch, by the server's clock. */
void rollback_add_mark(struct str *text, int64_t revision, int64_t now,
		       const char *description);

/*
 * @mark may be NULL or anything; @created by the same clock; @description is
 * that of the revision, or NULL.
 */
bool rollback_is_ours(const char *mark, int64_t revision, int64_t created,
		      const char *description);

#endif
