#include "api/repo.h"

#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/proc.h"
#include "tests/unit/unit.h"

/*
 * libgit2 1.5 built with pcre2 leaks what it matched settings with, which it
 * does when it opens a repository with extensions.
 */
const char *__lsan_default_suppressions(void)
	__attribute__((visibility("default")));
const char *__lsan_default_suppressions(void)
{
	return "leak:libpcre2-8.so";
}

static char *root;
static struct env env;

/* Run git with the words of @command, which have no blanks in them. */
static void git(const char *command)
{
	CLEANUP(strvec_release) struct strvec argv = {0};
	CLEANUP(str_release) struct str out = {0};
	struct err err = {0};
	struct proc proc;

	strvec_add(&argv, "git");
	strvec_split(&argv, command, ' ');
	proc = (struct proc){
		.argv = strvec_argv(&argv),
		.env = &env,
		.stdout_to = &out,
		.stderr_to = &out,
	};
	assert_true(proc_run(&proc, &err));
	if (proc.exit_code != 0)
		fail_msg("git %s: %s", command, str_text(&out));
}

static void commit(const char *dir, const char *message, int64_t when)
{
	CLEANUP(free_ptr) char *date = xasprintf("@%ld +0000", (long)when);
	CLEANUP(free_ptr) char *command =
		xasprintf("-C %s commit -q --allow-empty -m %s", dir, message);

	env_set(&env, "GIT_AUTHOR_DATE", date);
	env_set(&env, "GIT_COMMITTER_DATE", date);
	git(command);
}

/*
 * "origin" has two commits on main; "clone" is a clone of it with a third
 * one on the branch fix/x.
 */
static int set_up(void **state)
{
	struct str path = {0};
	struct err err = {0};

	(void)state;
	env_snapshot(&env);
	env_set(&env, "GIT_CONFIG_GLOBAL", "/dev/null");
	env_set(&env, "GIT_CONFIG_SYSTEM", "/dev/null");
	env_set(&env, "GIT_AUTHOR_NAME", "a");
	env_set(&env, "GIT_AUTHOR_EMAIL", "a@example.com");
	env_set(&env, "GIT_COMMITTER_NAME", "a");
	env_set(&env, "GIT_COMMITTER_EMAIL", "a@example.com");
	assert_true(dir_create_temp("/tmp", "test-repo", &path, &err));
	root = str_detach(&path);
	assert_int_equal(chdir(root), 0);

	git("init -q -b main origin");
	commit("origin", "SHOP-1", 1000000001);
	commit("origin", "SHOP-2", 1000000002);
	git("clone -q origin clone");
	git("-C clone switch -q -c fix/x");
	commit("clone", "PAY-3", 1000000003);
	return 0;
}

static int tear_down(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(chdir("/"), 0);
	assert_true(tree_remove(root, &err));
	free_ptr(&root);
	env_release(&env);
	return 0;
}

static void open_there(struct repo *repo, const char *dir)
{
	struct err err = {0};

	assert_true(repo_open(repo, dir, &err));
}

static void test_head(void **state)
{
	CLEANUP(repo_head_release) struct repo_head head = {0};
	CLEANUP(repo_release) struct repo repo = {0};
	struct err err = {0};

	(void)state;
	open_there(&repo, "clone");
	assert_true(repo_read_head(&repo, &head, &err));
	assert_string_equal(head.branch, "fix/x");
	assert_int_equal(strlen(head.commit), 40);
	assert_int_equal(head.time, 1000000003);
}

static void test_detached_head_has_no_branch(void **state)
{
	CLEANUP(repo_head_release) struct repo_head head = {0};
	CLEANUP(repo_release) struct repo repo = {0};
	struct err err = {0};

	(void)state;
	git("clone -q origin detached");
	git("-C detached checkout -q --detach HEAD~1");
	open_there(&repo, "detached");
	assert_true(repo_read_head(&repo, &head, &err));
	assert_null(head.branch);
	assert_int_equal(head.time, 1000000001);
}

static void test_head_without_commits(void **state)
{
	CLEANUP(repo_head_release) struct repo_head head = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(repo_release) struct repo repo = {0};

	(void)state;
	git("init -q -b main empty");
	open_there(&repo, "empty");
	assert_false(repo_read_head(&repo, &head, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_string_equal(err.text,
			    "cannot read HEAD: there is no commit yet");
}

static void test_remote(void **state)
{
	CLEANUP(free_ptr) char *origin = NULL;
	CLEANUP(free_ptr) char *other = NULL;
	CLEANUP(free_ptr) char *branch = NULL;
	CLEANUP(free_ptr) char *unknown = NULL;
	CLEANUP(free_ptr) char *address = path_join(root, "origin");
	CLEANUP(repo_release) struct repo repo = {0};
	struct err err = {0};

	(void)state;
	open_there(&repo, "clone");
	assert_true(repo_remote_url(&repo, "origin", &origin, &err));
	assert_string_equal(origin, address);
	assert_true(repo_remote_url(&repo, "upstream", &other, &err));
	assert_null(other);
	assert_true(repo_default_branch(&repo, "origin", &branch, &err));
	assert_string_equal(branch, "main");
	assert_true(repo_default_branch(&repo, "upstream", &unknown, &err));
	assert_null(unknown);
}

static void test_repositories_are_looked_for_above(void **state)
{
	CLEANUP(repo_release) struct repo repo = {0};
	CLEANUP(repo_release) struct repo worktree = {0};
	CLEANUP(repo_release) struct repo none = {0};
	CLEANUP(err_release) struct err err = {0};

	(void)state;
	assert_true(dir_create_all("clone/a/b", &err));
	open_there(&repo, "clone/a/b");
	git("-C clone worktree add -q ../worktree main");
	open_there(&worktree, "worktree");

	assert_true(repo_find(&none, "/", &err));
	assert_false(repo_is_open(&none));
	assert_false(repo_open(&none, "/", &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void test_partial_clones_are_read(void **state)
{
	CLEANUP(repo_head_release) struct repo_head head = {0};
	CLEANUP(repo_release) struct repo repo = {0};
	CLEANUP(free_ptr) char *command = xasprintf(
		"clone -q --filter=blob:none file://%s/origin partial", root);
	struct err err = {0};

	(void)state;
	git("-C origin config uploadpack.allowFilter true");
	git(command);
	open_there(&repo, "partial");
	assert_true(repo_read_head(&repo, &head, &err));
	assert_string_equal(head.branch, "main");
}

static bool add_message(void *context, const struct repo_commit *found,
			struct err *err)
{
	(void)err;
	str_add(context, found->message);
	return true;
}

static bool refuse(void *context, const struct repo_commit *found,
		   struct err *err)
{
	(void)context;
	return err_set(err, ERR_INPUT, "no more after %s", found->message);
}

static void test_walk(void **state)
{
	static const struct {
		const char *range, *want;
	} cases[] = {
		{"HEAD~2..HEAD", "PAY-3\nSHOP-2\n"},
		{"origin/main..fix/x", "PAY-3\n"},
		{"origin/main..", "PAY-3\n"},
		{"HEAD..HEAD", ""},
		{"fix/x..origin/main", ""},
		{"v1..origin/main", "SHOP-2\n"},
	};
	CLEANUP(repo_release) struct repo repo = {0};

	(void)state;
	git("-C clone tag -a -m v1 v1 HEAD~2");
	open_there(&repo, "clone");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str got = {0};
		struct err err = {0};

		assert_true(repo_walk(&repo, cases[i].range, add_message, &got,
				      &err));
		assert_string_equal(str_text(&got), cases[i].want);
	}
}

static void test_walk_refused(void **state)
{
	static const struct {
		const char *range, *want;
		enum err_kind kind;
	} cases[] = {
		{"main", "cannot read the range 'main'", ERR_INPUT},
		{"..main", "cannot read the range '..main'", ERR_INPUT},
		{"a...b", "cannot read the range 'a...b'", ERR_INPUT},
		{"", "cannot read the range ''", ERR_INPUT},
		{"nope..HEAD", "cannot find the commit 'nope'", ERR_NOT_FOUND},
		{"HEAD..nope", "cannot find the commit 'nope'", ERR_NOT_FOUND},
		{"HEAD~1..HEAD",
		 "cannot read the commits of 'HEAD~1..HEAD': no more after "
		 "PAY-3\n",
		 ERR_INPUT},
	};
	CLEANUP(repo_release) struct repo repo = {0};

	(void)state;
	open_there(&repo, "clone");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = {0};

		assert_false(
			repo_walk(&repo, cases[i].range, refuse, NULL, &err));
		assert_string_equal(err.text, cases[i].want);
		assert_int_equal(err.kind, cases[i].kind);
	}
}

static bool add_all(void *context, const struct repo_commit *found,
		    struct err *err)
{
	(void)err;
	str_addf(context, "%s by %s, %zu\n", found->message, found->author,
		 found->parent_count);
	for (size_t i = 0; i < found->parent_count; i++)
		assert_int_equal(strlen(found->parents[i]), 40);
	return true;
}

/* Messages and names in other encodings; all parents. */
static void test_commits_are_whole(void **state)
{
	CLEANUP(repo_release) struct repo repo = {0};
	CLEANUP(str_release) struct str got = {0};
	struct err err = {0};

	(void)state;
	git("init -q -b main latin");
	commit("latin", "one", 1000000001);
	env_set(&env, "GIT_AUTHOR_NAME", "J\xf6rg");
	git("-C latin -c i18n.commitEncoding=ISO-8859-1 commit -q "
	    "--allow-empty -m Gr\xfc\xdf");
	env_set(&env, "GIT_AUTHOR_NAME", "a");
	git("-C latin branch side HEAD~1");
	git("-C latin switch -q side");
	commit("latin", "two", 1000000002);
	git("-C latin merge -q --no-ff -m both main");
	open_there(&repo, "latin");
	assert_true(repo_walk(&repo, "main~1..", add_all, &got, &err));
	assert_non_null(strstr(str_text(&got), "both\n by a, 2\n"));
	assert_non_null(strstr(str_text(&got),
			       "Gr\xc3\xbc\xc3\x9f\n by J\xc3\xb6rg, 1\n"));
}

static void test_commits_are_found(void **state)
{
	CLEANUP(free_ptr) char *head = NULL;
	CLEANUP(free_ptr) char *tag = NULL;
	CLEANUP(free_ptr) char *none = NULL;
	CLEANUP(repo_release) struct repo repo = {0};
	struct err err = {0};

	(void)state;
	git("-C origin tag -a -m v2 v2 HEAD");
	open_there(&repo, "origin");
	assert_true(repo_find_commit(&repo, "HEAD", &head, &err));
	assert_true(repo_find_commit(&repo, "refs/tags/v2", &tag, &err));
	assert_string_equal(head, tag);
	assert_true(repo_find_commit(&repo,
				     "0123456789012345678901234567890123456789",
				     &none, &err));
	assert_null(none);
	assert_false(repo_is_shallow(&repo));
}

static void test_shallow_clones_have_no_history(void **state)
{
	CLEANUP(repo_head_release) struct repo_head head = {0};
	CLEANUP(repo_release) struct repo repo = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(free_ptr) char *command =
		xasprintf("clone -q --depth 1 file://%s/origin shallow", root);

	(void)state;
	git(command);
	open_there(&repo, "shallow");
	assert_true(repo_read_head(&repo, &head, &err));
	assert_int_equal(head.time, 1000000002);
	assert_true(repo_is_shallow(&repo));
	assert_false(repo_walk(&repo, "HEAD..HEAD", refuse, NULL, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_string_equal(err.text, "cannot read the commits of "
				      "'HEAD..HEAD': the clone is shallow");
	assert_string_equal(err.hint,
			    "fetch the history: git fetch --unshallow");
}

/*
 * What main was at is believed only if the last fetch brought it: in a clone
 * that is used again it may be years old.
 */
static void test_fetched_tips(void **state)
{
	static const struct {
		const char *name, *command;
		bool known;
	} steps[] = {
		{"cloned, never fetched", "-C used branch -q x", false},
		{"all fetched", "-C used fetch -q origin", true},
		{"the branch alone", "-C used fetch -q origin fix/y", false},
		{"both by name", "-C used fetch -q origin main fix/y", true},
		{"from elsewhere", "-C used fetch -q other", false},
		{"as CI does it",
		 "-C used fetch -q origin +refs/heads/main:refs/remotes/origin/"
		 "main",
		 true},
		{"older than what is here",
		 "-C used update-ref refs/remotes/origin/main HEAD~1", false},
		{"fetched again", "-C used fetch -q --all", true},
		{"a second work tree", "-C used worktree add -q ../tree x",
		 false},
	};
	CLEANUP(repo_release) struct repo repo = {0};
	struct err err = {0};

	(void)state;
	git("-C origin branch fix/y");
	git("clone -q origin used");
	git("clone -q origin elsewhere");
	git("-C used remote add other ../elsewhere");
	open_there(&repo, "used");
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		CLEANUP(free_ptr) char *hash = NULL;

		git(steps[i].command);
		assert_true(
			repo_fetched_tip(&repo, "origin", "main", &hash, &err));
		assert_case(steps[i].name, (hash != NULL) == steps[i].known);
	}
}

static void test_fetched_tips_of_odd_names(void **state)
{
	static const char *const names[] = {"nothing", "", "a..b", "x^{/y}",
					    "-x"};
	CLEANUP(repo_release) struct repo repo = {0};

	(void)state;
	open_there(&repo, "clone");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CLEANUP(free_ptr) char *hash = NULL;
		CLEANUP(err_release) struct err err = {0};

		if (!repo_fetched_tip(&repo, "origin", names[i], &hash, &err))
			assert_int_equal(err.kind, ERR_INPUT);
		assert_null(hash);
	}
}

static void test_what_a_history_holds(void **state)
{
	static const struct {
		const char *tip, *commit;
		bool held;
	} rows[] = {
		{"HEAD", "HEAD", true},		 {"HEAD", "HEAD~1", true},
		{"HEAD", "HEAD~2", true},	 {"HEAD~1", "HEAD", false},
		{"origin/main", "HEAD~1", true}, {"HEAD", "origin/main", true},
		{"origin/main", "HEAD", false},
	};
	CLEANUP(repo_release) struct repo repo = {0};
	CLEANUP(repo_release) struct repo shallow = {0};
	CLEANUP(err_release) struct err cut = {0};
	CLEANUP(err_release) struct err unknown = {0};
	CLEANUP(free_ptr) char *clone = xasprintf(
		"clone -q --depth=1 file://%s/clone shallow-too", root);
	struct err err = {0};
	bool held = false;

	(void)state;
	open_there(&repo, "clone");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(repo_holds(&repo, rows[i].tip, rows[i].commit,
				       &held, &err));
		assert_case(rows[i].commit, held == rows[i].held);
	}
	assert_false(repo_holds(&repo, "HEAD", "nothing", &held, &unknown));
	assert_int_equal(unknown.kind, ERR_NOT_FOUND);
	git(clone);
	open_there(&shallow, "shallow-too");
	assert_false(repo_holds(&shallow, "HEAD", "HEAD", &held, &cut));
	assert_int_equal(cut.kind, ERR_INPUT);
}

static void write_file(const char *path, const char *text)
{
	CLEANUP(free_ptr) char *parent = path_parent(path);
	struct err err = {0};

	assert_true(dir_create_all(parent, &err));
	assert_true(file_swap(path, text, strlen(text), 0666, &err));
}

static void add_names(struct str *out, const struct strvec *names)
{
	for (size_t i = 0; i < names->count; i++)
		str_addf(out, " %s", names->items[i]);
}

/* The files that were read are those of the table, whatever lies there. */
static void test_what_differs_from_a_commit(void **state)
{
	static const struct {
		const char *commit, *dir, *want;
	} rows[] = {
		{"HEAD", "files/a", "a/new a/two; a/gone lost"},
		{"HEAD~1", "files/a", "a/new a/two one; lost"},
		{"HEAD", "files/new", "a/new a/two one;"},
		{"HEAD", "files", "a/new one; a/lost"},
		{"nothing", "files/a", "cannot find the commit 'nothing'"},
		{"HEAD", "clone", "'clone' is not in the work tree"},
		{"HEAD", "files/no", "'files/no' is not in the work tree"},
	};
	static const struct repo_file read[] = {
		{"a/new", "3", 1}, {"a/two", "3", 1}, {"one", "1", 1}};
	CLEANUP(repo_release) struct repo repo = {0};

	(void)state;
	git("init -q -b main files");
	write_file("files/a/lost/x", "1");
	write_file("files/a/not-read", "1");
	git("-C files add -A");
	commit("files", "one", 1000000001);
	write_file("files/a/one", "1");
	write_file("files/a/a/two", "2");
	write_file("files/a/a/gone", "2");
	git("-C files add -A");
	commit("files", "two", 1000000002);
	git("-C files rm -q a/lost/x a/a/gone");
	write_file("files/a/a/new", "3");
	write_file("files/a/a/two", "3");
	write_file("files/new/one", "1");
	write_file("files/new/a/two", "3");
	write_file("files/new/a/new", "3");
	write_file("files/one", "1");
	write_file("files/a/new", "3");
	open_there(&repo, "files");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(repo_changes_release) struct repo_changes changes = {0};
		CLEANUP(str_release) struct str got = {0};
		CLEANUP(err_release) struct err err = {0};

		if (repo_compare(&repo, rows[i].commit, rows[i].dir, read,
				 ARRAY_SIZE(read), &changes, &err)) {
			add_names(&got, &changes.changed);
			str_add_char(&got, ';');
			add_names(&got, &changes.missing);
			assert_string_equal(str_text(&got) + 1, rows[i].want);
			continue;
		}
		assert_int_equal(err.kind, ERR_NOT_FOUND);
		assert_string_equal(err.text, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_detached_head_has_no_branch),
		cmocka_unit_test(test_head_without_commits),
		cmocka_unit_test(test_remote),
		cmocka_unit_test(test_repositories_are_looked_for_above),
		cmocka_unit_test(test_partial_clones_are_read),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_walk_refused),
		cmocka_unit_test(test_commits_are_whole),
		cmocka_unit_test(test_commits_are_found),
		cmocka_unit_test(test_shallow_clones_have_no_history),
		cmocka_unit_test(test_fetched_tips),
		cmocka_unit_test(test_fetched_tips_of_odd_names),
		cmocka_unit_test(test_what_a_history_holds),
		cmocka_unit_test(test_what_differs_from_a_commit),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
