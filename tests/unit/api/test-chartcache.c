#include "api/chartcache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "format/hash.h"
#include "sys/env.h"
#include "tests/unit/folder.h"

#define LIMIT 1000

static void open_cache(struct chartcache *cache)
{
	struct err err = {0};

	assert_true(chartcache_open(cache, "cache", NULL, &err));
}

static void digest_of(const char *text, char hex[SHA256_HEX_SIZE])
{
	struct err err = {0};

	assert_true(sha256_hex(text, strlen(text), hex, &err));
}

static char *keep(const struct chartcache *cache, const char *text)
{
	char hex[SHA256_HEX_SIZE];

	digest_of(text, hex);
	chartcache_write(cache, hex, text, strlen(text));
	return xasprintf("cache/v1/blobs/%s", hex);
}

static bool has(const struct chartcache *cache, const char *text)
{
	CLEANUP(str_release) struct str bytes = {0};
	char hex[SHA256_HEX_SIZE];
	bool found;

	digest_of(text, hex);
	str_add(&bytes, "before");
	found = chartcache_read(cache, hex, LIMIT, &bytes);
	assert_string_equal(str_text(&bytes) + strlen("before"),
			    found ? text : "");
	return found;
}

static void test_bytes(void **state)
{
	CLEANUP(chartcache_release) struct chartcache cache = {0};
	CLEANUP(str_release) struct str bytes = {0};
	CLEANUP(free_ptr) char *path = NULL;
	struct stat status;

	(void)state;
	open_cache(&cache);
	assert_false(has(&cache, "chart"));
	path = keep(&cache, "chart");
	assert_true(has(&cache, "chart"));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_false(chartcache_read(&cache, path_base(path), 4, &bytes));
	assert_false(chartcache_read(&cache, "../../secret", LIMIT, &bytes));
	assert_int_equal(bytes.len, 0);
}

/* Whatever somebody put there under that name is not it, and goes. */
static void test_damage(void **state)
{
	static const char *const damaged[] = {"", "Chart", "chart ", "char"};
	CLEANUP(chartcache_release) struct chartcache cache = {0};

	(void)state;
	open_cache(&cache);
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		CLEANUP(free_ptr) char *path = keep(&cache, "chart");

		put(path, damaged[i]);
		assert_false(has(&cache, "chart"));
		assert_false(file_exists(path));
	}
}

static void test_names(void **state)
{
	CLEANUP(chartcache_release) struct chartcache cache = {0};
	CLEANUP(chartcache_name_release) struct chartcache_name found = {0};
	char hex[SHA256_HEX_SIZE];
	char etag[] = "W/\"a\\b\"", modified[] = "yesterday";
	const struct chartcache_name name = {hex, etag, modified};

	(void)state;
	digest_of("index", hex);
	open_cache(&cache);
	assert_false(chartcache_find(&cache, "index\nhttp://a", &found));
	chartcache_remember(&cache, "index\nhttp://a", &name);
	assert_false(chartcache_find(&cache, "index\nhttp://b", &found));
	assert_true(chartcache_find(&cache, "index\nhttp://a", &found));
	assert_string_equal(found.digest, hex);
	assert_string_equal(found.etag, etag);
	assert_string_equal(found.modified, modified);
}

static void test_hostile_names(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{\"digest\": 1}",
		"{\"digest\": \"../../../etc/passwd\"}",
		"{\"digest\": \"9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B82"
		"2CD15D6C15B0F00A08\"}",
	};
	CLEANUP(chartcache_release) struct chartcache cache = {0};
	CLEANUP(free_ptr) char *path = NULL;
	char hex[SHA256_HEX_SIZE];
	const struct chartcache_name name = {.digest = hex};

	(void)state;
	digest_of("key", hex);
	open_cache(&cache);
	chartcache_remember(&cache, "key", &name);
	path = xasprintf("cache/v1/names/%s", hex);
	assert_true(file_exists(path));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct chartcache_name found = {0};

		put(path, texts[i]);
		assert_false(chartcache_find(&cache, "key", &found));
		assert_null(found.digest);
	}
}

static void set_age(const char *path, int64_t seconds)
{
	struct timespec times[2] = {0};

	assert_int_equal(clock_gettime(CLOCK_REALTIME, &times[0]), 0);
	times[0].tv_sec -= seconds;
	times[1] = times[0];
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void test_pruning(void **state)
{
	static const struct {
		uint64_t bytes;
		int64_t age_s;
		bool left[3]; /* of the oldest to the youngest */
	} cases[] = {
		{1000, 10000, {true, true, true}},
		{1000, 2500, {false, true, true}},
		{1000, 500, {false, false, false}},
		{9, 10000, {true, true, true}},
		{8, 10000, {false, true, true}},
		{3, 10000, {false, false, true}},
		{0, 10000, {false, false, false}},
	};
	static const char *const texts[] = {"aaa", "bbb", "ccc"};
	struct timespec now;

	(void)state;
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(chartcache_release) struct chartcache cache = {0};
		const struct chartcache_limits limits = {cases[i].bytes,
							 cases[i].age_s * 1000};
		size_t gone = 0;

		open_cache(&cache);
		for (size_t j = 0; j < 3; j++) {
			CLEANUP(free_ptr) char *path = keep(&cache, texts[j]);

			set_age(path, (int64_t)(3 - j) * 1000);
			gone += !cases[i].left[j];
		}
		assert_int_equal(chartcache_prune(&cache, &limits,
						  (int64_t)now.tv_sec * 1000),
				 gone);
		for (size_t j = 0; j < 3; j++)
			assert_int_equal(has(&cache, texts[j]),
					 cases[i].left[j]);
	}
}

/* What is used stays: reading makes it young again. */
static void test_use_counts(void **state)
{
	static const struct chartcache_limits day = {1000, 86400 * 1000};
	CLEANUP(chartcache_release) struct chartcache cache = {0};
	CLEANUP(free_ptr) char *used = NULL;
	CLEANUP(free_ptr) char *unused = NULL;
	struct timespec now;

	(void)state;
	open_cache(&cache);
	used = keep(&cache, "used");
	unused = keep(&cache, "unused");
	set_age(used, 2 * 86400);
	set_age(unused, 2 * 86400);
	assert_true(has(&cache, "used"));
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
	assert_int_equal(
		chartcache_prune(&cache, &day, (int64_t)now.tv_sec * 1000), 1);
	assert_true(file_exists(used));
	assert_false(file_exists(unused));
}

static void test_tidying_is_rare(void **state)
{
	CLEANUP(chartcache_release) struct chartcache cache = {0};
	int64_t year = (int64_t)365 * 86400;
	struct timespec now;

	(void)state;
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
	open_cache(&cache);
	/* A new one has nothing to lose; then once, and not again so soon. */
	for (int round = 0; round < 3; round++) {
		CLEANUP(free_ptr) char *path = keep(&cache, "old");

		set_age(path, year);
		if (round == 1)
			set_age("cache/v1/pruned", year);
		chartcache_tidy(&cache, (int64_t)now.tv_sec * 1000);
		assert_int_equal(file_exists(path), round != 1);
	}
}

static void test_places(void **state)
{
	CLEANUP(chartcache_release) struct chartcache cache = {0};
	CLEANUP(env_release) struct env env = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	put("file", "");
	env_set(&env, "XDG_CACHE_HOME", "file");
	env_set(&env, "HOME", "home");
	assert_true(chartcache_open(&cache, NULL, &env, &err));
	assert_string_equal(cache.dir, "home/.cache/slipway");

	/* Where others may write, nothing is believed. */
	chartcache_release(&cache);
	assert_int_equal(chmod("home/.cache/slipway", 0777), 0);
	assert_true(chartcache_open(&cache, NULL, &env, &err));
	assert_null(cache.dir);
	env_set(&env, "WORKSPACE_TMP", "tmp");
	assert_true(chartcache_open(&cache, NULL, &env, &err));
	assert_string_equal(cache.dir, "tmp/slipway-cache");

	chartcache_release(&cache);
	assert_false(chartcache_open(&cache, "file/x", &env, &err));
	assert_int_equal(err.kind, ERR_IO);
}

static void test_none(void **state)
{
	const struct chartcache cache = {0};
	const struct chartcache_name name = {0};
	struct chartcache_name found = {0};

	(void)state;
	chartcache_write(&cache, "x", "x", 1);
	chartcache_remember(&cache, "key", &name);
	assert_false(has(&cache, "x"));
	assert_false(chartcache_find(&cache, "key", &found));
	chartcache_tidy(&cache, 0);
}

/* Writers and readers at once: nobody ever sees a part. */
static void test_many_at_once(void **state)
{
	CLEANUP(chartcache_release) struct chartcache cache = {0};
	CLEANUP(str_release) struct str large = {0};
	CLEANUP(free_ptr) char *path = NULL;
	char hex[SHA256_HEX_SIZE];

	(void)state;
	open_cache(&cache);
	str_add_repeated(&large, 'x', 200000);
	digest_of(str_text(&large), hex);
	path = xasprintf("cache/v1/blobs/%s", hex);
	for (int child = 0; child < 4; child++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid)
			continue;
		for (int i = 0; i < 100; i++) {
			chartcache_write(&cache, hex, large.buf, large.len);
			(void)unlink(path);
		}
		_exit(0);
	}
	for (int i = 0; i < 100; i++) {
		CLEANUP(str_release) struct str bytes = {0};
		struct err err = {0};
		bool found = false;

		assert_true(file_find(path, 1 << 20, &bytes, &found, &err));
		if (found)
			assert_int_equal(bytes.len, large.len);
	}
	for (int child = 0, status; child < 4; child++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_bytes),
		IN_FOLDER(test_damage),
		IN_FOLDER(test_names),
		IN_FOLDER(test_hostile_names),
		IN_FOLDER(test_pruning),
		IN_FOLDER(test_use_counts),
		IN_FOLDER(test_tidying_is_rare),
		IN_FOLDER(test_places),
		IN_FOLDER(test_none),
		IN_FOLDER(test_many_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
