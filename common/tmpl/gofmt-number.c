/* Integers, floats and complex numbers as Go prints them. */

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "base/quote.h"
#include "base/str.h"
#include "base/unicode.h"
#include "format/value.h"
#include "tmpl/gofloat.h"
#include "tmpl/gofmt-printer.h"

/* A uint64 in base 2, with sign and prefix. */
#define DIGITS_MAX 72

/* --- integers ------------------------------------------------------------ */

/* How many digits the flags ask for at least. */
static int digits_wanted(const struct flags *flags, bool negative)
{
	if (flags->has_precision)
		return flags->precision;
	if (flags->zero && !flags->minus && flags->has_width)
		return flags->width -
		       (negative || flags->plus || flags->space ? 1 : 0);

	return 0;
}

static void print_based(struct printer *printer, uint64_t number, bool negative,
			unsigned int base, uint32_t verb, const char *digits)
{
	const struct flags *flags = &printer->flags;
	CLEANUP(str_release) struct str text = {0};
	char reversed[DIGITS_MAX];
	int count = 0, wanted = digits_wanted(flags, negative);

	if (flags->has_precision && flags->precision == 0 && number == 0) {
		gofmt_pad_blank(printer, "", 0);
		return;
	}
	for (uint64_t rest = number; rest > 0 || count == 0; rest /= base)
		reversed[count++] = digits[rest % base];

	if (negative)
		str_add_char(&text, '-');
	else if (flags->plus || flags->space)
		str_add_char(&text, flags->plus ? '+' : ' ');
	if (verb == 'O')
		str_add(&text, "0o");
	if (flags->sharp && base == 2)
		str_add(&text, "0b");
	if (flags->sharp && base == 16)
		str_addf(&text, "0%c", digits[16]);
	if (flags->sharp && base == 8 && wanted <= count &&
	    reversed[count - 1] != '0')
		str_add_char(&text, '0');
	if (wanted > count)
		str_add_repeated(&text, '0', (size_t)(wanted - count));
	while (count > 0)
		str_add_char(&text, reversed[--count]);

	gofmt_pad_blank(printer, str_text(&text), text.len);
}

/* U+0078, and with # U+0078 'x'. */
static void print_unicode(struct printer *printer, uint64_t number)
{
	const struct flags *flags = &printer->flags;
	CLEANUP(str_release) struct str text = {0};
	int digits = flags->has_precision && flags->precision > 4
			     ? flags->precision
			     : 4;

	str_addf(&text, "U+%0*" PRIX64, digits, number);
	if (flags->sharp && number <= RUNE_MAX &&
	    rune_is_printable((uint32_t)number)) {
		str_add(&text, " '");
		str_add_rune(&text, (uint32_t)number);
		str_add_char(&text, '\'');
	}
	gofmt_pad_blank(printer, str_text(&text), text.len);
}

/* As a character: %c, and quoted: %q. */
static void print_rune(struct printer *printer, uint64_t number, bool quoted)
{
	CLEANUP(str_release) struct str text = {0};
	uint32_t rune = number <= RUNE_MAX ? (uint32_t)number : RUNE_ERROR;

	if (!rune_is_valid(rune))
		rune = RUNE_ERROR;
	if (quoted) {
		str_add_char(&text, '\'');
		quote_add_rune(&text, rune, '\'', printer->flags.plus);
		str_add_char(&text, '\'');
	} else {
		str_add_rune(&text, rune);
	}
	gofmt_pad(printer, str_text(&text), text.len);
}

static void print_integer(struct printer *printer, const struct value *value,
			  uint32_t verb, unsigned int depth)
{
	bool is_signed =
		value->kind != VALUE_UINT8 && value->kind != VALUE_UINT64;
	bool negative = is_signed && value->integer < 0;
	uint64_t bits = (uint64_t)value->integer;
	uint64_t number = negative ? 0 - bits : bits;
	bool sharp = printer->flags.sharp;

	switch (verb) {
	case 'v':
		if (printer->flags.sharp_v && !is_signed) {
			printer->flags.sharp = true;
			print_based(printer, number, false, 16, verb,
				    GOFMT_LOWER_DIGITS);
			printer->flags.sharp = sharp;
			return;
		}
		print_based(printer, number, negative, 10, verb,
			    GOFMT_LOWER_DIGITS);
		return;
	case 'd':
		print_based(printer, number, negative, 10, verb,
			    GOFMT_LOWER_DIGITS);
		return;
	case 'b':
		print_based(printer, number, negative, 2, verb,
			    GOFMT_LOWER_DIGITS);
		return;
	case 'o':
	case 'O':
		print_based(printer, number, negative, 8, verb,
			    GOFMT_LOWER_DIGITS);
		return;
	case 'x':
		print_based(printer, number, negative, 16, verb,
			    GOFMT_LOWER_DIGITS);
		return;
	case 'X':
		print_based(printer, number, negative, 16, verb,
			    GOFMT_UPPER_DIGITS);
		return;
	case 'c':
		print_rune(printer, bits, false);
		return;
	case 'q':
		print_rune(printer, bits, true);
		return;
	case 'U':
		print_unicode(printer, bits);
		return;
	default:
		gofmt_bad_verb(printer, value, verb, depth);
	}
}

/* --- floats -------------------------------------------------------------- */

/* # keeps the point and the zeros that %g drops. */
static void restore_digits(struct str *text, char format, int precision)
{
	CLEANUP(str_release) struct str tail = {0};
	bool hex = format == 'x' || format == 'X';
	bool point = false, nonzero = false;
	int digits = 0;
	size_t end = 1;

	if (format == 'g' || format == 'G' || format == 'x')
		digits = precision == -1 ? 6 : precision;
	for (; end < text->len; end++) {
		char c = text->buf[end];

		if (c == 'p' || c == 'P' || (!hex && (c == 'e' || c == 'E')))
			break;
		if (c == '.') {
			point = true;
			continue;
		}
		nonzero = nonzero || c != '0';
		digits -= nonzero ? 1 : 0;
	}
	str_add_bytes(&tail, text->buf + end, text->len - end);
	str_truncate(text, end);
	if (!point) {
		if (text->len == 2 && text->buf[1] == '0')
			digits--;
		str_add_char(text, '.');
	}
	if (digits > 0)
		str_add_repeated(text, '0', (size_t)digits);
	str_add_bytes(text, str_text(&tail), tail.len);
}

/* One float of @format; @precision unless the flags say another. */
static void print_float_as(struct printer *printer, double number, char format,
			   int precision)
{
	struct flags *flags = &printer->flags;
	CLEANUP(str_release) struct str text = {0};

	if (flags->has_precision)
		precision = flags->precision;
	gofloat_add(&text, number, format, precision);
	if (text.buf[0] != '-' && text.buf[0] != '+')
		str_splice(&text, 0, 0, "+", 1);
	if (flags->space && text.buf[0] == '+' && !flags->plus)
		text.buf[0] = ' ';

	if (isnan(number) || isinf(number)) {
		/* Infinity always shows its sign, NaN if it is asked to. */
		bool sign = isinf(number) || flags->space || flags->plus;

		gofmt_pad_blank(printer, text.buf + (sign ? 0 : 1),
				text.len - (sign ? 0 : 1));
		return;
	}
	if (flags->sharp && format != 'b')
		restore_digits(&text, format, precision);
	if (!flags->plus && text.buf[0] == '+') {
		gofmt_pad(printer, text.buf + 1, text.len - 1);
		return;
	}
	/* The sign goes before the zeros. */
	if (flags->zero && !flags->minus && flags->has_width &&
	    (size_t)flags->width > text.len) {
		str_add_char(printer->out, text.buf[0]);
		gofmt_add_padding(printer, (size_t)flags->width - text.len);
		str_add_bytes(printer->out, text.buf + 1, text.len - 1);
		return;
	}
	gofmt_pad(printer, text.buf, text.len);
}

/* False: floats have no such verb. */
static bool print_float_verb(struct printer *printer, double number,
			     uint32_t verb)
{
	switch (verb) {
	case 'v':
		print_float_as(printer, number, 'g', -1);
		return true;
	case 'b':
	case 'g':
	case 'G':
	case 'x':
	case 'X':
		print_float_as(printer, number, (char)verb, -1);
		return true;
	case 'f':
	case 'e':
	case 'E':
		print_float_as(printer, number, (char)verb, 6);
		return true;
	case 'F':
		print_float_as(printer, number, 'f', 6);
		return true;
	default:
		return false;
	}
}

static void print_complex(struct printer *printer, const struct value *value,
			  uint32_t verb, unsigned int depth)
{
	bool plus = printer->flags.plus;

	if (verb > 0x7f || !strchr("vbgGxXfFeE", (char)verb)) {
		gofmt_bad_verb(printer, value, verb, depth);
		return;
	}
	str_add_char(printer->out, '(');
	print_float_verb(printer, value->complex.real, verb);
	printer->flags.plus = true;
	print_float_verb(printer, value->complex.imaginary, verb);
	str_add(printer->out, "i)");
	printer->flags.plus = plus;
}

void gofmt_print_number(struct printer *printer, const struct value *value,
			uint32_t verb, unsigned int depth)
{
	if (value->kind == VALUE_COMPLEX128)
		print_complex(printer, value, verb, depth);
	else if (value->kind != VALUE_FLOAT64)
		print_integer(printer, value, verb, depth);
	else if (!print_float_verb(printer, value->number, verb))
		gofmt_bad_verb(printer, value, verb, depth);
}
