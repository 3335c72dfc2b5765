#include "flow/checkout.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/folder.h"

static void test_where_links_may_lead(void **state)
{
	static const struct {
		const char *checkout, *target;
		const char *cause; /* NULL: they may */
	} cases[] = {
		{"/src", "/src", NULL},
		{"/src", "/src/db", NULL},
		{"/src", "/src/.github/x", NULL},
		{"/src", "/src/.gitignore", NULL},
		{"/src", "/src/web.git/config", NULL},
		{"/", "/srv/db", NULL},
		{"/src", "/src2", "out of the checkout"},
		{"/src", "/", "out of the checkout"},
		{"/src", "/proc/self/environ", "out of the checkout"},
		{"/src", "/src/.git", "into '.git'"},
		{"/src", "/src/.git/config", "into '.git'"},
		{"/src", "/src/.github/sub/.git/config", "into '.git'"},
		/* What the checkout itself is in tells nothing. */
		{"/a/.git/src", "/a/.git/src/db", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = {0};
		bool may = checkout_check_link(cases[i].checkout, "charts/db",
					       cases[i].target, &err);

		assert_case(cases[i].target, may == !cases[i].cause);
		if (may)
			continue;
		assert_int_equal(err.kind, ERR_INPUT);
		assert_case(cases[i].target, strstr(err.text, "'charts/db'"));
		assert_case(cases[i].target, strstr(err.text, cases[i].cause));
	}
}

static void assert_checkout(const char *dir, const char *wanted)
{
	CLEANUP(free_ptr) char *found = checkout_of(dir);
	CLEANUP(free_ptr) char *real = realpath(wanted, NULL);

	assert_string_equal(found, real);
}

static void test_which_checkout(void **state)
{
	(void)state;
	mkdir("a", 0755);
	mkdir("a/b", 0755);
	mkdir("a/b/c", 0755);
	assert_int_equal(symlink("a/b", "link"), 0);
	assert_checkout("a/b/c", ".");
	assert_null(checkout_of("nowhere"));
	/* Of a worktree it is a file. */
	put("a/.git", "gitdir: /elsewhere\n");
	assert_checkout("a/b/c", "a");
	assert_checkout("link", "a");
	mkdir("a/b/.git", 0755);
	assert_checkout("a/b", "a/b");
	assert_checkout(".", ".");
	assert_int_equal(chdir("a/b/c"), 0);
	unlink("../../.git");
	rmdir("../.git");
	assert_checkout("..", "..");
	assert_int_equal(chdir("/"), 0);
	assert_checkout(folder, folder);
	assert_int_equal(chdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_links_may_lead),
		IN_FOLDER(test_which_checkout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
