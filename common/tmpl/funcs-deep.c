/* Sprig's functions that go through all of a value. */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "format/value.h"
#include "tmpl/func.h"

/* --- deepCopy ------------------------------------------------------------ */

static bool copy(struct call *call, const struct value *value,
		 const struct value **result, struct err *err);

static bool copy_list(struct call *call, const struct value *list,
		      const struct value **result, struct err *err)
{
	struct value *copied = value_new(call->arena, list->kind);
	size_t count = list->list.count;

	copied->is_nil = list->is_nil;
	copied->list.items =
		arena_new_array(call->arena, const struct value *, count);
	copied->list.count = copied->list.capacity = count;
	for (size_t i = 0; i < count; i++) {
		if (!copy(call, list->list.items[i], &copied->list.items[i],
			  err))
			return false;
	}
	*result = copied;
	return true;
}

static bool copy_map(struct call *call, const struct value *map,
		     const struct value **result, struct err *err)
{
	struct value *copied = value_new(call->arena, map->kind);
	size_t count = map->map.count;

	copied->is_nil = map->is_nil;
	copied->map.pairs =
		arena_new_array(call->arena, struct value_pair, count);
	copied->map.count = copied->map.capacity = count;
	for (size_t i = 0; i < count; i++) {
		copied->map.pairs[i].key = map->map.pairs[i].key;
		if (!copy(call, map->map.pairs[i].value,
			  &copied->map.pairs[i].value, err))
			return false;
	}
	*result = copied;
	return true;
}

/* What cannot change is not copied.  The depth is known to be small enough. */
static bool copy(struct call *call, const struct value *value,
		 const struct value **result, struct err *err)
{
	const struct value_class *class = value_class(value);

	if (value_is_list(value))
		return call_charge(call, 1,
				   sizeof(*value) +
					   value->list.count * sizeof(value),
				   err) &&
		       copy_list(call, value, result, err);
	if (value_is_map(value))
		return call_charge(call, 1,
				   sizeof(*value) +
					   value->map.count *
						   sizeof(struct value_pair),
				   err) &&
		       copy_map(call, value, result, err);
	*result =
		class && class->copy ? class->copy(value, call->arena) : value;
	return true;
}

static bool run_deep_copy(struct call *call, struct err *err)
{
	const struct value *copied;

	if (call->args[0]->kind == VALUE_NIL)
		return err_set(err, ERR_INPUT, "there is nothing to copy");
	return call_charge_value(call, call->args[0], 1, err) &&
	       copy(call, call->args[0], &copied, err) &&
	       call_give(call, copied);
}

/* --- deepEqual ----------------------------------------------------------- */

static bool run_deep_equal(struct call *call, struct err *err)
{
	const struct value *a = call->args[0], *b = call->args[1];

	return call_charge_value(call, a, 1, err) &&
	       call_charge_value(call, b, 1, err) &&
	       call_give_bool(call, value_same(a, b));
}

/* --- dig ----------------------------------------------------------------- */

/* The keys on the way, then what to give if one is missing, then the map. */
static bool run_dig(struct call *call, struct err *err)
{
	size_t keys = call->count - 2;
	const struct value *at;

	if (call->count < 3)
		return err_set(err, ERR_INPUT,
			       "it takes keys, a default and a dictionary");
	for (size_t i = 0; i < keys; i++) {
		if (call->args[i]->kind != VALUE_STRING)
			return err_set(err, ERR_INPUT,
				       "a key must be a string, not %s",
				       type_word(call->args[i]));
	}
	at = call->args[call->count - 1];
	for (size_t i = 0; i < keys; i++) {
		const struct value_text *key = &call->args[i]->string;

		if (at->kind != VALUE_MAP)
			return err_set(err, ERR_INPUT,
				       "%s is no dictionary to look for '%s' "
				       "in",
				       type_word(at), key->bytes);
		at = value_map_get_bytes(at, key->bytes, key->len);
		if (!at)
			return call_give(call, call->args[keys]);
	}
	return call_give(call, at);
}

const struct func funcs_deep[] = {
	{"deepCopy", "a", run_deep_copy},
	{"deepEqual", "aa", run_deep_equal},
	{"dig", "a*", run_dig},
	{"mustDeepCopy", "a", run_deep_copy},
	{NULL},
};
