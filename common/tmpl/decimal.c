#include "tmpl/decimal.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/value.h"

__extension__ typedef unsigned __int128 uint128;

static void drop_leading_zeros(struct decimal *decimal)
{
	size_t zeros = strspn(str_text(&decimal->digits), "0");

	if (zeros > 0)
		str_splice(&decimal->digits, 0, zeros, "", 0);
	if (decimal->digits.len == 0) {
		decimal->negative = false;
		decimal->exponent = 0;
	}
}

bool decimal_set(struct decimal *decimal, double number)
{
	CLEANUP(str_release) struct str text = {0};
	const char *at, *exponent;

	if (!isfinite(number))
		return false;
	value_add_float(&text, fabs(number), 'e');
	at = str_text(&text);
	exponent = strchr(at, 'e');
	str_clear(&decimal->digits);
	decimal->negative = number < 0;
	decimal->exponent = (int)strtol(exponent + 1, NULL, 10);
	for (bool behind = false; at < exponent; at++) {
		if (*at == '.') {
			behind = true;
			continue;
		}
		str_add_char(&decimal->digits, *at);
		decimal->exponent -= behind ? 1 : 0;
	}
	drop_leading_zeros(decimal);
	return true;
}

static void set_digits(struct decimal *decimal, struct str *digits)
{
	str_release(&decimal->digits);
	decimal->digits = *digits;
	*digits = (struct str){0};
}

/* --- sums ---------------------------------------------------------------- */

/* The digits of @decimal with zeros around them, down to @exponent. */
static void align(struct str *out, const struct decimal *decimal, int exponent,
		  size_t len)
{
	size_t zeros = decimal->digits.len == 0
			       ? 0
			       : (size_t)(decimal->exponent - exponent);

	str_add_repeated(out, '0', len - decimal->digits.len - zeros);
	str_add_bytes(out, str_text(&decimal->digits), decimal->digits.len);
	str_add_repeated(out, '0', zeros);
}

/* How long the digits are from @exponent on. */
static size_t aligned_len(const struct decimal *decimal, int exponent)
{
	if (decimal->digits.len == 0)
		return 0;
	return decimal->digits.len + (size_t)(decimal->exponent - exponent);
}

static void add_digits(struct str *a, const struct str *b)
{
	int carry = 0;

	for (size_t i = a->len; i-- > 0;) {
		int sum = a->buf[i] - '0' + b->buf[i] - '0' + carry;

		a->buf[i] = (char)('0' + sum % 10);
		carry = sum / 10;
	}
}

/* @a must not be less than @b. */
static void subtract_digits(struct str *a, const struct str *b)
{
	int borrow = 0;

	for (size_t i = a->len; i-- > 0;) {
		int rest = a->buf[i] - b->buf[i] - borrow;

		borrow = rest < 0 ? 1 : 0;
		a->buf[i] = (char)('0' + rest + 10 * borrow);
	}
}

static void add_signed(struct decimal *decimal, const struct decimal *other,
		       bool other_negative)
{
	CLEANUP(str_release) struct str a = {0};
	CLEANUP(str_release) struct str b = {0};
	int exponent = decimal->exponent < other->exponent ? decimal->exponent
							   : other->exponent;
	size_t len_a = aligned_len(decimal, exponent);
	size_t len_b = aligned_len(other, exponent);
	size_t len = (len_a > len_b ? len_a : len_b) + 1;

	align(&a, decimal, exponent, len);
	align(&b, other, exponent, len);
	if (decimal->negative == other_negative) {
		add_digits(&a, &b);
		set_digits(decimal, &a);
	} else if (memcmp(a.buf, b.buf, len) >= 0) {
		subtract_digits(&a, &b);
		set_digits(decimal, &a);
	} else {
		subtract_digits(&b, &a);
		set_digits(decimal, &b);
		decimal->negative = other_negative;
	}
	decimal->exponent = exponent;
	drop_leading_zeros(decimal);
}

void decimal_add(struct decimal *decimal, const struct decimal *other)
{
	add_signed(decimal, other, other->negative);
}

void decimal_sub(struct decimal *decimal, const struct decimal *other)
{
	add_signed(decimal, other, !other->negative);
}

/* --- products and quotients ---------------------------------------------- */

static uint64_t whole(const struct decimal *decimal)
{
	return strtoull(str_text(&decimal->digits), NULL, 10);
}

void decimal_mul(struct decimal *decimal, const struct decimal *other)
{
	uint64_t by = whole(other);
	uint128 carry = 0;

	/* Room in front for all that may be carried. */
	str_splice(&decimal->digits, 0, 0, "00000000000000000000", 20);
	for (size_t i = decimal->digits.len; i-- > 0;) {
		carry += (uint128)by * (uint64_t)(decimal->digits.buf[i] - '0');
		decimal->digits.buf[i] = (char)('0' + (int)(carry % 10));
		carry /= 10;
	}
	decimal->negative = decimal->negative != other->negative;
	decimal->exponent += other->exponent;
	drop_leading_zeros(decimal);
}

static void divide_digits(struct str *digits, uint64_t by)
{
	uint128 rest = 0;

	for (size_t i = 0; i < digits->len; i++) {
		rest = rest * 10 + (uint64_t)(digits->buf[i] - '0');
		digits->buf[i] = (char)('0' + (int)(rest / by));
		rest %= by;
	}
}

/* Zeros behind the digits, or less of them. */
static void shift_digits(struct str *digits, int places)
{
	size_t count = (size_t)abs(places);

	if (places >= 0)
		str_add_repeated(digits, '0', count);
	else
		str_truncate(digits,
			     digits->len > count ? digits->len - count : 0);
}

/* Drop the last digit; 5 and more add one to what is left. */
static void round_last(struct str *digits)
{
	bool up = digits->len > 0 && digits->buf[digits->len - 1] >= '5';

	if (digits->len > 0)
		str_truncate(digits, digits->len - 1);
	if (!up)
		return;
	str_splice(digits, 0, 0, "0", 1);
	for (size_t i = digits->len; i-- > 0;) {
		if (digits->buf[i] < '9') {
			digits->buf[i]++;
			return;
		}
		digits->buf[i] = '0';
	}
}

bool decimal_div(struct decimal *decimal, const struct decimal *other)
{
	uint64_t by = whole(other);

	if (by == 0)
		return false;
	shift_digits(&decimal->digits,
		     decimal->exponent - other->exponent + DECIMAL_PLACES + 1);
	divide_digits(&decimal->digits, by);
	round_last(&decimal->digits);
	decimal->negative = decimal->negative != other->negative;
	decimal->exponent = -DECIMAL_PLACES;
	drop_leading_zeros(decimal);
	return true;
}

double decimal_to_float(const struct decimal *decimal)
{
	CLEANUP(str_release) struct str text = {0};

	str_addf(&text, "%s%se%d", decimal->negative ? "-" : "",
		 decimal->digits.len > 0 ? str_text(&decimal->digits) : "0",
		 decimal->exponent);
	return strtod(str_text(&text), NULL);
}

void decimal_release(struct decimal *decimal)
{
	str_release(&decimal->digits);
	*decimal = (struct decimal){0};
}
