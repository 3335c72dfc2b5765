#include "base/num.h"

#include "base/str.h"
#include "tests/unit/unit.h"

static void test_integers(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t value;
	} cases[] = {
		{"0", true, 0},
		{"-1", true, -1},
		{"9223372036854775807", true, INT64_MAX},
		{"-9223372036854775808", true, INT64_MIN},
		{"9223372036854775808", false, 0},
		{"-9223372036854775809", false, 0},
		{"", false, 0},
		{"-", false, 0},
		{" 1", false, 0},
		{"1 ", false, 0},
		{"+1", false, 0},
		{"0x10", false, 0},
		{"1e3", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t value = 42;

		assert_case(cases[i].text,
			    num_parse_int64(cases[i].text, &value) ==
				    cases[i].ok);
		assert_int_equal(value, cases[i].ok ? cases[i].value : 42);
	}
}

static void test_hex_digits(void **state)
{
	static const char digits[] = "0123456789abcdef";

	(void)state;
	for (int i = 0; i < 16; i++)
		assert_int_equal(num_hex_digit(digits[i]), i);
	assert_int_equal(num_hex_digit('A'), 10);
	assert_int_equal(num_hex_digit('F'), 15);
	assert_int_equal(num_hex_digit('g'), -1);
	assert_int_equal(num_hex_digit('@'), -1);
	assert_int_equal(num_hex_digit('\0'), -1);
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;	     /* -1 = refused */
		const char *written; /* NULL = as read */
	} cases[] = {
		{"0", 0, "0s"},
		{"0s", 0, NULL},
		{"90s", 90000, "1m30s"},
		{"5m", 300000, NULL},
		{"1h30m", 5400000, NULL},
		{"2d", 172800000, NULL},
		{"2w", 1209600000, "14d"},
		{"250ms", 250, NULL},
		{"1m250ms", 60250, NULL},
		{"", -1, NULL},
		{"5", -1, NULL},
		{"m5", -1, NULL},
		{"1m1h", -1, NULL},
		{"1m1m", -1, NULL},
		{"1.5h", -1, NULL},
		{"-1h", -1, NULL},
		{"1h ", -1, NULL},
		{"99999999999999999999h", -1, NULL},
		{"36501d", -1, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str written = {0};
		int64_t ms = -1;

		assert_case(cases[i].text,
			    num_parse_duration(cases[i].text, &ms) ==
				    (cases[i].ms >= 0));
		assert_int_equal(ms, cases[i].ms);
		if (ms < 0)
			continue;
		num_format_duration(&written, ms);
		assert_string_equal(str_text(&written),
				    cases[i].written ? cases[i].written
						     : cases[i].text);
	}
}

static void test_sizes(void **state)
{
	uint64_t bytes = 0;

	(void)state;
	assert_true(num_parse_size("512", &bytes));
	assert_int_equal(bytes, 512);
	assert_true(num_parse_size("5MiB", &bytes));
	assert_int_equal(bytes, 5 << 20);
	assert_false(num_parse_size("5MB", &bytes));
	assert_false(num_parse_size("17179869184GiB", &bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_hex_digits),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
