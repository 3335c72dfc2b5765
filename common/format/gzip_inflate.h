/*
 * Inflate (RFC 1951), of input that is there as a whole.  Hostile input comes
 * to an end: each round takes bits or gives bytes.
 *
 *	struct gzip_inflate inflate;
 *	size_t at = 0;
 *
 *	inflate_start(&inflate, bytes, len);
 *	while (!inflate.ended) {
 *		... make room behind out[at], keep DEFLATE_REACH before it
 *		if (!inflate_run(&inflate, out, &at, size))
 *			return inflate.fault;
 *	}
 *
 * Source: RFC 1951; what is refused is what zlib 1.2.13 refuses.
 */
#ifndef COMMON_FORMAT_GZIP_INFLATE_H
#define COMMON_FORMAT_GZIP_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/gzip_format.h"

/* With less room inflate_run() stops: a match, and bytes behind it. */
#define INFLATE_ROOM ((size_t)DEFLATE_MATCH_MAX + 16)

#define INFLATE_FAST_MAX 10

/* What a code stands for. */
struct inflate_entry {
	uint16_t value; /* byte, or base of a length or distance */
	uint8_t kind;	/* a match: how many bits are added to the base */
	uint8_t len;	/* of the code; 0: longer than the table is wide */
};

/* Private. */
struct inflate_code {
	struct inflate_entry fast[1 << INFLATE_FAST_MAX];
	uint16_t of_length[16];
	uint16_t sorted[DEFLATE_LITERALS_CODE]; /* by length, then number */
	bool for_distances;
	unsigned int fast_bits;
};

/* Private. */
struct inflate_input {
	const unsigned char *next;
	const unsigned char *end;
	uint64_t bits;
	unsigned int count;   /* of the bits that are there */
	unsigned int missing; /* bytes behind the end that count as zeros */
};

/* Private, but for the first two. */
struct gzip_inflate {
	bool ended;
	const char *fault; /* of what failed; NULL = cut off */
	struct inflate_input in;
	bool in_block;
	bool last_block;
	bool stored;
	size_t stored_left;
	struct inflate_code literals;
	struct inflate_code distances;
};

/* @bytes are borrowed until the end. */
void inflate_start(struct gzip_inflate *inflate, const void *bytes, size_t len);

/*
 * Expand to @out[*@at], up to its end or until less than INFLATE_ROOM of @size
 * bytes is left.  What is before *@at, the last DEFLATE_REACH bytes at least,
 * is what was expanded before.
 */
bool inflate_run(struct gzip_inflate *inflate, unsigned char *out, size_t *at,
		 size_t size) MUST_CHECK;

/* What follows the compressed bytes, once they have ended. */
const unsigned char *inflate_rest(const struct gzip_inflate *inflate);

#endif
