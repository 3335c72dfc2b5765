#include "base/mem.h"
#include "format/value.h"
#include "tests/unit/format/parse.h"

#define NODES_MAX 10000

static bool read_values(struct ydoc *doc, const struct str *text,
			struct err *err)
{
	return ydoc_parse_values(doc, str_text(text), text->len, "test.yaml",
				 YDOC_STRICT_KEYS, NODES_MAX, err);
}

/* What either reader makes of a text is the same. */
static void test_same_values(void **state)
{
	static const char *const texts[] = {
		"",
		"a",
		"[]",
		"- a\n- [b, [c, {d: e}], f]\n- {g: {h: [i]}}\n",
		"a: &x [1, 2.5, &y yes]\nb: *x\nc: [*y, *x, {d: *x}]\n",
		"a: &x {k: 1}\nb: &y {l: 2}\nc: {<<: [*x, *y], m: 3}\nd: {<<: "
		"*x}\n",
		"a: {<<: [{k: 1}, {l: 2}]}\n",
		"- &x [deep]\n- - - *x\n",
		"? 1.5\n: a\n? true\n: {b: c}\n",
		"a: {b: {c: {d: {e: [f, {g: &h [i]}, *h]}}}}\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(ydoc_release) struct ydoc doc = {0}, values = {0};
		CLEANUP(str_release) struct str text = {0};
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(str_release) struct str wanted = {0}, got = {0};
		CLEANUP(arena_release) struct arena arena = {0};

		parse(&doc, texts[i], YDOC_STRICT_KEYS);
		ydoc_emit(&wanted, doc.root);
		str_add(&text, texts[i]);
		if (!read_values(&values, &text, &err))
			fail_msg("'%s': %s", texts[i], err.text);
		ydoc_emit(&got, ydoc_take_values(&values, &arena));
		assert_string_equal(str_text(&got), str_text(&wanted));
		assert_null(values.root);
	}
}

static void test_same_errors(void **state)
{
	static const char *const texts[] = {
		"a: [b\n",
		"a: 1\na: 2\n",
		"a: {<<: [1]}\n",
		"- [x, *no]\n",
		"[[.inf], [a, b, c], {d: e}]\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(ydoc_release) struct ydoc doc = {0};
		CLEANUP(str_release) struct str text = {0};
		CLEANUP(err_release) struct err wanted = {0}, got = {0};

		str_add(&text, texts[i]);
		assert_false(ydoc_parse(&doc, texts[i], text.len, "test.yaml",
					YDOC_STRICT_KEYS, &wanted));
		assert_false(read_values(&doc, &text, &got));
		assert_false(doc.overfull);
		assert_string_equal(got.text, wanted.text);
		assert_int_equal(got.line, wanted.line);
	}
}

/* What is right below the root can still be blamed. */
static void test_places(void **state)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	str_add(&text, "a: {b: {c: [d]}}\nentries: [[x], [y]]\n");
	assert_true(read_values(&doc, &text, &err));
	(void)err_set(&err, ERR_INPUT, "no mapping");
	assert_false(ydoc_blame(&doc, "entries", &err));
	assert_int_equal(err.line, 2);
	assert_int_equal(err.column, 10);
}

static void assert_too_many(const struct str *text)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};

	assert_false(read_values(&doc, text, &err));
	assert_non_null(strstr(err.text, "more than 10000 values"));
	assert_true(doc.overfull);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_true(err.line > 0);
}

static void test_ceiling(void **state)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	str_add(&text, "[");
	fill(&text, "x,", NODES_MAX - 1);
	str_add(&text, "]");
	assert_true(read_values(&doc, &text, &err));

	str_clear(&text);
	fill(&text, "- x\n", NODES_MAX);
	assert_too_many(&text);

	/* What is repeated counts, */
	str_clear(&text);
	str_add(&text, "a: &a [");
	fill(&text, "x,", 1000);
	str_add(&text, "]\nb: [");
	fill(&text, "*a,", 10);
	str_add(&text, "]\n");
	assert_too_many(&text);

	/* and so does depth: it costs room where it is written. */
	str_clear(&text);
	fill(&text, "[", 500);
	fill(&text, "x,", 1000);
	fill(&text, "]", 500);
	assert_too_many(&text);
}

/* The room of a list does not depend on what its items were read with. */
static void test_room(void **state)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(ydoc_release) struct ydoc doc = {0}, values = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	fill(&text, "- [a, b]\n", 3000);
	parse(&doc, str_text(&text), 0);
	assert_true(read_values(&values, &text, &err));
	assert_true(values.arena.total < 100 * NODES_MAX);
	assert_true(values.arena.total < doc.arena.total / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_values),
		cmocka_unit_test(test_same_errors),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
