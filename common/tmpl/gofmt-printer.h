/*
 * One verb of a format with its flags, between gofmt.c, gofmt-number.c and
 * gofmt-struct.c, which print values, and gofmt-printf.c, which reads formats.
 */
#ifndef TMPL_GOFMT_PRINTER_H
#define TMPL_GOFMT_PRINTER_H

#include <stdbool.h>
#include <stddef.h>
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
	bool erring; /* within %!verb(): no methods are asked */
};

/* One operand of a print function. */
void gofmt_print_arg(struct printer *printer, const struct value *value,
		     uint32_t verb);

/* A value at some depth within the operand. */
void gofmt_print_value(struct printer *printer, const struct value *value,
		       uint32_t verb, unsigned int depth);

/* As the type's own methods print it; false: the verb asks for none. */
bool gofmt_print_by_method(struct printer *printer, const struct value *value,
			   uint32_t verb, unsigned int depth);

/* An object by its fields. */
void gofmt_print_struct(struct printer *printer, const struct value *value,
			uint32_t verb, unsigned int depth);

/* A number of any kind. */
void gofmt_print_number(struct printer *printer, const struct value *value,
			uint32_t verb, unsigned int depth);

/* A text as wide as the flags ask; with blanks, though they ask for zeros. */
void gofmt_pad(struct printer *printer, const char *bytes, size_t len);
void gofmt_pad_blank(struct printer *printer, const char *bytes, size_t len);
/* So many blanks, or zeros where the flags ask for them. */
void gofmt_add_padding(struct printer *printer, size_t count);

/* Of base 16, and behind them its mark. */
#define GOFMT_LOWER_DIGITS "0123456789abcdefx"
#define GOFMT_UPPER_DIGITS "0123456789ABCDEFX"

/* %!d(string=hello) */
void gofmt_bad_verb(struct printer *printer, const struct value *value,
		    uint32_t verb, unsigned int depth);

#endif
