#include "core/ci.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/ci_parts.h"
#include "format/value.h"
#include "sys/env.h"

#define CI_UNSURE \
	"CI does not tell whether it builds a branch or a pull request"

static bool is_one_of(const char *word, const char *const words[], size_t count)
{
	for (size_t i = 0; word && i < count; i++) {
		if (strcmp(word, words[i]) == 0)
			return true;
	}
	return false;
}

/* --- variables ------------------------------------------------------------ */

/* GITHUB_REF is the default branch then, whichever branch it is about. */
static bool is_indirect(const char *event)
{
	static const char *const names[] = {"workflow_run", "issue_comment",
					    "check_run", "check_suite",
					    "status"};

	return is_one_of(event, names, ARRAY_SIZE(names));
}

/* "12" of "refs/pull/12/merge". */
static void set_change(struct ci *ci, const char *ref)
{
	const char *number = ref ? after_prefix(ref, "refs/pull/") : NULL;

	if (number && !ci->change)
		ci->change = xmemdupz(number, strcspn(number, "/"));
}

/* On pull_request_target the ref is that of the target. */
static bool is_request(const struct env *env, const char *event)
{
	const char *ref = env_get(env, "GITHUB_REF");

	return (ref && starts_with(ref, "refs/pull/")) ||
	       env_get(env, "GITHUB_HEAD_REF") ||
	       (event && starts_with(event, "pull_request"));
}

/* Pull requests that wait to be merged are built together, on such a branch. */
static bool is_merge_queue(const char *branch)
{
	return branch && starts_with(branch, "gh-readonly-queue/");
}

static void read_branch(struct ci *ci, const struct env *env)
{
	const char *name = env_get(env, "GITHUB_REF_NAME");

	if (!same_text(env_get(env, "GITHUB_REF_TYPE"), "branch"))
		return;
	ci_set(&ci->branch, name);
	if (is_merge_queue(name))
		ci_set_request(ci, true);
}

static void read_addresses(struct ci *ci, const struct env *env)
{
	const char *server = env_get(env, "GITHUB_SERVER_URL");
	const char *repository = env_get(env, "GITHUB_REPOSITORY");
	const char *run = env_get(env, "GITHUB_RUN_ID");
	CLEANUP(free_ptr) char *url = NULL;

	if (!server || !repository)
		return;
	url = xasprintf("%s/%s", server, repository);
	ci_set_git_url(ci, url);
	if (run && !ci->build_url)
		ci->build_url = xasprintf("%s/actions/runs/%s", url, run);
}

void ci_read_github(struct ci *ci, const struct env *env)
{
	const char *event = env_get(env, "GITHUB_EVENT_NAME");
	bool indirect = is_indirect(event);

	set_change(ci, env_get(env, "GITHUB_REF"));
	ci_set_from(&ci->branch, env, "GITHUB_HEAD_REF");
	ci_set_from(&ci->target, env, "GITHUB_BASE_REF");
	/* GITHUB_SHA is of the ref, not of what the event is about. */
	if (!indirect && !same_text(event, "pull_request_target"))
		ci_set_from(&ci->commit, env, "GITHUB_SHA");
	if (is_request(env, event))
		ci_set_request(ci, false);
	else if (indirect)
		ci->doubt = CI_UNSURE;
	else if (!ci->change)
		read_branch(ci, env);
	read_addresses(ci, env);
}

/* Of a pull request no variable tells the repository. */
bool ci_is_github_branch(const struct ci *ci, const struct env *env)
{
	return !ci->pull_request &&
	       same_text(env_get(env, "GITHUB_REF_TYPE"), "branch") &&
	       same_text(ci->branch, env_get(env, "GITHUB_REF_NAME"));
}

/* --- the event's file ------------------------------------------------------ */

static const char *find_text(const struct value *event, const char *path)
{
	const char *text = value_find_text(event, path);

	return is_blank(text) || strlen(text) > CI_NAME_MAX ? NULL : text;
}

static bool has(const struct value *event, const char *path)
{
	const struct value *found = value_find(event, path);

	return found && value_is_map(found);
}

static bool has_items(const struct value *event, const char *path)
{
	return value_find_list(event, path)->list.count > 0;
}

/* The branch of the ref, the default one, is not what the event is about. */
static void forget_ref(struct ci *ci)
{
	if (ci->main_branch && !same_text(ci->branch, ci->main_branch))
		return;
	free(ci->branch);
	ci->branch = NULL;
	ci->branch_seen = false;
	ci->doubt = CI_UNSURE;
}

/* A fork that was deleted has no name any more, but its owner still has. */
static void read_request(struct ci *ci, const struct value *event)
{
	const char *branch = find_text(event, "pull_request.head.ref");
	const char *from = find_text(event, "pull_request.head.repo.full_name");
	const char *to = find_text(event, "pull_request.base.repo.full_name");
	bool own = from && same_text(from, to);

	if (!from)
		from = find_text(event, "pull_request.head.user.login");
	if (from && to && !own)
		ci_set_fork(ci, from);
	if (branch)
		forget_ref(ci);
	ci_set(&ci->branch, branch);
	ci_set(&ci->target, find_text(event, "pull_request.base.ref"));
	ci_set_commit(&ci->own_commit,
		      find_text(event, "pull_request.head.sha"));
	ci_set_request(ci, own);
	ci->branch_seen = own && branch && same_text(branch, ci->branch);
}

static void take_run(struct ci *ci, const struct value *event)
{
	ci_set(&ci->branch, find_text(event, "workflow_run.head_branch"));
	ci_set_commit(&ci->commit, find_text(event, "workflow_run.head_sha"));
}

/* A run of pull_request_target may be told as one of the target. */
static void read_run_of_request(struct ci *ci, const struct value *event,
				const char *cause, bool own)
{
	bool told = ci->fork || !same_text(cause, "pull_request_target");

	if (told)
		take_run(ci, event);
	ci_set_commit(&ci->own_commit,
		      find_text(event, "workflow_run.head_sha"));
	ci_set_request(ci, own && told);
	ci->branch_seen =
		own && same_text(cause, "pull_request") &&
		same_text(find_text(event, "workflow_run.head_branch"),
			  ci->branch);
}

/* What started the run that has ended; what starts others is of anything. */
static void read_run(struct ci *ci, const struct value *event)
{
	static const char *const of_branches[] = {
		"push", "schedule", "workflow_dispatch", "repository_dispatch"};
	const char *cause = find_text(event, "workflow_run.event");
	const char *from =
		find_text(event, "workflow_run.head_repository.full_name");
	const char *to = find_text(event, "repository.full_name");
	bool own = from && same_text(from, to);

	forget_ref(ci);
	if (from && to && !own)
		ci_set_fork(ci, from);
	if (ci->fork || same_text(cause, "merge_group") ||
	    (cause && starts_with(cause, "pull_request"))) {
		read_run_of_request(ci, event, cause, own);
		return;
	}
	if (!own || !is_one_of(cause, of_branches, ARRAY_SIZE(of_branches)))
		return;
	take_run(ci, event);
	if (ci->branch)
		ci->doubt = NULL;
}

/* A comment on a pull request is told as one on an issue. */
static void read_comment(struct ci *ci, const struct value *event)
{
	if (has(event, "issue.pull_request")) {
		forget_ref(ci);
		ci_set_request(ci, false);
		return;
	}
	ci_set(&ci->branch, ci->main_branch);
	if (ci->branch)
		ci->doubt = NULL;
}

static void read_check(struct ci *ci, const struct value *event)
{
	forget_ref(ci);
	if (has_items(event, "check_run.pull_requests") ||
	    has_items(event, "check_suite.pull_requests"))
		ci_set_request(ci, false);
}

static void read_merge_group(struct ci *ci, const struct value *event)
{
	const char *target = find_text(event, "merge_group.base_ref");

	if (target)
		ci_set(&ci->target, after_prefix(target, "refs/heads/"));
	ci_set_request(ci, true);
}

/*
 * Whoever sends a repository_dispatch adds what he likes; those who do it for
 * a comment on a pull request add that, and GITHUB_SHA is not of it.
 */
static void read_dispatch(struct ci *ci, const struct value *payload)
{
	forget_ref(ci);
	free(ci->commit);
	ci->commit = NULL;
	read_request(ci, payload);
}

void ci_read_event(struct ci *ci, const struct value *event)
{
	ci_set(&ci->main_branch, find_text(event, "repository.default_branch"));
	if (has(event, "pull_request"))
		read_request(ci, event);
	else if (has(event, "client_payload.pull_request"))
		read_dispatch(ci, value_find(event, "client_payload"));
	else if (has(event, "workflow_run"))
		read_run(ci, event);
	else if (has(event, "issue") && has(event, "comment"))
		read_comment(ci, event);
	else if (has(event, "merge_group"))
		read_merge_group(ci, event);
	else if (has(event, "check_run") || has(event, "check_suite"))
		read_check(ci, event);
}
