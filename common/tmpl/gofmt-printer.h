/*
 * One verb of a format with its flags, between gofmt.c, which prints values,
 * and gofmt-printf.c, which reads formats.
 */
#ifndef TMPL_GOFMT_PRINTER_H
#define TMPL_GOFMT_PRINTER_H

#include <stdbool.h>
#include <stdint.h>

struct str;
struct value;

struct flags {
	bool sharp, zero, plus, minus, space;
	bool sharp_v, plus_v; /* %#v, %+v */
	bool has_width, has_precision;
	int width, precision;
};

struct printer {
	struct str *out;
	struct flags flags;
};

/* One operand of a print function. */
void gofmt_print_arg(struct printer *printer, const struct value *value,
		     uint32_t verb);

#endif
