#include "sys/tempdir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/folder.h"

static void make(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
}

static void test_a_dead_one_goes_with_all_in_it(void **state)
{
	(void)state;
	make("out-abc123");
	make("out-abc123/chart");
	put("out-abc123/chart/values.yaml", "a: 1\n");
	assert_int_equal(tempdir_sweep(".", "out"), 1);
	assert_false(file_exists("out-abc123"));
	assert_int_equal(tempdir_sweep(".", "out"), 0);
}

static void test_a_living_one_stays(void **state)
{
	struct tempdir temp = {0};
	struct err err = {0};
	struct stat status;

	(void)state;
	assert_true(tempdir_create(&temp, ".", "out", &err));
	assert_int_equal(stat(str_text(&temp.path), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	assert_int_equal(tempdir_sweep(".", "out"), 0);
	assert_true(file_is_dir(str_text(&temp.path)));
	/* Its owner ends, and with it the lock. */
	close_fd(&temp.lock);
	assert_int_equal(tempdir_sweep(".", "out"), 1);
	tempdir_release(&temp);
}

static void test_what_is_not_ours_stays(void **state)
{
	static const char *const names[] = {"out", "out-", "out-abcdefg",
					    "out.abc123", "xout-abc123"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		make(names[i]);
	put("out-abc124", "a file");
	make("elsewhere");
	put("elsewhere/file", "kept");
	assert_int_equal(symlink("elsewhere", "out-abc125"), 0);
	assert_int_equal(tempdir_sweep(".", "out"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_true(file_is_dir(names[i]));
	assert_true(file_exists("out-abc124"));
	assert_true(file_exists("elsewhere/file"));
	assert_int_equal(tempdir_sweep("absent", "out"), 0);
}

static void test_nowhere_to_create(void **state)
{
	CLEANUP(tempdir_release) struct tempdir temp = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_false(tempdir_create(&temp, "absent", "out", &err));
	assert_int_equal(err.kind, ERR_IO);
	assert_int_equal(temp.path.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_a_dead_one_goes_with_all_in_it),
		IN_FOLDER(test_a_living_one_stays),
		IN_FOLDER(test_what_is_not_ours_stays),
		IN_FOLDER(test_nowhere_to_create),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
