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

#include "base/attr.h"

struct chartindex_entries;
struct chartindex_entry;
struct err;

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

#endif
