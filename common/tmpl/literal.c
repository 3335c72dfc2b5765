#include "tmpl/literal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/str.h"
#include "base/unicode.h"

/* The longest number that is looked at; more digits add nothing. */
#define NUMBER_MAX 4096

/* 16 for what is no digit. */
static int digit_value(char c)
{
	int digit = num_hex_digit(c);

	return digit < 0 ? 16 : digit;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* The base of a prefix 0x, 0o, 0b at @text, or 0. */
static int prefix_base(const char *text, size_t len)
{
	if (len < 2 || text[0] != '0')
		return 0;

	switch (lower(text[1])) {
	case 'x':
		return 16;
	case 'o':
		return 8;
	case 'b':
		return 2;
	default:
		return 0;
	}
}

static bool has_sign(const char *text, size_t len)
{
	return len > 0 && (text[0] == '+' || text[0] == '-');
}

/* Underscores stand between digits, or between a prefix and a digit. */
static bool underscores_fit(const char *text, size_t len)
{
	bool hex = prefix_base(text, len) == 16;
	bool after_digit = prefix_base(text, len) != 0;
	bool after_underscore = false;

	for (size_t i = after_digit ? 2 : 0; i < len; i++) {
		bool digit = digit_value(text[i]) < (hex ? 16 : 10);

		if (text[i] == '_' && !after_digit)
			return false;
		if (text[i] != '_' && !digit && after_underscore)
			return false;
		after_underscore = text[i] == '_';
		after_digit = digit;
	}
	return !after_underscore;
}

/* The value without sign; false: not of the form, or beyond 64 bits. */
static bool natural_parse(uint64_t *number, const char *text, size_t len,
			  int base, bool *overflow)
{
	const char *all = text;
	size_t all_len = len;
	uint64_t value = 0;
	bool any_base = base == 0;

	*overflow = false;
	if (any_base) {
		base = prefix_base(text, len);
		if (base != 0) {
			text += 2;
			len -= 2;
		} else if (len > 1 && text[0] == '0') {
			base = 8;
			text++;
			len--;
		} else {
			base = 10;
		}
	}
	if (len == 0)
		return false;

	for (size_t i = 0; i < len; i++) {
		uint64_t next;

		if (text[i] == '_' && any_base)
			continue;
		if (digit_value(text[i]) >= base)
			return false;
		if (__builtin_mul_overflow(value, (uint64_t)base, &next) ||
		    __builtin_add_overflow(next, (uint64_t)digit_value(text[i]),
					   &value))
			*overflow = true;
	}
	if (any_base && memchr(all, '_', all_len) &&
	    !underscores_fit(all, all_len))
		return false;

	*number = value;
	return !*overflow;
}

static bool int_parse_signed(int64_t *number, const char *text, size_t len,
			     int base, bool *overflow)
{
	bool negative = len > 0 && text[0] == '-';
	size_t skip = has_sign(text, len) ? 1 : 0;
	uint64_t value, most;

	if (!natural_parse(&value, text + skip, len - skip, base, overflow))
		return false;
	most = (uint64_t)INT64_MAX + (negative ? 1 : 0);
	if (value > most) {
		*overflow = true;
		return false;
	}

	*number = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

bool int_parse(int64_t *number, const char *text, size_t len, int base)
{
	bool overflow;

	return int_parse_signed(number, text, len, base, &overflow);
}

static size_t skip_digits(const char *text, size_t len, size_t at, int base,
			  bool *any)
{
	for (; at < len && (text[at] == '_' || digit_value(text[at]) < base);
	     at++)
		*any = *any || text[at] != '_';

	return at;
}

/* Digits with a point and an exponent, and nothing else. */
static bool float_is_well_formed(const char *text, size_t len)
{
	size_t at = has_sign(text, len) ? 1 : 0;
	int base = prefix_base(text + at, len - at) == 16 ? 16 : 10;
	bool digits = false, exponent = false;

	if (memchr(text, '_', len) && !underscores_fit(text + at, len - at))
		return false;
	if (base == 16)
		at += 2;
	at = skip_digits(text, len, at, base, &digits);
	if (at < len && text[at] == '.')
		at = skip_digits(text, len, at + 1, base, &digits);
	if (!digits)
		return false;
	if (at < len && lower(text[at]) == (base == 16 ? 'p' : 'e')) {
		at++;
		at += has_sign(text + at, len - at) ? 1 : 0;
		at = skip_digits(text, len, at, 10, &exponent);
		if (!exponent)
			return false;
	}
	return at == len && (base == 10 || exponent);
}

bool float_parse(double *number, const char *text, size_t len)
{
	char plain[NUMBER_MAX];
	size_t count = 0;
	double value;

	if (len >= sizeof(plain) || !float_is_well_formed(text, len))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '_')
			plain[count++] = text[i];
	}
	plain[count] = '\0';

	/* Exact in the C locale, which no part of the program leaves. */
	value = strtod(plain, NULL);
	if (isinf(value))
		return false;

	*number = value;
	return true;
}

/* A float constant that is whole serves as an integer, too. */
static void number_from_float(struct number *number, double value)
{
	number->is_float = true;
	number->real = value;
	if (value >= -0x1p63 && value < 0x1p63 &&
	    (double)(int64_t)value == value) {
		number->is_int = true;
		number->integer = (int64_t)value;
	}
	if (value >= 0 && value < 0x1p64 && (double)(uint64_t)value == value) {
		number->is_uint = true;
		number->natural = (uint64_t)value;
	}
}

static void number_from_complex(struct number *number, double real,
				double imaginary)
{
	if (imaginary == 0)
		number_from_float(number, real);
	number->is_complex = true;
	number->real = real;
	number->imaginary = imaginary;
}

/* A whole number in any base; false leaves it to the floats. */
static bool number_from_int(struct number *number, const char *text, size_t len,
			    bool *overflow)
{
	bool beyond;

	number->is_uint =
		natural_parse(&number->natural, text, len, 0, overflow);
	number->is_int =
		int_parse_signed(&number->integer, text, len, 0, &beyond);
	*overflow = *overflow || beyond;
	if (number->is_int) {
		number->real = (double)number->integer;
		if (number->integer == 0)
			number->is_uint = true; /* -0 */
	} else if (number->is_uint) {
		number->real = (double)number->natural;
	}
	number->is_float = number->is_int || number->is_uint;

	return number->is_float;
}

static bool looks_like_float(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr(".eEpP", text[i]) && text[i] != '\0')
			return true;
	}
	return false;
}

enum literal_fault number_parse(struct number *number, const char *text,
				size_t len)
{
	struct number result = {0};
	bool overflow;
	double value;

	if (len > 0 && text[len - 1] == 'i' &&
	    float_parse(&value, text, len - 1)) {
		number_from_complex(&result, 0, value);
		*number = result;
		return LITERAL_OK;
	}
	if (!number_from_int(&result, text, len, &overflow)) {
		if (!float_parse(&value, text, len) ||
		    !looks_like_float(text, len))
			return overflow ? LITERAL_OVERFLOW : LITERAL_SYNTAX;
		number_from_float(&result, value);
	}

	*number = result;
	return LITERAL_OK;
}

enum literal_fault number_parse_complex(struct number *number, const char *text,
					size_t len)
{
	struct number result = {0};
	double real, imaginary;
	size_t split = len;

	/* The sign that is not an exponent's. */
	for (size_t i = len; i-- > 1;) {
		if (has_sign(text + i, 1) && !strchr("eEpP", text[i - 1])) {
			split = i;
			break;
		}
	}
	if (split >= len || text[len - 1] != 'i' ||
	    !float_parse(&real, text, split) ||
	    !float_parse(&imaginary, text + split, len - split - 1))
		return LITERAL_SYNTAX;

	number_from_complex(&result, real, imaginary);
	*number = result;
	return LITERAL_OK;
}

/* The value of @count hexadecimal digits at @text. */
static bool hex_value(const char *text, size_t len, size_t count,
		      uint32_t *value)
{
	*value = 0;
	if (len < count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (digit_value(text[i]) > 15)
			return false;
		*value = *value << 4 | (uint32_t)digit_value(text[i]);
	}
	return true;
}

static bool octal_value(const char *text, size_t len, uint32_t *value)
{
	*value = 0;
	if (len < 3)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (digit_value(text[i]) > 7)
			return false;
		*value = *value << 3 | (uint32_t)digit_value(text[i]);
	}
	return *value <= 255;
}

/*
 * One escape behind the backslash at text[0].  Gives the bytes that it takes
 * with the backslash, 0 if it is none.  @byte: one byte, not a rune.
 */
static size_t escape_decode(const char *text, size_t len, char quote,
			    uint32_t *value, bool *byte)
{
	static const char simple[] = "a\ab\bf\fn\nr\rt\tv\v\\\\";

	*byte = false;
	if (len < 2)
		return 0;
	for (size_t i = 0; simple[i] != '\0'; i += 2) {
		if (text[1] == simple[i]) {
			*value = (unsigned char)simple[i + 1];
			return 2;
		}
	}

	switch (text[1]) {
	case 'x':
		*byte = true;
		return hex_value(text + 2, len - 2, 2, value) ? 4 : 0;
	case 'u':
		return hex_value(text + 2, len - 2, 4, value) &&
				       rune_is_valid(*value)
			       ? 6
			       : 0;
	case 'U':
		return hex_value(text + 2, len - 2, 8, value) &&
				       rune_is_valid(*value)
			       ? 10
			       : 0;
	case '0' ... '7':
		*byte = true;
		return octal_value(text + 1, len - 1, value) ? 4 : 0;
	default:
		*value = (unsigned char)text[1];
		return text[1] == quote ? 2 : 0;
	}
}

/* One character of a quoted literal; 0: none. */
static size_t character_decode(const char *text, size_t len, char quote,
			       uint32_t *value, bool *byte)
{
	*byte = false;
	if (len == 0 || text[0] == quote || text[0] == '\n')
		return 0;
	if (text[0] == '\\')
		return escape_decode(text, len, quote, value, byte);

	return rune_decode(text, len, value);
}

enum literal_fault number_parse_character(struct number *number,
					  const char *text, size_t len)
{
	struct number result = {0};
	uint32_t rune;
	size_t width;
	bool byte;

	if (len < 3)
		return LITERAL_SYNTAX;
	width = character_decode(text + 1, len - 1, '\'', &rune, &byte);
	if (width == 0 || width + 2 != len || text[len - 1] != '\'')
		return LITERAL_SYNTAX;

	result.is_int = result.is_uint = result.is_float = true;
	result.integer = rune;
	result.natural = rune;
	result.real = rune;
	*number = result;
	return LITERAL_OK;
}

bool string_unquote(struct str *out, const char *text, size_t len)
{
	const size_t before = out->len;
	char quote = len >= 2 ? text[0] : '\0';
	size_t at = 1;

	if (quote == '`') {
		for (; at + 1 < len; at++) {
			if (text[at] != '\r')
				str_add_char(out, text[at]);
		}
		return true;
	}
	if (quote != '"')
		return false;

	while (at + 1 < len) {
		uint32_t value;
		bool byte;
		size_t width = character_decode(text + at, len - at - 1, quote,
						&value, &byte);

		if (width == 0) {
			str_truncate(out, before);
			return false;
		}
		if (byte || (width == 1 && value < 0x80))
			str_add_char(out, (char)value);
		else
			str_add_rune(out, value);
		at += width;
	}
	return true;
}
