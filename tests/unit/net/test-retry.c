#include "net/retry.h"

#include "base/clock.h"
#include "tests/unit/unit.h"

static void test_status(void **state)
{
	static const int repeated[] = {408, 429, 500, 502, 503, 504};
	size_t found = 0;

	(void)state;
	for (int status = 0; status < 700; status++)
		found += retry_status(status);
	assert_int_equal(found, ARRAY_SIZE(repeated));
	for (size_t i = 0; i < ARRAY_SIZE(repeated); i++)
		assert_true(retry_status(repeated[i]));
}

static void test_status_later(void **state)
{
	static const struct {
		int status;
		bool later;
	} cases[] = {
		{0, false},   {200, false}, {400, false}, {403, false},
		{404, false}, {408, true},  {409, false}, {412, false},
		{429, true},  {499, false}, {500, true},  {501, false},
		{502, true},  {503, true},  {504, true},  {505, false},
		{507, true},  {520, true},  {599, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(retry_status_later(cases[i].status),
				 cases[i].later);
	for (int status = 0; status < 700; status++)
		assert_true(!retry_status(status) ||
			    retry_status_later(status));
}

/* The longest wait after each try, and that every shorter one can come. */
static void test_wait(void **state)
{
	static const int64_t longest[] = {500,	1000,  2000,  4000,
					  8000, 16000, 20000, 20000};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(longest); i++) {
		uint64_t span = (uint64_t)longest[i] + 1;

		assert_int_equal(retry_wait_ms(i + 1, 0), 0);
		assert_int_equal(retry_wait_ms(i + 1, span - 1), longest[i]);
		assert_int_equal(retry_wait_ms(i + 1, span), 0);
	}
	assert_int_equal(retry_wait_ms(0, RETRY_BASE_MS), RETRY_BASE_MS);
	assert_in_range(retry_wait_ms(4000000000u, UINT64_MAX), 0,
			RETRY_CAP_MS);
}

static void test_after(void **state)
{
	const struct civil noon = {2026, 11, 22, 12, 0, 0};
	int64_t now = clock_from_civil(&noon);
	static const struct {
		const char *header;
		int64_t ms;
	} cases[] = {
		{NULL, -1},
		{"", -1},
		{"0", 0},
		{"3", 3000},
		{"86400", 86400000},
		{"86401", -1},
		{"-1", -1},
		{"1.5", -1},
		{" 3", -1},
		{"soon", -1},
		{"99999999999999999999", -1},
		{"Sun, 22 Nov 2026 12:00:30 GMT", 30000},
		{"Sun, 22 Nov 2026 12:00:00 GMT", 0},
		{"Sun, 22 Nov 2026 11:00:00 GMT", 0},
		{"Mon, 23 Nov 2026 12:00:00 GMT", 86400000},
		{"Mon, 23 Nov 2026 12:00:01 GMT", -1},
		{"2026-11-22T12:00:30Z", -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_case(cases[i].header ? cases[i].header : "(none)",
			    retry_after_ms(cases[i].header, now) ==
				    cases[i].ms);
}

static void test_reset(void **state)
{
	const struct civil noon = {2026, 11, 22, 12, 0, 0};
	int64_t now = clock_from_civil(&noon);
	static const struct {
		const char *header;
		int64_t ms;
	} cases[] = {
		{NULL, -1},
		{"", -1},
		{"soon", -1},
		{"-5", -1},
		{"0", 0},
		{"30", 30000},
		{"90000", -1},
		{"1795348830", 30000},
		{"1795348700", 0},
		{"1795448800", -1},
		{"2026-11-22T12:00:30Z", 30000},
		{"2026-11-22T12:00:30.25Z", 30000},
		{"2026-11-22T13:01:00+01:00", 60000},
		{"2026-11-22T11:59:00Z", 0},
		{"2026-11-22T12:01Z", 60000},
		{"2026-11-22T13:02+01:00", 120000},
		{"2026-11-22T12:0", -1},
		{"2026-11-22T12:01:", -1},
		{"2027-11-22T12:00:30Z", -1},
		{"99999999999999999999", -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_case(cases[i].header ? cases[i].header : "(none)",
			    retry_reset_ms(cases[i].header, now) ==
				    cases[i].ms);
}

static void test_plan(void **state)
{
	static const struct {
		const char *name;
		struct retry_state is;
		int64_t wait; /* -1 = no more tries */
	} cases[] = {
		{"first", {1, 6, -1, 60000, 100000, 400}, 400},
		{"last but one", {5, 6, -1, 60000, 100000, 8000}, 8000},
		{"no tries left", {6, 6, -1, 60000, 100000, 0}, -1},
		{"server asks", {1, 6, 3000, 60000, 100000, 400}, 3400},
		{"server asks for nothing", {1, 6, 0, 60000, 100000, 7}, 7},
		{"server asks too much", {1, 6, 60001, 60000, 999999, 0}, -1},
		{"deadline before", {1, 6, -1, 60000, 400, 400}, -1},
		{"deadline just after", {1, 6, -1, 60000, 401, 400}, 400},
		{"deadline before server's", {1, 6, 5000, 60000, 5000, 0}, -1},
		{"no time", {1, 6, -1, 60000, 0, 0}, -1},
		{"no deadline", {1, 6, -1, 60000, INT64_MAX, 500}, 500},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t wait = -1;
		bool again = retry_plan(&cases[i].is, &wait);

		assert_case(cases[i].name, again == (cases[i].wait >= 0));
		assert_case(cases[i].name, wait == cases[i].wait);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_status_later),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_after),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
