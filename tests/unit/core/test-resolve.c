#include "core/resolve.h"

#include "base/err.h"
#include "base/mem.h"
#include "core/chartindex.h"
#include "format/value.h"
#include "tests/unit/unit.h"

/* An entry of each of the versions; one that begins with "!" has no address. */
static void make_entries(struct chartindex_entries *entries,
			 struct arena *arena, const char *const *versions)
{
	struct value *urls = value_new_list(arena);

	value_list_add(urls, arena, value_new_text(arena, "web.tgz"));
	while (versions[entries->count])
		entries->count++;
	entries->items =
		arena_new_array(arena, struct chartindex_entry, entries->count);
	for (size_t i = 0; i < entries->count; i++) {
		bool lacks = *versions[i] == '!';

		entries->items[i] = (struct chartindex_entry){
			.version = versions[i] + lacks,
			.urls = lacks ? value_new_list(arena) : urls,
		};
	}
	chartindex_sort(entries);
}

static void test_explanations(void **state)
{
	static const char *const versions[] = {"1.0.0", "1.1.0",  "1.2.0-rc.1",
					       "2.0.0", "!1.3.0", "nope",
					       NULL};
	static const struct {
		const char *constraint, *taken, *why;
		enum resolve_verdict verdicts[6]; /* descending */
	} cases[] = {
		{"^1.0.0",
		 "1.1.0",
		 "the highest of 2 within the constraint",
		 {RESOLVE_UNFIT, RESOLVE_NO_ADDRESS, RESOLVE_PRERELEASE,
		  RESOLVE_TAKEN, RESOLVE_LOWER, RESOLVE_NO_VERSION}},
		{"<1.1",
		 "1.0.0",
		 "the only one within the constraint",
		 {RESOLVE_UNFIT, RESOLVE_NO_ADDRESS, RESOLVE_UNFIT,
		  RESOLVE_UNFIT, RESOLVE_TAKEN, RESOLVE_NO_VERSION}},
		{"1.1.0",
		 "1.1.0",
		 "exactly the version that is asked for",
		 {RESOLVE_UNFIT, RESOLVE_NO_ADDRESS, RESOLVE_UNFIT,
		  RESOLVE_TAKEN, RESOLVE_UNFIT, RESOLVE_NO_VERSION}},
		{"",
		 "2.0.0",
		 "the highest of 3 within the constraint",
		 {RESOLVE_TAKEN, RESOLVE_NO_ADDRESS, RESOLVE_PRERELEASE,
		  RESOLVE_LOWER, RESOLVE_LOWER, RESOLVE_NO_VERSION}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		struct chartindex_entries entries = {0};
		const struct chartindex_entry *taken = NULL;
		const struct resolve_explanation *made;
		struct err err = {0};

		make_entries(&entries, &arena, versions);
		assert_true(resolve_entry(&entries, "web", cases[i].constraint,
					  &taken, &err));
		assert_string_equal(taken->version, cases[i].taken);
		made = resolve_explain(&entries, cases[i].constraint, taken,
				       &arena);
		assert_string_equal(made->why, cases[i].why);
		assert_string_equal(made->constraint,
				    *cases[i].constraint ? cases[i].constraint
							 : "*");
		assert_int_equal(made->count, 6);
		assert_int_equal(made->more, 0);
		for (size_t j = 0; j < made->count; j++)
			assert_int_equal(made->candidates[j].verdict,
					 cases[i].verdicts[j]);
	}
}

/* Of very many, the highest and the one that matters. */
static void test_many_candidates(void **state)
{
	enum {
		COUNT = 3 * RESOLVE_CANDIDATES_MAX
	};

	CLEANUP(arena_release) struct arena arena = {0};
	const char *versions[COUNT + 1] = {0};
	struct chartindex_entries entries = {0};
	const struct chartindex_entry *taken = NULL;
	const struct resolve_explanation *made;
	struct err err = {0};

	(void)state;
	for (int i = 0; i < COUNT; i++)
		versions[i] = arena_printf(&arena, "1.%d.0", i);
	make_entries(&entries, &arena, versions);
	assert_true(resolve_entry(&entries, "web", "1.3.0", &taken, &err));
	made = resolve_explain(&entries, "1.3.0", taken, &arena);
	assert_int_equal(made->count, RESOLVE_CANDIDATES_MAX + 1);
	assert_int_equal(made->count + made->more, COUNT);
	assert_string_equal(made->candidates[made->count - 1].version, "1.3.0");
	assert_int_equal(made->candidates[made->count - 1].verdict,
			 RESOLVE_TAKEN);
}

static void test_verdicts_have_words(void **state)
{
	(void)state;
	for (int i = RESOLVE_TAKEN; i <= RESOLVE_NO_ADDRESS; i++)
		assert_true(*resolve_verdict_text((enum resolve_verdict)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_explanations),
		cmocka_unit_test(test_many_candidates),
		cmocka_unit_test(test_verdicts_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
