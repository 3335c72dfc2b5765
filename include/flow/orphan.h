/*
 * Whose Helm left a release pending: a run's of ours, which is gone if nobody
 * holds the Lease of the environment (flow/envlock), or somebody else's, of
 * which nobody knows whether it is at work still.
 */
#ifndef FLOW_ORPHAN_H
#define FLOW_ORPHAN_H

#include <stdbool.h>

#include "base/attr.h"

struct err;
struct kube;
struct release_head;

/*
 * Was @head, the newest revision of @release in @namespace, made by a run of
 * ours?
 * Its label says so, or of a rollback the namespace's mark (core/rollback).
 * Errors: kube's.
 */
bool orphan_check(struct kube *kube, const char *namespace, const char *release,
		  const struct release_head *head, bool *orphan,
		  struct err *err) MUST_CHECK;

#endif
