#include "flow/origin.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/ci.h"
#include "core/githash.h"
#include "core/record.h"
#include "format/jsontext.h"
#include "format/url.h"
#include "sys/env.h"
#include "sys/file.h"

#define REMOTE	       "origin"
#define EVENT_SIZE_MAX ((size_t)16 << 20)

/* The same address without what only its owner may know. */
static char *public_url(const char *git_url)
{
	CLEANUP(url_release) struct url url = {0};
	CLEANUP(err_release) struct err not_a_url = {0};
	struct str text = {0};

	/* git@host:path is no URL, and holds no password. */
	if (!url_parse(&url, git_url, &not_a_url))
		return strstr(git_url, "://") ? NULL : xstrdup(git_url);
	url_add_text(&text, &url, true);
	return str_detach(&text);
}

static void take(char **to, char **from)
{
	if (!*to) {
		*to = *from;
		*from = NULL;
	}
}

static bool read_event(struct ci *ci, const char *path, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str text = {0};
	const struct value *event;

	if (!path)
		return err_set(err, ERR_NOT_FOUND,
			       "GITHUB_EVENT_PATH is not set");
	if (!file_read(path, EVENT_SIZE_MAX, &text, err) ||
	    !jsontext_parse(&event, str_text(&text), text.len, path, &arena,
			    err))
		return false;
	ci_read_event(ci, event);
	return true;
}

static void ask_ci(struct origin *origin, const struct env *env)
{
	CLEANUP(ci_release) struct ci ci = {0};
	CLEANUP(err_release) struct err unread = {0};

	ci_detect(&ci, env);
	if (same_text(ci.server, "github") &&
	    !read_event(&ci, env_get(env, "GITHUB_EVENT_PATH"), &unread))
		origin->unread = xstrdup(unread.text);
	origin->pull_request = ci.pull_request;
	origin->branch_seen = ci.branch_seen;
	origin->doubt = ci.doubt;
	take(&origin->repository_name, &ci.repository_name);
	take(&origin->branch, &ci.branch);
	take(&origin->fork, &ci.fork);
	take(&origin->target, &ci.target);
	take(&origin->default_branch, &ci.main_branch);
	take(&origin->commit, &ci.commit);
	take(&origin->own_commit, &ci.own_commit);
	take(&origin->build_url, &ci.build_url);
	if (ci.git_url)
		origin->git_url = public_url(ci.git_url);
}

/* Without a commit, as just after `git init`, there is nothing to tell. */
static bool read_head(const struct repo *repo, struct repo_head *head,
		      struct err *err)
{
	CLEANUP(err_release) struct err failure = {0};

	if (repo_read_head(repo, head, &failure) ||
	    failure.kind == ERR_NOT_FOUND)
		return true;
	err_move(err, &failure);
	return false;
}

/* CI may have been told a part of it, by hand or by a script. */
static void spell_commit_out(struct origin *origin, const struct repo *repo)
{
	CLEANUP(err_release) struct err unknown = {0};
	CLEANUP(free_ptr) char *whole = NULL;
	const char *told = origin->commit;
	size_t len = told ? strlen(told) : 0;

	if (!told || githash_is_whole(told, len) || !githash_is_part(told) ||
	    !repo_find_commit(repo, told, &whole, &unknown) || !whole ||
	    strncasecmp(whole, told, len) != 0)
		return;
	free(origin->commit);
	origin->commit = whole;
	whole = NULL;
}

/* *@found: @dir is in a checkout. */
static bool ask_repo(struct origin *origin, const char *dir, bool *found,
		     struct err *err)
{
	CLEANUP(repo_head_release) struct repo_head head = {0};
	CLEANUP(free_ptr) char *url = NULL;
	CLEANUP(free_ptr) char *default_branch = NULL;
	struct repo *repo = &origin->repo;

	if (!repo_find(repo, dir, err))
		return false;
	*found = repo_is_open(repo) || repo->untrusted;
	if (!repo_is_open(repo)) {
		take(&origin->untrusted, &repo->untrusted);
		return true;
	}
	if (!read_head(repo, &head, err) ||
	    !repo_remote_url(repo, REMOTE, &url, err) ||
	    !repo_default_branch(repo, REMOTE, &default_branch, err))
		return false;

	spell_commit_out(origin, repo);
	if (!origin->commit || same_text(origin->commit, head.commit))
		origin->commit_time = head.time;
	origin->commit_is_head = !origin->commit;
	take(&origin->commit, &head.commit);
	if (!origin->doubt)
		take(&origin->branch, &head.branch);
	take(&origin->default_branch, &default_branch);
	if (!origin->git_url && url)
		origin->git_url = public_url(url);
	if (!origin->repository_name && url)
		origin->repository_name = ci_repository_name(url);
	return true;
}

/* The checkout of @dir, else that of the working folder. */
static bool ask_checkout(struct origin *origin, const char *dir,
			 struct err *err)
{
	bool found = false;

	if (file_is_dir(dir) && !ask_repo(origin, dir, &found, err))
		return false;
	return found || same_text(dir, ".") ||
	       ask_repo(origin, ".", &found, err);
}

bool origin_find(struct origin *origin, const struct env *env, const char *dir,
		 struct err *err)
{
	CLEANUP(err_release) struct err unreadable = {0};

	ask_ci(origin, env);
	if (ask_checkout(origin, dir, &unreadable))
		return true;
	if (origin->repository_name && origin->branch)
		return true;
	err_move(err, &unreadable);
	return err_wrap(err, "cannot tell repository and branch");
}

/* Is there anything left that a checkout could add to the names? */
static bool is_named(const struct origin *origin,
		     const struct envname_args *given)
{
	bool main_known = given->main_branch || origin->default_branch ||
			  origin->pull_request;

	return (given->repository_name || origin->repository_name) &&
	       (given->branch || origin->branch) && origin->git_url &&
	       main_known;
}

bool origin_find_names(struct origin *origin, const struct env *env,
		       const struct envname_args *given, struct err *err)
{
	CLEANUP(origin_release) struct origin ci = {0};

	ask_ci(&ci, env);
	if (!is_named(&ci, given))
		return origin_find(origin, env, ".", err);
	*origin = ci;
	ci = (struct origin){0};
	return true;
}

/* "a, b and c", of what is missing. */
static void add_missing(struct str *text, const char *const *missing,
			size_t count)
{
	for (size_t i = 0; i < count; i++)
		str_addf(text, "%s%s",
			 !i		 ? ""
			 : i + 1 < count ? ", "
					 : " and ",
			 missing[i]);
}

void origin_tell_untrusted(const struct origin *origin,
			   const struct envname_args *given,
			   const char *besides, const struct reporter *reporter)
{
	CLEANUP(str_release) struct str unknown = {0};
	const char *missing[5];
	size_t count = 0;

	if (!origin->untrusted)
		return;
	if (!origin->git_url)
		missing[count++] = "repository";
	if (given && !given->branch && !origin->branch)
		missing[count++] = "branch";
	if (given && !given->main_branch && !origin->default_branch &&
	    !origin->pull_request)
		missing[count++] = "main branch";
	if (!origin->commit)
		missing[count++] = "commit";
	if (besides)
		missing[count++] = besides;
	if (!count)
		return;
	add_missing(&unknown, missing, count);
	report_warning(reporter,
		       "the git repository in '%s' belongs to another user and "
		       "is not read: %s not known; to trust it: git config "
		       "--global --add safe.directory '%s'",
		       origin->untrusted, str_text(&unknown),
		       origin->untrusted);
}

struct envname_facts origin_facts(const struct origin *origin)
{
	return (struct envname_facts){
		.repository_name = origin->repository_name,
		.branch = origin->branch,
		.fork = origin->fork,
		.default_branch = origin->default_branch,
		.pull_request = origin->pull_request,
		.doubt = origin->doubt,
		.unread = origin->unread,
	};
}

void origin_record(const struct origin *origin, struct record *record)
{
	const struct {
		const char *path, *text;
	} facts[] = {
		{"repository.name", origin->repository_name},
		{"repository.url", origin->git_url},
		{"repository.branch", origin->branch},
		{"repository.commit", origin->commit},
		{"build.url", origin->build_url},
	};

	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		if (facts[i].text)
			record_set_text(record, facts[i].path, facts[i].text);
	}
}

void origin_release(struct origin *origin)
{
	free(origin->repository_name);
	free(origin->git_url);
	free(origin->branch);
	free(origin->fork);
	free(origin->target);
	free(origin->default_branch);
	free(origin->commit);
	free(origin->own_commit);
	free(origin->build_url);
	free(origin->unread);
	free(origin->untrusted);
	repo_release(&origin->repo);
	*origin = (struct origin){0};
}
