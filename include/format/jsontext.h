/*
 * JSON text to values and back, for the layers that do not see jansson.
 */
#ifndef FORMAT_JSONTEXT_H
#define FORMAT_JSONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct arena;
struct err;
struct str;
struct value;

/* As jsn_parse(), into @arena.  Errors: INPUT with line and column. */
bool jsontext_parse(const struct value **value, const char *text, size_t len,
		    const char *what, struct arena *arena, struct err *err)
	MUST_CHECK;

/* Append @value: on one line, or (@pretty) indented by two. */
void jsontext_print(struct str *out, const struct value *value, bool pretty);

#endif
