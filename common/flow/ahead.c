#include "flow/ahead.h"

#include <stdlib.h>

#include "api/repo.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/ahead.h"
#include "core/envname.h"
#include "flow/origin.h"

#define REMOTE "origin"

/* Which of @names, the first that is known, was at which commit. */
static bool find_base(const struct repo *repo, const char *const names[],
		      size_t count, const char **base, char **tip,
		      struct err *err)
{
	for (size_t i = 0; i < count && !*tip; i++) {
		*base = names[i];
		if (names[i] &&
		    !repo_fetched_tip(repo, REMOTE, names[i], tip, err))
			return false;
	}
	return true;
}

static const char *first_of(const char *a, const char *b)
{
	return a ? a : b;
}

/* CI merges a pull request into its target: the second parent is its own. */
static bool take_own_commit(const struct repo *repo, const char *tip,
			    char **commit, struct err *err)
{
	CLEANUP(free_ptr) char *first_name = xasprintf("%s^1", *commit);
	CLEANUP(free_ptr) char *second_name = xasprintf("%s^2", *commit);
	CLEANUP(free_ptr) char *second = NULL;
	bool held = false;

	if (!repo_find_commit(repo, second_name, &second, err))
		return false;
	if (second && !repo_holds(repo, tip, first_name, &held, err))
		return false;
	if (held) {
		free(*commit);
		*commit = second;
		second = NULL;
	}
	return true;
}

/* *@tip stays NULL where there is no telling. */
static bool find_target(const struct repo *repo, const struct origin *origin,
			const char *main_branch, const char **base, char **tip,
			struct err *err)
{
	const char *named = first_of(
		origin->target, first_of(main_branch, origin->default_branch));
	const char *const usual[] = {"main", "master"};

	if (repo_is_shallow(repo))
		return true;
	return named ? find_base(repo, &named, 1, base, tip, err)
		     : find_base(repo, usual, ARRAY_SIZE(usual), base, tip,
				 err);
}

static bool compare(struct ahead *ahead, const struct repo *repo,
		    const struct origin *origin, const char *main_branch,
		    struct err *err)
{
	CLEANUP(free_ptr) char *tip = NULL;
	const char *base = NULL;
	bool held;

	if (!find_target(repo, origin, main_branch, &base, &tip, err))
		return false;
	if (!tip)
		return true;
	if ((origin->pull_request &&
	     !take_own_commit(repo, tip, &ahead->commit, err)) ||
	    !repo_holds(repo, tip, ahead->commit, &held, err))
		return false;
	ahead->of = xstrdup(base);
	ahead->state = held ? AHEAD_NO : AHEAD_YES;
	return true;
}

/* What CI does not tell, HEAD does, unless another branch is checked out. */
static bool find_commit(struct ahead *ahead, const struct repo *repo,
			const char *branch, struct err *err)
{
	CLEANUP(repo_head_release) struct repo_head head = {0};

	if (ahead->commit)
		return true;
	if (!repo_read_head(repo, &head, err))
		return false;
	if (!head.branch || same_text(head.branch, branch)) {
		ahead->commit = head.commit;
		head.commit = NULL;
	}
	return true;
}

/* Is it a clone of the repository that is deployed? */
static bool is_of(const struct repo *repo, const struct origin *origin,
		  bool *same, struct err *err)
{
	CLEANUP(free_ptr) char *url = NULL;

	if (!repo_remote_url(repo, REMOTE, &url, err))
		return false;
	*same = url && origin->git_url &&
		envname_same_repository(url, origin->git_url);
	return true;
}

static bool ask_checkout(struct ahead *ahead, const struct origin *origin,
			 const char *branch, const char *main_branch,
			 struct err *err)
{
	CLEANUP(repo_release) struct repo repo = {0};
	bool same = false;

	if (!repo_find(&repo, ".", err))
		return false;
	if (!repo_is_open(&repo))
		return true;
	if (!is_of(&repo, origin, &same, err) ||
	    (same && !find_commit(ahead, &repo, branch, err)))
		return false;
	return !same || !ahead->commit ||
	       compare(ahead, &repo, origin, main_branch, err);
}

void ahead_find(struct ahead *ahead, const struct origin *origin,
		const char *branch, const char *main_branch)
{
	CLEANUP(err_release) struct err failure = {0};

	/* A name that somebody gave is of another branch, or of none. */
	if (!same_text(branch, origin->branch))
		return;
	if (!origin->commit_is_head)
		ahead->commit = xstrdup_or_null(origin->commit);
	if (!ask_checkout(ahead, origin, branch, main_branch, &failure))
		log_debug("whether '%s' is ahead is not known: %s", branch,
			  failure.text);
}
