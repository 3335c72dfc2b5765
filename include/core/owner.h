/*
 * Who works on an environment now: the run that holds its Lease.  Pure.
 *
 * A run tells its build, machine and process in an annotation of the Lease,
 * and renews the Lease while it lives.  Another may take it over only when
 * its holder is known to be gone: it let the Lease lapse by the server's
 * clock, or its process has ended on this very machine.
 */
#ifndef CORE_OWNER_H
#define CORE_OWNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct arena;
struct str;

#define OWNER_RUN_DIGITS 16 /* hexadecimal, random */

/* Borrowed, or in the arena given; NULL = unknown. */
struct owner {
	const char *run; /* this run and no other */
	const char *build_url;
	const char *host;
	const char *space; /* where @process counts, see sys/process.h */
	int64_t process;
	int64_t process_start;
	int64_t started; /* seconds since the epoch, by the server's clock */
};

/* Append it as JSON, and read that; false: it is nothing of ours. */
void owner_add_text(struct str *out, const struct owner *owner);
bool owner_parse(const char *text, struct arena *arena, struct owner *owner)
	MUST_CHECK;

/* Append it for people: "https://ci/job/7 (process 12 on agent-3)". */
void owner_describe(struct str *out, const struct owner *owner);

/* What a Lease tells.  @run is NULL or "" if nobody holds it. */
struct owner_lease {
	const char *run;
	int64_t renewed; /* seconds since the epoch, 0 = unknown */
	int64_t duration_s;
	bool process_gone; /* of its holder; see process_is_gone() */
};

enum owner_state {
	OWNER_NONE,
	OWNER_SELF,
	OWNER_LIVE, /* or nothing proves the contrary */
	OWNER_LAPSED,
	OWNER_GONE, /* its process has ended */
};

/* @own is our run, @now the server's clock; 0 = unknown: nobody lapses. */
enum owner_state owner_judge(const struct owner_lease *lease, const char *own,
			     int64_t now);

#endif
