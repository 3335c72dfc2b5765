#include "core/helmignore.h"

#include "base/err.h"
#include "tests/unit/unit.h"

static void test_glob(void **state)
{
	static const struct {
		const char *pattern;
		const char *name;
		bool fits;
	} cases[] = {
		{"abc", "abc", true},
		{"*", "abc", true},
		{"*c", "abc", true},
		{"a*", "a", true},
		{"a*", "ab/c", false},
		{"a*/b", "abc/b", true},
		{"a*b*c*d*e*/f", "axbxcxdxe/f", true},
		{"a*b*c*d*e*/f", "axbxcxdxexxx/fff", false},
		{"a*b?c*x", "abxbbxdbxebxczzx", true},
		{"a*b?c*x", "abxbbxdbxebxczzy", false},
		{"ab[c]", "abc", true},
		{"ab[b-d]", "abc", true},
		{"ab[e-g]", "abc", false},
		{"ab[^c]", "abc", false},
		{"ab[^e-g]", "abc", true},
		{"a\\*b", "a*b", true},
		{"a\\*b", "ab", false},
		{"a?b",
		 "a\xe2\x98\xba"
		 "b",
		 true},
		{"a[^a]b",
		 "a\xe2\x98\xba"
		 "b",
		 true},
		{"a???b",
		 "a\xe2\x98\xba"
		 "b",
		 false},
		{"a?b", "a/b", false},
		{"a*b", "a/b", false},
		{"[\\]a]", "]", true},
		{"[\\-x]", "-", true},
		{"[x\\-]", "z", false},
		{"[]a]", "]", false},
		{"[", "a", false},
		{"[^", "a", false},
		{"[a", "a", false},
		{"a[", "ab", false},
		{"*x", "xxx", true},
		{"", "", true},
		{"", "a", false},
		{"\\", "\\", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_case(cases[i].pattern,
			    helmignore_glob(cases[i].pattern, cases[i].name) ==
				    cases[i].fits);
}

/* Rules with "|" for line breaks. */
static void test_rules(void **state)
{
	static const struct {
		const char *rules;
		const char *path;
		bool is_dir;
		bool left_out;
	} cases[] = {
		{"*.txt", "a/b.txt", false, true},
		{"*.txt", "b.md", false, false},
		{"/*.txt", "a/b.txt", false, false},
		{"/*.txt", "b.txt", false, true},
		{"a/*.txt", "a/b.txt", false, true},
		{"a/*.txt", "c/a/b.txt", false, false},
		{"docs/", "docs", true, true},
		{"docs/", "docs", false, false},
		{"docs/", "a/docs", true, true},
		{"/docs/", "a/docs", true, false},
		{"# note||  *.bak  ", "x.bak", false, true},
		{"!*.md", "x.txt", false, true},
		{"!*.md", "x.md", false, false},
		{"!*.md|x.*", "x.md", false, true},
		{"!docs/", "x.md", false, true},
		{"", "templates/.swp", false, true},
		{"", "templates/x.yaml", false, false},
		{"", "templates/a/.swp", false, false},
		{"\xef\xbb\xbf*.txt", "b.txt", false, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(helmignore_release) struct helmignore ignore = {0};
		struct err err = {0};
		char text[64];
		size_t len = strlen(cases[i].rules);

		memcpy(text, cases[i].rules, len);
		for (size_t j = 0; j < len; j++) {
			if (text[j] == '|')
				text[j] = '\n';
		}
		assert_true(helmignore_parse(&ignore, text, len, "file", &err));
		helmignore_add_defaults(&ignore);
		assert_case(cases[i].rules,
			    helmignore_has(&ignore, cases[i].path,
					   cases[i].is_dir) ==
				    cases[i].left_out);
	}
}

static void test_refused(void **state)
{
	static const char *const texts[] = {"a\n**/b\n", "a\n[\n", "\na\\"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(helmignore_release) struct helmignore ignore = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_case(texts[i], !helmignore_parse(&ignore, texts[i],
							strlen(texts[i]),
							".helmignore", &err));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_int_equal(err.line, 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_glob),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
