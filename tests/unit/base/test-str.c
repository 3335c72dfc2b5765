#include "base/str.h"

#include <stdlib.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "tests/unit/unit.h"

static void test_adding(void **state)
{
	CLEANUP(str_release) struct str str = {0};

	(void)state;
	assert_string_equal(str_text(&str), "");
	str_add(&str, "ab");
	str_add_char(&str, 'c');
	str_addf(&str, "%d", 42);
	str_add_repeated(&str, '-', 3);
	assert_string_equal(str_text(&str), "abc42---");
	str_splice(&str, 1, 2, "XYZ", 3);
	assert_string_equal(str_text(&str), "aXYZ42---");
	str_truncate(&str, 4);
	assert_string_equal(str_text(&str), "aXYZ");
}

static void test_taking(void **state)
{
	CLEANUP(str_release) struct str all = {0}, some = {0},
					small = {.limit = 3};
	const char *buf;

	(void)state;
	str_take(&all, &some);
	assert_string_equal(str_text(&all), "");
	str_add_bytes(&some, "a\0b", 3);
	buf = some.buf;
	str_take(&all, &some);
	assert_ptr_equal(all.buf, buf);
	assert_memory_equal(all.buf, "a\0b", 4);
	assert_int_equal(some.len, 0);
	str_add(&some, "cd");
	str_take(&all, &some);
	assert_memory_equal(all.buf, "a\0bcd", 6);
	assert_int_equal(all.len, 5);
	assert_string_equal(str_text(&some), "");
	str_take(&small, &all);
	assert_int_equal(small.len, 3);
	assert_true(small.overflow);
}

static void test_slashes(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},   {"/", "/"},	      {"//", "/"},
		{"a", "a"}, {"a/b//", "a/b"}, {"https://h/x/", "https://h/x"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free_ptr) char *text = without_slashes(cases[i][0]);

		assert_string_equal(text, cases[i][1]);
	}
}

static void test_ceiling(void **state)
{
	CLEANUP(str_release) struct str str = {.limit = 5};

	(void)state;
	str_add(&str, "abc");
	assert_false(str.overflow);
	str_add(&str, "defg");
	assert_true(str.overflow);
	assert_string_equal(str_text(&str), "abcde");
	str_add(&str, "h");
	assert_string_equal(str_text(&str), "abcde");
}

static void test_trim(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},    {"  ", ""}, {"a", "a"}, {" \t\r\na b\n", "a b"},
		{"a ", "a"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str str = {0};

		str_add(&str, cases[i][0]);
		str_trim(&str);
		assert_string_equal(str_text(&str), cases[i][1]);
	}
}

static void test_runes(void **state)
{
	static const struct {
		unsigned int rune;
		const char *utf8;
	} cases[] = {
		{'a', "a"},
		{0xe9, "\xc3\xa9"},
		{0x20ac, "\xe2\x82\xac"},
		{0x1f600, "\xf0\x9f\x98\x80"},
		{0xd800, "\xef\xbf\xbd"},
		{0x110000, "\xef\xbf\xbd"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str str = {0};

		str_add_rune(&str, cases[i].rune);
		assert_string_equal(str_text(&str), cases[i].utf8);
	}
}

static void test_escaping(void **state)
{
	static const char *const cases[][2] = {
		{"plain \xc3\xa9", "plain \xc3\xa9"},
		{"a\nb\tc\rd", "a\\nb\\tc\\rd"},
		{"\x1b[31m", "\\x1b[31m"},
		{"\x7f", "\\x7f"},
		{"\xff\xfe", "\\xff\\xfe"},
		{"\xc2\x9b", "\\u009b"}, /* CSI as a C1 control */
		{"\xc0\x80", "\\xc0\\x80"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
		{"\xe2\x82", "\\xe2\\x82"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str str = {0};

		str_add_escaped(&str, cases[i][0], strlen(cases[i][0]));
		assert_string_equal(str_text(&str), cases[i][1]);
	}
}

/* RFC 4648, part 10, and what a strict reader refuses. */
static void test_base64(void **state)
{
	static const struct {
		const char *plain, *encoded;
		enum base64_form form;
	} cases[] = {
		{"", "", BASE64_STANDARD},
		{"f", "Zg==", BASE64_STANDARD},
		{"fo", "Zm8=", BASE64_STANDARD},
		{"foo", "Zm9v", BASE64_STANDARD},
		{"foob", "Zm9vYg==", BASE64_STANDARD},
		{"\xfb\xff", "+/8=", BASE64_STANDARD},
		{"\xfb\xff", "-_8=", BASE64_URL},
		{"\xfb\xff", "-_8", BASE64_URL_RAW},
	};
	static const char *const refused[] = {
		"Z",	  "Zg",	  "Zg=",      "Zg===", "Zh==",
		"Zg==\n", "Z g=", "Zm9v====", "-_8=",  "====",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0};
		CLEANUP(str_release) struct str back = {0};

		base64_encode(&out, cases[i].plain, strlen(cases[i].plain),
			      cases[i].form);
		assert_string_equal(str_text(&out), cases[i].encoded);
		assert_true(base64_decode(&back, str_text(&out), out.len,
					  cases[i].form));
		assert_string_equal(str_text(&back), cases[i].plain);
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		CLEANUP(str_release) struct str out = {0};

		assert_case(refused[i],
			    !base64_decode(&out, refused[i], strlen(refused[i]),
					   BASE64_STANDARD));
		assert_int_equal(out.len, 0);
	}
}

static void test_vectors(void **state)
{
	CLEANUP(strvec_release) struct strvec vec = {0};

	(void)state;
	assert_null(strvec_argv(&vec)[0]);
	strvec_split(&vec, "b,,a", ',');
	strvec_add_once(&vec, "a");
	assert_int_equal(vec.count, 3);
	strvec_sort(&vec);
	assert_string_equal(vec.items[0], "");
	assert_string_equal(vec.items[1], "a");
	assert_null(strvec_argv(&vec)[3]);
	assert_true(strvec_has(&vec, "b"));
}

static void test_runes_are_counted(void **state)
{
	(void)state;
	assert_int_equal(rune_count("", 0), 0);
	assert_int_equal(rune_count("a\xe2\x82\xac\xc3\xa4", 6), 3);
	assert_int_equal(rune_count("\xe2\x82", 2), 2);
	assert_int_equal(rune_count("a\0b", 3), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adding),
		cmocka_unit_test(test_taking),
		cmocka_unit_test(test_slashes),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_runes),
		cmocka_unit_test(test_escaping),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_runes_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
