#include "tmpl/layout.h"

#include <string.h>

#include "base/attr.h"

const char *const layout_months[12] = {"January", "February", "March",
				       "April",	  "May",      "June",
				       "July",	  "August",   "September",
				       "October", "November", "December"};
const char *const layout_days[7] = {"Sunday",	 "Monday",   "Tuesday",
				    "Wednesday", "Thursday", "Friday",
				    "Saturday"};

/* Longer ones before those that they start with. */
static const struct {
	const char *text;
	enum element element;
	struct offset_form form;
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
	{"-070000", OFFSET, {.minutes = true, .seconds = true}},
	{"-07:00:00",
	 OFFSET,
	 {.minutes = true, .seconds = true, .colons = true}},
	{"-0700", OFFSET, {.minutes = true}},
	{"-07:00", OFFSET, {.minutes = true, .colons = true}},
	{"-07", OFFSET, {0}},
	{"Z070000", OFFSET, {.z = true, .minutes = true, .seconds = true}},
	{"Z07:00:00",
	 OFFSET,
	 {.z = true, .minutes = true, .seconds = true, .colons = true}},
	{"Z0700", OFFSET, {.z = true, .minutes = true}},
	{"Z07:00", OFFSET, {.z = true, .minutes = true, .colons = true}},
	{"Z07", OFFSET, {.z = true}},
};

/* A fraction ".000" or ",999"; its length, 0: none. */
static size_t find_fraction(const char *layout, size_t len,
			    struct layout_piece *piece)
{
	size_t size = 1;

	if (len < 2 || (layout[0] != '.' && layout[0] != ',') ||
	    (layout[1] != '0' && layout[1] != '9'))
		return 0;
	while (size < len && layout[size] == layout[1])
		size++;
	if (size < len && layout[size] >= '0' && layout[size] <= '9')
		return 0;

	piece->element = layout[1] == '9' ? FRACTION_SHORT : FRACTION;
	return size;
}

/*
 * The element that @layout starts with, and its length; 0: none.  "_2006"
 * is a blank and the year; a month is not cut out of a word ("Janet").
 */
static size_t find_element(const char *layout, size_t len,
			   struct layout_piece *piece)
{
	if (len >= 5 && memcmp(layout, "_2006", 5) == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(elements); i++) {
		enum element element = elements[i].element;
		const char *text = elements[i].text;
		size_t size = strlen(text);

		if (size > len || memcmp(layout, text, size) != 0)
			continue;
		if ((element == SHORT_MONTH || element == SHORT_DAY) &&
		    size < len && layout[size] >= 'a' && layout[size] <= 'z')
			continue;
		piece->element = element;
		piece->form = elements[i].form;
		return size;
	}
	return find_fraction(layout, len, piece);
}

void layout_next(const char **layout, size_t *len, struct layout_piece *piece)
{
	size_t size = 0;

	*piece = (struct layout_piece){.text = *layout};
	while (piece->text_len < *len && size == 0) {
		size = find_element(*layout + piece->text_len,
				    *len - piece->text_len, piece);
		if (size == 0)
			piece->text_len++;
	}
	piece->name = *layout + piece->text_len;
	piece->name_len = size;
	*layout += piece->text_len + size;
	*len -= piece->text_len + size;
}
