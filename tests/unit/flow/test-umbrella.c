#include "flow/umbrella.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "sys/env.h"
#include "tests/unit/unit.h"

static void put(struct umbrella *umbrella, const char *path, const char *text)
{
	struct str bytes = {0};

	str_add(&bytes, text);
	umbrella_put(umbrella, path, &bytes);
}

static void assert_text(const struct umbrella *umbrella, const char *path,
			const char *text)
{
	const struct umbrella_file *file = umbrella_find(umbrella, path);

	assert_non_null(file);
	assert_string_equal(str_text(&file->text), text);
}

static void test_files(void **state)
{
	CLEANUP(umbrella_release) struct umbrella umbrella = {0};

	(void)state;
	put(&umbrella, "b", "1");
	put(&umbrella, "a", "2");
	put(&umbrella, "c", "3");
	put(&umbrella, "b", "4");
	assert_int_equal(umbrella.count, 3);
	assert_string_equal(umbrella.files[0].path, "a");
	assert_text(&umbrella, "b", "4");
	umbrella_remove(&umbrella, "a");
	umbrella_remove(&umbrella, "a");
	assert_int_equal(umbrella.count, 2);
	assert_null(umbrella_find(&umbrella, "a"));
	assert_text(&umbrella, "c", "3");
}

static void test_which_are_templates(void **state)
{
	static const struct {
		const char *path, *templates, *no_templates;
		bool is;
	} cases[] = {
		{"Chart.yaml", NULL, NULL, true},
		{"requirements.yaml", NULL, NULL, true},
		{"values.yaml", NULL, NULL, true},
		{"values-prod.yaml", NULL, NULL, true},
		{"env/values-prod.yaml", NULL, NULL, true},
		{"quota.tpl.yaml", NULL, NULL, true},
		{"Chart.lock", NULL, NULL, false},
		{"README.md", NULL, NULL, false},
		{"values.yml", NULL, NULL, false},
		{"templates/values.yaml", NULL, NULL, false},
		{"charts/web/values.yaml", NULL, NULL, false},
		{"values.yaml", "*.txt", NULL, false},
		{"a.txt", "*.txt", NULL, true},
		{"x/a.txt", "*.txt", NULL, true},
		{"x/a.txt", "y/*.txt", NULL, false},
		{"templates/a.txt", "*.txt", NULL, false},
		{"values-x.yaml", NULL, "values-*", false},
		{"x/a.txt", "*.txt", "x/*", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strvec_release) struct strvec templates = {0};
		CLEANUP(strvec_release) struct strvec no_templates = {0};
		const struct umbrella_rules rules = {
			.templates = &templates,
			.no_templates = &no_templates,
		};

		if (cases[i].templates)
			strvec_add(&templates, cases[i].templates);
		if (cases[i].no_templates)
			strvec_add(&no_templates, cases[i].no_templates);
		assert_case(cases[i].path,
			    umbrella_is_template(&rules, cases[i].path) ==
				    cases[i].is);
	}
}

#define NOW   1000000000 /* 2001-09-09 01:46:40 */
#define LATER "2001-09-09 03:46:40"

/* The rules are core/expiry's; this is what becomes of the text. */
static void test_stamp(void **state)
{
	static const struct {
		const char *name, *before, *after;
		bool main, expires;
	} cases[] = {
		{"nothing there", NULL,
		 "global:\n  expires: true\n  expiryDate: \"" LATER "\"\n",
		 false, true},
		{"nothing there, main", NULL, NULL, true, false},
		{"empty date", "global:\n  expires: true\n  expiryDate:\n# x\n",
		 "global:\n  expires: true\n  expiryDate: \"" LATER "\"\n# x\n",
		 false, true},
		{"null date", "global: {expires: true, expiryDate: ~}\n",
		 "global: {expires: true, expiryDate: \"" LATER "\"}\n", false,
		 true},
		{"quotes stay", "global:\n  expires: yes\n  expiryDate: '1h'\n",
		 "global:\n  expires: yes\n  expiryDate: "
		 "'2001-09-09 02:46:40'\n",
		 false, true},
		{"says it already",
		 "global:\n  expires: true\n  expiryDate: " LATER " # x\n",
		 "global:\n  expires: true\n  expiryDate: " LATER " # x\n",
		 false, true},
		{"no date", "global:\n  expires: true\na: 1\n",
		 "global:\n  expires: true\n  expiryDate: \"" LATER
		 "\"\na: 1\n",
		 false, true},
		{"never", "global:\n  expires: off\n",
		 "global:\n  expires: off\n", false, false},
		{"main", "global:\n  expires: true\n",
		 "global:\n  expires: false\n", true, false},
		{"main, said so", "global:\n  expires: no\n",
		 "global:\n  expires: no\n", true, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(umbrella_release) struct umbrella umbrella = {
			.dir = xstrdup("x")};
		CLEANUP(err_release) struct err err = {0};
		struct expiry_input input = {.main = cases[i].main,
					     .explicit_ms = EXPIRY_UNSET,
					     .now = NOW};
		CLEANUP(free_ptr) char *warning = NULL;
		struct expiry expiry;

		if (cases[i].before)
			put(&umbrella, "values.yaml", cases[i].before);
		if (!umbrella_stamp(&umbrella, &input, &expiry, &warning, &err))
			fail_msg("case '%s': %s", cases[i].name, err.text);
		assert_case(cases[i].name, expiry.expires == cases[i].expires);
		if (cases[i].after)
			assert_text(&umbrella, "values.yaml", cases[i].after);
		else
			assert_null(umbrella_find(&umbrella, "values.yaml"));
	}
}

static void test_stamp_warns(void **state)
{
	CLEANUP(umbrella_release) struct umbrella umbrella = {
		.dir = xstrdup("x")};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(free_ptr) char *warning = NULL;
	struct expiry_input input = {.explicit_ms = EXPIRY_UNSET, .now = NOW};
	struct expiry expiry;

	(void)state;
	put(&umbrella, "values.yaml",
	    "global:\n  expiryDate: 2001-09-09 01:46:40\n");
	assert_true(umbrella_stamp(&umbrella, &input, &expiry, &warning, &err));
	assert_string_equal(
		warning,
		"'global.expiryDate' in x/values.yaml:2 is 2001-09-09 01:46:40 "
		"UTC, which has passed: expire-sweep will delete the "
		"environment");
}

static void test_stamp_refused(void **state)
{
	static const struct {
		const char *values, *cause;
		unsigned int line;
	} cases[] = {
		{"a: 1\nglobal: x\n", "a scalar stands on the way", 2},
		{"global:\n  expires: x\n", "true or false", 2},
		{"global:\n  expires: true\n  expiryDate: x\n", "no date", 3},
		{"- 1\n", "no mapping", 1},
		{"a: &a {expires: true}\nglobal: *a\n", "an alias", 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(umbrella_release) struct umbrella umbrella = {
			.dir = xstrdup("x")};
		CLEANUP(err_release) struct err err = {0};
		struct expiry_input input = {.explicit_ms = EXPIRY_UNSET};
		CLEANUP(free_ptr) char *warning = NULL;
		struct expiry expiry;

		put(&umbrella, "values.yaml", cases[i].values);
		assert_false(umbrella_stamp(&umbrella, &input, &expiry,
					    &warning, &err));
		if (!strstr(err.text, cases[i].cause))
			fail_msg("'%s': %s", cases[i].values, err.text);
		assert_case(cases[i].values, err.line == cases[i].line);
		assert_string_equal(err.file, "x/values.yaml");
		assert_int_equal(err.kind, ERR_INPUT);
		assert_text(&umbrella, "values.yaml", cases[i].values);
	}
}

static void test_clock(void **state)
{
	CLEANUP(env_release) struct env env = {0};
	CLEANUP(err_release) struct err err = {0};
	int64_t now = 0;

	(void)state;
	assert_true(umbrella_clock(&env, &now, &err));
	assert_true(now > 1700000000000);
	env_set(&env, "SOURCE_DATE_EPOCH", "12");
	assert_true(umbrella_clock(&env, &now, &err));
	assert_int_equal(now, 12000);
	env_set(&env, "SOURCE_DATE_EPOCH", "yesterday");
	assert_false(umbrella_clock(&env, &now, &err));
	assert_int_equal(err.kind, ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_which_are_templates),
		cmocka_unit_test(test_stamp),
		cmocka_unit_test(test_stamp_warns),
		cmocka_unit_test(test_stamp_refused),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
