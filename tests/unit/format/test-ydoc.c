#include "format/ydoc.h"

#include "base/err.h"
#include "format/value.h"
#include "tests/unit/format/parse.h"

static void assert_value(const char *text, const char *printed)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(str_release) struct str out = {0};

	parse(&doc, text, 0);
	value_print(&out, doc.root);
	assert_case(text, strcmp(str_text(&out), printed) == 0);
}

/*
 * As sigs.k8s.io/yaml v1.6.0 reads them; tests/oracle/test_yaml.py compares
 * with it at random.
 */
static void test_scalars(void **state)
{
	static const struct {
		const char *text, *printed;
		enum value_kind kind;
	} cases[] = {
		{"", "<nil>", VALUE_NIL},
		{"# nothing", "<nil>", VALUE_NIL},
		{"---", "<nil>", VALUE_NIL},
		{"~", "<nil>", VALUE_NIL},
		{"''", "", VALUE_STRING},
		{"yes", "true", VALUE_BOOL},
		{"Off", "false", VALUE_BOOL},
		{"yEs", "yEs", VALUE_STRING},
		{"'yes'", "yes", VALUE_STRING},
		{"0777", "511", VALUE_INT},
		{"0o17", "15", VALUE_INT},
		{"0x1F", "31", VALUE_INT},
		{"-0b11", "-3", VALUE_INT},
		{"1_000", "1000", VALUE_INT},
		{"08", "8", VALUE_FLOAT64},
		{"1e3", "1000", VALUE_FLOAT64},
		{"1.", "1", VALUE_FLOAT64},
		{".5_1", "0.51", VALUE_FLOAT64},
		{"1e400", "1e400", VALUE_STRING},
		{"9223372036854775807", "9223372036854775807", VALUE_INT},
		{"9223372036854775808", "9.223372036854776e+18", VALUE_FLOAT64},
		{"190:20:30", "190:20:30", VALUE_STRING},
		{"2001-01-01", "2001-01-01", VALUE_STRING},
		{"1.4.0", "1.4.0", VALUE_STRING},
		{"!!str 1", "1", VALUE_STRING},
		{"!!float 1", "1", VALUE_FLOAT64},
		{"!!int '12'", "12", VALUE_INT},
		{"! 12", "12", VALUE_STRING},
		{"!mine 12", "12", VALUE_STRING},
		{"!!binary aGk=", "hi", VALUE_STRING},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(ydoc_release) struct ydoc doc = {0};

		parse(&doc, cases[i].text, 0);
		assert_case(cases[i].text, doc.root->kind == cases[i].kind);
		if (cases[i].kind != VALUE_NIL)
			assert_value(cases[i].text, cases[i].printed);
	}
}

static void test_collections(void **state)
{
	(void)state;
	assert_value("[1, {a: b}]", "[1 map[a:b]]");
	assert_value("b: 1\na: 2\nb: 3", "map[a:2 b:3]");
	assert_value("1: a\ntrue: b\n1.5: c\n2001-01-01: d",
		     "map[1:a 1.5:c 2001-01-01:d true:b]");
	assert_value("a: &x {k: 1}\nb: *x", "map[a:map[k:1] b:map[k:1]]");
	assert_value("x: &x {k: 1, l: 1}\nz: {<<: *x, k: 2}",
		     "map[x:map[k:1 l:1] z:map[k:2 l:1]]");
	/* go-yaml v2: what comes later wins, a merge too. */
	assert_value("x: &x {k: 1}\nz: {k: 2, <<: *x}",
		     "map[x:map[k:1] z:map[k:1]]");
	assert_value("a: &a {k: 1}\nb: &b {k: 2}\nc: {<<: [*a, *b]}",
		     "map[a:map[k:1] b:map[k:2] c:map[k:1]]");
	assert_value("'<<': 1", "map[<<:1]");
	assert_value("- {&a 1: x}\n- *a", "[map[1:x] 1]");
	assert_value("a: .inf\na: 1", "map[a:1]");
	assert_value("{.nan: 1, .inf: 2, -.inf: 3, 1e300: 4}",
		     "map[-.inf:3 .inf:4 .nan:1]");
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *cause;
		unsigned int line, column, flags;
	} cases[] = {
		{"a: [1, 2", "did not find expected ',' or ']'", 1, 9, 0},
		{"a: 1\n b: 2", "mapping values are not allowed", 2, 3, 0},
		{"a: b: c", "mapping values are not allowed", 1, 5, 0},
		{"\xc3\xa9: {\xc3\xa9: *x}", "unknown anchor 'x' referenced", 1,
		 10, 0},
		{"a: &a [*a]", "'a' value contains itself", 1, 8, 0},
		{"a: 1\n---\nb: 1", "a second document", 2, 1, 0},
		{"? [a]\n: 1", "a collection cannot be a key", 1, 3, 0},
		{"~: 1", "a null cannot be a key", 1, 1, 0},
		{"<<: 1", "map merge requires map", 1, 5, 0},
		{"a: .inf", "knows no such number", 1, 4, 0},
		{"a: !!int x", "not what its tag says", 1, 4, 0},
		{"a: !!binary '?'", "no base64", 1, 4, 0},
		{"a: \"\xff\"", "invalid leading UTF-8 octet", 1, 5, 0},
		{"a: \x01", "control characters are not allowed", 1, 4, 0},
		{"b: 1\na: 1\nb: 2", "the key 'b' is there twice", 3, 1,
		 YDOC_STRICT_KEYS},
		/* As go-yaml: what a merge brings in is a key, too. */
		{"x: &x {k: 1}\nz: {<<: *x, k: 2}",
		 "the key 'k' is there twice", 2, 13, YDOC_STRICT_KEYS},
		{"x: &x {k: 1}\nz: {k: 2, <<: *x}",
		 "the key 'k' is there twice", 2, 15, YDOC_STRICT_KEYS},
		{"\xef\xbb\xbf"
		 "a: *x",
		 "unknown anchor", 1, 7, 0},
		{"a: 1\r\nb: *x", "unknown anchor", 2, 4, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(ydoc_release) struct ydoc doc = {0};
		CLEANUP(err_release) struct err err = {0};
		const char *text = cases[i].text;

		assert_case(text,
			    !ydoc_parse(&doc, text, strlen(text), "test.yaml",
					cases[i].flags, &err));
		assert_null(doc.root);
		assert_case(text, err.kind == ERR_INPUT);
		assert_case(err.text, strstr(err.text, cases[i].cause));
		assert_case(text, strcmp(err.file, "test.yaml") == 0);
		if (err.line != cases[i].line || err.column != cases[i].column)
			fail_msg("'%s': at %u:%u", text, err.line, err.column);
	}
}

/* Keys keep their text, whoever else sees the number. */
static void test_floats(void **state)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(str_release) struct str out = {0};

	(void)state;
	parse(&doc,
	      "&a 1000000: 1000000\nb: [*a, &b 0x10]\n*b : 1.5\n"
	      "c: 9007199254740993\nd: {<<: {e: 2}}\n",
	      YDOC_FLOATS);
	value_print(&out, doc.root);
	assert_string_equal(str_text(&out),
			    "map[1000000:1e+06 16:1.5 b:[1e+06 16] "
			    "c:9.007199254740992e+15 d:map[e:2]]");
	assert_int_equal(value_find(doc.root, "d.e")->kind, VALUE_FLOAT64);
	ydoc_release(&doc);

	parse(&doc, "7", YDOC_FLOATS);
	assert_int_equal(doc.root->kind, VALUE_FLOAT64);
}

/* As Go's Unmarshal, which stops behind the first. */
static void test_first_document(void **state)
{
	static const char *const texts[] = {
		"a: 1\n---\nb: 2",
		"a: 1\n...\n]",
		"---\na: 1\n---\n'",
		"{a: 1} x",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(ydoc_release) struct ydoc doc = {0};
		CLEANUP(err_release) struct err err = {0};

		parse(&doc, texts[i], YDOC_FIRST);
		assert_case(texts[i], doc.root->map.count == 1);
		assert_case(texts[i],
			    !ydoc_parse(&doc, texts[i], strlen(texts[i]), "x",
					0, &err));
	}
}

static void assert_refused(struct str *text, const char *cause)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};

	assert_false(ydoc_parse(&doc, str_text(text), text->len, "test.yaml", 0,
				&err));
	assert_non_null(strstr(err.text, cause));
}

static void test_ceilings(void **state)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(ydoc_release) struct ydoc doc = {0};

	(void)state;
	fill(&text, "[", YDOC_DEPTH_MAX);
	fill(&text, "]", YDOC_DEPTH_MAX);
	parse(&doc, str_text(&text), 0);

	str_clear(&text);
	fill(&text, "[", 1000000);
	assert_refused(&text, "nested too deeply");

	str_clear(&text);
	fill(&text, "- ", 100000);
	assert_refused(&text, "nested too deeply");

	/* As many tokens as fit, each below 900 open lists. */
	str_clear(&text);
	fill(&text, "[", 900);
	fill(&text, "1,", 1000000);
	assert_refused(&text, "too many nested flow collections");
}

/* A billion laughs: each line repeats the one before ten times. */
static void test_alias_budget(void **state)
{
	CLEANUP(str_release) struct str text = {0}, merges = {0};

	(void)state;
	str_add(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 10; i++) {
		str_addf(&text, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			str_addf(&text, "%s*a%d", k ? ", " : "", i - 1);
		str_add(&text, "]\n");
	}
	assert_refused(&text, "aliases repeat too much");

	str_add(&merges, "a: &a {");
	for (int i = 0; i < 1000; i++)
		str_addf(&merges, "k%d: 1, ", i);
	str_add(&merges, "}\nb:\n");
	fill(&merges, "- {<<: *a}\n", 2000);
	assert_refused(&merges, "aliases repeat too much");

	/* Few nodes, but much text. */
	str_clear(&text);
	str_add(&text, "a: &a ");
	str_add_repeated(&text, 'x', 1000000);
	str_add(&text, "\nb: [");
	fill(&text, "*a,", 100);
	str_add(&text, "]\n");
	assert_refused(&text, "aliases repeat too much");
}

/* Aliases may not build what is deeper than a document may be. */
static void test_alias_depth(void **state)
{
	CLEANUP(str_release) struct str text = {0};

	(void)state;
	str_add(&text, "a: &a ");
	fill(&text, "[", 600);
	fill(&text, "]", 600);
	str_add(&text, "\nb: ");
	fill(&text, "[", 600);
	str_add(&text, "*a");
	fill(&text, "]", 600);
	assert_refused(&text, "nested too deeply");
}

/* The documents of @text, each printed, with " / " between them. */
static bool read_stream(const char *text, struct str *out, struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	struct ydoc_stream stream = {
		.text = text, .len = strlen(text), .name = "test.yaml"};

	while (ydoc_next(&stream, &doc, 0, err)) {
		if (out->len)
			str_add(out, " / ");
		value_print(out, doc.root);
	}
	return stream.ended;
}

/* As apimachinery's YAMLReader cuts them; tests/oracle compares. */
static void test_stream(void **state)
{
	static const struct {
		const char *text, *printed, *cause;
		unsigned int line, column;
	} cases[] = {
		{"", ""},
		{"\n", "<nil>"},
		{"a: 1", "map[a:1]"},
		{"---\na: 1\n", "map[a:1]"},
		{"a: 1\n---\nb: 2", "map[a:1] / map[b:2]"},
		{"a: 1\n--- # note\r\nb: 2\n---\n", "map[a:1] / map[b:2]"},
		{"---\n---\n---\na: 1\n", "<nil> / map[a:1]"},
		{"a: |\n  x\n  ---\n", "map[a:x\n---\n]"},
		{"a: 1\n---\n\nb: *x\n", "map[a:1]", "anchor 'x'", 4, 4},
		{"a: 1\n---\nb: [\n---\nc: 1", "map[a:1]", "expected", 4, 1},
		{"a: 1\n--- b\n", "", "behind the '---'", 2, 5},
		{"----\n", "", "behind the '---'", 1, 4},
		{"a: 1\n...\nb: 1\n", "", "did not find expected", 3, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(str_release) struct str out = {0};
		const char *text = cases[i].text;

		assert_case(text,
			    read_stream(text, &out, &err) == !cases[i].cause);
		assert_string_equal(str_text(&out), cases[i].printed);
		if (!cases[i].cause)
			continue;
		assert_case(text, strstr(err.text, cases[i].cause));
		if (err.line != cases[i].line || err.column != cases[i].column)
			fail_msg("'%s': at %u:%u", text, err.line, err.column);
	}
}

/* Places and edits of a document count the lines of its stream. */
static void test_stream_places(void **state)
{
	static const char text[] = "a: 1\n---\nb: 2\nc: 3\n";
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};
	struct ydoc_stream stream = {
		.text = text, .len = strlen(text), .name = "test.yaml"};
	struct ydoc_span span;

	(void)state;
	assert_true(ydoc_next(&stream, &doc, 0, &err));
	assert_true(ydoc_next(&stream, &doc, 0, &err));
	assert_true(ydoc_find(&doc, "c", &span));
	assert_int_equal(span.line, 4);
	assert_true(ydoc_set_text(&doc, "c", "x", &err));
	assert_string_equal(str_text(&doc.text), "b: 2\nc: x\n");
	(void)err_set(&err, ERR_INPUT, "wrong");
	assert_false(ydoc_blame(&doc, "c", &err));
	assert_int_equal(err.line, 4);
}

static void test_places(void **state)
{
	static const char text[] =
		"\xef\xbb\xbf# \xe6\x97\xa5\n"
		"image:\n"
		"  \xc3\xa9: [a, {b: \"\xc3\xa9\xc3\xa9\"}]\n"
		"  tag:   1.4.0  # note\n"
		"empty:\n"
		"last: |\n"
		"  x\n";
	static const struct {
		const char *path, *text;
		unsigned int line, column;
	} cases[] = {
		{"image.tag", "1.4.0", 4, 10},
		{"image.\xc3\xa9.0", "a", 3, 8},
		{"image.\xc3\xa9.1.b", "\"\xc3\xa9\xc3\xa9\"", 3, 15},
		{"image.\xc3\xa9", "[a, {b: \"\xc3\xa9\xc3\xa9\"}]", 3, 7},
		{"empty", "", 5, 7},
		{"last", "|\n  x\n", 6, 7},
	};
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	struct ydoc_span span;

	(void)state;
	parse(&doc, text, 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *path = cases[i].path;

		assert_case(path, ydoc_find(&doc, path, &span));
		assert_case(path,
			    span.end - span.start == strlen(cases[i].text));
		assert_case(path, memcmp(text + span.start, cases[i].text,
					 strlen(cases[i].text)) == 0);
		if (span.line != cases[i].line ||
		    span.column != cases[i].column)
			fail_msg("'%s': at %u:%u", path, span.line,
				 span.column);
	}
	assert_false(ydoc_find(&doc, "image.none", &span));
	assert_false(ydoc_find(&doc, "image.\xc3\xa9.2", &span));
	assert_false(ydoc_find(&doc, "empty.x", &span));
}

static void test_blame(void **state)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	parse(&doc, "a:\n  b: soon\n", 0);
	(void)err_set(&err, ERR_INPUT, "'a.b' is no date");
	assert_false(ydoc_blame(&doc, "a.b", &err));
	assert_int_equal(err.line, 2);
	assert_int_equal(err.column, 6);
	assert_string_equal(err.source, "  b: soon");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_collections),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_floats),
		cmocka_unit_test(test_first_document),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_alias_budget),
		cmocka_unit_test(test_alias_depth),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_stream_places),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_blame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
