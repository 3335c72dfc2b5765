#include "format/jsn.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/value.h"
#include "tests/unit/unit.h"

static json_t *parse(const char *text)
{
	struct err err = {0};
	json_t *json = NULL;

	assert_case(text, jsn_parse(&json, text, strlen(text), "test", &err));
	return json;
}

static void test_there_and_back(void **state)
{
	static const char *const texts[] = {
		"null",
		"\"text\"",
		"{\"b\":1,\"a\":[true,false,null,-3,\"\\u00e4\\n\"]}",
		"[]",
		"{}",
		"9007199254740993",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(jsn_release) json_t *json = parse(texts[i]);
		CLEANUP(jsn_release) json_t *again = NULL;
		CLEANUP(str_release) struct str out = {0};

		jsn_print(&out, json, false);
		again = parse(str_text(&out));
		assert_case(texts[i], json_equal(json, again));
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		unsigned int line, column;
	} cases[] = {
		{"", 1, 1},
		{"{\n  \"a\": 1,\n  \"a\": 2\n}", 3, 6},
		{"{\n  \"a\" 1\n}", 2, 8},
		{"[1] 2", 1, 6},
		{"{'a': 1}", 1, 3},
		{"\"\xff\"", 1, 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = {0};
		json_t *json = NULL;

		assert_case(cases[i].text,
			    !jsn_parse(&json, cases[i].text,
				       strlen(cases[i].text), "reply", &err));
		assert_null(json);
		assert_int_equal(err.kind, ERR_INPUT);
		assert_string_equal(err.file, "reply");
		assert_int_equal(err.line, cases[i].line);
		assert_int_equal(err.column, cases[i].column);
	}
}

/* Kubernetes keeps such text in annotations, whoever wrote it. */
static void test_text_with_nul(void **state)
{
	static const char text[] = "{\"a\":\"x\\u0000y\",\"b\":1}";
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(jsn_release) json_t *json = parse(text);
	CLEANUP(str_release) struct str out = {0};
	const struct value *value = jsn_to_value(json, &arena);

	(void)state;
	assert_int_equal(jsn_int(json, "b", 0), 1);
	assert_int_equal(value_map_get(value, "a")->string.len, 3);
	jsn_print_value(&out, value);
	assert_string_equal(str_text(&out), text);
}

static void test_depth(void **state)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(jsn_release) json_t *json = NULL;

	(void)state;
	str_add(&text, "[\"[[[\",");
	str_add_repeated(&text, '[', JSN_DEPTH_MAX - 1);
	str_add_repeated(&text, ']', JSN_DEPTH_MAX);
	assert_true(jsn_parse(&json, text.buf, text.len, "deep", &err));
	str_clear(&text);
	str_add_repeated(&text, '[', 100000);
	assert_false(jsn_parse(&json, text.buf, text.len, "deep", &err));
	assert_int_equal(err.column, JSN_DEPTH_MAX + 1);
}

static void test_head(void **state)
{
	static const struct {
		const char *text;
		const char *head; /* NULL: there is none */
	} cases[] = {
		{"{\"a\":1,\"items\":[", "{\"a\":1}"},
		{"{\"items\":[]}", "{}"},
		{" {\n \"a\" : {\"items\": [1]} ,\n \"items\"", /* nested */
		 "{\"a\":{\"items\":[1]}}"},
		{"{\"a\":\"\\\"items\\\":\",\"items\":", /* in a string */
		 "{\"a\":\"\\\"items\\\":\"}"},
		{"{\"a\":\"items\",\"items\":", "{\"a\":\"items\"}"},
		{"{\"a\":1}", NULL},
		{"{\"a\":\"items\"}", NULL},
		{"[\"items\"]", NULL},
		{"[1,\"items\"]", NULL},
		{"{\"a\":,\"items\":", NULL},
		{"}{\"items\"", NULL},
		{"\"items\"", NULL},
		{"{\"items", NULL},
		{"{\"a\\", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].text;
		CLEANUP(jsn_release) json_t *head =
			jsn_parse_head(text, strlen(text), "items");
		CLEANUP(str_release) struct str shown = {0};

		assert_case(text, !head == !cases[i].head);
		if (!head)
			continue;
		jsn_print(&shown, head, false);
		assert_string_equal(str_text(&shown), cases[i].head);
	}
}

static void test_members(void **state)
{
	CLEANUP(jsn_release) json_t *json =
		parse("{\"a\":{\"b\":[{\"c\":\"x\"},5]},\"t\":true}");
	CLEANUP(err_release) struct err err = {0};
	const char *text = "unchanged";

	(void)state;
	assert_string_equal(jsn_text(json, "a.b.0.c"), "x");
	assert_int_equal(jsn_int(json, "a.b.1", -1), 5);
	assert_int_equal(jsn_int(json, "a.b.2", -1), -1);
	assert_int_equal(jsn_int(json, "t", -1), -1);
	assert_null(jsn_text(json, "a.b"));
	assert_null(jsn_text(json, "a.b.c"));
	assert_null(jsn_text(json, "a..b"));
	assert_null(jsn_text(NULL, "a"));
	assert_true(jsn_bool(json, "t", false));
	assert_true(jsn_bool(json, "u", true));
	assert_false(jsn_get_text(json, "a.id", "the reply", &text, &err));
	assert_string_equal(err.text, "no 'a.id' in the reply");
	assert_string_equal(text, "unchanged");
}

static void test_strings_that_are_no_utf8(void **state)
{
	static const struct {
		const char *text;
		const char *kept;
	} cases[] = {
		{"a\xff"
		 "b",
		 "a\xef\xbf\xbd"
		 "b"},
		{"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xe2\x82\xac", "\xe2\x82\xac"},
		{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(jsn_release) json_t *json = jsn_string(cases[i].text);

		assert_string_equal(json_string_value(json), cases[i].kept);
	}
}

static void test_values(void **state)
{
	CLEANUP(jsn_release) json_t *json =
		parse("{\"b\":1.5,\"a\":[true,null,7,\"x\"]}");
	CLEANUP(jsn_release) json_t *back = NULL;
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str out = {0};
	struct value *value = jsn_to_value(json, &arena);

	(void)state;
	assert_string_equal(value->map.pairs[0].key.bytes, "a");
	assert_int_equal(value_find(value, "a")->list.items[2]->kind,
			 VALUE_INT);
	back = jsn_from_value(value);
	assert_true(json_equal(json, back));
	jsn_print(&out, back, false);
	assert_string_equal(str_text(&out),
			    "{\"a\":[true,null,7,\"x\"],\"b\":1.5}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_text_with_nul),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_strings_that_are_no_utf8),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
