#include "core/changelog.h"

#include "base/str.h"
#include "base/strvec.h"
#include "tests/unit/unit.h"

/*
 * A history in lines, newest first: "hash parent,parent message", where a
 * hash is a word that is padded with zeros to ten digits.
 */
static void pad(char padded[11], const char *word, size_t len)
{
	memset(padded, '0', 10);
	memcpy(padded, word, len < 10 ? len : 10);
	padded[10] = '\0';
}

/* Replace each <word> by its hash. */
static void add_message(struct str *message, const char *text)
{
	for (; *text; text++) {
		const char *end = strchr(text, '>');
		char hash[11];

		if (*text == '_') {
			str_add_char(message, '\n');
		} else if (*text == '<' && end) {
			pad(hash, text + 1, (size_t)(end - text - 1));
			str_add(message, hash);
			text = end;
		} else {
			str_add_char(message, *text);
		}
	}
}

static void add_commit(struct changelog *log, enum changelog_side side,
		       const char *line, size_t number)
{
	CLEANUP(strvec_release) struct strvec words = {0};
	CLEANUP(strvec_release) struct strvec names = {0};
	CLEANUP(strvec_release) struct strvec parents = {0};
	CLEANUP(strvec_release) struct strvec projects = {0};
	CLEANUP(str_release) struct str message = {0};
	char hash[11];
	struct changelog_source source;

	strvec_split(&words, line, ' ');
	pad(hash, words.items[0], strlen(words.items[0]));
	strvec_split(&names, words.items[1], ',');
	for (size_t i = 0; i < names.count; i++) {
		char parent[11];

		pad(parent, names.items[i], strlen(names.items[i]));
		if (strcmp(names.items[i], "-") != 0)
			strvec_add(&parents, parent);
	}
	add_message(&message,
		    strchr(line + strlen(words.items[0]) + 1, ' ') + 1);
	source = (struct changelog_source){
		.hash = hash,
		.message = str_text(&message),
		.message_len = message.len,
		.author = "Ada",
		.time_s = 1000 - (int64_t)number,
		.parents = (const char *const *)parents.items,
		.parent_count = parents.count,
	};
	changelog_add(log, side, &source, &projects);
}

static void add_history(struct changelog *log, enum changelog_side side,
			const char *const *lines)
{
	for (size_t i = 0; lines && lines[i]; i++)
		add_commit(log, side, lines[i], i);
}

/* "title/commits; title/commits" */
static void add_changes(struct str *out, const struct changelog_half *half)
{
	for (size_t i = 0; i < half->change_count; i++) {
		const struct changelog_change *change = &half->changes[i];

		str_addf(out, "%s%s/%zu", i ? "; " : "",
			 change->commit->message.title, change->commit_count);
	}
}

#define LINES_MAX 12

struct history {
	const char *name;
	const char *added[LINES_MAX], *removed[LINES_MAX];
	const char *want, *want_removed;
};

static void check_history(const struct history *history)
{
	CLEANUP(changelog_release) struct changelog log = {0};
	CLEANUP(str_release) struct str added = {0};
	CLEANUP(str_release) struct str removed = {0};

	add_history(&log, CHANGELOG_ADDED, history->added);
	add_history(&log, CHANGELOG_REMOVED, history->removed);
	changelog_fold(&log);
	add_changes(&added, &log.added);
	add_changes(&removed, &log.removed);
	if (!same_text(str_text(&added), history->want))
		fail_msg("%s: got '%s', want '%s'", history->name,
			 str_text(&added), history->want);
	if (!same_text(str_text(&removed),
		       history->want_removed ? history->want_removed : ""))
		fail_msg("%s: removed '%s'", history->name, str_text(&removed));
}

static const struct history histories[] = {
	{"nothing", {NULL}, {NULL}, "", NULL},
	{"a line", {"c b Three", "b a Two"}, {NULL}, "Three/1; Two/1", NULL},
	{"a pull request takes its commits",
	 {"m a,c Merge pull request #1 from x/y__Both", "c b Fix", "b a Wip"},
	 {NULL},
	 "Both/2",
	 NULL},
	{"and leaves what came before",
	 {"n m,e Merge pull request #2 from x/z__Second", "e a Late",
	  "m a,c Merge pull request #1 from x/y__First", "c a Early"},
	 {NULL},
	 "Second/1; First/1",
	 NULL},
	{"a branch that took main in brings only its own",
	 {"m d,f Merge pull request #1 from x/y__Branch",
	  "f c,d Merge branch 'main' into y", "d a Main", "c a Wip"},
	 {NULL},
	 "Branch/1; Main/1",
	 NULL},
	{"pull requests within pull requests belong to the outer one",
	 {"m a,n Merge pull request #2 from x/y__Outer",
	  "n b,c Merge pull request #1 from x/z__Inner", "c b Part",
	  "b a Base"},
	 {NULL},
	 "Outer/2",
	 NULL},
	{"other merges vanish",
	 {"m a,c Merge branch 'topic'", "c b Fix", "b a Wip"},
	 {NULL},
	 "Fix/1; Wip/1",
	 NULL},
	{"pull requests on a develop branch are told",
	 {"m a,n Merge branch 'develop'",
	  "n a,c Merge pull request #1 from x/z__Inner", "c a Part"},
	 {NULL},
	 "Inner/1",
	 NULL},
	{"three parents",
	 {"m a,b,c Merge branches 'x' and 'y'", "c a X", "b a Y"},
	 {NULL},
	 "X/1; Y/1",
	 NULL},
	{"a pull request whose commits were there before",
	 {"m a,z Merge pull request #1 from x/y__Both"},
	 {NULL},
	 "Both/0",
	 NULL},
	{"parents may come before children",
	 {"c b Wip", "m a,c Merge pull request #1 from x/y__Both"},
	 {NULL},
	 "Both/1",
	 NULL},

	{"a revert takes both away",
	 {"c b Revert \"Two\"__This reverts commit <b>.", "b a Two"},
	 {NULL},
	 "",
	 NULL},
	{"a revert of something older stays",
	 {"c b Revert \"Old\"__This reverts commit <f>.", "b a Two"},
	 {NULL},
	 "Revert \"Old\"/1; Two/1",
	 NULL},
	{"a revert of a revert brings it back",
	 {"d c Reapply \"Two\"__This reverts commit <c>.",
	  "c b Revert \"Two\"__This reverts commit <b>.", "b a Two"},
	 {NULL},
	 "Two/1",
	 NULL},
	{"and the third takes it away",
	 {"e d Revert \"Reapply \"Two\"\"__This reverts commit <d>.",
	  "d c Reapply \"Two\"__This reverts commit <c>.",
	  "c b Revert \"Two\"__This reverts commit <b>.", "b a Two"},
	 {NULL},
	 "",
	 NULL},
	{"and so does another revert of the first",
	 {"e d Revert \"Two\"__This reverts commit <b>.",
	  "d c Reapply \"Two\"__This reverts commit <c>.",
	  "c b Revert \"Two\"__This reverts commit <b>.", "b a Two"},
	 {NULL},
	 "",
	 NULL},
	{"an abbreviated hash",
	 {"d c Revert \"Two\"__This reverts commit b000000.", "c b Three",
	  "b a Two"},
	 {NULL},
	 "Three/1",
	 NULL},
	{"one that means two",
	 {"d c Revert \"Two\"__This reverts commit b000000.", "b0000001 b T",
	  "b a Two"},
	 {NULL},
	 "Revert \"Two\"/1; T/1; Two/1",
	 NULL},
	{"a reverted merge takes all that it brought",
	 {"r ee Revert \"Both\"__This reverts commit <ee>, reversing",
	  "ee a,c Merge pull request #1 from x/y__Both", "c b Fix", "b a Wip"},
	 {NULL},
	 "",
	 NULL},
	{"and so does one without a pull request",
	 {"r ee Revert \"Merge\"__This reverts commit <ee>, reversing",
	  "ee a,n Merge branch 'develop'",
	  "n a,c Merge pull request #1 from x/z__Inner", "c a Part"},
	 {NULL},
	 "",
	 NULL},
	{"a revert that was merged leaves no empty pull request",
	 {"n ee,r Merge pull request #2 from x/revert-1__Revert \"Both\"",
	  "r ee Revert \"Both\"__This reverts commit <ee>, reversing",
	  "ee a,c Merge pull request #1 from x/y__Both", "c a Fix"},
	 {NULL},
	 "",
	 NULL},
	{"by the number of the pull request",
	 {"c b Revert \"Two (#4)\" (#5)__Reverts acme/web#4", "b a Two (#4)"},
	 {NULL},
	 "",
	 NULL},
	{"what does more than revert stays",
	 {"c b Feature__This reverts commit <b>.", "b a Two"},
	 {NULL},
	 "Feature/1",
	 NULL},
	{"nothing takes back what comes later",
	 {"c b Later", "b a Revert \"x\"__This reverts commit <c>."},
	 {NULL},
	 "Later/1; Revert \"x\"/1",
	 NULL},
	{"a revert of what was copied here",
	 {"c b Revert \"X\"__This reverts commit <dddd>.",
	  "b a X__(cherry picked from commit <dddd>)"},
	 {NULL},
	 "",
	 NULL},

	{"a copy that the old version had is no change",
	 {"c b New", "b a Fix"},
	 {"f a Fix__(cherry picked from commit <b>)", NULL},
	 "New/1",
	 NULL},
	{"nor is a copy of what the old version had",
	 {"c b New", "b a Fix__(cherry picked from commit <f>)"},
	 {"f a Fix", NULL},
	 "New/1",
	 NULL},
	{"nor are two copies of a third",
	 {"b a Fix__(cherry picked from commit <dddd>)"},
	 {"f a Fix__(cherry picked from commit <dddd>)", NULL},
	 "",
	 NULL},
	{"but one that was reverted there is",
	 {"b a Fix"},
	 {"e f Revert \"Fix\"__This reverts commit <f>.",
	  "f a Fix__(cherry picked from commit <b>)", NULL},
	 "Fix/1",
	 NULL},
	{"what only the old version had is removed",
	 {"b a New"},
	 {"f a Hotfix", NULL},
	 "New/1",
	 "Hotfix/1"},
};

static void histories_are_folded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(histories); i++)
		check_history(&histories[i]);
}

static void add_joined(struct str *out, const struct commitmsg_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		str_addf(out, "%s%s", i ? " " : "", list->items[i]);
}

static void tickets_of_what_stays_are_told(void **state)
{
	static const char *const lines[] = {
		"e d Revert \"SHOP-9\"__This reverts commit <d>.",
		"d m SHOP-9: gone",
		"m a,c Merge pull request #1 from x/SHOP-1-y__Both, UTF-8",
		"c b SHOP-2: fix__Refs SHOP-3__Co-authored-by: Bob",
		"b a SHOP-1: wip",
		NULL,
	};
	CLEANUP(changelog_release) struct changelog log = {0};
	CLEANUP(str_release) struct str keys = {0};
	CLEANUP(str_release) struct str authors = {0};

	(void)state;
	add_history(&log, CHANGELOG_ADDED, lines);
	changelog_fold(&log);
	add_joined(&keys, &log.tickets);
	add_joined(&authors, &log.authors);
	assert_string_equal(str_text(&keys), "SHOP-1 SHOP-2 SHOP-3");
	assert_string_equal(str_text(&authors), "Ada Bob");
	assert_int_equal(log.added.change_count, 1);
}

static void a_commit_counts_once(void **state)
{
	static const char *const lines[] = {"b a Two", "b a Two", NULL};
	CLEANUP(changelog_release) struct changelog log = {0};

	(void)state;
	add_history(&log, CHANGELOG_ADDED, lines);
	changelog_fold(&log);
	assert_int_equal(log.added.change_count, 1);
}

/* As deep as a history may be: no recursion, no square of its length. */
static void long_histories_are_folded(void **state)
{
	CLEANUP(changelog_release) struct changelog log = {0};
	const size_t count = 50000;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		CLEANUP(free_ptr) char *line =
			xasprintf("%010zu %010zu Revert \"x\"__This reverts "
				  "commit <%010zu>.",
				  i, i + 1, i + 1);

		add_commit(&log, CHANGELOG_ADDED, line, i);
	}
	changelog_fold(&log);
	/* The first commit's revert has no target here. */
	assert_int_equal(log.added.change_count, count % 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(histories_are_folded),
		cmocka_unit_test(tickets_of_what_stays_are_told),
		cmocka_unit_test(a_commit_counts_once),
		cmocka_unit_test(long_histories_are_folded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
