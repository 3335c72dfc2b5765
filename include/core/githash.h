/*
 * What may be the hash of a commit: SHA-1 or SHA-256 in hex.  Pure.
 * Source: git's gitrevisions(7), hash-function-transition.
 */
#ifndef CORE_GITHASH_H
#define CORE_GITHASH_H

#include <stdbool.h>
#include <stddef.h>

#define GITHASH_MIN 7  /* digits that git shows at least */
#define GITHASH_MAX 64 /* of SHA-256; SHA-1 has 40 */

/* Are the @len bytes a whole one, in lower case as git writes it? */
bool githash_is_whole(const char *text, size_t len);

/* Is @text a whole one, or its beginning, of either case as git takes it? */
bool githash_is_part(const char *text);

#endif
