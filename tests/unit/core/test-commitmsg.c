#include "core/commitmsg.h"

#include "base/mem.h"
#include "base/str.h"
#include "tests/unit/unit.h"

static void lines_are_clean(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"Fix the basket", "Fix the basket"},
		{"  Fix \t the\r\n\n basket  ", "Fix the basket"},
		{"", ""},
		{" \n", ""},
		{"a\x1b[2J\x07z", "a [2J z"},
		{"a\x7f\xc2\x9bz", "a z"},
		{"\xe2\x80\xae"
		 "evil\xe2\x81\xa6",
		 "evil"},
		{"zero\xe2\x80\x8bwidth\xef\xbb\xbf", "zerowidth"},
		{"M\xc3\xbcller \xe2\x86\x92 \xf0\x9f\x9a\x80",
		 "M\xc3\xbcller \xe2\x86\x92 \xf0\x9f\x9a\x80"},
		{"M\xfcller", "M\xef\xbf\xbdller"},
		{"line\xe2\x80\xa8separator", "line separator"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str out = {0};

		commitmsg_add_line(&out, cases[i].text, strlen(cases[i].text),
				   100);
		assert_string_equal(str_text(&out), cases[i].want);
	}
}

static void long_lines_are_cut(void **state)
{
	CLEANUP(str_release) struct str words = {0};
	CLEANUP(str_release) struct str runes = {0};
	CLEANUP(str_release) struct str exact = {0};
	char *text = xmemdupz("0123456789012345678901234567890123456789", 40);

	(void)state;
	commitmsg_add_line(&words, text, 40, 20);
	assert_string_equal(str_text(&words), "01234567890123456...");
	commitmsg_add_line(&exact, text, 17, 20);
	assert_string_equal(str_text(&exact), "01234567890123456");
	commitmsg_add_line(&runes, "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 8, 8);
	assert_true(runes.len <= 8);
	assert_true(ends_with(str_text(&runes), "..."));
	free(text);
}

/* "TITLE|CHANGE" with "!" for what breaks. */
static void expect(const char *message, bool merge, const char *want)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str got = {0};
	struct commitmsg read = {0};

	commitmsg_read(&read, message, strlen(message), merge, &arena);
	str_addf(&got, "%s%s|%s", read.breaking ? "!" : "", read.title,
		 read.change ? read.change : "");
	assert_string_equal(str_text(&got), want);
}

static void titles_and_pull_requests(void **state)
{
	static const struct {
		const char *message;
		bool merge;
		const char *want;
	} cases[] = {
		{"Fix it\n\nBecause.\n", false, "Fix it|"},
		{"Fix it\nall over\n\nBecause.\n", false, "Fix it all over|"},
		{"\n\n  Fix it\n", false, "Fix it|"},
		{"", false, "|"},
		/* GitHub */
		{"Merge pull request #12 from acme/basket\n\nA new basket\n",
		 true, "A new basket|#12"},
		{"Merge pull request #12 from acme/basket\n", true,
		 "Merge pull request #12 from acme/basket|#12"},
		{"A new basket (#12)\n\n* wip\n", false, "A new basket|#12"},
		{"A new basket (#12) again", false,
		 "A new basket (#12) again|"},
		{"(#12)", false, "(#12)|"},
		{"Revert \"A new basket (#12)\" (#13)", false,
		 "Revert \"A new basket (#12)\"|#13"},
		{"x (#12x)", false, "x (#12x)|"},
		{"x (#)", false, "x (#)|"},
		{"x (#123456789012)", false, "x (#123456789012)|"},
		/* GitLab */
		{"Merge branch 'basket' into 'main'\n\nA new basket\n\n"
		 "See merge request acme/web!34\n",
		 true, "A new basket|!34"},
		{"A new basket\n\nSee merge request acme/web!34", false,
		 "A new basket|!34"},
		{"Merge branch 'basket' into 'main'\n", true,
		 "Merge branch 'basket' into 'main'|"},
		/* Gitea */
		{"Merge pull request 'A new basket' (#5) from a/b into main\n\n"
		 "Reviewed-on: http://x/a/b/pulls/5\n",
		 true, "A new basket|#5"},
		{"Merge pull request 'It''s (#4)' (#5) from a into b", true,
		 "It''s (#4)|#5"},
		/* Bitbucket */
		{"Merged in basket (pull request #5)\n\nA new basket\n\n"
		 "Approved-by: Ada\n",
		 true, "A new basket|#5"},
		{"Merge pull request #5 in SHOP/web from basket to main\n\n"
		 "* commit 'abc':\n  Wip\n",
		 true, "Wip|#5"},
		/* Azure DevOps */
		{"Merged PR 12: A new basket\n", true, "A new basket|#12"},
		/* Conventional Commits */
		{"feat(api)!: drop v1", false, "!feat(api)!: drop v1|"},
		{"feat!: drop v1", false, "!feat!: drop v1|"},
		{"feat: add\n\nBREAKING CHANGE: all\n", false, "!feat: add|"},
		{"feat: add\n\nthis is no BREAKING CHANGE: all\n", false,
		 "feat: add|"},
		{"wow!", false, "wow!|"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect(cases[i].message, cases[i].merge, cases[i].want);
}

static void add_joined(struct str *out, const struct commitmsg_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		str_addf(out, "%s%s", i ? " " : "", list->items[i]);
}

/* "REVERTS|PICKED|CHANGE|AUTHORS" with "R:" for what only reverts. */
static void expect_links(const char *message, const char *want)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str got = {0};
	struct commitmsg read = {0};

	commitmsg_read(&read, message, strlen(message), false, &arena);
	str_add(&got, read.is_revert ? "R:" : "");
	add_joined(&got, &read.reverts);
	str_add_char(&got, '|');
	add_joined(&got, &read.picked);
	str_addf(&got, "|%s|", read.reverts_change ? read.reverts_change : "");
	add_joined(&got, &read.authors);
	assert_string_equal(str_text(&got), want);
}

static void reverts_picks_and_authors(void **state)
{
	static const struct {
		const char *message, *want;
	} cases[] = {
		{"Fix", "|||"},
		{"Revert \"Fix\"\n\nThis reverts commit 0123456789abcdef.\n",
		 "R:0123456789abcdef|||"},
		{"Reapply \"Fix\"\n\nThis reverts commit 0123456789.\n",
		 "R:0123456789|||"},
		{"revert: fix\n\nThis reverts commit 0123456 (fix, "
		 "2026-01-01).\n",
		 "R:0123456|||"},
		{"Revert \"Merge x\"\n\nThis reverts commit 0123456, "
		 "reversing\nchanges made to 89abcde.\n",
		 "R:0123456|||"},
		{"Feature (#3)\n\n* Revert \"x\"\n\nThis reverts commit "
		 "0123456.\n",
		 "0123456|||"},
		{"Fix\n\nThis reverts commit 012345.\n", "|||"},
		{"Fix\n\nThis reverts commit zzzzzzzz.\n", "|||"},
		{"Revert \"x (#4)\" (#5)\n\nReverts acme/web#4\n", "R:||#4|"},
		{"Revert \"x\"\n\nThis reverts merge request !4\n", "R:||!4|"},
		{"Fix\n\n(cherry picked from commit 0123456789)\n",
		 "|0123456789||"},
		{"Fix\n\n(cherry picked from commit 0123456)\n"
		 "(cherry picked from commit 89abcdef)\n",
		 "|0123456 89abcdef||"},
		{"Fix\n\nCo-authored-by: Ada L <a@example.com>\n"
		 "co-authored-by: Bob\n",
		 "|||Ada L Bob"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_links(cases[i].message, cases[i].want);
}

/* Bytes that end anywhere, and NULs, are read without harm. */
static void any_bytes_are_read(void **state)
{
	static const char bytes[] =
		"Merge pull request '\0x' (#\n\nSee merge request !\n"
		"This reverts commit \0\n(cherry picked from commit\n"
		"Merged PR 1\nco-authored-by:\xff<";

	(void)state;
	for (size_t len = 0; len <= sizeof(bytes); len++)
		for (size_t start = 0; start < len; start++) {
			CLEANUP(arena_release) struct arena arena = {0};
			struct commitmsg read = {0};

			commitmsg_read(&read, bytes + start, len - start, true,
				       &arena);
			assert_non_null(read.title);
			assert_int_equal(read.reverts.count, 0);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_clean),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(titles_and_pull_requests),
		cmocka_unit_test(reverts_picks_and_authors),
		cmocka_unit_test(any_bytes_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
