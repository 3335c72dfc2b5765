#include "api/gitremote.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "tests/unit/unit.h"

#define HASH  "0123456789abcdef0123456789abcdef01234567"
#define TAIL  "003d" HASH " refs/heads/main\n0000"
#define HELLO "001e# service=git-upload-pack\n0000"

static void test_addresses(void **state)
{
	static const struct {
		const char *url, *address; /* NULL: refused */
	} cases[] = {
		{"https://h/t/web.git",
		 "https://h/t/web.git/info/refs?service=git-upload-pack"},
		{"https://h/t/web/",
		 "https://h/t/web/info/refs?service=git-upload-pack"},
		{"https://user:word@h:8443/t/a%20b",
		 "https://h:8443/t/a%20b/info/refs?service=git-upload-pack"},
		{"http://h/web",
		 "http://h/web/info/refs?service=git-upload-pack"},
		{"git@h:t/web.git",
		 "https://h/t/web.git/info/refs?service=git-upload-pack"},
		{"h:t/web",
		 "https://h/t/web/info/refs?service=git-upload-pack"},
		{"git@h:/t/web",
		 "https://h/t/web/info/refs?service=git-upload-pack"},
		{"ssh://git@h:7999/t/web.git",
		 "https://h/t/web.git/info/refs?service=git-upload-pack"},
		{"file:///srv/web.git", NULL},
		{"/srv/web.git", NULL},
		{"../a:b", NULL},
		{"git://h/web", NULL},
		{"", NULL},
		{"ext::sh -c true", NULL}, /* Git's way to run programs */
		{"-oProxyCommand=x:y", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free_ptr) char *address = NULL;
		CLEANUP(err_release) struct err err = {0};
		bool good = gitremote_address(cases[i].url, &address, &err);

		assert_case(cases[i].url, good == (cases[i].address != NULL));
		if (good)
			assert_string_equal(address, cases[i].address);
		else
			assert_int_equal(err.kind, ERR_INPUT);
	}
}

static void test_answers(void **state)
{
	static const char first[] = "004f" HASH " HEAD\0multi_ack "
				    "symref=HEAD:refs/h\n";
	static const struct {
		const char *name, *text;
		bool good;
	} cases[] = {
		{"one branch", HELLO "003d" HASH " refs/heads/main\n0000",
		 true},
		{"no line end", HELLO "003c" HASH " refs/heads/main0000", true},
		{"no branch", HELLO "003c" HASH " refs/tags/v1.0\n0000", false},
		{"none at all", HELLO "0000", false},
		{"nothing", "", false},
		{"cut off between two", HELLO "003d" HASH " refs/heads/main\n",
		 false},
		{"cut off in one", HELLO "003d" HASH " refs/he", false},
		{"more behind", HELLO "003d" HASH " refs/heads/main\n00000000",
		 false},
		{"another service",
		 "001f# service=git-receive-pack\n0000"
		 "003d" HASH " refs/heads/main\n0000",
		 false},
		{"no flush",
		 "001e# service=git-upload-pack\n"
		 "003d" HASH " refs/heads/main\n0000",
		 false},
		{"a page", "<html>sign in</html>", false},
		{"no length", HELLO "00zz" HASH " refs/heads/main\n0000",
		 false},
		{"a length too small", HELLO "0003" HASH "0000", false},
		{"a short hash", HELLO "0018abcd refs/heads/x\n0000", false},
		{"dumb", HASH "\trefs/heads/main\n", false},
	};
	CLEANUP(strvec_release) struct strvec refs = {0};
	CLEANUP(err_release) struct err none = {0};
	char text[512];
	size_t len = strlen(HELLO);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strvec_release) struct strvec found = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_case(cases[i].name,
			    gitremote_parse(cases[i].text,
					    strlen(cases[i].text), &found,
					    &err) == cases[i].good);
		assert_int_equal(found.count, cases[i].good ? 1 : 0);
	}

	/* Capabilities stand behind the first name. */
	memcpy(text, HELLO, len);
	memcpy(text + len, first, sizeof(first) - 1);
	len += sizeof(first) - 1;
	memcpy(text + len, TAIL, strlen(TAIL));
	len += strlen(TAIL);
	assert_true(gitremote_parse(text, len, &refs, &none));
	assert_int_equal(refs.count, 1);
}

static void test_has(void **state)
{
	static const char text[] = HELLO "003d" HASH " refs/heads/main\n"
					 "003c" HASH " refs/heads/a/b\n"
					 "003b" HASH " refs/tags/1.0\n"
					 "0042" HASH " refs/tags/1.0^{}_pad\n"
					 "0040" HASH " refs/pull/7/hidden\n"
					 "0000";
	CLEANUP(strvec_release) struct strvec refs = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_true(gitremote_parse(text, strlen(text), &refs, &err));
	assert_true(gitremote_has(&refs, "main"));
	assert_true(gitremote_has(&refs, "a/b"));
	assert_true(gitremote_has(&refs, "1.0"));
	assert_false(gitremote_has(&refs, "a"));
	assert_false(gitremote_has(&refs, "b"));
	assert_false(gitremote_has(&refs, "mai"));
	assert_false(gitremote_has(&refs, "hidden"));
	assert_false(gitremote_has(&(struct strvec){0}, "main"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
