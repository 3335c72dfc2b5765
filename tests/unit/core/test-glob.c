#include "core/glob.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "tests/unit/unit.h"

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern;
		const char *name;  /* that it matches; NULL: it is refused */
		const char *fault; /* what is said of it */
	} cases[] = {
		{"live-*", "live-shop", NULL},
		{"a?c", "abc", NULL},
		{"a[b-d]", "ad", NULL},
		{"a[!b]", "ac", NULL},
		{"a[]]", "a]", NULL},
		{"a[^]x]", "ay", NULL},
		{"a[[:digit:]x]", "a7", NULL},
		{"a[[:digit:][:alpha:]]", "ab", NULL},
		{"a[[.-.]]", "a-", NULL},
		{"a[[]", "a[", NULL},
		{"a\\[b", "a[b", NULL},
		{"a[\\]]", "a]", NULL},
		{"a]", "a]", NULL},
		{"", NULL, "it is empty"},
		{"[", NULL, "its '[' is not closed"},
		{"prot-[x", NULL, "its '[' is not closed"},
		{"prot-[]", NULL, "its '[' is not closed"},
		{"prot-[!]", NULL, "its '[' is not closed"},
		{"prot-[x\\]", NULL, "its '[' is not closed"},
		{"prot-[[:digit:]", NULL, "its '[' is not closed"},
		{"prot-[[:digits:]]", NULL, "it has no such class"},
		{"prot-[[:digit]", NULL, "it has no such class"},
		{"prot-\\", NULL, "it ends in '\\'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(strvec_release) struct strvec patterns = {0};
		const char *name = cases[i].name;

		strvec_add(&patterns, cases[i].pattern);
		assert_case(cases[i].pattern,
			    glob_check_all(&patterns, &err) == (name != NULL));
		if (name) {
			assert_case(cases[i].pattern,
				    glob_matches_any(&patterns, name));
			continue;
		}
		assert_case(cases[i].pattern, err_exit_code(&err) == 2);
		assert_case(cases[i].pattern, strstr(err.text, cases[i].fault));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
