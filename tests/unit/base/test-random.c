#include "base/random.h"

#include <string.h>

#include "tests/unit/unit.h"

static void test_numbers_differ(void **state)
{
	(void)state;
	assert_true(random_number() != random_number());
}

/* Each is missed by one run in 10^38. */
static void test_below_gives_all(void **state)
{
	bool seen[3] = {false};

	(void)state;
	for (int i = 0; i < 216; i++) {
		uint64_t number = random_below(3);

		assert_true(number < 3);
		seen[number] = true;
	}
	assert_true(seen[0] && seen[1] && seen[2]);
	assert_true(random_below(1) == 0);
	assert_true(random_below(UINT64_MAX) < UINT64_MAX);
}

static void test_bytes(void **state)
{
	unsigned char bytes[32], others[32] = {0};

	(void)state;
	assert_true(random_bytes(bytes, sizeof(bytes)));
	assert_true(random_bytes(others, 16));
	assert_memory_not_equal(bytes, others, 16);
	assert_true(memcmp(others + 16, (unsigned char[16]){0}, 16) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_differ),
		cmocka_unit_test(test_below_gives_all),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
