#include "flow/ahead.h"

#include <stdlib.h>

#include "api/gitremote.h"
#include "api/repo.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "core/ahead.h"
#include "core/gitaddress.h"
#include "flow/origin.h"
#include "net/http.h"

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

/* What somebody, or CI, calls the branch to be merged into; NULL: nobody. */
static const char *named_base(const struct ahead_sources *sources)
{
	const struct origin *origin = sources->origin;

	if (origin->target)
		return origin->target;
	return sources->main_branch ? sources->main_branch
				    : origin->default_branch;
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
static bool find_target(const struct repo *repo,
			const struct ahead_sources *sources, const char **base,
			char **tip, struct err *err)
{
	static const char *const usual[] = {"main", "master"};
	const char *named = named_base(sources);

	if (repo_is_shallow(repo))
		return true;
	return named ? find_base(repo, &named, 1, base, tip, err)
		     : find_base(repo, usual, ARRAY_SIZE(usual), base, tip,
				 err);
}

static void conclude(struct ahead *ahead, const char *base, bool held)
{
	ahead->of = xstrdup(base);
	ahead->state = held ? AHEAD_NO : AHEAD_YES;
}

static bool compare(struct ahead *ahead, const struct repo *repo,
		    const struct ahead_sources *sources, struct err *err)
{
	const struct origin *origin = sources->origin;
	CLEANUP(free_ptr) char *tip = NULL;
	const char *base = NULL;
	bool held;

	if (!find_target(repo, sources, &base, &tip, err))
		return false;
	if (!tip)
		return true;
	if ((origin->pull_request && !origin->own_commit &&
	     !take_own_commit(repo, tip, &ahead->commit, err)) ||
	    !repo_holds(repo, tip, ahead->commit, &held, err))
		return false;
	conclude(ahead, base, held);
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
	*same = url && origin->git_url && gitaddress_same(url, origin->git_url);
	return true;
}

/* In a build of a pull request the branch may be a fork's. */
static bool look_for_branch(struct ahead *ahead, const struct repo *repo,
			    const struct ahead_sources *sources,
			    struct err *err)
{
	return ahead->seen || sources->origin->pull_request ||
	       repo_remote_has(repo, REMOTE, sources->branch, &ahead->seen,
			       err);
}

/* A branch of another name than the build's, in a checkout that is open. */
static bool ask_about_other(struct ahead *ahead,
			    const struct ahead_sources *sources,
			    struct err *err)
{
	const struct repo *repo = &sources->origin->repo;
	bool same = false;

	if (!repo_is_open(repo))
		return true;
	return is_of(repo, sources->origin, &same, err) &&
	       (!same || look_for_branch(ahead, repo, sources, err));
}

static bool ask_checkout(struct ahead *ahead,
			 const struct ahead_sources *sources, struct err *err)
{
	CLEANUP(repo_release) struct repo repo = {0};
	bool same = false;

	if (!repo_find(&repo, ".", err))
		return false;
	if (!repo_is_open(&repo))
		return true;
	if (!is_of(&repo, sources->origin, &same, err) ||
	    (same && (!look_for_branch(ahead, &repo, sources, err) ||
		      !find_commit(ahead, &repo, sources->branch, err))))
		return false;
	return !same || !ahead->commit || compare(ahead, &repo, sources, err);
}

/* What is not known there, which may be one of many, is not certain. */
static bool ask_server(struct ahead *ahead, const struct ahead_sources *sources,
		       struct err *err)
{
	CLEANUP(http_release) struct http http = {0};
	CLEANUP(gitremote_release) struct gitremote remote = {0};
	const char *url = sources->origin->git_url;
	struct http_config config = *sources->http;
	enum gitremote_held held;
	const char *base, *tip;

	config.deadline =
		deadline_sooner(deadline_in(AHEAD_SERVER_MS), config.deadline);
	if (!http_open(&http, &config, err) ||
	    !gitremote_read(&remote, &http, url, sources->git_credentials, err))
		return false;
	ahead->seen |= gitremote_tip(&remote, sources->branch) != NULL;
	base = named_base(sources);
	if (!base)
		base = gitremote_default(&remote);
	tip = base ? gitremote_tip(&remote, base) : NULL;
	if (!tip)
		return err_set(err, ERR_NOT_FOUND, "'%s' has no branch '%s'",
			       url, base ? base : "main");
	if (!gitremote_holds(&remote, &http, sources->git_credentials, tip,
			     ahead->commit, &held, err))
		return false;
	if (held != GITREMOTE_UNKNOWN)
		conclude(ahead, base, held == GITREMOTE_HELD);
	return true;
}

static bool may_ask_server(const struct ahead *ahead,
			   const struct ahead_sources *sources)
{
	return ahead->state == AHEAD_UNKNOWN && ahead->commit &&
	       sources->origin->git_url &&
	       secret_is_set(sources->git_credentials);
}

void ahead_find(struct ahead *ahead, const struct ahead_sources *sources)
{
	const struct origin *origin = sources->origin;
	CLEANUP(err_release) struct err unread = {0};
	CLEANUP(err_release) struct err unasked = {0};

	/* A name that somebody gave is of another branch, or of none. */
	if (!same_text(sources->branch, origin->branch)) {
		if (!ask_about_other(ahead, sources, &unread))
			log_debug("whether there is a branch '%s' is not "
				  "known: %s",
				  sources->branch, unread.text);
		return;
	}
	ahead->seen = origin->branch_seen && origin->git_url;
	if (origin->own_commit)
		ahead->commit = xstrdup(origin->own_commit);
	else if (!origin->commit_is_head)
		ahead->commit = xstrdup_or_null(origin->commit);
	if (!ask_checkout(ahead, sources, &unread))
		log_debug("whether '%s' is ahead is not known: %s",
			  sources->branch, unread.text);
	if (may_ask_server(ahead, sources) &&
	    !ask_server(ahead, sources, &unasked))
		report_warning(sources->reporter,
			       "whether '%s' is ahead is not known: %s",
			       sources->branch, unasked.text);
}
