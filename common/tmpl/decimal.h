/*
 * Exact decimal numbers of any length, as Sprig's addf and its kin compute.
 *
 *	CLEANUP(decimal_release) struct decimal sum = {0};
 *
 *	if (!decimal_set(&sum, 0.1) || !decimal_set(&other, 0.2))
 *		return false;
 *	decimal_add(&sum, &other);
 *	decimal_to_float(&sum) is 0.3
 *
 * Source: shopspring/decimal v1.4.0.
 */
#ifndef TMPL_DECIMAL_H
#define TMPL_DECIMAL_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"

/* Digits behind the point that a quotient is rounded to. */
#define DECIMAL_PLACES 16

/* @digits times 10 to the @exponent; zero has no digits.  All-zero is 0. */
struct decimal {
	bool negative;
	struct str digits; /* without zeros in front */
	int exponent;
};

/* The shortest digits that read back as @number; false: it is no number. */
bool decimal_set(struct decimal *decimal, double number) MUST_CHECK;

/* @other is what decimal_set() made: it has at most 17 digits. */
void decimal_add(struct decimal *decimal, const struct decimal *other);
void decimal_sub(struct decimal *decimal, const struct decimal *other);
void decimal_mul(struct decimal *decimal, const struct decimal *other);

/* Halves are rounded away from zero; false: @other is zero. */
bool decimal_div(struct decimal *decimal, const struct decimal *other)
	MUST_CHECK;

/* The nearest one, infinite if there is none. */
double decimal_to_float(const struct decimal *decimal);

void decimal_release(struct decimal *decimal);

#endif
