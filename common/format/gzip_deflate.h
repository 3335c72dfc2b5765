/*
 * Deflate (RFC 1951), byte for byte as Go's compress/flate compresses at its
 * default level: packages are then the same on machines whose zlib differs,
 * and the same as Helm's.
 *
 *	struct gzip_deflate *deflate = deflate_new(&out);
 *
 *	deflate_add(deflate, bytes, len);
 *	deflate_finish(deflate);
 *	deflate_free(deflate);
 *
 * The result does not depend on how the input is cut; it is Go's for the same
 * bytes in one Write().  (Of several Go may move its window on a little
 * earlier, and miss a match that is all but out of reach.)
 *
 * Takes 400 KB while it lives.  Adding never fails; @out has its ceiling.
 *
 * Source: Go 1.26, compress/flate (deflate.go), level 6.
 */
#ifndef COMMON_FORMAT_GZIP_DEFLATE_H
#define COMMON_FORMAT_GZIP_DEFLATE_H

#include <stddef.h>

struct gzip_deflate;
struct str;

/* @out is borrowed until deflate_finish(). */
struct gzip_deflate *deflate_new(struct str *out);
void deflate_add(struct gzip_deflate *deflate, const void *bytes, size_t len);
/* Once, at the end. */
void deflate_finish(struct gzip_deflate *deflate);
void deflate_free(struct gzip_deflate *deflate);

#endif
