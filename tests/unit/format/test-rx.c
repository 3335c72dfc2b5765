#include "format/rx.h"

#include "base/err.h"
#include "tests/unit/unit.h"

static void test_groups(void **state)
{
	CLEANUP(rx_release) struct rx rx = {0};
	const char *text = "x PROJ-12, y";
	struct rx_match match;
	struct err err = {0};
	bool found;

	(void)state;
	assert_true(rx_compile(&rx, "([A-Z]+)-([0-9]+)(!)?", &err));
	assert_true(rx_find(&rx, text, strlen(text), 0, &match, &found, &err));
	assert_true(found);
	assert_int_equal(match.count, 4);
	assert_int_equal(match.groups[0].start, 2);
	assert_int_equal(match.groups[0].end, 9);
	assert_int_equal(match.groups[1].end, 6);
	assert_int_equal(match.groups[2].start, 7);
	assert_int_equal(match.groups[3].start, (size_t)-1);
	assert_true(rx_find(&rx, text, strlen(text), 9, &match, &found, &err));
	assert_false(found);
}

static void test_bytes_that_are_no_utf8(void **state)
{
	CLEANUP(rx_release) struct rx rx = {0};
	struct rx_match match;
	struct err err = {0};
	bool found;

	(void)state;
	assert_true(rx_compile(&rx, "b", &err));
	assert_true(rx_find(&rx,
			    "a\xff\xfe"
			    "b",
			    4, 0, &match, &found, &err));
	assert_true(found);
	assert_int_equal(match.groups[0].start, 3);
}

static void test_bad_pattern(void **state)
{
	CLEANUP(rx_release) struct rx rx = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_false(rx_compile(&rx, "a(b", &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_non_null(strstr(err.text, "'a(b', byte 3"));
}

static void test_steps_are_bounded(void **state)
{
	CLEANUP(rx_release) struct rx rx = {0};
	CLEANUP(err_release) struct err err = {0};
	struct rx_match match;
	char text[40];
	bool found;

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_true(rx_compile(&rx, "^(a+)+[bc]$", &err));
	assert_false(rx_find(&rx, text, sizeof(text), 0, &match, &found, &err));
	assert_int_equal(err.kind, ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_bytes_that_are_no_utf8),
		cmocka_unit_test(test_bad_pattern),
		cmocka_unit_test(test_steps_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
