#include "tmpl/datefmt.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/str.h"
#include "tmpl/layout.h"
#include "tmpl/zone.h"

/* Padded with zeros; the sign does not count. */
static void add_int(struct str *out, int64_t number, int width)
{
	uint64_t digits = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	if (number < 0)
		str_add_char(out, '-');
	str_addf(out, "%0*" PRIu64, width, digits);
}

/* Nines drop the zeros at the end, and the point if nothing stays. */
static void add_fraction(struct str *out, const struct layout_piece *piece,
			 int32_t nanoseconds)
{
	size_t digits = piece->name_len - 1 < 9 ? piece->name_len - 1 : 9;
	char text[16];

	snprintf(text, sizeof(text), "%09d", (int)nanoseconds);
	while (piece->element == FRACTION_SHORT && digits > 0 &&
	       text[digits - 1] == '0')
		digits--;
	if (digits == 0)
		return;
	str_add_char(out, piece->name[0]);
	str_add_bytes(out, text, digits);
}

static int hour_12(int hour)
{
	return hour % 12 == 0 ? 12 : hour % 12;
}

static void add_date(struct str *out, enum element element,
		     const struct wall *wall)
{
	switch (element) {
	case LONG_MONTH:
		str_add(out, layout_months[wall->month - 1]);
		return;
	case SHORT_MONTH:
		str_add_bytes(out, layout_months[wall->month - 1], 3);
		return;
	case MONTH:
		add_int(out, wall->month, 1);
		return;
	case MONTH_2:
		add_int(out, wall->month, 2);
		return;
	case LONG_DAY:
		str_add(out, layout_days[wall->weekday]);
		return;
	case SHORT_DAY:
		str_add_bytes(out, layout_days[wall->weekday], 3);
		return;
	case DAY:
		add_int(out, wall->day, 1);
		return;
	case DAY_BLANK:
		str_addf(out, "%2d", wall->day);
		return;
	case DAY_2:
		add_int(out, wall->day, 2);
		return;
	case YEAR_DAY_BLANK:
		str_addf(out, "%3d", wall->year_day);
		return;
	case YEAR_DAY_3:
		add_int(out, wall->year_day, 3);
		return;
	case YEAR:
		add_int(out, wall->year, 4);
		return;
	default: /* YEAR_2 */
		add_int(out, llabs(wall->year) % 100, 2);
	}
}

static void add_time(struct str *out, enum element element,
		     const struct wall *wall)
{
	switch (element) {
	case HOUR_24:
		add_int(out, wall->hour, 2);
		return;
	case HOUR_12:
		add_int(out, hour_12(wall->hour), 1);
		return;
	case HOUR_12_2:
		add_int(out, hour_12(wall->hour), 2);
		return;
	case MINUTE:
		add_int(out, wall->minute, 1);
		return;
	case MINUTE_2:
		add_int(out, wall->minute, 2);
		return;
	case SECOND:
		add_int(out, wall->second, 1);
		return;
	case SECOND_2:
		add_int(out, wall->second, 2);
		return;
	case PM:
		str_add(out, wall->hour >= 12 ? "PM" : "AM");
		return;
	default: /* PM_LOWER */
		str_add(out, wall->hour >= 12 ? "pm" : "am");
	}
}

/* The sign is that of the minutes: 30 s west of UTC are "+0000". */
static void add_offset(struct str *out, const struct offset_form *form,
		       int offset)
{
	int minutes = abs(offset / 60);

	if (form->z && offset == 0) {
		str_add_char(out, 'Z');
		return;
	}
	str_add_char(out, offset / 60 < 0 ? '-' : '+');
	add_int(out, minutes / 60, 2);
	if (form->minutes) {
		str_add(out, form->colons ? ":" : "");
		add_int(out, minutes % 60, 2);
	}
	if (form->seconds) {
		str_add(out, form->colons ? ":" : "");
		add_int(out, (offset / 60 < 0 ? -offset : offset) % 60, 2);
	}
}

/* The abbreviation; a zone without one shows its offset. */
static void add_zone(struct str *out, const struct wall *wall)
{
	int minutes = abs(wall->offset / 60);

	if (wall->zone[0] != '\0') {
		str_add(out, wall->zone);
		return;
	}
	str_add_char(out, wall->offset / 60 < 0 ? '-' : '+');
	add_int(out, minutes / 60, 2);
	add_int(out, minutes % 60, 2);
}

static bool is_date(enum element element)
{
	return element <= YEAR_DAY_3 || element == YEAR || element == YEAR_2;
}

static void add_element(struct str *out, const struct layout_piece *piece,
			const struct wall *wall, int32_t nanoseconds)
{
	switch (piece->element) {
	case NO_ELEMENT:
		return;
	case FRACTION:
	case FRACTION_SHORT:
		add_fraction(out, piece, nanoseconds);
		return;
	case ZONE:
		add_zone(out, wall);
		return;
	case OFFSET:
		add_offset(out, &piece->form, wall->offset);
		return;
	default:
		break;
	}
	if (is_date(piece->element))
		add_date(out, piece->element, wall);
	else
		add_time(out, piece->element, wall);
}

void datefmt_add(struct str *out, const char *layout, size_t len,
		 const struct moment *moment)
{
	struct layout_piece piece;
	struct wall wall;

	moment_to_wall(moment, &wall);
	while (len > 0) {
		layout_next(&layout, &len, &piece);
		str_add_bytes(out, piece.text, piece.text_len);
		add_element(out, &piece, &wall, moment->nanoseconds);
	}
}

static void add_go_zone(struct str *out, const struct zone *zone)
{
	if (!zone)
		str_add(out, "time.UTC");
	else if (zone_is_local(zone))
		str_add(out, "time.Local");
	else
		str_addf(out, "time.Location(\"%s\")", zone_name(zone));
}

void datefmt_add_go(struct str *out, const struct moment *moment)
{
	struct wall wall;

	moment_to_wall(moment, &wall);
	str_addf(out, "time.Date(%" PRId64 ", time.%s, %d, %d, %d, %d, %d, ",
		 wall.year, layout_months[wall.month - 1], wall.day, wall.hour,
		 wall.minute, wall.second, (int)moment->nanoseconds);
	add_go_zone(out, moment->zone);
	str_add_char(out, ')');
}

void datefmt_add_month(struct str *out, int64_t month)
{
	if (month >= 1 && month <= 12)
		str_add(out, layout_months[month - 1]);
	else
		str_addf(out, "%%!Month(%" PRIu64 ")", (uint64_t)month);
}

void datefmt_add_weekday(struct str *out, int64_t weekday)
{
	if (weekday >= 0 && weekday <= 6)
		str_add(out, layout_days[weekday]);
	else
		str_addf(out, "%%!Weekday(%" PRIu64 ")", (uint64_t)weekday);
}
