#include "base/log.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/secret.h"
#include "tests/unit/unit.h"

/* The secret itself and what a program makes of it are not shown. */
static void test_masking(void **state)
{
	static const char *const cases[][2] = {
		{"token p\"ss wörd!", "token ***"},
		{"x=p%22ss%20w%C3%B6rd%21&y", "x=***&y"},
		{"{\"t\":\"p\\\"ss wörd!\"}", "{\"t\":\"***\"}"},
		{"Basic cCJzcyB3w7ZyZCE=", "Basic ***"},
		{"nothing here", "nothing here"},
	};
	CLEANUP(secret_release) struct secret secret = {0};

	(void)state;
	secret_set(&secret, "p\"ss wörd!", strlen("p\"ss wörd!"));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free_ptr) char *masked = log_masked(cases[i][0]);

		assert_string_equal(masked, cases[i][1]);
	}
}

/* As jansson writes it, and as Go's servers do. */
static void test_masking_in_json(void **state)
{
	static const char *const texts[] = {
		"a<b>&c\td",
		"a<b>&c\\td",
		"a\\u003cb\\u003e\\u0026c\\td",
	};
	CLEANUP(secret_release) struct secret secret = {0};

	(void)state;
	secret_set(&secret, texts[0], strlen(texts[0]));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(free_ptr) char *masked = log_masked(texts[i]);

		assert_string_equal(masked, "***");
	}
}

/* A value that is part of every other word is no use as a mask. */
static void test_short_values_are_shown(void **state)
{
	CLEANUP(free_ptr) char *masked = NULL;

	(void)state;
	log_mask("abc", 3);
	masked = log_masked("abcdef");
	assert_string_equal(masked, "abcdef");
}

static void test_secret(void **state)
{
	CLEANUP(secret_release) struct secret secret = {0};

	(void)state;
	assert_false(secret_is_set(&secret));
	assert_string_equal(secret_reveal(&secret), "");
	secret_set(&secret, "one", 3);
	secret_set(&secret, "other", 5);
	assert_string_equal(secret_reveal(&secret), "other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_masking),
		cmocka_unit_test(test_masking_in_json),
		cmocka_unit_test(test_short_values_are_shown),
		cmocka_unit_test(test_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
