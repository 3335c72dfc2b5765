/*
 * Whose an environment's name is: may this repository and branch have the
 * namespace that bears these marks?  Pure.
 *
 * A name can stand for two (web + api-main, web-api + main), so the namespace
 * records its owner, raw, and another one is refused.
 */
#ifndef CORE_CLAIM_H
#define CORE_CLAIM_H

#include <stdbool.h>

#include "base/attr.h"

struct envname;
struct err;

/* What a namespace tells of its owner; NULL = absent. */
struct claim {
	const char *managed; /* version of the marks; NULL: it has none */
	const char *repository;
	const char *branch;
	const char *git_url;
	bool main;
	bool terminating;
};

/*
 * @name->namespace exists and says @found; @git_url is the address of the
 * repository that wants it, NULL if unknown.  What is not recorded, or not
 * known now, is no reason to refuse.
 *
 * One without marks is somebody's whom we do not know: it is had only where
 * the user called it by its name.
 *
 * Errors: CONFLICT (another's; without marks; a main environment that would
 * become one that expires; marks of a later version), REMOTE and temporary
 * (it is being deleted).
 */
bool claim_check(const struct claim *found, const struct envname *name,
		 const char *git_url, struct err *err) MUST_CHECK;

/*
 * May it be had by any repository of its name, for want of an address, and is
 * the first to have one, @git_url, about to note it?
 */
bool claim_is_first_address(const struct claim *found, const char *git_url);

#endif
