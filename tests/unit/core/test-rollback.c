#include "core/rollback.h"

#include "base/attr.h"
#include "base/str.h"
#include "tests/unit/unit.h"

/* 2026-11-27T10:00:00Z */
#define THEN INT64_C(1795773600)
#define MARK "3 2026-11-27T10:00:00Z"

static void test_mark(void **state)
{
	CLEANUP(str_release) struct str text = {0};

	(void)state;
	rollback_add_mark(&text, 3, THEN);
	assert_string_equal(str_text(&text), MARK);
}

static void test_whose(void **state)
{
	static const struct {
		const char *name, *mark;
		int64_t revision, created;
		bool ours;
	} cases[] = {
		{"at once", MARK, 3, THEN, true},
		{"a little later", MARK, 3, THEN + ROLLBACK_BEGIN_S, true},
		{"by another server's clock", MARK, 3, THEN - 1, true},
		{"much later", MARK, 3, THEN + 60, false},
		{"before", MARK, 3, THEN - 60, false},
		{"the next", MARK, 4, THEN, false},
		{"the one before", MARK, 2, THEN, false},
		{"no mark", NULL, 3, THEN, false},
		{"an empty one", "", 3, THEN, false},
		{"no time", "3", 3, THEN, false},
		{"an empty time", "3 ", 3, 0, false},
		{"a time that is none", "3 soon", 3, THEN, false},
		{"no number", " 2026-11-27T10:00:00Z", 0, THEN, false},
		{"a number that is none", "x 2026-11-27T10:00:00Z", 0, THEN,
		 false},
		{"more behind it", MARK " 4", 3, THEN, false},
		{"a time before all", "3 0001-01-01T00:00:00Z", 3, INT64_MAX,
		 false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_case(cases[i].name,
			    rollback_is_ours(cases[i].mark, cases[i].revision,
					     cases[i].created) ==
				    cases[i].ours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_whose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
