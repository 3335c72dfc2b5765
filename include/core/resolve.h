/*
 * Which entry of an index a dependency gets: Helm's rules.
 *
 * The highest version that satisfies the constraint; pre-releases only where
 * the constraint names one.  A constraint that is exactly the version of an
 * entry takes that entry, whatever semver says ("1.0.0+a" beside "1.0.0+b").
 * Source: Helm 4.3.1, internal/resolver/resolver.go, pkg/repo/v1/index.go.
 */
#ifndef CORE_RESOLVE_H
#define CORE_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct arena;
struct chartindex_entries;
struct chartindex_entry;
struct err;

#define RESOLVE_CANDIDATES_MAX 100 /* that an explanation names */

/*
 * *@entry gets the entry of @entries (descending, as chartindex_read() gives
 * them) for @constraint; "" means "*".
 * Errors: INPUT (not a constraint), NOT_FOUND (no chart @name, or none of its
 * versions fits: the message names the nearest).
 */
bool resolve_entry(const struct chartindex_entries *entries, const char *name,
		   const char *constraint,
		   const struct chartindex_entry **entry, struct err *err)
	MUST_CHECK;

/* Why a candidate was taken or not. */
enum resolve_verdict {
	RESOLVE_TAKEN,
	RESOLVE_LOWER,	    /* fits, but is not the highest that does */
	RESOLVE_UNFIT,	    /* is not within the constraint */
	RESOLVE_PRERELEASE, /* would be, but for being a pre-release */
	RESOLVE_NO_VERSION, /* is no version at all */
	RESOLVE_NO_ADDRESS, /* could not be downloaded */
};

struct resolve_candidate {
	const char *version;
	enum resolve_verdict verdict;
};

/* In the arena that it was made in. */
struct resolve_explanation {
	const char *constraint;		      /* as it was understood */
	const char *why;		      /* this one: a phrase */
	struct resolve_candidate *candidates; /* descending */
	size_t count;
	size_t more; /* that are not named */
};

/*
 * What resolve_entry(), which gave @taken, has weighed.  Of very many
 * candidates the highest are named, and the taken one.
 */
struct resolve_explanation *resolve_explain(
	const struct chartindex_entries *entries, const char *constraint,
	const struct chartindex_entry *taken, struct arena *arena);

/* "taken", "lower", "not within the constraint", ... */
const char *resolve_verdict_text(enum resolve_verdict verdict);

#endif
