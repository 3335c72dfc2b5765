/*
 * Which entry of an index a dependency gets: Helm's rules.
 *
 * The highest version that satisfies the constraint; pre-releases only where
 * the constraint names one.  Of versions that differ in build metadata alone
 * it is the one that the constraint spells out ("1.0.0+a" beside "1.0.0+b"),
 * where Helm takes any.  What Helm takes for no entry is passed over.
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
struct strvec;

#define RESOLVE_CANDIDATES_MAX	100 /* that an explanation names */
#define RESOLVE_PASSED_OVER_MAX 10  /* entries that are told of */

enum resolve_rule {
	RESOLVE_HIGHEST, /* within the constraint; "1.2" is one, 1.2.x */
	RESOLVE_SPELLED, /* as the constraint is, else the highest: 'helm pull' */
	RESOLVE_LOCKED, /* that version, be it spelled otherwise, or none */
};

struct resolve_query {
	const char *name;	/* of the chart; for errors */
	const char *constraint; /* "" means "*" */
	enum resolve_rule rule;
	/*
	 * Gets a text for entries that would have been taken but are none to
	 * Helm: "version 1.5.0: the chart has no name".  NULL: is not told.
	 */
	struct strvec *passed_over;
};

/*
 * *@entry gets the entry of @entries (descending, as chartindex_read() gives
 * them) for @query.
 * Errors: INPUT (not a constraint), NOT_FOUND (no such chart, or none of its
 * versions fits: the message names the nearest, its hint what was passed over).
 */
bool resolve_entry(const struct chartindex_entries *entries,
		   const struct resolve_query *query,
		   const struct chartindex_entry **entry, struct err *err)
	MUST_CHECK;

/* Is @version the one that is @locked?  "v1.2" and "1.2.0" are the same. */
bool resolve_is_locked(const char *version, const char *locked);

/* Why a candidate was taken or not. */
enum resolve_verdict {
	RESOLVE_TAKEN,
	RESOLVE_LOWER,	    /* fits, but is not the highest that does */
	RESOLVE_UNFIT,	    /* is not within the constraint */
	RESOLVE_PRERELEASE, /* would be, but for being a pre-release */
	RESOLVE_NO_VERSION, /* is no version at all */
	RESOLVE_NO_ENTRY,   /* is none to Helm: it has no name, ... */
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
