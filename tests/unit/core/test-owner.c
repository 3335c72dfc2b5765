#include "core/owner.h"

#include "base/mem.h"
#include "base/str.h"
#include "tests/unit/unit.h"

#define NOW 10000

static const struct owner full = {
	.run = "0123456789abcdef",
	.build_url = "https://ci.example.com/job/7/\"",
	.host = "agent-3",
	.space = "boot/pid:[4026531836]",
	.process = 12,
	.process_start = 345,
	.started = 1795352645,
};

static void test_text(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str text = {0};
	struct owner read = {0};

	(void)state;
	owner_add_text(&text, &full);
	assert_true(owner_parse(str_text(&text), &arena, &read));
	assert_string_equal(read.run, full.run);
	assert_string_equal(read.build_url, full.build_url);
	assert_string_equal(read.host, full.host);
	assert_string_equal(read.space, full.space);
	assert_int_equal(read.process, full.process);
	assert_int_equal(read.process_start, full.process_start);
	assert_int_equal(read.started, full.started);
}

static void test_what_is_not_ours(void **state)
{
	static const char *const texts[] = {
		"",
		"{}",
		"[]",
		"somebody",
		"{\"run\": 7}",
		"{\"run\": \"\"}",
		"{\"run\": \"a\"",
	};
	CLEANUP(arena_release) struct arena arena = {0};
	struct owner read = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_case(texts[i], !owner_parse(texts[i], &arena, &read));
	/* what is of another type is unknown, not believed */
	assert_true(owner_parse("{\"run\": \"a\", \"process\": \"12\","
				" \"host\": 5, \"started\": 1.5}",
				&arena, &read));
	assert_null(read.host);
	assert_int_equal(read.process, 0);
	assert_int_equal(read.started, 0);
}

static void test_describe(void **state)
{
	static const struct {
		struct owner owner;
		const char *text;
	} cases[] = {
		{{.run = "a",
		  .build_url = "https://ci/7",
		  .process = 12,
		  .host = "agent"},
		 "https://ci/7 (process 12 on agent)"},
		{{.run = "a", .process = 12, .host = "agent"},
		 "process 12 on agent"},
		{{.run = "a", .build_url = "https://ci/7"}, "https://ci/7"},
		{{.run = "a", .process = 12}, "process 12"},
		{{.run = "a", .host = "agent"}, "run a"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str text = {0};

		owner_describe(&text, &cases[i].owner);
		assert_string_equal(str_text(&text), cases[i].text);
	}
}

static void test_judge(void **state)
{
	static const struct {
		const char *name;
		struct owner_lease lease;
		int64_t now;
		enum owner_state state;
	} cases[] = {
		{"nobody", {0}, NOW, OWNER_NONE},
		{"given back", {"", NOW, 60, false}, NOW, OWNER_NONE},
		{"we", {"me", NOW - 500, 60, false}, NOW, OWNER_SELF},
		{"another", {"a", NOW - 5, 60, false}, NOW, OWNER_LIVE},
		{"in its last second",
		 {"a", NOW - 60, 60, false},
		 NOW,
		 OWNER_LIVE},
		{"lapsed", {"a", NOW - 61, 60, false}, NOW, OWNER_LAPSED},
		{"its process ended", {"a", NOW, 60, true}, NOW, OWNER_GONE},
		{"never renewed", {"a", 0, 60, false}, NOW, OWNER_LIVE},
		{"without an end", {"a", 5, 0, false}, NOW, OWNER_LIVE},
		{"of no time", {"a", 5, -1, false}, NOW, OWNER_LIVE},
		{"renewed in the future",
		 {"a", NOW + 9999, 60, false},
		 NOW,
		 OWNER_LIVE},
		{"nobody knows the time", {"a", 5, 60, false}, 0, OWNER_LIVE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_case(cases[i].name,
			    owner_judge(&cases[i].lease, "me", cases[i].now) ==
				    cases[i].state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_what_is_not_ours),
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_judge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
