#include "base/block.h"

#include "tests/unit/unit.h"

/* Each byte at each place, others behind it. */
static void test_first(void **state)
{
	(void)state;
	for (unsigned int byte = 0; byte < 256; byte++) {
		signed char value = (signed char)(unsigned char)byte;

		for (size_t at = 0; at < BLOCK_SIZE; at++) {
			char text[BLOCK_SIZE + 2] = ".aaaaaaaaaaaaaaaa";
			block bytes;

			memset(text + 1 + at, (int)byte, BLOCK_SIZE - at);
			bytes = block_load(text + 1);
			assert_int_equal(block_first(bytes != 'a'),
					 byte == 'a' ? BLOCK_SIZE : at);
			assert_int_equal(block_first(bytes < ' '),
					 value < ' ' ? at : BLOCK_SIZE);
			assert_int_equal(block_first(bytes >= 0),
					 !at && value < 0 ? BLOCK_SIZE : 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
