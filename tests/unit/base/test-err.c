#include "base/err.h"

#include <errno.h>

#include "tests/unit/unit.h"

static void test_set_and_wrap(void **state)
{
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_false(err_set(&err, ERR_NOT_FOUND, "no chart '%s'", "web"));
	assert_false(err_wrap(&err, "cannot publish"));
	assert_false(err_hint(&err, "inner"));
	assert_false(err_hint(&err, "outer"));
	assert_string_equal(err.text, "cannot publish: no chart 'web'");
	assert_string_equal(err.hint, "inner");
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

/* All of it, but for what of it is whose. */
static void test_copy(void **state)
{
	CLEANUP(err_release) struct err from = {0}, to = {0};

	(void)state;
	assert_false(err_set(&from, ERR_CONFLICT, "no"));
	assert_false(err_copy(&to, &from));
	assert_null(to.hint);
	err_release(&to);
	from.status = 409;
	from.temporary = true;
	assert_false(err_hint(&from, "wait"));
	assert_false(err_at(&from, "a.yaml", 3, 2, "b: c", 4));
	assert_false(err_copy(&to, &from));
	err_release(&from);
	assert_int_equal(to.kind, ERR_CONFLICT);
	assert_int_equal(to.status, 409);
	assert_true(to.temporary);
	assert_string_equal(to.text, "no");
	assert_string_equal(to.hint, "wait");
	assert_string_equal(to.file, "a.yaml");
	assert_string_equal(to.source, "b: c");
	assert_int_equal(to.line, 3);
	assert_int_equal(to.column, 2);
}

static void test_errno(void **state)
{
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	errno = ENOENT;
	assert_false(err_errno(&err, "cannot open '%s'", "x"));
	assert_string_equal(err.text,
			    "cannot open 'x': No such file or directory");
	assert_int_equal(err.kind, ERR_IO);
}

static void test_exit_codes(void **state)
{
	static const struct {
		enum err_kind kind;
		int code;
	} cases[] = {
		{ERR_USAGE, 2},	       {ERR_INPUT, 2},	  {ERR_NOT_FOUND, 1},
		{ERR_CONFLICT, 3},     {ERR_DENIED, 1},	  {ERR_REMOTE, 1},
		{ERR_UNREACHABLE, 75}, {ERR_TIMEOUT, 75}, {ERR_CHILD, 1},
		{ERR_IO, 1},
	};
	struct err none = {0};

	(void)state;
	assert_int_equal(err_exit_code(&none), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = {0};

		(void)err_set(&err, cases[i].kind, "x");
		assert_int_equal(err_exit_code(&err), cases[i].code);
	}
}

static void test_temporary_and_interrupted(void **state)
{
	CLEANUP(err_release) struct err remote = {0};
	CLEANUP(err_release) struct err certificate = {0};
	CLEANUP(err_release) struct err interrupted = {0};

	(void)state;
	(void)err_set(&remote, ERR_REMOTE, "503");
	(void)err_temporary(&remote, true);
	assert_int_equal(err_exit_code(&remote), 75);

	(void)err_set(&certificate, ERR_UNREACHABLE, "certificate");
	(void)err_temporary(&certificate, false);
	assert_int_equal(err_exit_code(&certificate), 1);

	(void)err_set(&interrupted, ERR_INTERRUPTED, "SIGTERM");
	interrupted.status = 15;
	assert_int_equal(err_exit_code(&interrupted), 143);
}

static void test_place(void **state)
{
	static const char text[] = "one\ntwo\r\nthree";
	static const struct {
		size_t offset;
		unsigned int line, column;
		const char *source;
	} cases[] = {
		{0, 1, 1, "one"},   {3, 1, 4, "one"},	 {4, 2, 1, "two"},
		{9, 3, 1, "three"}, {14, 3, 6, "three"}, {99, 3, 6, "three"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = {0};

		(void)err_set(&err, ERR_INPUT, "bad");
		assert_false(err_at_offset(&err, "f", text, strlen(text),
					   cases[i].offset));
		assert_int_equal(err.line, cases[i].line);
		assert_int_equal(err.column, cases[i].column);
		assert_string_equal(err.source, cases[i].source);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_and_wrap),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_errno),
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_temporary_and_interrupted),
		cmocka_unit_test(test_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
