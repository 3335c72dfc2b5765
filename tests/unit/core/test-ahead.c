#include "core/ahead.h"

#include "base/mem.h"
#include "base/str.h"
#include "tests/unit/unit.h"

/* @commit is deployed, where @marked and @marked_of were noted before. */
static void test_marks(void **state)
{
	static const struct {
		const char *name;
		const char *commit, *of;
		enum ahead_state state;
		const char *marked, *marked_of;
		const char *mark;
	} rows[] = {
		{"ahead", "c", "main", AHEAD_YES, NULL, NULL, "main"},
		{"not ahead", "c", "main", AHEAD_NO, NULL, NULL, ""},
		{"not known", "c", "main", AHEAD_UNKNOWN, NULL, NULL, ""},
		{"no main", "c", NULL, AHEAD_UNKNOWN, NULL, NULL, ""},
		{"no commit", NULL, NULL, AHEAD_UNKNOWN, "c", "main", ""},
		{"further ahead", "d", "main", AHEAD_YES, "c", "main", "main"},
		{"again, ahead", "c", "main", AHEAD_YES, "c", "main", "main"},
		{"again, merged since", "c", "main", AHEAD_NO, "c", "main",
		 "main"},
		{"again, not known", "c", NULL, AHEAD_UNKNOWN, "c", "main",
		 "main"},
		{"again, ahead of another now", "c", "next", AHEAD_YES, "c",
		 "main", "next"},
		{"again, held by another", "c", "next", AHEAD_NO, "c", "main",
		 "main"},
		{"again, never ahead", "c", "main", AHEAD_NO, "c", NULL, ""},
		{"reset to main", "m", "main", AHEAD_NO, "c", "main", ""},
		{"another, not known", "d", "main", AHEAD_UNKNOWN, "c", "main",
		 ""},
		{"noted by nobody", "c", "main", AHEAD_NO, NULL, "main", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(ahead_release) struct ahead ahead = {
			.commit = xstrdup_or_null(rows[i].commit),
			.of = xstrdup_or_null(rows[i].of),
			.state = rows[i].state,
		};

		assert_case(rows[i].name,
			    same_text(ahead_mark(&ahead, rows[i].marked,
						 rows[i].marked_of),
				      rows[i].mark));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
