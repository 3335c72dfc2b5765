#include "core/resolve.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "core/chartindex.h"
#include "format/value.h"
#include "tests/unit/unit.h"

/* As an index has it; of "?" the name is missing. */
static struct value *make_value(struct arena *arena, const char *version,
				bool named)
{
	struct value *value = value_new_map(arena);

	value_map_set_text(value, arena, "version", version);
	if (named)
		value_map_set_text(value, arena, "name", "web");
	return value;
}

/*
 * An entry of each of the versions; one that begins with "!" has no address,
 * with "?" no name.
 */
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
		bool addressed = *versions[i] != '!';
		bool named = *versions[i] != '?';
		const char *version = versions[i] + !(addressed && named);

		entries->items[i] = (struct chartindex_entry){
			.version = version,
			.urls = addressed ? urls : value_new_list(arena),
			.value = make_value(arena, version, named),
		};
	}
	chartindex_sort(entries);
}

static bool resolve(const struct chartindex_entries *entries,
		    const char *constraint, enum resolve_rule rule,
		    const struct chartindex_entry **entry, struct err *err)
{
	const struct resolve_query query = {
		.name = "web", .constraint = constraint, .rule = rule};

	return resolve_entry(entries, &query, entry, err);
}

static void test_rules(void **state)
{
	static const struct {
		const char *constraint;
		const char *taken[3]; /* by each rule, NULL = none */
		const char *versions[6];
	} cases[] = {
		{"1.2", {"1.2.5", "1.2", "1.2"}, {"1.2", "1.2.5", "1.2.1"}},
		{"1", {"1.9.0", "1", "1"}, {"1.9.0", "1", "2.0.0"}},
		{"1.2", {"1.2.5", "1.2.5", NULL}, {"1.2.5", "1.2.1"}},
		{"1.2", {"1.2.5", "1.2.5", "1.2.0"}, {"1.2.5", "1.2.0"}},
		{"1.2", {"1.2.5", "1.2.5", "v1.2.0"}, {"1.2.5", "v1.2.0"}},
		{"1.2.0",
		 {"1.2.0", "1.2.0", "1.2.0"},
		 {"1.2", "v1.2.0", "1.2.0"}},
		{"v1.2.0", {"1.2.0", "1.2.0", "1.2.0"}, {"1.2.0", "1.3.0"}},
		/* Helm takes +b in the first, as it stands before. */
		{"1.2.0+a",
		 {"1.2.0+a", "1.2.0+a", "1.2.0+a"},
		 {"1.2.0+b", "1.2.0+a"}},
		{"1.2.0+a", {"1.2.0+b", "1.2.0+b", NULL}, {"1.2.0+b"}},
		{"1.2.0", {"1.2.0+b", "1.2.0+b", NULL}, {"1.2.0+b"}},
		{"1.2.0-rc",
		 {"1.2.0-rc", "1.2.0-rc", "1.2.0-rc"},
		 {"1.2.0", "1.2.0-rc"}},
		{"^1", {"1.3.0", "1.3.0", NULL}, {"1.3.0", "?1.4.0", "!1.5.0"}},
		{"1.4.0", {NULL, NULL, NULL}, {"1.3.0", "?1.4.0"}},
		{"1.4.0", {NULL, NULL, NULL}, {"1.3.0", "!1.4.0"}},
		{"1.4.0", {"1.4.0", "1.4.0", "1.4.0"}, {"1.4.0", "?1.4.0"}},
		{"1.4.0",
		 {"1.4.0+a", "1.4.0+a", NULL},
		 {"?1.4.0", "1.4.0+a", "nope"}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		struct chartindex_entries entries = {0};

		make_entries(&entries, &arena, cases[i].versions);
		for (int rule = RESOLVE_HIGHEST; rule <= RESOLVE_LOCKED;
		     rule++) {
			CLEANUP(err_release) struct err err = {0};
			const char *taken = cases[i].taken[rule];
			const struct chartindex_entry *entry = NULL;

			assert_case(cases[i].constraint,
				    resolve(&entries, cases[i].constraint,
					    (enum resolve_rule)rule, &entry,
					    &err) == (taken != NULL));
			if (taken)
				assert_string_equal(entry->version, taken);
			else
				assert_int_equal(err.kind, ERR_NOT_FOUND);
		}
	}
}

/* Those that would have been taken, and no more than so many. */
static void test_what_is_passed_over(void **state)
{
	enum {
		COUNT = 3 * RESOLVE_PASSED_OVER_MAX
	};

	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(strvec_release) struct strvec told = {0};
	const struct resolve_query query = {.name = "web",
					    .constraint = "1.5.0",
					    .rule = RESOLVE_SPELLED,
					    .passed_over = &told};
	const char *many[COUNT + 1] = {0};
	const struct chartindex_entry *entry = NULL;
	struct chartindex_entries entries = {0};
	struct err err = {0};

	(void)state;
	make_entries(&entries, &arena,
		     (const char *const[]){"?2.0.0", "?1.5.0", "1.5.0",
					   "?1.4.0", NULL});
	assert_true(resolve_entry(&entries, &query, &entry, &err));
	assert_string_equal(entry->version, "1.5.0");
	assert_int_equal(told.count, 1);
	assert_string_equal(told.items[0],
			    "version 1.5.0: the chart has no name");
	for (int i = 0; i < COUNT; i++)
		many[i] = arena_printf(&arena, "?1.5.0+%d", i);
	strvec_truncate(&told, 0);
	entries = (struct chartindex_entries){0};
	make_entries(&entries, &arena, many);
	assert_false(resolve_entry(&entries, &query, &entry, &err));
	assert_int_equal(told.count, RESOLVE_PASSED_OVER_MAX);
	assert_string_equal(err.hint, "an entry is passed over, as Helm does: "
				      "version 1.5.0+0: the chart has no name");
	err_release(&err);
}

static void test_no_constraint(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err err = {0};
	const struct chartindex_entry *entry = NULL;
	struct chartindex_entries entries = {0};

	(void)state;
	make_entries(&entries, &arena, (const char *const[]){"1.0.0", NULL});
	assert_false(
		resolve(&entries, "newest", RESOLVE_HIGHEST, &entry, &err));
	assert_int_equal(err.kind, ERR_INPUT);
}

static void test_explanations(void **state)
{
	static const char *const versions[] = {"1.0.0",	 "1.1.0",  "1.2.0-rc.1",
					       "2.0.0",	 "!1.3.0", "nope",
					       "?0.9.0", NULL};
	static const struct {
		const char *constraint, *taken, *why;
		enum resolve_verdict verdicts[7]; /* descending */
	} cases[] = {
		{"^1.0.0",
		 "1.1.0",
		 "the highest of 2 within the constraint",
		 {RESOLVE_UNFIT, RESOLVE_NO_ADDRESS, RESOLVE_PRERELEASE,
		  RESOLVE_TAKEN, RESOLVE_LOWER, RESOLVE_NO_ENTRY,
		  RESOLVE_NO_VERSION}},
		{"<1.1",
		 "1.0.0",
		 "the only one within the constraint",
		 {RESOLVE_UNFIT, RESOLVE_NO_ADDRESS, RESOLVE_UNFIT,
		  RESOLVE_UNFIT, RESOLVE_TAKEN, RESOLVE_NO_ENTRY,
		  RESOLVE_NO_VERSION}},
		{"1.1.0",
		 "1.1.0",
		 "exactly the version that is asked for",
		 {RESOLVE_UNFIT, RESOLVE_NO_ADDRESS, RESOLVE_UNFIT,
		  RESOLVE_TAKEN, RESOLVE_UNFIT, RESOLVE_NO_ENTRY,
		  RESOLVE_NO_VERSION}},
		{"",
		 "2.0.0",
		 "the highest of 3 within the constraint",
		 {RESOLVE_TAKEN, RESOLVE_NO_ADDRESS, RESOLVE_PRERELEASE,
		  RESOLVE_LOWER, RESOLVE_LOWER, RESOLVE_NO_ENTRY,
		  RESOLVE_NO_VERSION}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		struct chartindex_entries entries = {0};
		const struct chartindex_entry *taken = NULL;
		const struct resolve_explanation *made;
		struct err err = {0};

		make_entries(&entries, &arena, versions);
		assert_true(resolve(&entries, cases[i].constraint,
				    RESOLVE_HIGHEST, &taken, &err));
		assert_string_equal(taken->version, cases[i].taken);
		made = resolve_explain(&entries, cases[i].constraint, taken,
				       &arena);
		assert_string_equal(made->why, cases[i].why);
		assert_string_equal(made->constraint,
				    *cases[i].constraint ? cases[i].constraint
							 : "*");
		assert_int_equal(made->count, 7);
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
	assert_true(resolve(&entries, "1.3.0", RESOLVE_HIGHEST, &taken, &err));
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
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_what_is_passed_over),
		cmocka_unit_test(test_no_constraint),
		cmocka_unit_test(test_explanations),
		cmocka_unit_test(test_many_candidates),
		cmocka_unit_test(test_verdicts_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
