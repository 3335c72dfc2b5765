#include "core/claim.h"

#include "base/err.h"
#include "core/envname.h"
#include "tests/unit/unit.h"

#define URL "https://git.example.com/shop/web.git"

static char web[] = "web", fix[] = "fix", web_fix[] = "web-fix";

static void test_check(void **state)
{
	static const struct {
		const char *name;
		struct claim found;
		bool named, main;
		const char *words; /* of the refusal; NULL: it may be had */
	} cases[] = {
		{"ours",
		 {"v1", "web", "fix", URL, false, false},
		 false,
		 false,
		 NULL},
		{"the same address in another form",
		 {"v1", "web", "fix", "git@git.example.com:shop/web", false,
		  false},
		 false,
		 false,
		 NULL},
		{"nothing is recorded", {"v1"}, false, false, NULL},
		{"another repository",
		 {"v1", "web-fix", "fix", NULL, false, false},
		 false,
		 false,
		 "belongs to repository 'web-fix' (no address), branch 'fix'"},
		{"another branch",
		 {"v1", "web", "Fix", NULL, false, false},
		 false,
		 false,
		 "branch 'Fix'"},
		{"another team's repository",
		 {"v1", "web", "fix", "git@git.example.com:red/web", false,
		  false},
		 false,
		 false,
		 "belongs to the repository at 'git@git.example.com:red/web', "
		 "not to that at '" URL "'"},
		{"another server's",
		 {"v1", "web", "fix", "https://git.example.org/shop/web.git",
		  false, false},
		 false,
		 false,
		 "git.example.org"},
		{"also where its name was given",
		 {"v1", "web", "x", NULL, false, false},
		 true,
		 false,
		 "branch 'x'"},
		{"no marks", {0}, false, false, "has no marks"},
		{"no marks, but its name was given", {0}, true, false, NULL},
		{"of a later version", {"v2"}, true, false, "version 'v2'"},
		{"main, and we are not",
		 {"v1", "web", "fix", URL, true, false},
		 true,
		 false,
		 "is a main environment"},
		{"main, as we are",
		 {"v1", "web", "fix", URL, true, false},
		 false,
		 true,
		 NULL},
		{"of a branch that has become main",
		 {"v1", "web", "fix", URL, false, false},
		 false,
		 true,
		 NULL},
		{"going",
		 {"v1", "web", "fix", URL, false, true},
		 true,
		 false,
		 "is being deleted"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = {0};
		const struct envname name = {
			.repository = web,
			.branch = fix,
			.namespace = web_fix,
			.named = cases[i].named,
			.main = cases[i].main,
		};
		bool allowed = claim_check(&cases[i].found, &name, URL, &err);

		assert_case(cases[i].name, allowed == !cases[i].words);
		if (allowed)
			continue;
		assert_case(cases[i].name, strstr(err.text, cases[i].words));
		assert_case(cases[i].name,
			    err_exit_code(&err) ==
				    (cases[i].found.terminating ? 75 : 3));
	}
}

static void test_first_address(void **state)
{
	const struct claim ours = {.managed = "v1", .git_url = URL};
	const struct claim open = {.managed = "v1", .repository = web};
	const struct claim unmarked = {0};

	(void)state;
	assert_true(claim_is_first_address(&open, URL));
	assert_false(claim_is_first_address(&open, NULL));
	assert_false(claim_is_first_address(&ours, URL));
	assert_false(claim_is_first_address(&unmarked, URL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_first_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
