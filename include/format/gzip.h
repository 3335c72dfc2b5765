/*
 * gzip (RFC 1952): compressed as Go's compress/gzip does it, byte for byte;
 * expanded by zlib, whose facade this is.
 *
 * Bytes of other compressors differ: what comes from elsewhere is compared
 * expanded.
 */
#ifndef FORMAT_GZIP_H
#define FORMAT_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct err;
struct str;

#define GZIP_EXPANSION_MAX 1032 /* bytes that deflate can make of one */

/* What goes into the header; all-zero gives a plain one. */
struct gzip_header {
	const void *extra; /* FEXTRA bytes */
	size_t extra_len;
	const char *comment; /* FCOMMENT */
};

/*
 * Append @bytes, compressed at Go's default level, to @out: the same on every
 * machine.  MTIME 0, XFL 0, OS 255.
 */
void gzip_compress(struct str *out, const void *bytes, size_t len,
		   const struct gzip_header *header);

/*
 * The same in pieces, for what need not be in memory as a whole:
 *
 *	CLEANUP(gzip_release) struct gzip gzip = {0};
 *
 *	gzip_start(&gzip, &out, &header);
 *	gzip_add(&gzip, piece, len);
 *	...
 *	gzip_end(&gzip);
 *
 * The result does not depend on how it is cut.
 */
struct gzip {
	struct gzip_state *state; /* private */
};

void gzip_start(struct gzip *gzip, struct str *out,
		const struct gzip_header *header);
void gzip_add(struct gzip *gzip, const void *bytes, size_t len);
void gzip_end(struct gzip *gzip);
void gzip_release(struct gzip *gzip);

/*
 * Append what @bytes hold, at most @limit bytes, to @out; several members
 * one after the other are one stream.
 * Errors: INPUT (no gzip, damaged, cut off, over @limit).
 */
bool gzip_expand(struct str *out, const void *bytes, size_t len, size_t limit,
		 struct err *err) MUST_CHECK;

/*
 * The same, handed to @sink part by part, so that nothing is held.  It may end
 * the matter with an error of its own, or, where it sets *@enough, with the
 * member that the part is of: what follows that need not be gzip.
 */
typedef bool gzip_sink_fn(void *context, const char *part, size_t part_len,
			  bool *enough, struct err *err);

bool gzip_each(const void *bytes, size_t len, size_t limit, gzip_sink_fn *sink,
	       void *context, struct err *err) MUST_CHECK;

#endif
