/*
 * What the CI server says about this build: Jenkins, GitHub Actions, Gitea's
 * and Forgejo's like it, and GitLab CI, by the variables that they set by
 * themselves.
 *
 * Of Buildkite, Drone, Woodpecker, Bitbucket Pipelines, Azure Pipelines,
 * CircleCI and Travis CI pull requests are understood, and the default branch
 * where a variable tells it (the first three).
 *
 * Jenkins' names count under the other servers too, where somebody set them
 * by hand.  User and password are cut out of addresses.
 *
 * A pull request is never taken for a branch of the repository because
 * something is not told: then there is a doubt, and whoever names anything
 * after the branch has to ask (core/envname does).
 *
 * Pure: functions of the environment's snapshot and of the event's file.  What
 * is not told stays NULL; the git checkout (api/repo) is the next to be asked,
 * but for what is in doubt.
 * Sources: Jenkins "Using environment variables" and the Branch API plugin's
 * CHANGE_*; GitHub "Default environment variables", "Events that trigger
 * workflows", "Webhook events and payloads"; GitLab "Predefined CI/CD
 * variables"; "Environment variables" of Buildkite, Drone, Woodpecker, CircleCI
 * and Travis CI; Bitbucket "Variables and secrets"; Azure "Predefined
 * variables".
 */
#ifndef CORE_CI_H
#define CORE_CI_H

#include <stdbool.h>

struct env;
struct value;

#define CI_NAME_MAX 1024 /* bytes of a name in the event's file */

/* All strings are owned; NULL = unknown. */
struct ci {
	const char *server;    /* "jenkins", "github", "gitlab"; not owned */
	char *repository_name; /* last part of the repository's path */
	char *git_url;
	char *branch; /* of a pull request: its source branch */
	char *target; /* of a pull request: the branch it goes to */
	char *change; /* number of the pull request */
	char *fork;   /* owner of the fork that it comes from: "ann", or with
			 GitLab's groups "acme/ann" */
	char *commit;
	char *own_commit; /* of a pull request, where commit is its merge */
	char *build_url;
	char *main_branch; /* the default branch, where the server says it;
			      Jenkins does when it builds it */
	bool pull_request; /* it builds one, whether its number is told or not */
	const char *doubt; /* NULL, or why branch may be NULL, or may not be
			      taken for one of the repository; not owned */
	bool branch_seen;  /* the server names the branch, and as one of the
			      repository itself: not a variable that was set
			      by hand, nor what may be a fork's */
};

void ci_detect(struct ci *ci, const struct env *env);

/*
 * Add what the file of GITHUB_EVENT_PATH tells and no variable does, after
 * ci_detect(): the default branch, a pull request's branch, fork and commit,
 * and what an event is about whose ref is the default branch, such as
 * workflow_run and issue_comment.  @event may be anything; names that are
 * empty or longer than CI_NAME_MAX are not told.
 */
void ci_read_event(struct ci *ci, const struct value *event);

/* "web" of "https://host/group/web.git" or "git@host:group/web". */
char *ci_repository_name(const char *git_url);

void ci_release(struct ci *ci);

#endif
