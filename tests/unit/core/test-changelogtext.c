#include "core/changelogtext.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/changelog.h"
#include "format/jsontext.h"
#include "format/value.h"
#include "tests/unit/unit.h"

static const struct value *parse(const char *text, struct arena *arena)
{
	const struct value *value = NULL;
	struct err err = {0};

	if (!jsontext_parse(&value, text, strlen(text), "test", arena, &err))
		fail_msg("%s", err.text);
	return value;
}

static const char release[] =
	"{\"applications\": ["
	"{\"name\": \"web\", \"old\": \"1.3.0\", \"new\": \"1.4.0\","
	" \"downgrade\": false, \"source\": \"clone\", \"commits\": 3,"
	" \"compareUrl\": \"https://x.example/compare\","
	" \"from\": \"2026-11-01T00:00:00Z\", \"to\": \"2026-11-02T00:00:00Z\","
	" \"authors\": [\"Ada\", \"@bob\"], \"tickets\": [\"SHOP-1\"],"
	" \"changes\": ["
	"{\"title\": \"Fix *it* for @all\", \"hash\": \"0123456789abcdef\","
	" \"url\": \"https://x.example/commit\", \"authors\": [\"Ada\"],"
	" \"tickets\": [\"SHOP-1\", \"SHOP-12\"]},"
	"{\"title\": \"SHOP-12: drop\", \"change\": \"#4\", \"authors\": [],"
	" \"tickets\": [\"SHOP-12\", \"SHOP-1\"], \"breaking\": true}],"
	" \"removed\": [], \"more\": 0},"
	"{\"name\": \"api\", \"old\": \"2.0.0\", \"new\": \"1.9.0\","
	" \"downgrade\": true, \"source\": \"forge\", \"commits\": 0,"
	" \"changes\": [], \"removed\": ["
	"{\"title\": \"Gone\", \"hash\": \"abc\", \"authors\": [\"Eve\"],"
	" \"tickets\": []}], \"more\": 2},"
	"{\"name\": \"new\", \"old\": null, \"new\": \"1.0.0\"},"
	"{\"name\": \"old\", \"old\": \"1.0.0\", \"new\": null}],"
	"\"tickets\": [{\"key\": \"SHOP-1\", \"title\": \"It <b>hurts\","
	" \"url\": \"https://jira.example/browse/SHOP-1\"},"
	" {\"key\": \"SHOP-12\"}]}";

static void as_text(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str out = {0};

	(void)state;
	changelog_add_text(&out, parse(release, &arena), CHANGELOG_TEXT, 0);
	assert_string_equal(
		str_text(&out),
		"web 1.3.0 -> 1.4.0\n"
		"  3 commits, 2026-11-01 to 2026-11-02, by Ada, @bob\n"
		"  BREAKING SHOP-12: drop (#4, SHOP-1)\n"
		"  Fix *it* for @all (01234567, SHOP-1, SHOP-12), Ada\n"
		"\n"
		"api 2.0.0 -> 1.9.0 (downgrade)\n"
		"  0 commits\n"
		"  no longer in it:\n"
		"  Gone (abc), Eve\n"
		"\n"
		"new 1.0.0 (new)\n"
		"\n"
		"old 1.0.0 (removed)\n"
		"\n"
		"tickets:\n"
		"  SHOP-1 It <b>hurts\n"
		"  SHOP-12\n"
		"... and 2 more changes\n");
}

static void as_markdown(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str out = {0};

	(void)state;
	changelog_add_text(&out, parse(release, &arena), CHANGELOG_MARKDOWN, 0);
	assert_string_equal(
		str_text(&out),
		"### web 1\\.3\\.0 → 1\\.4\\.0\n"
		"\n[3 commits](https://x.example/compare), 2026-11-01 to "
		"2026-11-02, by Ada, @&#8203;bob\n\n"
		"- **breaking:** SHOP-12: drop (\\#&#8203;4, SHOP-12, "
		"[SHOP-1](https://jira.example/browse/SHOP-1))\n"
		"- Fix \\*it\\* for @&#8203;all "
		"([01234567](https://x.example/commit), "
		"[SHOP-1](https://jira.example/browse/SHOP-1), SHOP-12) by "
		"Ada\n"
		"\n"
		"### api 2\\.0\\.0 → 1\\.9\\.0 (downgrade)\n"
		"\n0 commits\n\n"
		"\nNo longer in it:\n\n"
		"- Gone (abc) by Eve\n"
		"\n"
		"### new 1\\.0\\.0 (new)\n"
		"\n"
		"### old 1\\.0\\.0 (removed)\n"
		"\n"
		"### Tickets\n\n"
		"- [SHOP-1](https://jira.example/browse/SHOP-1) It "
		"&lt;b\\>hurts\n"
		"- SHOP-12\n"
		"\n... and 2 more changes\n");
}

/* Whatever the limit: no more than that, whole lines, all is counted. */
static void limits_are_kept(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	const struct value *told = parse(release, &arena);
	CLEANUP(str_release) struct str whole = {0};

	(void)state;
	changelog_add_text(&whole, told, CHANGELOG_TEXT, 0);
	for (size_t limit = 60; limit <= whole.len; limit++) {
		CLEANUP(str_release) struct str out = {0};

		str_add(&out, "before\n");
		changelog_add_text(&out, told, CHANGELOG_TEXT, limit);
		assert_true(out.len <= limit + strlen("before\n"));
		assert_int_equal(out.buf[out.len - 1], '\n');
		assert_non_null(strstr(str_text(&out), "..."));
	}
}

/* What somebody else wrote into a record is text all the same. */
static void odd_data_is_survived(void **state)
{
	static const char *const cases[] = {
		"{}",
		"[]",
		"{\"applications\": 1, \"tickets\": \"x\"}",
		"{\"applications\": [1, null, {}, {\"name\": 1}]}",
		"{\"applications\": [{\"name\": \"a\", \"changes\": [1, {}, "
		"{\"title\": 1}, {\"title\": \"t\", \"tickets\": [1]}]}]}",
		"{\"tickets\": [1, {}, {\"key\": 1}, {\"key\": \"a\", "
		"\"title\": 1, \"url\": []}]}",
		"{\"applications\": [{\"name\": \"a\", \"source\": \"x\", "
		"\"commits\": -1, \"more\": \"x\", \"from\": \"1\", \"to\": "
		"\"\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (int form = CHANGELOG_TEXT; form <= CHANGELOG_MARKDOWN;
		     form++) {
			CLEANUP(arena_release) struct arena arena = {0};
			CLEANUP(str_release) struct str out = {0};

			changelog_add_text(&out, parse(cases[i], &arena),
					   (enum changelog_form)form, 0);
		}
}

static void control_characters_do_not_pass(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str out = {0};

	(void)state;
	changelog_add_text(&out,
			   parse("{\"applications\": [{\"name\": \"a\\u001b"
				 "[2Jb\", \"changes\": [{\"title\": \"x\\ny\", "
				 "\"hash\": \"h\"}]}]}",
				 &arena),
			   CHANGELOG_TEXT, 0);
	assert_string_equal(str_text(&out), "a [2Jb  (removed)\n  x y (h)\n");
}

/* Data made of commits: downgrades, pages, ceilings. */
static void commits_are_told(void **state)
{
	static const char *const parents[] = {"a000000"};
	static const struct changelog_facts facts = {
		.name = "web",
		.old = "1.4.0",
		.new = "1.3.0",
		.old_commit = "a",
		.new_commit = "b",
		.web = "https://github.com/acme/web",
		.kind = FORGE_GITHUB,
		.source = "clone",
		.changes_max = 1,
	};
	CLEANUP(changelog_release) struct changelog log = {0};
	CLEANUP(strvec_release) struct strvec projects = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str json = {0};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct changelog_source source = {
			.hash = i ? "b000000" : "c000000",
			.message = i ? "SHOP-1: x" : "Y (#7)",
			.message_len = i ? 9 : 6,
			.author = "Ada",
			.time_s = 1000000000 - i,
			.parents = parents,
			.parent_count = 1,
		};

		changelog_add(&log, CHANGELOG_ADDED, &source, &projects);
	}
	changelog_fold(&log);
	jsontext_print(&json, changelog_tell(&log, &facts, &arena), false);
	assert_string_equal(
		str_text(&json),
		"{\"authors\":[\"Ada\"],\"changes\":[{\"authors\":[\"Ada\"],"
		"\"breaking\":false,\"change\":\"#7\",\"commits\":1,\"date\":"
		"\"2001-09-09T01:46:40Z\",\"hash\":\"c000000\",\"tickets\":[],"
		"\"title\":\"Y\",\"url\":"
		"\"https://github.com/acme/web/pull/7\"}],\"commits\":2,"
		"\"compareUrl\":\"https://github.com/acme/web/compare/"
		"a...b\",\"downgrade\":true,\"from\":\"2001-09-09T01:46:39Z\","
		"\"more\":1,\"name\":\"web\",\"new\":\"1.3.0\",\"newCommit\":"
		"\"b\",\"old\":\"1.4.0\",\"oldCommit\":\"a\",\"removed\":[],"
		"\"repository\":\"https://github.com/acme/web\",\"source\":"
		"\"clone\",\"tickets\":[\"SHOP-1\"],\"to\":"
		"\"2001-09-09T01:46:40Z\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_text),
		cmocka_unit_test(as_markdown),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(odd_data_is_survived),
		cmocka_unit_test(control_characters_do_not_pass),
		cmocka_unit_test(commits_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
