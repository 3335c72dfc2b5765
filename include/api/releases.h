/*
 * Helm's releases as they are stored in the cluster: one Secret a revision.
 *
 * Only metadata is read where the labels tell enough; the payload (chart,
 * values, manifest) is decoded within a bound.
 * Source: Helm 4 pkg/storage/driver (labels owner, name, version, status;
 * base64 of gzip of JSON) and pkg/release/v1.
 */
#ifndef API_RELEASES_H
#define API_RELEASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct arena;
struct err;
struct kube;
struct sweep_world;
struct value;

#define RELEASES_PAYLOAD_MAX ((size_t)64 << 20) /* un-gzipped */

/*
 * Add every revision that a deployment of ours marked, in @namespace (NULL:
 * all), to @world->releases.  Strings live in @arena.
 */
bool releases_find_marked(struct kube *kube, const char *namespace,
			  struct arena *arena, struct sweep_world *world,
			  struct err *err) MUST_CHECK;

/*
 * Add the revisions of all releases in @namespace, or of the one called
 * @name (NULL: all), marked or not, to @world->releases.
 */
bool releases_find(struct kube *kube, const char *namespace, const char *name,
		   struct arena *arena, struct sweep_world *world,
		   struct err *err) MUST_CHECK;

/*
 * The highest revision number of a release and its status, 0 if there is
 * none.  *@status lives in @arena.
 */
bool releases_read_latest(struct kube *kube, const char *namespace,
			  const char *name, struct arena *arena,
			  int64_t *revision, const char **status,
			  struct err *err) MUST_CHECK;

/*
 * The payload of one revision as a map (name, info, chart, config, manifest,
 * version), NULL if there is no such revision.
 * Errors: REMOTE (damaged, over RELEASES_PAYLOAD_MAX), and kube's.
 */
bool releases_read_payload(struct kube *kube, const char *namespace,
			   const char *name, int64_t revision,
			   struct arena *arena, const struct value **payload,
			   struct err *err) MUST_CHECK;

/*
 * Set the label slipway/expires-at of one revision.
 * Errors: also NOT_FOUND.
 */
bool releases_set_expiry(struct kube *kube, const char *namespace,
			 const char *name, int64_t revision,
			 const char *expires_at, struct err *err) MUST_CHECK;

#endif
