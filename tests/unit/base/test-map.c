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

static void test_arena_rewind(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct arena_mark empty = arena_mark(&arena), mark;
	char *kept, *again;
	size_t total;

	(void)state;
	kept = arena_strdup(&arena, "kept");
	total = arena.total;
	mark = arena_mark(&arena);
	again = arena_strdup(&arena, "gone");
	for (int i = 0; i < 100; i++)
		assert_non_null(arena_alloc(&arena, 1000));
	arena_rewind(&arena, mark);
	assert_int_equal(arena.total, total);
	assert_string_equal(kept, "kept");
	assert_ptr_equal(arena_strdup(&arena, "new"), again);

	arena_rewind(&arena, empty);
	assert_int_equal(arena.total, 0);
	assert_null(arena.blocks);
}

static void test_arena_adopt(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct arena other = {0}, none = {0};
	const char *ours, *theirs, *next;
	struct arena_mark mark;

	(void)state;
	ours = arena_strdup(&arena, "ours");
	mark = arena_mark(&arena);
	theirs = arena_strdup(&other, "theirs");
	for (int i = 0; i < 100; i++)
		assert_non_null(arena_alloc(&other, 1000));
	arena_adopt(&arena, &other);
	arena_adopt(&arena, &none);
	assert_null(other.blocks);
	assert_int_equal(other.total, 0);
	next = arena_strdup(&arena, "next");
	assert_ptr_equal(next, ours + 16); /* the room goes on */
	arena_rewind(&arena, mark);
	assert_string_equal(ours, "ours");
	assert_string_equal(theirs, "theirs");

	/* Into one that is empty. */
	arena_adopt(&none, &arena);
	assert_null(arena.blocks);
	assert_string_equal(theirs, "theirs");
	arena_release(&none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_and_get),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_arena_rewind),
		cmocka_unit_test(test_arena_adopt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
