/*
 * What a kind of objects is called in the paths of the Kubernetes API, as the
 * server itself tells it (discovery): Ingress of networking.k8s.io/v1 is
 * "ingresses", within a namespace.
 *
 * Each version of a group is asked for once.
 */
#ifndef API_KINDS_H
#define API_KINDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/map.h"
#include "base/mem.h"

struct err;
struct kube;
struct manifest_object;

/* All-zero: nothing is known yet. */
struct kinds {
	struct arena arena;
	struct map apis; /* those that were asked for */
	struct map known;
};

struct kind {
	const char *group; /* "" is the core's */
	const char *resource;
	bool namespaced;
};

/*
 * *@found is borrowed from @kinds, NULL if the server knows no such kind.
 * Errors: those of kube_get().
 */
bool kinds_find(struct kinds *kinds, struct kube *kube, const char *api,
		const char *kind, const struct kind **found, struct err *err)
	MUST_CHECK;

/* An object of a kind; all but @finalizers is the asker's. */
struct kind_object {
	const struct manifest_object *object;
	const struct kind *kind;
	const char *namespace;	/* NULL where @kind has none */
	const char *finalizers; /* "a, b", or NULL */
};

/*
 * Set the finalizers of those of @objects that are being deleted and wait for
 * them, in @arena; all are asked for at once.
 * Errors: those of kube_list_all(); what was told before is set all the same.
 */
bool kinds_find_finalizers(struct kube *kube, struct kind_object *objects,
			   size_t count, struct arena *arena, struct err *err)
	MUST_CHECK;

/*
 * Where an object of @kind is that names the namespace @own, or none, in
 * something that is in @otherwise: NULL where @kind has no namespaces.
 */
const char *kind_place(const struct kind *kind, const char *own,
		       const char *otherwise);

void kinds_release(struct kinds *kinds);

#endif
