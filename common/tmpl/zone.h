/*
 * Time zones: Go's time.Location, from the system's tz database.
 *
 * A zone is what LoadLocation finds under an IANA name in the folders where
 * Go looks; NULL is UTC.  What the folders hold is checked like anything
 * from outside.
 *
 * Source: Go's time/zoneinfo*.go; RFC 9636 (TZif).
 */
#ifndef TMPL_ZONE_H
#define TMPL_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/map.h"
#include "base/mem.h"

#define ZONE_FILE_MAX ((size_t)1 << 20) /* bytes of a zone's file */
#define ZONES_MAX     100		/* zones that are kept at once */

struct zone;

/* What is in force from @start to before @end. */
struct zone_span {
	const char *name; /* the abbreviation, borrowed from the zone */
	int offset;	  /* seconds east of UTC */
	bool dst;
	int64_t start, end;
};

void zone_lookup(const struct zone *zone, int64_t seconds,
		 struct zone_span *span);

/*
 * The offset of the abbreviation @name, at @seconds if it is in force then
 * (what the clock shows, taken as UTC).  False: the zone has no such name.
 */
bool zone_lookup_name(const struct zone *zone, const char *name,
		      int64_t seconds, int *offset) MUST_CHECK;

/* Is it what zones_local() gave? */
bool zone_is_local(const struct zone *zone);

/* What Location.String gives: "UTC", "Europe/Berlin". */
const char *zone_name(const struct zone *zone);

/* One offset for ever, all of it in @arena. */
const struct zone *zone_new_fixed(struct arena *arena, const char *name,
				  size_t len, int offset);

/* Would Go's FixedZone give one and the same for both? */
bool zone_is_same(const struct zone *a, const struct zone *b);

/* The same for good: the very zone, or both fixed alike. */
bool zone_is_alike(const struct zone *a, const struct zone *b);

/* A TZif file of @len bytes as the zone @name in @arena; NULL: it is none. */
struct zone *zone_parse(struct arena *arena, const char *name,
			const char *bytes, size_t len);

/* All-zero is empty. */
struct zones {
	struct arena arena; /* of those in @loaded */
	struct map loaded;  /* name -> struct zone */
	struct arena local_arena;
	const struct zone *local;
};

/*
 * The zone @name of @len bytes: a name of the tz database, "UTC" or "".
 * It stays until the next one is asked for.
 * False: there is none of that name.
 */
bool zones_find(struct zones *zones, const char *name, size_t len,
		const struct zone **zone) MUST_CHECK;

/*
 * The local zone for the TZ variable @tz (NULL = unset), never NULL: a name,
 * or a path behind a slash, with or without a colon before it.  What is unset
 * or unknown is UTC.
 */
const struct zone *zones_local(struct zones *zones, const char *tz);

void zones_release(struct zones *zones);

#endif
