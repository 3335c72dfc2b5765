/*
 * A folder of its own as the working directory of each test:
 *
 *	const struct CMUnitTest tests[] = {
 *		IN_FOLDER(test_read),
 *	};
 */
#ifndef TESTS_UNIT_FOLDER_H
#define TESTS_UNIT_FOLDER_H

#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/file.h"
#include "tests/unit/unit.h"

static char *folder UNUSED; /* its path */

static UNUSED int folder_enter(void **state)
{
	struct str path = {0};
	struct err err = {0};

	(void)state;
	assert_true(dir_create_temp("/tmp", "unit", &path, &err));
	folder = str_detach(&path);
	assert_int_equal(chdir(folder), 0);
	return 0;
}

static UNUSED int folder_leave(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(chdir("/"), 0);
	assert_true(tree_remove(folder, &err));
	assert_false(file_exists(folder));
	free_ptr(&folder);
	return 0;
}

static UNUSED void put(const char *path, const char *text)
{
	struct err err = {0};

	assert_true(file_write(path, text, strlen(text), 0644, &err));
}

#define IN_FOLDER(test) \
	cmocka_unit_test_setup_teardown(test, folder_enter, folder_leave)

#endif
