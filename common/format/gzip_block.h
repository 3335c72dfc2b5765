/*
 * Blocks of a deflate stream (RFC 1951), bit by bit.
 *
 * Each block is written in the shortest of the three forms: with codes of its
 * own, with the fixed ones, as it is; to the bit as Go's compress/flate does.
 *
 * Source: RFC 1951, 3.2; Go 1.26, compress/flate (huffman_bit_writer.go), for
 * the choice, how lengths of codes are packed, and how a stream ends.
 */
#ifndef COMMON_FORMAT_GZIP_BLOCK_H
#define COMMON_FORMAT_GZIP_BLOCK_H

#include <stddef.h>
#include <stdint.h>

struct str;

#define BLOCK_TOKENS_MAX  16384
#define BLOCK_STORED_MAX  UINT16_MAX
#define MATCH_LENGTH_BASE 3

/* A byte, or a match: MATCH, length - MATCH_LENGTH_BASE, distance - 1. */
#define TOKEN_MATCH	   ((uint32_t)1 << 31)
#define TOKEN_LENGTH_SHIFT 16

/* Bits on their way to @out. */
struct block_bits {
	struct str *out;
	uint64_t waiting;
	unsigned int count; /* of the bits that wait */
	size_t filled;
	unsigned char buffer[256];
};

/*
 * Write at most BLOCK_TOKENS_MAX @tokens as one block; @bytes is what they
 * stand for, NULL where that is not known: then it is not written as it is.
 */
void block_write(struct block_bits *bits, const uint32_t *tokens, size_t count,
		 const void *bytes, size_t len);

/* End the stream, by a block that holds nothing, and hand over all bits. */
void block_end(struct block_bits *bits);

#endif
