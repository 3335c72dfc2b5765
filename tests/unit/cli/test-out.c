#include "cli/out.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsontext.h"
#include "tests/unit/unit.h"

static void test_env_form(void **state)
{
	static const struct {
		const char *json;
		const char *wanted;
	} cases[] = {
		{"{\"expiryDate\":\"2026-11-22 13:04:05\",\"expires\":true}",
		 "EXPIRES=true\nEXPIRY_DATE='2026-11-22 13:04:05'\n"},
		{"{\"expiresAt\":null,\"revision\":3,\"seconds\":0.5}",
		 "EXPIRES_AT=\nREVISION=3\nSECONDS=0.5\n"},
		{"{\"charts\":[{\"name\":\"web\"},{\"name\":\"db\"}]}",
		 "CHARTS_0_NAME=web\nCHARTS_1_NAME=db\n"},
		{"{\"urls\":[\"https://h/?a=b&c\"],\"none\":[]}",
		 "URLS_0='https://h/?a=b&c'\n"},
		{"{\"text\":\"it's $HOME `x` \\\"q\\\"\"}",
		 "TEXT='it'\\''s $HOME `x` \"q\"'\n"},
		{"{\"outputDIR\":\"a\",\"a-b.c\":1,\"2nd\":\"\"}",
		 "_2ND=\nA_B_C=1\nOUTPUT_DIR=a\n"},
		{"{\"lines\":\"a\\nb\"}", "LINES='a\nb'\n"},
		{"{}", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(str_release) struct str text = {0};
		const struct value *value = NULL;
		struct err err = {0};

		assert_true(jsontext_parse(&value, cases[i].json,
					   strlen(cases[i].json), "test",
					   &arena, &err));
		out_add_env(&text, value);
		assert_string_equal(str_text(&text), cases[i].wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_env_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
