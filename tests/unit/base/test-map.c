#include "base/map.h"

#include <stdio.h>

#include "base/mem.h"
#include "tests/unit/unit.h"

static void test_put_and_get(void **state)
{
	CLEANUP(map_release) struct map map = {0};
	int one = 1, two = 2;

	(void)state;
	assert_null(map_get(&map, "a"));
	assert_null(map_put(&map, "a", &one));
	assert_ptr_equal(map_get(&map, "a"), &one);
	assert_ptr_equal(map_put(&map, "a", &two), &one);
	assert_ptr_equal(map_get(&map, "a"), &two);
	assert_int_equal(map.count, 1);
	assert_false(map_has(&map, ""));
}

/* Growth keeps every entry and the order of insertion. */
static void test_growth(void **state)
{
	CLEANUP(map_release) struct map map = {0};
	char key[32];

	(void)state;
	for (intptr_t i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key-%zd", i);
		map_put(&map, key, (void *)(i + 1));
	}
	for (intptr_t i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key-%zd", i);
		assert_int_equal((intptr_t)map_get(&map, key), i + 1);
		assert_string_equal(map.entries[i].key, key);
	}
	assert_null(map_get(&map, "key-5000"));
}

static void test_arena(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	size_t capacity = 0;
	int *numbers = NULL;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		numbers = arena_grow(&arena, numbers, (size_t)i + 1,
				     sizeof(*numbers), &capacity);
		numbers[i] = i;
	}
	for (int i = 0; i < 10000; i++)
		assert_int_equal(numbers[i], i);
	assert_string_equal(arena_printf(&arena, "%s-%d", "a", 1), "a-1");
	assert_int_equal(*(char *)arena_alloc(&arena, 3 << 20), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_and_get),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
