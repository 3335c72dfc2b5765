#include "tmpl/cast.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "format/value.h"
#include "tmpl/func.h"
#include "tmpl/gofmt.h"
#include "tmpl/literal.h"
#include "tmpl/timeval.h"

/* What Go on amd64 makes of a float that no int64 holds. */
static int64_t truncate_float(double number)
{
	if (number >= -0x1p63 && number < 0x1p63)
		return (int64_t)number;

	return INT64_MIN;
}

/* The length without a fraction of zeros: "12.00" is "12". */
static size_t without_zero_fraction(const char *text, size_t len)
{
	size_t end = len;

	while (end > 0 && text[end - 1] == '0')
		end--;
	if (end < len && end > 0 && text[end - 1] == '.')
		return end - 1;

	return len;
}

static int64_t int_of_text(const struct value_text *text)
{
	int64_t number;

	if (int_parse(&number, text->bytes,
		      without_zero_fraction(text->bytes, text->len), 0))
		return number;

	return 0;
}

/* "infinity" without its sign, in any case. */
static bool is_word(const char *bytes, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(bytes, word, len) == 0;
}

static bool named_float(const char *bytes, size_t len, double *number)
{
	size_t sign = len > 0 && (*bytes == '-' || *bytes == '+') ? 1 : 0;

	if (is_word(bytes + sign, len - sign, "inf") ||
	    is_word(bytes + sign, len - sign, "infinity"))
		*number = *bytes == '-' ? -INFINITY : INFINITY;
	else if (is_word(bytes, len, "nan"))
		*number = NAN;
	else
		return false;
	return true;
}

bool cast_parse_float(const char *bytes, size_t len, double *number)
{
	return float_parse(number, bytes, len) ||
	       named_float(bytes, len, number);
}

/*
 * Do the first digits of @text already make a number that no uint64 holds?
 * Go looks no further then, whatever follows.
 */
static bool overflows(const char *text, size_t len)
{
	uint64_t number = 0;

	for (size_t i = 0; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(text[i] - '0'),
					   &number))
			return true;
	}
	return false;
}

int64_t cast_digits(const struct value_text *text)
{
	bool negative = text->len > 0 && text->bytes[0] == '-';
	size_t signs = negative || (text->len > 0 && text->bytes[0] == '+');
	const char *digits = text->bytes + signs;
	size_t len = text->len - signs;
	int64_t number;

	if (int_parse(&number, text->bytes, text->len, 10))
		return number;
	if (!overflows(digits, len) &&
	    (len == 0 || strspn(digits, "0123456789") != len))
		return 0;
	return negative ? INT64_MIN : INT64_MAX;
}

/* A time.Duration is none to cast; months and weekdays are. */
static bool is_number(const struct value *value)
{
	return value->named != &class_duration;
}

int64_t cast_int(const struct value *value)
{
	switch (value->kind) {
	case VALUE_INT:
	case VALUE_INT64:
	case VALUE_UINT8:
	case VALUE_UINT64:
		return is_number(value) ? value->integer : 0;
	case VALUE_FLOAT64:
		return truncate_float(value->number);
	case VALUE_STRING:
		return int_of_text(&value->string);
	case VALUE_BOOL:
		return value->boolean ? 1 : 0;
	default:
		return 0;
	}
}

double cast_float(const struct value *value)
{
	double number;

	switch (value->kind) {
	case VALUE_INT:
	case VALUE_INT64:
	case VALUE_UINT8:
		return is_number(value) ? (double)value->integer : 0;
	case VALUE_UINT64:
		return (double)(uint64_t)value->integer;
	case VALUE_FLOAT64:
		return value->number;
	case VALUE_STRING:
		return cast_parse_float(value->string.bytes, value->string.len,
					&number)
			       ? number
			       : 0;
	case VALUE_BOOL:
		return value->boolean ? 1 : 0;
	default:
		return 0;
	}
}

void cast_text(struct str *out, const struct value *value)
{
	if (value->kind == VALUE_STRING)
		str_add_bytes(out, value->string.bytes, value->string.len);
	else
		gofmt_value(out, value);
}

static bool add_text(struct call *call, struct value *list,
		     const struct value *item, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;

	if (item->kind == VALUE_NIL)
		return true;
	if (item->kind != VALUE_STRING) {
		cast_text(&text, item);
		if (!call_give_str(call, &text, err))
			return false;
		item = call->result;
	}
	value_list_add(list, call->arena, item);
	return true;
}

bool cast_strings(struct call *call, const struct value *value,
		  const struct value **list, struct err *err)
{
	struct value *texts;

	if (value->kind == VALUE_STRING_LIST) {
		*list = value;
		return true;
	}
	texts = value_new(call->arena, VALUE_STRING_LIST);
	if (!value_is_list(value) && !add_text(call, texts, value, err))
		return false;
	for (size_t i = 0; value_is_list(value) && i < value->list.count; i++) {
		if (!add_text(call, texts, value->list.items[i], err))
			return false;
	}
	*list = texts;
	return true;
}
