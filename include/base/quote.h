/*
 * Text in quotes with Go's escapes.
 *
 * Source: Go's strconv (quote.go).
 */
#ifndef BASE_QUOTE_H
#define BASE_QUOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str;

/* Append "..."; @ascii: nothing beyond ASCII. */
void quote_add(struct str *out, const char *bytes, size_t len, bool ascii);

/* Append one rune as it stands between two @quote. */
void quote_add_rune(struct str *out, uint32_t rune, char quote, bool ascii);

#endif
