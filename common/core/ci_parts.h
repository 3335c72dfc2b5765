/* What the files of core/ci.h share: how they fill a struct ci. */
#ifndef COMMON_CORE_CI_PARTS_H
#define COMMON_CORE_CI_PARTS_H

#include <stdbool.h>

struct ci;
struct env;

/* What is told first counts: a variable that somebody set by hand. */
void ci_set(char **field, const char *value);
void ci_set_from(char **field, const struct env *env, const char *name);

/* The same for what is the hash of a commit, and not "HEAD". */
void ci_set_commit(char **field, const char *hash);

/* Addresses go into annotations and logs: without user and password. */
void ci_set_git_url(struct ci *ci, const char *url);

/*
 * Whose it is: all but the last part of "owner/repository" or
 * "group/owner/repository", or all of "owner".
 */
void ci_set_fork(struct ci *ci, const char *path);

/*
 * It builds a pull request, and what is told of it is set.  @own: CI says that
 * it comes from the repository itself; where nobody tells that, nor a fork,
 * that is in doubt.
 */
void ci_set_request(struct ci *ci, bool own);

/* GitHub's variables. */
void ci_read_github(struct ci *ci, const struct env *env);
bool ci_is_github_branch(const struct ci *ci, const struct env *env);

/* Pull requests and default branch of the servers that have no other name. */
void ci_read_plain(struct ci *ci, const struct env *env);

#endif
