/* Charts by name, in indexes whose names stand in any order. */
#include "core/chartindex.h"

#include "base/err.h"
#include "core/chartindex_layout.h"
#include "tests/unit/core/indexes.h"

#define COUNT 120

/* app-0, app-1, app-2, ... app-10: the order of Helm, not that of bytes. */
static void make_index(struct str *text, bool json)
{
	str_add(text, json ? "{\"apiVersion\":\"v1\",\"entries\":{"
			   : "apiVersion: v1\nentries:\n");
	for (int i = 0; i < COUNT; i++)
		str_addf(text,
			 json ? "%s\"app-%d\":[{\"version\":\"1.%d.0\"}]"
			      : "%s  app-%d:\n  - version: 1.%d.0\n",
			 json && i ? "," : "", i, i);
	if (json)
		str_add(text, "}}");
}

static void test_each_is_found(void **state)
{
	static const char *const absent[] = {"",       "app", "app-", "app-120",
					     "app-00", "zoo", "App-1"};

	(void)state;
	for (int json = 0; json < 2; json++) {
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(str_release) struct str text = {0};
		struct err err = {0};

		make_index(&text, json);
		assert_true(chartindex_open(&index, text.buf, text.len, "index",
					    &err));
		assert_true(index.layout->form ==
			    (json ? CHARTINDEX_JSON : CHARTINDEX_LINES));
		for (int i = 0; i < COUNT; i++) {
			CLEANUP(free_ptr) char *name = xasprintf("app-%d", i);
			CLEANUP(free_ptr) char *version =
				xasprintf("1.%d.0", i);
			CLEANUP(str_release) struct str found = {0};

			add_versions(&found, &index, name);
			assert_string_equal(str_text(&found), version);
		}
		for (size_t i = 0; i < ARRAY_SIZE(absent); i++) {
			CLEANUP(str_release) struct str found = {0};

			add_versions(&found, &index, absent[i]);
			assert_string_equal(str_text(&found), "");
		}
	}
}

/* Only next to each other in the order of bytes. */
static void test_a_name_twice(void **state)
{
	static const char *const texts[] = {
		"apiVersion: v1\nentries:\n  b:\n  - version: 1.0.0\n"
		"  c:\n  - version: 1.0.0\n  a:\n  - version: 1.0.0\n"
		"  b:\n  - version: 2.0.0\n",
		"apiVersion: v1\nentries:\n  app-2:\n  - version: 1.0.0\n"
		"  app-10:\n  - version: 1.0.0\n"
		"  app-2:\n  - version: 2.0.0\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_case(texts[i],
			    !chartindex_open(&index, texts[i], strlen(texts[i]),
					     "index", &err));
		assert_int_equal(err.kind, ERR_INPUT);
	}
}

/* Each before the first that is higher, wherever others of it went. */
static void test_where_new_ones_go(void **state)
{
	static const char *const pairs =
		"app-00 9.0.0,app-100a 9.0.0,app-5a 9.0.0,app-5b 9.0.0,"
		"app-99 9.0.0,zoo 9.0.0,a 9.0.0";
	static const char wanted[] =
		" a app-0 app-00 app-1 app-100a app-2 app-3 app-4 app-5 "
		"app-5a app-5b app-6";

	(void)state;
	for (int json = 0; json < 2; json++) {
		CLEANUP(chartindex_release) struct chartindex index = {0};
		CLEANUP(str_release) struct str text = {0}, out = {0};
		CLEANUP(str_release) struct str names = {0}, found = {0};
		CLEANUP(strvec_release) struct strvec list = {0};
		struct err err = {0};

		make_index(&text, json);
		change(&out, text.buf, pairs);
		assert_true(
			chartindex_open(&index, out.buf, out.len, "out", &err));
		chartindex_add_names(&index, &list);
		for (size_t i = 0; i < list.count; i++)
			str_addf(&names, " %s", list.items[i]);
		assert_case(str_text(&names),
			    starts_with(str_text(&names), wanted));
		assert_case(str_text(&names),
			    ends_with(str_text(&names), " app-119 zoo"));
		add_versions(&found, &index, "app-99");
		assert_string_equal(str_text(&found), "9.0.0,1.99.0");
	}
}

/* A chart's entries are read once for versions that follow each other. */
static void test_look_up(void **state)
{
	CLEANUP(chartindex_release) struct chartindex index = {0};
	CLEANUP(chartindex_lookup_release) struct chartindex_lookup lookup = {
		.index = &index};
	const struct chartindex_entry *entry, *first;
	struct err err = {0};

	(void)state;
	assert_true(chartindex_open(&index, helm_index, strlen(helm_index),
				    "index", &err));
	assert_true(chartindex_look_up(&lookup, "web", "1.10.0", &first, &err));
	assert_string_equal(first->version, "1.10.0");
	assert_true(
		chartindex_look_up(&lookup, "web", "1.2.0+a", &entry, &err));
	assert_string_equal(entry->version, "1.2.0+a");
	assert_ptr_equal(entry, first + 1);
	assert_true(
		chartindex_look_up(&lookup, "web", "1.2.0+b", &entry, &err));
	assert_null(entry);
	assert_true(chartindex_look_up(&lookup, "none", "1.0.0", &entry, &err));
	assert_null(entry);
	assert_true(
		chartindex_look_up(&lookup, "basket", "1.0.0", &entry, &err));
	assert_string_equal(entry->version, "1.0.0");
	assert_int_equal(lookup.entries.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_found),
		cmocka_unit_test(test_a_name_twice),
		cmocka_unit_test(test_where_new_ones_go),
		cmocka_unit_test(test_look_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
