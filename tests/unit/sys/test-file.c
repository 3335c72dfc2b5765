#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/env.h"
#include "tests/unit/folder.h"

static void assert_content(const char *path, const char *wanted)
{
	CLEANUP(str_release) struct str text = {0};
	struct err err = {0};

	assert_true(file_read(path, 1000, &text, &err));
	assert_string_equal(str_text(&text), wanted);
}

/* How many names are in the working directory, hidden ones too. */
static size_t count_entries(void)
{
	DIR *dir = opendir(".");
	size_t count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

static void test_read_refusals(void **state)
{
	static const struct {
		const char *path;
		size_t limit;
		const char *wanted;
	} cases[] = {
		{"absent", 9,
		 "cannot open 'absent': No such file or directory"},
		{".", 9, "cannot read '.': Is a directory"},
		{"file/x", 9, "cannot open 'file/x': Not a directory"},
		{"file", 4,
		 "cannot read 'file': it is over the limit of 4 bytes"},
	};

	(void)state;
	put("file", "12345");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str text = {0};
		CLEANUP(err_release) struct err err = {0};

		str_add(&text, "before");
		assert_false(
			file_read(cases[i].path, cases[i].limit, &text, &err));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_string_equal(err.text, cases[i].wanted);
		assert_string_equal(str_text(&text), "before");
	}
	assert_content("file", "12345");
}

static void test_read_appends(void **state)
{
	CLEANUP(str_release) struct str text = {0};
	struct err err = {0};

	(void)state;
	put("file", "12345");
	str_add(&text, "0");
	assert_true(file_read("file", 5, &text, &err));
	assert_string_equal(str_text(&text), "012345");
}

/* A pipe does not tell how much will come. */
static void test_read_pipe(void **state)
{
	CLEANUP(str_release) struct str text = {0}, sent = {0}, small = {0};
	CLEANUP(err_release) struct err err = {0};
	int ends[2];
	pid_t child;

	(void)state;
	str_add_repeated(&sent, 'x', 200000);
	for (size_t round = 0; round < 2; round++) {
		assert_int_equal(pipe(ends), 0);
		child = fork();
		if (!child) {
			close(ends[0]);
			_exit(write(ends[1], sent.buf, sent.len) < 0);
		}
		close(ends[1]);
		if (!round) {
			assert_true(file_read_fd(ends[0], "pipe", sent.len,
						 &text, &err));
			assert_string_equal(str_text(&text), sent.buf);
		} else {
			/* Its own ceiling is lower than that of the call. */
			small.limit = 1000;
			assert_false(file_read_fd(ends[0], "pipe", sent.len,
						  &small, &err));
			assert_int_equal(small.len, 0);
		}
		close(ends[0]);
		waitpid(child, NULL, 0);
	}
}

static void test_find(void **state)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(err_release) struct err err = {0};
	bool found = true;

	(void)state;
	put("file", "x");
	assert_true(file_find("absent", 9, &text, &found, &err));
	assert_false(found);
	assert_true(file_find("file", 9, &text, &found, &err));
	assert_true(found);
	assert_false(file_find(".", 9, &text, &found, &err));
}

static bool add_piece(void *context, const char *bytes, size_t len,
		      struct err *err)
{
	struct str *text = context;

	if (text->len)
		return err_set(err, ERR_CONFLICT, "enough");
	str_add_bytes(text, bytes, len);
	return true;
}

static void test_regular(void **state)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(err_release) struct err err = {0};
	bool found = true;

	(void)state;
	put("file", "x");
	assert_true(file_find_regular("absent", 9, &text, &found, &err));
	assert_false(found);
	assert_true(file_find_regular("file", 9, &text, &found, &err));
	assert_true(found);
	assert_true(file_read_regular("file", 9, &text, &err));
	assert_string_equal(str_text(&text), "xx");
	assert_false(file_read_regular("absent", 9, &text, &err));
	assert_int_equal(err.kind, ERR_INPUT);
}

/* Nobody writes into the pipe: who opened it as a file would wait for ever. */
static void test_irregular(void **state)
{
	static const char *const names[] = {"pipe", ".", "/dev/zero"};

	(void)state;
	assert_int_equal(mkfifo("pipe", 0600), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CLEANUP(str_release) struct str text = {0};
		CLEANUP(err_release) struct err one = {0}, two = {0},
						last = {0};
		CLEANUP(free_ptr) char *identity = NULL;
		bool found, settled;

		assert_false(file_read_regular(names[i], 9, &text, &one));
		assert_int_equal(one.kind, ERR_INPUT);
		assert_false(
			file_find_regular(names[i], 9, &text, &found, &two));
		assert_int_equal(two.kind, ERR_INPUT);
		assert_false(file_each_piece(names[i], add_piece, &text, &found,
					     &last));
		assert_int_equal(last.kind, ERR_INPUT);
		identity = file_identity(names[i], &settled);
		assert_non_null(identity);
	}
}

static void test_replace(void **state)
{
	CLEANUP(err_release) struct err err = {0};
	struct stat info;

	(void)state;
	umask(022);
	assert_true(file_replace("file", "one", 3, 0666, &err));
	assert_true(file_replace("file", "two", 3, 0600, &err));
	assert_content("file", "two");
	assert_int_equal(stat("file", &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(count_entries(), 1);

	/* Who could read it can. */
	assert_int_equal(chmod("file", 0664), 0);
	umask(077);
	assert_true(file_replace("file", "three", 5, FILE_SHARED, &err));
	assert_int_equal(stat("file", &info), 0);
	assert_int_equal(info.st_mode & 0777, 0664);
	umask(022);

	/* A failure leaves nothing behind. */
	assert_int_equal(mkdir("dir", 0755), 0);
	assert_false(file_replace("dir", "x", 1, 0644, &err));
	assert_int_equal(err.kind, ERR_IO);
	assert_string_equal(err.text, "cannot write 'dir': Is a directory");
	assert_int_equal(count_entries(), 2);

	err_release(&err);
	assert_false(file_replace("no/file", "x", 1, 0644, &err));
	assert_string_equal(err.text, "cannot write 'no/file': "
				      "No such file or directory");
}

/* Of several pieces, the last one a rest. */
static void make_old(const char *path)
{
	const struct timespec times[2] = {
		{.tv_sec = time(NULL) - FILE_TEMP_OLD_S - 60},
		{.tv_sec = time(NULL) - FILE_TEMP_OLD_S - 60}};

	put(path, "x");
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void test_sweep_temp(void **state)
{
	(void)state;
	make_old(".slipway-0123456789abcdef.tmp");
	make_old(".slipway-0123456789abcdeg.tmp");
	make_old(".slipway-0123456789abcdef.tmp.tgz");
	make_old("web-1.0.0.tgz");
	put(".slipway-fedcba9876543210.tmp", "young");
	dir_sweep_temp(".");
	dir_sweep_temp("no such folder");
	assert_false(file_exists(".slipway-0123456789abcdef.tmp"));
	assert_int_equal(count_entries(), 4);
}

static void test_writable(void **state)
{
	(void)state;
	put("file", "x");
	assert_true(dir_is_writable("."));
	assert_true(dir_is_writable("new/below/it"));
	assert_false(dir_is_writable("file"));
	assert_false(dir_is_writable("file/below"));
	assert_false(dir_is_empty("file"));
	assert_false(dir_is_empty("."));
	assert_int_equal(mkdir("none", 0755), 0);
	assert_true(dir_is_empty("none"));
}

static void test_replace_large(void **state)
{
	CLEANUP(str_release) struct str text = {0}, read = {0};
	CLEANUP(err_release) struct err err = {0};
	const size_t size = ((size_t)9 << 20) + 5;

	(void)state;
	for (size_t i = 0; text.len < size; i++)
		str_addf(&text, "%zu\n", i);
	assert_true(file_replace("file", text.buf, text.len, 0666, &err));
	assert_true(file_read("file", text.len, &read, &err));
	assert_int_equal(read.len, text.len);
	assert_memory_equal(read.buf, text.buf, text.len);
}

/* The bits that others have on a file on its way to its name; -1: none. */
static int rights_of_temp(void)
{
	DIR *dir = opendir(".");
	struct dirent *entry;
	int rights = -1;

	while (rights < 0 && (entry = readdir(dir))) {
		struct stat info;

		if (starts_with(entry->d_name, ".slipway-") &&
		    lstat(entry->d_name, &info) == 0)
			rights = info.st_mode & 077;
	}
	closedir(dir);
	return rights;
}

/* What others must not read they cannot read while it is written, either. */
static void test_replace_private(void **state)
{
	CLEANUP(str_release) struct str bytes = {0};
	const char *const place = "private";
	mode_t umask_before = umask(022);
	struct err err = {0};
	int status = -1;
	pid_t watcher;

	(void)state;
	for (size_t i = 0; i < 1 << 20; i++)
		str_add(&bytes, "content ");
	assert_true(file_write(place, "old", 3, 0600, &err));
	watcher = fork();
	if (watcher == 0) {
		int rights;

		alarm(60);
		while ((rights = rights_of_temp()) < 0)
			continue;
		_exit(rights != 0);
	}
	while (waitpid(watcher, &status, WNOHANG) == 0)
		assert_true(file_replace(place, bytes.buf, bytes.len,
					 FILE_SHARED, &err));
	umask(umask_before);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_replace_link(void **state)
{
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	put("target", "kept");
	assert_int_equal(symlink("target", "link"), 0);
	assert_true(file_replace("link", "new", 3, 0644, &err));
	assert_content("target", "kept");
	assert_content("link", "new");

	assert_int_equal(symlink("target", "other"), 0);
	assert_false(file_write("other", "bad", 3, 0644, &err));
	assert_content("target", "kept");
}

static void test_create(void **state)
{
	struct err err = {0};
	bool created = false;

	(void)state;
	assert_true(file_create("file", "one", 3, 0644, &created, &err));
	assert_true(created);
	assert_true(file_create("file", "two", 3, 0644, &created, &err));
	assert_false(created);
	assert_content("file", "one");
	assert_int_equal(count_entries(), 1);
}

/* Of many that create the same file at once exactly one succeeds. */
static void test_create_race(void **state)
{
	enum {
		RIVALS = 8
	};
	int winners = 0;

	(void)state;
	for (int i = 0; i < RIVALS; i++) {
		if (fork() == 0) {
			struct err err = {0};
			bool created = false;
			char name = (char)('0' + i);

			if (!file_create("file", &name, 1, 0644, &created,
					 &err))
				_exit(2);
			_exit(created);
		}
	}
	for (int i = 0; i < RIVALS; i++) {
		int status = 0;

		wait(&status);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		winners += WEXITSTATUS(status);
	}
	assert_int_equal(winners, 1);
	assert_int_equal(count_entries(), 1);
}

static void test_folders(void **state)
{
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_true(dir_create_all("a/b//c/", &err));
	assert_true(dir_create_all("a/b/c", &err));
	assert_true(file_is_dir("a/b/c"));

	put("file", "");
	assert_false(dir_create_all("file/x", &err));
	assert_int_equal(err.kind, ERR_IO);
	assert_string_equal(err.text, "cannot create folder 'file/x': "
				      "Not a directory");
	err_release(&err);
	assert_false(dir_create_all("file", &err));
}

static void test_remove(void **state)
{
	struct err err = {0};

	(void)state;
	assert_true(dir_create_all("tree/a/b", &err));
	assert_true(dir_create_all("outside", &err));
	put("outside/kept", "kept");
	put("tree/a/file", "");
	assert_int_equal(symlink("../outside", "tree/link"), 0);

	assert_true(tree_remove("tree", &err));
	assert_false(file_exists("tree"));
	assert_content("outside/kept", "kept");
	assert_true(tree_remove("tree", &err));
	assert_true(tree_remove("outside/kept", &err));
}

static void test_tree_replace(void **state)
{
	struct err err = {0};

	(void)state;
	assert_true(dir_create_all("new", &err));
	put("new/file", "1");
	assert_int_equal(symlink("file", "new/link"), 0);
	assert_true(tree_replace("new", "final/", &err));
	assert_content("final/file", "1");

	assert_true(dir_create_all("new/sub", &err));
	put("new/sub/file", "2");
	assert_true(tree_replace("new", "final", &err));
	assert_content("final/sub/file", "2");
	assert_false(file_exists("final/file"));
	assert_int_equal(count_entries(), 1);
}

static void test_identity(void **state)
{
	const struct timespec old[2] = {{1000, 0}, {1000, 0}};
	CLEANUP(free_ptr) char *young = NULL;
	CLEANUP(free_ptr) char *first = NULL;
	CLEANUP(free_ptr) char *same = NULL;
	CLEANUP(free_ptr) char *replaced = NULL;
	struct err err = {0};
	bool settled;

	(void)state;
	assert_null(file_identity("absent", &settled));
	put("file", "1");
	young = file_identity("file", &settled);
	assert_non_null(young);
	assert_false(settled);
	assert_int_equal(utimensat(AT_FDCWD, "file", old, 0), 0);
	first = file_identity("file", &settled);
	assert_true(settled);
	assert_string_not_equal(first, young);
	same = file_identity("file", &settled);
	assert_string_equal(first, same);
	assert_true(file_replace("file", "2", 1, 0666, &err));
	assert_int_equal(utimensat(AT_FDCWD, "file", old, 0), 0);
	replaced = file_identity("file", &settled);
	assert_string_not_equal(first, replaced);
}

static void test_pieces(void **state)
{
	CLEANUP(str_release) struct str text = {0}, large = {0};
	CLEANUP(err_release) struct err err = {0};
	bool found = true;

	(void)state;
	assert_true(file_each_piece("absent", add_piece, &text, &found, &err));
	assert_false(found);
	put("file", "12345");
	assert_true(file_each_piece("file", add_piece, &text, &found, &err));
	assert_true(found);
	assert_string_equal(str_text(&text), "12345");

	str_add_repeated(&large, 'x', 100000);
	put("large", str_text(&large));
	str_clear(&text);
	assert_false(file_each_piece("large", add_piece, &text, &found, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	err_release(&err);
	assert_false(file_each_piece(".", add_piece, &text, &found, &err));
	assert_int_equal(err.kind, ERR_INPUT);
}

static void test_swap(void **state)
{
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_true(file_swap("file", "old", 3, 0600, &err));
	assert_true(file_swap("file", "new", 3, 0600, &err));
	assert_content("file", "new");
	assert_int_equal(count_entries(), 1);
	assert_false(file_swap("absent/file", "new", 3, 0600, &err));
	assert_int_equal(err.kind, ERR_IO);
}

static void test_lock(void **state)
{
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(close_fd) int first = -1;
	CLEANUP(close_fd) int second = -1;

	(void)state;
	assert_true(file_lock("lock", 0, &first, &err));
	assert_false(file_lock("lock", 60, &second, &err));
	assert_int_equal(err.kind, ERR_TIMEOUT);
	assert_int_equal(second, -1);

	err_release(&err);
	close_fd(&first);
	assert_true(file_lock("lock", 0, &second, &err));
}

static void test_names(void **state)
{
	static const struct {
		const char *dir, *name, *joined;
	} cases[] = {
		{"a", "b", "a/b"},
		{"a/", "b", "a/b"},
		{"", "b", "b"},
		{"/", "b", "/b"},
	};
	CLEANUP(env_release) struct env env = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free_ptr) char *joined =
			path_join(cases[i].dir, cases[i].name);

		assert_string_equal(joined, cases[i].joined);
	}
	assert_string_equal(path_base("a/b/c"), "c");
	assert_string_equal(path_base("c"), "c");
	assert_true(path_is_within("/a/b", "/a"));
	assert_true(path_is_within("/a", "/a"));
	assert_true(path_is_within("/a", "/"));
	assert_false(path_is_within("/ab", "/a"));
	assert_false(path_is_within("/", "/a"));

	assert_string_equal(dir_for_temp(&env), "/tmp");
	env_set(&env, "TMPDIR", folder);
	assert_string_equal(dir_for_temp(&env), folder);
	env_set(&env, "TMPDIR", "/nowhere");
	assert_string_equal(dir_for_temp(&env), "/tmp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_read_refusals),
		IN_FOLDER(test_read_appends),
		IN_FOLDER(test_replace_private),
		IN_FOLDER(test_read_pipe),
		IN_FOLDER(test_find),
		IN_FOLDER(test_regular),
		IN_FOLDER(test_irregular),
		IN_FOLDER(test_replace),
		IN_FOLDER(test_sweep_temp),
		IN_FOLDER(test_writable),
		IN_FOLDER(test_replace_large),
		IN_FOLDER(test_replace_link),
		IN_FOLDER(test_create),
		IN_FOLDER(test_create_race),
		IN_FOLDER(test_folders),
		IN_FOLDER(test_remove),
		IN_FOLDER(test_tree_replace),
		IN_FOLDER(test_identity),
		IN_FOLDER(test_pieces),
		IN_FOLDER(test_swap),
		IN_FOLDER(test_lock),
		IN_FOLDER(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
