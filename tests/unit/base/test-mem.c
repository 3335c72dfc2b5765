#include "base/mem.h"

#include <stdbool.h>
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

/* Enough for several blocks of each size, and for one that is none of them. */
static size_t size_of(size_t i)
{
	static const size_t sizes[] = {1, 24, 4000, 70000};

	return i == 50 ? (size_t)3 << 20 : sizes[i % ARRAY_SIZE(sizes)];
}

static char *allocate(struct arena *arena, size_t i)
{
	char *memory = arena_alloc(arena, size_of(i));

	for (size_t at = 0; at < size_of(i); at++)
		assert_int_equal(memory[at], 0);
	return memset(memory, (int)(i % 100) + 1, size_of(i));
}

static void assert_kept(const char *memory, size_t i)
{
	for (size_t at = 0; at < size_of(i); at++)
		assert_int_equal(memory[at], i % 100 + 1);
}

/* What is handed out is zeroed, also anew, and nobody else's. */
static void fill_arena(bool roomy)
{
	enum {
		KEPT = 100,
		ALL = 400
	};
	CLEANUP(arena_release) struct arena arena = {.roomy = roomy};
	struct arena_mark mark;
	char *places[ALL];

	for (size_t i = 0; i < KEPT; i++)
		places[i] = allocate(&arena, i);
	mark = arena_mark(&arena);
	for (int round = 0; round < 2; round++) {
		arena_rewind(&arena, mark);
		for (size_t i = KEPT; i < ALL; i++)
			places[i] = allocate(&arena, i);
		for (size_t i = 0; i < ALL; i++)
			assert_kept(places[i], i);
	}
}

static void test_arena(void **state)
{
	(void)state;
	fill_arena(false);
	fill_arena(true);
}

static void test_arena_printf(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};

	(void)state;
	for (int width = 1; width < 1000; width++) {
		const char *text = arena_printf(&arena, "%s%*d", "<", width, 7);

		assert_int_equal(strlen(text), width + 1);
		assert_int_equal(text[0], '<');
		assert_int_equal(text[width], '7');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_room_is_free),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_arena_printf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
