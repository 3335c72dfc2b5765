#include "core/ci.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sys/env.h"

char *ci_repository_name(const char *git_url)
{
	size_t end = strlen(git_url);
	size_t start;

	while (end && git_url[end - 1] == '/')
		end--;
	if (end >= 4 && strncmp(git_url + end - 4, ".git", 4) == 0)
		end -= 4;
	start = end;
	while (start && git_url[start - 1] != '/' && git_url[start - 1] != ':')
		start--;
	return start < end ? xmemdupz(git_url + start, end - start) : NULL;
}

/* What is told first counts: a variable that somebody set by hand. */
static void set(char **field, const char *value)
{
	if (!*field && !is_blank(value))
		*field = xstrdup(value);
}

static void set_from(char **field, const struct env *env, const char *name)
{
	set(field, env_get(env, name));
}

/* Addresses go into annotations and logs: without user and password. */
static void set_git_url(struct ci *ci, const char *url)
{
	const char *scheme_end = strstr(url, "://");
	const char *host, *at;

	if (ci->git_url)
		return;
	if (!scheme_end || !starts_with(url, "http")) {
		ci->git_url = xstrdup(url);
		return;
	}
	host = scheme_end + 3;
	/* Behind the last "@": a password may hold another. */
	while ((at = memchr(host, '@', strcspn(host, "/?#"))))
		host = at + 1;
	ci->git_url =
		xasprintf("%.*s%s", (int)(scheme_end + 3 - url), url, host);
}

/*
 * Whose it is: all but the last part of "owner/repository" or
 * "group/owner/repository", or all of "owner".
 */
static void set_fork(struct ci *ci, const char *fork)
{
	const char *end = strrchr(fork, '/');

	if (!ci->fork && *fork)
		ci->fork = end ? xmemdupz(fork, (size_t)(end - fork))
			       : xstrdup(fork);
}

/*
 * Of a branch that is not the main one, and of a pull request, Jenkins does
 * not tell which is.
 */
static void read_jenkins_main(struct ci *ci, const struct env *env)
{
	if (env_get(env, "JENKINS_URL") && !ci->change &&
	    same_text(env_get(env, "BRANCH_IS_PRIMARY"), "true"))
		set_from(&ci->main_branch, env, "BRANCH_NAME");
}

/*
 * Jenkins' names; also those that people set themselves elsewhere.  Of a
 * pull request BRANCH_NAME is "PR-12", the branch is CHANGE_BRANCH.
 */
static void read_jenkins(struct ci *ci, const struct env *env)
{
	const char *branch = env_get(env, "GIT_BRANCH");
	const char *url = env_get(env, "GIT_URL");
	const char *fork = env_get(env, "CHANGE_FORK");

	set_from(&ci->branch, env, "CHANGE_BRANCH");
	set_from(&ci->branch, env, "BRANCH_NAME");
	set_from(&ci->target, env, "CHANGE_TARGET");
	set_from(&ci->change, env, "CHANGE_ID");
	set_from(&ci->commit, env, "GIT_COMMIT");
	set_from(&ci->build_url, env, "BUILD_URL");
	if (url)
		set_git_url(ci, url);
	if (fork)
		set_fork(ci, fork);
	read_jenkins_main(ci, env);
	if (!branch || !env_get(env, "JENKINS_URL"))
		return;
	/* The git plugin's: "origin/main", or this of a commit that was named. */
	if (same_text(branch, "detached"))
		return;
	set(&ci->branch, starts_with(branch, "origin/") ? branch + 7 : branch);
}

/* "12" of "refs/pull/12/merge". */
static void set_github_change(struct ci *ci, const char *ref)
{
	const char *number = ref ? after_prefix(ref, "refs/pull/") : NULL;

	if (number && !ci->change)
		ci->change = xmemdupz(number, strcspn(number, "/"));
}

static void read_github(struct ci *ci, const struct env *env)
{
	const char *server = env_get(env, "GITHUB_SERVER_URL");
	const char *repository = env_get(env, "GITHUB_REPOSITORY");
	const char *run = env_get(env, "GITHUB_RUN_ID");
	const char *type = env_get(env, "GITHUB_REF_TYPE");
	CLEANUP(free_ptr) char *url = NULL;

	set_github_change(ci, env_get(env, "GITHUB_REF"));
	set_from(&ci->branch, env, "GITHUB_HEAD_REF");
	if (!ci->change && same_text(type, "branch"))
		set_from(&ci->branch, env, "GITHUB_REF_NAME");
	set_from(&ci->target, env, "GITHUB_BASE_REF");
	set_from(&ci->commit, env, "GITHUB_SHA");
	if (!server || !repository)
		return;
	url = xasprintf("%s/%s", server, repository);
	set_git_url(ci, url);
	if (run && !ci->build_url)
		ci->build_url = xasprintf("%s/actions/runs/%s", url, run);
}

/* The owner of the project that a merge request comes from, if another. */
static void set_gitlab_fork(struct ci *ci, const struct env *env)
{
	const char *from = env_get(env, "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH");
	const char *to = env_get(env, "CI_MERGE_REQUEST_PROJECT_PATH");

	if (from && to && strcmp(from, to) != 0)
		set_fork(ci, from);
}

static void read_gitlab(struct ci *ci, const struct env *env)
{
	const char *url = env_get(env, "CI_PROJECT_URL");

	set_from(&ci->branch, env, "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME");
	set_from(&ci->branch, env, "CI_COMMIT_BRANCH");
	set_from(&ci->target, env, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME");
	set_from(&ci->change, env, "CI_MERGE_REQUEST_IID");
	set_from(&ci->commit, env, "CI_COMMIT_SHA");
	set_from(&ci->own_commit, env, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA");
	set_from(&ci->build_url, env, "CI_PIPELINE_URL");
	set_from(&ci->main_branch, env, "CI_DEFAULT_BRANCH");
	set_gitlab_fork(ci, env);
	/* Not CI_REPOSITORY_URL, which holds the job's token. */
	if (url)
		set_git_url(ci, url);
}

/* Each of these variables is one server's alone. */
static void read_others(struct ci *ci, const struct env *env)
{
	set_from(&ci->main_branch, env, "BUILDKITE_PIPELINE_DEFAULT_BRANCH");
	set_from(&ci->main_branch, env, "DRONE_REPO_BRANCH");
	set_from(&ci->main_branch, env, "CI_REPO_DEFAULT_BRANCH");
}

/*
 * Where Jenkins knows the branch of a pull request, it names the fork, too.
 * Else a pull request's BRANCH_NAME ("PR-12") is no branch.
 */
static bool is_jenkins_branch(const struct ci *ci, const struct env *env)
{
	const char *fetched = env_get(env, "GIT_BRANCH");

	if (ci->change)
		return !ci->fork && env_get(env, "CHANGE_BRANCH");
	return env_get(env, "BRANCH_NAME") ||
	       (fetched && starts_with(fetched, "origin/"));
}

/* Of a pull request no variable tells the repository. */
static bool is_github_branch(const struct ci *ci, const struct env *env)
{
	return !ci->pull_request &&
	       same_text(env_get(env, "GITHUB_REF_TYPE"), "branch") &&
	       same_text(ci->branch, env_get(env, "GITHUB_REF_NAME"));
}

static bool is_gitlab_branch(const struct ci *ci, const struct env *env)
{
	const char *from = env_get(env, "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH");
	const char *to = env_get(env, "CI_MERGE_REQUEST_PROJECT_PATH");

	if (!ci->change)
		return same_text(ci->branch, env_get(env, "CI_COMMIT_BRANCH"));
	return from && same_text(from, to) &&
	       same_text(ci->branch,
			 env_get(env, "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"));
}

static bool is_branch_seen(const struct ci *ci, const struct env *env)
{
	static const struct {
		const char *server;
		bool (*is_branch)(const struct ci *ci, const struct env *env);
	} servers[] = {
		{"jenkins", is_jenkins_branch},
		{"github", is_github_branch},
		{"gitlab", is_gitlab_branch},
	};

	for (size_t i = 0; i < ARRAY_SIZE(servers) && ci->branch; i++) {
		if (same_text(ci->server, servers[i].server))
			return servers[i].is_branch(ci, env);
	}
	return false;
}

void ci_detect(struct ci *ci, const struct env *env)
{
	if (env_get(env, "GITHUB_ACTIONS"))
		ci->server = "github";
	else if (env_get(env, "GITLAB_CI"))
		ci->server = "gitlab";
	else if (env_get(env, "JENKINS_URL"))
		ci->server = "jenkins";

	read_jenkins(ci, env);
	if (same_text(ci->server, "github"))
		read_github(ci, env);
	if (same_text(ci->server, "gitlab"))
		read_gitlab(ci, env);
	if (!ci->server)
		read_others(ci, env);
	if (ci->git_url)
		ci->repository_name = ci_repository_name(ci->git_url);
	/* On pull_request_target GitHub's ref is that of the target. */
	ci->pull_request = ci->change || (same_text(ci->server, "github") &&
					  env_get(env, "GITHUB_HEAD_REF"));
	ci->branch_seen = is_branch_seen(ci, env);
}

void ci_release(struct ci *ci)
{
	free(ci->repository_name);
	free(ci->git_url);
	free(ci->branch);
	free(ci->target);
	free(ci->change);
	free(ci->fork);
	free(ci->commit);
	free(ci->own_commit);
	free(ci->build_url);
	free(ci->main_branch);
	*ci = (struct ci){0};
}
