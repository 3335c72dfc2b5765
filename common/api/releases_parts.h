/*
 * What the files of api/releases share:
 *
 *	releases.c	the Secrets in which Helm keeps revisions
 *	releases_head.c which of a release is the newest
 */
#ifndef COMMON_API_RELEASES_PARTS_H
#define COMMON_API_RELEASES_PARTS_H

#include <jansson.h>
#include <stdint.h>

#include "api/kube.h"

struct arena;

#define LABEL_EXPIRES_AT "slipway/expires-at"

extern const struct kube_ref releases_secrets; /* in any namespace */

/* Of a Secret, in @arena; NULL: it has none.  A key may hold dots. */
const char *releases_copy_text(struct arena *arena, const json_t *object,
			       const char *path);
const char *releases_copy_label(struct arena *arena, const json_t *object,
				const char *key);

/* Of an object: seconds since the epoch, 0 if that is not known. */
int64_t releases_created_at(const json_t *object);

#endif
