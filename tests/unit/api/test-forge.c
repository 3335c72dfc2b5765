#include "api/forge.h"

#include "base/err.h"
#include "base/str.h"
#include "tests/unit/unit.h"

static void open_with(struct forge *forge, enum forge_kind kind,
		      const char *url, const char *user, const char *token)
{
	CLEANUP(secret_release) struct secret secret = {0};
	struct err err = {0};
	const struct forge_config config = {
		.kind = kind, .url = url, .user = user, .token = &secret};

	if (token)
		secret_set(&secret, token, strlen(token));
	if (!forge_open(forge, &config, &err))
		fail_msg("%s", err.text);
}

static void apis_are_found(void **state)
{
	static const struct {
		enum forge_kind kind;
		const char *url, *want;
	} cases[] = {
		{FORGE_GITHUB, "https://github.com", "https://api.github.com"},
		{FORGE_GITHUB, "https://github.com/", "https://api.github.com"},
		{FORGE_GITHUB, "https://octo.ghe.com/",
		 "https://api.octo.ghe.com"},
		{FORGE_GITHUB, "https://git.example",
		 "https://git.example/api/v3"},
		{FORGE_GITLAB, "https://gitlab.com",
		 "https://gitlab.com/api/v4"},
		{FORGE_GITLAB, "https://h.example/git/",
		 "https://h.example/git/api/v4"},
		{FORGE_GITEA, "http://localhost:3000",
		 "http://localhost:3000/api/v1"},
		{FORGE_BITBUCKET, "https://bitbucket.org",
		 "https://api.bitbucket.org/2.0"},
		{FORGE_BITBUCKET_SERVER, "https://h.example/bitbucket",
		 "https://h.example/bitbucket/rest/api/1.0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(forge_release) struct forge forge = {0};
		CLEANUP(str_release) struct str text = {0};

		open_with(&forge, cases[i].kind, cases[i].url, NULL, NULL);
		url_add_text(&text, &forge.api, true);
		assert_string_equal(str_text(&text), cases[i].want);
		assert_false(secret_is_set(&forge.authorization));
	}
}

static void tokens_are_given_as_each_wants_them(void **state)
{
	static const struct {
		enum forge_kind kind;
		const char *user, *want;
	} cases[] = {
		{FORGE_GITHUB, NULL, "Authorization: Bearer t0ken-123"},
		{FORGE_GITLAB, NULL, "PRIVATE-TOKEN: t0ken-123"},
		{FORGE_GITEA, NULL, "Authorization: token t0ken-123"},
		{FORGE_BITBUCKET, NULL, "Authorization: Bearer t0ken-123"},
		{FORGE_BITBUCKET, "a@b",
		 "Authorization: Basic YUBiOnQwa2VuLTEyMw=="},
		{FORGE_BITBUCKET_SERVER, "a@b",
		 "Authorization: Bearer t0ken-123"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(forge_release) struct forge forge = {0};

		open_with(&forge, cases[i].kind, "https://h.example",
			  cases[i].user, "t0ken-123");
		assert_string_equal(secret_reveal(&forge.authorization),
				    cases[i].want);
	}
}

static void what_is_no_forge_is_refused(void **state)
{
	static const struct {
		enum forge_kind kind;
		const char *url;
		enum err_kind want;
	} cases[] = {
		{FORGE_UNKNOWN, "https://h.example", ERR_USAGE},
		{FORGE_GITHUB, "h.example", ERR_INPUT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(forge_release) struct forge forge = {0};
		CLEANUP(err_release) struct err err = {0};
		const struct forge_config config = {.kind = cases[i].kind,
						    .url = cases[i].url};

		assert_false(forge_open(&forge, &config, &err));
		assert_int_equal(err.kind, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(apis_are_found),
		cmocka_unit_test(tokens_are_given_as_each_wants_them),
		cmocka_unit_test(what_is_no_forge_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
