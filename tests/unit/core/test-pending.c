#include "core/pending.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/unit/unit.h"

#define D "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CHART(name, version, digest, created)           \
	"{\"name\":\"" name "\",\"version\":\"" version \
	"\",\"digest\":\"" digest "\",\"created\":\"" created "\"}"
#define GOOD CHART("web", "1.0.0+a", D, "2026-11-22T10:00:00Z")

static bool parse(struct pending *pending, const char *text,
		  struct arena *arena, struct err *err)
{
	CLEANUP(str_release) struct str name = {0};

	assert_true(pending_add_name(&name, text, strlen(text), err));
	return pending_parse(pending, text, strlen(text), str_text(&name),
			     arena, err);
}

static void test_round_trip(void **state)
{
	static struct pending_chart charts[] = {
		{"web", "1.0.0", D, "2026-11-22T10:00:00Z"},
		{"api", "2.0.0-rc.1+b", D, "2026-11-22T10:00:01Z"},
	};
	const struct pending written = {charts, ARRAY_SIZE(charts)};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	struct pending read = {0};
	struct err err = {0};

	(void)state;
	pending_print(&text, &written);
	assert_true(parse(&read, str_text(&text), &arena, &err));
	assert_int_equal(read.count, 2);
	for (size_t i = 0; i < read.count; i++) {
		assert_string_equal(read.charts[i].name, charts[i].name);
		assert_string_equal(read.charts[i].version, charts[i].version);
		assert_string_equal(read.charts[i].digest, D);
		assert_string_equal(read.charts[i].created, charts[i].created);
	}
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"x",
		"[]",
		"{}",
		"{\"schema\":1}",
		"{\"schema\":2,\"charts\":[" GOOD "]}",
		"{\"schema\":\"1\",\"charts\":[" GOOD "]}",
		"{\"schema\":1,\"charts\":[]}",
		"{\"schema\":1,\"charts\":{}}",
		"{\"schema\":1,\"charts\":[1]}",
		"{\"schema\":1,\"charts\":[" GOOD ",{}]}",
		"{\"schema\":1,\"charts\":[" CHART("../web", "1.0.0", D,
						   "2026-11-22T10:00:00Z") "]}",
		"{\"schema\":1,\"charts\":[" CHART("..", "1.0.0", D,
						   "2026-11-22T10:00:00Z") "]}",
		"{\"schema\":1,\"charts\":[" CHART("a b", "1.0.0", D,
						   "2026-11-22T10:00:00Z") "]}",
		"{\"schema\":1,\"charts\":[" CHART("a%2fb", "1.0.0", D,
						   "2026-11-22T10:00:00Z") "]}",
		"{\"schema\":1,\"charts\":[" CHART("web", "1/0", D,
						   "2026-11-22T10:00:00Z") "]}",
		"{\"schema\":1,\"charts\":[" CHART("web", "", D,
						   "2026-11-22T10:00:00Z") "]}",
		"{\"schema\":1,\"charts\":[" CHART("web", "1.0.0", "abc",
						   "2026-11-22T10:00:00Z") "]}",
		"{\"schema\":1,\"charts\":[" CHART("web", "1.0.0", D "a",
						   "2026-11-22T10:00:00Z") "]}",
		"{\"schema\":1,\"charts\":[" CHART("web", "1.0.0", D,
						   "today") "]}",
		"{\"schema\":1,\"charts\":[" GOOD "]} ?",
		"{\"schema\":1,\"charts\":[" GOOD,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(arena_release) struct arena arena = {0};
		CLEANUP(err_release) struct err err = {0};
		struct pending pending = {0};

		assert_case(texts[i], !parse(&pending, texts[i], &arena, &err));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_int_equal(pending.count, 0);
	}
}

/* A part of one, or another one under its name, is not taken for it. */
static void test_bytes_are_those_of_the_name(void **state)
{
	static const char text[] = "{\"schema\":1,\"charts\":[" GOOD "]}";
	CLEANUP(str_release) struct str name = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err err = {0};
	struct pending pending = {0};

	(void)state;
	assert_true(pending_add_name(&name, text, strlen(text), &err));
	assert_true(pending_parse(&pending, text, strlen(text), str_text(&name),
				  &arena, &err));
	assert_false(pending_parse(&pending, text, strlen(text), "other.json",
				   &arena, &err));
	err_release(&err);
	assert_false(pending_parse(&pending, text, strlen(text) - 1,
				   str_text(&name), &arena, &err));
}

static void test_ceilings(void **state)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err err = {0};
	struct pending pending = {0};

	(void)state;
	str_add(&text, "{\"schema\":1,\"charts\":[" GOOD);
	for (size_t i = 1; i < PENDING_CHARTS_MAX; i++)
		str_add(&text, "," GOOD);
	str_add(&text, "]}");
	assert_true(parse(&pending, str_text(&text), &arena, &err));
	assert_int_equal(pending.count, PENDING_CHARTS_MAX);
	str_truncate(&text, text.len - 2);
	str_add(&text, "," GOOD "]}");
	assert_false(parse(&pending, str_text(&text), &arena, &err));
	err_release(&err);
	str_add_repeated(&text, ' ', PENDING_SIZE_MAX);
	assert_false(parse(&pending, str_text(&text), &arena, &err));
}

static void test_rank(void **state)
{
	static const struct pending_place places[] = {
		{"a", 20}, {"b", 10}, {"c", 10}, {"d", 30}, {"e", 10}};
	static const struct {
		const char *own;
		size_t rank;
	} cases[] = {{"b", 0}, {"c", 1}, {"e", 2},
		     {"a", 3}, {"d", 4}, {"other", 5}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(pending_rank(places, ARRAY_SIZE(places),
					      cases[i].own),
				 cases[i].rank);
	assert_int_equal(pending_rank(NULL, 0, "a"), 0);
}

static void test_patience(void **state)
{
	static const struct {
		size_t rank;
		int64_t round_ms, patience_ms;
	} cases[] = {
		{0, 0, 0},
		{0, INT64_MAX, 0},
		{1, 0, 2 * PENDING_ROUND_MIN_MS},
		{1, 1000, 2000},
		{3, 1000, 6000},
		{99, 100, 3200},
		{99, 1000, PENDING_PATIENCE_MAX_MS},
		{1, INT64_MAX, PENDING_PATIENCE_MAX_MS},
		{SIZE_MAX, INT64_MAX, PENDING_PATIENCE_MAX_MS},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(pending_patience_ms(cases[i].rank,
						     cases[i].round_ms),
				 cases[i].patience_ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bytes_are_those_of_the_name),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_rank),
		cmocka_unit_test(test_patience),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
