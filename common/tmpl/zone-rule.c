#include "tmpl/zone-rule.h"

#include <string.h>

#include "base/mem.h"
#include "tmpl/moment.h"
#include "tmpl/zone.h"

#define SECONDS_PER_DAY 86400

/* What is left to parse. */
struct rest {
	const char *at, *end;
};

static bool next_is(const struct rest *rest, char c)
{
	return rest->at < rest->end && *rest->at == c;
}

static bool take(struct rest *rest, char c)
{
	if (!next_is(rest, c))
		return false;
	rest->at++;
	return true;
}

static bool take_number(struct rest *rest, int min, int max, int *number)
{
	const char *start = rest->at;

	*number = 0;
	for (; rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9';
	     rest->at++) {
		*number = *number * 10 + (*rest->at - '0');
		if (*number > max)
			return false;
	}
	return rest->at > start && *number >= min;
}

/* "CET" or "<+03>". */
static const char *take_name(struct rest *rest, struct arena *arena)
{
	const char *start = rest->at, *close;

	if (take(rest, '<')) {
		start++;
		close = memchr(start, '>', (size_t)(rest->end - start));
		if (!close)
			return NULL;
		rest->at = close + 1;
		return arena_memdupz(arena, start, (size_t)(close - start));
	}
	while (rest->at < rest->end && !strchr("0123456789,-+", *rest->at))
		rest->at++;
	if (rest->at - start < 3)
		return NULL;
	return arena_memdupz(arena, start, (size_t)(rest->at - start));
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool take_offset(struct rest *rest, int *offset)
{
	bool negative = next_is(rest, '-');
	int hours, minutes = 0, seconds = 0;

	if (!take(rest, '+'))
		take(rest, '-');
	/* The database goes beyond POSIX: up to a week. */
	if (!take_number(rest, 0, 24 * 7, &hours))
		return false;
	if (take(rest, ':')) {
		if (!take_number(rest, 0, 59, &minutes))
			return false;
		if (take(rest, ':') && !take_number(rest, 0, 59, &seconds))
			return false;
	}
	*offset = hours * 3600 + minutes * 60 + seconds;
	if (negative)
		*offset = -*offset;
	return true;
}

/* J60, 59 or M3.5.0, and perhaps /hh:mm:ss. */
static bool take_switch(struct rest *rest, struct zone_switch *at)
{
	*at = (struct zone_switch){.kind = SWITCH_DAY, .second = 2 * 3600};
	if (take(rest, 'J')) {
		at->kind = SWITCH_JULIAN;
		if (!take_number(rest, 1, 365, &at->day))
			return false;
	} else if (take(rest, 'M')) {
		at->kind = SWITCH_WEEKDAY;
		if (!take_number(rest, 1, 12, &at->month) || !take(rest, '.') ||
		    !take_number(rest, 1, 5, &at->week) || !take(rest, '.') ||
		    !take_number(rest, 0, 6, &at->day))
			return false;
	} else if (!take_number(rest, 0, 365, &at->day)) {
		return false;
	}
	return !take(rest, '/') || take_offset(rest, &at->second);
}

static bool take_summer(struct rest *rest, struct zone_rule *rule)
{
	/* Of a zone that does not say, as in the United States. */
	static const char usual[] = ",M3.2.0,M11.1.0";

	rule->summer_offset = rule->standard_offset + 3600;
	if (rest->at < rest->end && *rest->at != ',') {
		if (!take_offset(rest, &rule->summer_offset))
			return false;
		rule->summer_offset = -rule->summer_offset;
	}
	if (rest->at == rest->end)
		*rest = (struct rest){usual, usual + strlen(usual)};
	return (take(rest, ',') || take(rest, ';')) &&
	       take_switch(rest, &rule->start) && take(rest, ',') &&
	       take_switch(rest, &rule->end) && rest->at == rest->end;
}

bool zone_rule_parse(struct zone_rule *rule, struct arena *arena,
		     const char *text, size_t len)
{
	struct rest rest = {text, text + len};

	*rule = (struct zone_rule){0};
	rule->standard = take_name(&rest, arena);
	if (!rule->standard || !take_offset(&rest, &rule->standard_offset))
		return false;
	/* The text has what leads to UTC, we what leads from it. */
	rule->standard_offset = -rule->standard_offset;
	if (rest.at == rest.end || *rest.at == ',')
		return true;
	rule->has_summer = true;
	rule->summer = take_name(&rest, arena);
	return rule->summer && take_summer(&rest, rule);
}

/* The day of the year, from 0, that "the fifth Sunday of March" means. */
static int weekday_switch_day(const struct zone_switch *at, int64_t year)
{
	/* Zeller's congruence, with the month counted from March. */
	int month = (at->month + 9) % 12 + 1;
	int64_t years = at->month <= 2 ? year - 1 : year;
	int64_t century = years / 100, rest = years % 100;
	int first = (int)(((26 * month - 2) / 10 + 1 + rest + rest / 4 +
			   century / 4 - 2 * century) %
			  7);
	int day;

	if (first < 0)
		first += 7;
	day = at->day - first;
	if (day < 0)
		day += 7;
	for (int i = 1; i < at->week; i++) {
		if (day + 7 >= month_days(at->month, year))
			break;
		day += 7;
	}
	return day + month_days_before(at->month) +
	       (year_is_leap(year) && at->month > 2 ? 1 : 0);
}

/* Seconds from the start of the year, in UTC. */
static int64_t switch_second(const struct zone_switch *at, int64_t year,
			     int offset)
{
	int day = at->day;

	switch (at->kind) {
	case SWITCH_JULIAN:
		day = at->day - 1 +
		      (year_is_leap(year) && at->day >= 60 ? 1 : 0);
		break;
	case SWITCH_DAY:
		break;
	case SWITCH_WEEKDAY:
		day = weekday_switch_day(at, year);
		break;
	}
	return (int64_t)day * SECONDS_PER_DAY + at->second - offset;
}

/* From second @start to @end of the year; at the ends of time they wrap. */
static void set_span(struct zone_span *span, const struct zone_rule *rule,
		     bool summer, uint64_t new_year, int64_t start, int64_t end)
{
	span->name = summer ? rule->summer : rule->standard;
	span->offset = summer ? rule->summer_offset : rule->standard_offset;
	span->dst = summer;
	span->start = (int64_t)(new_year + (uint64_t)start);
	span->end = (int64_t)(new_year + (uint64_t)end);
}

void zone_rule_lookup(const struct zone_rule *rule, int64_t since,
		      int64_t seconds, struct zone_span *span)
{
	const int64_t usual_year = (int64_t)365 * SECONDS_PER_DAY;
	int64_t year, in_year, start, end;
	uint64_t new_year;
	bool south;
	int day;

	if (!rule->has_summer) {
		set_span(span, rule, false, 0, since, INT64_MAX);
		return;
	}
	moment_year_day(seconds, &year, &day);
	in_year = (int64_t)(day - 1) * SECONDS_PER_DAY +
		  seconds % SECONDS_PER_DAY;
	new_year = (uint64_t)seconds - (uint64_t)in_year;
	start = switch_second(&rule->start, year, rule->standard_offset);
	end = switch_second(&rule->end, year, rule->summer_offset);
	/* There, the year begins and ends in summer. */
	south = end < start;
	if (south) {
		int64_t other = start;

		start = end;
		end = other;
	}
	if (in_year < start)
		set_span(span, rule, south, new_year, 0, start);
	else if (in_year >= end)
		set_span(span, rule, south, new_year, end, usual_year);
	else
		set_span(span, rule, !south, new_year, start, end);
}
