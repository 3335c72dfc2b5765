#include "core/tickets.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "tests/unit/unit.h"

/* The keys in @text, separated by blanks; @projects as well. */
static void expect(const char *text, const char *projects, const char *want)
{
	CLEANUP(strvec_release) struct strvec allowed = {0};
	CLEANUP(strvec_release) struct strvec keys = {0};
	CLEANUP(str_release) struct str got = {0};

	if (projects)
		strvec_split(&allowed, projects, ' ');
	tickets_find(&keys, text, strlen(text), &allowed);
	for (size_t i = 0; i < keys.count; i++)
		str_addf(&got, "%s%s", i ? " " : "", keys.items[i]);
	assert_string_equal(str_text(&got), want);
}

/* A message of a megabyte that says 9000 keys again and again. */
static void many_keys_many_times(void **state)
{
	CLEANUP(strvec_release) struct strvec keys = {0};
	CLEANUP(str_release) struct str text = {0};

	(void)state;
	for (int i = 0; i < 150000; i++)
		str_addf(&text, "A1-%d ", 1000 + i % 9000);
	strvec_add(&keys, "A1-9999");
	tickets_find(&keys, str_text(&text), text.len, NULL);
	assert_int_equal(keys.count, 9000);
	assert_string_equal(keys.items[1], "A1-1000");
	assert_string_equal(keys.items[8999], "A1-9998");
}

static void keys_stand_at_word_borders(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"SHOP-12", "SHOP-12"},
		{"SHOP-12: fix the basket", "SHOP-12"},
		{"Fix the basket (SHOP-12, PAY_2-7).", "SHOP-12 PAY_2-7"},
		{"SHOP-12 SHOP-13 SHOP-12", "SHOP-12 SHOP-13"},
		{"[SHOP-12][PAY-1]", "SHOP-12 PAY-1"},
		{"feature/SHOP-12-faster-basket", "SHOP-12"},
		{"bugfix-SHOP-12", "SHOP-12"},
		{"https://jira.example.com/browse/SHOP-12?x=1", "SHOP-12"},
		{"SHOP-12\nPAY-3\tWEB2-4", "SHOP-12 PAY-3 WEB2-4"},
		{"done in SHOP-12.", "SHOP-12"},
		{"\xc3\xa4SHOP-12", "SHOP-12"},
		{"shop-12", ""},
		{"Shop-12", ""},
		{"S-12", ""},
		{"2SHOP-12", ""},
		{"_SHOP-12", ""},
		{"xSHOP-12", ""},
		{"SHOP-12a", ""},
		{"SHOP-12_3", ""},
		{"SHOP-012", ""},
		{"SHOP-0", ""},
		{"SHOP-", ""},
		{"SHOP12", ""},
		{"SHOP--12", ""},
		{"FOO-SHOP-12", ""},
		{"1.0.0-SHOP-12", ""},
		{"SHOP-1.2", ""},
		{"", ""},
		{"SHOP-12345678901234567890123456789012345678901234567890"
		 "12345678901234567890",
		 ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect(cases[i].text, NULL, cases[i].want);
}

static void false_friends_are_no_tickets(void **state)
{
	(void)state;
	expect("UTF-8 UTF-16 SHA-256 SHA-1 ISO-8859-1 ISO-8601 AES-128", NULL,
	       "");
	expect("CVE-2024-1234 RFC-9110 TLS-1 HTTP-2 LGPL-2.1 UTC-5 PEP-8", NULL,
	       "");
	expect("2026-11-22 NOV-22 22-NOV-2026 Q3-2026 DEC-2026", NULL, "");
	expect("JANUARY-2026 WEEK-42 W42-2026 MON-1 M1-2026 CET-1 EST-5", NULL,
	       "");
	expect("PR-12 MR-5 GH-12 ISSUE-7", NULL, "");
	expect("MD5-1 SHA512-1 UTF8-1 X509-3 X86-64 X86_64-1 ARMV8-1", NULL,
	       "");
	expect("JAVA-17 LOG4J-2 LOG4J2-1 OAUTH-2 HTML-5 ES2015-1", NULL, "");
	expect("RFC-9110 ISO-8601 IEEE-754 CVE-2024 K8S-1", NULL, "");
	expect("UTF-8 in SHOP-1", NULL, "SHOP-1");
}

/* Like them, or of them, but rather a team's. */
static void teams_are_no_false_friends(void **state)
{
	(void)state;
	expect("IOS-1 GO-2 BUG-3 MARS-4 JAVAC-5 PRS-6 UTFX-7 MAR2-8", NULL,
	       "IOS-1 GO-2 BUG-3 MARS-4 JAVAC-5 PRS-6 UTFX-7 MAR2-8");
}

static void an_allow_list_decides_alone(void **state)
{
	(void)state;
	expect("SHOP-1 PAY-2 SHA-256", "SHOP", "SHOP-1");
	expect("SHOP-1 PAY-2 SHA-256", "SHA PAY", "PAY-2 SHA-256");
	expect("JAVA-17 PR-3 SHA512-1", "JAVA", "JAVA-17");
	expect("SHOP-1", "SHO", "");
}

static void bytes_behind_the_end_are_not_read(void **state)
{
	CLEANUP(strvec_release) struct strvec keys = {0};

	(void)state;
	tickets_find(&keys, "SHOP-123", 7, NULL);
	assert_int_equal(keys.count, 1);
	assert_string_equal(keys.items[0], "SHOP-12");
}

static void whole_keys_and_their_projects(void **state)
{
	CLEANUP(free_ptr) char *project = ticket_project("PAY_2-7");

	(void)state;
	assert_string_equal(project, "PAY_2");
	assert_true(ticket_key_valid("SHOP-12"));
	assert_true(ticket_key_valid("UTF-8"));
	assert_false(ticket_key_valid("SHOP-12 "));
	assert_false(ticket_key_valid("SHOP"));
	assert_false(ticket_key_valid(""));
	assert_false(ticket_key_valid("../SHOP-1"));
}

static const struct version_name web = {
	.app = "web",
	.environment = "shop",
	.date = "2026-11-22",
	.semver = "1.4.0-rc.1",
};

static void names_are_made_by_template(void **state)
{
	CLEANUP(str_release) struct str name = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_true(version_name_format(NULL, &web, &name, &err));
	assert_string_equal(str_text(&name), "web-shop-2026-11-22-1.4.0-rc.1");
	str_clear(&name);
	assert_true(version_name_format("{semver} ({app}) \xe2\x82\xac", &web,
					&name, &err));
	assert_string_equal(str_text(&name), "1.4.0-rc.1 (web) \xe2\x82\xac");
}

static void bad_templates_are_named(void **state)
{
	static const struct {
		const char *template, *want;
	} cases[] = {
		{"{apps}", "cannot use version name template '{apps}': no "
			   "value is called '{apps}'"},
		{"x{app", "cannot use version name template 'x{app': '{' "
			  "without '}'"},
		{"  ", "cannot use version name template '  ': it gives an "
		       "empty name"},
		{"", "cannot use version name template '': it gives an empty "
		     "name"},
		{"{app} ",
		 "cannot use version name 'web ': it begins or ends in a "
		 "blank"},
		{"\t{app}",
		 "cannot use version name '\tweb': it begins or ends "
		 "in a blank"},
		{"{date}", "cannot name the version: '{date}' is not known"},
	};
	struct version_name undated = web;

	(void)state;
	undated.date = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(str_release) struct str name = {0};

		assert_false(version_name_format(cases[i].template, &undated,
						 &name, &err));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_string_equal(err.text, cases[i].want);
		assert_int_equal(name.len, 0);
	}
}

static void long_names_are_counted_in_characters(void **state)
{
	CLEANUP(str_release) struct str template = {0};
	CLEANUP(str_release) struct str name = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	for (int i = 0; i < VERSION_NAME_MAX; i++)
		str_add(&template, "\xe2\x82\xac");
	assert_true(
		version_name_format(str_text(&template), &web, &name, &err));
	str_add(&template, "x");
	assert_false(
		version_name_format(str_text(&template), &web, &name, &err));
}

static void names_are_found_whatever_their_date(void **state)
{
	static const struct {
		const char *template, *name;
		bool want;
	} cases[] = {
		{NULL, "web-shop-2026-11-22-1.4.0-rc.1", true},
		{NULL, "web-shop-2025-01-01-1.4.0-rc.1", true},
		{NULL, "web-shop-2025-1-1-1.4.0-rc.1", false},
		{NULL, "web-shop-1.4.0-rc.1", false},
		{NULL, "web-shop-2026-11-22-1.4.0", false},
		{NULL, "web-shop-2026-11-22-1.4.0-rc.12", false},
		{NULL, "web-shop2-2026-11-22-1.4.0-rc.1", false},
		{NULL, "api-shop-2026-11-22-1.4.0-rc.1", false},
		{NULL, "web-shop-2026", false},
		{NULL, "", false},
		{"{app} {semver}", "web 1.4.0-rc.1", true},
		{"{app} {semver} {date}", "web 1.4.0-rc.1 2026-11-23", true},
		{"{app} {oops}", "web x", false},
		{"{app", "web", false},
	};
	struct version_name undated = web;

	(void)state;
	undated.date = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(version_name_matches(cases[i].template,
						      &undated, cases[i].name),
				 cases[i].want);
}

static void names_are_found_whatever_their_version(void **state)
{
	static const struct {
		const char *template, *name;
		bool want;
	} cases[] = {
		{NULL, "web-shop-2026-11-22-1.4.0-rc.1", true},
		{NULL, "web-shop-2020-01-31-0.1.0+build.5", true},
		{NULL, "web-shop-2020-01-31-1", true},
		{NULL, "web-shop-2020-01-31-", false},
		{NULL, "web-shop-2020-01-31-latest", false},
		{NULL, "web-shop-2020-01-31-1.4.0 ", false},
		{NULL, "web-shop-eu-2020-01-31-1.4.0", false},
		{"{semver}-{app}", "1.4.0-rc.1-web", true},
		{"{semver}-{app}", "1.4.0-rc.1-api", false},
		{"{app} {semver} ({date})", "web 1.4.0 (2020-01-31)", true},
		{"{app} {semver} {semver}", "web 1.4.0 1.4.1", true},
	};
	struct version_name any = web;

	(void)state;
	any.semver = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_case(cases[i].name,
			    version_name_matches(cases[i].template, &any,
						 cases[i].name) ==
				    cases[i].want);
}

static void names_are_searched_for_around_the_date(void **state)
{
	static const struct {
		const char *template, *want;
	} cases[] = {
		{NULL, "-1.4.0-rc.1"},
		{"{date} {app}", " web"},
		{"{semver}/{date} or {environment}", "1.4.0-rc.1/"},
		{"{date}", ""},
		{"v{semver}", "v1.4.0-rc.1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str text = {0};

		version_name_search(cases[i].template, &web, &text);
		assert_string_equal(str_text(&text), cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_stand_at_word_borders),
		cmocka_unit_test(many_keys_many_times),
		cmocka_unit_test(false_friends_are_no_tickets),
		cmocka_unit_test(teams_are_no_false_friends),
		cmocka_unit_test(an_allow_list_decides_alone),
		cmocka_unit_test(bytes_behind_the_end_are_not_read),
		cmocka_unit_test(whole_keys_and_their_projects),
		cmocka_unit_test(names_are_made_by_template),
		cmocka_unit_test(bad_templates_are_named),
		cmocka_unit_test(long_names_are_counted_in_characters),
		cmocka_unit_test(names_are_found_whatever_their_date),
		cmocka_unit_test(names_are_found_whatever_their_version),
		cmocka_unit_test(names_are_searched_for_around_the_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
