#include "format/gojson.h"

#include <math.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/unit/unit.h"

/* Expectations are what Go 1.26's encoding/json says and gives. */

static void test_reading(void **state)
{
	static const struct {
		const char *text, *again; /* as it is written */
	} cases[] = {
		{" null ", "null"},
		{"{}", "{}"},
		{"[ ]", "[]"},
		{"{\"b\":1,\"a\":[true,false,null],\"b\":2}",
		 "{\"a\":[true,false,null],\"b\":2}"},
		{"-0", "-0"},
		{"1e3", "1000"},
		{"1E-7", "1e-7"},
		{"0.1e+22", "1e+21"},
		{"100000000000000000000", "100000000000000000000"},
		{"1e-400", "0"},
		{"\"\\u00e9\\uD83D\\uDE00\\/\\\"\\\\\"", "\"é😀/\\\"\\\\\""},
		{"\"\\ud800\\ud800\\udc00x\"",
		 "\"\xef\xbf\xbd\xf0\x90\x80\x80x\""},
		{"\"\\udc00\\ud800\"", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\"\xff\xed\xa0\x80\"",
		 "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\"\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\"",
		 "\"\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(str_release) struct str again = {0};
		CLEANUP(err_release) struct err err = {0};
		const char *text = cases[i].text;
		struct value_text too_large;
		struct gojson_size size;

		assert_case(text,
			    gojson_check(text, strlen(text), &size, &err));
		assert_case(text,
			    gojson_write(&again,
					 gojson_build(text, &arena, &too_large),
					 0, &err));
		assert_string_equal(str_text(&again), cases[i].again);
		assert_int_equal(too_large.len, 0);
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "unexpected end of JSON input"},
		{"[1", "unexpected end of JSON input"},
		{"{\"a\":", "unexpected end of JSON input"},
		{"\"a", "unexpected end of JSON input"},
		{"tru",
		 "invalid character ' ' in literal true (expecting 'e')"},
		{"-", "invalid character ' ' in numeric literal"},
		{"1.", "invalid character ' ' after decimal point in numeric "
		       "literal"},
		{"1e+", "invalid character ' ' in exponent of numeric literal"},
		{"\"\\", "invalid character ' ' in string escape code"},
		{"\"\\u00", "invalid character ' ' in \\u hexadecimal "
			    "character escape"},
		{"[1,]",
		 "invalid character ']' looking for beginning of value"},
		{"{\"a\":1,}", "invalid character '}' looking for beginning of "
			       "object key string"},
		{"{a:1}", "invalid character 'a' looking for beginning of "
			  "object key string"},
		{"{\"a\" 1}", "invalid character '1' after object key"},
		{"{\"a\":1 2}",
		 "invalid character '2' after object key:value pair"},
		{"[1 2]", "invalid character '2' after array element"},
		{"01", "invalid character '1' after top-level value"},
		{"nuLl",
		 "invalid character 'L' in literal null (expecting 'l')"},
		{"fals3",
		 "invalid character '3' in literal false (expecting 'e')"},
		{"'", "invalid character '\\'' looking for beginning of value"},
		{"1\"", "invalid character '\"' after top-level value"},
		{"\\", "invalid character '\\\\' looking for beginning of "
		       "value"},
		{"\xc3\xa9",
		 "invalid character 'Ã' looking for beginning of value"},
		{"\x80", "invalid character '\\u0080' looking for beginning of "
			 "value"},
		{"\"\n", "invalid character '\\n' in string literal"},
		{"\"\x01", "invalid character '\\x01' in string literal"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = {0};
		struct gojson_size size;

		assert_case(cases[i].text,
			    !gojson_check(cases[i].text, strlen(cases[i].text),
					  &size, &err));
		assert_string_equal(err.text, cases[i].error);
		assert_int_equal(err.kind, ERR_INPUT);
	}
}

/* Each byte at each place of a string. */
static void test_bytes(void **state)
{
	(void)state;
	for (unsigned int byte = 0; byte < 256; byte++) {
		bool good = byte >= ' ' && byte != '"' && byte != '\\';

		for (size_t at = 1; at < 41; at++) {
			char text[] = "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
				      "aaaa\"";
			CLEANUP(err_release) struct err err = {0};
			struct gojson_size size;

			text[at] = (char)byte;
			assert_int_equal(gojson_check(text, sizeof(text) - 1,
						      &size, &err),
					 good);
		}
	}
}

static void test_size_and_depth(void **state)
{
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str deep = {0};
	struct gojson_size size;

	(void)state;
	assert_true(gojson_check("{\"a\":[1,{}]}", 12, &size, &err));
	assert_int_equal(size.values, 5);
	assert_int_equal(size.depth, 3);
	str_add_repeated(&deep, '[', GOJSON_DEPTH_MAX);
	str_add_repeated(&deep, ']', GOJSON_DEPTH_MAX);
	assert_true(gojson_check(str_text(&deep), deep.len, &size, &err));
	assert_int_equal(size.depth, GOJSON_DEPTH_MAX);
	str_splice(&deep, 0, 0, "[", 1);
	assert_false(gojson_check(str_text(&deep), deep.len, &size, &err));
	assert_string_equal(err.text,
			    "invalid character '[' exceeded max depth");
}

static void test_numbers_that_are_too_large(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	const char *text = "[1e400, -1e999]";
	const struct value *list;
	struct value_text too_large;

	(void)state;
	list = gojson_build(text, &arena, &too_large);
	assert_int_equal(list->list.count, 2);
	assert_int_equal(list->list.items[0]->kind, VALUE_NIL);
	assert_int_equal(too_large.len, 5);
	assert_memory_equal(too_large.bytes, "1e400", 5);
}

static void test_writing(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(err_release) struct err err = {0};
	struct value *map = value_new_map(&arena);
	struct value *list = value_new_list(&arena);

	(void)state;
	value_list_add(list, &arena, value_new_int64(&arena, -5));
	value_list_add(list, &arena, value_new_map(&arena));
	value_list_add(list, &arena, &value_nil_list);
	value_map_set(map, &arena, "l", list);
	value_map_set_text(map, &arena, "<\xff>", "a&\xe2\x80\xa8");
	assert_true(
		gojson_write(&text, map, GOJSON_HTML | GOJSON_PRETTY, &err));
	assert_string_equal(
		str_text(&text),
		"{\n"
		"  \"\\u003c\\ufffd\\u003e\": \"a\\u0026\\u2028\",\n"
		"  \"l\": [\n"
		"    -5,\n"
		"    {},\n"
		"    null\n"
		"  ]\n"
		"}");
}

static void test_what_has_no_json(void **state)
{
	const struct {
		struct value value;
		const char *error;
	} cases[] = {
		{{VALUE_FLOAT64, .number = NAN},
		 "json: unsupported value: NaN"},
		{{VALUE_FLOAT64, .number = -INFINITY},
		 "json: unsupported value: -Inf"},
		{{VALUE_COMPLEX128}, "json: unsupported type: complex128"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str text = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_false(gojson_write(&text, &cases[i].value, 0, &err));
		assert_string_equal(err.text, cases[i].error);
	}
}

static void test_depth_of_writing_is_bounded(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	const struct value *value = &value_nil;

	(void)state;
	for (size_t i = 1; i <= VALUE_DEPTH_MAX + 1; i++) {
		CLEANUP(str_release) struct str text = {0};
		CLEANUP(err_release) struct err err = {0};
		struct value *list = value_new_list(&arena);

		value_list_add(list, &arena, value);
		value = list;
		assert_int_equal(gojson_write(&text, value, 0, &err),
				 i <= VALUE_DEPTH_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_size_and_depth),
		cmocka_unit_test(test_numbers_that_are_too_large),
		cmocka_unit_test(test_writing),
		cmocka_unit_test(test_what_has_no_json),
		cmocka_unit_test(test_depth_of_writing_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
