/*
 * Leases (coordination.k8s.io/v1): who holds a thing, renewed while he lives.
 *
 * Every write names the version that it is based on, or what it has to find,
 * so that of two who write only one does.
 * Source: Kubernetes API reference, "Lease"; client-go tools/leaderelection.
 */
#ifndef API_LEASES_H
#define API_LEASES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct arena;
struct err;
struct kube;

/* Strings live in the arena given, or are borrowed; NULL = absent. */
struct lease_record {
	const char *resource_version;
	const char *holder; /* absent: nobody */
	/*
	 * Annotations; absent when it is written, they stay.  slipway/owner,
	 * see core/owner.h: who holds it, or held it last; slipway/estate, see
	 * core/estate.h: what the releases in its namespace leave behind.
	 */
	const char *owner;
	const char *estate;
	int64_t renewed; /* seconds since the epoch, 0 = unknown */
	int64_t duration_s;
};

/* *@found tells whether there is one of that name. */
bool lease_read(struct kube *kube, const char *namespace, const char *name,
		struct arena *arena, struct lease_record *record, bool *found,
		struct err *err) MUST_CHECK;

/*
 * *@existed: there was one, nothing was changed.  Else *@version is that of
 * the new one; the caller frees it.
 */
bool lease_create(struct kube *kube, const char *namespace, const char *name,
		  const struct lease_record *record, char **version,
		  bool *existed, struct err *err) MUST_CHECK;

/*
 * Make it say what @record does, if its version is still that of @record;
 * *@version is then the new one, which the caller frees.
 * A holder that is absent is taken away.
 * Errors: CONFLICT (it changed since), NOT_FOUND (it, or its namespace, is
 * gone).
 */
bool lease_write(struct kube *kube, const char *namespace, const char *name,
		 const struct lease_record *record, char **version,
		 struct err *err) MUST_CHECK;

/*
 * The same in one request of a lease that nobody holds, whatever its version;
 * and *@estate, in @arena, is what it says of that.  *@version is NULL, and
 * nothing was changed, if there is none (not *@found), or one that is held,
 * that others write to just then, or that does not look as we leave it.
 */
bool lease_take_free(struct kube *kube, const char *namespace, const char *name,
		     const struct lease_record *record, struct arena *arena,
		     char **version, const char **estate, bool *found,
		     struct err *err) MUST_CHECK;

#endif
