/*
 * Time: now, its text forms, waiting, deadlines.
 *
 * Moments are seconds or milliseconds since the epoch, UTC, without leap
 * seconds (POSIX time).  Deadlines are on the monotonic clock.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct str;

/* Wall clock, milliseconds since the epoch. */
int64_t clock_now_ms(void);

/* Monotonic clock, milliseconds from some start. */
int64_t clock_monotonic_ms(void);

/* The processor time that this process has taken. */
int64_t clock_processor_ms(void);

/* Civil time in UTC; month and day count from 1. */
struct civil {
	int year;
	int month;
	int day;
	int hour;
	int minute;
	int second;
};

void clock_to_civil(int64_t epoch_seconds, struct civil *civil);
int64_t clock_from_civil(const struct civil *civil);

/* Day of the week, 0 = Sunday. */
int clock_weekday(int64_t epoch_seconds);

/* Append 2026-11-22T13:04:05Z (RFC 3339). */
void clock_add_rfc3339(struct str *out, int64_t epoch_seconds);

/* Append 2026-11-22 13:04:05, which templates use for expiry dates. */
void clock_add_date_time(struct str *out, int64_t epoch_seconds);

/* Append 2026-11-22, the day in UTC; days are in the order of their text. */
void clock_add_date(struct str *out, int64_t epoch_seconds);

/* Append 20261122T130405Z (ISO 8601 basic: AWS signatures, file names). */
void clock_add_basic(struct str *out, int64_t epoch_seconds);

/*
 * Parse RFC 3339: "T" or one space, optional fraction (cut off), "Z" or an
 * offset.  Exactly @len bytes.
 */
bool clock_parse_rfc3339(const char *text, size_t len, int64_t *epoch_seconds)
	MUST_CHECK;

/* Parse "YYYY-MM-DD hh:mm:ss" or "YYYY-MM-DD", taken as UTC. */
bool clock_parse_date_time(const char *text, size_t len, int64_t *epoch_seconds)
	MUST_CHECK;

/* Parse an HTTP date in IMF-fixdate form (RFC 9110, 5.6.7). */
bool clock_parse_http_date(const char *text, int64_t *epoch_seconds) MUST_CHECK;

/* A moment after which nothing more is tried; all-zero = never. */
struct deadline {
	int64_t at_ms; /* monotonic; 0 = none */
};

struct deadline deadline_in(int64_t milliseconds);
/* The earlier of both. */
struct deadline deadline_sooner(struct deadline a, struct deadline b);
bool deadline_passed(const struct deadline *deadline);
/* Milliseconds left, at least 0; @without if there is no deadline. */
int64_t deadline_left_ms(const struct deadline *deadline, int64_t without);
/*
 * The time of one part of the work: what is left, but at most @most, and at
 * least 1, as to libcurl and to sys/proc 0 means for ever.
 */
int64_t deadline_share_ms(const struct deadline *deadline, int64_t most);

#endif
