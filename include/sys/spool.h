/*
 * Bytes that nobody may see before the last of them is there: the first in
 * memory, the others in a file without a name.
 *
 *	CLEANUP(spool_release) struct spool spool = {.env = env};
 *
 *	if (!spool_write(&spool, bytes, len, err) || ...
 *	    !spool_each(&spool, print, out, err))
 *		return false;
 *
 * Where no folder lets us make such a file, all of them stay in memory.
 */
#ifndef SYS_SPOOL_H
#define SYS_SPOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct env;
struct err;

#define SPOOL_MEMORY ((size_t)256 << 10) /* bytes before there is a file */
#define SPOOL_PIECE  ((size_t)64 << 10)	 /* bytes that spool_each() hands on */

/* All-zero but for @env, which tells where temporary files go; borrowed. */
struct spool {
	const struct env *env;
	struct str memory;
	int fd; /* 0 = no file yet */
	bool no_file;
};

/* Append.  Errors: IO (the disk is full). */
bool spool_write(struct spool *spool, const char *bytes, size_t len,
		 struct err *err) MUST_CHECK;

/* Hand all of it to @each, in order, in pieces; that one may fail. */
bool spool_each(struct spool *spool,
		bool (*each)(void *arg, const char *bytes, size_t len,
			     struct err *err),
		void *arg, struct err *err) MUST_CHECK;

void spool_release(struct spool *spool);

#endif
