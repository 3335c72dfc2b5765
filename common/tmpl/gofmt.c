#include "tmpl/gofmt.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/quote.h"
#include "base/str.h"
#include "base/unicode.h"
#include "format/value.h"
#include "tmpl/gofloat.h"
#include "tmpl/gofmt-printer.h"
#include "tmpl/tmpl.h"

/* A quoted or encoded text is not longer than a render's output. */
#define TEXT_MAX TMPL_OUTPUT_MAX

/* A uint64 in base 2, with sign and prefix. */
#define DIGITS_MAX 72

static const char lower_digits[] = "0123456789abcdefx";
static const char upper_digits[] = "0123456789ABCDEFX";

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

void gofmt_bad_verb(struct printer *printer, const struct value *value,
		    uint32_t verb, unsigned int depth)
{
	printer->erring = true;
	str_add(printer->out, "%!");
	str_add_rune(printer->out, verb);
	str_add_char(printer->out, '(');
	if (value->kind == VALUE_NIL) {
		str_add(printer->out, "<nil>");
	} else {
		str_add(printer->out, value_type(value));
		str_add_char(printer->out, '=');
		/* An object by itself, even if it stands in a list. */
		gofmt_print_value(printer, value, 'v',
				  value->kind == VALUE_OBJECT ? 0 : depth);
	}
	str_add_char(printer->out, ')');
	printer->erring = false;
}

/* --- quoting ------------------------------------------------------------- */

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
		quote_add(&text, bytes, len, printer->flags.plus);
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
		gofmt_bad_verb(printer, value, verb, depth);
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
		quote_add_rune(&text, rune, '\'', printer->flags.plus);
		str_add_char(&text, '\'');
	} else {
		str_add_rune(&text, rune);
	}
	pad(printer, str_text(&text), text.len);
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

/* --- lists and maps ------------------------------------------------------ */

/* A nil among the parts of something, whatever the verb. */
static void print_nil(struct printer *printer)
{
	str_add(printer->out,
		printer->flags.sharp_v ? "interface {}(nil)" : "<nil>");
}

/* A nil slice or map is told from an empty one by %#v alone. */
static bool print_typed_nil(struct printer *printer, const struct value *value)
{
	if (!printer->flags.sharp_v || !value->is_nil)
		return false;
	str_addf(printer->out, "%s(nil)", value_type(value));
	return true;
}

static void print_list(struct printer *printer, const struct value *value,
		       uint32_t verb, unsigned int depth)
{
	bool sharp = printer->flags.sharp_v;

	if (print_typed_nil(printer, value))
		return;
	if (sharp)
		str_add(printer->out, value_type(value));
	str_add_char(printer->out, sharp ? '{' : '[');
	for (size_t i = 0; i < value->list.count; i++) {
		if (printer->out->overflow)
			return;
		if (i > 0)
			str_add(printer->out, sharp ? ", " : " ");
		gofmt_print_value(printer, value->list.items[i], verb,
				  depth + 1);
	}
	str_add_char(printer->out, sharp ? '}' : ']');
}

static void print_map(struct printer *printer, const struct value *value,
		      uint32_t verb, unsigned int depth)
{
	bool sharp = printer->flags.sharp_v;

	if (print_typed_nil(printer, value))
		return;
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
		gofmt_print_value(printer, &key, verb, depth + 1);
		str_add_char(printer->out, ':');
		gofmt_print_value(printer, pair->value, verb, depth + 1);
	}
	str_add_char(printer->out, sharp ? '}' : ']');
}

void gofmt_print_value(struct printer *printer, const struct value *value,
		       uint32_t verb, unsigned int depth)
{
	if (depth > VALUE_DEPTH_MAX) {
		str_add(printer->out, "...");
		return;
	}
	if (value_class(value) &&
	    gofmt_print_by_method(printer, value, verb, depth))
		return;
	switch (value->kind) {
	case VALUE_NIL:
		print_nil(printer);
		return;
	case VALUE_BOOL:
		if (verb != 't' && verb != 'v')
			gofmt_bad_verb(printer, value, verb, depth);
		else if (value->boolean)
			pad(printer, "true", 4);
		else
			pad(printer, "false", 5);
		return;
	case VALUE_INT:
	case VALUE_INT64:
	case VALUE_UINT8:
	case VALUE_UINT64:
		print_integer(printer, value, verb, depth);
		return;
	case VALUE_FLOAT64:
		if (!print_float_verb(printer, value->number, verb))
			gofmt_bad_verb(printer, value, verb, depth);
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
	case VALUE_LISTS:
	case VALUE_MAPS:
		print_list(printer, value, verb, depth);
		return;
	case VALUE_MAP:
	case VALUE_STRING_MAP:
		print_map(printer, value, verb, depth);
		return;
	case VALUE_OBJECT:
		gofmt_print_struct(printer, value, verb, depth);
		return;
	}
}

void gofmt_print_arg(struct printer *printer, const struct value *value,
		     uint32_t verb)
{
	const char *type = value_type(value);

	if (value->kind == VALUE_NIL) {
		if (verb == 'T' || verb == 'v')
			pad(printer, "<nil>", 5);
		else
			gofmt_bad_verb(printer, value, verb, 0);
		return;
	}
	if (verb == 'T') {
		pad(printer, type, truncated(printer, type, strlen(type)));
		return;
	}
	if (verb == 'p') {
		/* An address would be another one in each run. */
		gofmt_bad_verb(printer, value, verb, 0);
		return;
	}
	gofmt_print_value(printer, value, verb, 0);
}

void gofmt_value(struct str *out, const struct value *value)
{
	struct printer printer = {.out = out};

	gofmt_print_arg(&printer, value, 'v');
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
