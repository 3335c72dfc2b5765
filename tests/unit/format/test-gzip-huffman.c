#include "common/format/gzip_huffman.h"

#include <string.h>

#include "base/attr.h"
#include "tests/unit/unit.h"

#define SYMBOLS 12

static void test_lengths(void **state)
{
	static const struct {
		const char *name;
		uint32_t counts[SYMBOLS];
		unsigned int longest;
		uint8_t lengths[SYMBOLS];
	} cases[] = {
		{"none", {0}, 15, {0}},
		{"one", {0, 7}, 15, {0, 1}},
		{"two", {9, 0, 1}, 15, {1, 0, 1}},
		{"even", {3, 3, 3, 3}, 15, {2, 2, 2, 2}},
		{"three", {1, 1, 2}, 15, {2, 2, 1}},
		{"as deep as it goes",
		 {1, 1, 2, 4, 8, 16},
		 15,
		 {5, 5, 4, 3, 2, 1}},
		{"not so deep", {1, 1, 2, 4, 8, 16}, 4, {4, 4, 4, 4, 2, 1}},
		{"as flat as it goes",
		 {1, 1, 2, 4, 8, 16},
		 3,
		 {3, 3, 3, 3, 2, 2}},
		{"of equals the flat tree",
		 {1, 1, 1, 2, 2},
		 15,
		 {3, 3, 2, 2, 2}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct huffman_code codes[SYMBOLS];

		huffman_build(codes, cases[i].counts, SYMBOLS,
			      cases[i].longest);
		for (size_t j = 0; j < SYMBOLS; j++)
			assert_case(cases[i].name,
				    codes[j].len == cases[i].lengths[j]);
	}
}

/* The example of RFC 1951, 3.2.2: ABCDEFGH. */
static void test_bits(void **state)
{
	static const uint8_t lengths[] = {3, 3, 3, 3, 3, 2, 4, 4};
	/* 010, 011, 100, 101, 110, 00, 1110, 1111, the first bit the lowest */
	static const uint16_t bits[] = {2, 6, 1, 5, 3, 0, 7, 15};
	struct huffman_code codes[ARRAY_SIZE(lengths)] = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
		codes[i].len = lengths[i];
	huffman_assign(codes, ARRAY_SIZE(lengths));
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
		assert_int_equal(codes[i].bits, bits[i]);
}

static void test_size(void **state)
{
	static const uint32_t counts[] = {10, 1, 0};
	static const struct huffman_code codes[] = {
		{.len = 1}, {.len = 15}, {.len = 2}};

	(void)state;
	assert_int_equal(huffman_size(codes, counts, 3), 25);
}

/* Of as many symbols as there may be: no two codes begin alike. */
static void test_a_full_tree(void **state)
{
	uint32_t counts[HUFFMAN_SYMBOLS_MAX];

	(void)state;
	for (unsigned int longest = 9; longest <= HUFFMAN_LENGTH_MAX;
	     longest++) {
		struct huffman_code codes[HUFFMAN_SYMBOLS_MAX];
		unsigned int used = 0;

		for (size_t i = 0; i < HUFFMAN_SYMBOLS_MAX; i++)
			counts[i] = (uint32_t)1 << i * 14 / HUFFMAN_SYMBOLS_MAX;
		huffman_build(codes, counts, HUFFMAN_SYMBOLS_MAX, longest);
		for (size_t i = 0; i < HUFFMAN_SYMBOLS_MAX; i++) {
			assert_in_range(codes[i].len, 1, longest);
			used += 1u << (HUFFMAN_LENGTH_MAX - codes[i].len);
		}
		assert_int_equal(used, 1u << HUFFMAN_LENGTH_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_a_full_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
