/*
 * What writing and reading have in common: numbers of RFC 1951 (deflate) and
 * RFC 1952 (gzip).
 */
#ifndef COMMON_FORMAT_GZIP_FORMAT_H
#define COMMON_FORMAT_GZIP_FORMAT_H

#include <stddef.h>

#define GZIP_MAGIC  "\x1f\x8b"
#define GZIP_HEADER 10 /* bytes of one without extras */
#define GZIP_METHOD 8

enum gzip_flag {
	GZIP_HEADER_SUM = 0x02,
	GZIP_EXTRA = 0x04,
	GZIP_NAME = 0x08,
	GZIP_COMMENT = 0x10,
	GZIP_UNKNOWN = 0xe0,
};

enum deflate_kind {
	DEFLATE_STORED,
	DEFLATE_FIXED,
	DEFLATE_DYNAMIC,
};

#define DEFLATE_REACH	  32768u /* how far back a match may be */
#define DEFLATE_MATCH_MIN 3
#define DEFLATE_MATCH_MAX 258

/* Literals: bytes, the end of a block, codes of lengths. */
#define DEFLATE_END	      256
#define DEFLATE_LENGTHS	      257
#define DEFLATE_LITERALS      286
#define DEFLATE_LITERALS_CODE 288 /* with two that have a code and no use */
#define DEFLATE_DISTANCES     30
/* The code of DEFLATE_MATCH_MAX, behind DEFLATE_LENGTHS. */
#define DEFLATE_LONGEST 28
/* Codes are a leading bit's place and so many bits behind it. */
#define DEFLATE_LENGTH_MANTISSA	  2
#define DEFLATE_DISTANCE_MANTISSA 1

/* The lengths of codes are packed themselves, with symbols for runs. */
#define DEFLATE_PACKED	      19
#define DEFLATE_PACKED_MIN    4 /* of them are written */
#define DEFLATE_PACKED_LENGTH 7
#define DEFLATE_SAME	      16 /* 3 to 6 times */
#define DEFLATE_ZEROS	      17 /* 3 to 10 */
#define DEFLATE_MANY_ZEROS    18 /* 11 to 138 */

/* The order in which their lengths are written. */
static const unsigned char deflate_packed_order[DEFLATE_PACKED] = {
	16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

#define DEFLATE_FIXED_DISTANCE 5 /* bits of each */

static inline unsigned int deflate_fixed_literal(size_t symbol)
{
	if (symbol < 144)
		return 8;
	if (symbol < 256)
		return 9;
	return symbol < 280 ? 7 : 8;
}

#endif
