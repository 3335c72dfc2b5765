/*
 * JSON as Go's encoding/json writes and reads it.
 *
 * Unlike jansson's (format/jsn) it takes values of every Go type, writes
 * Go's very bytes, and says what is wrong in Go's words: templates see both.
 *
 *	struct gojson_size size;
 *
 *	if (!gojson_check(text, len, &size, err))
 *		return false;
 *	account for size.values and size.depth
 *	value = gojson_build(text, arena, &too_large);
 *
 * Source: Go 1.26's encoding/json (encode.go, scanner.go, decode.go).
 */
#ifndef FORMAT_GOJSON_H
#define FORMAT_GOJSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "format/value.h"

struct arena;
struct err;
struct str;

/* Nesting that Go reads; what it writes has no limit but VALUE_DEPTH_MAX. */
#define GOJSON_DEPTH_MAX 10000

enum gojson_flag {
	GOJSON_HTML = 1 << 0,	/* <, > and & as \u003c, \u003e and \u0026 */
	GOJSON_PRETTY = 1 << 1, /* on lines of their own, indented by two */
};

/*
 * Append @value as json.Marshal writes it: keys in order of their bytes,
 * U+FFFD for what is not UTF-8, null for nil lists and maps.
 * Errors: INPUT, in Go's words (NaN, infinities and complex numbers have no
 * JSON; a time beyond the year 9999 neither), or too deep.
 */
bool gojson_write(struct str *out, const struct value *value,
		  unsigned int flags, struct err *err) MUST_CHECK;

/* What a text holds. */
struct gojson_size {
	size_t values; /* of all kinds, at all depths, and keys */
	size_t depth;  /* lists and maps within each other */
	size_t wrong;  /* where gojson_check() fails: the byte to blame */
};

/*
 * Whether @text, NUL-terminated at @len, is one JSON value to json.Valid.
 * Errors: INPUT; the text is that of Go's SyntaxError.
 */
bool gojson_check(const char *text, size_t len, struct gojson_size *size,
		  struct err *err) MUST_CHECK;

/*
 * The value of @text, which gojson_check() has found to be JSON no deeper
 * than VALUE_DEPTH_MAX: as json.Unmarshal reads into an interface{}, so all
 * numbers are float64 and the last of equal keys stays.  A number beyond
 * float64 is nil; *@too_large then is the first of them (else empty).
 */
const struct value *gojson_build(const char *text, struct arena *arena,
				 struct value_text *too_large);

#endif
