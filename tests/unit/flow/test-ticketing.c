#include "flow/ticketing.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/jsontext.h"
#include "tests/unit/unit.h"

#define NOW_S 1795348800 /* 2026-11-22T12:00:00Z */

static const struct value *parse(struct arena *arena, const char *json)
{
	const struct value *value;
	struct err err = {0};

	assert_true(jsontext_parse(&value, json, strlen(json), "record", arena,
				   &err));
	return value;
}

/* app/environment/semver/date, or the error. */
static void expect_name(const char *record, struct ticketing_args args,
			const char *want)
{
	CLEANUP(ticketing_facts_release) struct ticketing_facts facts = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str got = {0};

	args.record = parse(&arena, record);
	args.now_s = NOW_S;
	if (ticketing_describe(&facts, &args, &err))
		str_addf(&got, "%s/%s/%s/%s", facts.name.app,
			 facts.name.environment, facts.name.semver,
			 facts.name.date);
	else
		str_add(&got, err.text);
	assert_string_equal(str_text(&got), want);
}

static void test_names_come_from_options_and_record(void **state)
{
	static const char charts[] =
		"{\"charts\": [{\"name\": \"web\", \"version\": \"1.4.0\"},"
		"{\"name\": \"api\", \"version\": \"2.0.0\"}],"
		"\"umbrella\": {\"name\": \"shop\", \"version\": \"7.0.0\"},"
		"\"environment\": {\"stack\": \"live\"}}";
	static const char chart[] =
		"{\"charts\": [{\"name\": \"web\", \"version\": \"1.4.0\"}],"
		"\"environment\": {\"stack\": \"live\"}}";

	(void)state;
	expect_name(chart, (struct ticketing_args){0},
		    "web/live/1.4.0/2026-11-22");
	expect_name(charts, (struct ticketing_args){0},
		    "shop/live/7.0.0/2026-11-22");
	expect_name(charts, (struct ticketing_args){.app = "api"},
		    "api/live/2.0.0/2026-11-22");
	expect_name(chart, (struct ticketing_args){.semver = "2.0.0-rc.1"},
		    "web/live/2.0.0-rc.1/2026-11-22");
	expect_name("{}",
		    (struct ticketing_args){
			    .app = "a", .environment = "e", .semver = "1"},
		    "a/e/1/2026-11-22");
}

static void test_what_nobody_tells_is_missing(void **state)
{
	static const char chart[] =
		"{\"charts\": [{\"name\": \"web\", \"version\": \"1.4.0\"}]}";

	(void)state;
	expect_name("{}", (struct ticketing_args){0}, "missing '--app'");
	expect_name("{}", (struct ticketing_args){.app = ""},
		    "missing '--app'");
	expect_name(chart, (struct ticketing_args){0},
		    "missing '--environment'");
	expect_name("{}",
		    (struct ticketing_args){.app = "a", .environment = "e"},
		    "missing '--semver'");
	expect_name("{\"charts\": {\"name\": 7}, \"umbrella\": []}",
		    (struct ticketing_args){0}, "missing '--app'");
}

static struct ticketing_args named(void)
{
	return (struct ticketing_args){
		.app = "web",
		.environment = "shop",
		.semver = "1.4.0",
		.now_s = NOW_S,
	};
}

static void test_link_and_comment(void **state)
{
	CLEANUP(ticketing_facts_release) struct ticketing_facts facts = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	struct ticketing_args args = named();
	struct err err = {0};

	(void)state;
	args.comment = true;
	args.record =
		parse(&arena, "{\"environment\": {\"namespace\": \"web-x\","
			      "\"urls\": [\"https://x.example.com\"]}}");
	assert_true(ticketing_describe(&facts, &args, &err));
	assert_string_equal(facts.link.global_id, "slipway:web:web-x");
	assert_string_equal(facts.link.title, "web in web-x");
	assert_string_equal(facts.link.url, "https://x.example.com");
	assert_string_equal(facts.comment,
			    "web in web-x (slipway)\n"
			    "version 1.4.0 on https://x.example.com");
}

static void test_no_address_no_link(void **state)
{
	CLEANUP(ticketing_facts_release) struct ticketing_facts facts = {0};
	struct ticketing_args args = named();
	struct err err = {0};

	(void)state;
	assert_true(ticketing_describe(&facts, &args, &err));
	assert_null(facts.link.url);
	assert_null(facts.comment);
}

static void test_closing_neither_links_nor_comments(void **state)
{
	CLEANUP(ticketing_facts_release) struct ticketing_facts facts = {0};
	struct ticketing_args args = named();
	struct err err = {0};

	(void)state;
	args.done = true;
	args.comment = true;
	args.environment_url = "https://x.example.com";
	assert_true(ticketing_describe(&facts, &args, &err));
	assert_null(facts.link.url);
	assert_null(facts.comment);
}

static void test_tickets_of_the_record(void **state)
{
	CLEANUP(strvec_release) struct strvec keys = {0};
	CLEANUP(arena_release) struct arena arena = {0};

	const struct strvec none = {0};
	struct ticketing_source source = {.named = &none, .projects = &none};
	struct err err = {0};

	(void)state;
	source.record = parse(&arena, "{\"tickets\": [\"SHOP-1\", \"PAY-7\","
				      "\"../x\", 7, \"SHOP-1\"]}");
	assert_true(ticketing_find_keys(&keys, &source, &err));
	assert_int_equal(keys.count, 2);
	assert_string_equal(keys.items[0], "SHOP-1");
	assert_string_equal(keys.items[1], "PAY-7");
	source.record = NULL;
	assert_true(ticketing_find_keys(&keys, &source, &err));
	assert_int_equal(keys.count, 2);
}

/* What is left decides the exit code: 75 only if all of it is temporary. */
static void test_complete(void **state)
{
	static const struct {
		enum err_kind first, second;
		int exit_code;
	} cases[] = {
		{ERR_NONE, ERR_NONE, 0},
		{ERR_UNREACHABLE, ERR_NONE, 75},
		{ERR_UNREACHABLE, ERR_TIMEOUT, 75},
		{ERR_UNREACHABLE, ERR_DENIED, 1},
		{ERR_NOT_FOUND, ERR_NONE, 1},
		{ERR_CONFLICT, ERR_NONE, 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char first[] = "SHOP-1";
		char second[] = "SHOP-2";
		struct ticketing_ticket tickets[2] = {{.key = first},
						      {.key = second}};
		struct ticketing work = {.tickets = tickets, .ticket_count = 2};
		CLEANUP(err_release) struct err err = {0};

		if (cases[i].first)
			err_set(&tickets[0].failure, cases[i].first, "a");
		if (cases[i].second)
			err_set(&tickets[1].failure, cases[i].second, "b");
		assert_int_equal(ticketing_complete(&work, &err),
				 cases[i].exit_code == 0);
		if (cases[i].exit_code)
			assert_int_equal(err_exit_code(&err),
					 cases[i].exit_code);
		err_release(&tickets[0].failure);
		err_release(&tickets[1].failure);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_come_from_options_and_record),
		cmocka_unit_test(test_what_nobody_tells_is_missing),
		cmocka_unit_test(test_link_and_comment),
		cmocka_unit_test(test_no_address_no_link),
		cmocka_unit_test(test_closing_neither_links_nor_comments),
		cmocka_unit_test(test_tickets_of_the_record),
		cmocka_unit_test(test_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
