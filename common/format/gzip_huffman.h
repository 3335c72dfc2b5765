/*
 * Huffman codes of bounded length (RFC 1951, 3.2.2).
 *
 * Of the many sets of codes that are equally short, the one that Go's
 * compress/flate chooses.
 *
 * Source: L. Larmore and D. Hirschberg, "A Fast Algorithm for Optimal
 * Length-Limited Huffman Codes", 1990; Go 1.26, compress/flate
 * (huffman_code.go), for what is preferred among equals.
 */
#ifndef COMMON_FORMAT_GZIP_HUFFMAN_H
#define COMMON_FORMAT_GZIP_HUFFMAN_H

#include <stddef.h>
#include <stdint.h>

#define HUFFMAN_SYMBOLS_MAX 288
#define HUFFMAN_LENGTH_MAX  15
/* Of all symbols together. */
#define HUFFMAN_COUNT_MAX (((uint32_t)1 << 23) - 1)

struct huffman_code {
	uint16_t bits; /* the first one to be sent is the lowest */
	uint8_t len;   /* 0: the symbol has none */
};

/*
 * Give each of @symbols a code of at most @longest bits, shorter ones to those
 * that @counts says to be more frequent, none to those that do not occur.
 * 2^@longest must be no less than @symbols.
 */
void huffman_build(struct huffman_code *codes, const uint32_t *counts,
		   size_t symbols, unsigned int longest);

/* The bits of codes whose lengths are there: ascending in each length. */
void huffman_assign(struct huffman_code *codes, size_t symbols);

/* How many bits symbols that occur so often take. */
size_t huffman_size(const struct huffman_code *codes, const uint32_t *counts,
		    size_t symbols);

#endif
