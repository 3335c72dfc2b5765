#include "format/slug.h"

#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "tests/unit/unit.h"

static void test_add(void **state)
{
	static const struct {
		const char *text, *slug;
	} cases[] = {
		{"main", "main"},
		{"feature/Login", "feature-login"},
		{"--a__b--", "a-b"},
		{"UPPER.case", "upper-case"},
		{"\xc3\xa9t\xc3\xa9", "t"},
		{"///", ""},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str slug = {0};

		str_add(&slug, "-");
		slug_add(&slug, cases[i].text);
		assert_string_equal(str_text(&slug) + 1, cases[i].slug);
	}
}

/* The hashes are those of: printf %s ORIGINAL | sha256sum | cut -c1-16 */
static void test_label(void **state)
{
	static const struct {
		const char *text, *original, *label;
		size_t max;
	} cases[] = {
		{"main", "main", "main", 63},
		{"main", "other", "main", 63},
		{"Main", "Main", "main-eb814be3ca3b78c0", 63},
		{"a/b", "a/b", "a-b-c14cddc033f64b9d", 63},
		{"", "", "e3b0c44298fc1c14", 63},
		{"abcdef-hijklmnopqrstuvw-xyz", "x", "abcdef-2d711642b726b044",
		 24},
		{"abcdefg", "x", "abcdefg", 7},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str label = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_true(slug_label(&label, cases[i].text, cases[i].original,
				       cases[i].max, &err));
		assert_string_equal(str_text(&label), cases[i].label);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_label),
	};

	return cmocka_run_group_tests_name("slug", tests, NULL, NULL);
}
