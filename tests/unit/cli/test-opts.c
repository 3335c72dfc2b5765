#include "cli/opts.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/env.h"
#include "sys/file.h"
#include "tests/unit/unit.h"

struct args {
	const char *url;
	const char *namespace;
	const char *chart_version;
	const char *renew;
	const char *mode;
	bool force;
	int64_t jobs;
	int64_t expires;
	int64_t grace;
	struct strvec tags;
	const char *spool;
	struct strvec values;
	struct secret token;
};

struct common {
	bool version;
	bool dry_run;
	const char *help;
};

static const char *const modes[] = {"same", "fail", "replace", NULL};
static const char *const forms[] = {"text", "man", NULL};

static const struct opt own_options[] = {
	OPT_STRING(struct args, url, "url", "URL", "GRAFANA_URL GF_URL", 0,
		   "address"),
	OPT_STRING(struct args, namespace, "namespace", "NAME", NULL, 0,
		   "where"),
	OPT_STRING(struct args, chart_version, "version", "V", "",
		   OPT_VALUE_OPTIONAL, "of the chart"),
	OPT_STRING(struct args, renew, "renew", "DURATION", "",
		   OPT_VALUE_OPTIONAL, "only move the expiry"),
	OPT_CHOICE(struct args, mode, "if-exists", modes, NULL, 0, "then"),
	OPT_FLAG(struct args, force, "force", NULL, 0, "whatever comes"),
	OPT_INTEGER(struct args, jobs, "jobs", NULL, 0, 1, 64, "at once"),
	OPT_DURATION(struct args, expires, "expires-in", NULL, 0, "expiry"),
	OPT_DURATION_FROM(struct args, grace, "grace", "", OPT_VALUE_OPTIONAL,
			  1000, "longer"),
	OPT_LIST(struct args, tags, "tag", "TAG", NULL, 0, "label"),
	OPT_STRING(struct args, spool, "spool", "DIR", NULL, 0, "kept"),
	OPT_LIST(struct args, values, "values", "FILE", NULL, 0, "read"),
	OPT_SECRET(struct args, token, "token", "GRAFANA_TOKEN", 0, "token"),
	OPT_END,
};

static const struct opt common_options[] = {
	OPT_FLAG(struct common, dry_run, "dry-run", NULL, 0, "only plan"),
	OPT_FLAG(struct common, version, "version", "", 0, "ours"),
	OPT_CHOICE(struct common, help, "help", forms, "", OPT_VALUE_OPTIONAL,
		   "this"),
	OPT_END,
};

struct fixture {
	struct args args;
	struct common common;
	struct opt_set set;
	struct arena arena;
	struct strvec arguments;
	struct env env;
	struct err err;
};

static void fixture_release(struct fixture *fixture)
{
	opts_release(&fixture->set);
	arena_release(&fixture->arena);
	strvec_release(&fixture->arguments);
	env_release(&fixture->env);
	err_release(&fixture->err);
}

/* Parse @line, whose words are separated by blanks. */
static bool parse(struct fixture *fixture, const char *line)
{
	CLEANUP(strvec_release) struct strvec argv = {0};

	fixture->set = (struct opt_set){
		.own = own_options,
		.own_args = &fixture->args,
		.common = common_options,
		.common_args = &fixture->common,
	};
	if (*line)
		strvec_split(&argv, line, ' ');
	return opts_parse(&fixture->set, strvec_argv(&argv), &fixture->arena,
			  &fixture->arguments, &fixture->err) &&
	       opts_complete(&fixture->set, &fixture->env, &fixture->arena,
			     &fixture->err);
}

static void test_values(void **state)
{
	CLEANUP(fixture_release) struct fixture f = {0};

	(void)state;
	assert_true(parse(&f, "one --url https://h/?a=b --jobs=8 --tag a=b "
			      "--tag c --expires-in 1h30m --if-exists fail "
			      "--force - --namespace= -- --two --url"));
	assert_string_equal(f.args.url, "https://h/?a=b");
	assert_string_equal(f.args.namespace, "");
	assert_int_equal(f.args.jobs, 8);
	assert_int_equal(f.args.expires, 5400000);
	assert_ptr_equal(f.args.mode, modes[1]);
	assert_true(f.args.force);
	assert_int_equal(f.args.tags.count, 2);
	assert_string_equal(f.args.tags.items[0], "a=b");
	assert_int_equal(f.arguments.count, 4);
	assert_string_equal(f.arguments.items[1], "-");
	assert_string_equal(f.arguments.items[3], "--url");
}

static void test_nothing_given(void **state)
{
	CLEANUP(fixture_release) struct fixture f = {0};

	(void)state;
	assert_true(parse(&f, ""));
	assert_null(f.args.url);
	assert_int_equal(f.args.jobs, OPT_UNSET);
	assert_int_equal(f.args.expires, OPT_UNSET);
	assert_ptr_equal(f.args.mode, modes[0]);
	assert_false(f.args.force);
	assert_int_equal(f.args.tags.count, 0);
	assert_false(secret_is_set(&f.args.token));
	assert_null(f.common.help);
}

static void test_optional_values(void **state)
{
	static const struct {
		const char *line;
		const char *version; /* of the chart; NULL = not given */
		bool ours;
		const char *renew;
		int64_t grace;
		const char *help;
		size_t arguments;
	} cases[] = {
		{"--version", NULL, true, NULL, OPT_UNSET, NULL, 0},
		{"--version 1.2.3", "1.2.3", false, NULL, OPT_UNSET, NULL, 0},
		{"--version=1.2.3", "1.2.3", false, NULL, OPT_UNSET, NULL, 0},
		{"--version --renew", NULL, true, "", OPT_UNSET, NULL, 0},
		{"--renew=3d chart", NULL, false, "3d", OPT_UNSET, NULL, 1},
		{"--grace chart", NULL, false, NULL, 0, NULL, 1},
		{"--grace 5s chart", NULL, false, NULL, 5000, NULL, 1},
		{"--help", NULL, false, NULL, OPT_UNSET, "text", 0},
		{"--help=man", NULL, false, NULL, OPT_UNSET, "man", 0},
		{"--help chart", NULL, false, NULL, OPT_UNSET, "text", 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(fixture_release) struct fixture f = {0};

		assert_case(cases[i].line, parse(&f, cases[i].line));
		assert_case(cases[i].line,
			    same_text(f.args.chart_version, cases[i].version));
		assert_case(cases[i].line, f.common.version == cases[i].ours);
		assert_case(cases[i].line,
			    same_text(f.args.renew, cases[i].renew));
		assert_case(cases[i].line, f.args.grace == cases[i].grace);
		assert_case(cases[i].line,
			    same_text(f.common.help, cases[i].help));
		assert_case(cases[i].line,
			    f.arguments.count == cases[i].arguments);
	}
}

static void test_refusals(void **state)
{
	static const struct {
		const char *line;
		const char *wanted;
	} cases[] = {
		{"--ulr x", "unknown option '--ulr'; did you mean '--url'?"},
		{"--names=secret",
		 "unknown option '--names'; did you mean '--namespace'?"},
		{"--dryrun", "unknown option '--dryrun'; did you mean "
			     "'--dry-run'?"},
		{"--tokenfile x", "unknown option '--tokenfile'; did you mean "
				  "'--token-file'?"},
		{"--nearby x", "unknown option '--nearby'"},
		{"--x", "unknown option '--x'"},
		{"-h", "unknown option '-h'; options begin with '--'"},
		{"-v", "unknown option '-v'; options begin with '--'"},
		{"--token hush", "a secret is never an argument: '--token'"},
		{"--token=hush", "a secret is never an argument: '--token'"},
		{"--url", "'--url' needs a value"},
		{"--url --force", "'--url' needs a value"},
		{"--token-file", "'--token-file' needs a value"},
		{"--token-file=", "invalid value '' of '--token-file': must be "
				  "the path of a file"},
		{"--spool=", "invalid value '' of '--spool': must be the path "
			     "of a folder"},
		{"--values=", "invalid value '' of '--values': must be the "
			      "path of a file"},
		{"--jobs 0", "invalid value '0' of '--jobs': must be a whole "
			     "number from 1 to 64"},
		{"--jobs=many", "invalid value 'many' of '--jobs': must be a "
				"whole number from 1 to 64"},
		{"--expires-in 5",
		 "invalid value '5' of '--expires-in': must be a duration "
		 "such as 90s, 5m or 1h30m, of at most 36500d"},
		{"--expires-in 100000d",
		 "invalid value '100000d' of '--expires-in': must be a "
		 "duration such as 90s, 5m or 1h30m, of at most 36500d"},
		{"--grace 0s", "invalid value '0s' of '--grace': must be a "
			       "duration such as 90s, 5m or 1h30m, of at "
			       "most 36500d, and at least 1s"},
		{"--grace=999ms", "invalid value '999ms' of '--grace': must be "
				  "a duration such as 90s, 5m or 1h30m, of at "
				  "most 36500d, and at least 1s"},
		{"--if-exists no", "invalid value 'no' of '--if-exists': must "
				   "be one of same, fail, replace"},
		{"--force=maybe",
		 "invalid value 'maybe' of '--force': must be true or false"},
		{"--token-fd x", "invalid value 'x' of '--token-fd': must be "
				 "the number of an open file"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(fixture_release) struct fixture f = {0};

		assert_case(cases[i].line, !parse(&f, cases[i].line));
		assert_int_equal(f.err.kind, ERR_USAGE);
		assert_string_equal(f.err.text, cases[i].wanted);
		if (f.err.hint)
			assert_null(strstr(f.err.hint, "hush"));
	}
}

static void test_rules(void **state)
{
	static const struct opt_rule rules[] = {
		{"renew", .without = "tag"},
		{"jobs", .with = "force"},
		{"token", .with = "force"},
		{"force", .with = "url"},
		{0},
	};
	static const struct {
		const char *line;
		const char *variable; /* of what is in the environment */
		const char *wanted;   /* NULL = nothing to refuse */
	} cases[] = {
		{"", NULL, NULL},
		{"--renew", NULL, NULL},
		{"--renew 3h --tag a", NULL,
		 "'--renew' and '--tag' exclude each other"},
		{"--renew 3h", "SLIPWAY_TAG", NULL},
		{"--jobs 3", NULL, "'--jobs' needs '--force'"},
		{"--jobs 3 --force", NULL, "'--force' needs '--url'"},
		{"--jobs 3 --force --url x", NULL, NULL},
		{"--jobs 3 --force", "GF_URL", NULL},
		{"--jobs 3 --url x", "SLIPWAY_FORCE", NULL},
		{"--jobs 3 --force=false", NULL, "'--jobs' needs '--force'"},
		{"--jobs 3 --force=false", "SLIPWAY_FORCE",
		 "'--jobs' needs '--force'"},
		{"--force=false", NULL, NULL},
		{"--token-file /proc/self/comm", NULL,
		 "'--token-file' needs '--force'"},
		{"", "SLIPWAY_JOBS", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(fixture_release) struct fixture f = {0};

		if (cases[i].variable)
			env_set(&f.env, cases[i].variable, "1");
		assert_case(cases[i].line, parse(&f, cases[i].line));
		assert_case(cases[i].line, opts_obey(&f.set, rules, &f.err) ==
						   !cases[i].wanted);
		if (cases[i].wanted)
			assert_string_equal(f.err.text, cases[i].wanted);
		assert_true(opts_obey(&f.set, NULL, &f.err));
	}
}

static void test_environment(void **state)
{
	CLEANUP(fixture_release) struct fixture f = {0};

	(void)state;
	env_set(&f.env, "GRAFANA_URL", "");
	env_set(&f.env, "GF_URL", "https://second");
	env_set(&f.env, "SLIPWAY_NAMESPACE", "from-env");
	env_set(&f.env, "SLIPWAY_IF_EXISTS", "replace");
	env_set(&f.env, "SLIPWAY_FORCE", "yes");
	env_set(&f.env, "SLIPWAY_DRY_RUN", "1");
	env_set(&f.env, "SLIPWAY_JOBS", "3");
	env_set(&f.env, "SLIPWAY_TAG", "a, b,,c");
	env_set(&f.env, "SLIPWAY_GRACE", "nonsense that nobody reads");
	env_set(&f.env, "GRAFANA_TOKEN", "hush-hush\n");
	assert_true(parse(&f, "--namespace given --dry-run=false"));

	assert_string_equal(f.args.url, "https://second");
	assert_string_equal(f.args.namespace, "given");
	assert_ptr_equal(f.args.mode, modes[2]);
	assert_true(f.args.force);
	assert_false(f.common.dry_run);
	assert_int_equal(f.args.jobs, 3);
	assert_int_equal(f.args.tags.count, 3);
	assert_string_equal(f.args.tags.items[1], "b");
	assert_string_equal(secret_reveal(&f.args.token), "hush-hush");

	opts_hide_secrets(&f.set, &f.env);
	assert_null(env_get(&f.env, "GRAFANA_TOKEN"));
	assert_non_null(env_get(&f.env, "SLIPWAY_JOBS"));
}

static void test_bad_variable(void **state)
{
	CLEANUP(fixture_release) struct fixture f = {0};

	(void)state;
	env_set(&f.env, "SLIPWAY_JOBS", "all");
	assert_false(parse(&f, ""));
	assert_int_equal(f.err.kind, ERR_USAGE);
	assert_string_equal(f.err.text,
			    "invalid value 'all' of 'SLIPWAY_JOBS': must be "
			    "a whole number from 1 to 64");
}

static void test_list_of_lines(void **state)
{
	CLEANUP(fixture_release) struct fixture f = {0};

	(void)state;
	env_set(&f.env, "SLIPWAY_TAG", "a,b\n c \n");
	assert_true(parse(&f, ""));
	assert_int_equal(f.args.tags.count, 2);
	assert_string_equal(f.args.tags.items[0], "a,b");
	assert_string_equal(f.args.tags.items[1], "c");
}

static void test_required(void **state)
{
	static const struct opt required[] = {
		OPT_SECRET(struct args, token, "token", "T", OPT_REQUIRED, ""),
		OPT_END,
	};
	CLEANUP(fixture_release) struct fixture f = {0};
	char *const argv[] = {NULL};

	(void)state;
	f.set = (struct opt_set){
		required, &f.args, common_options, &f.common, {0}};
	assert_true(opts_parse(&f.set, argv, &f.arena, &f.arguments, &f.err));
	assert_false(opts_complete(&f.set, &f.env, &f.arena, &f.err));
	assert_int_equal(f.err.kind, ERR_USAGE);
	assert_string_equal(f.err.text, "missing '--token-file'");
	assert_string_equal(f.err.hint, "it can also come from the variable T");
}

static void test_secret_files(void **state)
{
	static const struct {
		const char *content;
		const char *wanted; /* NULL = refused */
	} cases[] = {
		{"hush-hush\n", "hush-hush"},
		{"hush-hush\r\n", "hush-hush"},
		{"two\nlines\n\n", "two\nlines\n"},
		{"", NULL},
		{"\n", NULL},
	};
	CLEANUP(dir_release_temp) struct str dir = {0};
	CLEANUP(free_ptr) char *path = NULL;
	CLEANUP(free_ptr) char *line = NULL;
	struct err err = {0};

	(void)state;
	assert_true(dir_create_temp("/tmp", "test-opts", &dir, &err));
	path = path_join(str_text(&dir), "token");
	line = xasprintf("--token-file %s", path);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(fixture_release) struct fixture f = {0};

		assert_true(file_write(path, cases[i].content,
				       strlen(cases[i].content), 0600, &err));
		assert_case(cases[i].content,
			    parse(&f, line) == (cases[i].wanted != NULL));
		if (cases[i].wanted)
			assert_string_equal(secret_reveal(&f.args.token),
					    cases[i].wanted);
		else
			assert_int_equal(f.err.kind, ERR_INPUT);
	}
}

/* UTF-16, as PowerShell writes it, must not become its first letter. */
static void test_secret_file_with_nul(void **state)
{
	CLEANUP(fixture_release) struct fixture f = {0};
	CLEANUP(dir_release_temp) struct str dir = {0};
	CLEANUP(free_ptr) char *path = NULL;
	CLEANUP(free_ptr) char *line = NULL;

	(void)state;
	assert_true(dir_create_temp("/tmp", "test-opts", &dir, &f.err));
	path = path_join(str_text(&dir), "token");
	line = xasprintf("--token-file %s", path);
	assert_true(file_write(path, "h\0u\0s\0h\0\n\0", 10, 0600, &f.err));
	assert_false(parse(&f, line));
	assert_int_equal(f.err.kind, ERR_INPUT);
	assert_non_null(strstr(f.err.text, "holds a NUL byte"));
	assert_false(secret_is_set(&f.args.token));
}

static void test_secret_file_that_is_not_there(void **state)
{
	CLEANUP(fixture_release) struct fixture f = {0};

	(void)state;
	assert_false(parse(&f, "--token-file /nowhere/at/all"));
	assert_int_equal(f.err.kind, ERR_INPUT);
	assert_non_null(strstr(f.err.text, "cannot read '--token-file': cannot "
					   "open '/nowhere/at/all'"));
}

static void test_secret_descriptor(void **state)
{
	CLEANUP(fixture_release) struct fixture f = {0};
	CLEANUP(free_ptr) char *line = NULL;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "through-a-pipe", 14), 14);
	close(ends[1]);
	line = xasprintf("--token-fd %d", ends[0]);
	assert_true(parse(&f, line));
	close(ends[0]);
	assert_string_equal(secret_reveal(&f.args.token), "through-a-pipe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_nothing_given),
		cmocka_unit_test(test_optional_values),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_bad_variable),
		cmocka_unit_test(test_list_of_lines),
		cmocka_unit_test(test_required),
		cmocka_unit_test(test_secret_files),
		cmocka_unit_test(test_secret_file_with_nul),
		cmocka_unit_test(test_secret_file_that_is_not_there),
		cmocka_unit_test(test_secret_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
