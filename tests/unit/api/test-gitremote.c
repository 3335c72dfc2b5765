#include "api/gitremote.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/unit/unit.h"

#define HASH  "0123456789abcdef0123456789abcdef01234567"
#define OTHER "fedcba9876543210fedcba9876543210fedcba98"
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
		{"ssh://git@[2001:db8::1]:7999/t/web.git",
		 "https://[2001:db8::1]/t/web.git/info/refs?service="
		 "git-upload-pack"},
		{"git@[2001:db8::1]:t/web.git",
		 "https://[2001:db8::1]/t/web.git/info/refs?service="
		 "git-upload-pack"},
		{"ssh://git@h:7999/t/web.git",
		 "https://h/t/web.git/info/refs?service=git-upload-pack"},
		{"file:///srv/web.git", NULL},
		{"/srv/web.git", NULL},
		{"../a:b", NULL},
		{"git://user:word@h/web", NULL},
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
		assert_case(cases[i].url,
			    good || !strstr(err.text, "user:word"));
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
		{"no hash",
		 HELLO "003dG123456789abcdef0123456789abcdef01234567"
		       " refs/heads/main\n0000",
		 false},
		{"dumb", HASH "\trefs/heads/main\n", false},
	};
	CLEANUP(gitremote_release) struct gitremote remote = {0};
	CLEANUP(err_release) struct err none = {0};
	char text[512];
	size_t len = strlen(HELLO);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(gitremote_release) struct gitremote found = {0};
		CLEANUP(err_release) struct err err = {0};

		assert_case(cases[i].name,
			    gitremote_parse(&found, cases[i].text,
					    strlen(cases[i].text),
					    &err) == cases[i].good);
		assert_int_equal(found.count, cases[i].good ? 1 : 0);
	}

	/* Capabilities stand behind the first name. */
	memcpy(text, HELLO, len);
	memcpy(text + len, first, sizeof(first) - 1);
	len += sizeof(first) - 1;
	memcpy(text + len, TAIL, strlen(TAIL));
	len += strlen(TAIL);
	assert_true(gitremote_parse(&remote, text, len, &none));
	assert_int_equal(remote.count, 1);
	assert_string_equal(remote.capabilities,
			    "multi_ack symref=HEAD:refs/h");
	assert_string_equal(remote.head, "refs/h");
	assert_null(gitremote_default(&remote));
}

/* Which branch is the server's own. */
static void test_default(void **state)
{
	static const struct {
		const char *capabilities, *branch;
	} rows[] = {
		{"symref=HEAD:refs/heads/main", "main"},
		{"a symref=HEAD:refs/heads/a/b agent=git", "a/b"},
		{"symref=HEAD:refs/heads/x symref=HEAD:refs/heads/y", "x"},
		{"symref=HEAD:refs/tags/x", NULL},
		{"xsymref=HEAD:refs/heads/x", NULL},
		{"symref=OTHER:refs/heads/x", NULL},
		{"a", NULL},
		{" ", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(gitremote_release) struct gitremote remote = {0};
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(str_release) struct str text = {0};
		size_t len = 4 + strlen(HASH " refs/heads/main") + 1 +
			     strlen(rows[i].capabilities) + 1;

		str_addf(&text, HELLO "%04zx" HASH " refs/heads/main", len);
		str_add_bytes(&text, "", 1);
		str_addf(&text, "%s\n0000", rows[i].capabilities);
		assert_true(gitremote_parse(&remote, str_text(&text), text.len,
					    &err));
		assert_case(rows[i].capabilities,
			    same_text(gitremote_default(&remote),
				      rows[i].branch));
	}
}

static void test_has(void **state)
{
	static const char text[] = HELLO "003d" HASH " refs/heads/main\n"
					 "003c" OTHER " refs/heads/a/b\n"
					 "003b" HASH " refs/tags/1.0\n"
					 "0042" HASH " refs/tags/1.0^{}_pad\n"
					 "0040" HASH " refs/pull/7/hidden\n"
					 "0000";
	CLEANUP(gitremote_release) struct gitremote remote = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_true(gitremote_parse(&remote, text, strlen(text), &err));
	assert_true(gitremote_has(&remote, "main"));
	assert_true(gitremote_has(&remote, "a/b"));
	assert_true(gitremote_has(&remote, "1.0"));
	assert_false(gitremote_has(&remote, "a"));
	assert_false(gitremote_has(&remote, "b"));
	assert_false(gitremote_has(&remote, "mai"));
	assert_false(gitremote_has(&remote, "hidden"));
	assert_false(gitremote_has(&(struct gitremote){0}, "main"));
	assert_string_equal(gitremote_tip(&remote, "a/b"), OTHER);
	assert_null(gitremote_tip(&remote, "1.0"));
}

/* What is sent of commits to somebody who has HASH. */
static void test_packs(void **state)
{
	enum {
		REFUSED = -1
	};
	static const struct {
		const char *name;
		const char *text;
		size_t len;
		int verdict;
	} cases[] = {
#define ANSWER(name, text, verdict) {name, text, sizeof(text) - 1, verdict}
#define SHALLOW			    "0034shallow " HASH
#define KNOWN  \
	"0000" \
	"0031ACK " HASH "\n"
#define NONE "PACK\0\0\0\2\0\0\0\0"
#define SUM  "0123456789abcdefghij"
		ANSWER("an empty pack", SHALLOW KNOWN "0025\1" NONE SUM "0000",
		       GITREMOTE_HELD),
		ANSWER("a commit without parents",
		       KNOWN "0025\1" NONE SUM "0000", GITREMOTE_HELD),
		ANSWER("in pieces",
		       SHALLOW SHALLOW KNOWN "0011\1" NONE "0019\1" SUM "0000",
		       GITREMOTE_HELD),
		ANSWER("with progress",
		       SHALLOW KNOWN "000b\2Total\n0025\1" NONE SUM
				     "0006\2\n0000",
		       GITREMOTE_HELD),
		ANSWER("an object",
		       SHALLOW KNOWN "0015\1PACK\0\0\0\2\0\0\0\1\x95\012x"
				     "\x9c"
				     "0000",
		       GITREMOTE_NOT_HELD),
		ANSWER("many, read no further",
		       SHALLOW KNOWN "0011\1PACK\0\0\0\2\1\0\0\0ffff",
		       GITREMOTE_NOT_HELD),
		ANSWER("the tip is not known",
		       SHALLOW "00000008NAK\n0011\1" NONE, GITREMOTE_UNKNOWN),
		ANSWER("a commit is not known",
		       "0049ERR upload-pack: not our ref " OTHER,
		       GITREMOTE_UNKNOWN),
		ANSWER("a commit is not known to JGit",
		       "0040ERR want " OTHER " not valid\n", GITREMOTE_UNKNOWN),
		ANSWER("another error", "0010ERR go away\n", REFUSED),
		ANSWER("an error in its band",
		       SHALLOW KNOWN "000d\3no disk\n0000", REFUSED),
		ANSWER("another commit is known",
		       SHALLOW "0000"
			       "0031ACK " OTHER "\n0025\1" NONE SUM "0000",
		       REFUSED),
		ANSWER("no more than known", SHALLOW KNOWN "0000", REFUSED),
		ANSWER("cut off in the pack", SHALLOW KNOWN "0025\1" NONE SUM,
		       REFUSED),
		ANSWER("cut off in its sum",
		       SHALLOW KNOWN "0024\1" NONE "0123456789abcdefghi0000",
		       REFUSED),
		ANSWER("a longer sum", SHALLOW KNOWN "0026\1" NONE SUM "k0000",
		       REFUSED),
		ANSWER("no pack",
		       SHALLOW KNOWN "0025\1PAKC\0\0\0\2\0\0\0\0" SUM "0000",
		       REFUSED),
		ANSWER("more behind",
		       SHALLOW KNOWN "0025\1" NONE SUM "00000000", REFUSED),
		ANSWER("another band", SHALLOW KNOWN "0025\4" NONE SUM "0000",
		       REFUSED),
		ANSWER("no bands", SHALLOW KNOWN NONE SUM, REFUSED),
		ANSWER("no shallow part",
		       "0031ACK " HASH "\n0025\1" NONE SUM "0000", REFUSED),
		ANSWER("nothing", "", REFUSED),
		ANSWER("flushes", "000000000000", REFUSED),
		ANSWER("a page", "<html>sign in</html>", REFUSED),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = {0};
		enum gitremote_held held = GITREMOTE_UNKNOWN;
		bool good = gitremote_parse_pack(cases[i].text, cases[i].len,
						 HASH, &held, &err);

		assert_case(cases[i].name,
			    good == (cases[i].verdict != REFUSED));
		if (good)
			assert_case(cases[i].name,
				    (int)held == cases[i].verdict);
		else
			assert_int_equal(err.kind, ERR_REMOTE);
	}
}

/* An answer that breaks off anywhere is never taken for an empty pack. */
static void test_cut_packs(void **state)
{
	static const char whole[] =
		SHALLOW KNOWN "0011\1" NONE "0019\1" SUM "0000";

	(void)state;
	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		CLEANUP(err_release) struct err err = {0};
		enum gitremote_held held = GITREMOTE_UNKNOWN;

		assert_false(
			gitremote_parse_pack(whole, len, HASH, &held, &err));
		assert_int_equal(held, GITREMOTE_UNKNOWN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_packs),
		cmocka_unit_test(test_cut_packs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
