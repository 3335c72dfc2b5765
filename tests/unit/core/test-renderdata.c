#include "core/renderdata.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/envname.h"
#include "core/expiry.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "sys/env.h"
#include "tests/unit/unit.h"

static void test_secrets(void **state)
{
	static const struct {
		const char *name;
		bool secret;
	} cases[] = {
		{"JIRA_TOKEN", true},
		{"GITHUB_TOKEN", true},
		{"AWS_SECRET_ACCESS_KEY", true},
		{"AWS_ACCESS_KEY_ID", true},
		{"DB_PASSWORD", true},
		{"dbPassword", true},
		{"MYSQL_PWD", true},
		{"SSH_PRIVATE", true},
		{"GOOGLE_APPLICATION_CREDENTIALS", true},
		{"DOCKER_AUTH_CONFIG", true},
		{"NEXUS_PSW", true}, /* of Jenkins' credentials() */
		{"DOCKER_CREDS", true},
		{"SESSION_COOKIE", true},
		{"SLACK_WEBHOOK_URL", true},
		{"SENTRY_DSN", true},
		{"CI_JOB_JWT", true},
		{"CI_JOB_JWT_V2", true},
		{"BRANCH_NAME", false},
		{"CHANGE_AUTHOR", false},
		{"PWD", false},
		{"OLDPWD", false},
		{"MONKEY", false},
		{"KEYBOARD", false},
		{"PATH", false},
		{"COMPASS_URL", false},
		{"NEXUS_USR", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_case(cases[i].name,
			    renderdata_is_secret(cases[i].name) ==
				    cases[i].secret);
}

static void assert_data(const struct renderdata *data, const char *expected)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str text = {0};

	value_print(&text, renderdata_make(data, &arena));
	assert_string_equal(str_text(&text), expected);
}

static void add_chart(struct value *charts, struct arena *arena,
		      const char *name, const char *version)
{
	struct value *chart = value_new_map(arena);

	value_map_set_text(chart, arena, "name", name);
	value_map_set_text(chart, arena, "version", version);
	value_list_add(charts, arena, chart);
}

static void test_environment(void **state)
{
	CLEANUP(env_release) struct env env = {0};
	CLEANUP(strvec_release) struct strvec exposed = {0};
	struct renderdata data = {.env = &env, .exposed = &exposed};

	(void)state;
	env_set(&env, "A", "x=y");
	env_set(&env, "API_TOKEN", "t");
	env_set(&env, "SITE_KEY", "k");
	env_set(&env, "BRANCH_NAME", "");
	assert_data(&data, "map[Env:map[A:x=y BRANCH_NAME:] Git:map[]]");

	strvec_add(&exposed, "SITE_KEY");
	data.branch = "x";
	assert_data(&data, "map[Env:map[A:x=y BRANCH_NAME:x SITE_KEY:k] "
			   "Git:map[Branch:x]]");

	env_set(&env, "BRANCH_NAME", "master");
	assert_data(&data, "map[Env:map[A:x=y BRANCH_NAME:master SITE_KEY:k] "
			   "Git:map[Branch:x]]");
}

/* NEXUS is user:password where Jenkins' credentials() made the three. */
static void test_credentials_of_jenkins(void **state)
{
	CLEANUP(env_release) struct env env = {0};
	CLEANUP(strvec_release) struct strvec exposed = {0};
	const struct renderdata data = {.env = &env, .exposed = &exposed};

	(void)state;
	env_set(&env, "NEXUS", "u:p");
	env_set(&env, "NEXUS_USR", "u");
	assert_data(&data, "map[Env:map[NEXUS:u:p NEXUS_USR:u] Git:map[]]");
	env_set(&env, "NEXUS_PSW", "p");
	assert_data(&data, "map[Env:map[NEXUS_USR:u] Git:map[]]");
	strvec_add(&exposed, "NEXUS");
	assert_data(&data, "map[Env:map[NEXUS:u:p NEXUS_USR:u] Git:map[]]");
}

/* As gomplate's: a name that is not there is "" where "index" looks it up. */
static void test_type_of_the_environment(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(env_release) struct env env = {0};
	const struct renderdata data = {.env = &env};
	const struct value *root = renderdata_make(&data, &arena);

	(void)state;
	assert_string_equal(value_type(value_map_get(root, "Env")),
			    "map[string]string");
}

static void test_charts(void **state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(env_release) struct env env = {0};
	struct value *record = value_new_map(&arena);
	struct value *charts = value_new_list(&arena);
	const struct renderdata data = {.env = &env, .record = record};

	(void)state;
	value_map_set(record, &arena, "charts", charts);
	add_chart(charts, &arena, "web", "1.0.0");
	assert_data(&data, "map[Chart:map[Name:web Version:1.0.0] "
			   "Charts:map[web:map[Name:web Version:1.0.0]] "
			   "Env:map[] Git:map[]]");
	add_chart(charts, &arena, "api", "2.0.0");
	assert_data(&data, "map[Charts:map[api:map[Name:api Version:2.0.0] "
			   "web:map[Name:web Version:1.0.0]] "
			   "Env:map[] Git:map[]]");
}

static void test_names(void **state)
{
	CLEANUP(env_release) struct env env = {0};
	char namespace[] = "shop-x", release[] = "shop-x", stack[] = "shop";
	struct envname name = {
		.namespace = namespace, .release = release, .stack = stack};
	struct expiry expiry = {.expires = true, .at = 7200};
	const struct renderdata data = {.env = &env,
					.repository = "shop",
					.commit = "c0ffee",
					.name = &name,
					.expiry = &expiry};

	(void)state;
	assert_data(&data, "map[Env:map[] Environment:map[Expires:true "
			   "ExpiryDate:1970-01-01 02:00:00 Namespace:shop-x "
			   "Release:shop-x Stack:shop] "
			   "Git:map[Commit:c0ffee Repository:shop]]");
	expiry = (struct expiry){0};
	assert_data(&data, "map[Env:map[] Environment:map[Expires:false "
			   "ExpiryDate: Namespace:shop-x Release:shop-x "
			   "Stack:shop] "
			   "Git:map[Commit:c0ffee Repository:shop]]");
}

static void test_withheld(void **state)
{
	static const char line[] = "(( .Env.TOKEN )) (( .Env.API_TOKEN)) "
				   ".Env.OTHER_TOKEN x.API_TOKEN";
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(env_release) struct env env = {0};
	CLEANUP(strvec_release) struct strvec exposed = {0};
	const struct renderdata data = {.env = &env, .exposed = &exposed};
	const size_t at = (size_t)(strstr(line, ".API_TOKEN") - line);

	(void)state;
	env_set(&env, "TOKEN", "t");
	env_set(&env, "API_TOKEN", "t");
	strvec_add(&exposed, "TOKEN");
	for (size_t i = 0; i < sizeof(line) + 2; i++) {
		const char *name = renderdata_withheld(&data, line, i, &arena);

		if (i == at)
			assert_string_equal(name, "API_TOKEN");
		else
			assert_null(name);
	}
}

static bool needs_origin(const char *text, const char *context)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};

	if (context)
		assert_true(ydoc_parse(&doc, context, strlen(context),
				       "context", 0, &err));
	return renderdata_needs_origin(text, strlen(text), doc.root);
}

static void test_needs_origin(void **state)
{
	(void)state;
	assert_true(needs_origin("(( .Git.Branch ))", NULL));
	assert_true(needs_origin("$.Env.BRANCH_NAME", NULL));
	assert_false(needs_origin("(( .Env.HOME ))", NULL));
	assert_false(renderdata_needs_origin("(( .Git.Branch ))", 6, NULL));
	assert_true(needs_origin("$.Env.BRANCH_NAME", "{Env: {HOME: x}}"));
	assert_false(
		needs_origin("$.Env.BRANCH_NAME", "{Env: {BRANCH_NAME: x}}"));
	assert_true(needs_origin(".Git.Branch BRANCH_NAME",
				 "{Env: {BRANCH_NAME: x}}"));
	assert_false(needs_origin(".Git.Branch", "[1]"));
	assert_true(needs_origin(".Git.Branch", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_credentials_of_jenkins),
		cmocka_unit_test(test_type_of_the_environment),
		cmocka_unit_test(test_charts),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_withheld),
		cmocka_unit_test(test_needs_origin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
