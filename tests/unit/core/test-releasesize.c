#include "core/releasesize.h"

#include "base/mem.h"
#include "tests/unit/unit.h"

/* Bytes that no compressor makes smaller. */
static void add_noise(struct str *out, size_t len)
{
	uint64_t state = 88172645463325252u;

	for (size_t i = 0; i < len; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		str_add_char(out, (char)state);
	}
}

static void test_estimates(void **state)
{
	static const struct {
		size_t noise, plain; /* KiB of each kind of file */
		bool over;
		const char *largest;
	} cases[] = {
		{0, 0, false, ""},
		{500, 0, false, ""},
		{500, 5000, false, ""},
		{900, 0, true, "noise (1"},
		{900, 5000, true, "noise (1"},
		/* Deflate gives at most a thousandth. */
		{0, 2000, false, ""},
		/* More than is held of them. */
		{0, 40000, false, ""},
		{10000, 0, true, "noise (1"},
		{1000, 40000, true, "noise (1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(releasesize_release) struct releasesize size = {0};
		CLEANUP(str_release) struct str noise = {0};
		CLEANUP(str_release) struct str plain = {0};
		CLEANUP(str_release) struct str largest = {0};
		size_t bytes;

		add_noise(&noise, cases[i].noise << 10);
		str_add_repeated(&plain, 'x', cases[i].plain << 10);
		releasesize_add_text(&size, "plain", str_text(&plain),
				     plain.len);
		releasesize_add_file(&size, "noise", str_text(&noise),
				     noise.len);
		bytes = releasesize_estimate(&size, &largest);
		assert_int_equal(bytes > RELEASESIZE_MAX, cases[i].over);
		assert_true(starts_with(str_text(&largest), cases[i].largest));
		assert_int_equal(largest.len > 0, cases[i].over);
	}
}

static void test_the_largest_come_first(void **state)
{
	CLEANUP(releasesize_release) struct releasesize size = {0};
	CLEANUP(str_release) struct str noise = {0};
	CLEANUP(str_release) struct str largest = {0};
	size_t bytes;

	(void)state;
	add_noise(&noise, 1 << 20);
	for (size_t i = 1; i <= 5; i++) {
		CLEANUP(free_ptr) char *name = xasprintf("f%zu", i);

		releasesize_add_text(&size, name, noise.buf, (i * 200) << 10);
	}
	bytes = releasesize_estimate(&size, &largest);
	assert_true(bytes > RELEASESIZE_MAX);
	assert_true(starts_with(str_text(&largest), "f5 ("));
	assert_non_null(strstr(str_text(&largest), ", f4 ("));
	assert_non_null(strstr(str_text(&largest), ", f3 ("));
	assert_null(strstr(str_text(&largest), "f2"));
}

/* They are not held any more when the largest are sought. */
static void test_many_small_ones(void **state)
{
	CLEANUP(releasesize_release) struct releasesize size = {0};
	CLEANUP(str_release) struct str noise = {0};
	CLEANUP(str_release) struct str largest = {0};

	(void)state;
	add_noise(&noise, 10 << 20);
	for (size_t at = 0; at < noise.len; at += 10 << 10) {
		CLEANUP(free_ptr) char *name = xasprintf("at %zu", at);

		releasesize_add_text(&size, name, noise.buf + at, 10 << 10);
		assert_true(size.payload.len <= RELEASESIZE_HELD_MAX);
	}
	assert_true(releasesize_estimate(&size, &largest) > 13 << 20);
	assert_true(starts_with(str_text(&largest), "at "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_estimates),
		cmocka_unit_test(test_the_largest_come_first),
		cmocka_unit_test(test_many_small_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
