#include "core/githash.h"

#include <string.h>

#include "tests/unit/unit.h"

#define DIGITS_39 "0123456789abcdef0123456789abcdef0123456"
#define DIGITS_63 \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

static void test_hashes(void **state)
{
	static const struct {
		const char *text;
		bool whole, part;
	} rows[] = {
		{"", false, false},
		{"012345", false, false},
		{"0123456", false, true},
		{"ABCDEF0", false, true},
		{"012345g", false, false},
		{"0123456 ", false, false},
		{"v1.0.0-7", false, false},
		{DIGITS_39, false, true},
		{DIGITS_39 "a", true, true},
		{DIGITS_39 "A", false, true},
		{DIGITS_39 "g", false, false},
		{DIGITS_39 "/", false, false},
		{DIGITS_39 "aa", false, true},
		{DIGITS_63, false, true},
		{DIGITS_63 "f", true, true},
		{DIGITS_63 "F", false, true},
		{DIGITS_63 "ff", false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *text = rows[i].text;

		assert_case(text, githash_is_whole(text, strlen(text)) ==
					  rows[i].whole);
		assert_case(text, githash_is_part(text) == rows[i].part);
	}
	assert_true(githash_is_whole(DIGITS_39 "a refs/heads/x", 40));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
