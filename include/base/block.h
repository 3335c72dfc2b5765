/*
 * Bytes that are compared 16 at a time, for texts of many megabytes:
 *
 *	while (end - at >= BLOCK_SIZE && taken == BLOCK_SIZE) {
 *		block bytes = block_load(at);
 *
 *		taken = block_first((bytes == '"') | (bytes == '\\'));
 *		at += taken;
 *	}
 *
 * A comparison gives a block whose bytes are -1 where it is true, else 0.
 * Bytes are signed: those beyond ASCII are below 0.  The compiler makes it
 * what the machine has for so many bytes.
 */
#ifndef BASE_BLOCK_H
#define BASE_BLOCK_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BLOCK_SIZE 16

typedef int8_t block __attribute__((vector_size(BLOCK_SIZE)));
typedef uint64_t block_halves __attribute__((vector_size(BLOCK_SIZE)));

/* The BLOCK_SIZE bytes at @text, wherever that is. */
static inline block block_load(const char *text)
{
	block bytes;

	memcpy(&bytes, text, sizeof(bytes));
	return bytes;
}

/* How many bytes of a comparison are false before the first that is true. */
static inline size_t block_first(block compared)
{
	block_halves halves = (block_halves)compared;

	if (halves[0])
		return (size_t)__builtin_ctzll(le64toh(halves[0])) / 8;
	if (halves[1])
		return 8 + (size_t)__builtin_ctzll(le64toh(halves[1])) / 8;
	return BLOCK_SIZE;
}

#endif
