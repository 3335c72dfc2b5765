#include "tmpl/moment.h"

#include <stddef.h>

#include "tmpl/zone.h"

#define SECONDS_PER_DAY	   86400
#define DAYS_PER_400_YEARS 146097

/*
 * Go counts from March of a year so far back that no moment lies before it:
 * leap days are then at the ends of years, and all numbers without sign.
 */
#define ABSOLUTE_YEARS	  UINT64_C(292277022400)
#define MARCH_TO_DECEMBER 306
#define ABSOLUTE_DAYS \
	(ABSOLUTE_YEARS / 400 * DAYS_PER_400_YEARS + MARCH_TO_DECEMBER)
#define UNIX_TO_ABSOLUTE \
	(ABSOLUTE_DAYS * SECONDS_PER_DAY + (uint64_t)MOMENT_UNIX_TO_YEAR_1)

/* A day within the years that start in March. */
struct march_day {
	uint64_t century;
	unsigned int year; /* of the century */
	unsigned int day;  /* of the year, from 0 */
};

bool year_is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int month_days_before(int month)
{
	static const int before[] = {0,	  31,  59,  90,	 120, 151, 181,
				     212, 243, 273, 304, 334, 365};

	return before[month - 1];
}

int month_days(int month, int64_t year)
{
	if (month == 2 && year_is_leap(year))
		return 29;
	return month_days_before(month + 1) - month_days_before(month);
}

struct moment moment_zero(void)
{
	return (struct moment){.seconds = -MOMENT_UNIX_TO_YEAR_1};
}

static int64_t wrapping_add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static uint64_t to_absolute(int64_t seconds)
{
	return (uint64_t)seconds + UNIX_TO_ABSOLUTE;
}

static struct march_day march_day(uint64_t days)
{
	uint64_t quarters = 4 * days + 3;
	unsigned int rest = (unsigned int)(quarters % DAYS_PER_400_YEARS) | 3;

	return (struct march_day){.century = quarters / DAYS_PER_400_YEARS,
				  .year = rest / 1461,
				  .day = rest % 1461 / 4};
}

static bool in_january_or_february(const struct march_day *day)
{
	return day->day >= MARCH_TO_DECEMBER;
}

static int64_t year_of(const struct march_day *day)
{
	return (int64_t)(day->century * 100 - ABSOLUTE_YEARS) + day->year +
	       (in_january_or_february(day) ? 1 : 0);
}

static int year_day_of(const struct march_day *day)
{
	bool leap =
		day->year % 4 == 0 && (day->year != 0 || day->century % 4 == 0);

	if (in_january_or_february(day))
		return (int)day->day - MARCH_TO_DECEMBER + 1;
	return (int)day->day + 31 + 28 + (leap ? 1 : 0) + 1;
}

void moment_year_day(int64_t seconds, int64_t *year, int *year_day)
{
	struct march_day day =
		march_day(to_absolute(seconds) / SECONDS_PER_DAY);

	*year = year_of(&day);
	*year_day = year_day_of(&day);
}

void moment_to_wall(const struct moment *moment, struct wall *wall)
{
	struct zone_span span;
	struct march_day day;
	uint64_t absolute, days;
	unsigned int fifths, second;

	zone_lookup(moment->zone, moment->seconds, &span);
	absolute = to_absolute(wrapping_add(moment->seconds, span.offset));
	days = absolute / SECONDS_PER_DAY;
	second = (unsigned int)(absolute % SECONDS_PER_DAY);
	day = march_day(days);
	fifths = 5 * day.day + 461;

	wall->year = year_of(&day);
	wall->month =
		(int)(fifths / 153) - (in_january_or_february(&day) ? 12 : 0);
	wall->day = (int)(fifths % 153 / 5) + 1;
	wall->year_day = year_day_of(&day);
	wall->weekday = (int)((days + 3) % 7);
	wall->hour = (int)(second / 3600);
	wall->minute = (int)(second % 3600 / 60);
	wall->second = (int)(second % 60);
	wall->offset = span.offset;
	wall->dst = span.dst;
	wall->zone = span.name;
}

/* Carry what is in @low beyond 0..@base over into @high. */
static void carry(int64_t *high, int64_t *low, int64_t base)
{
	int64_t over = *low / base;

	*low %= base;
	if (*low < 0) {
		*low += base;
		over--;
	}
	*high = wrapping_add(*high, over);
}

/* Days from the absolute start; @month is from 1 to 12, @day anything. */
static uint64_t absolute_days(int64_t year, int64_t month, int64_t day)
{
	uint64_t early = month < 3 ? 1 : 0;
	uint64_t years = (uint64_t)year - early + ABSOLUTE_YEARS;
	uint64_t march_month = (uint64_t)month + 12 * early;
	uint64_t year_day = (153 * march_month - 457) / 5;

	return DAYS_PER_400_YEARS * (years / 100) / 4 +
	       1461 * (years % 100) / 4 + year_day + (uint64_t)day - 1;
}

struct moment moment_from_date(const struct date_parts *parts,
			       const struct zone *zone)
{
	struct date_parts p = *parts;
	struct zone_span span;
	int64_t seconds, utc;

	p.month = wrapping_add(p.month, -1);
	carry(&p.year, &p.month, 12);
	carry(&p.second, &p.nanosecond, NANOS_PER_SECOND);
	carry(&p.minute, &p.second, 60);
	carry(&p.hour, &p.minute, 60);
	carry(&p.day, &p.hour, 24);
	seconds = (int64_t)(absolute_days(p.year, p.month + 1, p.day) *
				    SECONDS_PER_DAY -
			    UNIX_TO_ABSOLUTE);
	seconds =
		wrapping_add(seconds, p.hour * 3600 + p.minute * 60 + p.second);

	/* Near a change of offset, the first one found may be the wrong one. */
	zone_lookup(zone, seconds, &span);
	utc = wrapping_add(seconds, -span.offset);
	if (span.offset != 0 && (utc < span.start || utc >= span.end)) {
		zone_lookup(zone, utc, &span);
		utc = wrapping_add(seconds, -span.offset);
	}
	return (struct moment){.seconds = utc,
			       .nanoseconds = (int32_t)p.nanosecond,
			       .zone = zone};
}

/* Seconds since year 1, in which Go stores them. */
static int64_t internal_seconds(const struct moment *moment)
{
	return wrapping_add(moment->seconds, MOMENT_UNIX_TO_YEAR_1);
}

int moment_compare(const struct moment *a, const struct moment *b)
{
	int64_t x = internal_seconds(a), y = internal_seconds(b);

	if (x != y)
		return x < y ? -1 : 1;
	return (a->nanoseconds > b->nanoseconds) -
	       (a->nanoseconds < b->nanoseconds);
}

struct moment moment_add(struct moment moment, int64_t nanoseconds)
{
	int64_t seconds = nanoseconds / NANOS_PER_SECOND;
	int64_t nanos = moment.nanoseconds + nanoseconds % NANOS_PER_SECOND;
	int64_t sum;

	if (nanos >= NANOS_PER_SECOND) {
		seconds++;
		nanos -= NANOS_PER_SECOND;
	} else if (nanos < 0) {
		seconds--;
		nanos += NANOS_PER_SECOND;
	}
	if (__builtin_add_overflow(internal_seconds(&moment), seconds, &sum))
		sum = seconds > 0 ? INT64_MAX : INT64_MIN;
	moment.seconds = wrapping_add(sum, -MOMENT_UNIX_TO_YEAR_1);
	moment.nanoseconds = (int32_t)nanos;
	return moment;
}

int64_t moment_sub(const struct moment *a, const struct moment *b)
{
	__int128 seconds = (__int128)internal_seconds(a) - internal_seconds(b);
	__int128 nanos =
		seconds * NANOS_PER_SECOND + a->nanoseconds - b->nanoseconds;

	if (nanos > INT64_MAX)
		return INT64_MAX;
	return nanos < INT64_MIN ? INT64_MIN : (int64_t)nanos;
}

/* What @moment has beyond a multiple of @step. */
static int64_t beyond(const struct moment *moment, int64_t step)
{
	__int128 nanos = (__int128)internal_seconds(moment) * NANOS_PER_SECOND +
			 moment->nanoseconds;
	__int128 rest = nanos % step;

	return (int64_t)(rest < 0 ? rest + step : rest);
}

struct moment moment_truncate(struct moment moment, int64_t step)
{
	return step <= 0 ? moment : moment_add(moment, -beyond(&moment, step));
}

struct moment moment_round(struct moment moment, int64_t step)
{
	int64_t rest;

	if (step <= 0)
		return moment;
	rest = beyond(&moment, step);
	return moment_add(moment, (uint64_t)rest * 2 < (uint64_t)step
					  ? -rest
					  : step - rest);
}
