/*
 * Objects of the cluster as values, for decisions that see no JSON.
 */
#ifndef API_OBJECTS_H
#define API_OBJECTS_H

#include <stdbool.h>

#include "base/attr.h"

struct arena;
struct err;
struct kube;
struct value;

/* A kind, and where it is listed. */
struct objects_kind {
	const char *kind;
	const char *api;
	const char *resource;
	const char *field_selector; /* NULL = all of them */
};

enum objects_care {
	OBJECTS_CURRENT,
	OBJECTS_CACHED,	    /* see struct kube_list */
	OBJECTS_IN_PASSING, /* cached, and nothing is tried again */
};

/*
 * Add those in @namespace to the list @into, each with its "kind", which the
 * items of a list do not say themselves.
 * Errors: kube's; then @into is as it was.
 */
bool objects_list(struct kube *kube, const char *namespace,
		  const struct objects_kind *kind, enum objects_care care,
		  struct arena *arena, struct value *into, struct err *err)
	MUST_CHECK;

/* One of them by name; *@object is NULL if there is none. */
bool objects_get(struct kube *kube, const char *namespace,
		 const struct objects_kind *kind, const char *name,
		 struct arena *arena, const struct value **object,
		 struct err *err) MUST_CHECK;

#endif
