/*
 * What the CI server says about this build: Jenkins, GitHub Actions and
 * GitLab CI, by the variables that they set by themselves.
 *
 * Of Buildkite, Drone and Woodpecker the default branch alone is understood.
 * Bitbucket, Azure and CircleCI tell it in no variable.
 *
 * Jenkins' names count under the other servers too, where somebody set them
 * by hand.  User and password are cut out of addresses.
 *
 * Pure: a function of the environment's snapshot.  What is not told stays
 * NULL; the git checkout (api/repo) is the next to be asked.
 * Sources: Jenkins "Using environment variables" and the GitHub Branch
 * Source plugin's CHANGE_*; GitHub "Default environment variables"; GitLab
 * "Predefined CI/CD variables"; "Environment variables" of Buildkite, Drone
 * and Woodpecker.
 */
#ifndef CORE_CI_H
#define CORE_CI_H

#include <stdbool.h>

struct env;

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
	bool branch_seen;  /* the server names the branch, and as one of the
			      repository itself: not a variable that was set
			      by hand, nor what may be a fork's */
};

void ci_detect(struct ci *ci, const struct env *env);

/* "web" of "https://host/group/web.git" or "git@host:group/web". */
char *ci_repository_name(const char *git_url);

void ci_release(struct ci *ci);

#endif
