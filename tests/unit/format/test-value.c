#include "format/value.h"

#include <math.h>

#include "base/mem.h"
#include "base/str.h"
#include "tests/unit/unit.h"

/* Expectations are what Go 1.26's strconv.FormatFloat(f, c, -1, 64) gives. */
static void test_floats(void **state)
{
	static const struct {
		double number;
		const char *g, *e, *f;
	} cases[] = {
		{0, "0", "0e+00", "0"},
		{-0.0, "-0", "-0e+00", "-0"},
		{1, "1", "1e+00", "1"},
		{1.5, "1.5", "1.5e+00", "1.5"},
		{-2.25, "-2.25", "-2.25e+00", "-2.25"},
		{0.1, "0.1", "1e-01", "0.1"},
		{0.0001, "0.0001", "1e-04", "0.0001"},
		{0.00001, "1e-05", "1e-05", "0.00001"},
		{0.000123, "0.000123", "1.23e-04", "0.000123"},
		{100000, "100000", "1e+05", "100000"},
		{1e6, "1e+06", "1e+06", "1000000"},
		{123456.75, "123456.75", "1.2345675e+05", "123456.75"},
		{123456789, "1.23456789e+08", "1.23456789e+08", "123456789"},
		{1e20, "1e+20", "1e+20", "100000000000000000000"},
		{1.7976931348623157e308, "1.7976931348623157e+308",
		 "1.7976931348623157e+308", NULL},
		{5e-324, "5e-324", "5e-324", NULL},
		{2.2250738585072014e-308, "2.2250738585072014e-308",
		 "2.2250738585072014e-308", NULL},
		/* The nearest 16 digits miss a power of two. */
		{5.684341886080802e-14, "5.684341886080802e-14",
		 "5.684341886080802e-14", NULL},
		{9007199254740992, "9.007199254740992e+15",
		 "9.007199254740992e+15", "9007199254740992"},
		{INFINITY, "+Inf", "+Inf", "+Inf"},
		{-INFINITY, "-Inf", "-Inf", "-Inf"},
		{NAN, "NaN", "NaN", "NaN"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str text = {0};

		value_add_float(&text, cases[i].number, 'g');
		assert_string_equal(str_text(&text), cases[i].g);
		str_clear(&text);
		value_add_float(&text, cases[i].number, 'e');
		assert_string_equal(str_text(&text), cases[i].e);
		str_clear(&text);
		value_add_float(&text, cases[i].number, 'f');
		if (cases[i].f)
			assert_string_equal(str_text(&text), cases[i].f);
	}
}

static void test_float32(void **state)
{
	static const struct {
		double number;
		const char *text;
	} cases[] = {
		{0.1, "0.1"},
		{1.1, "1.1"},
		{16777216, "1.6777216e+07"},
		{3.141592653589793, "3.1415927"},
		{1e300, "+Inf"},
		{1e-300, "0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str text = {0};

		value_add_float32(&text, cases[i].number, 'g');
		assert_string_equal(str_text(&text), cases[i].text);
	}
}

static void assert_prints(const struct value *value, const char *expected)
{
	CLEANUP(str_release) struct str text = {0};

	value_print(&text, value);
	assert_string_equal(str_text(&text), expected);
}

static void test_print(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *map = value_new_map(&arena);
	struct value *list = value_new_list(&arena);
	struct value *number = value_new(&arena, VALUE_COMPLEX128);

	(void)state;
	assert_prints(&value_nil, "<nil>");
	assert_prints(&value_true, "true");
	assert_prints(value_new_int(&arena, -7), "-7");
	assert_prints(value_new_int64(&arena, INT64_MIN),
		      "-9223372036854775808");
	assert_prints(value_new_float(&arena, 1e6), "1e+06");
	number->complex.real = 1;
	number->complex.imaginary = -2.5;
	assert_prints(number, "(1-2.5i)");
	number->complex.imaginary = 2;
	assert_prints(number, "(1+2i)");
	assert_prints(list, "[]");
	assert_prints(map, "map[]");

	value_list_add(list, &arena, value_new_text(&arena, "a b"));
	value_list_add(list, &arena, &value_nil);
	value_list_add(list, &arena, value_new_int(&arena, 1));
	value_map_set(map, &arena, "b", list);
	value_map_set(map, &arena, "a", &value_false);
	assert_prints(map, "map[a:false b:[a b <nil> 1]]");
}

static void test_truth(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *list = value_new_list(&arena);
	struct value *map = value_new_map(&arena);

	(void)state;
	assert_false(value_truth(&value_nil));
	assert_false(value_truth(&value_false));
	assert_true(value_truth(&value_true));
	assert_false(value_truth(value_new_int(&arena, 0)));
	assert_true(value_truth(value_new_int64(&arena, -1)));
	assert_false(value_truth(value_new_float(&arena, 0)));
	assert_true(value_truth(value_new_float(&arena, NAN)));
	assert_false(value_truth(value_new_text(&arena, "")));
	assert_true(value_truth(value_new_text(&arena, "false")));
	assert_false(value_truth(list));
	assert_false(value_truth(map));
	value_list_add(list, &arena, &value_nil);
	value_map_set(map, &arena, "a", &value_nil);
	assert_true(value_truth(list));
	assert_true(value_truth(map));
}

static void test_maps_are_sorted(void **state)
{
	static const char *const keys[] = {"b", "a", "", "ab", "B", "b", "a-"};
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *map = value_new_map(&arena);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		value_map_set(map, &arena, keys[i],
			      value_new_int(&arena, (int64_t)i));
	assert_prints(map, "map[:2 B:4 a:1 a-:6 ab:3 b:5]");
	assert_int_equal(value_map_get(map, "b")->integer, 5);
	assert_null(value_map_get(map, "c"));
	assert_null(value_map_get(&value_nil, "c"));
}

static void test_find(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *root = value_new_map(&arena);
	struct value *image = value_new_map(&arena);

	(void)state;
	value_map_set(root, &arena, "image", image);
	value_map_set_text(image, &arena, "tag", "1.4.0");
	value_map_set(image, &arena, "port", value_new_int(&arena, 80));

	assert_ptr_equal(value_find(root, ""), root);
	assert_ptr_equal(value_find(root, "image"), image);
	assert_string_equal(value_find_text(root, "image.tag"), "1.4.0");
	assert_null(value_find_text(root, "image.port"));
	assert_null(value_find(root, "image.tag.x"));
	assert_null(value_find(root, "imag"));
}

static void test_find_list(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *root = value_new_map(&arena);
	struct value *list = value_new_list(&arena);

	(void)state;
	value_list_add(list, &arena, &value_true);
	value_map_set(root, &arena, "list", list);
	value_map_set_text(root, &arena, "text", "x");

	assert_ptr_equal(value_find_list(root, "list"), list);
	assert_int_equal(value_find_list(root, "text")->list.count, 0);
	assert_int_equal(value_find_list(root, "none")->list.count, 0);
	assert_int_equal(value_find_list(NULL, "list")->list.count, 0);
	assert_ptr_equal(value_find(root, "list.0"), &value_true);
	assert_ptr_equal(value_find(root, "list.00"), &value_true);
	assert_null(value_find(root, "list.1"));
	assert_null(value_find(root, "list.x"));
	assert_null(value_find(root, "list..0"));
	assert_null(value_find(root, "list.-0"));
	assert_null(value_find(root, "list.99999999999999999999999999"));
	assert_null(value_list_at(list, 1));
	assert_null(value_list_at(NULL, 0));
}

static void test_copy_and_same(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0}, other = {0};
	struct value *root = value_new_map(&arena);
	struct value *list = value_new_list(&arena);
	const struct value *copy;

	(void)state;
	value_list_add(list, &arena, value_new_bytes(&arena, "a\0b", 3));
	value_list_add(list, &arena, value_new_float(&arena, 1));
	value_map_set(root, &arena, "list", list);
	copy = value_copy(root, &other);
	assert_true(value_same(root, copy));
	value_list_add(list, &arena, &value_nil);
	assert_false(value_same(root, copy));

	assert_false(value_same(value_new_int(&arena, 1),
				value_new_int64(&arena, 1)));
	assert_false(value_same(value_new_bytes(&arena, "a\0b", 3),
				value_new_bytes(&arena, "a\0c", 3)));
}

static void test_merge(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *base = value_new_map(&arena);
	struct value *over = value_new_map(&arena);
	struct value *inner = value_new_map(&arena);
	struct value *inner_over = value_new_map(&arena);

	(void)state;
	value_map_set(inner, &arena, "x", value_new_int(&arena, 1));
	value_map_set(inner, &arena, "y", value_new_int(&arena, 2));
	value_map_set(base, &arena, "inner", inner);
	value_map_set(base, &arena, "a", inner);
	value_map_set(base, &arena, "kept", &value_true);
	value_map_set(inner_over, &arena, "y", value_new_int(&arena, 3));
	value_map_set(inner_over, &arena, "z", &value_nil);
	value_map_set(over, &arena, "inner", inner_over);
	value_map_set(over, &arena, "a", value_new_text(&arena, "plain"));

	assert_prints(value_merge(base, over, &arena),
		      "map[a:plain inner:map[x:1 y:3 z:<nil>] kept:true]");
	assert_prints(base, "map[a:map[x:1 y:2] inner:map[x:1 y:2] kept:true]");
}

static void test_merged_texts(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *base = value_new(&arena, VALUE_STRING_MAP);
	struct value *over = value_new_map(&arena);

	(void)state;
	value_map_set_text(base, &arena, "a", "1");
	value_map_set_text(over, &arena, "b", "2");
	assert_string_equal(value_type(value_merge(base, over, &arena)),
			    "map[string]string");
	value_map_set(over, &arena, "b", &value_true);
	assert_string_equal(value_type(value_merge(base, over, &arena)),
			    "map[string]interface {}");
}

/* A template can build a value of any depth: no recursion follows it. */
static void test_depth(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str text = {0};
	const struct value *deep = &value_nil;

	(void)state;
	for (int i = 0; i < 1000000; i++) {
		struct value *list = value_new_list(&arena);

		value_list_add(list, &arena, deep);
		deep = list;
	}
	value_print(&text, deep);
	assert_int_equal(text.len, 2 * (VALUE_DEPTH_MAX + 1) + 3);
	assert_false(value_same(deep, value_copy(deep, &arena)));
}

static void test_names(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};

	(void)state;
	assert_string_equal(value_type(value_new_map(&arena)),
			    "map[string]interface {}");
	assert_string_equal(value_kind_name(value_new_map(&arena)), "map");
	assert_string_equal(value_type(value_new(&arena, VALUE_STRING_LIST)),
			    "[]string");
	assert_string_equal(value_kind_name(value_new_int64(&arena, 1)),
			    "int64");
	assert_string_equal(value_kind_name(&value_nil), "invalid");
}

static void test_many_keys_are_sorted_and_the_last_stays(void **state)
{
	static const char *const keys[] = {"b", "a", "c", "a", "", "b"};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str text = {0};
	struct value *map = value_new_map(&arena);

	(void)state;
	value_map_sort(map);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		value_map_add(map, &arena,
			      (struct value_text){keys[i], strlen(keys[i])},
			      value_new_int(&arena, (int64_t)i));
	value_map_sort(map);
	value_print(&text, map);
	assert_string_equal(str_text(&text), "map[:4 a:3 b:5 c:2]");
	assert_int_equal(value_map_get(map, "b")->integer, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_floats),
		cmocka_unit_test(test_many_keys_are_sorted_and_the_last_stays),
		cmocka_unit_test(test_float32),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_truth),
		cmocka_unit_test(test_maps_are_sorted),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_find_list),
		cmocka_unit_test(test_copy_and_same),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_merged_texts),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
