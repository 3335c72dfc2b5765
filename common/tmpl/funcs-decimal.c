/* Sprig's functions over numbers with a fraction. */
#include <math.h>

#include "base/err.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/cast.h"
#include "tmpl/decimal.h"
#include "tmpl/func.h"
#include "tmpl/literal.h"

/* Digits that are computed in a step. */
#define DIGITS_PER_STEP 32

/* --- exact --------------------------------------------------------------- */

static bool add(struct decimal *decimal, const struct decimal *other)
{
	decimal_add(decimal, other);
	return true;
}

static bool subtract(struct decimal *decimal, const struct decimal *other)
{
	decimal_sub(decimal, other);
	return true;
}

static bool multiply(struct decimal *decimal, const struct decimal *other)
{
	decimal_mul(decimal, other);
	return true;
}

static bool set(struct decimal *decimal, double number, struct err *err)
{
	return decimal_set(decimal, number) ||
	       err_set(err, ERR_INPUT, "%s cannot be computed with",
		       isnan(number) ? "NaN" : "an infinite number");
}

/* @start and the arguments from @first on, in turn. */
static bool fold(struct call *call, double start, size_t first,
		 bool (*operate)(struct decimal *decimal,
				 const struct decimal *other),
		 struct err *err)
{
	CLEANUP(decimal_release) struct decimal result = {0};
	CLEANUP(decimal_release) struct decimal other = {0};

	if (!set(&result, start, err))
		return false;
	for (size_t i = first; i < call->count; i++) {
		if (!set(&other, cast_float(call->args[i]), err) ||
		    !call_charge(call, 1 + result.digits.len / DIGITS_PER_STEP,
				 0, err))
			return false;
		if (!operate(&result, &other))
			return err_set(err, ERR_INPUT, "division by 0");
	}
	return call_give_float(call, decimal_to_float(&result));
}

static bool run_addf(struct call *call, struct err *err)
{
	return fold(call, 0, 0, add, err);
}

static bool run_add1f(struct call *call, struct err *err)
{
	return fold(call, 1, 0, add, err);
}

static bool run_subf(struct call *call, struct err *err)
{
	return fold(call, cast_float(call->args[0]), 1, subtract, err);
}

static bool run_mulf(struct call *call, struct err *err)
{
	return fold(call, cast_float(call->args[0]), 1, multiply, err);
}

static bool run_divf(struct call *call, struct err *err)
{
	return fold(call, cast_float(call->args[0]), 1, decimal_div, err);
}

/* --- by floating point --------------------------------------------------- */

/* As Go's math.Max: NaN wins but over +Inf, +0 is more than -0. */
static double more(double a, double b)
{
	if (isinf(a) && a > 0)
		return a;
	if ((isinf(b) && b > 0) || isnan(b))
		return b;
	if (isnan(a))
		return a;
	if (a == 0 && b == 0)
		return signbit(a) ? b : a;
	return a > b ? a : b;
}

static bool run_maxf(struct call *call, struct err *err)
{
	double most = cast_float(call->args[0]);

	(void)err;
	for (size_t i = 1; i < call->count; i++)
		most = more(most, cast_float(call->args[i]));
	return call_give_float(call, most);
}

static bool run_minf(struct call *call, struct err *err)
{
	double least = cast_float(call->args[0]);

	(void)err;
	for (size_t i = 1; i < call->count; i++)
		least = -more(-least, -cast_float(call->args[i]));
	return call_give_float(call, least);
}

/*
 * 10 to the @places by Go's math.Pow, whose last bit may be another than
 * that of the C library's.
 */
static double power_of_ten(int64_t places)
{
	double y = (double)places, product = 1, base;
	int exponent = 0, base_exponent;

	if (places == 0)
		return 1;
	if (fabs(y) >= 0x1p63)
		return y > 0 ? INFINITY : 0;
	base = frexp(10, &base_exponent);
	for (int64_t i = (int64_t)fabs(y); i != 0; i >>= 1) {
		if (base_exponent > 1 << 12) {
			exponent += base_exponent;
			break;
		}
		if (i & 1) {
			product *= base;
			exponent += base_exponent;
		}
		base *= base;
		base_exponent *= 2;
		if (base < .5) {
			base += base;
			base_exponent--;
		}
	}
	return y < 0 ? ldexp(1 / product, -exponent) : ldexp(product, exponent);
}

/* To so many places; what is left over counts from @up on (else .5). */
static bool run_round(struct call *call, struct err *err)
{
	double up = call->count > 2 ? call->args[2]->number : .5;
	double power = power_of_ten(call->args[1]->integer);
	double scaled = power * cast_float(call->args[0]);
	double rest = copysign(scaled - trunc(scaled), scaled);

	(void)err;
	return call_give_float(
		call, (rest >= up ? ceil(scaled) : floor(scaled)) / power);
}

/* What the digits of anything mean as an octal number. */
static bool run_to_decimal(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;
	int64_t number;

	cast_text(&text, call->args[0]);
	if (!call_charge(call, text.len / DIGITS_PER_STEP, 0, err))
		return false;
	if (!int_parse(&number, str_text(&text), text.len, 8))
		number = 0;
	return call_give_int64(call, number);
}

const struct func funcs_decimal[] = {
	{"add1f", "a", run_add1f},	    {"addf", "a*", run_addf},
	{"divf", "aa*", run_divf},	    {"maxf", "aa*", run_maxf},
	{"minf", "aa*", run_minf},	    {"mulf", "aa*", run_mulf},
	{"round", "aif*", run_round},	    {"subf", "aa*", run_subf},
	{"toDecimal", "a", run_to_decimal}, {NULL},
};
