#include "format/gzip_block.h"

#include <string.h>

#include "base/str.h"
#include "format/gzip_huffman.h"

#define END_OF_BLOCK	  256
#define LENGTHS_START	  257
#define LITERALS	  288 /* bytes, end, lengths; two are never used */
#define DISTANCES	  30
#define LENGTH_LONGEST	  28  /* the code of a length of 258 */
#define LONGEST		  255 /* 258, less the base */
#define LENGTH_MANTISSA	  2
#define DISTANCE_MANTISSA 1

#define CODES_MAX (LITERALS + DISTANCES)
#define WORD_BITS 48 /* that many are handed on at once */
#define WORD	  (WORD_BITS / 8)

#define KIND_STORED  0
#define KIND_FIXED   1
#define KIND_DYNAMIC 2
#define HEADER_BITS  3

/* The lengths of codes are packed themselves, with symbols for runs. */
#define PACKED	      19
#define PACKED_LENGTH 7
#define PACKED_MIN    4
#define RUN_OF_SAME   16
#define RUN_OF_ZEROS  17
#define LONG_OF_ZEROS 18
#define RUN_MIN	      3
#define LONG_MIN      11

static const unsigned char packed_order[PACKED] = {
	16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

struct packed {
	uint8_t symbol;
	uint8_t extra;
};

struct block {
	const uint32_t *tokens;
	size_t count;

	uint32_t literal_counts[LITERALS];
	uint32_t distance_counts[DISTANCES];
	struct huffman_code literals[LITERALS];
	struct huffman_code distances[DISTANCES];
	size_t literal_codes; /* up to the last one that is used */
	size_t distance_codes;
	size_t extra_bits;

	struct packed packed[CODES_MAX];
	size_t packed_count;
	uint32_t packed_counts[PACKED];
	struct huffman_code packed_codes[PACKED];
	size_t packed_lengths; /* of them, that are written */
};

/* --- bits ---------------------------------------------------------------- */

static void hand_over(struct block_bits *bits)
{
	str_add_bytes(bits->out, (const char *)bits->buffer, bits->filled);
	bits->filled = 0;
}

/* @value has no bits above @len, which is at most 16. */
static inline void put(struct block_bits *bits, uint32_t value,
		       unsigned int len)
{
	bits->waiting |= (uint64_t)value << bits->count;
	bits->count += len;
	if (bits->count < WORD_BITS)
		return;
	for (unsigned int i = 0; i < WORD; i++)
		bits->buffer[bits->filled++] =
			(unsigned char)(bits->waiting >> 8 * i);
	bits->waiting >>= WORD_BITS;
	bits->count -= WORD_BITS;
	if (bits->filled > sizeof(bits->buffer) - WORD)
		hand_over(bits);
}

static inline void put_code(struct block_bits *bits, struct huffman_code code)
{
	put(bits, code.bits, code.len);
}

/* Up to the next whole byte. */
static void put_all(struct block_bits *bits)
{
	hand_over(bits);
	for (; bits->count; bits->waiting >>= 8) {
		str_add_char(bits->out, (char)(bits->waiting & 0xff));
		bits->count -= bits->count < 8 ? bits->count : 8;
	}
}

static void put_stored_header(struct block_bits *bits, size_t len, bool last)
{
	put(bits, KIND_STORED << 1 | last, HEADER_BITS);
	put_all(bits);
	put(bits, (uint32_t)len, 16);
	put(bits, (uint32_t)~len & 0xffff, 16);
}

/* --- tokens -------------------------------------------------------------- */

/* A length or distance: its code, and the bits that the code leaves out. */
struct part {
	unsigned int code;
	unsigned int extra;
	unsigned int extra_len;
};

/*
 * Codes are numbers with few digits: the leading bit's place and @mantissa
 * bits behind it.
 */
static inline struct part part_of(unsigned int value, unsigned int mantissa)
{
	unsigned int place, left;

	if (value >> mantissa == 0)
		return (struct part){.code = value};
	place = 31 - (unsigned int)__builtin_clz(value);
	left = place - mantissa;
	return (struct part){
		.code = ((left + 1) << mantissa) +
			(value >> left & ((1u << mantissa) - 1)),
		.extra = value & ((1u << left) - 1),
		.extra_len = left,
	};
}

static inline struct part length_of(uint32_t token)
{
	unsigned int length = token >> TOKEN_LENGTH_SHIFT & 0xff;

	if (length == LONGEST)
		return (struct part){.code = LENGTH_LONGEST};
	return part_of(length, LENGTH_MANTISSA);
}

static inline struct part distance_of(uint32_t token)
{
	return part_of(token & ((1u << TOKEN_LENGTH_SHIFT) - 1),
		       DISTANCE_MANTISSA);
}

static size_t used(const uint32_t *counts, size_t symbols)
{
	while (symbols && !counts[symbols - 1])
		symbols--;
	return symbols;
}

static void count_tokens(struct block *block)
{
	for (size_t i = 0; i < block->count; i++) {
		uint32_t token = block->tokens[i];
		struct part length, distance;

		if (!(token & TOKEN_MATCH)) {
			block->literal_counts[token]++;
			continue;
		}
		length = length_of(token);
		distance = distance_of(token);
		block->literal_counts[LENGTHS_START + length.code]++;
		block->distance_counts[distance.code]++;
		block->extra_bits += length.extra_len + distance.extra_len;
	}
	block->literal_counts[END_OF_BLOCK]++;
	/* A tree of nothing cannot be written. */
	if (!used(block->distance_counts, DISTANCES))
		block->distance_counts[0] = 1;
	block->literal_codes = used(block->literal_counts, LITERALS);
	block->distance_codes = used(block->distance_counts, DISTANCES);
}

static void put_tokens(struct block_bits *bits, const struct block *block)
{
	for (size_t i = 0; i < block->count; i++) {
		uint32_t token = block->tokens[i];
		struct part length, distance;

		if (!(token & TOKEN_MATCH)) {
			put_code(bits, block->literals[token]);
			continue;
		}
		length = length_of(token);
		distance = distance_of(token);
		put_code(bits, block->literals[LENGTHS_START + length.code]);
		put(bits, length.extra, length.extra_len);
		put_code(bits, block->distances[distance.code]);
		put(bits, distance.extra, distance.extra_len);
	}
	put_code(bits, block->literals[END_OF_BLOCK]);
}

/* --- codes --------------------------------------------------------------- */

static void add_packed(struct block *block, unsigned int symbol, size_t extra)
{
	block->packed[block->packed_count++] = (struct packed){
		.symbol = (uint8_t)symbol, .extra = (uint8_t)extra};
	block->packed_counts[symbol]++;
}

static size_t min_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* What takes runs of at least @min and at most @max; gives what is left. */
static size_t pack_runs(struct block *block, unsigned int symbol, size_t min,
			size_t max, size_t count)
{
	while (count >= min) {
		size_t part = min_of(count, max);

		add_packed(block, symbol, part - min);
		count -= part;
	}
	return count;
}

static void pack_run(struct block *block, unsigned int len, size_t count)
{
	if (len) {
		add_packed(block, len, 0);
		count = pack_runs(block, RUN_OF_SAME, RUN_MIN, RUN_MIN + 3,
				  count - 1);
	} else {
		count = pack_runs(block, LONG_OF_ZEROS, LONG_MIN,
				  LONG_MIN + 127, count);
		count = pack_runs(block, RUN_OF_ZEROS, RUN_MIN, RUN_MIN + 7,
				  count);
	}
	for (; count; count--)
		add_packed(block, len, 0);
}

/* The length of the code at @i, distances behind literals. */
static unsigned int length_at(const struct block *block, size_t i)
{
	return i < block->literal_codes
		       ? block->literals[i].len
		       : block->distances[i - block->literal_codes].len;
}

static void pack_lengths(struct block *block)
{
	size_t count = block->literal_codes + block->distance_codes;
	size_t start = 0;

	for (size_t i = 1; i <= count; i++) {
		unsigned int len = length_at(block, start);

		if (i < count && length_at(block, i) == len)
			continue;
		pack_run(block, len, i - start);
		start = i;
	}
	huffman_build(block->packed_codes, block->packed_counts, PACKED,
		      PACKED_LENGTH);
	block->packed_lengths = PACKED;
	while (block->packed_lengths > PACKED_MIN &&
	       !block->packed_counts[packed_order[block->packed_lengths - 1]])
		block->packed_lengths--;
}

static unsigned int packed_extra_len(unsigned int symbol)
{
	switch (symbol) {
	case RUN_OF_SAME:
		return 2;
	case RUN_OF_ZEROS:
		return 3;
	case LONG_OF_ZEROS:
		return 7;
	default:
		return 0;
	}
}

static void put_codes(struct block_bits *bits, const struct block *block)
{
	put(bits, KIND_DYNAMIC << 1, HEADER_BITS);
	put(bits, (uint32_t)block->literal_codes - LENGTHS_START, 5);
	put(bits, (uint32_t)block->distance_codes - 1, 5);
	put(bits, (uint32_t)block->packed_lengths - PACKED_MIN, 4);
	for (size_t i = 0; i < block->packed_lengths; i++)
		put(bits, block->packed_codes[packed_order[i]].len, 3);
	for (size_t i = 0; i < block->packed_count; i++) {
		struct packed packed = block->packed[i];

		put_code(bits, block->packed_codes[packed.symbol]);
		put(bits, packed.extra, packed_extra_len(packed.symbol));
	}
}

static unsigned int fixed_len(size_t literal)
{
	if (literal < 144)
		return 8;
	if (literal < 256)
		return 9;
	return literal < 280 ? 7 : 8;
}

static void take_fixed_codes(struct block *block)
{
	for (size_t i = 0; i < LITERALS; i++)
		block->literals[i].len = (uint8_t)fixed_len(i);
	for (size_t i = 0; i < DISTANCES; i++)
		block->distances[i].len = 5;
	huffman_assign(block->literals, LITERALS);
	huffman_assign(block->distances, DISTANCES);
}

/* --- blocks -------------------------------------------------------------- */

static size_t stored_size(size_t len)
{
	return (len + 5) * 8;
}

static size_t fixed_size(const struct block *block)
{
	size_t size = HEADER_BITS + block->extra_bits;

	for (size_t i = 0; i < LITERALS; i++)
		size += (size_t)block->literal_counts[i] * fixed_len(i);
	for (size_t i = 0; i < DISTANCES; i++)
		size += (size_t)block->distance_counts[i] * 5;
	return size;
}

static size_t dynamic_size(const struct block *block)
{
	size_t size = HEADER_BITS + 5 + 5 + 4 + 3 * block->packed_lengths +
		      block->extra_bits;

	for (size_t i = 0; i < block->packed_count; i++)
		size += packed_extra_len(block->packed[i].symbol);
	return size +
	       huffman_size(block->packed_codes, block->packed_counts, PACKED) +
	       huffman_size(block->literals, block->literal_counts, LITERALS) +
	       huffman_size(block->distances, block->distance_counts,
			    DISTANCES);
}

static void put_stored(struct block_bits *bits, const char *bytes, size_t len)
{
	put_stored_header(bits, len, false);
	put_all(bits);
	str_add_bytes(bits->out, bytes, len);
}

void block_write(struct block_bits *bits, const uint32_t *tokens, size_t count,
		 const void *bytes, size_t len)
{
	struct block block = {.tokens = tokens, .count = count};
	size_t fixed, dynamic;

	count_tokens(&block);
	huffman_build(block.literals, block.literal_counts, LITERALS,
		      HUFFMAN_LENGTH_MAX);
	huffman_build(block.distances, block.distance_counts, DISTANCES,
		      HUFFMAN_LENGTH_MAX);
	pack_lengths(&block);
	fixed = fixed_size(&block);
	dynamic = dynamic_size(&block);
	if (bytes && len <= BLOCK_STORED_MAX &&
	    stored_size(len) < min_of(fixed, dynamic)) {
		put_stored(bits, bytes, len);
		return;
	}
	if (dynamic < fixed) {
		put_codes(bits, &block);
	} else {
		take_fixed_codes(&block);
		put(bits, KIND_FIXED << 1, HEADER_BITS);
	}
	put_tokens(bits, &block);
}

void block_end(struct block_bits *bits)
{
	put_stored_header(bits, 0, true);
	put_all(bits);
}
