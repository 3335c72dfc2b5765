#include "common/format/gzip_crc.h"

#include <string.h>

#include "tests/unit/unit.h"

/* Bit by bit, as RFC 1952 defines it. */
static uint32_t slowly(uint32_t sum, const unsigned char *bytes, size_t len)
{
	sum = ~sum;
	for (size_t i = 0; i < len; i++) {
		sum ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			sum = sum & 1 ? sum >> 1 ^ 0xedb88320 : sum >> 1;
	}
	return ~sum;
}

static void test_known_sums(void **state)
{
	unsigned char zeros[128] = {0};

	(void)state;
	assert_int_equal(gzip_crc(0, "", 0), 0);
	assert_int_equal(gzip_crc(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(gzip_crc(0, zeros, 128), 0xc2a8fa9d);
}

/* All lengths around those at which another loop begins, at all alignments. */
static void test_against_the_definition(void **state)
{
	unsigned char bytes[16 + 700];
	unsigned int noise = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		noise = noise * 1103515245 + 12345;
		bytes[i] = (unsigned char)(noise >> 24);
	}
	for (size_t len = 0; len <= 700; len++) {
		const unsigned char *at = bytes + len % 16;
		uint32_t before = (uint32_t)len * 0x9e3779b9;

		assert_int_equal(gzip_crc(0, at, len), slowly(0, at, len));
		assert_int_equal(gzip_crc(before, at, len),
				 slowly(before, at, len));
	}
}

static void test_in_pieces(void **state)
{
	unsigned char bytes[1000];
	uint32_t whole;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	whole = gzip_crc(0, bytes, sizeof(bytes));
	for (size_t cut = 0; cut <= sizeof(bytes); cut += 7)
		assert_int_equal(gzip_crc(gzip_crc(0, bytes, cut), bytes + cut,
					  sizeof(bytes) - cut),
				 whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_sums),
		cmocka_unit_test(test_against_the_definition),
		cmocka_unit_test(test_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
