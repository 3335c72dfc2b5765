#include "flow/marking.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/jsontext.h"
#include "tests/unit/unit.h"

#define NOW_MS	 INT64_C(1795348800000) /* 2026-11-22T12:00:00Z */
#define START_MS INT64_C(1795341600000) /* 2026-11-22T10:00:00Z */

static const struct strvec no_tags;

static struct marking_facts facts_of(struct arena *arena, const char *json)
{
	const struct value *record;
	struct err err = {0};

	assert_true(jsontext_parse(&record, json, strlen(json), "record", arena,
				   &err));
	return (struct marking_facts){
		.record = record,
		.tags = &no_tags,
		.start_ms = -1,
		.end_ms = -1,
		.now_ms = NOW_MS,
	};
}

static void test_time(void **state)
{
#define DEPLOYED_IN(seconds)                                        \
	"{\"steps\": [{\"name\": \"deploy-preview\", \"started\": " \
	"\"2026-11-22T10:00:00Z\", \"seconds\": " seconds "}]}"
#define DEPLOYED DEPLOYED_IN("1.5")
#define READY                                                       \
	"{\"environment\": {\"started\": \"2026-11-22T10:00:00Z\"," \
	" \"ready\": \"2026-11-22T10:00:09Z\"}}"
	static const struct {
		const char *name, *record;
		int64_t start, end;
		int64_t want_start, want_end;
		bool now;
	} cases[] = {
		{"now", "{}", -1, -1, NOW_MS, NOW_MS, true},
		{"step", DEPLOYED, -1, -1, START_MS, START_MS + 1500, false},
		{"whole seconds", DEPLOYED_IN("2"), -1, -1, START_MS,
		 START_MS + 2000, false},
		{"before it began", DEPLOYED_IN("-2"), -1, -1, START_MS,
		 START_MS, false},
		{"no such time", DEPLOYED_IN("1e300"), -1, -1, START_MS,
		 START_MS, false},
		{"nor this", DEPLOYED_IN("9223372036854775807"), -1, -1,
		 START_MS, START_MS, false},
		{"ready", READY, -1, -1, START_MS, START_MS + 9000, false},
		{"a point", "{}", 5000, -1, 5000, 5000, false},
		{"its end alone", "{}", -1, 5000, 5000, 5000, false},
		{"region", "{}", 5000, 9000, 5000, 9000, false},
		{"another start", READY, START_MS - 1000, -1, START_MS - 1000,
		 START_MS + 9000, false},
		{"a later start", READY, START_MS + 10000, -1, START_MS + 10000,
		 START_MS + 10000, false},
		{"another end", READY, -1, START_MS + 99, START_MS,
		 START_MS + 99, false},
		{"no time", "{\"environment\": {\"started\": \"soon\"}}", -1,
		 -1, NOW_MS, NOW_MS, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(marking_release) struct marking marking = {0};
		CLEANUP(arena_release) struct arena arena = {0};
		struct marking_facts facts = facts_of(&arena, cases[i].record);
		struct err err = {0};

		facts.text = "x";
		facts.start_ms = cases[i].start;
		facts.end_ms = cases[i].end;
		assert_true(marking_plan(&marking, &facts, &err));
		assert_case(cases[i].name,
			    marking.mark.start_ms == cases[i].want_start);
		assert_case(cases[i].name,
			    marking.mark.end_ms == cases[i].want_end);
		assert_case(cases[i].name, marking.time_is_now == cases[i].now);
	}
}

/* What makes two runs one release. */
static void test_line(void **state)
{
	static const struct {
		const char *name, *record, *build, *commit, *want;
	} cases[] = {
		{"helm",
		 "{\"environment\": {\"namespace\": \"n\", \"release\": \"r\","
		 "\"revision\": 7}}",
		 "https://ci/1", "abc", "release: n/r 7"},
		{"failed before it made one",
		 "{\"environment\": {\"namespace\": \"n\", \"release\": \"r\","
		 "\"revision\": null}}",
		 "https://ci/1", "abc", "release: https://ci/1"},
		{"build", "{}", "https://ci/1", "abc", "release: https://ci/1"},
		{"recorded build", "{\"build\": {\"url\": \"https://ci/2\"}}",
		 NULL, "abc", "release: https://ci/2"},
		{"commit", "{}", NULL, "abc", "release: abc"},
		{"recorded commit", "{\"repository\": {\"commit\": \"def\"}}",
		 NULL, "abc", "release: def"},
		{"nothing", "{}", NULL, NULL, "release: 2026-11-22T12:00:00Z"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(marking_release) struct marking marking = {0};
		CLEANUP(arena_release) struct arena arena = {0};
		struct marking_facts facts = facts_of(&arena, cases[i].record);
		struct err err = {0};

		facts.text = "x";
		facts.build = cases[i].build;
		facts.commit = cases[i].commit;
		assert_true(marking_plan(&marking, &facts, &err));
		assert_string_equal(marking.line, cases[i].want);
		assert_case(cases[i].name,
			    ends_with(marking.mark.text, cases[i].want));
	}
}

#define FAILED(environment)                                           \
	"{\"steps\": [{\"name\": \"deploy-preview\", \"outcome\": "   \
	"\"failed\"}],"                                               \
	" \"umbrella\": {\"name\": \"shop\", \"version\": \"1.0.0\"}" \
	", \"environment\": {\"namespace\": \"n\"" environment "}}"

/* Whatever else it says, it says first that the release failed. */
static void test_text_of_a_failure(void **state)
{
	static const struct {
		const char *name, *record, *text, *want;
	} cases[] = {
		{"umbrella", FAILED(""), NULL, "failed\nshop 1.0.0\nrelease: "},
		{"text", FAILED(""), "autumn", "failed\nautumn\nrelease: "},
		{"rolled back", FAILED(", \"rolledBackTo\": 6"), "autumn",
		 "failed, rolled back to revision 6\nautumn\nrelease: "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(marking_release) struct marking marking = {0};
		CLEANUP(arena_release) struct arena arena = {0};
		struct marking_facts facts = facts_of(&arena, cases[i].record);
		struct err err = {0};

		facts.text = cases[i].text;
		assert_true(marking_plan(&marking, &facts, &err));
		assert_case(cases[i].name,
			    starts_with(marking.mark.text, cases[i].want));
	}
}

static void test_text_of_the_umbrella(void **state)
{
	CLEANUP(marking_release) struct marking marking = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err err = {0};
	struct marking_facts facts = facts_of(
		&arena, "{\"umbrella\": {\"name\": \"shop\", \"version\": "
			"\"1.0.0\"}, \"environment\": {\"namespace\": \"n\"}}");

	(void)state;
	assert_true(marking_plan(&marking, &facts, &err));
	assert_string_equal(marking.mark.text,
			    "shop 1.0.0\nrelease: 2026-11-22T12:00:00Z");
	assert_int_equal(marking.mark.tags.count, 2);
	assert_string_equal(marking.mark.tags.items[1], "env:n");
}

static void test_nothing_to_say(void **state)
{
	CLEANUP(marking_release) struct marking marking = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err err = {0};
	struct marking_facts facts = facts_of(
		&arena, "{\"environment\": {\"applications\": [7, {}]}}");

	(void)state;
	assert_false(marking_plan(&marking, &facts, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_null(marking.mark.text);
}

static void test_url(void **state)
{
	static const struct {
		const char *template, *dashboard, *want;
	} cases[] = {
		{NULL, NULL, ""},
		{"", NULL, ""},
		{NULL, "d/1",
		 "https://g/d/"
		 "d%2F1?from=1000&to=2000&var-namespace=ns&var-app=a%20b"},
		{"{url}/x/{panel}#{id}", NULL, "https://g/x/3#7"},
		{"{app}{namespace}", NULL, "a%20bns"},
		{"plain", NULL, "plain"},
		{"{start", NULL, NULL},
		{"{}", NULL, NULL},
		{"{starts}", NULL, NULL},
	};
	CLEANUP(arena_release) struct arena arena = {0};
	struct marking_facts facts =
		facts_of(&arena, "{\"repository\": {\"name\": \"a b\"},"
				 "\"environment\": {\"namespace\": \"ns\"}}");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(marking_release) struct marking marking = {
			.mark = {.panel = 3, .start_ms = 1000, .end_ms = 2000},
		};
		CLEANUP(str_release) struct str url = {0};
		CLEANUP(err_release) struct err err = {0};
		bool done;

		marking.mark.id = xstrdup("7");
		marking.mark.dashboard = xstrdup_or_null(cases[i].dashboard);
		done = marking_url(&marking, cases[i].template, "https://g/",
				   facts.record, &url, &err);

		assert_int_equal(done, cases[i].want != NULL);
		assert_string_equal(str_text(&url),
				    cases[i].want ? cases[i].want : "");
	}
}

static void test_a_point_is_shown_with_its_surroundings(void **state)
{
	struct marking marking = {
		.mark = {.start_ms = START_MS, .end_ms = START_MS},
	};
	CLEANUP(str_release) struct str url = {0};
	struct err err = {0};

	(void)state;
	assert_true(marking_url(&marking, "{start} {end}", "https://g", NULL,
				&url, &err));
	assert_string_equal(str_text(&url), "1795341300000 1795341900000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_text_of_a_failure),
		cmocka_unit_test(test_text_of_the_umbrella),
		cmocka_unit_test(test_nothing_to_say),
		cmocka_unit_test(test_url),
		cmocka_unit_test(test_a_point_is_shown_with_its_surroundings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
