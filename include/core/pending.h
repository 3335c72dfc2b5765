/*
 * Waiting entries: what a publisher leaves behind who lost the race for a
 * repository's index, so that whoever wins it next enters his charts too.
 *
 * One is a small JSON object under PENDING_PREFIX of the repository:
 *
 *	{"schema": 1, "charts": [{"name": "web", "version": "1.4.0",
 *	 "digest": "<sha256 of the archive>", "created": "<RFC 3339>"}]}
 *
 * Its name is the SHA-256 of its bytes, so that it can be created twice and
 * a part of one is told from a whole.  It says only which archives wait: what
 * enters the index is made from the archive itself, after its digest was
 * compared.  Anyone who may write there could have left it: it is hostile
 * until parsed.
 *
 * And whose turn it is to enter those that wait: the one who has waited
 * longest; the others leave him time for it, and take his place if he is
 * gone.
 */
#ifndef CORE_PENDING_H
#define CORE_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct arena;
struct err;
struct str;

#define PENDING_PREFIX	   ".slipway/pending/"
#define PENDING_SIZE_MAX   ((size_t)1 << 20) /* bytes of one */
#define PENDING_CHARTS_MAX 1000		     /* in one */
#define PENDING_MERGED_MAX 1000		     /* that one merge takes */

#define PENDING_ROUND_MIN_MS	100
#define PENDING_PATIENCE_MAX_MS 20000

struct pending_chart {
	const char *name;
	const char *version;
	const char *digest;  /* bare lower-case hex */
	const char *created; /* RFC 3339 */
};

struct pending {
	struct pending_chart *charts;
	size_t count;
};

void pending_print(struct str *out, const struct pending *pending);

/* Append the name of an object of these bytes.  Errors: IO (libcrypto). */
bool pending_add_name(struct str *out, const char *text, size_t len,
		      struct err *err) MUST_CHECK;

/*
 * Read what lies under @name (without the prefix) into @arena.
 * Errors: INPUT: not the bytes of that name; not of the form above, or of a
 * later schema; a name or version that is none, see chartindex_is_name(); a
 * ceiling passed.
 */
bool pending_parse(struct pending *pending, const char *text, size_t len,
		   const char *name, struct arena *arena, struct err *err)
	MUST_CHECK;

/* A waiting object as the store lists it. */
struct pending_place {
	const char *key;
	int64_t modified_s;
};

/*
 * How many wait for longer than @own: by the store's time, then by key.  All
 * of them do if @own is not listed.
 */
size_t pending_rank(const struct pending_place *places, size_t count,
		    const char *own);

/*
 * How long the publisher of @rank leaves the merging to those before him,
 * where writing the index once takes @round_ms.
 */
int64_t pending_patience_ms(size_t rank, int64_t round_ms);

#endif
