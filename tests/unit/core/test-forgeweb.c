#include "core/forgeweb.h"

#include "base/str.h"
#include "tests/unit/unit.h"

static void hosts_tell_their_kind(void **state)
{
	static const struct {
		const char *host;
		enum forge_kind kind;
	} cases[] = {
		{"github.com", FORGE_GITHUB},
		{"octo.ghe.com", FORGE_GITHUB},
		{"ghe.com.example", FORGE_UNKNOWN},
		{"github.example.com", FORGE_GITHUB},
		{"gitlab.com", FORGE_GITLAB},
		{"gitlab.example.com", FORGE_GITLAB},
		{"codeberg.org", FORGE_GITEA},
		{"gitea.example.com", FORGE_GITEA},
		{"bitbucket.org", FORGE_BITBUCKET},
		{"bitbucket.example.com", FORGE_BITBUCKET_SERVER},
		{"git.example.com", FORGE_UNKNOWN},
		{"mygithub.com", FORGE_UNKNOWN},
		{"github-pages.com", FORGE_UNKNOWN},
		{"", FORGE_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_case(cases[i].host,
			    forge_kind_of_host(cases[i].host) == cases[i].kind);
}

static void words_name_kinds(void **state)
{
	(void)state;
	assert_int_equal(forge_kind_of_word("github"), FORGE_GITHUB);
	assert_int_equal(forge_kind_of_word("bitbucket-server"),
			 FORGE_BITBUCKET_SERVER);
	assert_int_equal(forge_kind_of_word("auto"), FORGE_UNKNOWN);
	assert_int_equal(forge_kind_of_word("cvs"), FORGE_UNKNOWN);
	assert_int_equal(forge_kind_of_word(NULL), FORGE_UNKNOWN);
}

/* "commit change compare" */
static void pages_are_found(void **state)
{
	static const struct {
		enum forge_kind kind;
		const char *want;
	} cases[] = {
		{FORGE_UNKNOWN, "  "},
		{FORGE_GITHUB, "W/commit/abc W/pull/12 W/compare/a...b%2Fc"},
		{FORGE_GITLAB, "W/-/commit/abc W/-/merge_requests/12 "
			       "W/-/compare/a...b%2Fc"},
		{FORGE_GITEA, "W/commit/abc W/pulls/12 W/compare/a...b%2Fc"},
		{FORGE_BITBUCKET, "W/commits/abc W/pull-requests/12 "
				  "W/branches/compare/b%2Fc%0Da"},
		{FORGE_BITBUCKET_SERVER,
		 "W/commits/abc W/pull-requests/12 "
		 "W/compare/commits?sourceBranch=b%2Fc&targetBranch=a"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0};

		forge_add_commit_url(&out, cases[i].kind, "W", "abc");
		str_add_char(&out, ' ');
		forge_add_change_url(&out, cases[i].kind, "W", "#12");
		str_add_char(&out, ' ');
		forge_add_compare_url(&out, cases[i].kind, "W", "a", "b/c");
		assert_string_equal(str_text(&out), cases[i].want);
	}
}

static void repositories_have_pages(void **state)
{
	static const struct {
		enum forge_kind kind;
		const char *base, *path, *want;
	} cases[] = {
		{FORGE_GITHUB, "https://github.com", "acme/web",
		 "https://github.com/acme/web"},
		{FORGE_UNKNOWN, "https://h/", "a/b/c", "https://h/a/b/c"},
		{FORGE_BITBUCKET_SERVER, "https://h", "scm/shop/web",
		 "https://h/projects/shop/repos/web"},
		{FORGE_BITBUCKET_SERVER, "https://h", "shop/web",
		 "https://h/projects/shop/repos/web"},
		{FORGE_BITBUCKET_SERVER, "https://h", "web", "https://h"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0};

		forge_add_repository_url(&out, cases[i].kind, cases[i].base,
					 cases[i].path);
		assert_string_equal(str_text(&out), cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_tell_their_kind),
		cmocka_unit_test(words_name_kinds),
		cmocka_unit_test(pages_are_found),
		cmocka_unit_test(repositories_have_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
