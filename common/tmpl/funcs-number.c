/* Sprig's functions over numbers; whole ones wrap around as Go's do. */
#include <math.h>

#include "base/err.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/cast.h"
#include "tmpl/func.h"
#include "tmpl/literal.h"

static int64_t wrapping_add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t wrapping_sub(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t wrapping_mul(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a * (uint64_t)b);
}

/* --- conversions --------------------------------------------------------- */

static bool run_int(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int(call, cast_int(call->args[0]));
}

static bool run_int64(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int64(call, cast_int(call->args[0]));
}

static bool run_float64(struct call *call, struct err *err)
{
	(void)err;
	return call_give_float(call, cast_float(call->args[0]));
}

static bool run_atoi(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int(call, cast_digits(&call->args[0]->string));
}

/* --- whole numbers ------------------------------------------------------- */

static bool run_add(struct call *call, struct err *err)
{
	int64_t sum = 0;

	(void)err;
	for (size_t i = 0; i < call->count; i++)
		sum = wrapping_add(sum, cast_int(call->args[i]));
	return call_give_int64(call, sum);
}

static bool run_add1(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int64(call, wrapping_add(cast_int(call->args[0]), 1));
}

static bool run_sub(struct call *call, struct err *err)
{
	(void)err;
	return call_give_int64(call, wrapping_sub(cast_int(call->args[0]),
						  cast_int(call->args[1])));
}

static bool run_mul(struct call *call, struct err *err)
{
	int64_t product = cast_int(call->args[0]);

	(void)err;
	for (size_t i = 1; i < call->count; i++)
		product = wrapping_mul(product, cast_int(call->args[i]));
	return call_give_int64(call, product);
}

/* The divisor, which must not be 0. */
static bool divisor(const struct call *call, int64_t *number, struct err *err)
{
	*number = cast_int(call->args[1]);
	return *number != 0 || err_set(err, ERR_INPUT, "division by zero");
}

static bool run_div(struct call *call, struct err *err)
{
	int64_t number = cast_int(call->args[0]), by;

	if (!divisor(call, &by, err))
		return false;
	return call_give_int64(call, by == -1 ? wrapping_sub(0, number)
					      : number / by);
}

static bool run_mod(struct call *call, struct err *err)
{
	int64_t number = cast_int(call->args[0]), by;

	if (!divisor(call, &by, err))
		return false;
	return call_give_int64(call, by == -1 ? 0 : number % by);
}

static bool run_max(struct call *call, struct err *err)
{
	int64_t most = cast_int(call->args[0]);

	(void)err;
	for (size_t i = 1; i < call->count; i++) {
		if (cast_int(call->args[i]) > most)
			most = cast_int(call->args[i]);
	}
	return call_give_int64(call, most);
}

static bool run_min(struct call *call, struct err *err)
{
	int64_t least = cast_int(call->args[0]);

	(void)err;
	for (size_t i = 1; i < call->count; i++) {
		if (cast_int(call->args[i]) < least)
			least = cast_int(call->args[i]);
	}
	return call_give_int64(call, least);
}

/* --- floats -------------------------------------------------------------- */

static bool run_floor(struct call *call, struct err *err)
{
	(void)err;
	return call_give_float(call, floor(cast_float(call->args[0])));
}

static bool run_ceil(struct call *call, struct err *err)
{
	(void)err;
	return call_give_float(call, ceil(cast_float(call->args[0])));
}

const struct func funcs_number[] = {
	{"add", "a*", run_add},	       {"add1", "a", run_add1},
	{"atoi", "s", run_atoi},       {"biggest", "aa*", run_max},
	{"ceil", "a", run_ceil},       {"div", "aa", run_div},
	{"float64", "a", run_float64}, {"floor", "a", run_floor},
	{"int", "a", run_int},	       {"int64", "a", run_int64},
	{"max", "aa*", run_max},       {"min", "aa*", run_min},
	{"mod", "aa", run_mod},	       {"mul", "aa*", run_mul},
	{"sub", "aa", run_sub},	       {NULL},
};
