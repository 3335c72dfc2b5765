#include "sys/walk.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/folder.h"

/* What a walk saw: "path kind size" and a blank for each. */
static bool note(void *context, const struct walk_entry *entry, bool *descend,
		 struct err *err)
{
	struct str *seen = context;

	str_addf(seen, "%s %c%d ", entry->path, "fdlo"[entry->kind],
		 (int)entry->size);
	if (strcmp(entry->name, "skip") == 0)
		*descend = false;
	if (strcmp(entry->name, "stop") == 0)
		return err_set(err, ERR_CONFLICT, "stopped");
	return true;
}

static void test_order_and_kinds(void **state)
{
	CLEANUP(str_release) struct str seen = {0};
	struct walk walk = {.root = folder, .visit = note, .context = &seen};
	struct err err = {0};

	(void)state;
	mkdir("a", 0755);
	mkdir("skip", 0755);
	put("a/z", "12345");
	put("a-b", "");
	put("B", "1");
	put("skip/unseen", "");
	assert_int_equal(symlink("a", "link"), 0);
	assert_int_equal(mkfifo("pipe", 0600), 0);

	assert_true(walk_tree(&walk, &err));
	assert_string_equal(str_text(&seen),
			    "B f1 a d0 a/z f5 a-b f0 link l0 pipe o0 "
			    "skip d0 ");

	str_clear(&seen);
	walk.follow_links = true;
	assert_true(walk_tree(&walk, &err));
	assert_string_equal(str_text(&seen),
			    "B f1 a d0 a/z f5 a-b f0 link d0 link/z f5 "
			    "pipe o0 skip d0 ");
}

static void test_links_that_lead_nowhere(void **state)
{
	static const struct {
		const char *name, *target;
		bool follow;
	} cases[] = {
		{"self", "self", true},
		{"dangling", "nothing", true},
		{"dangling", "nothing", false},
		{"below-a-file", "file/x", true},
	};

	(void)state;
	put("file", "1");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str seen = {0};
		CLEANUP(err_release) struct err err = {0};
		const struct walk walk = {.root = folder,
					  .visit = note,
					  .context = &seen,
					  .follow_links = cases[i].follow};
		CLEANUP(free_ptr) char *wanted =
			xasprintf("%s l0 ", cases[i].name);

		assert_int_equal(symlink(cases[i].target, cases[i].name), 0);
		assert_true(walk_tree(&walk, &err));
		unlink(cases[i].name);
		assert_case(cases[i].name, strstr(str_text(&seen), wanted));
	}
}

static void test_refusals(void **state)
{
	static const struct {
		const char *name;
		const char *link; /* made to lead to @target */
		const char *target;
		bool follow;
		const char *wanted; /* part of the error; NULL = none */
	} cases[] = {
		{"loop", "loop", ".", true, "its own folder"},
		{"loop not followed", "loop", ".", false, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str seen = {0};
		CLEANUP(err_release) struct err err = {0};
		struct walk walk = {.root = folder,
				    .visit = note,
				    .context = &seen,
				    .follow_links = cases[i].follow};

		assert_int_equal(symlink(cases[i].target, cases[i].link), 0);
		assert_case(cases[i].name,
			    walk_tree(&walk, &err) == !cases[i].wanted);
		unlink(cases[i].link);
		if (!cases[i].wanted)
			continue;
		assert_int_equal(err.kind, ERR_INPUT);
		assert_case(cases[i].name, strstr(err.text, cases[i].wanted));
		assert_case(cases[i].name, strstr(err.text, cases[i].link));
	}
}

static bool note_real(void *context, const struct walk_entry *entry,
		      bool *enter, struct err *err)
{
	CLEANUP(free_ptr) char *real = walk_real(entry);
	CLEANUP(free_ptr) char *root = realpath(".", NULL);
	CLEANUP(free_ptr) char *whole = path_join(root, entry->path);
	CLEANUP(free_ptr) char *wanted = realpath(whole, NULL);
	struct stat info;

	(void)enter;
	(void)err;
	assert_case(entry->path, same_text(real, wanted));
	if (entry->kind == WALK_LINK)
		return true;
	assert_int_equal(stat(entry->path, &info), 0);
	assert_int_equal(entry->device, info.st_dev);
	assert_int_equal(entry->inode, info.st_ino);
	++*(size_t *)context;
	return true;
}

static void test_real_paths(void **state)
{
	CLEANUP(err_release) struct err err = {0};
	size_t seen = 0;
	const struct walk walk = {.root = ".",
				  .follow_links = true,
				  .visit = note_real,
				  .context = &seen};

	(void)state;
	assert_true(dir_create_all("a/b/c", &err));
	assert_true(dir_create_all("x/y", &err));
	put("a/b/c/file", "1");
	assert_int_equal(symlink("../../a/b", "x/y/link"), 0);
	assert_int_equal(symlink("file", "a/b/c/again"), 0);
	assert_int_equal(symlink("x/y/link", "way"), 0);
	assert_int_equal(symlink("nothing", "a/b/nowhere"), 0);
	assert_true(walk_tree(&walk, &err));
	assert_int_equal(seen, 5 + 3 + 3 + 1 + 3);
}

static void test_depth(void **state)
{
	CLEANUP(str_release) struct str path = {0};
	CLEANUP(str_release) struct str seen = {0};
	CLEANUP(err_release) struct err err = {0};
	struct walk walk = {.root = folder, .visit = note, .context = &seen};

	(void)state;
	for (int i = 0; i <= WALK_DEPTH_MAX; i++)
		str_add(&path, "d/");
	assert_true(dir_create_all(str_text(&path), &err));
	assert_false(walk_tree(&walk, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_non_null(strstr(err.text, "too deep"));
}

static void test_stop_and_missing(void **state)
{
	CLEANUP(str_release) struct str seen = {0};
	CLEANUP(err_release) struct err err = {0};
	struct walk walk = {.root = folder, .visit = note, .context = &seen};

	(void)state;
	put("stop", "");
	put("zzz", "");
	assert_false(walk_tree(&walk, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_string_equal(str_text(&seen), "stop f0 ");

	err_release(&err);
	walk.root = "nowhere";
	assert_false(walk_tree(&walk, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_string_equal(err.text, "cannot read 'nowhere': "
				      "No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_order_and_kinds),
		IN_FOLDER(test_links_that_lead_nowhere),
		IN_FOLDER(test_refusals),
		IN_FOLDER(test_real_paths),
		IN_FOLDER(test_depth),
		IN_FOLDER(test_stop_and_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
