/*
 * Numbers, durations and sizes from text: the whole text or nothing.
 *
 * None of them skips blanks, takes a locale into account or overflows.  They
 * give false for anything that is not exactly of the form; the caller knows
 * what the text was for and says so.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct str;

/* Decimal, an optional minus, nothing else. */
bool num_parse_int64(const char *text, int64_t *value) MUST_CHECK;
bool num_parse_uint64(const char *text, uint64_t *value) MUST_CHECK;
/* Decimal between @min and @max. */
bool num_parse_range(const char *text, int64_t min, int64_t max, int64_t *value)
	MUST_CHECK;

/* What the hexadecimal digit @c stands for; -1: it is none. */
int num_hex_digit(char c);

/*
 * A duration of one or more NUMBER UNIT pairs, units ms s m h d w, largest
 * first and each once: 90s, 5m, 1h30m, 2d.  A bare 0 is 0.  Result in
 * milliseconds, at most NUM_DURATION_MAX_MS.
 */
#define NUM_DURATION_MAX_MS ((int64_t)100 * 365 * 24 * 3600 * 1000)
bool num_parse_duration(const char *text, int64_t *milliseconds) MUST_CHECK;

/* The shortest form that num_parse_duration() reads back: 5400000: 1h30m. */
void num_format_duration(struct str *out, int64_t milliseconds);

/* Bytes: 512, 64KiB, 5MiB, 1GiB. */
bool num_parse_size(const char *text, uint64_t *bytes) MUST_CHECK;

#endif
