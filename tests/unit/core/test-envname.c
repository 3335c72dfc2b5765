#include "core/envname.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/unit/unit.h"

#define LONG_NAME "a-repository-whose-name-is-really-much-too-long-for-anyone"

/* --- namespaces ---------------------------------------------------------- */

/* A namespace that ends in "*" ends in 16 digits of a hash. */
static const struct {
	const char *repository, *branch, *namespace;
} namespaces[] = {
	{"web", "main", "web-main"},
	{"web", "fix-7", "web-fix-7"},
	{"web", "feature/x", "web-feature-x-*"},
	{"web", "feature-x", "web-feature-x"},
	{"Web", "main", "web-main-*"},
	{"web", "FIX", "web-fix-*"},
	{"web", "a--b", "web-a-b-*"},
	{"web", "-a", "web-a-*"},
	{"web", "a-", "web-a-*"},
	{"web", "a_b", "web-a-b-*"},
	{"web", "1.2.x", "web-1-2-x-*"},
	{"web", "anna:fix", "web-anna-fix-*"},
	{"web", "\xc3\xa4\xc3\xb6", "web-*"},
	{"\xc3\xa4", "\xc3\xb6", "*"},
	{LONG_NAME, "main", LONG_NAME "-main"}, /* 63 */
	{LONG_NAME, "mains",
	 "a-repository-whose-name-is-really-much-too-lon-*"},
	{"a-repository-whose-name-is-really-much-to---", "o-long-for-that",
	 "a-repository-whose-name-is-really-much-to-o-lo-*"},
};

static bool matches(const char *name, const char *pattern)
{
	size_t len = strlen(pattern);

	if (!len || pattern[len - 1] != '*')
		return strcmp(name, pattern) == 0;
	return strncmp(name, pattern, len - 1) == 0 &&
	       strspn(name + len - 1, "0123456789abcdef") == 16 &&
	       strlen(name) == len - 1 + 16;
}

static void test_namespaces(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(free_ptr) char *name = NULL;

		assert_true(envname_namespace(namespaces[i].repository,
					      namespaces[i].branch, &name,
					      &err));
		assert_case(namespaces[i].namespace,
			    matches(name, namespaces[i].namespace));
		assert_case(name, envname_is_label(name, 63));
	}
}

/*
 * Names made of the bytes that are hardest to keep apart: equal ones only
 * where the plain join says the same, which the owner in the namespace tells
 * apart.
 */
static void test_no_two_share_a_name(void **state)
{
	static const char bytes[] = "ab-/A_";
	CLEANUP(map_release) struct map seen = {0};
	static char *pairs[6 * 6 * 6 * 6];
	size_t count = 0;

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(pairs); n++) {
		char repository[] = {bytes[n % 6], bytes[n / 6 % 6], '\0'};
		char branch[] = {bytes[n / 36 % 6], bytes[n / 216 % 6], '\0'};
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(free_ptr) char *name = NULL;
		const char *other;

		pairs[n] = xasprintf("%s-%s", repository, branch);
		assert_true(envname_namespace(repository, branch, &name, &err));
		other = map_put(&seen, name, pairs[n]);
		assert_case(name, !other || strcmp(other, pairs[n]) == 0);
		count += !other;
	}
	for (size_t n = 0; n < ARRAY_SIZE(pairs); n++)
		free(pairs[n]);
	/* ("a-", "b") and ("a", "-b") and the like differ by their hashes. */
	assert_int_equal(count, ARRAY_SIZE(pairs));
}

static void test_what_the_join_cannot_tell(void **state)
{
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(free_ptr) char *one = NULL;
	CLEANUP(free_ptr) char *other = NULL;

	(void)state;
	assert_true(envname_namespace("web", "api-main", &one, &err));
	assert_true(envname_namespace("web-api", "main", &other, &err));
	assert_string_equal(one, other);
}

/* --- the whole ----------------------------------------------------------- */

static const struct envname_case {
	const char *name;
	struct envname_args args;
	struct envname_facts facts;
	const char *namespace, *release, *stack, *branch;
	bool main, main_unknown;
} cases[] = {
	{"from facts",
	 {0},
	 {.repository_name = "web", .branch = "fix"},
	 "web-fix",
	 "web-fix",
	 "web",
	 "fix",
	 false,
	 true},
	{"options win",
	 {.repository_name = "shop",
	  .branch = "b",
	  .namespace = "n",
	  .release = "r",
	  .stack = "Live_1.x"},
	 {.repository_name = "web", .branch = "fix"},
	 "n",
	 "r",
	 "Live_1.x",
	 "b",
	 false,
	 true},
	{"main",
	 {0},
	 {.repository_name = "web", .branch = "main"},
	 "web-main",
	 "web-main",
	 "web",
	 "main",
	 true},
	{"master",
	 {0},
	 {.repository_name = "web", .branch = "master"},
	 "web-master",
	 "web-master",
	 "web",
	 "master",
	 true},
	{"the remote's default",
	 {0},
	 {.repository_name = "web",
	  .branch = "trunk",
	  .default_branch = "trunk"},
	 "web-trunk",
	 "web-trunk",
	 "web",
	 "trunk",
	 true},
	{"main beside another default",
	 {0},
	 {.repository_name = "web",
	  .branch = "main",
	  .default_branch = "trunk"},
	 "web-main",
	 "web-main",
	 "web",
	 "main",
	 false},
	{"--main-branch beats it",
	 {.main_branch = "live"},
	 {.repository_name = "web",
	  .branch = "trunk",
	  .default_branch = "trunk"},
	 "web-trunk",
	 "web-trunk",
	 "web",
	 "trunk",
	 false},
	{"a pull request of main",
	 {0},
	 {.repository_name = "web", .branch = "main", .pull_request = true},
	 "web-main",
	 "web-main",
	 "web",
	 "main",
	 false},
	{"and with --main-branch",
	 {.main_branch = "main"},
	 {.repository_name = "web", .branch = "main", .pull_request = true},
	 "web-main",
	 "web-main",
	 "web",
	 "main",
	 false},
	{"a fork",
	 {0},
	 {.repository_name = "web",
	  .branch = "main",
	  .fork = "anna",
	  .pull_request = true},
	 "web-anna-main-*",
	 "web-anna-main-*",
	 "web",
	 "anna:main",
	 false},
	{"a fork that no pull request is told of",
	 {0},
	 {.repository_name = "web", .branch = "main", .fork = "anna"},
	 "web-anna-main-*",
	 "web-anna-main-*",
	 "web",
	 "anna:main",
	 false},
	{"a fork's branch that is called as the main one",
	 {.branch = "main", .main_branch = "main"},
	 {.repository_name = "web",
	  .fork = "anna",
	  .doubt = "d",
	  .default_branch = "main"},
	 "web-anna-main-*",
	 "web-anna-main-*",
	 "web",
	 "anna:main",
	 false},
	{"a fork's branch, given",
	 {.branch = "anna:main"},
	 {.repository_name = "web"},
	 "web-anna-main-*",
	 "web-anna-main-*",
	 "web",
	 "anna:main",
	 false},
	{"a fork whose owner is given, too",
	 {.branch = "anna:main"},
	 {.repository_name = "web", .fork = "anna", .pull_request = true},
	 "web-anna-main-*",
	 "web-anna-main-*",
	 "web",
	 "anna:main",
	 false},
	{"a pull request in doubt, main given",
	 {.branch = "main"},
	 {.repository_name = "web",
	  .branch = "fix",
	  .doubt = "d",
	  .pull_request = true},
	 "web-main",
	 "web-main",
	 "web",
	 "main",
	 false},
	{"a branch or a pull request, main given",
	 {.branch = "main"},
	 {.repository_name = "web", .doubt = "d"},
	 "web-main",
	 "web-main",
	 "web",
	 "main",
	 true},
	{"a long release",
	 {0},
	 {.repository_name = LONG_NAME, .branch = "main"},
	 LONG_NAME "-main",
	 "a-repository-whose-name-is-really-mu-*",
	 LONG_NAME,
	 "main",
	 true},
	{"a repository that begins with a digit",
	 {0},
	 {.repository_name = "3scale", .branch = "fix"},
	 "3scale-fix",
	 "r-3scale-fix-*",
	 "3scale",
	 "fix",
	 false,
	 true},
	{"a namespace of digits",
	 {.namespace = "123"},
	 {.repository_name = "web", .branch = "fix"},
	 "123",
	 "r-123-*",
	 "web",
	 "fix",
	 false,
	 true},
	{"a number",
	 {.namespace = "0x1f"},
	 {.repository_name = "web", .branch = "fix"},
	 "0x1f",
	 "r-0x1f-*",
	 "web",
	 "fix",
	 false,
	 true},
	{"a word that YAML reads as another thing",
	 {.namespace = "no"},
	 {.repository_name = "web", .branch = "fix"},
	 "no",
	 "r-no-*",
	 "web",
	 "fix",
	 false,
	 true},
	{"a long one that begins with a digit",
	 {.namespace = "4" LONG_NAME},
	 {.repository_name = "web", .branch = "fix"},
	 "4" LONG_NAME,
	 "r-4a-repository-whose-name-is-really-*",
	 "web",
	 "fix",
	 false,
	 true},
	{"a release as it was asked for",
	 {.namespace = "123", .release = "123"},
	 {.repository_name = "web", .branch = "fix"},
	 "123",
	 "123",
	 "web",
	 "fix",
	 false,
	 true},
	{"a stack that is no label",
	 {0},
	 {.repository_name = "-we b-", .branch = "x"},
	 "we-b-x-*",
	 "we-b-x-*",
	 "we-b",
	 "x",
	 false,
	 true},
};

static void test_decisions(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct envname_case *row = &cases[i];
		CLEANUP(envname_release) struct envname name = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_true(
			envname_decide(&name, &row->args, &row->facts, &err));
		assert_case(row->name, matches(name.namespace, row->namespace));
		assert_case(row->name, matches(name.release, row->release));
		assert_case(row->name, strcmp(name.stack, row->stack) == 0);
		assert_case(row->name, strcmp(name.branch, row->branch) == 0);
		assert_case(row->name, name.main == row->main);
		assert_case(row->name, name.main_unknown == row->main_unknown);
		assert_case(row->name, envname_is_label(name.release, 53));
	}
}

static void test_doubts(void **state)
{
	static const struct {
		struct envname_facts facts;
		const char *text, *hint;
	} rows[] = {
		{{.repository_name = "web", .branch = "fix", .doubt = "why"},
		 "the branch is not known: why",
		 "give '--branch fix' if it is the repository's own, "
		 "'--branch OWNER:fix' if it is a fork's"},
		{{.repository_name = "web", .doubt = "why", .unread = "what"},
		 "the branch is not known: why; what",
		 "make the file of GITHUB_EVENT_PATH readable (a container "
		 "needs it mounted), or give '--branch NAME' if it is the "
		 "repository's own, '--branch OWNER:NAME' if it is a fork's"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct envname_args args = {.main_branch = "fix",
						  .namespace = "n"};
		CLEANUP(envname_release) struct envname name = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_false(
			envname_decide(&name, &args, &rows[i].facts, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.text, rows[i].text);
		assert_string_equal(err.hint, rows[i].hint);
	}
}

/* What an environment has that was made before its release began so. */
static void test_a_former_release(void **state)
{
	static const struct {
		const char *namespace, *recorded, *release;
	} rows[] = {
		{"123", "123", "123"},
		{"123", "other", "r-123-*"},
		{"123", NULL, "r-123-*"},
		{"4" LONG_NAME, "4" LONG_NAME,
		 "r-4a-repository-whose-name-is-really-*"},
		{"web-fix", "other", "web-fix"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct envname_args args = {.namespace =
							  rows[i].namespace};
		const struct envname_facts facts = {.repository_name = "web",
						    .branch = "fix"};
		CLEANUP(envname_release) struct envname name = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_true(envname_decide(&name, &args, &facts, &err));
		envname_keep_release(&name, rows[i].recorded);
		assert_case(rows[i].namespace,
			    matches(name.release, rows[i].release));
	}
}

static void test_refusals(void **state)
{
	static const struct envname_facts known = {.repository_name = "kube",
						   .branch = "x"};
	static const struct {
		const char *name;
		struct envname_args args;
		struct envname_facts facts;
	} refused[] = {
		{"no repository", {0}, {.branch = "x"}},
		{"no branch", {0}, {.repository_name = "web"}},
		{"capitals", {.namespace = "Web"}, known},
		{"too long", {.namespace = LONG_NAME "-mains"}, known},
		{"the cluster's", {.namespace = "kube-public"}, known},
		{"default", {.namespace = "default"}, known},
		{"the cluster's by chance", {.branch = "system"}, known},
		{"a long release", {.release = LONG_NAME}, known},
		{"a release with a dot", {.release = "a.b"}, known},
		{"a stack with a blank", {.stack = "a b"}, known},
		{"a stack with an end", {.stack = "a-"}, known},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		CLEANUP(envname_release) struct envname name = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_case(refused[i].name,
			    !envname_decide(&name, &refused[i].args,
					    &refused[i].facts, &err));
		assert_case(refused[i].name, err.kind == ERR_USAGE);
		assert_case(refused[i].name, !name.namespace);
	}
}

static void test_templates(void **state)
{
	struct envname name = {(char *)(uintptr_t)"r", (char *)(uintptr_t)"b",
			       (char *)(uintptr_t)"n", (char *)(uintptr_t)"l",
			       (char *)(uintptr_t)"s", false};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(free_ptr) char *text = NULL;

	(void)state;
	assert_true(envname_expand(&name,
				   "https://{namespace}.{stack}/{release}?"
				   "{repository}={branch}&{",
				   &text, &err));
	assert_string_equal(text, "https://n.s/l?r=b&{");
	assert_false(envname_expand(&name, "{host}", &text, &err));
	assert_int_equal(err.kind, ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_namespaces),
		cmocka_unit_test(test_no_two_share_a_name),
		cmocka_unit_test(test_what_the_join_cannot_tell),
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_a_former_release),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_templates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
