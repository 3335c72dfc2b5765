/* The commits of a range. */
#include <stdlib.h>
#include <string.h>

#include "api/repo.h"
#include "api/repo_git2.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/charset.h"

static void release_commit(git_commit **commit)
{
	if (*commit)
		git.commit_free(*commit);
}

static void release_walk(git_revwalk **walk)
{
	if (*walk)
		git.revwalk_free(*walk);
}

/* Texts of one commit; kept from one to the next for their memory. */
struct reading {
	struct str message, author;
	struct strvec parents;
};

static void reading_release(struct reading *reading)
{
	str_release(&reading->message);
	str_release(&reading->author);
	strvec_release(&reading->parents);
}

static void read_text(struct str *out, const char *text, const char *encoding)
{
	str_clear(out);
	if (text)
		charset_to_utf8(out, text, strlen(text), encoding);
}

static void read_parents(struct strvec *parents, const git_commit *commit)
{
	unsigned int count = git.commit_parentcount(commit);

	strvec_truncate(parents, 0);
	for (unsigned int i = 0; i < count; i++)
		strvec_add_take(parents, repo_hash_text(git.commit_parent_id(
						 commit, i)));
}

static bool each_commit(const struct repo *repo, const git_oid *oid,
			struct reading *reading, repo_commit_fn *each,
			void *context, struct err *err)
{
	CLEANUP(release_commit) git_commit *commit = NULL;
	CLEANUP(free_ptr) char *hash = repo_hash_text(oid);
	struct repo_commit found;
	const char *encoding;
	int code = git.commit_lookup(&commit, repo->handle, oid);

	if (code < 0)
		return repo_fail(code, err, "read the commit", hash);
	encoding = git.commit_message_encoding(commit);
	read_text(&reading->message, git.commit_message(commit), encoding);
	read_text(&reading->author, git.commit_author(commit)->name, encoding);
	read_parents(&reading->parents, commit);
	found = (struct repo_commit){
		.hash = hash,
		.message = str_text(&reading->message),
		.author = str_text(&reading->author),
		.time = git.commit_time(commit),
		.parents = (const char *const *)reading->parents.items,
		.parent_count = reading->parents.count,
	};
	return each(context, &found, err);
}

static bool walk_between(const struct repo *repo, const git_oid *old,
			 const git_oid *new, repo_commit_fn *each,
			 void *context, struct err *err)
{
	CLEANUP(release_walk) git_revwalk *walk = NULL;
	CLEANUP(reading_release) struct reading reading = {0};
	size_t count = 0;
	git_oid oid;
	int code;

	if (git.revwalk_new(&walk, repo->handle) < 0 ||
	    git.revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME) <
		    0 ||
	    git.revwalk_push(walk, new) < 0 || git.revwalk_hide(walk, old) < 0)
		return err_set(err, ERR_INPUT, "libgit2: %s", repo_cause());
	while ((code = git.revwalk_next(&oid, walk)) == 0) {
		if (++count > REPO_WALK_MAX)
			return err_set(err, ERR_INPUT,
				       "there are more than %d of them",
				       REPO_WALK_MAX);
		if (!each_commit(repo, &oid, &reading, each, context, err))
			return false;
	}
	if (code != GIT_ITEROVER)
		return err_set(err, ERR_INPUT, "libgit2: %s", repo_cause());
	return true;
}

bool repo_split_range(const char *range, char **old, const char **new,
		      struct err *err)
{
	const char *dots = strstr(range, "..");

	if (!dots || dots == range || dots[2] == '.') {
		err_set(err, ERR_INPUT, "cannot read the range '%s'", range);
		return err_hint(err, "write it as OLD..NEW");
	}
	*old = xmemdupz(range, (size_t)(dots - range));
	*new = dots[2] ? dots + 2 : "HEAD";
	return true;
}

bool repo_walk(const struct repo *repo, const char *range, repo_commit_fn *each,
	       void *context, struct err *err)
{
	CLEANUP(free_ptr) char *old = NULL;
	const char *new = NULL;
	git_oid from, to;

	if (!repo_split_range(range, &old, &new, err))
		return false;
	if (repo_is_shallow(repo)) {
		err_set(err, ERR_NOT_FOUND,
			"cannot read the commits of '%s': the clone is shallow",
			range);
		return err_hint(err,
				"fetch the history: git fetch --unshallow");
	}
	if (!repo_resolve(repo, old, &from, err) ||
	    !repo_resolve(repo, new, &to, err))
		return false;
	if (!walk_between(repo, &from, &to, each, context, err))
		return err_wrap(err, "cannot read the commits of '%s'", range);
	return true;
}
