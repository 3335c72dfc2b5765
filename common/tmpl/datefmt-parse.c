/* Text to moments: Go's time.ParseInLocation. */
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "tmpl/datefmt.h"
#include "tmpl/layout.h"
#include "tmpl/zone.h"

/* What is read so far; -1: not named. */
struct parsing {
	const char *at, *end; /* what is left of the text */
	int year, month, day, year_day;
	int hour, minute, second, nanosecond;
	bool am, pm;
	bool utc;
	bool has_offset;
	int offset;
	const char *zone; /* in the text */
	size_t zone_len;
	/* What is left of the layout: a fraction may come that it lacks. */
	const char *layout;
	size_t layout_len;
};

static size_t left(const struct parsing *p)
{
	return (size_t)(p->end - p->at);
}

static bool is_digit(const struct parsing *p, size_t index)
{
	return index < left(p) && p->at[index] >= '0' && p->at[index] <= '9';
}

/* Runs of blanks are all alike. */
static bool skip_text(struct parsing *p, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		if (*text == ' ') {
			if (left(p) > 0 && *p->at != ' ')
				return false;
			while (text < end && *text == ' ')
				text++;
			while (left(p) > 0 && *p->at == ' ')
				p->at++;
			continue;
		}
		if (left(p) == 0 || *p->at != *text)
			return false;
		text++;
		p->at++;
	}
	return true;
}

/* One digit or two; @fixed: two. */
static bool take_number(struct parsing *p, bool fixed, int *number)
{
	if (!is_digit(p, 0) || (fixed && !is_digit(p, 1)))
		return false;
	*number = *p->at++ - '0';
	if (is_digit(p, 0))
		*number = *number * 10 + (*p->at++ - '0');
	return true;
}

static bool take_in_range(struct parsing *p, bool fixed, int min, int max,
			  int *number)
{
	return take_number(p, fixed, number) && *number >= min &&
	       *number <= max;
}

/* All of the next @len bytes, a sign before them or not, as Go's atoi. */
static bool take_signed(struct parsing *p, size_t len, int *number)
{
	bool negative = left(p) > 0 && *p->at == '-';
	size_t i = negative || (left(p) > 0 && *p->at == '+') ? 1 : 0;

	if (left(p) < len)
		return false;
	*number = 0;
	for (; i < len; i++) {
		if (!is_digit(p, i))
			return false;
		*number = *number * 10 + (p->at[i] - '0');
	}
	if (negative)
		*number = -*number;
	p->at += len;
	return true;
}

static bool same_letters(const char *text, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char a = text[i] | 0x20, b = name[i] | 0x20;

		if (text[i] != name[i] && (a != b || a < 'a' || a > 'z'))
			return false;
	}
	return true;
}

/* A month or a day of the week by its name; @len 0: the whole one. */
static bool take_name(struct parsing *p, const char *const *names, size_t count,
		      size_t len, int *index)
{
	for (size_t i = 0; i < count; i++) {
		size_t size = len ? len : strlen(names[i]);

		if (left(p) >= size && same_letters(p->at, names[i], size)) {
			p->at += size;
			*index = (int)i;
			return true;
		}
	}
	return false;
}

/* ".123" of @len bytes; more than nine digits do not count. */
static bool take_fraction(struct parsing *p, size_t len)
{
	size_t digits = len - 1 < 9 ? len - 1 : 9;
	int number;

	if (left(p) < len || (*p->at != '.' && *p->at != ','))
		return false;
	p->at++;
	if (!take_signed(p, digits, &number) || number < 0)
		return false;
	p->at += len - 1 - digits;
	for (; digits < 9; digits++)
		number *= 10;
	p->nanosecond = number;
	return true;
}

/* How long the fraction is that comes next; 0: none does. */
static size_t fraction_len(const struct parsing *p)
{
	size_t len = 1;

	if (left(p) < 2 || (*p->at != '.' && *p->at != ',') || !is_digit(p, 1))
		return 0;
	while (is_digit(p, len))
		len++;
	return len;
}

/* A second may have a fraction that the layout does not name. */
static bool take_second(struct parsing *p, bool fixed)
{
	const char *layout = p->layout;
	size_t layout_len = p->layout_len, len;
	struct layout_piece next;

	if (!take_in_range(p, fixed, 0, 59, &p->second))
		return false;
	len = fraction_len(p);
	if (len == 0)
		return true;
	layout_next(&layout, &layout_len, &next);
	return next.element == FRACTION || next.element == FRACTION_SHORT ||
	       take_fraction(p, len);
}

static bool take_year_2(struct parsing *p)
{
	if (!take_signed(p, 2, &p->year))
		return false;
	p->year += p->year >= 69 ? 1900 : 2000;
	return true;
}

static bool take_year_day(struct parsing *p, bool blanks)
{
	size_t count = 0;

	for (int i = 0; blanks && i < 2 && left(p) > 0 && *p->at == ' '; i++)
		p->at++;
	p->year_day = 0;
	for (; count < 3 && is_digit(p, 0); count++)
		p->year_day = p->year_day * 10 + (*p->at++ - '0');
	return count == 3 || (count > 0 && blanks);
}

static bool take_half(struct parsing *p, const char *am, const char *pm)
{
	if (left(p) < 2)
		return false;
	if (memcmp(p->at, pm, 2) == 0)
		p->pm = true;
	else if (memcmp(p->at, am, 2) == 0)
		p->am = true;
	else
		return false;
	p->at += 2;
	return true;
}

/* --- zones --------------------------------------------------------------- */

/* Two digits; offsets of 24 hours and 60 minutes are written, too. */
static bool take_offset_part(struct parsing *p, bool colon, int max,
			     int *number)
{
	if (colon && (left(p) == 0 || *p->at++ != ':'))
		return false;
	return take_in_range(p, true, 0, max, number);
}

static bool take_offset(struct parsing *p, const struct offset_form *form)
{
	int hours, minutes = 0, seconds = 0;
	bool negative;

	if (form->z && left(p) > 0 && *p->at == 'Z') {
		p->at++;
		p->utc = true;
		return true;
	}
	if (left(p) == 0 || (*p->at != '+' && *p->at != '-'))
		return false;
	negative = *p->at++ == '-';
	if (!take_offset_part(p, false, 24, &hours) ||
	    (form->minutes &&
	     !take_offset_part(p, form->colons, 60, &minutes)) ||
	    (form->seconds && !take_offset_part(p, form->colons, 60, &seconds)))
		return false;
	p->offset = (hours * 60 + minutes) * 60 + seconds;
	if (negative)
		p->offset = -p->offset;
	/* One second west is Go's sign for no offset at all. */
	p->has_offset = p->offset != -1;
	return true;
}

/* "+03" at @at, up to 23 hours; its length, 0: none. */
static size_t signed_hours_len(const char *at, const char *end)
{
	const char *start = at;
	int hours = 0;

	if (at == end || (*at != '+' && *at != '-'))
		return 0;
	for (at++; at < end && *at >= '0' && *at <= '9'; at++) {
		hours = hours * 10 + (*at - '0');
		if (hours > 23)
			return 0;
	}
	return at - start > 1 ? (size_t)(at - start) : 0;
}

/* The length of the abbreviation of a zone; 0: it looks like none. */
static size_t abbreviation_len(const struct parsing *p)
{
	size_t upper = 0;

	if (left(p) < 3)
		return 0;
	if (left(p) >= 4 &&
	    (memcmp(p->at, "ChST", 4) == 0 || memcmp(p->at, "MeST", 4) == 0))
		return 4;
	if (memcmp(p->at, "GMT", 3) == 0)
		return 3 + signed_hours_len(p->at + 3, p->end);
	if (*p->at == '+' || *p->at == '-')
		return signed_hours_len(p->at, p->end);
	while (upper < 6 && upper < left(p) && p->at[upper] >= 'A' &&
	       p->at[upper] <= 'Z')
		upper++;
	if (upper == 3 || (upper == 5 && p->at[4] == 'T') ||
	    (upper == 4 && (p->at[3] == 'T' || memcmp(p->at, "WITA", 4) == 0)))
		return upper;
	return 0;
}

static bool take_abbreviation(struct parsing *p)
{
	if (left(p) >= 3 && memcmp(p->at, "UTC", 3) == 0) {
		p->at += 3;
		p->utc = true;
		return true;
	}
	p->zone = p->at;
	p->zone_len = abbreviation_len(p);
	p->at += p->zone_len;
	return p->zone_len > 0;
}

/* --- elements ------------------------------------------------------------ */

static bool take_date(struct parsing *p, enum element element)
{
	int ignored;

	switch (element) {
	case YEAR_2:
		return take_year_2(p);
	case YEAR:
		return is_digit(p, 0) && take_signed(p, 4, &p->year);
	case SHORT_MONTH:
	case LONG_MONTH:
		if (!take_name(p, layout_months, 12,
			       element == SHORT_MONTH ? 3 : 0, &p->month))
			return false;
		p->month++;
		return true;
	case MONTH:
	case MONTH_2:
		return take_in_range(p, element == MONTH_2, 1, 12, &p->month);
	case SHORT_DAY:
	case LONG_DAY:
		return take_name(p, layout_days, 7,
				 element == SHORT_DAY ? 3 : 0, &ignored);
	case YEAR_DAY_BLANK:
	case YEAR_DAY_3:
		return take_year_day(p, element == YEAR_DAY_BLANK);
	case DAY_BLANK:
		if (left(p) > 0 && *p->at == ' ')
			p->at++;
		return take_number(p, false, &p->day);
	default: /* DAY, DAY_2 */
		return take_number(p, element == DAY_2, &p->day);
	}
}

static bool take_element(struct parsing *p, const struct layout_piece *piece)
{
	switch (piece->element) {
	case HOUR_24:
		return take_in_range(p, false, 0, 23, &p->hour);
	case HOUR_12:
	case HOUR_12_2:
		return take_in_range(p, piece->element == HOUR_12_2, 0, 12,
				     &p->hour);
	case MINUTE:
	case MINUTE_2:
		return take_in_range(p, piece->element == MINUTE_2, 0, 59,
				     &p->minute);
	case SECOND:
	case SECOND_2:
		return take_second(p, piece->element == SECOND_2);
	case PM:
		return take_half(p, "AM", "PM");
	case PM_LOWER:
		return take_half(p, "am", "pm");
	case OFFSET:
		return take_offset(p, &piece->form);
	case ZONE:
		return take_abbreviation(p);
	case FRACTION:
		return take_fraction(p, piece->name_len);
	case FRACTION_SHORT:
		return fraction_len(p) == 0 ||
		       take_fraction(p, fraction_len(p));
	default:
		return take_date(p, piece->element);
	}
}

static bool take_all(struct parsing *p)
{
	struct layout_piece piece;

	for (;;) {
		layout_next(&p->layout, &p->layout_len, &piece);
		if (!skip_text(p, piece.text, piece.text_len))
			return false;
		if (piece.element == NO_ELEMENT)
			return left(p) == 0;
		if (!take_element(p, &piece))
			return false;
	}
}

/* --- the moment ---------------------------------------------------------- */

/* Month and day from the day of the year, which other elements must not
 * contradict. */
static bool set_year_day(struct parsing *p)
{
	bool leap = year_is_leap(p->year);
	int rest = p->year_day, month = 0, day = 29;

	if (leap && rest == 31 + 29)
		month = 2;
	else if (leap && rest > 31 + 29)
		rest--;
	if (rest < 1 || rest > 365)
		return false;
	if (month == 0) {
		month = (rest - 1) / 31 + 1;
		if (month_days_before(month + 1) < rest)
			month++;
		day = rest - month_days_before(month);
	}
	if ((p->month >= 0 && p->month != month) ||
	    (p->day >= 0 && p->day != day))
		return false;
	p->month = month;
	p->day = day;
	return true;
}

static bool complete(struct parsing *p)
{
	if (p->pm && p->hour < 12)
		p->hour += 12;
	else if (p->am && p->hour == 12)
		p->hour = 0;
	if (p->year_day >= 0) {
		if (!set_year_day(p))
			return false;
	} else {
		p->month = p->month < 0 ? 1 : p->month;
		p->day = p->day < 0 ? 1 : p->day;
	}
	return p->day >= 1 && p->day <= month_days(p->month, p->year);
}

/* The local zone if it has the offset then, else one that has. */
static void place_at_offset(const struct parsing *p, struct moment *moment,
			    const struct zone *local, struct arena *arena)
{
	struct zone_span span;

	moment->seconds -= p->offset;
	zone_lookup(local, moment->seconds, &span);
	if (span.offset == p->offset &&
	    (p->zone_len == 0 ||
	     (strlen(span.name) == p->zone_len &&
	      memcmp(span.name, p->zone, p->zone_len) == 0)))
		moment->zone = local;
	else
		moment->zone =
			zone_new_fixed(arena, p->zone, p->zone_len, p->offset);
}

/* The hours of "GMT-3"; any other unknown zone has no offset. */
static int unknown_offset(const char *name)
{
	int hours = 0;

	if (strncmp(name, "GMT", 3) != 0 || name[3] == '\0')
		return 0;
	for (const char *at = name + 4; *at; at++)
		hours = hours * 10 + (*at - '0');
	return (name[3] == '-' ? -hours : hours) * 3600;
}

static void place_in_zone(const struct parsing *p, struct moment *moment,
			  const struct zone *local, struct arena *arena)
{
	const char *name = arena_memdupz(arena, p->zone, p->zone_len);
	int offset;

	if (zone_lookup_name(local, name, moment->seconds, &offset)) {
		moment->seconds -= offset;
		moment->zone = local;
		return;
	}
	/* What the clock shows stays the moment, as if it were UTC's. */
	moment->zone =
		zone_new_fixed(arena, name, p->zone_len, unknown_offset(name));
}

bool datefmt_parse(const char *layout, size_t layout_len, const char *text,
		   size_t len, const struct zone *local, struct arena *arena,
		   struct moment *moment)
{
	struct parsing p = {.at = text,
			    .end = text + len,
			    .month = -1,
			    .day = -1,
			    .year_day = -1,
			    .zone = "",
			    .layout = layout,
			    .layout_len = layout_len};
	bool placed;

	if (!take_all(&p) || !complete(&p))
		return false;
	placed = !p.utc && (p.has_offset || p.zone_len > 0);
	*moment = moment_from_date(&(struct date_parts){.year = p.year,
							.month = p.month,
							.day = p.day,
							.hour = p.hour,
							.minute = p.minute,
							.second = p.second,
							.nanosecond =
								p.nanosecond},
				   p.utc || placed ? NULL : local);
	if (placed && p.has_offset)
		place_at_offset(&p, moment, local, arena);
	else if (placed)
		place_in_zone(&p, moment, local, arena);
	return true;
}
