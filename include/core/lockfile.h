/*
 * Chart.lock: which versions a chart's dependencies were resolved to.
 *
 * The digest ties the lock to the dependencies in Chart.yaml; `helm
 * dependency build` refuses a lock whose digest does not fit.
 * Source: Helm 4.3.1, internal/resolver/resolver.go (HashReq).
 */
#ifndef CORE_LOCKFILE_H
#define CORE_LOCKFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "core/chart.h"

struct arena;
struct err;
struct str;
struct value;

#define LOCKFILE_DIGEST_SIZE (sizeof("sha256:") + 64)

/* Lives in the arena that it was read into. */
struct lockfile {
	struct chart_dependencies dependencies; /* name, repository, version */
	bool listed; /* the file had a list, even if an empty one */
	const char *digest;
	const char *generated; /* RFC 3339 as Go writes it; NULL = not there */
};

/*
 * Understand what was read from Chart.lock; *@lock is NULL for an empty
 * file.  Errors: INPUT.
 */
bool lockfile_read(const struct value *root, struct arena *arena,
		   struct lockfile **lock, struct err *err) MUST_CHECK;

/*
 * The digest of @wanted (Chart.yaml, each @alias replaced by its address)
 * and @locked: "sha256:" and hex.  Errors: IO (libcrypto).
 */
bool lockfile_digest(const struct chart_dependencies *wanted,
		     const struct chart_dependencies *locked,
		     char digest[LOCKFILE_DIGEST_SIZE], struct err *err)
	MUST_CHECK;

/*
 * Is @lock what @wanted was resolved to?  By its digest, as Helm sees it;
 * @legacy: charts of apiVersion v1 may have the one of Helm 2, which covers
 * @wanted only.  If not, *@difference, which the caller releases, tells what
 * differs.  Errors: IO (libcrypto).
 */
bool lockfile_fits(const struct lockfile *lock,
		   const struct chart_dependencies *wanted, bool legacy,
		   bool *fits, struct str *difference, struct err *err)
	MUST_CHECK;

/*
 * Append the file as Helm writes it, @generated (NULL: as in @lock) being
 * the time of its making.
 */
void lockfile_emit(struct str *out, const struct lockfile *lock,
		   const char *generated);

#endif
