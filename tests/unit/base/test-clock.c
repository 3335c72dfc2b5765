#include "base/clock.h"

#include "base/str.h"
#include "tests/unit/unit.h"

static void test_rfc3339(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t seconds;
	} cases[] = {
		{"1970-01-01T00:00:00Z", true, 0},
		{"2026-11-22T13:04:05Z", true, 1795352645},
		{"2026-11-22T14:04:05+01:00", true, 1795352645},
		{"2026-11-22T13:04:05.999Z", true, 1795352645},
		{"2026-11-22 13:04:05Z", true, 1795352645},
		{"2024-02-29T00:00:00Z", true, 1709164800},
		{"1969-12-31T23:59:59Z", true, -1},
		{"0001-01-01T00:00:00Z", true, -62135596800},
		{"2023-02-29T00:00:00Z", false, 0},
		{"2026-13-01T00:00:00Z", false, 0},
		{"2026-11-22T24:00:00Z", false, 0},
		{"2026-11-22T13:04:05", false, 0},
		{"2026-11-22T13:04:05.Z", false, 0},
		{"2026-11-22T13:04:05Zx", false, 0},
		{"2026-11-22", false, 0},
		{"", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t seconds = 7;
		bool ok = clock_parse_rfc3339(cases[i].text,
					      strlen(cases[i].text), &seconds);

		assert_case(cases[i].text, ok == cases[i].ok);
		assert_int_equal(seconds, ok ? cases[i].seconds : 7);
	}
}

static void test_date_time(void **state)
{
	int64_t seconds = 0;

	(void)state;
	assert_true(clock_parse_date_time("2026-11-22 13:04:05", 19, &seconds));
	assert_int_equal(seconds, 1795352645);
	assert_true(clock_parse_date_time("2026-11-22", 10, &seconds));
	assert_int_equal(seconds, 1795305600);
	assert_false(clock_parse_date_time("2026-11-22 13:04", 16, &seconds));
	assert_false(clock_parse_date_time("22.11.2026", 10, &seconds));
}

static void test_http_date(void **state)
{
	int64_t seconds = 0;

	(void)state;
	assert_true(clock_parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT",
					  &seconds));
	assert_int_equal(seconds, 784111777);
	assert_false(clock_parse_http_date("Sun, 06 Nov 1994 08:49:37 CET",
					   &seconds));
	assert_false(clock_parse_http_date("120", &seconds));
	assert_false(clock_parse_http_date("", &seconds));
}

/* Every day of 800 years goes there and back. */
static void test_civil_round_trip(void **state)
{
	(void)state;
	for (int64_t day = -150000; day < 150000; day++) {
		struct civil civil;

		clock_to_civil(day * 86400 + 4711, &civil);
		assert_int_equal(clock_from_civil(&civil), day * 86400 + 4711);
	}
	assert_int_equal(clock_weekday(0), 4);
	assert_int_equal(clock_weekday(-86400 * 5), 6);
}

static void test_forms(void **state)
{
	CLEANUP(str_release) struct str text = {0};

	(void)state;
	clock_add_rfc3339(&text, 1795352645);
	str_add_char(&text, ' ');
	clock_add_basic(&text, 1795352645);
	str_add_char(&text, ' ');
	clock_add_date_time(&text, 1795352645);
	assert_string_equal(
		str_text(&text),
		"2026-11-22T13:04:05Z 20261122T130405Z 2026-11-22 13:04:05");
	str_clear(&text);
	clock_add_date(&text, 1795391999);
	str_add_char(&text, ' ');
	clock_add_date(&text, 1795392000);
	assert_string_equal(str_text(&text), "2026-11-22 2026-11-23");
}

static void test_deadlines(void **state)
{
	struct deadline none = {0};
	struct deadline past = deadline_in(-1);
	struct deadline far = deadline_in(3600000);

	(void)state;
	assert_false(deadline_passed(&none));
	assert_true(deadline_passed(&past));
	assert_false(deadline_passed(&far));
	assert_int_equal(deadline_left_ms(&none, 17), 17);
	assert_int_equal(deadline_left_ms(&past, 17), 0);
	assert_true(deadline_left_ms(&far, 17) > 3590000);
	assert_int_equal(deadline_share_ms(&none, 17), 17);
	assert_int_equal(deadline_share_ms(&far, 17), 17);
	assert_true(deadline_share_ms(&far, 7200000) <= 3600000);
	assert_int_equal(deadline_share_ms(&past, 17), 1);
	assert_int_equal(deadline_sooner(far, past).at_ms, past.at_ms);
	assert_int_equal(deadline_sooner(none, far).at_ms, far.at_ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc3339),
		cmocka_unit_test(test_date_time),
		cmocka_unit_test(test_http_date),
		cmocka_unit_test(test_civil_round_trip),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_deadlines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
