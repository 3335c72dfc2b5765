#include "core/checkout.h"

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

static void assert_found(const char *dir, const char *outer, const char *wanted)
{
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(free_ptr) char *bound = outer ? realpath(outer, NULL) : NULL;
	CLEANUP(free_ptr) char *real = wanted ? realpath(wanted, NULL) : NULL;
	CLEANUP(free_ptr) char *found = NULL;

	assert_true(checkout_find(dir, bound, &found, &err));
	assert_case(dir, same_text(found, real));
}

static void assert_refused(const char *dir, const char *outer,
			   const char *cause)
{
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(free_ptr) char *bound = outer ? realpath(outer, NULL) : NULL;
	char *found = NULL;

	assert_false(checkout_find(dir, bound, &found, &err));
	assert_null(found);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_case(dir, strstr(err.text, cause));
}

static void test_which_checkout(void **state)
{
	(void)state;
	mkdir("a", 0755);
	mkdir("a/b", 0755);
	mkdir("a/b/c", 0755);
	assert_int_equal(symlink("a/b", "link"), 0);
	assert_found("a/b/c", NULL, ".");
	assert_found("nowhere", NULL, NULL);
	assert_found("a/nowhere/..", NULL, NULL);
	/* Of a worktree it is a file. */
	put("a/.git", "gitdir: /elsewhere\n");
	assert_found("a/b/c", NULL, "a");
	assert_found("./a//b/../b/", NULL, "a");
	assert_found("link", NULL, "a");
	assert_found("link/..", NULL, "a");
	mkdir("a/b/.git", 0755);
	assert_found("a/b", NULL, "a/b");
	assert_found("a/b", "a", "a");
	assert_found("a", "a/b", "a");
	assert_found(".", NULL, ".");
	assert_refused("a/b/.git", NULL, "it is in '.git'");
	assert_refused("a/b/.git", "a", "it is in '.git'");
	assert_int_equal(chdir("a/b/c"), 0);
	unlink("../../.git");
	rmdir("../.git");
	assert_found("..", NULL, NULL);
	assert_int_equal(chdir("/"), 0);
	assert_found(folder, NULL, NULL);
	assert_int_equal(chdir(folder), 0);
}

/* Links on the way to a folder lie in checkouts themselves. */
static void test_way_to_a_folder(void **state)
{
	(void)state;
	mkdir("src", 0755);
	mkdir("src/.git", 0755);
	mkdir("src/db", 0755);
	mkdir("out", 0755);
	mkdir("out/.git", 0755);
	mkdir("out/db", 0755);
	assert_int_equal(symlink("src", "home"), 0);
	assert_int_equal(symlink("db", "src/in"), 0);
	assert_int_equal(symlink("../out", "src/way"), 0);
	assert_int_equal(symlink(".git", "src/git"), 0);
	assert_int_equal(symlink("way", "src/itself-a-link"), 0);
	assert_found("home/in", NULL, "src");
	assert_refused("src/way", NULL, "out of the checkout");
	assert_refused("src/way/db", NULL, "src/way'");
	assert_refused("home/itself-a-link", NULL, "out of the checkout");
	assert_refused("src/git", NULL, "into '.git'");
	/* ".." is of where the link leads: of "out/db", not of "src". */
	assert_refused("src/way/../src/db", NULL, "out of the checkout");
	assert_found("src/../out/db", NULL, "out");
	/* What both are in was told to be the checkout. */
	assert_found("src/way/db", ".", ".");
	assert_int_equal(chdir("src"), 0);
	assert_refused("way/db", NULL, "out of the checkout");
	assert_int_equal(chdir(".."), 0);
}

static void test_whether_a_file_may_be_read(void **state)
{
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(free_ptr) char *here = realpath(".", NULL);

	(void)state;
	mkdir("repo", 0755);
	put("repo/index.yaml", "");
	assert_int_equal(symlink("/etc", "repo/etc"), 0);
	assert_int_equal(symlink("itself", "itself"), 0);
	assert_true(checkout_check(here, "repo/index.yaml", &err));
	assert_true(checkout_check(here, "repo/nothing", &err));
	assert_true(checkout_check(NULL, "repo/etc/passwd", &err));
	assert_false(checkout_check(here, "repo/etc/passwd", &err));
	assert_non_null(strstr(err.text, "'repo/etc/passwd'"));
	err_release(&err);
	assert_false(checkout_check(here, "itself", &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_links_may_lead),
		IN_FOLDER(test_which_checkout),
		IN_FOLDER(test_way_to_a_folder),
		IN_FOLDER(test_whether_a_file_may_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
