#include "api/xml.h"

#include "tests/unit/unit.h"

/* Each element as it ends, "path=text", joined by "|"; NULL = broken. */
static void test_read(void **state)
{
	static const struct {
		const char *text;
		const char *elements;
	} cases[] = {
		{"<a/>", "a="},
		{"<a></a>", "a="},
		{"<a>b</a>", "a=b"},
		{" <?xml version='1.0'?>\n<!-- c --><a> b </a>\n", "a= b "},
		{"<a><b>1</b><b>2</b></a>", "a/b=1|a/b=2|a="},
		{"<a>x<b>1</b>y</a>", "a/b=1|a=y"},
		{"<a><b><c/></b></a>", "a/b/c=|a/b=|a="},
		{"<a x='>' y = \"</a>\" >t</a >", "a=t"},
		{"<n:a xmlns:n='u'>t</n:a>", "n:a=t"},
		{"<a>&lt;&gt;&amp;&quot;&apos;</a>", "a=<>&\"'"},
		{"<a>&#65;&#x42;&#x20AC;</a>", "a=AB\xe2\x82\xac"},
		{"<a><![CDATA[<b>&amp;]]>c</a>", "a=<b>&amp;c"},
		{"<a>b<!-- <c> -->d</a>", "a=bd"},
		{"", NULL},
		{"text", NULL},
		{"<a>", NULL},
		{"<a></b>", NULL},
		{"<a></ab>", NULL},
		{"<ab></a>", NULL},
		{"<a><b></a></b>", NULL},
		{"</a>", NULL},
		{"<a/><b/>", NULL},
		{"<a/>b", NULL},
		{"<a", NULL},
		{"<a x=\"", NULL},
		{"<a x=\"<b", NULL},
		{"<>", NULL},
		{"< a/>", NULL},
		{"<!DOCTYPE a><a/>", NULL},
		{"<!ENTITY b 'c'><a>&b;</a>", NULL},
		{"<a>&b;</a>", NULL},
		{"<a>&amp</a>", NULL},
		{"<a>&#;</a>", NULL},
		{"<a>&#x;</a>", NULL},
		{"<a>&#0;</a>", NULL},
		{"<a>&#1114112;</a>", NULL},
		{"<a>&#99999999999;</a>", NULL},
		{"<a>&#-1;</a>", NULL},
		{"<a><![CDATA[b</a>", NULL},
		{"<![CDATA[b]]><a/>", NULL},
		{"<a><!-- b</a>", NULL},
		{"<?xml <a/>", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].text;
		CLEANUP(xml_release) struct xml xml = {
			.at = text, .end = text + strlen(text)};
		CLEANUP(str_release) struct str said = {0};

		while (xml_next(&xml))
			str_addf(&said, "%s%s=%s", said.len ? "|" : "",
				 str_text(&xml.path), str_text(&xml.text));
		assert_case(text, xml.broken == !cases[i].elements);
		if (cases[i].elements)
			assert_string_equal(str_text(&said), cases[i].elements);
		assert_false(xml_next(&xml));
	}
}

static void test_depth(void **state)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(xml_release) struct xml fits = {0}, deep = {0};

	(void)state;
	for (int i = 0; i < XML_DEPTH_MAX; i++)
		str_splice(&text, text.len / 7 * 3, 0, "<a></a>", 7);
	fits.at = str_text(&text);
	fits.end = fits.at + text.len;
	while (xml_next(&fits))
		;
	assert_false(fits.broken);
	str_splice(&text, text.len / 7 * 3, 0, "<a></a>", 7);
	deep.at = str_text(&text);
	deep.end = deep.at + text.len;
	assert_false(xml_next(&deep));
	assert_true(deep.broken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
