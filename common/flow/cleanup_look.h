/*
 * What is there now of an environment that was judged.  Private to
 * flow/cleanup.
 *
 * Between the judgement and the deletion it may have been renewed, deployed
 * anew or taken over: whatever is deleted after a look, is deleted as it was
 * seen there.  What a look needs is asked for at once, so that it costs a
 * single round trip.
 */
#ifndef COMMON_FLOW_CLEANUP_LOOK_H
#define COMMON_FLOW_CLEANUP_LOOK_H

#include <stdbool.h>

#include "api/namespaces.h"
#include "api/releases.h"
#include "base/attr.h"
#include "base/mem.h"

struct err;
struct estate;
struct inhabitants;
struct kinds;
struct kube;
struct str;
struct strvec;
struct sweep_item;

#define LOOK_OLDER_MAX 32 /* revisions; Helm keeps 10, unless told */

struct look {
	struct arena arena;
	struct namespace_marks marks;
	bool exists;		      /* the namespace */
	bool released;		      /* the release that was judged */
	struct release_query payload; /* of its newest revision */
	const char *changed;	      /* why it must survive, or NULL */
};

/* Look at @item again.  Errors: kube's. */
bool look_again(struct look *look, struct kube *kube,
		const struct sweep_item *item, struct err *err) MUST_CHECK;

/*
 * Add what stands in the namespace of @estate and is none of it, and all
 * releases that are still there.  Errors: kube's.
 */
bool look_for_others(struct look *look, struct kube *kube, struct kinds *kinds,
		     const struct estate *estate, struct inhabitants *found,
		     struct err *err) MUST_CHECK;

/*
 * Where there are volume claims that are none of @estate, to which the newest
 * revision of @item was added, add its older ones: of a StatefulSet that an
 * upgrade removed, the claims stay.  Errors: kube's.
 */
bool look_at_older(struct kube *kube, const struct sweep_item *item,
		   struct estate *estate, struct err *err) MUST_CHECK;

void look_release(struct look *look);

#endif
