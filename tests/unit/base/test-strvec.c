#include "base/strvec.h"

#include "base/str.h"
#include "tests/unit/unit.h"

static void test_truncate(void **state)
{
	CLEANUP(strvec_release) struct strvec vec = {0};

	(void)state;
	strvec_truncate(&vec, 0);
	strvec_split(&vec, "a,b,c", ',');
	strvec_truncate(&vec, 3);
	assert_int_equal(vec.count, 3);
	strvec_truncate(&vec, 1);
	assert_int_equal(vec.count, 1);
	assert_string_equal(vec.items[0], "a");
	assert_null(strvec_argv(&vec)[1]);
	strvec_add(&vec, "d");
	assert_string_equal(vec.items[1], "d");
	assert_null(vec.items[2]);
}

static void test_printing(void **state)
{
	static const char *const texts[] = {"", "a", "a, b", "a, b and 1 more"};
	CLEANUP(strvec_release) struct strvec vec = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(str_release) struct str out = {0};

		strvec_print(&vec, 2, &out);
		assert_string_equal(str_text(&out), texts[i]);
		strvec_addf(&vec, "%c", (int)('a' + i));
	}
}

static void test_joining(void **state)
{
	CLEANUP(strvec_release) struct strvec vec = {0};
	CLEANUP(str_release) struct str out = {0};

	(void)state;
	strvec_join(&vec, "; ", &out);
	assert_int_equal(out.len, 0);
	strvec_split(&vec, "a,,b", ',');
	str_add(&out, "of ");
	strvec_join(&vec, "; ", &out);
	assert_string_equal(str_text(&out), "of a; ; b");
}

static void test_split(void **state)
{
	static const struct {
		const char *text;
		size_t count;
	} cases[] = {{"", 1}, {",", 2}, {"a", 1}, {"a,,b", 3}, {"a,b,", 3}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strvec_release) struct strvec vec = {0};

		strvec_split(&vec, cases[i].text, ',');
		assert_case(cases[i].text, vec.count == cases[i].count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truncate),
		cmocka_unit_test(test_printing),
		cmocka_unit_test(test_joining),
		cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
