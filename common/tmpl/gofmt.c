#include "tmpl/gofmt.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/tmpl.h"
#include "tmpl/unicode.h"

/* Larger widths, precisions and argument numbers are refused, as in Go. */
#define NUMBER_LIMIT 1000000

/* A quoted or encoded text is not longer than a render's output. */
#define TEXT_MAX TMPL_OUTPUT_MAX

/* Hexadecimal digits behind the point of a float64. */
#define HEX_DIGITS_MAX 13

/* A uint64 in base 2, with sign and prefix. */
#define DIGITS_MAX 72

static const char lower_digits[] = "0123456789abcdefx";
static const char upper_digits[] = "0123456789ABCDEFX";

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

static void print_value(struct printer *printer, const struct value *value,
			uint32_t verb, unsigned int depth);

/* --- padding ------------------------------------------------------------- */

static void add_padding(struct printer *printer, size_t count)
{
	bool zero = printer->flags.zero && !printer->flags.minus;

	str_add_repeated(printer->out, zero ? '0' : ' ', count);
}

static void pad(struct printer *printer, const char *bytes, size_t len)
{
	size_t width = 0, runes;

	if (printer->flags.has_width) {
		runes = rune_count(bytes, len);
		if ((size_t)printer->flags.width > runes)
			width = (size_t)printer->flags.width - runes;
	}
	if (!printer->flags.minus)
		add_padding(printer, width);
	str_add_bytes(printer->out, bytes, len);
	if (printer->flags.minus)
		add_padding(printer, width);
}

/* Padded with blanks even where zeros are asked for. */
static void pad_blank(struct printer *printer, const char *bytes, size_t len)
{
	bool zero = printer->flags.zero;

	printer->flags.zero = false;
	pad(printer, bytes, len);
	printer->flags.zero = zero;
}

/* pad() of a text that was made for it, which may have been too long. */
static void pad_str(struct printer *printer, const struct str *text)
{
	pad(printer, str_text(text), text->len);
	printer->out->overflow = printer->out->overflow || text->overflow;
}

/* --- wrong verbs --------------------------------------------------------- */

/* %!d(string=hello) */
static void bad_verb(struct printer *printer, const struct value *value,
		     uint32_t verb, unsigned int depth)
{
	str_add(printer->out, "%!");
	str_add_rune(printer->out, verb);
	str_add_char(printer->out, '(');
	if (value->kind == VALUE_NIL) {
		str_add(printer->out, "<nil>");
	} else {
		str_add(printer->out, value_type(value));
		str_add_char(printer->out, '=');
		print_value(printer, value, 'v', depth);
	}
	str_add_char(printer->out, ')');
}

/* --- quoting ------------------------------------------------------------- */

static void add_escape(struct str *out, uint32_t rune)
{
	static const char named[] = "\aa\bb\ff\nn\rr\tt\vv";

	for (size_t i = 0; named[i] != '\0'; i += 2) {
		if (rune == (unsigned char)named[i]) {
			str_addf(out, "\\%c", named[i + 1]);
			return;
		}
	}
	if (rune < ' ' || rune == 0x7f)
		str_addf(out, "\\x%02x", (unsigned int)rune);
	else if (rune < 0x10000)
		str_addf(out, "\\u%04x", (unsigned int)rune);
	else
		str_addf(out, "\\U%08x", (unsigned int)rune);
}

static void add_quoted_rune(struct str *out, uint32_t rune, char quote,
			    bool ascii)
{
	if (rune == (unsigned char)quote || rune == '\\') {
		str_add_char(out, '\\');
		str_add_char(out, (char)rune);
	} else if (rune_is_printable(rune) && (rune < 0x80 || !ascii)) {
		str_add_rune(out, rune);
	} else {
		add_escape(out, rune);
	}
}

void gofmt_quote(struct str *out, const char *bytes, size_t len, bool ascii)
{
	str_add_char(out, '"');
	for (size_t at = 0, width; at < len; at += width) {
		uint32_t rune;

		width = rune_decode(bytes + at, len - at, &rune);
		if (rune == RUNE_ERROR && width == 1)
			str_addf(out, "\\x%02x", (unsigned char)bytes[at]);
		else
			add_quoted_rune(out, rune, '"', ascii);
	}
	str_add_char(out, '"');
}

/* Can it stand in backquotes as it is? */
static bool can_backquote(const char *bytes, size_t len)
{
	for (size_t at = 0, width; at < len; at += width) {
		uint32_t rune;

		width = rune_decode(bytes + at, len - at, &rune);
		if (rune == 0xfeff || (rune == RUNE_ERROR && width == 1) ||
		    (rune < ' ' && rune != '\t') || rune == '`' || rune == 0x7f)
			return false;
	}
	return true;
}

/* --- strings ------------------------------------------------------------- */

/* The bytes of the first @precision runes. */
static size_t truncated(const struct printer *printer, const char *bytes,
			size_t len)
{
	int left = printer->flags.precision;
	size_t at = 0;
	uint32_t rune;

	if (!printer->flags.has_precision)
		return len;
	for (; at < len && left > 0; left--)
		at += rune_decode(bytes + at, len - at, &rune);
	return at;
}

static void print_quoted(struct printer *printer, const char *bytes, size_t len)
{
	CLEANUP(str_release) struct str text = {.limit = TEXT_MAX};

	len = truncated(printer, bytes, len);
	if (printer->flags.sharp && can_backquote(bytes, len)) {
		str_add_char(&text, '`');
		str_add_bytes(&text, bytes, len);
		str_add_char(&text, '`');
	} else {
		gofmt_quote(&text, bytes, len, printer->flags.plus);
	}
	pad_str(printer, &text);
}

/* The bytes in hexadecimal: %x, % x, %#x. */
static void print_hex(struct printer *printer, const char *bytes, size_t len,
		      const char *digits)
{
	const struct flags *flags = &printer->flags;
	CLEANUP(str_release) struct str text = {.limit = TEXT_MAX};

	if (flags->has_precision && (size_t)flags->precision < len)
		len = (size_t)flags->precision;
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (flags->space && i > 0)
			str_add_char(&text, ' ');
		if (flags->sharp && (flags->space || i == 0)) {
			str_add_char(&text, '0');
			str_add_char(&text, digits[16]);
		}
		str_add_char(&text, digits[byte >> 4]);
		str_add_char(&text, digits[byte & 15]);
	}
	pad_str(printer, &text);
}

static void print_string(struct printer *printer, const struct value *value,
			 uint32_t verb, unsigned int depth)
{
	const char *bytes = value->string.bytes;
	size_t len = value->string.len;

	switch (verb) {
	case 'v':
		if (printer->flags.sharp_v) {
			print_quoted(printer, bytes, len);
			return;
		}
		pad(printer, bytes, truncated(printer, bytes, len));
		return;
	case 's':
		pad(printer, bytes, truncated(printer, bytes, len));
		return;
	case 'x':
		print_hex(printer, bytes, len, lower_digits);
		return;
	case 'X':
		print_hex(printer, bytes, len, upper_digits);
		return;
	case 'q':
		print_quoted(printer, bytes, len);
		return;
	default:
		bad_verb(printer, value, verb, depth);
	}
}

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
		pad_blank(printer, "", 0);
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

	pad_blank(printer, str_text(&text), text.len);
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
	pad_blank(printer, str_text(&text), text.len);
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
		add_quoted_rune(&text, rune, '\'', printer->flags.plus);
		str_add_char(&text, '\'');
	} else {
		str_add_rune(&text, rune);
	}
	pad(printer, str_text(&text), text.len);
}

static void print_integer(struct printer *printer, const struct value *value,
			  uint32_t verb, unsigned int depth)
{
	bool is_signed = value->kind != VALUE_UINT8;
	bool negative = is_signed && value->integer < 0;
	uint64_t bits = (uint64_t)value->integer;
	uint64_t number = negative ? 0 - bits : bits;
	bool sharp = printer->flags.sharp;

	switch (verb) {
	case 'v':
		if (printer->flags.sharp_v && !is_signed) {
			printer->flags.sharp = true;
			print_based(printer, number, false, 16, verb,
				    lower_digits);
			printer->flags.sharp = sharp;
			return;
		}
		print_based(printer, number, negative, 10, verb, lower_digits);
		return;
	case 'd':
		print_based(printer, number, negative, 10, verb, lower_digits);
		return;
	case 'b':
		print_based(printer, number, negative, 2, verb, lower_digits);
		return;
	case 'o':
	case 'O':
		print_based(printer, number, negative, 8, verb, lower_digits);
		return;
	case 'x':
		print_based(printer, number, negative, 16, verb, lower_digits);
		return;
	case 'X':
		print_based(printer, number, negative, 16, verb, upper_digits);
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
		bad_verb(printer, value, verb, depth);
	}
}

/* --- floats -------------------------------------------------------------- */

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

/* As strconv.FormatFloat; precision -1: as short as reads back. */
static void add_float(struct str *out, double number, char format,
		      int precision)
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
	add_float(&text, number, format, precision);
	if (text.buf[0] != '-' && text.buf[0] != '+')
		str_splice(&text, 0, 0, "+", 1);
	if (flags->space && text.buf[0] == '+' && !flags->plus)
		text.buf[0] = ' ';

	if (isnan(number) || isinf(number)) {
		/* Infinity always shows its sign, NaN if it is asked to. */
		bool sign = isinf(number) || flags->space || flags->plus;

		pad_blank(printer, text.buf + (sign ? 0 : 1),
			  text.len - (sign ? 0 : 1));
		return;
	}
	if (flags->sharp && format != 'b')
		restore_digits(&text, format, precision);
	if (!flags->plus && text.buf[0] == '+') {
		pad(printer, text.buf + 1, text.len - 1);
		return;
	}
	/* The sign goes before the zeros. */
	if (flags->zero && !flags->minus && flags->has_width &&
	    (size_t)flags->width > text.len) {
		str_add_char(printer->out, text.buf[0]);
		add_padding(printer, (size_t)flags->width - text.len);
		str_add_bytes(printer->out, text.buf + 1, text.len - 1);
		return;
	}
	pad(printer, text.buf, text.len);
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
		bad_verb(printer, value, verb, depth);
		return;
	}
	str_add_char(printer->out, '(');
	print_float_verb(printer, value->complex.real, verb);
	printer->flags.plus = true;
	print_float_verb(printer, value->complex.imaginary, verb);
	str_add(printer->out, "i)");
	printer->flags.plus = plus;
}

/* --- lists and maps ------------------------------------------------------ */

/* A nil among the parts of something, whatever the verb. */
static void print_nil(struct printer *printer)
{
	str_add(printer->out,
		printer->flags.sharp_v ? "interface {}(nil)" : "<nil>");
}

static void print_list(struct printer *printer, const struct value *value,
		       uint32_t verb, unsigned int depth)
{
	bool sharp = printer->flags.sharp_v;

	if (sharp)
		str_add(printer->out, value_type(value));
	str_add_char(printer->out, sharp ? '{' : '[');
	for (size_t i = 0; i < value->list.count; i++) {
		if (printer->out->overflow)
			return;
		if (i > 0)
			str_add(printer->out, sharp ? ", " : " ");
		print_value(printer, value->list.items[i], verb, depth + 1);
	}
	str_add_char(printer->out, sharp ? '}' : ']');
}

static void print_map(struct printer *printer, const struct value *value,
		      uint32_t verb, unsigned int depth)
{
	bool sharp = printer->flags.sharp_v;

	str_add(printer->out, sharp ? value_type(value) : "map");
	str_add_char(printer->out, sharp ? '{' : '[');
	for (size_t i = 0; i < value->map.count; i++) {
		const struct value_pair *pair = &value->map.pairs[i];
		const struct value key = {.kind = VALUE_STRING,
					  .string = pair->key};

		if (printer->out->overflow)
			return;
		if (i > 0)
			str_add(printer->out, sharp ? ", " : " ");
		print_value(printer, &key, verb, depth + 1);
		str_add_char(printer->out, ':');
		print_value(printer, pair->value, verb, depth + 1);
	}
	str_add_char(printer->out, sharp ? '}' : ']');
}

static void print_value(struct printer *printer, const struct value *value,
			uint32_t verb, unsigned int depth)
{
	if (depth > VALUE_DEPTH_MAX) {
		str_add(printer->out, "...");
		return;
	}
	switch (value->kind) {
	case VALUE_NIL:
		print_nil(printer);
		return;
	case VALUE_BOOL:
		if (verb != 't' && verb != 'v')
			bad_verb(printer, value, verb, depth);
		else if (value->boolean)
			pad(printer, "true", 4);
		else
			pad(printer, "false", 5);
		return;
	case VALUE_INT:
	case VALUE_INT64:
	case VALUE_UINT8:
		print_integer(printer, value, verb, depth);
		return;
	case VALUE_FLOAT64:
		if (!print_float_verb(printer, value->number, verb))
			bad_verb(printer, value, verb, depth);
		return;
	case VALUE_COMPLEX128:
		print_complex(printer, value, verb, depth);
		return;
	case VALUE_STRING:
		print_string(printer, value, verb, depth);
		return;
	case VALUE_LIST:
	case VALUE_STRING_LIST:
	case VALUE_INT_LIST:
		print_list(printer, value, verb, depth);
		return;
	case VALUE_MAP:
	case VALUE_STRING_MAP:
		print_map(printer, value, verb, depth);
		return;
	case VALUE_OBJECT:
		value->object.class->print(value, printer->out);
		return;
	}
}

/* One operand of a print function. */
static void print_arg(struct printer *printer, const struct value *value,
		      uint32_t verb)
{
	const char *type = value_type(value);

	if (value->kind == VALUE_NIL) {
		if (verb == 'T' || verb == 'v')
			pad(printer, "<nil>", 5);
		else
			bad_verb(printer, value, verb, 0);
		return;
	}
	if (verb == 'T') {
		pad(printer, type, truncated(printer, type, strlen(type)));
		return;
	}
	if (verb == 'p') {
		/* An address would be another one in each run. */
		bad_verb(printer, value, verb, 0);
		return;
	}
	print_value(printer, value, verb, 0);
}

void gofmt_value(struct str *out, const struct value *value)
{
	struct printer printer = {.out = out};

	print_arg(&printer, value, 'v');
}

void gofmt_print(struct str *out, const struct value *const *args, size_t count)
{
	bool after_string = false;

	for (size_t i = 0; i < count; i++) {
		bool is_string = args[i]->kind == VALUE_STRING;

		if (i > 0 && !is_string && !after_string)
			str_add_char(out, ' ');
		gofmt_value(out, args[i]);
		after_string = is_string;
	}
}

void gofmt_println(struct str *out, const struct value *const *args,
		   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			str_add_char(out, ' ');
		gofmt_value(out, args[i]);
	}
	str_add_char(out, '\n');
}

/* --- formats ------------------------------------------------------------- */

/* A format on its way: @at is what is read next, @next the next operand. */
struct format {
	struct printer printer;
	const char *text;
	size_t len, at;
	const struct value *const *args;
	size_t count, next;
	bool reordered;	  /* [n] was used */
	bool good_index;  /* the operand of this verb is there */
	bool after_index; /* [n] was read last */
};

static char format_char(const struct format *format)
{
	return format->at < format->len ? format->text[format->at] : '\0';
}

static bool too_large(int64_t number)
{
	return number > NUMBER_LIMIT || number < -NUMBER_LIMIT;
}

/* Digits up to @end; false: none there, or too many (and all is skipped). */
static bool read_number(const char *text, size_t *at, size_t end, int *number)
{
	bool any = false;

	*number = 0;
	for (; *at < end && text[*at] >= '0' && text[*at] <= '9'; ++*at) {
		if (too_large(*number)) {
			*number = 0;
			*at = end;
			return false;
		}
		*number = *number * 10 + (text[*at] - '0');
		any = true;
	}
	return any;
}

/* [n]: the operand to go on with. */
static void read_index(struct format *format)
{
	const char *close;
	size_t at = format->at + 1, end;
	int number;
	bool good;

	format->after_index = false;
	if (format_char(format) != '[')
		return;
	format->reordered = true;
	close = memchr(format->text + format->at, ']',
		       format->len - format->at);
	if (format->len - format->at < 3 || !close) {
		format->good_index = false;
		format->at++;
		return;
	}
	end = (size_t)(close - format->text);
	good = read_number(format->text, &at, end, &number) && at == end;
	format->at = end + 1;
	format->after_index = good;
	if (good && number >= 1 && (size_t)number <= format->count)
		format->next = (size_t)number - 1;
	else
		format->good_index = false;
}

/* The value of a *: the next operand. */
static bool read_star(struct format *format, int *number)
{
	const struct value *arg;

	*number = 0;
	if (format->next >= format->count)
		return false;
	arg = format->args[format->next++];
	if (arg->kind != VALUE_INT && arg->kind != VALUE_INT64 &&
	    arg->kind != VALUE_UINT8)
		return false;
	if (too_large(arg->integer))
		return false;
	*number = (int)arg->integer;
	return true;
}

static void read_flags(struct format *format)
{
	struct flags *flags = &format->printer.flags;

	for (; format->at < format->len; format->at++) {
		switch (format->text[format->at]) {
		case '#':
			flags->sharp = true;
			break;
		case '0':
			flags->zero = true;
			break;
		case '+':
			flags->plus = true;
			break;
		case '-':
			flags->minus = true;
			break;
		case ' ':
			flags->space = true;
			break;
		default:
			return;
		}
	}
}

static void read_width(struct format *format)
{
	struct flags *flags = &format->printer.flags;

	if (format_char(format) == '*' && format->at < format->len) {
		format->at++;
		flags->has_width = read_star(format, &flags->width);
		if (!flags->has_width)
			str_add(format->printer.out, "%!(BADWIDTH)");
		if (flags->width < 0) {
			flags->width = -flags->width;
			flags->minus = true;
			flags->zero = false;
		}
		format->after_index = false;
		return;
	}
	flags->has_width = read_number(format->text, &format->at, format->len,
				       &flags->width);
	if (format->after_index && flags->has_width)
		format->good_index = false;
}

static void read_precision(struct format *format)
{
	struct flags *flags = &format->printer.flags;

	if (format->at + 1 >= format->len || format_char(format) != '.')
		return;
	format->at++;
	if (format->after_index)
		format->good_index = false;
	read_index(format);
	if (format->at < format->len && format_char(format) == '*') {
		format->at++;
		flags->has_precision = read_star(format, &flags->precision);
		if (flags->precision < 0) {
			flags->precision = 0;
			flags->has_precision = false;
		}
		if (!flags->has_precision)
			str_add(format->printer.out, "%!(BADPREC)");
		format->after_index = false;
		return;
	}
	/* A point alone is a precision of 0. */
	read_number(format->text, &format->at, format->len, &flags->precision);
	flags->has_precision = true;
}

/* The verb itself, with its operand. */
static void print_verb(struct format *format)
{
	struct printer *printer = &format->printer;
	struct flags *flags = &printer->flags;
	uint32_t verb;

	format->at += rune_decode(format->text + format->at,
				  format->len - format->at, &verb);
	if (verb == '%') {
		str_add_char(printer->out, '%');
		return;
	}
	if (!format->good_index || format->next >= format->count) {
		str_add(printer->out, "%!");
		str_add_rune(printer->out, verb);
		str_add(printer->out,
			format->good_index ? "(MISSING)" : "(BADINDEX)");
		return;
	}
	if (verb == 'v' || verb == 'w') {
		flags->sharp_v = flags->sharp;
		flags->sharp = false;
		flags->plus_v = flags->plus;
		flags->plus = false;
	}
	print_arg(printer, format->args[format->next++], verb);
}

static void print_directive(struct format *format)
{
	format->printer.flags = (struct flags){0};
	format->good_index = true;
	format->after_index = false;
	read_flags(format);
	read_index(format);
	read_width(format);
	read_precision(format);
	if (!format->after_index)
		read_index(format);
	if (format->at >= format->len) {
		str_add(format->printer.out, "%!(NOVERB)");
		return;
	}
	print_verb(format);
}

/* %!(EXTRA type=value, ...) */
static void print_extra(struct format *format)
{
	struct str *out = format->printer.out;

	format->printer.flags = (struct flags){0};
	str_add(out, "%!(EXTRA ");
	for (size_t i = format->next; i < format->count; i++) {
		const struct value *arg = format->args[i];

		if (i > format->next)
			str_add(out, ", ");
		if (arg->kind != VALUE_NIL) {
			str_add(out, value_type(arg));
			str_add_char(out, '=');
		}
		print_arg(&format->printer, arg, 'v');
	}
	str_add_char(out, ')');
}

void gofmt_printf(struct str *out, const char *text, size_t len,
		  const struct value *const *args, size_t count)
{
	struct format format = {.printer = {.out = out},
				.text = text,
				.len = len,
				.args = args,
				.count = count};

	while (format.at < len && !out->overflow) {
		const char *percent =
			memchr(text + format.at, '%', len - format.at);
		size_t end = percent ? (size_t)(percent - text) : len;

		str_add_bytes(out, text + format.at, end - format.at);
		format.at = end;
		if (percent) {
			format.at++;
			print_directive(&format);
		}
	}
	if (!format.reordered && format.next < count)
		print_extra(&format);
}
