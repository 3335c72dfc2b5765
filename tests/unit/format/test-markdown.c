#include "format/markdown.h"

#include "base/str.h"
#include "tests/unit/unit.h"

#define BREAK "&#8203;"

static void text_stays_text(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"Fix the basket", "Fix the basket"},
		{"", ""},
		{"# a *b* _c_ `d` ~e~ | f",
		 "\\# a \\*b\\* \\_c\\_ \\`d\\` \\~" BREAK "e\\~ \\| f"},
		{"[x](javascript:y)", "\\[x\\]\\(javascript:y\\)"},
		{"![x](https://t.example/p.png)",
		 "\\!\\[x\\]\\(https:" BREAK "\\/\\/t\\.example\\/p\\.png\\)"},
		{"<script>&lt;", "&lt;script\\>&amp;" BREAK "lt;"},
		{"<!-- x -->", "&lt;\\!" BREAK "-- x --\\>"},
		{"thanks @ada", "thanks @" BREAK "ada"},
		{"a@b.example", "a@" BREAK "b\\.example"},
		{"@ home", "@ home"},
		{"fixes #12", "fixes \\#" BREAK "12"},
		{"see !12 and $3 ~bug %\"1\" &4",
		 "see \\!" BREAK "12 and \\$" BREAK "3 \\~" BREAK "bug %" BREAK
		 "\\\"1\\\" &amp;" BREAK "4"},
		{"closes GH-12", "closes GH-" BREAK "12"},
		{"SHOP-12", "SHOP-12"},
		{"closes https://x.example/issues/1",
		 "closes https:" BREAK "\\/\\/x\\.example\\/issues\\/1"},
		{"www.x.example", "www\\.x\\.example"},
		{"a\nb\rc", "a b c"},
		{"\\*", "\\\\\\*"},
		{"1. x - y + z = w", "1\\. x - y \\+ z \\= w"},
		{"M\xc3\xbcller", "M\xc3\xbcller"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0};

		markdown_add_text(&out, cases[i].text, strlen(cases[i].text));
		assert_string_equal(str_text(&out), cases[i].want);
	}
}

static void links_lead_to_the_web_only(void **state)
{
	static const struct {
		const char *text, *url, *want;
	} cases[] = {
		{"a", "https://x.example/1", "[a](https://x.example/1)"},
		{"a", NULL, "a"},
		{"a", "", "a"},
		{"a", "javascript:alert(1)", "a"},
		{"a]", "http://x/(y) \"z\"\n<",
		 "[a\\]](http://x/%28y%29%20%22z%22%0A%3C)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0};

		markdown_add_link(&out, cases[i].text, cases[i].url);
		assert_string_equal(str_text(&out), cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_stays_text),
		cmocka_unit_test(links_lead_to_the_web_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
