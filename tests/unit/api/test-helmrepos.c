#include "api/helmrepos.h"

#include "sys/env.h"
#include "tests/unit/folder.h"

static const char text[] = "apiVersion: \"\"\n"
			   "generated: \"0001-01-01T00:00:00Z\"\n"
			   "repositories:\n"
			   "- caFile: /ca.pem\n"
			   "  certFile: \"\"\n"
			   "  insecure_skip_tls_verify: false\n"
			   "  keyFile: \"\"\n"
			   "  name: stable\n"
			   "  pass_credentials_all: true\n"
			   "  password: swordfish\n"
			   "  url: https://charts.example.com/stable/\n"
			   "  username: jane\n"
			   "- name: careless\n"
			   "  url: https://careless.example.com\n"
			   "  insecure_skip_tls_verify: true\n"
			   "- name: open\n"
			   "  url: http://open.example.com\n";

static void read_text(struct helmrepos *repos)
{
	struct err err = {0};

	assert_true(
		helmrepos_parse(repos, text, strlen(text), "repos.yaml", &err));
	assert_int_equal(repos->count, 3);
}

static void test_fields(void **state)
{
	CLEANUP(helmrepos_release) struct helmrepos repos = {0};

	(void)state;
	read_text(&repos);
	assert_string_equal(repos.items[0].ca_file, "/ca.pem");
	assert_string_equal(repos.items[0].cert_file, "");
	assert_string_equal(repos.items[0].login.username, "jane");
	assert_string_equal(secret_reveal(&repos.items[0].login.password),
			    "swordfish");
	assert_true(repos.items[0].pass_credentials_all);
	assert_false(repos.items[2].pass_credentials_all);
	assert_false(login_is_set(&repos.items[2].login));
}

static void test_finding(void **state)
{
	static const struct {
		const char *repository;
		const char *name; /* NULL = not known */
	} cases[] = {
		{"@stable", "stable"},
		{"alias:stable", "stable"},
		{"https://charts.example.com/stable", "stable"},
		{"https://charts.example.com/stable//", "stable"},
		{"HTTPS://charts.example.com:443/stable", "stable"},
		{"http://charts.example.com/stable", NULL},
		{"https://charts.example.com/stable?x=1", NULL},
		{"https://charts.example.com/", NULL},
		{"https://charts.example.com.evil.org/stable", NULL},
		{"http://open.example.com/", "open"},
		{"oci://open.example.com", NULL},
		{"stable", NULL},
	};
	CLEANUP(helmrepos_release) struct helmrepos repos = {0};

	(void)state;
	read_text(&repos);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct helmrepos_entry *entry = NULL;
		struct err err = {0};

		assert_true(helmrepos_find(&repos, cases[i].repository, &entry,
					   &err));
		if (!cases[i].name)
			assert_null(entry);
		else
			assert_string_equal(entry->name, cases[i].name);
	}
}

static void test_refusals(void **state)
{
	static const struct {
		const char *repository;
		const char *part;
	} cases[] = {
		{"@nope", "knows no repository 'nope'"},
		{"alias:nope", "knows no repository 'nope'"},
		{"@careless", "is not to be verified"},
		{"https://careless.example.com/", "is not to be verified"},
	};
	CLEANUP(helmrepos_release) struct helmrepos repos = {0};

	(void)state;
	read_text(&repos);
	repos.path = xstrdup("repos.yaml");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = {0};
		const struct helmrepos_entry *entry = NULL;

		assert_false(helmrepos_find(&repos, cases[i].repository, &entry,
					    &err));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_non_null(strstr(err.text, cases[i].part));
		assert_non_null(err.hint);
	}
}

static void test_bad_files(void **state)
{
	static const struct {
		const char *text;
		const char *part;
	} cases[] = {
		{"- a\n", "is no mapping"},
		{"repositories: {}\n", "has no list"},
		{"repositories:\n- password: swordfish\n  x: [\n",
		 "cannot read"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(helmrepos_release) struct helmrepos repos = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_false(helmrepos_parse(&repos, cases[i].text,
					     strlen(cases[i].text), "r.yaml",
					     &err));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_non_null(strstr(err.text, cases[i].part));
		assert_null(err.source);
	}
}

static void test_where_the_file_is(void **state)
{
	static const struct {
		const char *variable, *value, *file;
	} cases[] = {
		{"HOME", "home", "home/.config/helm/repositories.yaml"},
		{"XDG_CONFIG_HOME", "xdg", "xdg/helm/repositories.yaml"},
		{"HELM_CONFIG_HOME", "helm", "helm/repositories.yaml"},
		{"HELM_REPOSITORY_CONFIG", "mine.yaml", "mine.yaml"},
	};
	CLEANUP(env_release) struct env env = {0};
	CLEANUP(helmrepos_release) struct helmrepos none = {0};
	struct err err = {0};

	(void)state;
	assert_true(helmrepos_read(&none, &env, &err));
	assert_int_equal(none.count, 0);
	/* Each one of them beats those before it. */
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(helmrepos_release) struct helmrepos repos = {0};

		env_set(&env, cases[i].variable, cases[i].value);
		assert_true(helmrepos_read(&repos, &env, &err));
		assert_int_equal(repos.count, 0);
		assert_string_equal(repos.path, cases[i].file);
	}
	put("mine.yaml", text);
	assert_true(helmrepos_read(&none, &env, &err));
	assert_int_equal(none.count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_finding),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_bad_files),
		IN_FOLDER(test_where_the_file_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
