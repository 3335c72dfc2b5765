/*
 * Base64 of RFC 4648: the standard alphabet (part 4) and the one that is
 * safe in URLs and file names (part 5).
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct str;

enum base64_form {
	BASE64_STANDARD, /* + / and padding */
	BASE64_URL,	 /* - _ and padding */
	BASE64_URL_RAW,	 /* - _ without padding */
};

/* Append the encoding of @bytes to @out. */
void base64_encode(struct str *out, const void *bytes, size_t len,
		   enum base64_form form);

/*
 * Append what @text says to @out.  Strict: no white space, right padding, no
 * stray bits.  False (and @out unchanged) for anything else.
 */
bool base64_decode(struct str *out, const char *text, size_t len,
		   enum base64_form form) MUST_CHECK;

#endif
