/*
 * The elements of a layout of Go's time.Format, between datefmt.c, which
 * writes them, and datefmt-parse.c, which reads them.
 */
#ifndef TMPL_LAYOUT_H
#define TMPL_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

/* What an element of a layout stands for. */
enum element {
	NO_ELEMENT,
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
	OFFSET,
	FRACTION,	/* .000 */
	FRACTION_SHORT, /* .999: zeros at the end are dropped */
};

/* The forms of OFFSET. */
struct offset_form {
	bool z; /* Z07:00: nothing but Z for UTC */
	bool minutes, seconds, colons;
};

/* A piece of a layout: text as it is, and the element behind it. */
struct layout_piece {
	const char *text;
	size_t text_len;
	enum element element; /* NO_ELEMENT: the layout ends */
	const char *name;     /* the element as the layout writes it */
	size_t name_len;
	struct offset_form form;
};

/* The piece at *@layout, which moves on behind it. */
void layout_next(const char **layout, size_t *len, struct layout_piece *piece);

extern const char *const layout_months[12];
extern const char *const layout_days[7];

#endif
