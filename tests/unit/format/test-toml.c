#include "format/toml.h"

#include <math.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/gojson.h"
#include "format/value.h"
#include "tests/unit/unit.h"

/* Expectations are what BurntSushi/toml v1.6.0 gives and says. */

/* Dates are "date:" and their text; the year 0 is none. */
static const struct value *read_date(const char *text, size_t len,
				     struct arena *arena, void *context)
{
	CLEANUP(str_release) struct str value = {0};

	(void)context;
	if (starts_with(text, "0000"))
		return NULL;
	str_add(&value, "date:");
	str_add_bytes(&value, text, len);
	return value_new_bytes(arena, str_text(&value), value.len);
}

static const struct toml_dates dates = {.read = read_date};

/* What the text is as JSON, or what is wrong with it. */
static void read_as_json(const char *text, struct str *json)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(toml_release) struct toml toml = {.dates = &dates};
	CLEANUP(err_release) struct err err = {0};

	assert_true(toml_parse(&toml, text, strlen(text), &arena, &err));
	if (toml.problem.len > 0)
		str_add(json, str_text(&toml.problem));
	else
		assert_true(gojson_write(json, toml.root, 0, &err));
}

struct row {
	const char *text, *json;
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(str_release) struct str json = {0};

		read_as_json(rows[i].text, &json);
		if (strcmp(str_text(&json), rows[i].json) != 0)
			fail_msg("%s: %s", rows[i].text, str_text(&json));
	}
}

static void test_values(void **state)
{
	static const struct row rows[] = {
		{"", "{}"},
		{"\xef\xbb\xbf# note\r\n\na=1 # note", "{\"a\":1}"},
		{"a = +1_000\nb = 0x1F\nc = 0o17\nd = 0b11\ne = -0",
		 "{\"a\":1000,\"b\":31,\"c\":15,\"d\":3,\"e\":0}"},
		{"a = 1_0.5e-3\nb = 6E+2\nc = -0.0",
		 "{\"a\":0.0105,\"b\":600,\"c\":-0}"},
		{"a = true\nb = false", "{\"a\":true,\"b\":false}"},
		{"a = \"\\b\\t\\n\\f\\r\\e\\\"\\\\\\x41\\u00e9\\U0001F600\"",
		 "{\"a\":\"\\b\\t\\n\\f\\r\\u001b\\\"\\\\Aé😀\"}"},
		{"a = 'raw \\n'\nb = '''\nx\n'y'''''",
		 "{\"a\":\"raw \\\\n\",\"b\":\"x\\n'y''\"}"},
		{"a = \"\"\"\r\nx \\\n   y\"\\\\z\"\"\"\"\"",
		 "{\"a\":\"x y\\\"\\\\z\\\"\\\"\"}"},
		{"a = 2001-01-01t10:20:30z\nb = [2001-01-01 10:20 , "
		 "10:20:30.5]",
		 "{\"a\":\"date:2001-01-01T10:20:30Z\","
		 "\"b\":[\"date:2001-01-01T10:20\",\"date:10:20:30.5\"]}"},
		{"a = [ 1, # one\n [\"x\", {b = 2}],\n]\nc = []",
		 "{\"a\":[1,[\"x\",{\"b\":2}]],\"c\":[]}"},
		{"a = {b.c = 1, b.d = 2, # two\n e = {},\n}",
		 "{\"a\":{\"b\":{\"c\":1,\"d\":2},\"e\":{}}}"},
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows));
}

static void test_tables(void **state)
{
	static const struct row rows[] = {
		{"[a]\nx = 1\n[a.b]\ny = 2\n[c.d]",
		 "{\"a\":{\"b\":{\"y\":2},\"x\":1},\"c\":{\"d\":{}}}"},
		{"[a.b]\n[a]\nx = 1", "{\"a\":{\"b\":{},\"x\":1}}"},
		{"[[a]]\nx = 1\n[a.b]\n[[a]]\n[[a.c]]",
		 "{\"a\":[{\"b\":{},\"x\":1},{\"c\":[{}]}]}"},
		{"a . \"b c\" . '' = 1", "{\"a\":{\"b c\":{\"\":1}}}"},
		{"[\"a.b\"]\n[ x . y ]", "{\"a.b\":{},\"x\":{\"y\":{}}}"},
		{"\"\\u0000\" = 1", "{\"\\u0000\":1}"},
		{"[a]\na = 1\n[a]",
		 "toml: line 3: Key 'a' has already been defined."},
		/* The library does not mind, and forgets the 2. */
		{"a.b = 1\na = 2", "{\"a\":{\"b\":1}}"},
		{"a = 1\n[a.b]", "toml: line 2: Key 'a' was already created "
				 "as a hash."},
		{"a = [1]\n[[a]]",
		 "toml: line 2: Key 'a' was already created and cannot be used "
		 "as an array."},
		{"a = {b = 1, b = 2}",
		 "toml: line 1 (last key \"a.b\"): Key 'a.b' has already been "
		 "defined."},
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows));
}

static void test_problems(void **state)
{
	static const struct row rows[] = {
		{"a", "toml: line 1: unexpected EOF; expected key separator "
		      "'='"},
		{"= 1", "toml: line 1: unexpected '=': key name appears blank"},
		{"a =\nb = 1",
		 "toml: line 1 (last key \"a\"): expected value but found "
		 "'\\n' instead"},
		{"a = 1 b", "toml: line 1: expected a top-level item to end "
			    "with a newline, comment, or EOF, but got 'b' "
			    "instead"},
		{"a = \"x\ny\"", "toml: line 1 (last key \"a\"): strings "
				 "cannot contain newlines"},
		{"a = \"\\q\"", "toml: line 1 (last key \"a\"): invalid escape "
				"in string '\\q'"},
		{"a = \"\\ud800\"", "toml: line 1 (last key \"a\"): Escaped "
				    "character '\\ud800' is not valid UTF-8."},
		{"a = 1__0", "toml: line 1 (last key \"a\"): Invalid integer "
			     "\"1__0\": underscores must be surrounded by "
			     "digits"},
		{"a = 007", "toml: line 1 (last key \"a\"): Invalid integer "
			    "\"007\": cannot have leading zeroes"},
		{"a = 9223372036854775808",
		 "toml: line 1 (last key \"a\"): 9223372036854775808 is out of "
		 "range for int64"},
		{"a = 1e400", "toml: line 1 (last key \"a\"): 1e400 is out of "
			      "range for float64"},
		{"a = 1.e5", "toml: line 1 (last key \"a\"): Invalid float "
			     "\"1.e5\": '.' must be followed by one or more "
			     "digits"},
		{"\n\na.b = 0000-01-01",
		 "toml: line 3 (last key \"a.b\"): invalid datetime: "
		 "\"0000-01-01\""},
		{"a = [1 2]", "toml: line 1 (last key \"a\"): expected a comma "
			      "(',') or array terminator (']'), but got '2'"},
		{"a = {b = 1",
		 "toml: line 1 (last key \"a.b\"): expected a comma or an "
		 "inline table terminator '}', but got end of file instead"},
		{"a = nope", "toml: line 1 (last key \"a\"): expected value "
			     "but found \"nope\" instead"},
		{"[a", "toml: line 1: expected '.' or ']' to end table name, "
		       "but got '\\x00' instead"},
		{"a = \"\x01\"", "toml: line 1 (last key \"a\"): TOML files "
				 "cannot contain control characters: '0x01'"},
		{"a = '\xff'", "toml: line 1 (last key \"a\"): invalid UTF-8 "
			       "byte: 0xff"},
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows));
}

static void test_types(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(toml_release) struct toml toml = {0};
	CLEANUP(err_release) struct err err = {0};
	const char *text = "i = 1\nf = 1.0\nl = [1]\nn = -nan\n[[t]]";

	(void)state;
	assert_true(toml_parse(&toml, text, strlen(text), &arena, &err));
	assert_string_equal(value_type(value_find(toml.root, "i")), "int64");
	assert_string_equal(value_type(value_find(toml.root, "f")), "float64");
	assert_string_equal(value_type(value_find(toml.root, "l")),
			    "[]interface {}");
	assert_string_equal(value_type(value_find(toml.root, "t")),
			    "[]map[string]interface {}");
	assert_true(isnan(value_find(toml.root, "n")->number));
	assert_true(signbit(value_find(toml.root, "n")->number));
}

static void check_refused(const struct str *text, const char *message)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(toml_release) struct toml toml = {0};
	CLEANUP(err_release) struct err err = {0};

	assert_false(
		toml_parse(&toml, str_text(text), text->len, &arena, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_string_equal(err.text, message);
}

static void test_ceilings(void **state)
{
	CLEANUP(str_release) struct str text = {0};

	(void)state;
	str_add(&text, "a = ");
	str_add_repeated(&text, '[', TOML_DEPTH_MAX + 1);
	check_refused(&text, "the TOML is more than 500 deep");
	str_clear(&text);
	str_add_repeated(&text, ' ', TOML_SIZE_MAX + 1);
	check_refused(&text, "the TOML is over 1 MiB");
	str_clear(&text);
	for (int i = 0; i <= TOML_DEPTH_MAX; i++)
		str_add(&text, "a.");
	check_refused(&text, "the TOML is more than 500 deep");
	str_clear(&text);
	str_add(&text, "[a");
	for (int i = 1; i < TOML_DEPTH_MAX; i++)
		str_add(&text, ".a");
	str_add(&text, "]\n");
	for (int i = 0; i < 20000; i++)
		str_addf(&text, "k%d = 1\n", i);
	check_refused(&text, "the TOML has too many keys in too deep tables");
}

/* What is written of JSON. */
static void test_writing(void **state)
{
	static const struct row rows[] = {
		{"{\"b\":1,\"a\":{\"d\":[1,[\"x\"]],\"c\":{}},\"z\":null}",
		 "b = 1.0\n\n[a]\n  d = [1.0, [\"x\"]]\n  [a.c]\n"},
		{"{\"a\":[{\"b\":1},{\"c\":{\"d\":[]}}]}",
		 "\n[[a]]\n  b = 1.0\n\n[[a]]\n  [a.c]\n    d = []\n" + 1},
		{"{\"x y\":{\"\":true},\"q\\\"\":\"\\u0001\\u007f\\\\\\n\"}",
		 "\"q\\\"\" = \"\\u0001\\u007f\\\\\\n\"\n\n[\"x y\"]\n"
		 "  \"\" = true\n"},
		{"{\"a\":[1,{\"b\":null,\"c\":2,\"d\":{\"e\":1e6},\"f\":null}]"
		 "}",
		 "a = [1.0, {c = 2.0, d = {e = 1e+06}}]\n"},
		{"{\"a\":[1,{\"c\":2,\"f\":null}]}",
		 "a = [1.0, {c = 2.0, }]\n"},
		{"\"x\"", "\"x\""},
		{"[1,2]", "[1.0, 2.0]"},
		{"[]", "[]"},
		{"{}", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(str_release) struct str text = {0};
		CLEANUP(err_release) struct err err = {0};
		struct value_text too_large;

		assert_true(toml_write(
			&text, gojson_build(rows[i].text, &arena, &too_large),
			NULL, &err));
		assert_string_equal(str_text(&text), rows[i].json);
	}
}

static void test_what_has_no_toml(void **state)
{
	static const struct row rows[] = {
		{"{\"a\":[1,null]}",
		 "toml: cannot encode array with nil element"},
		{"[{}]", "toml: top-level values must be Go maps or structs"},
	};
	const struct value complex = {VALUE_COMPLEX128};
	struct err err = {0};
	CLEANUP(str_release) struct str text = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		struct value_text too_large;

		assert_false(toml_write(
			&text, gojson_build(rows[i].text, &arena, &too_large),
			NULL, &err));
		assert_string_equal(err.text, rows[i].json);
		err_release(&err);
	}
	assert_false(toml_write(&text, &complex, NULL, &err));
	assert_string_equal(err.text,
			    "unsupported type for key '': complex128");
	err_release(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_writing),
		cmocka_unit_test(test_what_has_no_toml),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
