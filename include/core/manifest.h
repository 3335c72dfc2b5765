/*
 * The objects of a release: what Helm deletes when it uninstalls it.  Pure.
 *
 *	struct manifest manifest = {0};
 *
 *	if (!manifest_read(&manifest, text, len, &arena, err))
 *		return false;
 *	for (size_t i = 0; i < manifest.count; i++)
 *		... manifest.objects[i].kind ...
 */
#ifndef CORE_MANIFEST_H
#define CORE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct arena;
struct err;
struct value;

#define MANIFEST_OBJECTS_MAX 100000

struct manifest_object {
	const char *api;       /* "apps/v1" */
	const char *kind;      /* "Deployment" */
	const char *namespace; /* NULL: the release's, or none */
	const char *name;
	bool kept; /* by helm.sh/resource-policy: Helm leaves it */
	bool hook; /* Helm makes it in order to run it */
};

/*
 * What a StatefulSet claims for each of its pods, and leaves behind.
 * Source: Kubernetes pkg/controller/statefulset, getPersistentVolumeClaims():
 * the name ends in the pod's ordinal, the labels are those of the selector.
 */
struct manifest_claim {
	const char *namespace;	    /* NULL: the release's */
	const char *prefix;	    /* "data-db-" of template data and set db */
	const struct value *labels; /* a map of texts */
};

/* What Helm makes at any event, and may leave behind. */
struct manifest_hook {
	const char *kind;
	const char *name;
};

/* All in an arena. */
struct manifest {
	struct manifest_object *objects;
	size_t count;
	size_t capacity;
	struct manifest_claim *claims;
	size_t claim_count;
	size_t claim_capacity;
	struct manifest_hook *hooks;
	size_t hook_count;
	size_t hook_capacity;
};

/*
 * Read what Helm works on when it uninstalls @release, a release as it is
 * stored: its manifest, and its hooks before and after deletion; of all hooks
 * what they are called.
 * Errors: as manifest_read().
 */
bool manifest_of_release(struct manifest *manifest, const struct value *release,
			 struct arena *arena, struct err *err) MUST_CHECK;

/*
 * Read the documents of @text, those within lists ("kind: ConfigMapList")
 * too; one without apiVersion, kind and name is no object.
 * Errors: INPUT (no YAML; more than MANIFEST_OBJECTS_MAX), without a line of
 * @text, which may hold Secrets.
 */
bool manifest_read(struct manifest *manifest, const char *text, size_t len,
		   struct arena *arena, struct err *err) MUST_CHECK;

#endif
