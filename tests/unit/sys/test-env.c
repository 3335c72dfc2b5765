#include "sys/env.h"

#include <unistd.h>

#include "tests/unit/unit.h"

static void test_get(void **state)
{
	CLEANUP(env_release) struct env env = {0};

	(void)state;
	env_set(&env, "EMPTY", "");
	env_set(&env, "URL", "https://host/?a=b");

	assert_string_equal(env_get(&env, "URL"), "https://host/?a=b");
	assert_null(env_get(&env, "EMPTY"));
	assert_string_equal(env_get_raw(&env, "EMPTY"), "");
	assert_null(env_get_raw(&env, "ABSENT"));
}

static void test_set_and_unset(void **state)
{
	CLEANUP(env_release) struct env env = {0};
	CLEANUP(env_release) struct env child = {0};

	(void)state;
	env_set(&env, "A", "1");
	env_set(&env, "AB", "2");
	env_set(&env, "A", "3");
	env_copy(&child, &env);
	env_unset(&env, "A");
	env_unset(&env, "ABSENT");

	assert_null(env_get(&env, "A"));
	assert_string_equal(env_get(&env, "AB"), "2");
	assert_int_equal(env.pairs.count, 1);
	assert_null(env.pairs.items[1]);
	assert_string_equal(env_get(&child, "A"), "3");
	assert_int_equal(child.pairs.count, 2);

	env_set(&env, "A", "4");
	assert_string_equal(env_get(&env, "A"), "4");
}

static void test_snapshot(void **state)
{
	static char first[] = "TWICE=first", second[] = "TWICE=second";
	static char broken[] = "broken", nameless[] = "=x";
	char *const pairs[] = {first, broken, second, nameless, NULL};
	CLEANUP(env_release) struct env env = {0};
	char **saved = environ;

	(void)state;
	environ = (char **)(uintptr_t)pairs;
	env_snapshot(&env);
	environ = saved;

	assert_string_equal(env_get(&env, "TWICE"), "first");
	assert_int_equal(env.pairs.count, 1);
}

static void test_of_the_process(void **state)
{
	static const char name[] = "SLIPWAY_TEST_OF_ENV";
	CLEANUP(env_release) struct env during = {0}, after = {0};

	(void)state;
	assert_true(env_set_process(name, "1"));
	assert_false(env_set_process(name, "2"));
	env_snapshot(&during);
	env_unset_process(name);
	env_snapshot(&after);
	assert_string_equal(env_get(&during, name), "1");
	assert_null(env_get(&after, name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_set_and_unset),
		cmocka_unit_test(test_snapshot),
		cmocka_unit_test(test_of_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
