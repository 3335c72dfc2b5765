/*
 * Objects of any kind, made to be as a manifest says (server-side apply, as
 * the field manager "slipway"): what others wrote into them stays, but for
 * the fields that the manifest names.
 *
 * Source: Kubernetes, "Server-Side Apply", "API Concepts" (discovery).
 */
#ifndef API_MANIFESTS_H
#define API_MANIFESTS_H

#include <stdbool.h>

#include "base/attr.h"

struct err;
struct kind;
struct kinds;
struct kube;
struct value;

#define MANIFESTS_FIELD_MANAGER "slipway"

/*
 * *@kind is what the cluster has for @object, which has apiVersion, kind and
 * metadata.name; borrowed from @kinds.
 * Errors: INPUT (a kind that the cluster does not know, or that is in no
 * namespace), and kube's.
 */
bool manifest_find_kind(struct kube *kube, struct kinds *kinds,
			const struct value *object, const struct kind **kind,
			struct err *err) MUST_CHECK;

/* Apply such an object to @namespace.  Errors: the same. */
bool manifest_apply(struct kube *kube, struct kinds *kinds,
		    const char *namespace, const struct value *object,
		    struct err *err) MUST_CHECK;

/*
 * Is there that secret to copy, and may we read it?  Errors: NOT_FOUND, with a
 * hint, and kube's.
 */
bool manifest_check_secret(struct kube *kube, const char *namespace,
			   const char *name, struct err *err) MUST_CHECK;

/*
 * Make the Secret @name of @namespace also be in @target.
 * Errors: NOT_FOUND (there is none), and kube's.
 */
bool manifest_copy_secret(struct kube *kube, const char *namespace,
			  const char *name, const char *target, struct err *err)
	MUST_CHECK;

#endif
