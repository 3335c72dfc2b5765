/*
 * Whether the branch of an environment has what another, main, has not: noted
 * with each deployment (slipway/commit, slipway/ahead-of), because a branch
 * that was merged looks later as one that never had commits of its own does.
 * For the same reason it is noted that the repository has the branch
 * (slipway/branch-seen): one that is gone looks as one that never was.  Pure.
 */
#ifndef CORE_AHEAD_H
#define CORE_AHEAD_H

#include <stdbool.h>

enum ahead_state {
	AHEAD_UNKNOWN,
	AHEAD_YES, /* the other did not hold the commit */
	AHEAD_NO,
};

/* All-zero: nothing is known.  Strings are owned. */
struct ahead {
	char *commit; /* of the branch, that is deployed */
	char *of;     /* the branch that it was compared with */
	enum ahead_state state;
	bool seen; /* the repository has, or once had, the branch */
};

/*
 * What is to be noted as slipway/ahead-of; "" = nothing.  @commit and @of are
 * what the deployment before has noted, NULL = nothing: a commit that was
 * ahead once and is deployed again, after it was merged, still was.
 */
const char *ahead_mark(const struct ahead *ahead, const char *commit,
		       const char *of);

void ahead_release(struct ahead *ahead);

#endif
