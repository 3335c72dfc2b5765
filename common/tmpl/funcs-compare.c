/* eq ne lt le gt ge, with Go's rules: no type is turned into another. */
#include <string.h>

#include "base/err.h"
#include "format/value.h"
#include "tmpl/func.h"

/* The kinds that can be compared; OTHER: nil, lists, maps, objects. */
enum basic {
	BASIC_OTHER,
	BASIC_BOOL,
	BASIC_COMPLEX,
	BASIC_INT,
	BASIC_UINT,
	BASIC_FLOAT,
	BASIC_STRING,
};

static enum basic basic_kind(const struct value *value)
{
	switch (value->kind) {
	case VALUE_BOOL:
		return BASIC_BOOL;
	case VALUE_COMPLEX128:
		return BASIC_COMPLEX;
	case VALUE_INT:
	case VALUE_INT64:
		return BASIC_INT;
	case VALUE_UINT8:
	case VALUE_UINT64:
		return BASIC_UINT;
	case VALUE_FLOAT64:
		return BASIC_FLOAT;
	case VALUE_STRING:
		return BASIC_STRING;
	default:
		return BASIC_OTHER;
	}
}

static bool is_whole(enum basic kind)
{
	return kind == BASIC_INT || kind == BASIC_UINT;
}

static bool fail_types(const struct value *a, const struct value *b,
		       struct err *err)
{
	err_set(err, ERR_INPUT, "incompatible types for comparison: %s and %s",
		type_word(a), type_word(b));
	return err_hint(err, "convert one side: toString, int64, float64");
}

static int compare_text(const struct value_text *a, const struct value_text *b)
{
	int order =
		memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/* Go's == of two structs or two pointers; of two types it is false. */
static bool same_object(const struct value *a, const struct value *b)
{
	const struct value_class *class = a->object.class;

	if (class != b->object.class)
		return false;
	return a->object.data == b->object.data ||
	       (class->equal && class->equal(a, b));
}

/* Two of kind OTHER, neither a basic type. */
static bool equal_other(const struct value *a, const struct value *b,
			bool *equal, struct err *err)
{
	bool a_nil = value_is_null(a), b_nil = value_is_null(b);

	if (a->kind != VALUE_NIL && b->kind != VALUE_NIL &&
	    strcmp(value_kind_name(a), value_kind_name(b)) != 0)
		return fail_types(a, b, err);
	if (!a_nil && !b_nil &&
	    (a->kind != VALUE_OBJECT || b->kind != VALUE_OBJECT))
		return err_set(err, ERR_INPUT,
			       "lists and maps can only be compared with nil");
	*equal = a_nil || b_nil ? a_nil == b_nil : same_object(a, b);
	return true;
}

/* Whole numbers, of which one may have a sign and the other not. */
static int compare_whole(const struct value *a, const struct value *b)
{
	bool negative_a = a->integer < 0 && basic_kind(a) == BASIC_INT;
	bool negative_b = b->integer < 0 && basic_kind(b) == BASIC_INT;
	uint64_t x = (uint64_t)a->integer, y = (uint64_t)b->integer;

	if (negative_a != negative_b)
		return negative_a ? -1 : 1;
	return (x > y) - (x < y);
}

static bool equal(const struct value *a, const struct value *b, bool *result,
		  struct err *err)
{
	enum basic kind = basic_kind(a), other = basic_kind(b);

	*result = false;
	if (kind != other && !(is_whole(kind) && is_whole(other))) {
		if (a->kind == VALUE_NIL || b->kind == VALUE_NIL)
			return true;
		return fail_types(a, b, err);
	}
	switch (kind) {
	case BASIC_BOOL:
		*result = a->boolean == b->boolean;
		return true;
	case BASIC_COMPLEX:
		*result = a->complex.real == b->complex.real &&
			  a->complex.imaginary == b->complex.imaginary;
		return true;
	case BASIC_INT:
	case BASIC_UINT:
		*result = compare_whole(a, b) == 0;
		return true;
	case BASIC_FLOAT:
		*result = a->number == b->number;
		return true;
	case BASIC_STRING:
		*result = compare_text(&a->string, &b->string) == 0;
		return true;
	case BASIC_OTHER:
		break;
	}
	return equal_other(a, b, result, err);
}

static bool less(const struct value *a, const struct value *b, bool *result,
		 struct err *err)
{
	enum basic kind = basic_kind(a), other = basic_kind(b);

	if (kind == BASIC_OTHER || other == BASIC_OTHER)
		return err_set(err, ERR_INPUT, "%s cannot be compared",
			       type_word(kind == BASIC_OTHER ? a : b));
	if (kind != other && !(is_whole(kind) && is_whole(other)))
		return fail_types(a, b, err);
	switch (kind) {
	case BASIC_INT:
	case BASIC_UINT:
		*result = compare_whole(a, b) < 0;
		return true;
	case BASIC_FLOAT:
		*result = a->number < b->number;
		return true;
	case BASIC_STRING:
		*result = compare_text(&a->string, &b->string) < 0;
		return true;
	default:
		return err_set(err, ERR_INPUT, "%s has no order", type_word(a));
	}
}

/* Equal to any of the others? */
static bool run_eq(struct call *call, struct err *err)
{
	bool result = false;

	if (call->count < 2)
		return err_set(err, ERR_INPUT,
			       "there is nothing to compare with");
	for (size_t i = 1; i < call->count && !result; i++) {
		if (!equal(call->args[0], call->args[i], &result, err))
			return false;
	}
	return call_give_bool(call, result);
}

static bool run_ne(struct call *call, struct err *err)
{
	bool result;

	return equal(call->args[0], call->args[1], &result, err) &&
	       call_give_bool(call, !result);
}

static bool run_lt(struct call *call, struct err *err)
{
	bool result;

	return less(call->args[0], call->args[1], &result, err) &&
	       call_give_bool(call, result);
}

/* Not the reverse of gt: with NaN, both are false. */
static bool less_or_equal(struct call *call, bool *result, struct err *err)
{
	return less(call->args[0], call->args[1], result, err) &&
	       (*result || equal(call->args[0], call->args[1], result, err));
}

static bool run_le(struct call *call, struct err *err)
{
	bool result;

	return less_or_equal(call, &result, err) &&
	       call_give_bool(call, result);
}

static bool run_gt(struct call *call, struct err *err)
{
	bool result;

	return less_or_equal(call, &result, err) &&
	       call_give_bool(call, !result);
}

static bool run_ge(struct call *call, struct err *err)
{
	bool result;

	return less(call->args[0], call->args[1], &result, err) &&
	       call_give_bool(call, !result);
}

const struct func funcs_compare[] = {
	{"eq", "aa*", run_eq},
	{"ge", "aa", run_ge},
	{"gt", "aa", run_gt},
	{"le", "aa", run_le},
	{"lt", "aa", run_lt},
	{"ne", "aa", run_ne},
	{NULL},
};
