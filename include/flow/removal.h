/*
 * What stands in the way of removing a release by Helm: rights that are
 * missing and objects that another has taken over, found before Helm runs, and
 * finalizers that nobody serves, found after.
 *
 * Helm 4 leaves behind what it may not get, forgets the release all the
 * same and exits with 0, or fails when all is deleted, as it may not watch
 * that; so nothing is begun without the rights.  Helm 3 deletes what bears the
 * marks of another release; Helm 4 leaves that, and forgets the release.
 */
#ifndef FLOW_REMOVAL_H
#define FLOW_REMOVAL_H

#include <stdbool.h>

#include "api/kinds.h"
#include "base/attr.h"
#include "base/map.h"

struct arena;
struct err;
struct estate;
struct kube;
struct manifest;
struct release_query;
struct str;

#define REMOVAL_HELD_MAX  5 /* objects that are named */
#define REMOVAL_NAMED_MAX 5 /* of others; more are counted */

/* What was learnt of the cluster; serves any number of releases. */
struct removal {
	struct kube *kube;
	struct kinds kinds;
	struct map rights; /* "verb group/resource namespace" */
};

/*
 * What Helm will delete, read from @payload, the answer for the release's
 * newest revision; *@found is false if that is gone.
 * Errors: REMOTE (damaged, or larger than RELEASES_PAYLOAD_MAX, which would
 * cost Helm too much too).
 */
bool removal_read(const struct release_query *payload, struct arena *arena,
		  struct manifest *manifest, bool *found, struct err *err)
	MUST_CHECK;

/*
 * May we get, list, watch and delete all of @manifest, and make its hooks?
 * And is all that is there of it marked as of @release in @namespace?
 *
 * Which rights are not known yet is asked at once, and first for the whole
 * cluster, so that most releases need no question; each object is asked for by
 * its name.  Errors: DENIED, naming each right that is missing; CONFLICT,
 * naming what is not the release's; kube's.
 */
bool removal_check(struct removal *removal, const char *namespace,
		   const char *release, const struct manifest *manifest,
		   struct err *err) MUST_CHECK;

/*
 * Append what of @manifest is on its way out but held, and by which
 * finalizers; nothing where that cannot be found out.  Add it to @estate.
 */
void removal_find_held(struct removal *removal, const char *namespace,
		       const struct manifest *manifest, struct estate *estate,
		       struct str *held);

/* The same of what was found so before, and is in @estate by now. */
void removal_find_still_held(struct removal *removal,
			     const struct estate *estate, struct str *held);

void removal_release(struct removal *removal);

#endif
