/*
 * How large a release will be for Helm, which keeps each in a Secret of at
 * most 1 MiB: what the cluster refuses is known before it is asked.
 *
 * Helm stores base64(gzip(JSON)) of the rendered manifest, the values, and
 * the umbrella's own templates and files, these in base64; of subcharts only
 * what they add to manifest and values.  Templates stand in for what they
 * render to: this is an estimate.  What comes is held until it is more than
 * RELEASESIZE_HELD_MAX, and then only what it packs to is known.
 * Source: Helm 4.3.1, pkg/storage/driver/util.go (encodeRelease),
 * pkg/release/v1; Kubernetes, MaxSecretSize.
 */
#ifndef CORE_RELEASESIZE_H
#define CORE_RELEASESIZE_H

#include <stddef.h>

#include "base/str.h"

#define RELEASESIZE_MAX	     ((size_t)1 << 20) /* of a Secret */
#define RELEASESIZE_NAMED    3		       /* files that a warning names */
#define RELEASESIZE_HELD_MAX ((size_t)8 << 20)

struct releasesize_item {
	char *name;
	size_t start; /* in the payload */
	size_t len;
	size_t packed; /* 0 = still held */
};

struct releasesize {
	struct str payload;
	size_t packed;	/* what was held before */
	size_t settled; /* items of it */
	struct releasesize_item *items;
	size_t count;
	size_t capacity;
};

/* A file that is stored as it is, in base64. */
void releasesize_add_file(struct releasesize *size, const char *name,
			  const char *bytes, size_t len);

/* Text of the manifest or of the values. */
void releasesize_add_text(struct releasesize *size, const char *name,
			  const char *bytes, size_t len);

/*
 * Estimate the bytes of the Secret.  If they are more than RELEASESIZE_MAX,
 * @largest gets what adds most: "files/a.bin (700 KiB), ...".
 */
size_t releasesize_estimate(const struct releasesize *size,
			    struct str *largest);

void releasesize_release(struct releasesize *size);

#endif
