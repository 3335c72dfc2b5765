/*
 * Where a build comes from: repository, branch, commit.
 *
 * The CI server's variables are asked first, and GitHub's event, a file of at
 * most 16 MiB; the git checkout second.  What none of them tells stays NULL; of
 * a branch that is in doubt the checkout is not asked.
 */
#ifndef FLOW_ORIGIN_H
#define FLOW_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "api/repo.h"
#include "base/attr.h"
#include "core/envname.h"

struct env;
struct envname_args;
struct err;
struct record;
struct reporter;

/* All strings are owned; NULL = unknown. */
struct origin {
	char *repository_name;
	char *git_url; /* without user and password */
	char *branch;
	char *fork;	      /* owner of the fork of a pull request */
	char *target;	      /* the branch that a pull request goes to */
	char *default_branch; /* the remote's */
	char *commit;	      /* whole, if CI's is or the checkout has it */
	char *own_commit;     /* of a pull request, where commit is its merge */
	char *build_url;
	const char *doubt;   /* of the branch, see core/ci.h; not owned */
	char *unread;	     /* why GitHub's event is not known; NULL = it is */
	char *untrusted;     /* folder of a checkout that is another user's */
	int64_t commit_time; /* seconds since the epoch, 0 = unknown */
	bool commit_is_head; /* of the checkout: CI did not tell one */
	bool pull_request;
	bool branch_seen; /* CI builds it of the repository itself */
	struct repo repo; /* the checkout; empty = there is none to read */
};

/*
 * @dir is a folder in the checkout; if it is none, or in none, the working
 * folder is taken.  A checkout that cannot be read is an error only where the
 * CI server does not tell repository and branch; one that another user owns is
 * none, see origin_tell_untrusted().
 */
bool origin_find(struct origin *origin, const struct env *env, const char *dir,
		 struct err *err) MUST_CHECK;

/*
 * The same for who needs no commit: the checkout of the working folder is
 * only read where CI and what is @given leave something open of repository,
 * branch, address and main branch.  Reading it takes as long as ten requests.
 */
bool origin_find_names(struct origin *origin, const struct env *env,
		       const struct envname_args *given, struct err *err)
	MUST_CHECK;

/*
 * Warn, as git does, of a checkout that another user owns, with what is not
 * known for that: of repository, branch and main branch what is not @given,
 * either, the commit, and @besides.  @given NULL: no environment is to be
 * named; @besides NULL: nothing.  Silent where nothing is missing.
 */
void origin_tell_untrusted(const struct origin *origin,
			   const struct envname_args *given,
			   const char *besides,
			   const struct reporter *reporter);

/* What of it the names of an environment are made of; borrowed. */
struct envname_facts origin_facts(const struct origin *origin);

/* Add what is known to the release record: repository and build. */
void origin_record(const struct origin *origin, struct record *record);

void origin_release(struct origin *origin);

#endif
