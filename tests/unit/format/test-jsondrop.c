#include "format/jsondrop.h"

#include "base/str.h"
#include "tests/unit/unit.h"

static void test_drop(void **state)
{
	static const struct {
		const char *name, *before, *after;
	} cases[] = {
		{"nothing", "", ""},
		{"another", "{\"a\":[1]}", "{\"a\":[1]}"},
		{"alone", "{\"m\":[1]}", "{}"},
		{"last", "{\"a\":1,\"m\":[{\"x\":[2]}]}", "{\"a\":1}"},
		{"first", "{\"m\":[],\"a\":1}", "{\"a\":1}"},
		{"between", "{\"a\":1,\"m\":[1],\"b\":2}", "{\"a\":1,\"b\":2}"},
		{"several", "[{\"m\":[1]},{\"b\":3,\"m\":[2]}]",
		 "[{},{\"b\":3}]"},
		{"within a dropped one", "{\"m\":[{\"m\":[1]}],\"a\":1}",
		 "{\"a\":1}"},
		{"brackets in strings", "{\"m\":[\"]\\\"]\",\"[\"],\"a\":1}",
		 "{\"a\":1}"},
		{"in a string", "{\"a\":\"\\\"m\\\":[1]\"}",
		 "{\"a\":\"\\\"m\\\":[1]\"}"},
		{"end of a key", "{\"a\\\"m\":[1]}", "{\"a\\\"m\":[1]}"},
		{"no list", "{\"m\":{\"a\":[1]}}", "{\"m\":{\"a\":[1]}}"},
		{"no end", "{\"a\":1,\"m\":[1,", "{\"a\":1,\"m\":[1,"},
		{"ends in an escape", "{\"a\":1,\"m\":[\"\\",
		 "{\"a\":1,\"m\":[\"\\"},
		{"begins with it", "\"m\":[1]", "\"m\":[1]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str text = {0};

		str_add(&text, cases[i].before);
		jsondrop_lists(&text, "m");
		assert_string_equal(str_text(&text), cases[i].after);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
