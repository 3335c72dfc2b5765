/*
 * Moments and durations as text, and back, in the layouts of Go's time.Format.
 *
 * Source: Go's time/format.go.
 */
#ifndef TMPL_DATEFMT_H
#define TMPL_DATEFMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "tmpl/moment.h"

struct arena;
struct str;
struct zone;

/* What time.Time prints as. */
#define DATEFMT_PRINT "2006-01-02 15:04:05.999999999 -0700 MST"

/* Append @moment as "2006-01-02 15:04:05" or any other layout says. */
void datefmt_add(struct str *out, const char *layout, size_t len,
		 const struct moment *moment);

/* Append what %#v prints: time.Date(2025, time.November, ...). */
void datefmt_add_go(struct str *out, const struct moment *moment);

/*
 * Read @text by @layout, as time.ParseInLocation does: what names no zone is
 * in @local.  A zone of its own that the text makes is in @arena.
 */
bool datefmt_parse(const char *layout, size_t layout_len, const char *text,
		   size_t len, const struct zone *local, struct arena *arena,
		   struct moment *moment) MUST_CHECK;

/* Go's time.RFC3339Nano, as which JSON holds it. */
#define DATEFMT_JSON "2006-01-02T15:04:05.999999999Z07:00"

/* Nanoseconds of a duration: "1h30m", "-1.5h", "300ms". */
bool datefmt_parse_duration(const char *text, size_t len, int64_t *nanoseconds)
	MUST_CHECK;

/* Append what time.Duration prints as: 1h30m0s. */
void datefmt_add_duration(struct str *out, int64_t nanoseconds);

/* "January", "Sunday"; out of range as Go prints it: "%!Month(13)". */
void datefmt_add_month(struct str *out, int64_t month);
void datefmt_add_weekday(struct str *out, int64_t weekday);

#endif
