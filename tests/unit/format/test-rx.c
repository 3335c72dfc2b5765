#include "format/rx.h"

#include "base/err.h"
#include "base/str.h"
#include "tests/unit/unit.h"

/* --- what is found ------------------------------------------------------- */

/*
 * The places of the groups in each match, as Go 1.26's FindAllSubmatchIndex
 * gives them.
 */
static const struct {
	const char *pattern;
	const char *text;
	const char *places;
} cases[] = {
	{"([A-Z]+)-([0-9]+)(!)?", "x PROJ-12, y", "2 9 2 6 7 9 -1 -1;"},
	{"", "ab", "0 0;1 1;2 2;"},
	{"", "", "0 0;"},
	{"a*", "baac", "0 0;1 3;4 4;"},
	{"a|ab", "ab", "0 1;"},
	{"a{2}", "aaaaa", "0 2;2 4;"},
	{"a{,2}", "a{,2}", "0 5;"},
	{"x*?y??", "xy", "0 0;1 1;2 2;"},
	{"(?U)a+b*?", "aabb", "0 1;1 4;"},
	{"a(?i)b|c", "aB C", "0 2;3 4;"},
	{"(?i)k\\w", "\u212a\u017f", "0 5;"},
	{"(?i)[^k]", "kK\u212ax", "5 6;"},
	{"(?i)[\\P{Lu}]", "a1\u0138", "1 2;2 4;"},
	{"(?i)[\\P{Lu}a]", "aAb", "0 1;1 2;"},
	{"(?i)[^\\P{Lu}b]", "aAbB", "0 1;1 2;"},
	{"(?m)^.*$", "a\nb\n", "0 1;2 3;4 4;"},
	{"^b", "b\nb", "0 1;"},
	{"a$", "a\n", ""},
	{"a.b", "a\nb", ""},
	{"(?s)a.b", "a\nb", "0 3;"},
	{"[^a]", "\n", "0 1;"},
	{"\\s+", " \t\v\f", "0 2;3 4;"},
	{"\\bé|\\Bé", "é", "0 2;"},
	{"\\d", "٣3", "2 3;"},
	{"\\Q.*\\E", "a.*", "1 3;"},
	{"\\x41\\101\\x{41}\\a", "AAA\a", "0 4;"},
	{"[[:^alpha:]\\pL]", "é1", "0 2;2 3;"},
	{"[\\x{d800}-\\x{e000}]", "\ue000\ud7ff", "0 3;"},
	{"\\x{d800}|[^\\x00-\\x{10ffff}]", "a\ufffd", ""},
	{"(?P<n>a)|(?<n>b)", "ab", "0 1 0 1 -1 -1;1 2 -1 -1 1 2;"},
	{"(a){0}b", "b", "0 1 -1 -1;"},
	/* An automaton is nowhere twice. */
	{"(?:a*|b)*", "ab", "0 2;"},
	{"(?:a*(?:|y))*", "ay", "0 1;2 2;"},
	{"(a*)+", "aa", "0 2 0 2;"},
	{"(a|b*){2,}", "aab", "0 3 2 3;"},
	{"(|a){3,}b", "aab", "0 3 1 2;"},
	{"(?:(a)|b)*", "ab", "0 2 0 1;"},
	{"(?:(a)|(b)){2}", "ab", "0 2 0 1 1 2;"},
	{"^(a+)+[bc]$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ""},
	/* What is not UTF-8 is U+FFFD, byte by byte. */
	{".", "\xff\xe2\x82", "0 1;1 2;2 3;"},
	{"b(\ufffd)c",
	 "a\xff\xff"
	 "b\xfe"
	 "c",
	 "3 6 4 5;"},
	{"\\x{fffd}+", "a\xc0\x80\ufffd.", "1 6;"},
};

static void add_places(struct str *out, const struct rx_scan *scan)
{
	for (size_t i = 0; i < scan->rx->groups; i++)
		str_addf(out, "%s%zd %zd", i > 0 ? " " : "",
			 (ssize_t)scan->groups[i].start,
			 (ssize_t)scan->groups[i].end);
	str_add_char(out, ';');
}

static void test_matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(rx_release) struct rx rx = {0};
		CLEANUP(rx_scan_release) struct rx_scan scan = {0};
		CLEANUP(str_release) struct str places = {0};
		struct err err = {0};
		const char *pattern = cases[i].pattern;
		bool found = true;

		assert_case(pattern,
			    rx_compile(&rx, pattern, strlen(pattern), &err));
		rx_scan_open(&scan, &rx, cases[i].text, strlen(cases[i].text));
		while (found) {
			assert_case(pattern, rx_scan_next(&scan, &found, &err));
			if (found)
				add_places(&places, &scan);
		}
		assert_case(pattern,
			    strcmp(str_text(&places), cases[i].places) == 0);
	}
}

static void test_nul_is_a_rune(void **state)
{
	CLEANUP(rx_release) struct rx rx = {0};
	CLEANUP(rx_scan_release) struct rx_scan scan = {0};
	struct err err = {0};
	bool found;

	(void)state;
	assert_true(rx_compile(&rx, "a\0[\0]", 5, &err));
	rx_scan_open(&scan, &rx, "xa\0\0", 4);
	assert_true(rx_scan_next(&scan, &found, &err));
	assert_true(found);
	assert_int_equal(scan.groups[0].end, 4);
}

/* --- what is refused ----------------------------------------------------- */

static const struct {
	const char *pattern;
	const char *text;
	const char *hint;
} refused[] = {
	{"a(?=b)", "byte 1: invalid or unsupported Perl syntax: '(?='",
	 "RE2 has no lookahead"},
	{"(?<!b)", "byte 0: invalid named capture: '(?<'",
	 "RE2 has no lookbehind"},
	{"(?>b)", "byte 0: invalid or unsupported Perl syntax: '(?>'",
	 "RE2 has no atomic groups; it never needs them"},
	{"(a)\\1", "byte 3: invalid escape sequence: '\\1'",
	 "RE2 has no backreferences"},
	{"(?R)", "byte 0: invalid or unsupported Perl syntax: '(?R'",
	 "RE2 has no recursion"},
	{"a\\Z", "byte 1: invalid escape sequence: '\\Z'",
	 "write \\z, which is the end of the text"},
	{"\\C", "byte 0: invalid escape sequence: '\\C'",
	 "Go's RE2 has no \\C"},
	{"a++", "byte 1: invalid nested repetition operator: '++'", NULL},
	{"a**?", "byte 1: invalid nested repetition operator: '**?'", NULL},
	{"*a", "byte 0: missing argument to repetition operator: '*'", NULL},
	{"a|+?", "byte 2: missing argument to repetition operator: '+?'", NULL},
	{"a{1001}", "byte 1: invalid repeat count: '{1001}'", NULL},
	{"a{2,1}", "byte 1: invalid repeat count: '{2,1}'", NULL},
	{"((a{10}){10}){11}", "byte 13: invalid repeat count: '{11}'", NULL},
	{"a(b", "byte 0: missing closing ): 'a(b'", NULL},
	{"a)b", "byte 1: unexpected ): ')'", NULL},
	{"x[a", "byte 1: missing closing ]: '[a'", NULL},
	{"[z-a]", "byte 1: invalid character class range: 'z-a'", NULL},
	{"[[:foo:]]", "byte 1: invalid character class range: '[:foo:]'", NULL},
	{"\\p{Foo}", "byte 0: invalid character class range: '\\p{Foo}'", NULL},
	{"\\p{Gre", "byte 0: invalid character class range: '\\p{Gre'", NULL},
	{"\\pX", "byte 0: invalid character class range: '\\pX'", NULL},
	{"a\\", "byte 1: trailing backslash at end of expression: '\\'", NULL},
	{"\\x{110000}", "byte 0: invalid escape sequence: '\\x{110000'", NULL},
	{"a\xff", "byte 1: invalid UTF-8: '\\xff'", NULL},
	{"(?i-)a", "byte 0: invalid or unsupported Perl syntax: '(?i-)'", NULL},
	{"(?P<a b>c)", "byte 0: invalid named capture: '(?P<a'", NULL},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		CLEANUP(rx_release) struct rx rx = {0};
		CLEANUP(err_release) struct err err = {0};
		const char *pattern = refused[i].pattern;

		assert_case(pattern,
			    !rx_compile(&rx, pattern, strlen(pattern), &err));
		assert_case(pattern, !rx_is_valid(pattern, strlen(pattern)));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_case(pattern, ends_with(err.text, refused[i].text));
		assert_case(pattern, same_text(err.hint, refused[i].hint));
	}
}

/* --- ceilings ------------------------------------------------------------ */

static bool compile_repeated(const char *head, const char *part, size_t count,
			     const char *tail, size_t tails, struct err *err)
{
	CLEANUP(rx_release) struct rx rx = {0};
	CLEANUP(str_release) struct str pattern = {0};

	str_add(&pattern, head);
	for (size_t i = 0; i < count; i++)
		str_add(&pattern, part);
	for (size_t i = 0; i < tails; i++)
		str_add(&pattern, tail);
	return rx_compile(&rx, str_text(&pattern), pattern.len, err);
}

static void assert_too(const char *what, bool good, struct err *err)
{
	assert_false(good);
	assert_int_equal(err->kind, ERR_INPUT);
	assert_case(what, strstr(err->text, what) != NULL);
	err_release(err);
}

static void test_patterns_are_bounded(void **state)
{
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_too("too large",
		   compile_repeated("", "(?:[a-z][0-9]){1000}", 100, "", 0,
				    &err),
		   &err);
	assert_too("too large",
		   compile_repeated("(?i)", "[\\x00-\\x{10ffff}]", 10, "", 0,
				    &err),
		   &err);
	assert_too("too large",
		   compile_repeated("(?i)", "(?:[\\x00-\\x{ffff}]|b){100}", 1,
				    "", 0, &err),
		   &err);
	assert_too("too large",
		   compile_repeated("", "(?:(a|b){30}){30}", 100, "", 0, &err),
		   &err);
	assert_too("larger than 64 KiB",
		   compile_repeated("", "0123456789", 7000, "", 0, &err), &err);
	assert_too("nests too deeply",
		   compile_repeated("", "(", 1001, ")", 1001, &err), &err);
	assert_too("nests too deeply",
		   compile_repeated("", "(?:a|b?", 300, ")*", 300, &err), &err);
	assert_true(compile_repeated("", "(", 990, ")", 990, &err));
	assert_true(compile_repeated("", "(a", 100, ")*", 100, &err));
}

static bool search_repeated(const char *pattern, const char *part, size_t count,
			    bool *found, uint64_t *work, struct err *err)
{
	CLEANUP(rx_release) struct rx rx = {0};
	CLEANUP(rx_scan_release) struct rx_scan scan = {0};
	CLEANUP(str_release) struct str text = {0};
	bool good;

	for (size_t i = 0; i < count; i++)
		str_add(&text, part);
	if (!rx_compile(&rx, pattern, strlen(pattern), err))
		return false;
	rx_scan_open(&scan, &rx, str_text(&text), text.len);
	good = rx_scan_next(&scan, found, err);
	*work = scan.work;
	return good;
}

/* What takes pcre2 alone ages takes a few steps for each byte. */
static void test_work_is_linear(void **state)
{
	static const char *const patterns[] = {
		"^(a+)+$",
		"(a|aa)+b",
		"(a*)*b",
		"(?:a?a?)*b",
		"[a-z]+@",
		"(?:a|a?)+?b",
		"(x+x+)+y|(a{1,3}){2,}b",
	};
	CLEANUP(err_release) struct err err = {0};
	uint64_t work;
	bool found;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		const char *text = i == 0 ? "aaaaaaaaaaa!" : "aaaaaaaaaaaa";

		assert_case(patterns[i],
			    search_repeated(patterns[i], text, 5000, &found,
					    &work, &err));
		assert_case(patterns[i], !found);
		assert_case(patterns[i], work < 60000 * 20);
	}
}

static void test_searches_are_bounded(void **state)
{
	CLEANUP(err_release) struct err err = {0};
	uint64_t work;
	bool found;

	(void)state;
	assert_too("too long for the regular expression",
		   search_repeated("(?:(?:a|b)?c){900}", "ab", 500000, &found,
				   &work, &err),
		   &err);
	assert_too("more than 128 MiB",
		   search_repeated("(a|b)*", "ab", 2000000, &found, &work,
				   &err),
		   &err);
	assert_too("more than 100000000 steps",
		   search_repeated("a*a*a*[cd]", "a", 30000, &found, &work,
				   &err),
		   &err);
}

/* --- replacing ----------------------------------------------------------- */

static const struct {
	const char *form;
	const char *expected;
} forms[] = {
	{"$1-${2}", "ab-"},	 {"${1}x$1x", "abx"}, {"$y/${y}", "ab/ab"},
	{"$0$$", "abc$"},	 {"$", "$"},	      {"${", "${"},
	{"${1", "${1"},		 {"${}", "${}"},      {"$é.$-", ".$-"},
	{"$9${10}$01", ""},	 {"a$", "a$"},	      {"", ""},
	{"$99999999999999", ""}, {"$yy $z", " "},
};

static void test_expand(void **state)
{
	CLEANUP(rx_release) struct rx rx = {0};
	CLEANUP(rx_scan_release) struct rx_scan scan = {0};
	struct err err = {0};
	bool found;

	(void)state;
	assert_true(rx_compile(&rx, "(?P<y>ab)c(d)?", 14, &err));
	rx_scan_open(&scan, &rx, "xabc", 4);
	assert_true(rx_scan_next(&scan, &found, &err));
	assert_true(found);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		CLEANUP(str_release) struct str out = {0};

		rx_expand(&out, &scan, "xabc", forms[i].form,
			  strlen(forms[i].form));
		assert_case(forms[i].form,
			    strcmp(str_text(&out), forms[i].expected) == 0);
	}
}

static void test_quote(void **state)
{
	CLEANUP(str_release) struct str out = {0};

	(void)state;
	rx_quote(&out, "a.b\0é\\-_", 10);
	assert_int_equal(out.len, 12);
	assert_memory_equal(out.buf, "a\\.b\0é\\\\-_", 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_nul_is_a_rune),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_patterns_are_bounded),
		cmocka_unit_test(test_work_is_linear),
		cmocka_unit_test(test_searches_are_bounded),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
