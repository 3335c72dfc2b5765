#include "core/logmask.h"

#include "base/str.h"
#include "base/strvec.h"
#include "tests/unit/unit.h"

static char known[] = "s3cr3t-value";
static char shorter[] = "s3cr3t";
static char *values[] = {shorter, known, NULL};
static const struct strvec secrets = {.items = values, .count = 2};

static const struct {
	const char *line, *shown;
} cases[] = {
	{"", ""},
	{"GET /orders?id=7 200 in 12 ms", "GET /orders?id=7 200 in 12 ms"},
	{"connect to db with s3cr3t-value failed",
	 "connect to db with *** failed"},
	{"xs3cr3t-valuey s3cr3t", "x***y ***"},
	{"DB_PASSWORD=hunter2 PORT=80", "DB_PASSWORD=*** PORT=80"},
	{"password: hunter2, user: me", "password: ***, user: me"},
	{"{\"apiKey\": \"abc def\", \"n\": 1}",
	 "{\"apiKey\": \"***\", \"n\": 1}"},
	{"Authorization: Bearer abc.def", "Authorization: Bearer ***"},
	{"authorization=Basic dTpw", "authorization=Basic ***"},
	{"wrong password for user 'me'", "wrong password for user 'me'"},
	{"token: ", "token: "},
	{"postgres://me:hunter2@db/shop", "postgres://***@db/shop"},
	{"postgres://me:hunt@er2@db/shop", "postgres://***@db/shop"},
	{"amqp://me:a@b@q1:1,amqp://me:c@q2:1",
	 "amqp://***@q1:1,amqp://***@q2:1"},
	{"see https://example.com/a@b", "see https://example.com/a@b"},
	{"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefgh end",
	 "jwt *** end"},
	{"eyJ short", "eyJ short"},
	{"exit code: 1, state: running", "exit code: 1, state: running"},
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str shown = {0};
		struct logmask mask = {.secrets = &secrets};

		logmask_add(&mask, &shown, cases[i].line);
		if (!same_text(str_text(&shown), cases[i].shown))
			fail_msg("'%s' is shown as '%s'", cases[i].line,
				 str_text(&shown));
	}
}

static void test_private_key(void **state)
{
	static const char *const lines[] = {
		"key:",	  "-----BEGIN RSA PRIVATE KEY-----",
		"MIIEow", "-----END RSA PRIVATE KEY-----",
		"after",
	};
	CLEANUP(str_release) struct str shown = {0};
	struct logmask mask = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		logmask_add(&mask, &shown, lines[i]);
		str_add_char(&shown, '\n');
	}
	assert_string_equal(str_text(&shown), "key:\n***\n***\n***\nafter\n");
}

static void test_long_lines(void **state)
{
	CLEANUP(str_release) struct str line = {0};
	CLEANUP(str_release) struct str shown = {0};
	struct logmask mask = {0};

	(void)state;
	str_add_repeated(&line, 'x', 100000);
	logmask_add(&mask, &shown, str_text(&line));
	assert_int_equal(shown.len, LOGMASK_LINE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_private_key),
		cmocka_unit_test(test_long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
