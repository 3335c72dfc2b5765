#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

static unsigned int number_at(size_t place)
{
	return (unsigned int)(place * 2654435761u);
}

/* What is large moves with all that it holds, however often it grows. */
static void test_grow(void **state)
{
	CLEANUP(free_ptr) unsigned int *numbers = NULL;
	size_t capacity = 0, end = 4 * HUGE_PAGES_MIN / sizeof(*numbers);

	(void)state;
	for (size_t i = 0; i < end; i++) {
		numbers =
			grow_array(numbers, i + 1, sizeof(*numbers), &capacity);
		numbers[i] = number_at(i);
	}
	assert_true(capacity >= end);
	for (size_t i = 0; i < end; i++)
		assert_int_equal(numbers[i], number_at(i));
}

static size_t resident_kib(void)
{
	char line[200];
	size_t kib = 0;
	FILE *file = fopen("/proc/self/status", "re");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "VmRSS: %zu kB", &kib) == 1)
			break;
	}
	fclose(file);
	return kib;
}

/* Room that is not used takes no memory, but for a page and what tools add. */
static void test_room_is_free(void **state)
{
	CLEANUP(free_ptr) char *bytes = NULL;
	size_t capacity = 0, before = resident_kib();

	(void)state;
	bytes = grow_array(bytes, 8 * HUGE_PAGES_MIN, 1, &capacity);
	memset(bytes, 'x', HUGE_PAGES_MIN);
	assert_in_range(resident_kib() - before, HUGE_PAGES_MIN >> 11,
			4 * HUGE_PAGES_MIN >> 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_room_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
