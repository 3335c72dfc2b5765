#include "tmpl/datefmt.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"

#define NANOS_PER_SECOND 1000000000

static const char *const months[] = {"January", "February", "March",
				     "April",	"May",	    "June",
				     "July",	"August",   "September",
				     "October", "November", "December"};
static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
				   "Thursday", "Friday", "Saturday"};

/* What an element of a layout stands for. */
enum element {
	LONG_MONTH,
	SHORT_MONTH,
	MONTH,
	MONTH_2,
	LONG_DAY,
	SHORT_DAY,
	DAY,
	DAY_BLANK,
	DAY_2,
	YEAR_DAY_BLANK,
	YEAR_DAY_3,
	HOUR_24,
	HOUR_12,
	HOUR_12_2,
	MINUTE,
	MINUTE_2,
	SECOND,
	SECOND_2,
	YEAR,
	YEAR_2,
	PM,
	PM_LOWER,
	ZONE,
	OFFSET,	       /* -0700: all forms of it are zeros in UTC */
	OFFSET_COLON,  /* -07:00 */
	OFFSET_HOUR,   /* -07 */
	OFFSET_SECOND, /* -070000 */
	OFFSET_COLONS, /* -07:00:00 */
	OFFSET_Z,      /* Z07:00 and the like */
};

/* Longer ones before those that they start with. */
static const struct {
	const char *text;
	enum element element;
} elements[] = {
	{"January", LONG_MONTH},
	{"Jan", SHORT_MONTH},
	{"Monday", LONG_DAY},
	{"Mon", SHORT_DAY},
	{"MST", ZONE},
	{"002", YEAR_DAY_3},
	{"01", MONTH_2},
	{"02", DAY_2},
	{"03", HOUR_12_2},
	{"04", MINUTE_2},
	{"05", SECOND_2},
	{"06", YEAR_2},
	{"15", HOUR_24},
	{"1", MONTH},
	{"2006", YEAR},
	{"2", DAY},
	{"__2", YEAR_DAY_BLANK},
	{"_2", DAY_BLANK},
	{"3", HOUR_12},
	{"4", MINUTE},
	{"5", SECOND},
	{"PM", PM},
	{"pm", PM_LOWER},
	{"-070000", OFFSET_SECOND},
	{"-07:00:00", OFFSET_COLONS},
	{"-0700", OFFSET},
	{"-07:00", OFFSET_COLON},
	{"-07", OFFSET_HOUR},
	{"Z070000", OFFSET_Z},
	{"Z07:00:00", OFFSET_Z},
	{"Z0700", OFFSET_Z},
	{"Z07:00", OFFSET_Z},
	{"Z07", OFFSET_Z},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * The element that @layout starts with, and its length; 0: none.  "_2006"
 * is a blank and the year; a month is not cut out of a word ("Janet").
 */
static size_t find_element(const char *layout, size_t len,
			   enum element *element)
{
	for (size_t i = 0; i < ARRAY_SIZE(elements); i++) {
		const char *text = elements[i].text;
		size_t size = strlen(text);
		bool word = elements[i].element == SHORT_MONTH ||
			    elements[i].element == SHORT_DAY;

		if (size > len || memcmp(layout, text, size) != 0)
			continue;
		if (elements[i].element == DAY_BLANK && len >= 5 &&
		    memcmp(layout, "_2006", 5) == 0)
			return 0;
		if (word && size < len && layout[size] >= 'a' &&
		    layout[size] <= 'z')
			continue;
		*element = elements[i].element;
		return size;
	}
	return 0;
}

/* A fraction ".000" or ",999" behind a second; its length, 0: none. */
static size_t find_fraction(const char *layout, size_t len)
{
	size_t size = 1;

	if (len < 2 || (layout[0] != '.' && layout[0] != ',') ||
	    (layout[1] != '0' && layout[1] != '9'))
		return 0;
	while (size < len && layout[size] == layout[1])
		size++;
	if (size < len && is_digit(layout[size]))
		return 0;

	return size;
}

/* Nines drop the zeros at the end, and the point if nothing stays. */
static void add_fraction(struct str *out, const char *layout, size_t size,
			 const struct moment *moment)
{
	size_t digits = size - 1 < 9 ? size - 1 : 9;
	char text[16];

	snprintf(text, sizeof(text), "%09d", (int)moment->nanoseconds);
	while (layout[1] == '9' && digits > 0 && text[digits - 1] == '0')
		digits--;
	if (digits == 0)
		return;
	str_add_char(out, layout[0]);
	str_add_bytes(out, text, digits);
}

static int hour_12(int hour)
{
	return hour % 12 == 0 ? 12 : hour % 12;
}

static int year_day(const struct civil *civil, int64_t seconds)
{
	struct civil first = {.year = civil->year, .month = 1, .day = 1};

	return (int)((seconds - clock_from_civil(&first)) / 86400) + 1;
}

static void add_date(struct str *out, enum element element,
		     const struct civil *civil, int64_t seconds)
{
	switch (element) {
	case LONG_MONTH:
		str_add(out, months[civil->month - 1]);
		return;
	case SHORT_MONTH:
		str_add_bytes(out, months[civil->month - 1], 3);
		return;
	case MONTH:
		str_addf(out, "%d", civil->month);
		return;
	case MONTH_2:
		str_addf(out, "%02d", civil->month);
		return;
	case LONG_DAY:
		str_add(out, days[clock_weekday(seconds)]);
		return;
	case SHORT_DAY:
		str_add_bytes(out, days[clock_weekday(seconds)], 3);
		return;
	case DAY:
		str_addf(out, "%d", civil->day);
		return;
	case DAY_BLANK:
		str_addf(out, "%2d", civil->day);
		return;
	case DAY_2:
		str_addf(out, "%02d", civil->day);
		return;
	case YEAR_DAY_BLANK:
		str_addf(out, "%3d", year_day(civil, seconds));
		return;
	case YEAR_DAY_3:
		str_addf(out, "%03d", year_day(civil, seconds));
		return;
	case YEAR:
		str_addf(out, "%04d", civil->year);
		return;
	default: /* YEAR_2 */
		str_addf(out, "%02d", civil->year % 100);
	}
}

static void add_time(struct str *out, enum element element,
		     const struct civil *civil)
{
	switch (element) {
	case HOUR_24:
		str_addf(out, "%02d", civil->hour);
		return;
	case HOUR_12:
		str_addf(out, "%d", hour_12(civil->hour));
		return;
	case HOUR_12_2:
		str_addf(out, "%02d", hour_12(civil->hour));
		return;
	case MINUTE:
		str_addf(out, "%d", civil->minute);
		return;
	case MINUTE_2:
		str_addf(out, "%02d", civil->minute);
		return;
	case SECOND:
		str_addf(out, "%d", civil->second);
		return;
	case SECOND_2:
		str_addf(out, "%02d", civil->second);
		return;
	case PM:
		str_add(out, civil->hour >= 12 ? "PM" : "AM");
		return;
	case PM_LOWER:
		str_add(out, civil->hour >= 12 ? "pm" : "am");
		return;
	default:
		return;
	}
}

/* UTC as zone and offset; false: no such element. */
static bool add_zone(struct str *out, enum element element)
{
	static const char *const words[] = {
		[ZONE] = "UTC",
		[OFFSET] = "+0000",
		[OFFSET_COLON] = "+00:00",
		[OFFSET_HOUR] = "+00",
		[OFFSET_SECOND] = "+000000",
		[OFFSET_COLONS] = "+00:00:00",
		[OFFSET_Z] = "Z",
	};

	if (element < ZONE)
		return false;
	str_add(out, words[element]);
	return true;
}

static bool is_date(enum element element)
{
	return element <= YEAR_DAY_3 || element == YEAR || element == YEAR_2;
}

void datefmt_add(struct str *out, const char *layout, size_t len,
		 const struct moment *moment)
{
	struct civil civil;

	clock_to_civil(moment->seconds, &civil);
	for (size_t at = 0; at < len;) {
		enum element element;
		size_t size = find_fraction(layout + at, len - at);

		if (size > 0) {
			add_fraction(out, layout + at, size, moment);
			at += size;
			continue;
		}
		size = find_element(layout + at, len - at, &element);
		if (size == 0) {
			str_add_char(out, layout[at++]);
			continue;
		}
		at += size;
		if (is_date(element))
			add_date(out, element, &civil, moment->seconds);
		else if (!add_zone(out, element))
			add_time(out, element, &civil);
	}
}

/* The unit at @text in nanoseconds, and its length; 0: none. */
static size_t find_unit(const char *text, size_t len, int64_t *nanoseconds)
{
	static const struct {
		const char *name;
		int64_t nanoseconds;
	} units[] = {
		{"ns", 1},
		{"us", 1000},
		{"\xc2\xb5s", 1000}, /* micro sign */
		{"\xce\xbcs", 1000}, /* Greek mu */
		{"ms", 1000000},
		{"s", NANOS_PER_SECOND},
		{"m", (int64_t)60 * NANOS_PER_SECOND},
		{"h", (int64_t)3600 * NANOS_PER_SECOND},
	};
	size_t size = 0;

	while (size < len && text[size] != '.' && !is_digit(text[size]))
		size++;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strlen(units[i].name) == size &&
		    memcmp(units[i].name, text, size) == 0) {
			*nanoseconds = units[i].nanoseconds;
			return size;
		}
	}
	return 0;
}

/* One "1.5h" at @at, added to @total. */
static bool add_part(const char *text, size_t len, size_t *at, int64_t *total)
{
	int64_t whole = 0, unit, product;
	double fraction = 0, place = 0.1;
	bool any = false;
	size_t size;

	for (; *at < len && is_digit(text[*at]); ++*at, any = true) {
		if (__builtin_mul_overflow(whole, (int64_t)10, &whole) ||
		    __builtin_add_overflow(whole, (int64_t)(text[*at] - '0'),
					   &whole))
			return false;
	}
	if (*at < len && text[*at] == '.') {
		for (++*at; *at < len && is_digit(text[*at]);
		     ++*at, any = true, place /= 10)
			fraction += (text[*at] - '0') * place;
	}
	size = any ? find_unit(text + *at, len - *at, &unit) : 0;
	*at += size;
	return size > 0 && !__builtin_mul_overflow(whole, unit, &product) &&
	       !__builtin_add_overflow(*total, product, total) &&
	       !__builtin_add_overflow(
		       *total, (int64_t)(fraction * (double)unit), total);
}

bool datefmt_parse_duration(const char *text, size_t len, int64_t *nanoseconds)
{
	bool negative = len > 0 && text[0] == '-';
	size_t at = negative || (len > 0 && text[0] == '+') ? 1 : 0;
	int64_t total = 0;

	if (len - at == 1 && text[at] == '0') {
		*nanoseconds = 0;
		return true;
	}
	if (at == len)
		return false;
	while (at < len) {
		if (!add_part(text, len, &at, &total))
			return false;
	}
	*nanoseconds = negative ? -total : total;
	return true;
}
