#include <math.h>

#include "base/err.h"
#include "base/mem.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "tests/unit/format/parse.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_emit),
		cmocka_unit_test(test_emit_folds),
		cmocka_unit_test(test_emit_indented),
		cmocka_unit_test(test_marshal),
		cmocka_unit_test(test_emit_loses_nothing),
		cmocka_unit_test(test_emit_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
