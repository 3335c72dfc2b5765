#include "core/ci.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/ci_parts.h"
#include "core/githash.h"
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

void ci_set(char **field, const char *value)
{
	if (!*field && !is_blank(value))
		*field = xstrdup(value);
}

void ci_set_from(char **field, const struct env *env, const char *name)
{
	ci_set(field, env_get(env, name));
}

void ci_set_commit(char **field, const char *hash)
{
	if (hash && githash_is_part(hash))
		ci_set(field, hash);
}

void ci_set_git_url(struct ci *ci, const char *url)
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

void ci_set_fork(struct ci *ci, const char *path)
{
	const char *end = strrchr(path, '/');
	size_t len = end ? (size_t)(end - path) : strlen(path);

	if (!ci->fork && len)
		ci->fork = xmemdupz(path, len);
}

void ci_set_request(struct ci *ci, bool own)
{
	ci->pull_request = true;
	ci->doubt = NULL;
	if (!ci->branch)
		ci->doubt = "CI does not name the branch of the pull request";
	else if (!own && !ci->fork)
		ci->doubt = "CI does not tell whether the pull request comes "
			    "from a fork";
}

/*
 * Of a branch that is not the main one, and of a pull request, Jenkins does
 * not tell which is.
 */
static void read_jenkins_main(struct ci *ci, const struct env *env)
{
	if (env_get(env, "JENKINS_URL") && !ci->change &&
	    same_text(env_get(env, "BRANCH_IS_PRIMARY"), "true"))
		ci_set_from(&ci->main_branch, env, "BRANCH_NAME");
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

	ci_set_from(&ci->branch, env, "CHANGE_BRANCH");
	ci_set_from(&ci->branch, env, "BRANCH_NAME");
	ci_set_from(&ci->target, env, "CHANGE_TARGET");
	ci_set_from(&ci->change, env, "CHANGE_ID");
	ci_set_from(&ci->commit, env, "GIT_COMMIT");
	ci_set_from(&ci->build_url, env, "BUILD_URL");
	if (url)
		ci_set_git_url(ci, url);
	if (fork)
		ci_set_fork(ci, fork);
	if (fork && !ci->fork)
		ci_set_request(ci, false);
	read_jenkins_main(ci, env);
	if (!branch || !env_get(env, "JENKINS_URL"))
		return;
	/* The git plugin's: "origin/main", or this of a commit that was named. */
	if (same_text(branch, "detached"))
		return;
	ci_set(&ci->branch,
	       starts_with(branch, "origin/") ? branch + 7 : branch);
}

/* A pull request of another forge that GitLab builds has names of its own. */
static const struct {
	const char *branch, *target, *change, *commit, *from, *to, *source;
} gitlab_requests[] = {
	{"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
	 "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "CI_MERGE_REQUEST_IID",
	 "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA",
	 "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH",
	 "CI_MERGE_REQUEST_PROJECT_PATH", "merge_request_event"},
	{"CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME",
	 "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME",
	 "CI_EXTERNAL_PULL_REQUEST_IID",
	 "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA",
	 "CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY",
	 "CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY",
	 "external_pull_request_event"},
};

static void read_gitlab_request(struct ci *ci, const struct env *env, size_t i)
{
	const char *change = env_get(env, gitlab_requests[i].change);
	const char *from = env_get(env, gitlab_requests[i].from);
	const char *to = env_get(env, gitlab_requests[i].to);

	if (!change && !same_text(env_get(env, "CI_PIPELINE_SOURCE"),
				  gitlab_requests[i].source))
		return;
	ci_set(&ci->change, change);
	ci_set_from(&ci->branch, env, gitlab_requests[i].branch);
	ci_set_from(&ci->target, env, gitlab_requests[i].target);
	ci_set_from(&ci->own_commit, env, gitlab_requests[i].commit);
	if (from && to && strcmp(from, to) != 0)
		ci_set_fork(ci, from);
	ci_set_request(ci, from && same_text(from, to));
}

static void read_gitlab(struct ci *ci, const struct env *env)
{
	const char *url = env_get(env, "CI_PROJECT_URL");

	for (size_t i = 0; i < ARRAY_SIZE(gitlab_requests); i++)
		read_gitlab_request(ci, env, i);
	if (!ci->pull_request)
		ci_set_from(&ci->branch, env, "CI_COMMIT_BRANCH");
	ci_set_from(&ci->commit, env, "CI_COMMIT_SHA");
	ci_set_from(&ci->build_url, env, "CI_PIPELINE_URL");
	ci_set_from(&ci->main_branch, env, "CI_DEFAULT_BRANCH");
	/* Not CI_REPOSITORY_URL, which holds the job's token. */
	if (url)
		ci_set_git_url(ci, url);
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

static bool is_gitlab_branch(const struct ci *ci, const struct env *env)
{
	const char *from = env_get(env, "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH");
	const char *to = env_get(env, "CI_MERGE_REQUEST_PROJECT_PATH");

	if (!ci->pull_request)
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
		{"github", ci_is_github_branch},
		{"gitlab", is_gitlab_branch},
	};

	if (!ci->branch || ci->doubt)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(servers); i++) {
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
	ci_read_plain(ci, env);
	if (same_text(ci->server, "github"))
		ci_read_github(ci, env);
	if (same_text(ci->server, "gitlab"))
		read_gitlab(ci, env);
	if (ci->git_url)
		ci->repository_name = ci_repository_name(ci->git_url);
	ci->pull_request |= ci->change != NULL;
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
