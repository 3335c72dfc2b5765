/*
 * How far symbolic links may lead in what others wrote: whoever may write to
 * a checkout, as with a pull request, is to see no more of the machine than
 * that through what is made of it.
 */
#ifndef FLOW_CHECKOUT_H
#define FLOW_CHECKOUT_H

#include <stdbool.h>

#include "base/attr.h"

struct err;

/*
 * The Git checkout that @dir is in; without one the working folder, if @dir is
 * in that and it is not "/"; else @dir itself.  Without links in it; NULL:
 * @dir is not there.  The caller frees it.
 */
char *checkout_of(const char *dir) MUST_CHECK;

/*
 * May the link @path lead to @target, which is without links?  Not out of
 * @checkout, and not into its .git, where CI servers keep logins.  Errors: INPUT.
 */
bool checkout_check_link(const char *checkout, const char *path,
			 const char *target, struct err *err) MUST_CHECK;

#endif
