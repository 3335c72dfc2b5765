#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/str.h"

#define SECONDS_PER_DAY 86400

static int64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_processor_ms(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

/*
 * Days since 1970-01-01 and back, by eras of 400 years that start in March,
 * so that the leap day is the last of a year (H. Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms").
 */
static int64_t days_from_civil(int64_t year, int month, int day)
{
	int64_t era, year_of_era, day_of_year;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	year_of_era = year - era * 400;
	day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 -
	       year_of_era / 100 + day_of_year - 719468;
}

static void civil_from_days(int64_t days, struct civil *civil)
{
	int64_t era, day_of_era, year_of_era, day_of_year, month;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	day_of_era = days - era * 146097;
	year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
		       day_of_era / 146096) /
		      365;
	day_of_year = day_of_era -
		      (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	month = (5 * day_of_year + 2) / 153;
	civil->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
	civil->month = (int)(month < 10 ? month + 3 : month - 9);
	civil->year = (int)(year_of_era + era * 400 + (civil->month <= 2));
}

static int64_t floor_days(int64_t seconds)
{
	return (seconds >= 0 ? seconds : seconds - SECONDS_PER_DAY + 1) /
	       SECONDS_PER_DAY;
}

void clock_to_civil(int64_t epoch_seconds, struct civil *civil)
{
	int64_t days = floor_days(epoch_seconds);
	int rest = (int)(epoch_seconds - days * SECONDS_PER_DAY);

	civil_from_days(days, civil);
	civil->hour = rest / 3600;
	civil->minute = rest / 60 % 60;
	civil->second = rest % 60;
}

int64_t clock_from_civil(const struct civil *civil)
{
	return days_from_civil(civil->year, civil->month, civil->day) *
		       SECONDS_PER_DAY +
	       civil->hour * 3600 + civil->minute * 60 + civil->second;
}

int clock_weekday(int64_t epoch_seconds)
{
	int64_t day = (floor_days(epoch_seconds) + 4) % 7; /* 1970: Thursday */

	return (int)(day < 0 ? day + 7 : day);
}

static void add_form(struct str *out, int64_t epoch_seconds,
		     const char *date_separator, const char *between,
		     const char *time_separator, const char *zone)
{
	struct civil c;

	clock_to_civil(epoch_seconds, &c);
	str_addf(out, "%04d%s%02d%s%02d%s%02d%s%02d%s%02d%s", c.year,
		 date_separator, c.month, date_separator, c.day, between,
		 c.hour, time_separator, c.minute, time_separator, c.second,
		 zone);
}

void clock_add_rfc3339(struct str *out, int64_t epoch_seconds)
{
	add_form(out, epoch_seconds, "-", "T", ":", "Z");
}

void clock_add_date_time(struct str *out, int64_t epoch_seconds)
{
	add_form(out, epoch_seconds, "-", " ", ":", "");
}

void clock_add_date(struct str *out, int64_t epoch_seconds)
{
	struct civil day;

	clock_to_civil(epoch_seconds, &day);
	str_addf(out, "%04d-%02d-%02d", day.year, day.month, day.day);
}

void clock_add_basic(struct str *out, int64_t epoch_seconds)
{
	add_form(out, epoch_seconds, "", "T", "", "Z");
}

/* A cursor over text that must be read to its last byte. */
struct cursor {
	const char *at;
	const char *end;
	bool failed;
};

static int take_digits(struct cursor *cursor, int count)
{
	int number = 0;

	for (; count; count--) {
		if (cursor->at == cursor->end || *cursor->at < '0' ||
		    *cursor->at > '9') {
			cursor->failed = true;
			return 0;
		}
		number = number * 10 + (*cursor->at++ - '0');
	}
	return number;
}

/* Step over one byte of @set and give it; 0 (and failed) for another. */
static char take_one(struct cursor *cursor, const char *set)
{
	if (cursor->failed || cursor->at == cursor->end || !*cursor->at ||
	    !strchr(set, *cursor->at)) {
		cursor->failed = true;
		return 0;
	}
	return *cursor->at++;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30,
				   31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool civil_is_valid(const struct civil *c)
{
	return c->month >= 1 && c->month <= 12 && c->day >= 1 &&
	       c->day <= days_in_month(c->year, c->month) && c->hour < 24 &&
	       c->minute < 60 && c->second < 60;
}

static void take_date(struct cursor *cursor, struct civil *c)
{
	c->year = take_digits(cursor, 4);
	take_one(cursor, "-");
	c->month = take_digits(cursor, 2);
	take_one(cursor, "-");
	c->day = take_digits(cursor, 2);
}

static void take_time(struct cursor *cursor, struct civil *c)
{
	c->hour = take_digits(cursor, 2);
	take_one(cursor, ":");
	c->minute = take_digits(cursor, 2);
	take_one(cursor, ":");
	c->second = take_digits(cursor, 2);
}

/* "Z" or "+hh:mm": the zone's distance from UTC in seconds. */
static int take_zone(struct cursor *cursor)
{
	char sign = take_one(cursor, "Zz+-");
	int hours, minutes;

	if (sign != '+' && sign != '-')
		return 0;
	hours = take_digits(cursor, 2);
	take_one(cursor, ":");
	minutes = take_digits(cursor, 2);
	if (hours > 23 || minutes > 59)
		cursor->failed = true;
	return (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

static void skip_fraction(struct cursor *cursor)
{
	if (cursor->at == cursor->end || *cursor->at != '.')
		return;
	cursor->at++;
	take_digits(cursor, 1);
	while (!cursor->failed && cursor->at < cursor->end &&
	       *cursor->at >= '0' && *cursor->at <= '9')
		cursor->at++;
}

bool clock_parse_rfc3339(const char *text, size_t len, int64_t *epoch_seconds)
{
	struct cursor cursor = {.at = text, .end = text + len};
	struct civil civil = {0};
	int offset;

	take_date(&cursor, &civil);
	take_one(&cursor, "Tt ");
	take_time(&cursor, &civil);
	skip_fraction(&cursor);
	offset = take_zone(&cursor);
	if (cursor.failed || cursor.at != cursor.end || !civil_is_valid(&civil))
		return false;
	*epoch_seconds = clock_from_civil(&civil) - offset;
	return true;
}

bool clock_parse_date_time(const char *text, size_t len, int64_t *epoch_seconds)
{
	struct cursor cursor = {.at = text, .end = text + len};
	struct civil civil = {0};

	take_date(&cursor, &civil);
	if (cursor.at != cursor.end) {
		take_one(&cursor, " ");
		take_time(&cursor, &civil);
	}
	if (cursor.failed || cursor.at != cursor.end || !civil_is_valid(&civil))
		return false;
	*epoch_seconds = clock_from_civil(&civil);
	return true;
}

static int take_month(struct cursor *cursor)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	if (cursor->failed || cursor->end - cursor->at < 3) {
		cursor->failed = true;
		return 1;
	}
	for (int i = 0; i < 12; i++) {
		if (memcmp(names + 3 * i, cursor->at, 3) == 0) {
			cursor->at += 3;
			return i + 1;
		}
	}
	cursor->failed = true;
	return 1;
}

bool clock_parse_http_date(const char *text, int64_t *epoch_seconds)
{
	const char *comma = strchr(text, ',');
	struct cursor cursor = {.at = comma ? comma + 1 : text,
				.end = text + strlen(text),
				.failed = !comma};
	struct civil civil = {0};

	take_one(&cursor, " ");
	civil.day = take_digits(&cursor, 2);
	take_one(&cursor, " ");
	civil.month = take_month(&cursor);
	take_one(&cursor, " ");
	civil.year = take_digits(&cursor, 4);
	take_one(&cursor, " ");
	take_time(&cursor, &civil);
	if (cursor.failed || !civil_is_valid(&civil) ||
	    strcmp(cursor.at, " GMT") != 0)
		return false;
	*epoch_seconds = clock_from_civil(&civil);
	return true;
}

struct deadline deadline_in(int64_t milliseconds)
{
	struct deadline deadline = {clock_monotonic_ms() + milliseconds};

	if (deadline.at_ms <= 0)
		deadline.at_ms = 1;
	return deadline;
}

struct deadline deadline_sooner(struct deadline a, struct deadline b)
{
	if (!a.at_ms)
		return b;
	if (!b.at_ms)
		return a;
	return a.at_ms < b.at_ms ? a : b;
}

bool deadline_passed(const struct deadline *deadline)
{
	return deadline->at_ms && clock_monotonic_ms() >= deadline->at_ms;
}

int64_t deadline_left_ms(const struct deadline *deadline, int64_t without)
{
	int64_t left;

	if (!deadline->at_ms)
		return without;
	left = deadline->at_ms - clock_monotonic_ms();
	return left > 0 ? left : 0;
}

int64_t deadline_share_ms(const struct deadline *deadline, int64_t most)
{
	int64_t left = deadline_left_ms(deadline, most);

	if (left > most)
		left = most;
	return left > 0 ? left : 1;
}
