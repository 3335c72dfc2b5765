#include "format/charset.h"

#include "base/str.h"
#include "tests/unit/unit.h"

static void anything_becomes_utf8(void **state)
{
	static const struct {
		const char *bytes, *charset, *want;
	} cases[] = {
		{"plain", NULL, "plain"},
		{"", "ISO-8859-1", ""},
		{"M\xc3\xbcller", NULL, "M\xc3\xbcller"},
		{"M\xc3\xbcller", "UTF-8", "M\xc3\xbcller"},
		{"M\xfcller", NULL, "M\xc3\xbcller"},
		{"M\xfcller", "utf-8", "M\xc3\xbcller"},
		{"M\xfcller", "ISO-8859-1", "M\xc3\xbcller"},
		{"M\xfcller", "latin1", "M\xc3\xbcller"},
		{"\x80", "windows-1252", "\xe2\x82\xac"},
		{"\xa4", "ISO-8859-15", "\xe2\x82\xac"},
		{"M\xfcller", "no-such-encoding", "M\xc3\xbcller"},
		{"M\xc3\xbcller", "no-such-encoding", "M\xc3\xbcller"},
		{"a", "UTF-16//IGNORE", "a"},
		{"\xff\xfe", "UTF-8", "\xc3\xbf\xc3\xbe"},
		{"M\xfcller", "EUC-JP", "M\xc3\xbcller"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0};

		charset_to_utf8(&out, cases[i].bytes, strlen(cases[i].bytes),
				cases[i].charset);
		assert_string_equal(str_text(&out), cases[i].want);
	}
}

static void long_texts_are_converted(void **state)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(str_release) struct str out = {0};

	(void)state;
	str_add_repeated(&text, '\x80', 10000);
	charset_to_utf8(&out, text.buf, text.len, "CP1252");
	assert_int_equal(out.len, 30000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anything_becomes_utf8),
		cmocka_unit_test(long_texts_are_converted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
