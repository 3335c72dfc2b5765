/*
 * What of a program's log may be shown: a log is somebody else's text, which
 * may hold passwords.  Pure.
 *
 * Hidden are values that are known to be secret; what follows a name such as
 * password, token, secret or authorization; a login within an address; JSON
 * web tokens; and private keys.  This is a second line of defence: a secret
 * in another form than these is not recognised.
 */
#ifndef CORE_LOGMASK_H
#define CORE_LOGMASK_H

#include <stdbool.h>
#include <stddef.h>

struct str;
struct strvec;

#define LOGMASK_LINE_MAX 1000 /* bytes of a line; the rest is cut off */

/* All-zero to begin with the first line of a log. */
struct logmask {
	const struct strvec *secrets; /* known values; NULL = none */
	bool in_key;		      /* within a private key */
};

/* Append what may be shown of @line. */
void logmask_add(struct logmask *mask, struct str *out, const char *line);

#endif
