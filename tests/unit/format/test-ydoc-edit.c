#include "base/err.h"
#include "format/ydoc.h"
#include "tests/unit/format/parse.h"

/* Everything outside the edit stays, byte for byte. */
static void test_edits(void **state)
{
	static const struct {
		const char *name, *before, *path, *text, *after;
		bool raw;
	} cases[] = {
		{"plain", "a: 1\nb: x # note\n", "b", "y2",
		 "a: 1\nb: y2 # note\n"},
		{"quotes where needed", "b: x\n", "b", "1.4", "b: \"1.4\"\n"},
		{"double quoted", "b: \"x\"\n", "b", "y2", "b: \"y2\"\n"},
		{"single quoted", "b: 'x'\n", "b", "it's", "b: 'it''s'\n"},
		{"single quotes cannot hold it", "b: 'x'\n", "b", "a\nb",
		 "b: \"a\\nb\"\n"},
		{"empty", "global:\n  expiryDate:\nx: 1\n", "global.expiryDate",
		 "2026-11-22 13:04:05",
		 "global:\n  expiryDate: \"2026-11-22 13:04:05\"\nx: 1\n"},
		{"empty before a comment", "a:   # note\nx: 1\n", "a", "b",
		 "a: b   # note\nx: 1\n"},
		{"empty at the end", "a:", "a", "b", "a: b"},
		{"block scalar", "a: |\n  x\n  y\n\nb: 1\n", "a", "z",
		 "a: z\n\nb: 1\n"},
		{"plain over lines", "a: x\n  z\nb: 1\n", "a", "w",
		 "a: w\nb: 1\n"},
		{"in a flow mapping", "a: {b: x, c: [1, x]}\n", "a.b", "p,q",
		 "a: {b: \"p,q\", c: [1, x]}\n"},
		{"in a list", "a:\n- b: x\n- b: x\n", "a.1.b", "z",
		 "a:\n- b: x\n- b: z\n"},
		{"behind an anchor", "a: &a x\nb: 1\n", "a", "z",
		 "a: &a z\nb: 1\n"},
		{"behind an anchor with a comment", "a: &a # note\n  x\nb: 1\n",
		 "a", "z", "a: &a # note\n  z\nb: 1\n"},
		{"block scalar behind a tag with a comment",
		 "a: !!str # one\n  # two\n  |\n  x\nb: 1\n", "a", "y\nz\n",
		 "a: !!str # one\n  # two\n  |\n  y\n  z\nb: 1\n"},
		{"new key in a flow mapping behind a comment",
		 "a: &a # note\n  {}\nb: 1\n", "a.c", "z",
		 "a: &a # note\n  {c: z}\nb: 1\n"},
		{"the last one counts", "a: 1\na: x\n", "a", "z",
		 "a: 1\na: z\n"},
		{"CRLF", "a: x\r\nb: 1\r\n", "c", "z",
		 "a: x\r\nb: 1\r\nc: z\r\n"},
		{"BOM and UTF-8", "\xef\xbb\xbf\xc3\xa9: \xc3\xa9\nb: x\n", "b",
		 "\xc3\xbc", "\xef\xbb\xbf\xc3\xa9: \xc3\xa9\nb: \xc3\xbc\n"},
		{"new key", "g:\n    a: 1 # note\n    # more\nb: 1\n", "g.x",
		 "z", "g:\n    a: 1 # note\n    x: z\n    # more\nb: 1\n"},
		{"new key behind a block scalar",
		 "g:\n  a: |\n    text\n\nb: 1\n", "g.x", "z",
		 "g:\n  a: |\n    text\n  x: z\n\nb: 1\n"},
		{"new key behind one that keeps its lines",
		 "g:\n  a: |+\n    text\n\nb: 1\n", "g.x", "z",
		 "g:\n  a: |+\n    text\n\n  x: z\nb: 1\n"},
		{"new key, no line break", "a: 1", "b", "z", "a: 1\nb: z"},
		{"new mappings", "a: 1\n", "g.h.i", "z",
		 "a: 1\ng:\n  h:\n    i: z\n"},
		{"new key below an empty one", "g: # note\nb: 1\n", "g.x", "z",
		 "g: # note\n  x: z\nb: 1\n"},
		{"new key in place of null", "g: ~\nb: 1\n", "g.x.w", "z",
		 "g: {x: {w: z}}\nb: 1\n"},
		{"new key in a flow mapping", "g: {a: 1}\nh: {}\n", "g.x", "z",
		 "g: {a: 1, x: z}\nh: {}\n"},
		{"new key in an empty one", "g: {a: 1}\nh: {}\n", "h.x", "z",
		 "g: {a: 1}\nh: {x: z}\n"},
		{"new key in a list", "a:\n  - b: 1\n  - b: 2\n", "a.0.c", "z",
		 "a:\n  - b: 1\n    c: z\n  - b: 2\n"},
		{"nothing yet", "", "a.b", "z", "a:\n  b: z\n"},
		{"comments only", "# note", "a", "z", "# note\na: z"},
		{"block scalar by lines", "a: |\n    x\n\n    y\n\nb: 1\n", "a",
		 "one\n\n two\n", "a: |\n    one\n\n     two\n\nb: 1\n"},
		{"block scalar without a last break", "a: |\n  x\nb: 1\n", "a",
		 "one\ntwo", "a: |-\n  one\n  two\nb: 1\n"},
		{"folded block scalar", "l:\n- a: >-\n   x\n", "l.0.a",
		 "one\ntwo\n", "l:\n- a: |\n   one\n   two\n"},
		{"block scalar that cannot hold it", "a: |\n  x\nb: 1\n", "a",
		 " one\ntwo", "a: \" one\\ntwo\"\nb: 1\n"},
		{"comment of a block scalar", "a: |- # note\n  x\nb: 1\n", "a",
		 "one\ntwo", "a: |- # note\n  one\n  two\nb: 1\n"},
		{"comment of a block scalar that goes",
		 "a: |2 # note\n   x\nb: 1\n", "a", "one",
		 "a: one # note\nb: 1\n"},
		{"block scalar, CRLF", "a: |\r\n  x\r\nb: 1\r\n", "a", "y\nz\n",
		 "a: |\r\n  y\r\n  z\r\nb: 1\r\n"},
		{"block scalar at the end, no line break", "a: |\n  x", "a",
		 "y\nz\n", "a: \"y\\nz\\n\""},
		{"new item", "a:\n  - x # note\n  # more\nb: 1\n", "a.1", "z",
		 "a:\n  - x # note\n  - z\n  # more\nb: 1\n"},
		{"new item, as the one before", "a:\n- 'x'\n", "a.1", "z",
		 "a:\n- 'x'\n- 'z'\n"},
		{"new item that is a mapping", "a:\n- b: 1\n", "a.1.c.d", "z",
		 "a:\n- b: 1\n- c:\n    d: z\n"},
		{"new item behind an anchor", "a: &x\n   - 1\nb: 1\n", "a.1",
		 "z", "a: &x\n   - 1\n   - z\nb: 1\n"},
		{"new item behind an anchor and a number below zero",
		 "a: &x\n  - -5\nb: 1\n", "a.1", "z",
		 "a: &x\n  - -5\n  - z\nb: 1\n"},
		{"new item in an item", "- - x\n- y\n", "0.1", "z",
		 "- - x\n  - z\n- y\n"},
		{"new item, no line break", "- x", "1", "z", "- x\n- z"},
		{"new item in a flow list", "a: [x, \"y\"]\n", "a.2", "z",
		 "a: [x, \"y\", \"z\"]\n"},
		{"new item in an empty one", "a: []\n", "a.0.b", "z",
		 "a: [{b: z}]\n"},
		{"new item on its own line",
		 "a: [\n  x, # one\n  y  # two\n]\n", "a.2", "z",
		 "a: [\n  x, # one\n  y,  # two\n  z\n]\n"},
		{"new item behind a comma", "a: [\r\n\tx,\r\n\ty,\r\n]\r\n",
		 "a.2", "z", "a: [\r\n\tx,\r\n\ty,\r\n\tz,\r\n]\r\n"},
		{"new key in JSON", "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n",
		 "a.c.d", "z",
		 "{\n  \"a\": {\n    \"b\": 1,\n    \"c\": {\"d\": \"z\"}\n"
		 "  }\n}\n"},
		{"new key in an empty mapping of JSON", "{\"a\": {}}", "a.b",
		 "z", "{\"a\": {\"b\": \"z\"}}"},
		{"new key as its neighbours", "'a': 1\n'b': 2\n", "c", "z",
		 "'a': 1\n'b': 2\n'c': z\n"},
		{"new key behind an anchor",
		 "a: &x\n   b: 1\nc: *x\nd: &y !!map\n"
		 "  e: 1\n",
		 "d.f", "z",
		 "a: &x\n   b: 1\nc: *x\nd: &y !!map\n  e: 1\n  f: z\n"},
		{"indented as the document", "a:\n    b: 1\nc:\n", "c.d.e", "z",
		 "a:\n    b: 1\nc:\n    d:\n        e: z\n"},
		{"over what is merged", "a: &a {b: 1}\nc:\n  <<: *a\nd: 1\n",
		 "c.b", "z", "a: &a {b: 1}\nc:\n  <<: *a\n  b: z\nd: 1\n"},
		{"over what a list merges", "a: &a {b: 1}\nc: {<<: [*a]}\n",
		 "c.b", "z", "a: &a {b: 1}\nc: {<<: [*a], b: z}\n"},
		{"lines of both kinds", "a: 1\nb:\r\n  c: 1\r\n", "b.d", "z",
		 "a: 1\nb:\r\n  c: 1\r\n  d: z\r\n"},
		{"a key that must be quoted", "a: 1\n", "yes", "no",
		 "a: 1\n\"yes\": \"no\"\n"},
		{"raw", "a: false\nb: 1\n", "a", "true", "a: true\nb: 1\n",
		 true},
		{"raw null", "a: \"x\"\n", "a", "null", "a: null\n", true},
		{"raw, new", "a: 1\n", "b.c", "3", "a: 1\nb:\n  c: 3\n", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(ydoc_release) struct ydoc doc = {0};
		CLEANUP(err_release) struct err err = {0};
		bool done;

		parse(&doc, cases[i].before, 0);
		done = (cases[i].raw ? ydoc_set_raw : ydoc_set_text)(
			&doc, cases[i].path, cases[i].text, &err);
		if (!done)
			fail_msg("case '%s': %s", cases[i].name, err.text);
		if (strcmp(str_text(&doc.text), cases[i].after) != 0)
			fail_msg("case '%s':\n%s", cases[i].name,
				 str_text(&doc.text));
	}
}

/* A refused edit leaves the document as it was. */
static void test_edits_refused(void **state)
{
	static const struct {
		const char *before, *path, *scalar, *cause;
	} cases[] = {
		{"a: {b: 1}", "a", NULL, "it is a mapping"},
		{"a: [1]", "a", NULL, "it is a list"},
		{"a: [1]", "a.2", NULL, "no such item"},
		{"a:\n- 1\n", "a.x", NULL, "no such item"},
		{"a: |\n  x", "b", NULL, "changing something else"},
		{"a: 1", "a.b", NULL, "a scalar stands on the way"},
		{"a: &a {b: x}\nc:\n  <<: *a\n", "c.b.d", NULL,
		 "a scalar stands on the way"},
		{"a: &a x\nb: *a", "b.c", NULL, "a scalar stands on the way"},
		{"a: &a x\nb: *a", "b", NULL, "it is an alias"},
		{"a: &a x\nb: *a", "a", NULL, "changing something else"},
		{"a: &a {b: 1}\nc: *a", "c.b", NULL, "an alias stands"},
		{"a: &a {b: 1}\nc: *a", "c.d", NULL, "an alias stands"},
		{"a: &a {b: {d: 1}}\nc: {<<: *a}", "c.b.e", NULL,
		 "changing something else"},
		{"a: &a {b: 1}\nc: {b: 2, <<: *a}", "c.b", NULL,
		 "changing something else"},
		{"a: !!int 1", "a", NULL, "changing something else"},
		{"a: 1", "", NULL, "the path is empty"},
		{"a: 1", "a", "[1]", "no scalar"},
		{"a: 1", "a", "x: y", "no scalar"},
		{"a: 1", "a", "1\nb: 2", "no scalar"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(ydoc_release) struct ydoc doc = {0};
		CLEANUP(err_release) struct err err = {0};
		const char *name = cases[i].before;
		bool done;

		parse(&doc, name, 0);
		done = cases[i].scalar
			       ? ydoc_set_raw(&doc, cases[i].path,
					      cases[i].scalar, &err)
			       : ydoc_set_text(&doc, cases[i].path, "z", &err);
		assert_case(name, !done);
		if (!strstr(err.text, cases[i].cause))
			fail_msg("case '%s': %s", name, err.text);
		assert_int_equal(err.kind, ERR_INPUT);
		assert_string_equal(str_text(&doc.text), name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_edits_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
