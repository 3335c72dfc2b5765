#include "format/ydoc.h"

#include <math.h>

#include "base/err.h"
#include "format/value.h"
#include "tests/unit/unit.h"

static void parse(struct ydoc *doc, const char *text, unsigned int flags)
{
	CLEANUP(err_release) struct err err = {0};

	if (!ydoc_parse(doc, text, strlen(text), "test.yaml", flags, &err))
		fail_msg("'%s': %s", text, err.text);
}

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
		{"\xc3\xa9: {\xc3\xa9: *x}", "there is no anchor 'x'", 1, 10,
		 0},
		{"a: &a [*a]", "'a' names contains itself", 1, 8, 0},
		{"a: 1\n---\nb: 1", "a second document", 2, 1, 0},
		{"? [a]\n: 1", "a collection cannot be a key", 1, 3, 0},
		{"~: 1", "a null cannot be a key", 1, 1, 0},
		{"<<: 1", "only mappings can be merged", 1, 5, 0},
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
		 "there is no anchor", 1, 7, 0},
		{"a: 1\r\nb: *x", "there is no anchor", 2, 4, 0},
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

static void fill(struct str *text, const char *unit, size_t count)
{
	for (size_t i = 0; i < count; i++)
		str_add(text, unit);
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
		{"a: 1\n---\n\nb: *x\n", "map[a:1]", "no anchor 'x'", 4, 4},
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

static void assert_emits(const char *text, const char *expected)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(str_release) struct str out = {0};

	parse(&doc, text, 0);
	ydoc_emit(&out, doc.root);
	assert_string_equal(str_text(&out), expected);
}

/* The same: bytes as sigs.k8s.io/yaml writes them. */
static void test_emit(void **state)
{
	(void)state;
	assert_emits("", "null\n");
	assert_emits("[]", "[]\n");
	assert_emits("{}", "{}\n");
	assert_emits("a: []\nb: {}", "a: []\nb: {}\n");
	assert_emits("b: [1, [2, {c: d, e: f}]]\na: {x: 'y'}",
		     "a:\n  x: \"y\"\nb:\n- 1\n- - 2\n  - c: d\n    e: f\n");
	assert_emits("{a10: 1, a2: 1, a01: 1, B: 1, a-b: 1, '1': 1}",
		     "\"1\": 1\nB: 1\na-b: 1\na01: 1\na2: 1\na10: 1\n");
	assert_emits("['', 'yes', '1', '1.4.0', '2001-01-01', '1:20', 'a: b', "
		     "' a', \"it's\", '#', '\"', \"\\x01\", \"\\t\"]",
		     "- \"\"\n- \"yes\"\n- \"1\"\n- 1.4.0\n- \"2001-01-01\"\n"
		     "- \"1:20\"\n- 'a: b'\n- ' a'\n- it's\n- '#'\n- '\"'\n"
		     "- \"\\x01\"\n- \"\\t\"\n");
	assert_emits("[1.0, 1e6, 1e21, 1.5, -0.0, 0.00001]",
		     "- 1\n- 1000000\n- 1e+21\n- 1.5\n- 0\n- 1e-05\n");
	assert_emits(
		"a: \"x\\ny\"\nb: \"x\\n\"\nc: \"x\\n\\n\"\nd: \" x\\ny\"\n"
		"e: \"x \\ny\"",
		"a: |-\n  x\n  y\nb: |\n  x\nc: |+\n  x\n\nd: |2-\n"
		"   x\n  y\ne: \"x \\ny\"\n");
	assert_emits("\"a\\nb\": 1", "? |-\n  a\n  b\n: 1\n");
}

/* At the first blank behind column 80. */
static void test_emit_folds(void **state)
{
	CLEANUP(str_release) struct str text = {0}, expected = {0};

	(void)state;
	str_add(&text, "k: {a: ");
	fill(&text, "word ", 18);
	str_add(&text, "end}");
	str_add(&expected, "k:\n  a: ");
	fill(&expected, "word ", 15);
	str_add(&expected, "word\n    word word end\n");
	assert_emits(str_text(&text), str_text(&expected));
}

static void test_emit_indented(void **state)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(str_release) struct str out = {0};

	(void)state;
	parse(&doc, "a: \"x\\n\\ny\"\nb: [1]", 0);
	ydoc_emit_indented(&out, doc.root, 2);
	assert_string_equal(str_text(&out),
			    "  a: |-\n    x\n\n    y\n  b:\n  - 1\n");
}

static void print_thing(const struct value *self, struct str *out)
{
	(void)self;
	str_add(out, "thing");
}

static const struct value *thing_to_json(const struct value *self,
					 struct arena *arena)
{
	(void)self;
	return value_new_text(arena, "1.2.3\x7f");
}

/*
 * What templates can make and documents cannot; tests/tables/tmpl/toyaml.txt
 * has more, with the reference's answers.
 */
static void test_marshal(void **state)
{
	static const struct value_class opaque = {.print = print_thing};
	static const struct value_class json = {.print = print_thing,
						.to_json = thing_to_json};
	static const struct value complex = {.kind = VALUE_COMPLEX128};
	static const struct value nan = {.kind = VALUE_FLOAT64, .number = NAN};
	static const struct value objects[] = {
		{.kind = VALUE_OBJECT, .object.class = &opaque},
		{.kind = VALUE_OBJECT, .object.class = &json},
	};
	const struct {
		const struct value *value;
		const char *emitted, *cause; /* NULL: the same */
	} cases[] = {
		{&value_nil_list, "null\n"},
		{&value_nil_string_list, "null\n"},
		{&value_nil_map, "null\n"},
		{&value_true, "true\n"},
		{&complex, "(0+0i)\n", "no such type"},
		{&nan, ".nan\n", "no such number"},
		{&objects[0], "thing\n", "no such type"},
		{&objects[1], "\"1.2.3\\x7F\"\n", "no place in YAML"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(str_release) struct str emitted = {0}, out = {0};
		const char *name = cases[i].emitted;
		bool done = ydoc_marshal(&out, cases[i].value, &err);

		ydoc_emit(&emitted, cases[i].value);
		assert_string_equal(str_text(&emitted), name);
		assert_case(name, done == !cases[i].cause);
		assert_string_equal(str_text(&out), done ? name : "");
		assert_case(name, done || strstr(err.text, cases[i].cause));
	}
}

/* Where Marshal would lose something, emit does not. */
static void test_emit_loses_nothing(void **state)
{
	static const char text[] = "{\"a\": \"x\\Ny\\x7F\", '<<': 1, "
				   "\"k\\N\\uFFFE\": 1}";
	CLEANUP(ydoc_release) struct ydoc doc = {0}, again = {0};
	CLEANUP(str_release) struct str out = {0};

	(void)state;
	parse(&doc, text, 0);
	ydoc_emit(&out, doc.root);
	parse(&again, str_text(&out), 0);
	assert_true(value_same(doc.root, again.root));
}

/* Deeper than a value may be: an end, not an overflow of the stack. */
static void test_emit_depth(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str out = {0};
	struct value *value = value_new_list(&arena);

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct value *outer = value_new_list(&arena);

		value_list_add(outer, &arena, value);
		value = outer;
	}
	ydoc_emit(&out, value);
	assert_true(ends_with(str_text(&out), "- null\n"));
	str_clear(&out);
	assert_false(ydoc_marshal(&out, value, &err));
	assert_non_null(strstr(err.text, "nested too deeply"));
	assert_int_equal(out.len, 0);
}

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
		{"a: &a x\nb: *a", "b", NULL, "it is an alias"},
		{"a: &a x\nb: *a", "a", NULL, "changing something else"},
		{"a: &a {b: 1}\nc: *a", "c.b", NULL, "changing something else"},
		{"a: &a {b: 1}\nc: *a", "c.d", NULL, "an alias stands"},
		{"a: &a {b: 1}\nc: {<<: *a}", "c.b", NULL,
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
		cmocka_unit_test(test_emit),
		cmocka_unit_test(test_emit_folds),
		cmocka_unit_test(test_emit_indented),
		cmocka_unit_test(test_marshal),
		cmocka_unit_test(test_emit_loses_nothing),
		cmocka_unit_test(test_emit_depth),
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_edits_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
