#include "sys/spool.h"

#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "sys/env.h"
#include "tests/unit/unit.h"

static bool collect(void *arg, const char *bytes, size_t len, struct err *err)
{
	(void)err;
	str_add_bytes(arg, bytes, len);
	return true;
}

static bool refuse(void *arg, const char *bytes, size_t len, struct err *err)
{
	(void)arg;
	(void)bytes;
	(void)len;
	return err_set(err, ERR_IO, "refused");
}

/* Write @size bytes in pieces of @piece, and read them back. */
static void check(size_t size, size_t piece, bool in_file)
{
	CLEANUP(env_release) struct env env = {0};
	CLEANUP(spool_release) struct spool spool = {.env = &env};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str given = {0}, got = {0};

	for (size_t i = 0; given.len < size; i++)
		str_addf(&given, "%zu,", i);
	str_truncate(&given, size);
	for (size_t at = 0; at < size; at += piece) {
		size_t len = size - at < piece ? size - at : piece;

		assert_true(spool_write(&spool, given.buf + at, len, &err));
	}
	assert_int_equal(spool.fd != 0, in_file);
	assert_true(spool.memory.len < SPOOL_MEMORY);
	assert_true(spool_each(&spool, collect, &got, &err));
	assert_int_equal(got.len, size);
	assert_memory_equal(str_text(&got), str_text(&given), size);
}

static void test_sizes(void **state)
{
	(void)state;
	check(0, 1, false);
	check(SPOOL_MEMORY - 1, 1000, false);
	check(SPOOL_MEMORY, 1000, true);
	check(3 * SPOOL_MEMORY + 17, 70000, true);
	check(2 * SPOOL_MEMORY, 2 * SPOOL_MEMORY, true);
}

static void test_failing_reader(void **state)
{
	CLEANUP(env_release) struct env env = {0};
	CLEANUP(spool_release) struct spool spool = {.env = &env};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_true(spool_write(&spool, "abc", 3, &err));
	assert_false(spool_each(&spool, refuse, NULL, &err));
	assert_string_equal(err.text, "refused");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_failing_reader),
	};

	return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
