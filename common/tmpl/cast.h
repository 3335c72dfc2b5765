/*
 * Values as other types, the way Sprig turns them: what does not fit is 0.
 *
 * Source: spf13/cast v1.7.0 and Sprig v3.3.0 (strval, empty).
 */
#ifndef TMPL_CAST_H
#define TMPL_CAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct call;
struct err;
struct str;
struct value;
struct value_text;

int64_t cast_int(const struct value *value);
double cast_float(const struct value *value);

/* strconv.ParseFloat: words for what is no number, too. */
bool cast_parse_float(const char *bytes, size_t len, double *number) MUST_CHECK;

/*
 * strconv.ParseInt of decimal digits, its error ignored: what is no number is
 * 0, and of too many digits the last number that there is.
 */
int64_t cast_digits(const struct value_text *text);

/* Append the text of a string, of anything else what %v prints. */
void cast_text(struct str *out, const struct value *value);

/*
 * The []string of Sprig's strslice: the items without nil, of a single
 * value itself.  Errors: INPUT (the render's ceilings).
 */
bool cast_strings(struct call *call, const struct value *value,
		  const struct value **list, struct err *err) MUST_CHECK;

#endif
