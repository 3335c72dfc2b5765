/*
 * A temporary folder that shows whether its owner still lives: it is locked,
 * so that what a killed process left behind can be told from what another
 * one is working in.
 *
 *	CLEANUP(tempdir_release) struct tempdir temp = {0};
 *
 *	if (!tempdir_start(&temp, "rendered", ".rendering", err))
 *		return false;
 */
#ifndef SYS_TEMPDIR_H
#define SYS_TEMPDIR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct err;

#define TEMPDIR_TRIES_MAX 8   /* another process may take a new one for dead */
#define TEMPDIR_SWEEP_MAX 100 /* folders that one sweep removes */

struct tempdir {
	struct str path;
	int lock; /* with a path: flock(2) on the folder, -1 = none */
};

/*
 * A new folder of mode 0700, "PREFIX-XXXXXX" below @parent.  Where the file
 * system knows no locks it is not locked, and no sweep will touch it.
 * Errors: IO.
 */
bool tempdir_create(struct tempdir *temp, const char *parent,
		    const char *prefix, struct err *err) MUST_CHECK;

/*
 * Remove the folders of that form below @parent which are our user's and
 * whose owner is gone.  What cannot be removed is left.  Gives how many went.
 */
size_t tempdir_sweep(const char *parent, const char *prefix);

/* tempdir_sweep(), then tempdir_create(): what killed runs left goes first. */
bool tempdir_start(struct tempdir *temp, const char *parent, const char *prefix,
		   struct err *err) MUST_CHECK;

/* Remove it with all that is in it. */
void tempdir_release(struct tempdir *temp);

#endif
