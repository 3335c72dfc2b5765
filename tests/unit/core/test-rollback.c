#include "core/rollback.h"

#include "base/attr.h"
#include "base/str.h"
#include "tests/unit/unit.h"

/* 2026-11-27T10:00:00Z */
#define THEN INT64_C(1795773600)
#define TO_1 "Rollback to 1"
#define MARK "3 2026-11-27T10:00:00Z " TO_1

static void test_mark(void **state)
{
	CLEANUP(str_release) struct str text = {0};

	(void)state;
	rollback_add_mark(&text, 3, THEN, TO_1);
	assert_string_equal(str_text(&text), MARK);
}

static void test_description(void **state)
{
	CLEANUP(str_release) struct str plain = {0};
	CLEANUP(str_release) struct str signed_ = {0};

	(void)state;
	rollback_add_description(&plain, 1, NULL);
	assert_string_equal(str_text(&plain), TO_1);
	rollback_add_description(&signed_, 1, "0a");
	assert_string_equal(str_text(&signed_), TO_1 " by Slipway, run 0a");
}

static void test_whose(void **state)
{
	static const struct {
		const char *name, *mark;
		int64_t revision, created;
		const char *description;
		bool ours;
	} cases[] = {
		{"at once", MARK, 3, THEN, TO_1, true},
		{"a little later", MARK, 3, THEN + ROLLBACK_BEGIN_S, TO_1,
		 true},
		{"by another server's clock", MARK, 3, THEN - 1, TO_1, true},
		{"much later", MARK, 3, THEN + 60, TO_1, false},
		{"before", MARK, 3, THEN - 60, TO_1, false},
		{"the next", MARK, 4, THEN, TO_1, false},
		{"the one before", MARK, 2, THEN, TO_1, false},
		{"to another", MARK, 3, THEN, "Rollback to 2", false},
		{"of a run", MARK, 3, THEN, TO_1 " by Slipway, run 0a", false},
		{"of nobody knows whom", MARK, 3, THEN, NULL, false},
		{"no description marked", "3 2026-11-27T10:00:00Z", 3, THEN,
		 TO_1, false},
		{"an empty one", "3 2026-11-27T10:00:00Z ", 3, THEN, NULL,
		 false},
		{"no mark", NULL, 3, THEN, TO_1, false},
		{"an empty mark", "", 3, THEN, TO_1, false},
		{"no time", "3", 3, THEN, TO_1, false},
		{"an empty time", "3  " TO_1, 3, 0, TO_1, false},
		{"a time that is none", "3 soon " TO_1, 3, THEN, TO_1, false},
		{"no number", " 2026-11-27T10:00:00Z " TO_1, 0, THEN, TO_1,
		 false},
		{"a number that is none", "x 2026-11-27T10:00:00Z " TO_1, 0,
		 THEN, TO_1, false},
		{"more behind it", MARK " 4", 3, THEN, TO_1, false},
		{"a time before all", "3 0001-01-01T00:00:00Z " TO_1, 3,
		 INT64_MAX, TO_1, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_case(cases[i].name,
			    rollback_is_ours(cases[i].mark, cases[i].revision,
					     cases[i].created,
					     cases[i].description) ==
				    cases[i].ours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_description),
		cmocka_unit_test(test_whose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
