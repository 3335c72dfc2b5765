#include "base/nearest.h"

#include "tests/unit/unit.h"

static void test_nearest(void **state)
{
	static const char *const known[] = {"default", "define", "printf",
					    "println", "list",	 "trimAll"};
	static const struct {
		const char *word, *best;
	} cases[] = {
		{"defualt", "default"}, /* swapped */
		{"defaul", "default"},	/* dropped */
		{"defaultt", "default"},
		{"prinff", "printf"},
		{"trimall", "trimAll"}, /* case does not count */
		{"lst", "list"},
		{"print", "printf"}, /* the first of two that are as near */
		{"grafana", NULL},
		{"x", NULL},
		{"", NULL},
		{"default-of-something-quite-different-and-far-too-long-to-be-"
		 "like-any",
		 NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nearest nearest = {.word = cases[i].word};

		for (size_t j = 0; j < ARRAY_SIZE(known); j++)
			nearest_offer(&nearest, known[j]);
		if (cases[i].best)
			assert_case(cases[i].word,
				    nearest.best && strcmp(nearest.best,
							   cases[i].best) == 0);
		else
			assert_case(cases[i].word, nearest.best == NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
