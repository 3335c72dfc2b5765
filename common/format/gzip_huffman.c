#include "format/gzip_huffman.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SYMBOL_BITS 9
#define SYMBOL_MASK ((1u << SYMBOL_BITS) - 1)
#define ITEMS_MAX   (2 * HUFFMAN_SYMBOLS_MAX)

/* The symbols that occur, the rarest first: count and symbol in one number. */
struct leaves {
	uint32_t items[HUFFMAN_SYMBOLS_MAX];
	size_t count;
};

/* Leaves and packages of two items of the level below, the lightest first. */
struct level {
	uint32_t weights[ITEMS_MAX];
	size_t count;
};

static int by_number(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static void sort_leaves(struct leaves *leaves, const uint32_t *counts,
			size_t symbols)
{
	leaves->count = 0;
	for (size_t i = 0; i < symbols; i++) {
		if (counts[i])
			leaves->items[leaves->count++] =
				counts[i] << SYMBOL_BITS | (uint32_t)i;
	}
	qsort(leaves->items, leaves->count, sizeof(*leaves->items), by_number);
}

static size_t symbol_of(const struct leaves *leaves, size_t leaf)
{
	return leaves->items[leaf] & SYMBOL_MASK;
}

/* Of two that weigh the same the package comes first. */
static bool leaf_is_next(const struct leaves *leaves, size_t leaf,
			 const struct level *below, size_t package)
{
	if (leaf == leaves->count)
		return false;
	return package == below->count / 2 ||
	       leaves->items[leaf] >> SYMBOL_BITS <
		       below->weights[2 * package] +
			       below->weights[2 * package + 1];
}

/* @leaves_before[i] is how many of the first i items of @level are leaves. */
static void fill_level(struct level *level, uint16_t *leaves_before,
		       const struct leaves *leaves, const struct level *below)
{
	size_t leaf = 0, package = 0;

	level->count = leaves->count + below->count / 2;
	for (size_t i = 0; i < level->count; i++) {
		leaves_before[i] = (uint16_t)leaf;
		if (leaf_is_next(leaves, leaf, below, package)) {
			level->weights[i] =
				leaves->items[leaf++] >> SYMBOL_BITS;
			continue;
		}
		level->weights[i] = below->weights[2 * package] +
				    below->weights[2 * package + 1];
		package++;
	}
	leaves_before[level->count] = (uint16_t)leaf;
}

/*
 * A leaf is as long as the number of levels in which it is among the items
 * that the lightest 2n - 2 of the last level are made of.
 */
static void find_lengths(struct huffman_code *codes,
			 const struct leaves *leaves, unsigned int levels)
{
	uint16_t leaves_before[HUFFMAN_LENGTH_MAX][ITEMS_MAX + 1];
	struct level level[2] = {0};
	size_t taken = 2 * leaves->count - 2;

	for (unsigned int i = 0; i < levels; i++)
		fill_level(&level[i % 2], leaves_before[i], leaves,
			   &level[(i + 1) % 2]);
	for (unsigned int i = levels; i-- > 0;) {
		size_t used = leaves_before[i][taken];

		for (size_t leaf = 0; leaf < used; leaf++)
			codes[symbol_of(leaves, leaf)].len++;
		taken = 2 * (taken - used);
	}
}

static uint16_t reversed(unsigned int bits, unsigned int len)
{
	unsigned int result = 0;

	for (; len; len--, bits >>= 1)
		result = result << 1 | (bits & 1);
	return (uint16_t)result;
}

void huffman_assign(struct huffman_code *codes, size_t symbols)
{
	unsigned int of_length[HUFFMAN_LENGTH_MAX + 1] = {0};
	unsigned int next[HUFFMAN_LENGTH_MAX + 1] = {0};

	for (size_t i = 0; i < symbols; i++)
		of_length[codes[i].len]++;
	of_length[0] = 0;
	for (unsigned int len = 1; len <= HUFFMAN_LENGTH_MAX; len++)
		next[len] = (next[len - 1] + of_length[len - 1]) << 1;
	for (size_t i = 0; i < symbols; i++) {
		if (codes[i].len)
			codes[i].bits =
				reversed(next[codes[i].len]++, codes[i].len);
	}
}

void huffman_build(struct huffman_code *codes, const uint32_t *counts,
		   size_t symbols, unsigned int longest)
{
	struct leaves leaves;

	memset(codes, 0, symbols * sizeof(*codes));
	sort_leaves(&leaves, counts, symbols);
	if (leaves.count > 2) {
		/* No tree of that many leaves is deeper. */
		if (longest > leaves.count - 1)
			longest = (unsigned int)leaves.count - 1;
		find_lengths(codes, &leaves, longest);
	} else {
		for (size_t i = 0; i < leaves.count; i++)
			codes[symbol_of(&leaves, i)].len = 1;
	}
	huffman_assign(codes, symbols);
}

size_t huffman_size(const struct huffman_code *codes, const uint32_t *counts,
		    size_t symbols)
{
	size_t size = 0;

	for (size_t i = 0; i < symbols; i++)
		size += (size_t)counts[i] * codes[i].len;
	return size;
}
