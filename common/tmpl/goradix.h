/*
 * Base 64 and base 32 read as leniently as Go does, and with its errors.
 *
 * Line breaks are skipped, stray bits behind the last byte are dropped.
 *
 * Source: Go 1.26's encoding/base64 and encoding/base32.
 */
#ifndef TMPL_GORADIX_H
#define TMPL_GORADIX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct str;
struct value_text;

/*
 * Append what @text says to @out.  False: it is not right, and *@bad is the
 * position that Go names; @out may hold a part.
 */
bool goradix_decode64(struct str *out, const struct value_text *text,
		      size_t *bad) MUST_CHECK;
bool goradix_decode32(struct str *out, const struct value_text *text,
		      size_t *bad) MUST_CHECK;

/* Append the base 32 of @text, padded. */
void goradix_encode32(struct str *out, const struct value_text *text);

#endif
