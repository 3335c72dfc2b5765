/*
 * A git repository, read only; the libgit2 facade.
 *
 *	CLEANUP(repo_release) struct repo repo = {0};
 *	CLEANUP(repo_head_release) struct repo_head head = {0};
 *
 *	if (!repo_find(&repo, ".", err))
 *		return false;
 *	if (repo_is_open(&repo) && !repo_read_head(&repo, &head, err))
 *		return false;
 *
 * Worktrees and partial clones are read as full ones; a shallow clone has a
 * HEAD but no history here, because libgit2 walks nothing in it.
 * Source: libgit2's reference; git's gitrevisions(7) for names of commits.
 */
#ifndef API_REPO_H
#define API_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/strvec.h"

struct err;

#define REPO_WALK_MAX 500000 /* commits of one range */

/* All-zero = no repository. */
struct repo {
	void *handle;	 /* owned */
	char *untrusted; /* owned; see repo_find() */
};

/*
 * Open the repository that @dir is in (@dir itself or a folder above).
 * Errors: NOT_FOUND (there is none), INPUT (damaged; owned by another user,
 * with a hint at safe.directory), IO (libgit2 missing).
 */
bool repo_open(struct repo *repo, const char *dir, struct err *err) MUST_CHECK;

/*
 * The same, but where there is no repository @repo stays empty; where it is
 * owned by another user, it is not opened, and its folder is
 * @repo->untrusted.
 */
bool repo_find(struct repo *repo, const char *dir, struct err *err) MUST_CHECK;

bool repo_is_open(const struct repo *repo);

/* Strings are owned. */
struct repo_head {
	char *branch; /* without refs/heads/; NULL = detached */
	char *commit; /* hash, lower-case hex */
	int64_t time; /* of the commit: seconds since the epoch */
};

/* Errors: NOT_FOUND (no commit yet), INPUT (damaged). */
bool repo_read_head(const struct repo *repo, struct repo_head *head,
		    struct err *err) MUST_CHECK;

void repo_head_release(struct repo_head *head);

/*
 * *@url gets the address of the remote @name as it is configured, which may
 * hold credentials; NULL if there is no such remote.  The caller frees it.
 * Errors: INPUT (damaged).
 */
bool repo_remote_url(const struct repo *repo, const char *name, char **url,
		     struct err *err) MUST_CHECK;

/*
 * *@branch gets the default branch of the remote @name, as its HEAD was when
 * it was cloned; NULL if that is not known (CI servers often fetch without).
 * The caller frees it.  Errors: INPUT (damaged).
 */
bool repo_default_branch(const struct repo *repo, const char *name,
			 char **branch, struct err *err) MUST_CHECK;

/*
 * *@has: the remote @name had the branch @branch when it was fetched, however
 * long ago.  Errors: INPUT (damaged).
 */
bool repo_remote_has(const struct repo *repo, const char *name,
		     const char *branch, bool *has, struct err *err) MUST_CHECK;

/*
 * *@hash gets that of the commit that @name names (a hash, a tag, a branch,
 * whatever git takes); NULL if it is not in this clone.  The caller frees it.
 * Errors: INPUT (damaged).
 */
bool repo_find_commit(const struct repo *repo, const char *name, char **hash,
		      struct err *err) MUST_CHECK;

/*
 * *@hash gets that of the branch @branch of the remote @name, if the last
 * fetch of all has brought it: NULL if it may be older than what else is
 * here, or is not here at all.  The caller frees it.
 * Errors: INPUT (damaged).
 */
bool repo_fetched_tip(const struct repo *repo, const char *name,
		      const char *branch, char **hash, struct err *err)
	MUST_CHECK;

/*
 * *@held: is @commit @tip or an ancestor of it?  Both are names of commits.
 * Errors: INPUT (damaged, a shallow clone), NOT_FOUND (an unknown name).
 */
bool repo_holds(const struct repo *repo, const char *tip, const char *commit,
		bool *held, struct err *err) MUST_CHECK;

/* Is its history cut off?  Then nothing can be walked. */
bool repo_is_shallow(const struct repo *repo);

/* Borrowed for the call.  Texts are in UTF-8, from whatever encoding. */
struct repo_commit {
	const char *hash; /* lower-case hex */
	const char *message;
	const char *author;	    /* name */
	int64_t time;		    /* seconds since the epoch */
	const char *const *parents; /* hashes */
	size_t parent_count;
};

/*
 * Called for each commit, newest first and before its parents; false ends
 * the walk with what it set in @err.
 */
typedef bool repo_commit_fn(void *context, const struct repo_commit *commit,
			    struct err *err);

/*
 * Cut @range "OLD..NEW" into its two names; *@old is the caller's, *@new in
 * @range, or HEAD where it is left out.  Errors: INPUT (not of that form).
 */
bool repo_split_range(const char *range, char **old, const char **new,
		      struct err *err) MUST_CHECK;

/*
 * Walk the commits of @range "OLD..NEW": those that NEW has and OLD has not.
 * Either is any name of a commit; NEW left out is HEAD.
 * Errors: INPUT (not of that form, more than REPO_WALK_MAX), NOT_FOUND (unknown
 * name, a shallow clone), and those of @each.
 */
bool repo_walk(const struct repo *repo, const char *range, repo_commit_fn *each,
	       void *context, struct err *err) MUST_CHECK;

/* A file as it was read; borrowed. */
struct repo_file {
	const char *name; /* below a folder */
	const char *bytes;
	size_t len;
};

/* What of a folder is not as a commit has it: names below it, sorted. */
struct repo_changes {
	struct strvec changed; /* other content, or not in the commit */
	struct strvec missing; /* files, and folders, that are no more */
};

/*
 * Compare the @count @files, all that was read of the folder @dir, with
 * @commit (any name of one).  What else lies in @dir is not looked at, nor what
 * git ignores, what is in a submodule or outside of the work tree, or what a
 * filter of the user's (git-lfs) has between the two; line ends are as git
 * would commit them.  What is missing may be what was not to be read.
 *
 * It takes the trees of the folders that were read and a hash of each file,
 * neither index nor status of the whole work tree.
 * Errors: NOT_FOUND (no such commit in this clone; @dir is not in its work
 * tree), INPUT (damaged).
 */
bool repo_compare(const struct repo *repo, const char *commit, const char *dir,
		  const struct repo_file *files, size_t count,
		  struct repo_changes *changes, struct err *err) MUST_CHECK;

void repo_changes_release(struct repo_changes *changes);

void repo_release(struct repo *repo);

#endif
