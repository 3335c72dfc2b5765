#include "sys/lazy.h"

#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "sys/env.h"
#include "tests/unit/unit.h"

static struct {
	__typeof__(cos) *cos;
	__typeof__(cos) *missing;
} math;

static const struct lazy_symbol found[] = {
	{"cos", (void **)&math.cos},
	{0},
};

static const struct lazy_symbol not_found[] = {
	{"cos", (void **)&math.cos},
	{"no_such_function", (void **)&math.missing},
	{0},
};

static void test_load(void **state)
{
	struct lazy library = {.sonames = "libno-such.so.9 libm.so.6",
			       .symbols = found};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_true(lazy_load(&library, &err));
	assert_true(lazy_load(&library, &err));
	assert_true(math.cos(0) == 1);
}

static void test_missing_library(void **state)
{
	struct lazy library = {.sonames = "libno-such.so.9", .symbols = found};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_false(lazy_load(&library, &err));
	assert_int_equal(err.kind, ERR_IO);
	assert_non_null(strstr(err.text, "libno-such.so.9"));
	assert_non_null(strstr(err.hint, "libno-such.so.9"));
	assert_false(library.loaded);
}

static void test_missing_function(void **state)
{
	struct lazy library = {.sonames = "libm.so.6", .symbols = not_found};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_false(lazy_load(&library, &err));
	assert_non_null(strstr(err.text, "no_such_function"));
	assert_false(library.loaded);
}

/* What is set for a library is seen by nobody after. */
static void test_unprepared(void **state)
{
	static const char name[] = "SLIPWAY_TEST_OF_LAZY";
	struct lazy library = {
		.sonames = "libm.so.6", .symbols = found, .unprepared = name};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_true(lazy_load(&library, &err));
	assert_null(getenv(name));
	assert_true(env_set_process(name, "mine"));
	library.loaded = false;
	assert_true(lazy_load(&library, &err));
	assert_string_equal(getenv(name), "mine");
	env_unset_process(name);
}

static bool is_loaded(const char *soname)
{
	void *handle = dlopen(soname, RTLD_LAZY | RTLD_NOLOAD);

	return handle && dlclose(handle) == 0;
}

/* What comes along and is not installed is missed by nobody. */
static void test_sooner(void **state)
{
	struct lazy library = {.sonames = "libm.so.6",
			       .symbols = found,
			       .sooner = "libno-such.so.9 libz.so.1"};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_false(is_loaded("libz.so.1"));
	assert_true(lazy_load(&library, &err));
	assert_true(is_loaded("libz.so.1"));
	assert_true(math.cos(0) == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_missing_library),
		cmocka_unit_test(test_missing_function),
		cmocka_unit_test(test_unprepared),
		cmocka_unit_test(test_sooner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
