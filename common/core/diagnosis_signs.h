/*
 * The decision table of core/diagnosis: from the cluster's words to a cause.
 */
#ifndef CORE_DIAGNOSIS_SIGNS_H
#define CORE_DIAGNOSIS_SIGNS_H

#include <stdbool.h>

#include "core/diagnosis.h"

/* Where the words stand. */
enum sign_place {
	SIGN_WAITING,	 /* state.waiting of a container */
	SIGN_TERMINATED, /* state.terminated, or lastState.terminated */
	SIGN_UNSCHEDULED,
	SIGN_POD_EVENT,	 /* a warning about a pod */
	SIGN_POD_FAILED, /* status.reason of a pod that failed */
	SIGN_CREATION,	 /* what a controller could not create */
	SIGN_CLAIM,	 /* a warning about a volume claim */
	SIGN_GIVEN_UP,	 /* a condition of a Deployment or Job */
};

struct sign {
	enum sign_place place;
	const char *reason; /* NULL: any */
	const char *words;  /* within the message, as they are; NULL: any */
	enum diagnosis_cause cause;
	bool lasting; /* waiting does not cure it */
	const char *cure;
};

/* The first row that fits, or NULL. */
const struct sign *sign_find(enum sign_place place, const char *reason,
			     const char *message);

#endif
