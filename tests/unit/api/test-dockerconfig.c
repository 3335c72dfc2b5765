#include "api/dockerconfig.h"

#include "api/login.h"
#include "base/err.h"
#include "base/str.h"
#include "tests/unit/unit.h"

/* dXNlcjpwYTpzcw== is user:pa:ss */
static const char file[] =
	"{\"auths\": {"
	"\"ghcr.io\": {\"auth\": \"dXNlcjpwYTpzcw==\"},"
	"\"https://old.example.com/v1/\": {\"auth\": \"dXNlcjpwYTpzcw==\"},"
	"\"https://index.docker.io/v1/\": {\"auth\": \"dXNlcjpwYTpzcw==\"},"
	"\"azurecr.io\": {\"auth\": \"dXNlcjpwYTpzcw==\","
	"                 \"identitytoken\": \"refresh\"},"
	"\"bearer.io\": {\"registrytoken\": \"bearer\"},"
	"\"plain.io:5000\": {\"username\": \"u\", \"password\": \"p\"},"
	"\"empty.io\": {},"
	"\"bad.io\": {\"auth\": \"!\"},"
	"\"nocolon.io\": {\"auth\": \"dXNlcg==\"}}}";

static void logins(void **state)
{
	static const struct {
		const char *registry;
		const char *username; /* NULL, as the rest: not there */
		const char *password;
		const char *token;
		const char *identity_token;
	} cases[] = {
		{"ghcr.io", "user", "pa:ss", "", ""},
		{"old.example.com", "user", "pa:ss", "", ""},
		{"docker.io", "user", "pa:ss", "", ""},
		{"registry-1.docker.io", "user", "pa:ss", "", ""},
		{"azurecr.io", "user", "pa:ss", "", "refresh"},
		{"bearer.io", NULL, "", "bearer", ""},
		{"plain.io:5000", "u", "p", "", ""},
		{"plain.io", NULL, NULL, NULL, NULL},
		{"empty.io", NULL, NULL, NULL, NULL},
		{"hcr.io", NULL, NULL, NULL, NULL},
		{"old.example.co", NULL, NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(login_release) struct login login = {0};
		CLEANUP(err_release) struct err err = {0};
		bool found;

		assert_true(dockerconfig_parse(file, strlen(file), "config",
					       cases[i].registry, &login,
					       &found, &err));
		assert_case(cases[i].registry, found == !!cases[i].password);
		if (!found)
			continue;
		assert_case(cases[i].registry,
			    same_text(login.username, cases[i].username));
		assert_string_equal(secret_reveal(&login.password),
				    cases[i].password);
		assert_string_equal(secret_reveal(&login.token),
				    cases[i].token);
		assert_string_equal(secret_reveal(&login.identity_token),
				    cases[i].identity_token);
	}
}

/* What is wrong is told without a byte of what may be a password. */
static void bad_files(void **state)
{
	static const struct {
		const char *text;
		const char *registry;
	} cases[] = {
		{"{\"auths\": {\"a\": {\"auth\": \"SECRET!\"}}}", "a"},
		{"{\"auths\": {\"a\": {\"auth\": \"dXNlcg==\"}}}", "a"},
		{"{\"auths\": {\"a\": {\"password\": \"SECRET\"", "a"},
		{"[\"SECRET\"]", "a"},
		{"SECRET", "a"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(login_release) struct login login = {0};
		CLEANUP(err_release) struct err err = {0};
		bool found;

		assert_case(cases[i].text,
			    !dockerconfig_parse(cases[i].text,
						strlen(cases[i].text), "file",
						cases[i].registry, &login,
						&found, &err));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_null(strstr(err.text, "SECRET"));
		assert_null(err.source);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logins),
		cmocka_unit_test(bad_files),
	};

	return cmocka_run_group_tests_name("dockerconfig", tests, NULL, NULL);
}
