/*
 * Patterns of names, as fnmatch(3) has them: "*", "?", "[...]", "\".  Pure.
 */
#ifndef CORE_GLOB_H
#define CORE_GLOB_H

#include <stdbool.h>

#include "base/attr.h"

struct err;
struct strvec;

/*
 * Can @pattern match anything?  One with a slip ("prot-[x") matches nothing,
 * silently, and so would protect nothing.  Errors: USAGE, which quotes it.
 */
bool glob_check(const char *pattern, struct err *err) MUST_CHECK;
bool glob_check_all(const struct strvec *patterns, struct err *err) MUST_CHECK;

/* Does one of @patterns (NULL: none) match @name? */
bool glob_matches_any(const struct strvec *patterns, const char *name);

#endif
