/*
 * What is put into an environment's namespace before Helm runs: secrets from
 * elsewhere (to pull images), and manifests (quota, service mesh).
 *
 * It is read and judged before anything is changed.
 */
#ifndef FLOW_PREPARATION_H
#define FLOW_PREPARATION_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/strvec.h"

struct err;
struct kube;
struct value;

#define PREPARATION_FILE_MAX	((size_t)4 << 20)
#define PREPARATION_OBJECTS_MAX 1000

/* What the user may set; all-zero: nothing. */
struct preparation_args {
	struct strvec labels;	 /* KEY=VALUE, of the namespace */
	struct strvec secrets;	 /* NAMESPACE/NAME */
	struct strvec manifests; /* files */
};

struct preparation {
	struct arena arena;
	const struct preparation_args *args; /* borrowed */
	struct value *objects;		     /* list */
};

/*
 * Read what @args name, for @namespace (NULL: for any).  Errors: USAGE (a
 * label or secret of another form, a label of ours, a secret of Helm's), INPUT
 * with the place (no manifest; of another namespace; a secret of Helm's, the
 * Lease of flow/envlock).
 */
bool preparation_read(struct preparation *preparation,
		      const struct preparation_args *args,
		      const char *namespace, struct err *err) MUST_CHECK;

/* Secrets first.  Errors: those of api/manifests. */
bool preparation_run(const struct preparation *preparation, struct kube *kube,
		     const char *namespace, struct err *err) MUST_CHECK;

/*
 * Let the server judge all that, and keep nothing.  Where @namespace does not
 * exist yet: only see that the secrets to copy and the kinds are there.
 * Errors: the same.
 */
bool preparation_rehearse(const struct preparation *preparation,
			  struct kube *kube, const char *namespace, bool exists,
			  struct err *err) MUST_CHECK;

/*
 * Add to @missing a line for each right that it takes and we do not have in
 * @namespace (NULL: in all), as kube_find_missing_rights() does.
 * Errors: INPUT (a kind that the cluster does not know), and kube's.
 */
bool preparation_find_missing_rights(const struct preparation *preparation,
				     struct kube *kube, const char *namespace,
				     struct strvec *missing, struct err *err)
	MUST_CHECK;

void preparation_release(struct preparation *preparation);

#endif
