/* Sprig's functions over lists. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/cast.h"
#include "tmpl/func.h"

/* Argument @index as a list, or an error. */
static const struct value_list *list_arg(const struct call *call, size_t index,
					 struct err *err)
{
	const struct value *value = call->args[index];

	if (value_is_list(value))
		return &value->list;
	err_set(err, ERR_INPUT, "%s is no list", type_word(value));
	return NULL;
}

/* A list that holds @count items from @items on. */
static struct value *copy_items(struct call *call,
				const struct value *const *items, size_t count)
{
	struct value *list = value_new_list(call->arena);

	if (count == 0)
		return list;
	list->list.items =
		arena_new_array(call->arena, const struct value *, count);
	memcpy(list->list.items, items, count * sizeof(*items));
	list->list.count = list->list.capacity = count;
	return list;
}

static bool charge_list(struct call *call, size_t count, struct err *err)
{
	return call_charge(call, count, count * sizeof(struct value *), err);
}

static bool run_list(struct call *call, struct err *err)
{
	return charge_list(call, call->count, err) &&
	       call_give(call, copy_items(call, call->args, call->count));
}

/* --- numbers ------------------------------------------------------------- */

/* How many numbers lie from @start to before @stop. */
static uint64_t count_steps(int64_t start, int64_t stop, int64_t step)
{
	uint64_t distance, width;

	if (stop < start && step < 0) {
		distance = (uint64_t)start - (uint64_t)stop;
		width = 0 - (uint64_t)step;
	} else if (stop > start && step > 0) {
		distance = (uint64_t)stop - (uint64_t)start;
		width = (uint64_t)step;
	} else {
		return 0;
	}
	return distance / width + (distance % width ? 1 : 0);
}

static bool give_numbers(struct call *call, int64_t start, int64_t stop,
			 int64_t step, struct err *err)
{
	const size_t each = sizeof(struct value) + sizeof(struct value *);
	uint64_t count = count_steps(start, stop, step);
	struct value *list, *numbers;

	if (count > TMPL_MEMORY_MAX)
		count = TMPL_MEMORY_MAX;
	if (!call_charge(call, count, count * each, err))
		return false;
	list = value_new(call->arena, VALUE_INT_LIST);
	numbers = arena_new_array(call->arena, struct value, count);
	list->list.items =
		arena_new_array(call->arena, const struct value *, count);
	list->list.count = list->list.capacity = count;
	for (uint64_t i = 0; i < count; i++) {
		numbers[i].kind = VALUE_INT;
		numbers[i].integer = start + (int64_t)i * step;
		list->list.items[i] = &numbers[i];
	}
	return call_give(call, list);
}

static bool run_until(struct call *call, struct err *err)
{
	int64_t stop = call->args[0]->integer;

	return give_numbers(call, 0, stop, stop < 0 ? -1 : 1, err);
}

static bool run_until_step(struct call *call, struct err *err)
{
	return give_numbers(call, call->args[0]->integer,
			    call->args[1]->integer, call->args[2]->integer,
			    err);
}

/*
 * Numbers as text, the last one included: of one argument from 1 to it, of
 * three with the step in the middle.
 */
static bool run_seq(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;
	int64_t start = 1, end, step, beyond;
	uint64_t count;

	if (call->count == 0 || call->count > 3)
		return call_give_text(call, "", 0);
	if (call->count > 1)
		start = call->args[0]->integer;
	end = call->args[call->count - 1]->integer;
	beyond = end < start ? -1 : 1;
	step = call->count == 3 ? call->args[1]->integer : beyond;

	/* Wraps around as Go's: to the largest int there is nothing. */
	end = (int64_t)((uint64_t)end + (uint64_t)beyond);
	count = count_steps(start, end, step);
	if (count > TMPL_OUTPUT_MAX)
		count = TMPL_OUTPUT_MAX;
	if (!call_charge(call, count, 0, err))
		return false;
	for (uint64_t i = 0; i < count && !text.overflow; i++)
		str_addf(&text, "%s%lld", i > 0 ? " " : "",
			 (long long)(start + (int64_t)i * step));
	return call_give_str(call, &text, err);
}

/* --- parts --------------------------------------------------------------- */

static bool run_first(struct call *call, struct err *err)
{
	const struct value_list *list = list_arg(call, 0, err);

	return list &&
	       call_give(call, list->count ? list->items[0] : &value_nil);
}

static bool run_last(struct call *call, struct err *err)
{
	const struct value_list *list = list_arg(call, 0, err);

	return list &&
	       call_give(call, list->count ? list->items[list->count - 1]
					   : &value_nil);
}

static bool run_rest(struct call *call, struct err *err)
{
	const struct value_list *list = list_arg(call, 0, err);

	if (!list || !charge_list(call, list->count, err))
		return false;
	if (list->count == 0)
		return call_give(call, &value_nil_list);
	return call_give(call,
			 copy_items(call, list->items + 1, list->count - 1));
}

static bool run_initial(struct call *call, struct err *err)
{
	const struct value_list *list = list_arg(call, 0, err);

	if (!list || !charge_list(call, list->count, err))
		return false;
	if (list->count == 0)
		return call_give(call, &value_nil_list);
	return call_give(call, copy_items(call, list->items, list->count - 1));
}

/* Items start..end; of a string, bytes, as Go's own slice has it. */
static bool run_slice(struct call *call, struct err *err)
{
	const struct value *from = call->args[0];
	bool is_text = from->kind == VALUE_STRING;
	int64_t count, start = 0, end;
	struct value *part;

	if (!is_text && !list_arg(call, 0, err))
		return false;
	count = (int64_t)(is_text ? from->string.len : from->list.count);
	end = count;
	if (count == 0 && !is_text)
		return call_give(call, &value_nil);
	if (call->count > 1)
		start = cast_int(call->args[1]);
	if (call->count > 2)
		end = cast_int(call->args[2]);
	if (start < 0 || end < start || end > count)
		return err_set(err, ERR_INPUT,
			       "%lld to %lld is not in a range of %lld",
			       (long long)start, (long long)end,
			       (long long)count);
	if (!charge_list(call, (size_t)(end - start), err))
		return false;
	if (is_text)
		return call_give_text(call, from->string.bytes + start,
				      (size_t)(end - start));
	part = copy_items(call, from->list.items + start,
			  (size_t)(end - start));
	part->kind = from->kind;
	return call_give(call, part);
}

/*
 * How many chunks Sprig makes of @count items, by its own floating-point
 * arithmetic: sizes below 0 give what they give.  False: Go panics.
 */
static bool count_chunks(int64_t count, int64_t size, int64_t *chunks,
			 struct err *err)
{
	double rows = floor((double)(count - 1) / (double)size) + 1;

	/* A negative size comes through with one item that it leaves over. */
	if (!(rows >= 0) || rows > (double)count ||
	    (rows > 0 && size <= 0 && (count != 1 || size == -1)))
		return err_set(err, ERR_INPUT,
			       "a list of %lld cannot be cut by %lld",
			       (long long)count, (long long)size);
	*chunks = (int64_t)rows;
	return true;
}

static bool run_chunk(struct call *call, struct err *err)
{
	const struct value_list *list = list_arg(call, 1, err);
	int64_t size = call->args[0]->integer, chunks = 0, count;
	struct value *result;

	if (!list)
		return false;
	count = (int64_t)list->count;
	if (!count_chunks(count, size, &chunks, err) ||
	    !call_charge(call, list->count + (size_t)chunks,
			 list->count * sizeof(struct value *) +
				 (size_t)chunks * sizeof(struct value),
			 err))
		return false;
	result = value_new(call->arena, VALUE_LISTS);
	for (int64_t i = 0; i < chunks; i++) {
		int64_t at = size > 0 ? i * size : 0;
		int64_t left = count - at;

		value_list_add(result, call->arena,
			       copy_items(call, list->items + at,
					  (size_t)(size > 0 && size < left
							   ? size
							   : left)));
	}
	return call_give(call, result);
}

/* --- more and fewer ------------------------------------------------------ */

static bool run_append(struct call *call, struct err *err)
{
	const struct value_list *list = list_arg(call, 0, err);
	struct value *result;

	if (!list || !charge_list(call, list->count, err))
		return false;
	result = copy_items(call, list->items, list->count);
	value_list_add(result, call->arena, call->args[1]);
	return call_give(call, result);
}

static bool run_prepend(struct call *call, struct err *err)
{
	const struct value_list *list = list_arg(call, 0, err);
	struct value *result;

	if (!list || !charge_list(call, list->count, err))
		return false;
	result = value_new_list(call->arena);
	value_list_add(result, call->arena, call->args[1]);
	for (size_t i = 0; i < list->count; i++)
		value_list_add(result, call->arena, list->items[i]);
	return call_give(call, result);
}

static bool run_concat(struct call *call, struct err *err)
{
	struct value *result = value_new_list(call->arena);

	for (size_t i = 0; i < call->count; i++) {
		const struct value_list *list = list_arg(call, i, err);

		if (!list || !charge_list(call, list->count, err))
			return false;
		for (size_t j = 0; j < list->count; j++)
			value_list_add(result, call->arena, list->items[j]);
	}
	return call_give(call, result->list.count ? result : &value_nil_list);
}

static bool run_reverse(struct call *call, struct err *err)
{
	const struct value_list *list = list_arg(call, 0, err);
	struct value *result;

	if (!list || !charge_list(call, list->count, err))
		return false;
	result = value_new_list(call->arena);
	for (size_t i = list->count; i-- > 0;)
		value_list_add(result, call->arena, list->items[i]);
	return call_give(call, result);
}

static bool run_compact(struct call *call, struct err *err)
{
	const struct value_list *list = list_arg(call, 0, err);
	struct value *result;

	if (!list || !charge_list(call, list->count, err))
		return false;
	result = value_new_list(call->arena);
	for (size_t i = 0; i < list->count; i++) {
		if (value_truth(list->items[i]))
			value_list_add(result, call->arena, list->items[i]);
	}
	return call_give(call, result);
}

/* Is @wanted among @items?  Each comparison is a step. */
static bool find_item(struct call *call, const struct value_list *items,
		      const struct value *wanted, bool *found, struct err *err)
{
	*found = false;
	if (!call_charge_value(call, wanted, items->count, err))
		return false;
	for (size_t i = 0; i < items->count && !*found; i++)
		*found = value_same(items->items[i], wanted);
	return true;
}

static bool run_uniq(struct call *call, struct err *err)
{
	const struct value_list *list = list_arg(call, 0, err);
	struct value *result;
	bool found;

	if (!list || !charge_list(call, list->count, err))
		return false;
	result = value_new_list(call->arena);
	for (size_t i = 0; i < list->count; i++) {
		if (!find_item(call, &result->list, list->items[i], &found,
			       err))
			return false;
		if (!found)
			value_list_add(result, call->arena, list->items[i]);
	}
	return call_give(call, result);
}

static bool run_without(struct call *call, struct err *err)
{
	const struct value_list *list = list_arg(call, 0, err);
	struct value *omitted, *result;
	bool found;

	if (!list || !charge_list(call, list->count, err))
		return false;
	omitted = copy_items(call, call->args + 1, call->count - 1);
	result = value_new_list(call->arena);
	for (size_t i = 0; i < list->count; i++) {
		if (!find_item(call, &omitted->list, list->items[i], &found,
			       err))
			return false;
		if (!found)
			value_list_add(result, call->arena, list->items[i]);
	}
	return call_give(call, result);
}

static bool run_has(struct call *call, struct err *err)
{
	const struct value_list *list;
	bool found;

	if (call->args[1]->kind == VALUE_NIL)
		return call_give_bool(call, false);
	list = list_arg(call, 1, err);
	return list && find_item(call, list, call->args[0], &found, err) &&
	       call_give_bool(call, found);
}

/* --- order --------------------------------------------------------------- */

static int compare_texts(const void *a, const void *b)
{
	const struct value_text *x = &(*(const struct value *const *)a)->string;
	const struct value_text *y = &(*(const struct value *const *)b)->string;
	int order =
		memcmp(x->bytes, y->bytes, x->len < y->len ? x->len : y->len);

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static bool run_sort_alpha(struct call *call, struct err *err)
{
	const struct value *texts;
	struct value *sorted;
	size_t count;

	/* Alone, nil is a text as anything else. */
	if (call->args[0]->kind == VALUE_NIL) {
		sorted = value_new(call->arena, VALUE_STRING_LIST);
		value_list_add(sorted, call->arena,
			       value_new_text(call->arena, "<nil>"));
		return call_give(call, sorted);
	}
	if (!cast_strings(call, call->args[0], &texts, err) ||
	    !charge_list(call, texts->list.count * 8, err))
		return false;
	count = texts->list.count;
	sorted = copy_items(call, texts->list.items, count);
	sorted->kind = VALUE_STRING_LIST;
	if (count > 0)
		qsort(sorted->list.items, count, sizeof(*sorted->list.items),
		      compare_texts);
	return call_give(call, sorted);
}

const struct func funcs_list[] = {
	{"append", "aa", run_append},
	{"chunk", "ia", run_chunk},
	{"compact", "a", run_compact},
	{"concat", "a*", run_concat},
	{"first", "a", run_first},
	{"has", "aa", run_has},
	{"initial", "a", run_initial},
	{"last", "a", run_last},
	{"list", "a*", run_list},
	{"mustAppend", "aa", run_append},
	{"mustChunk", "ia", run_chunk},
	{"mustCompact", "a", run_compact},
	{"mustFirst", "a", run_first},
	{"mustHas", "aa", run_has},
	{"mustInitial", "a", run_initial},
	{"mustLast", "a", run_last},
	{"mustPrepend", "aa", run_prepend},
	{"mustPush", "aa", run_append},
	{"mustRest", "a", run_rest},
	{"mustReverse", "a", run_reverse},
	{"mustSlice", "aa*", run_slice},
	{"mustUniq", "a", run_uniq},
	{"mustWithout", "aa*", run_without},
	{"prepend", "aa", run_prepend},
	{"push", "aa", run_append},
	{"rest", "a", run_rest},
	{"reverse", "a", run_reverse},
	{"seq", "i*", run_seq},
	{"slice", "aa*", run_slice},
	{"sortAlpha", "a", run_sort_alpha},
	{"tuple", "a*", run_list},
	{"uniq", "a", run_uniq},
	{"until", "i", run_until},
	{"untilStep", "iii", run_until_step},
	{"without", "aa*", run_without},
	{NULL},
};
