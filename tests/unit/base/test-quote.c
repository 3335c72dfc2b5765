#include "base/quote.h"

#include "base/str.h"
#include "tests/unit/unit.h"

/* Expectations are what Go 1.26's strconv.Quote and QuoteToASCII give. */
static void test_quote(void **state)
{
	static const struct {
		const char *text, *quoted, *ascii;
	} cases[] = {
		{"", "\"\"", "\"\""},
		{"a\"'\\b", "\"a\\\"'\\\\b\"", "\"a\\\"'\\\\b\""},
		{"\a\n\x01\x7f", "\"\\a\\n\\x01\\x7f\"",
		 "\"\\a\\n\\x01\\x7f\""},
		{"\xc3\xa9\xc2\x85", "\"\xc3\xa9\\u0085\"",
		 "\"\\u00e9\\u0085\""},
		{"\xff\xf0\x9f\x98\x80", "\"\\xff\xf0\x9f\x98\x80\"",
		 "\"\\xff\\U0001f600\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str text = {0};
		size_t len = strlen(cases[i].text);

		quote_add(&text, cases[i].text, len, false);
		assert_string_equal(str_text(&text), cases[i].quoted);
		str_clear(&text);
		quote_add(&text, cases[i].text, len, true);
		assert_string_equal(str_text(&text), cases[i].ascii);
	}
}

static void test_rune(void **state)
{
	CLEANUP(str_release) struct str text = {0};

	(void)state;
	quote_add_rune(&text, '\'', '\'', false);
	quote_add_rune(&text, '"', '\'', false);
	quote_add_rune(&text, 0xa0, '\'', false);
	assert_string_equal(str_text(&text), "\\'\"\\u00a0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_rune),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
