/*
 * Servers of which only the pull request and the default branch are
 * understood: of a build of a branch the checkout tells all else.  Of a pull
 * request it does not, for HEAD may be the target, with which it was merged.
 */
#include "core/ci.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/ci_parts.h"
#include "core/gitaddress.h"
#include "sys/env.h"

/* Each of these variables is one server's alone; NULL: it has none. */
struct server {
	const char *main_branch;
	const char *change;	 /* the number, if it is a pull request */
	const char *ref, *event; /* each tells that it is one, too */
	const char *branch, *target;
	const char *commit; /* the pull request's own */
	/* False: it is not told whether it is a fork's. */
	bool (*is_own)(struct ci *ci, const struct env *env);
};

static bool is_always_own(struct ci *ci, const struct env *env)
{
	(void)env;
	return !ci->fork;
}

/* By the addresses of the two repositories. */
static bool compare_addresses(struct ci *ci, const char *from, const char *to)
{
	CLEANUP(free_ptr) char *path = from ? gitaddress_path(from) : NULL;
	const char *host_end = path ? strchr(path, '/') : NULL;

	if (from && to && gitaddress_same(from, to))
		return true;
	if (host_end && to)
		ci_set_fork(ci, host_end + 1);
	return false;
}

/* A fork's branch is "owner:branch", where the pipeline is set so. */
static bool is_own_at_buildkite(struct ci *ci, const struct env *env)
{
	char *colon = ci->branch ? strchr(ci->branch, ':') : NULL;

	if (colon) {
		*colon = '\0';
		ci_set_fork(ci, ci->branch);
		memmove(ci->branch, colon + 1, strlen(colon + 1) + 1);
		return false;
	}
	return compare_addresses(ci,
				 env_get(env, "BUILDKITE_PULL_REQUEST_REPO"),
				 env_get(env, "BUILDKITE_REPO"));
}

static bool is_own_at_azure(struct ci *ci, const struct env *env)
{
	const char *is_fork = env_get(env, "SYSTEM_PULLREQUEST_ISFORK");
	bool same = compare_addresses(
		ci, env_get(env, "SYSTEM_PULLREQUEST_SOURCEREPOSITORYURI"),
		env_get(env, "BUILD_REPOSITORY_URI"));

	return is_fork ? strcasecmp(is_fork, "false") == 0 : same;
}

/* What it tells of a pull request, it tells of a fork's alone. */
static bool is_own_at_circleci(struct ci *ci, const struct env *env)
{
	const char *owner = env_get(env, "CIRCLE_PR_USERNAME");

	if (owner)
		ci_set_fork(ci, owner);
	return false;
}

static bool is_own_at_travis(struct ci *ci, const struct env *env)
{
	const char *from = env_get(env, "TRAVIS_PULL_REQUEST_SLUG");
	const char *to = env_get(env, "TRAVIS_REPO_SLUG");

	if (from && to && strcmp(from, to) != 0)
		ci_set_fork(ci, from);
	return from && same_text(from, to);
}

static const struct server servers[] = {
	{.main_branch = "BUILDKITE_PIPELINE_DEFAULT_BRANCH",
	 .change = "BUILDKITE_PULL_REQUEST",
	 .branch = "BUILDKITE_BRANCH",
	 .target = "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
	 .commit = "BUILDKITE_COMMIT",
	 .is_own = is_own_at_buildkite},
	/* A build of a pull request that is promoted is told by its ref. */
	{.main_branch = "DRONE_REPO_BRANCH",
	 .change = "DRONE_PULL_REQUEST",
	 .ref = "DRONE_COMMIT_REF",
	 .event = "DRONE_BUILD_EVENT",
	 .branch = "DRONE_SOURCE_BRANCH",
	 .target = "DRONE_TARGET_BRANCH",
	 .commit = "DRONE_COMMIT_SHA"},
	{.main_branch = "CI_REPO_DEFAULT_BRANCH",
	 .change = "CI_COMMIT_PULL_REQUEST",
	 .ref = "CI_COMMIT_REF",
	 .event = "CI_PIPELINE_EVENT",
	 .branch = "CI_COMMIT_SOURCE_BRANCH",
	 .target = "CI_COMMIT_TARGET_BRANCH",
	 .commit = "CI_COMMIT_SHA"},
	/* Its pipelines do not build those of forks. */
	{.change = "BITBUCKET_PR_ID",
	 .branch = "BITBUCKET_BRANCH",
	 .target = "BITBUCKET_PR_DESTINATION_BRANCH",
	 .commit = "BITBUCKET_COMMIT",
	 .is_own = is_always_own},
	{.change = "SYSTEM_PULLREQUEST_PULLREQUESTID",
	 .ref = "BUILD_SOURCEBRANCH",
	 .event = "BUILD_REASON",
	 .branch = "SYSTEM_PULLREQUEST_SOURCEBRANCH",
	 .target = "SYSTEM_PULLREQUEST_TARGETBRANCH",
	 .commit = "SYSTEM_PULLREQUEST_SOURCECOMMITID",
	 .is_own = is_own_at_azure},
	{.change = "CIRCLE_PR_NUMBER",
	 .branch = "CIRCLE_BRANCH",
	 .commit = "CIRCLE_SHA1",
	 .is_own = is_own_at_circleci},
	{.change = "TRAVIS_PULL_REQUEST",
	 .branch = "TRAVIS_PULL_REQUEST_BRANCH",
	 .target = "TRAVIS_BRANCH",
	 .commit = "TRAVIS_PULL_REQUEST_SHA",
	 .is_own = is_own_at_travis},
};

static const char *find(const struct env *env, const char *name)
{
	return name ? env_get(env, name) : NULL;
}

/* Forges keep them under "refs/pull/12/head" and such names. */
static bool is_request_ref(const char *ref)
{
	static const char *const prefixes[] = {
		"refs/pull/", "refs/pull-requests/", "refs/merge-requests/"};

	for (size_t i = 0; ref && i < ARRAY_SIZE(prefixes); i++) {
		if (starts_with(ref, prefixes[i]))
			return true;
	}
	return false;
}

/* "pull_request", "pull_request_closed", or as Azure calls it. */
static bool is_request_event(const char *event)
{
	return event && (starts_with(event, "pull_request") ||
			 strcmp(event, "PullRequest") == 0);
}

static const char *branch_name(const char *ref)
{
	const char *name = ref ? after_prefix(ref, "refs/heads/") : NULL;

	return name ? name : ref;
}

static void read_server(struct ci *ci, const struct env *env,
			const struct server *server)
{
	const char *change = find(env, server->change);

	ci_set(&ci->main_branch, find(env, server->main_branch));
	if (same_text(change, "false"))
		change = NULL;
	if (!change && !is_request_ref(find(env, server->ref)) &&
	    !is_request_event(find(env, server->event)))
		return;
	ci_set(&ci->change, change);
	ci_set(&ci->branch, branch_name(find(env, server->branch)));
	ci_set(&ci->target, branch_name(find(env, server->target)));
	ci_set_commit(&ci->own_commit, find(env, server->commit));
	ci_set_request(ci, server->is_own && server->is_own(ci, env));
}

void ci_read_plain(struct ci *ci, const struct env *env)
{
	for (size_t i = 0; !ci->server && i < ARRAY_SIZE(servers); i++)
		read_server(ci, env, &servers[i]);
}
