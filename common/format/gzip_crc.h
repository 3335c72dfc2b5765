/*
 * The checksum of gzip (RFC 1952, 8), several times as fast as zlib's where
 * the processor multiplies without carries.  It needs no zlib: nor does who
 * only compresses.
 *
 *	uint32_t sum = gzip_crc(0, bytes, len);
 *
 * Source: V. Gopal and others, "Fast CRC Computation for Generic Polynomials
 * Using PCLMULQDQ Instruction", Intel, 2009.
 */
#ifndef COMMON_FORMAT_GZIP_CRC_H
#define COMMON_FORMAT_GZIP_CRC_H

#include <stddef.h>
#include <stdint.h>

/* The sum of what @sum is of, 0 = of nothing, and of @bytes behind it. */
uint32_t gzip_crc(uint32_t sum, const void *bytes, size_t len);

#endif
