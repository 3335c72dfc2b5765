/* How values print, as with Go's %v. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "format/value.h"

#define DIGITS_MAX 17 /* that a float64 may need to be read back */

/* 0.d1d2d3... times 10 to the @point. */
struct decimal {
	char digits[DIGITS_MAX + 1];
	int count;
	int point;
};

/* Set from "d.ddde+XX", as printf's %e writes it. */
static void decimal_set(struct decimal *decimal, const char *text)
{
	decimal->count = 0;
	for (; *text != 'e'; text++)
		if (*text != '.')
			decimal->digits[decimal->count++] = *text;
	decimal->point = (int)strtol(text + 1, NULL, 10) + 1;
	while (decimal->count > 1 && decimal->digits[decimal->count - 1] == '0')
		decimal->count--;
	decimal->digits[decimal->count] = '\0';
}

static bool reads_back(const char *text, double number, int bits)
{
	if (bits == 32)
		return strtof(text, NULL) == (float)number;
	return strtod(text, NULL) == number;
}

/* Add one in the last place of "d.ddde+XX"; false if it carries over. */
static bool bump(char *text)
{
	for (char *place = strchr(text, 'e'); place-- > text;) {
		if (*place == '.')
			continue;
		if (*place < '9') {
			++*place;
			return true;
		}
		*place = '0';
	}
	return false;
}

/*
 * The shortest digits that read back as @number, nearest first.  Below a
 * power of two numbers lie twice as dense as above: there the digits that
 * are nearest may miss although their upper neighbours, farther away, hit.
 */
static void decimal_shortest(struct decimal *decimal, double number, int bits)
{
	int exponent;
	bool power = frexp(number, &exponent) == 0.5;
	char text[40];

	for (int precision = 0; precision < DIGITS_MAX; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, number);
		if (reads_back(text, number, bits) ||
		    (power && bump(text) && reads_back(text, number, bits)))
			break;
	}
	decimal_set(decimal, text);
}

static void add_exponent_form(struct str *out, const struct decimal *decimal)
{
	int exponent = decimal->point - 1;

	str_add_char(out, decimal->digits[0]);
	if (decimal->count > 1)
		str_addf(out, ".%s", decimal->digits + 1);
	str_addf(out, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
}

static void add_point_form(struct str *out, const struct decimal *decimal)
{
	int whole = decimal->point, i = 0;

	if (whole <= 0)
		str_add_char(out, '0');
	for (; i < whole; i++)
		str_add_char(out,
			     i < decimal->count ? decimal->digits[i] : '0');
	if (decimal->count <= whole)
		return;
	str_add_char(out, '.');
	if (whole < 0)
		str_add_repeated(out, '0', (size_t)-whole);
	str_add(out, decimal->digits + i);
}

static void add_float(struct str *out, double number, char format, int bits)
{
	struct decimal decimal = {0};

	if (isnan(number)) {
		str_add(out, "NaN");
		return;
	}
	if (isinf(number)) {
		str_add(out, number < 0 ? "-Inf" : "+Inf");
		return;
	}
	if (signbit(number))
		str_add_char(out, '-');
	decimal_shortest(&decimal, fabs(number), bits);
	if (format == 'g') {
		int exponent = decimal.point - 1;

		format = exponent < -4 || exponent >= 6 ? 'e' : 'f';
	}
	if (format == 'e')
		add_exponent_form(out, &decimal);
	else
		add_point_form(out, &decimal);
}

void value_add_float(struct str *out, double number, char format)
{
	add_float(out, number, format, 64);
}

void value_add_float32(struct str *out, double number, char format)
{
	add_float(out, (float)number, format, 32);
}

static void add_complex(struct str *out, double real, double imaginary)
{
	size_t sign;

	str_add_char(out, '(');
	value_add_float(out, real, 'g');
	sign = out->len;
	value_add_float(out, imaginary, 'g');
	if (!strchr("+-", str_text(out)[sign]))
		str_splice(out, sign, 0, "+", 1);
	str_add(out, "i)");
}

void value_add_whole(struct str *out, const struct value *value)
{
	if (value->kind == VALUE_UINT64)
		str_addf(out, "%" PRIu64, (uint64_t)value->integer);
	else
		str_addf(out, "%" PRId64, value->integer);
}

static void print_at(struct str *out, const struct value *value,
		     unsigned int depth);

static void print_list(struct str *out, const struct value_list *list,
		       unsigned int depth)
{
	str_add_char(out, '[');
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			str_add_char(out, ' ');
		print_at(out, list->items[i], depth);
	}
	str_add_char(out, ']');
}

static void print_map(struct str *out, const struct value_map *map,
		      unsigned int depth)
{
	str_add(out, "map[");
	for (size_t i = 0; i < map->count; i++) {
		const struct value_pair *pair = &map->pairs[i];

		if (i > 0)
			str_add_char(out, ' ');
		str_add_bytes(out, pair->key.bytes, pair->key.len);
		str_add_char(out, ':');
		print_at(out, pair->value, depth);
	}
	str_add_char(out, ']');
}

static void print_at(struct str *out, const struct value *value,
		     unsigned int depth)
{
	if (depth > VALUE_DEPTH_MAX) {
		str_add(out, "...");
		return;
	}
	if (value_class(value)) {
		value_class(value)->print(value, out);
		return;
	}
	switch (value->kind) {
	case VALUE_NIL:
		str_add(out, "<nil>");
		return;
	case VALUE_BOOL:
		str_add(out, value->boolean ? "true" : "false");
		return;
	case VALUE_INT:
	case VALUE_INT64:
	case VALUE_UINT8:
	case VALUE_UINT64:
		value_add_whole(out, value);
		return;
	case VALUE_FLOAT64:
		value_add_float(out, value->number, 'g');
		return;
	case VALUE_COMPLEX128:
		add_complex(out, value->complex.real, value->complex.imaginary);
		return;
	case VALUE_STRING:
		str_add_bytes(out, value->string.bytes, value->string.len);
		return;
	case VALUE_LIST:
	case VALUE_STRING_LIST:
	case VALUE_INT_LIST:
	case VALUE_LISTS:
	case VALUE_MAPS:
		print_list(out, &value->list, depth + 1);
		return;
	case VALUE_MAP:
	case VALUE_STRING_MAP:
		print_map(out, &value->map, depth + 1);
		return;
	case VALUE_OBJECT:
		return; /* it has a class */
	}
}

void value_print(struct str *out, const struct value *value)
{
	print_at(out, value, 0);
}
