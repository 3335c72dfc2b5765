#include "tmpl/gofloat.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "format/value.h"

/* Hexadecimal digits behind the point of a float64. */
#define HEX_DIGITS_MAX 13

/* strconv's 'b': the mantissa as a whole number, and its power of two. */
static void add_binary_float(struct str *out, double number)
{
	int exponent;
	double fraction = frexp(fabs(number), &exponent);
	uint64_t mantissa = (uint64_t)ldexp(fraction, 53);

	exponent = mantissa == 0 ? -1074 : exponent - 53;
	if (exponent < -1074) {
		mantissa >>= -1074 - exponent;
		exponent = -1074;
	}
	str_addf(out, "%s%" PRIu64 "p%+d", signbit(number) ? "-" : "", mantissa,
		 exponent);
}

/*
 * strconv's 'x': -0x1.23abcp+20.  Unlike printf's %a, the first digit is
 * always 1 and the exponent has two digits at least.
 */
static void add_hex_float(struct str *out, double number, int precision,
			  bool upper)
{
	size_t start = out->len;
	int power = 1, digits;
	double fraction = frexp(number, &power) * 2;
	char text[64], *mark;

	digits = precision < HEX_DIGITS_MAX ? precision : HEX_DIGITS_MAX;
	snprintf(text, sizeof(text), "%.*a", digits, fraction);
	mark = strchr(text, 'x') + 1;
	if (*mark == '2') {
		*mark = '1';
		power++;
	}
	mark = strchr(text, 'p');
	str_add_bytes(out, text, (size_t)(mark - text));
	if (precision > digits)
		str_add_repeated(out, '0', (size_t)(precision - digits));
	power = number == 0 ? 0 : power - 1;
	str_addf(out, "p%c%02d", power < 0 ? '-' : '+', abs(power));
	for (size_t i = start; upper && i < out->len; i++) {
		if (out->buf[i] >= 'a' && out->buf[i] <= 'z')
			out->buf[i] = (char)(out->buf[i] - 32);
	}
}

/* The digits that are asked for, as printf's e and f round them. */
static void add_precise_float(struct str *out, double number, char format,
			      int precision)
{
	if (format == 'e')
		str_addf(out, "%.*e", precision, number);
	else if (format == 'E')
		str_addf(out, "%.*E", precision, number);
	else
		str_addf(out, "%.*f", precision, number);
}

/*
 * %g with a precision.  Not printf's: the exponent from which on it is
 * written goes down to the number of digits that are there.
 */
static void add_general_float(struct str *out, double number, char format,
			      int precision)
{
	char probe[2048];
	int exponent, digits = 0, threshold;
	char *mark;

	if (precision == 0)
		precision = 1;
	if (precision > 1000)
		precision = 1000;
	snprintf(probe, sizeof(probe), "%.*e", precision - 1, number);
	mark = strchr(probe, 'e');
	exponent = (int)strtol(mark + 1, NULL, 10);
	for (char *p = probe; p < mark; p++) {
		if (*p >= '0' && *p <= '9')
			digits++;
	}
	for (char *p = mark; p > probe && p[-1] == '0' && digits > 1; p--)
		digits--;

	threshold = precision;
	if (threshold > digits && digits >= exponent + 1)
		threshold = digits;
	if (exponent >= -4 && exponent < threshold) {
		int decimals = digits - 1 - exponent;

		str_addf(out, "%.*f", decimals > 0 ? decimals : 0, number);
		return;
	}
	str_addf(out, format == 'g' ? "%.*e" : "%.*E", digits - 1, number);
}

void gofloat_add(struct str *out, double number, char format, int precision)
{
	size_t start = out->len;

	if (isnan(number) || isinf(number)) {
		value_add_float(out, number, 'g');
	} else if (format == 'b') {
		add_binary_float(out, number);
	} else if (format == 'x' || format == 'X') {
		add_hex_float(out, number, precision, format == 'X');
	} else if (precision < 0) {
		value_add_float(out, number, format == 'G' ? 'g' : format);
		if (format == 'G') {
			char *mark = strchr(out->buf + start, 'e');

			if (mark)
				*mark = 'E';
		}
	} else if (format == 'g' || format == 'G') {
		add_general_float(out, number, format, precision);
	} else {
		add_precise_float(out, number, format, precision);
	}
}
