/*
 * How much of the machine others' files may show: whoever may write to a
 * checkout, as with a pull request, is to see no more than that through what
 * is made of it.  Who reads a folder that others wrote asks here about each
 * link before anything behind it is opened.
 *
 *	CLEANUP(free_ptr) char *checkout = NULL;
 *	if (!checkout_find("../db", NULL, &checkout, err) ||
 *	    !checkout_check(checkout, "../db/index.yaml", err))
 */
#ifndef CORE_CHECKOUT_H
#define CORE_CHECKOUT_H

#include <stdbool.h>

#include "base/attr.h"

struct err;

/*
 * How far links in @folder may lead: as far as @outer, if that is not NULL and
 * @folder is in it; else as its Git checkout; else as the working folder, if
 * @folder is in that and it is not "/".  *@checkout is that without links, and
 * the caller's to free; NULL: there is no such bound, or no @folder.
 * Errors: INPUT (a link on the way to @folder leads out of where it lies
 * itself; @folder is in .git, where CI servers keep logins), IO.
 */
bool checkout_find(const char *folder, const char *outer, char **checkout,
		   struct err *err) MUST_CHECK;

/*
 * May @path be read, which may be a link or lie behind one: is it in @checkout
 * (NULL = anything may), and not in .git?  What is not there may.
 * Errors: INPUT, IO.
 */
bool checkout_check(const char *checkout, const char *path, struct err *err)
	MUST_CHECK;

/* The same for the link @path to @target, which is without links. */
bool checkout_check_link(const char *checkout, const char *path,
			 const char *target, struct err *err) MUST_CHECK;

#endif
