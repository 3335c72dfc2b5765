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
struct kube;
struct str;
struct sweep_item;

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
 * Append what stands in the namespace of @item that is none of its own, with
 * commas; nothing if all is.  Errors: kube's.
 */
bool look_for_others(struct look *look, struct kube *kube,
		     const struct sweep_item *item, struct str *others,
		     struct err *err) MUST_CHECK;

void look_release(struct look *look);

#endif
