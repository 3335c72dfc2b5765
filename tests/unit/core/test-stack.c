#include "core/stack.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsontext.h"
#include "format/value.h"
#include "tests/unit/unit.h"

static void assert_printed(const struct value *value, const char *expected)
{
	CLEANUP(str_release) struct str text = {0};

	value_print(&text, value);
	assert_string_equal(str_text(&text), expected);
}

static const struct value *read_payload(const char *text, struct arena *arena)
{
	CLEANUP(err_release) struct err err = {0};
	const struct value *payload = NULL;

	assert_true(jsontext_parse(&payload, text, strlen(text), "payload",
				   arena, &err));
	return payload;
}

#define REPOSITORY ",\"repository\":\"https://charts.example.com\""
#define DEPENDENCY(name, version)                                       \
	"{\"name\":\"" name "\",\"version\":\"" version "\"" REPOSITORY \
	",\"enabled\":true}"
/* Helm keeps the alias for a name, too. */
#define ALIASED(alias, version)                                          \
	"{\"name\":\"" alias "\",\"version\":\"" version "\"" REPOSITORY \
	",\"enabled\":true,\"alias\":\"" alias "\"}"
#define LOCKED(name, version) \
	"{\"name\":\"" name "\",\"version\":\"" version "\"" REPOSITORY "}"

/* What Helm 3.20 and 4.3.1 keep of the chart of a release. */
static const struct {
	const char *about;
	const char *dependencies; /* of Chart.yaml, but for disabled ones */
	const char *locked;	  /* of Chart.lock, all of them */
	const char *expected;
	const char *told; /* dependencies of the Chart.yaml deployed now */
} charts[] = {
	{"behind one that is disabled, under an alias, with ranges",
	 "{\"name\":\"front\",\"version\":\"~2.0\","
	 "\"repository\":\"file:///src/web2\","
	 "\"enabled\":true,\"alias\":\"front\"},"
	 "{\"name\":\"api\",\"version\":\"~3.0\","
	 "\"repository\":\"file:///src/api\",\"enabled\":true}",
	 "{\"name\":\"web\",\"version\":\"1.0.7\","
	 "\"repository\":\"file:///src/web1\"},"
	 "{\"name\":\"web\",\"version\":\"2.0.9\","
	 "\"repository\":\"file:///src/web2\"},"
	 "{\"name\":\"api\",\"version\":\"3.0.4\","
	 "\"repository\":\"file:///src/api\"}",
	 "map[api:3.0.4 front:2.0.9]"},
	{"one chart under two aliases",
	 ALIASED("women", "^1.0.0") "," ALIASED("men", "^1.0.0") "," DEPENDENCY(
		 "db", "2.0.0"),
	 LOCKED("web", "1.4.0") "," LOCKED("web", "1.4.0") "," LOCKED("db",
								      "2.0.0"),
	 "map[db:2.0.0 men:1.4.0 women:1.4.0]"},
	{"all in their places, whatever their names",
	 ALIASED("a", "*") "," ALIASED("b", "*"),
	 LOCKED("web", "1.4.0") "," LOCKED("api", "3.0.4"),
	 "map[a:1.4.0 b:3.0.4]"},
	{"between two names that are told",
	 DEPENDENCY("api", "*") "," ALIASED("front", "*") "," DEPENDENCY("db",
									 "*"),
	 LOCKED("gone", "9.0.0") "," LOCKED("api", "3.0.4") "," LOCKED(
		 "web", "1.4.0") "," LOCKED("db", "2.0.0") "," LOCKED("gone",
								      "9.0.0"),
	 "map[api:3.0.4 db:2.0.0 front:1.4.0]"},
	{"of one chart: the highest, which the range was resolved to",
	 ALIASED("front", "~1.0"),
	 LOCKED("web", "1.0.7") "," LOCKED("web", "1.0.9"), "map[front:1.0.9]"},
	{"the same in the other order", ALIASED("front", "~1.0"),
	 LOCKED("web", "1.0.9") "," LOCKED("web", "1.0.7"), "map[front:1.0.9]"},
	{"of two charts: nobody knows which", ALIASED("front", "*"),
	 LOCKED("web", "1.0.7") "," LOCKED("api", "3.0.4"), "map[front:*]"},
	{"of two charts, as the chart that is deployed calls it",
	 ALIASED("front", "*"),
	 LOCKED("web", "1.0.7") "," LOCKED("api", "3.0.4"), "map[front:3.0.4]",
	 "{\"name\":\"gone\",\"alias\":\"back\"},{\"name\":\"api\","
	 "\"alias\":\"front\"},{\"name\":\"db\"}"},
	{"an alias that is of another chart by now",
	 ALIASED("front", "*") "," DEPENDENCY("db", "*"),
	 LOCKED("web", "1.0.7") "," LOCKED("db", "3.0.4"),
	 "map[db:3.0.4 front:1.0.7]", "{\"name\":\"api\",\"alias\":\"front\"}"},
	{"names that are none", ALIASED("front", "*"), LOCKED("web", "1.0.7"),
	 "map[front:1.0.7]",
	 "7,{\"alias\":\"front\"},{\"name\":[],\"alias\":\"front\"}"},
	{"of two charts that have the same version", ALIASED("front", "*"),
	 LOCKED("web", "3.0.4") "," LOCKED("api", "3.0.4"), "map[front:3.0.4]"},
	{"another repository",
	 "{\"name\":\"front\",\"version\":\"*\",\"alias\":\"front\","
	 "\"repository\":\"https://other.example.com\"}",
	 LOCKED("web", "1.0.7"), "map[front:*]"},
	{"a repository by the name that Helm knows it under",
	 "{\"name\":\"web\",\"version\":\"*\",\"repository\":\"@stable\"},"
	 "{\"name\":\"api\",\"version\":\"*\",\"repository\":\"alias:stable\"}",
	 LOCKED("web", "1.0.7") "," LOCKED("api", "3.0.4"),
	 "map[api:3.0.4 web:1.0.7]"},
	{"a lock of other dependencies",
	 ALIASED("front", "~2.0") "," DEPENDENCY("api", "~3.0"),
	 LOCKED("web", "1.0.7") "," LOCKED("api", "3.0.4"),
	 "map[api:~3.0 front:~2.0]"},
	{"a chart in a folder, which Helm's lock calls by its range",
	 "{\"name\":\"web\",\"version\":\"~2.0\",\"repository\":\"\"}",
	 "{\"name\":\"web\",\"version\":\"~2.0\",\"repository\":\"\"}",
	 "map[web:~2.0]"},
	{"no version asked for",
	 "{\"name\":\"web\",\"repository\":\"https://charts.example.com\"}",
	 LOCKED("web", "1.0.7"), "map[web:1.0.7]"},
	{"what is no range", ALIASED("front", "latest"), LOCKED("web", "1.0.7"),
	 "map[front:latest]"},
	{"no lock", ALIASED("front", "1.0.7"), "", "map[front:1.0.7]"},
	{"no lock and no version", "{\"name\":\"web\"}", "", "map[web:]"},
	{"all disabled", "", LOCKED("web", "1.0.7"), "map[shop:1.0.0]"},
	{"neither", "", "", "map[shop:1.0.0]"},
};

static void test_applications(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(charts); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		const char *text = arena_printf(
			&arena,
			"{\"chart\":{\"metadata\":{\"name\":\"shop\","
			"\"version\":\"1.0.0\",\"dependencies\":[%s]},"
			"\"lock\":{\"dependencies\":[%s]}}}",
			charts[i].dependencies, charts[i].locked);
		const char *told =
			arena_printf(&arena, "{\"dependencies\":[%s]}",
				     charts[i].told ? charts[i].told : "");

		print_message("%s\n", charts[i].about);
		assert_printed(
			stack_applications(
				read_payload(text, &arena),
				stack_names(read_payload(told, &arena), &arena),
				&arena),
			charts[i].expected);
	}
}

/* As Helm keeps a chart that has neither. */
static void test_chart_alone(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};

	(void)state;
	assert_printed(stack_applications(
			       read_payload("{\"chart\":{\"metadata\":"
					    "{\"name\":\"shop\",\"version\":"
					    "\"1.0.0\"},\"lock\":null}}",
					    &arena),
			       NULL, &arena),
		       "map[shop:1.0.0]");
	assert_printed(stack_applications(NULL, NULL, &arena), "map[]");
}

static void add_entries(struct str *text, const char *version, size_t count)
{
	for (size_t i = 0; i < count; i++)
		str_addf(text, "%s{\"name\":\"app-%zu\",\"version\":\"%s\"}",
			 i ? "," : "", i, version);
}

/* More than anybody has: what is asked for is told, without a search. */
static void test_too_many(void **state)
{
	const size_t counts[] = {STACK_LOCKED_MAX, STACK_LOCKED_MAX + 1};
	const char *expected[] = {"1.0.7", "~1.0"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(str_release) struct str text = {0};
		const struct value *applications;

		str_add(&text, "{\"chart\":{\"metadata\":{\"dependencies\":[");
		add_entries(&text, "~1.0", counts[i]);
		str_add(&text, "]},\"lock\":{\"dependencies\":[");
		add_entries(&text, "1.0.7", counts[i]);
		str_add(&text, "]}}}");
		applications = stack_applications(
			read_payload(str_text(&text), &arena), NULL, &arena);
		assert_int_equal(applications->map.count, counts[i]);
		assert_string_equal(value_find_text(applications, "app-9"),
				    expected[i]);
	}
}

static void test_changes(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *old = value_new_map(&arena);
	struct value *new = value_new_map(&arena);

	(void)state;
	value_map_set_text(old, &arena, "gone", "1");
	value_map_set_text(old, &arena, "same", "1");
	value_map_set_text(old, &arena, "up", "1");
	value_map_set_text(new, &arena, "added", "1");
	value_map_set_text(new, &arena, "same", "1");
	value_map_set_text(new, &arena, "up", "2");
	assert_printed(stack_changes(old, new, &arena),
		       "[map[name:added new:1 old:<nil>] "
		       "map[name:gone new:<nil> old:1] "
		       "map[name:same new:1 old:1] "
		       "map[name:up new:2 old:1]]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_applications),
		cmocka_unit_test(test_chart_alone),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
