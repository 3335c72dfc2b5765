/*
 * Moments as text in the layouts of Go's time.Format; always UTC.
 *
 * Source: Go's time/format.go.
 */
#ifndef TMPL_DATEFMT_H
#define TMPL_DATEFMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct str;

/* @nanoseconds is 0 to 999999999, also before 1970. */
struct moment {
	int64_t seconds;
	int32_t nanoseconds;
};

/* Append @moment as "2006-01-02 15:04:05" or any other layout says. */
void datefmt_add(struct str *out, const char *layout, size_t len,
		 const struct moment *moment);

/* What time.Time prints as. */
#define DATEFMT_PRINT "2006-01-02 15:04:05.999999999 -0700 MST"

/* Go's time.RFC3339Nano, as which JSON holds it. */
#define DATEFMT_JSON "2006-01-02T15:04:05.999999999Z07:00"

/* Nanoseconds of a duration: "1h30m", "-1.5h", "300ms". */
bool datefmt_parse_duration(const char *text, size_t len, int64_t *nanoseconds)
	MUST_CHECK;

#endif
