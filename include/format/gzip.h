/*
 * gzip (RFC 1952); the zlib facade.
 *
 * Bytes of one compressor differ from those of another, and between releases
 * of the same: what must be equal everywhere is compared expanded.
 */
#ifndef FORMAT_GZIP_H
#define FORMAT_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct err;
struct str;

/* What goes into the header; all-zero gives a plain one. */
struct gzip_header {
	const void *extra; /* FEXTRA bytes */
	size_t extra_len;
	const char *comment; /* FCOMMENT */
};

/*
 * Append @bytes, compressed at zlib's default level, to @out.  Deterministic
 * for one zlib: MTIME 0, XFL 0, OS 255, as Go writes them.  Errors: IO.
 */
bool gzip_compress(struct str *out, const void *bytes, size_t len,
		   const struct gzip_header *header, struct err *err)
	MUST_CHECK;

/*
 * The same in pieces, for what need not be in memory as a whole:
 *
 *	CLEANUP(gzip_release) struct gzip gzip = {0};
 *
 *	if (!gzip_start(&gzip, out, &header, err) ||
 *	    !gzip_add(&gzip, piece, len, err) || ... !gzip_end(&gzip, err))
 *
 * The result does not depend on how it is cut.  After a failure @out holds a
 * part of it.  Errors: IO.
 */
struct gzip {
	struct gzip_state *state; /* private */
};

bool gzip_start(struct gzip *gzip, struct str *out,
		const struct gzip_header *header, struct err *err) MUST_CHECK;
bool gzip_add(struct gzip *gzip, const void *bytes, size_t len, struct err *err)
	MUST_CHECK;
bool gzip_end(struct gzip *gzip, struct err *err) MUST_CHECK;
void gzip_release(struct gzip *gzip);

/*
 * Append what @bytes hold, at most @limit bytes, to @out; several members
 * one after the other are one stream.
 * Errors: INPUT (no gzip, damaged, cut off, over @limit).
 */
bool gzip_expand(struct str *out, const void *bytes, size_t len, size_t limit,
		 struct err *err) MUST_CHECK;

/*
 * The same, handed to @sink part by part, so that nothing is held; it may end
 * the matter with an error of its own.
 */
bool gzip_each(const void *bytes, size_t len, size_t limit,
	       bool (*sink)(void *context, const char *part, size_t part_len,
			    struct err *err),
	       void *context, struct err *err) MUST_CHECK;

#endif
