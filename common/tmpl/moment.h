/*
 * Moments as Go's time.Time computes with them: to the nanosecond, over all
 * seconds that an int64 holds, wrapping around where Go does.
 *
 * Source: Go's time/time.go.
 */
#ifndef TMPL_MOMENT_H
#define TMPL_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct zone;

#define NANOS_PER_SECOND 1000000000

/* @nanoseconds is 0 to 999999999, also before 1970.  @zone NULL is UTC. */
struct moment {
	int64_t seconds; /* since 1970, UTC */
	int32_t nanoseconds;
	const struct zone *zone; /* borrowed */
};

/* What calendar and clock show in the moment's zone. */
struct wall {
	int64_t year;
	int month, day; /* from 1 */
	int year_day;	/* from 1 */
	int weekday;	/* 0 = Sunday */
	int hour, minute, second;
	int offset; /* seconds east of UTC */
	bool dst;
	const char *zone; /* its abbreviation; borrowed from the zone */
};

/* The parts of time.Date, which may be beyond their ranges. */
struct date_parts {
	int64_t year, month, day, hour, minute, second, nanosecond;
};

/* Seconds between year 1 and 1970. */
#define MOMENT_UNIX_TO_YEAR_1 62135596800

/* time.Time{}: the first of January of year 1. */
struct moment moment_zero(void);

void moment_to_wall(const struct moment *moment, struct wall *wall);
struct moment moment_from_date(const struct date_parts *parts,
			       const struct zone *zone);

/* <0, 0, >0: earlier, the same moment in whatever zone, later. */
int moment_compare(const struct moment *a, const struct moment *b);

/* Sums; seconds that no int64 holds are the last one that there is. */
struct moment moment_add(struct moment moment, int64_t nanoseconds);

/* @a - @b in nanoseconds, at most what an int64 holds. */
int64_t moment_sub(const struct moment *a, const struct moment *b);

/* To a multiple of @step since year 1; halves go up.  Up to 0: unchanged. */
struct moment moment_truncate(struct moment moment, int64_t step);
struct moment moment_round(struct moment moment, int64_t step);

/* The year and day of the year at @seconds, in UTC. */
void moment_year_day(int64_t seconds, int64_t *year, int *year_day);

bool year_is_leap(int64_t year);

/* How many days a month has, and how many stand before it in a year. */
int month_days(int month, int64_t year);
int month_days_before(int month);

#endif
