/* Sprig's functions over dictionaries. */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/cast.h"
#include "tmpl/func.h"

static bool charge_map(struct call *call, size_t count, struct err *err)
{
	return call_charge(call, count, count * sizeof(struct value_pair), err);
}

static void set_member(struct call *call, struct value *map,
		       const struct value_text *key, const struct value *value)
{
	value_map_set_bytes(map, call->arena, key->bytes, key->len, value);
}

/* Keys and values in turn; a key without a value gets "". */
static bool run_dict(struct call *call, struct err *err)
{
	struct value *map;

	if (!charge_map(call, call->count, err))
		return false;
	map = value_new_map(call->arena);
	for (size_t i = 0; i < call->count; i += 2) {
		CLEANUP(str_release) struct str key = CALL_TEXT;

		cast_text(&key, call->args[i]);
		if (key.overflow)
			return err_set(err, ERR_INPUT, "a key is too long");
		value_map_set_bytes(map, call->arena, str_text(&key), key.len,
				    i + 1 < call->count
					    ? call->args[i + 1]
					    : value_new_text(call->arena, ""));
	}
	return call_give(call, map);
}

/* The member of argument @map that argument @key names, or NULL. */
static const struct value *member(const struct call *call, size_t map,
				  size_t key)
{
	const struct value_text *name = &call->args[key]->string;

	return value_map_get_bytes(call->args[map], name->bytes, name->len);
}

static bool run_get(struct call *call, struct err *err)
{
	const struct value *found = member(call, 0, 1);

	(void)err;
	return call_give(call, found ? found : value_new_text(call->arena, ""));
}

static bool run_has_key(struct call *call, struct err *err)
{
	(void)err;
	return call_give_bool(call, member(call, 0, 1));
}

/*
 * The map of argument 0, to be changed: what templates can reach is of the
 * execution's own arena, the data is a copy (tmpl_execute).
 */
static struct value *changeable(struct call *call)
{
	union {
		const struct value *given;
		struct value *map;
	} both = {.given = call->args[0]};

	return both.map;
}

static bool run_set(struct call *call, struct err *err)
{
	if (call->args[0]->is_nil)
		return err_set(err, ERR_INPUT, "there is no map to change");
	/* What stands behind the key must move. */
	if (!charge_map(call, 1, err) ||
	    !call_charge(call, call->args[0]->map.count / 32, 0, err))
		return false;
	set_member(call, changeable(call), &call->args[1]->string,
		   call->args[2]);
	return call_give(call, call->args[0]);
}

static bool run_unset(struct call *call, struct err *err)
{
	const struct value *found = member(call, 0, 1);
	const struct value_text *key = &call->args[1]->string;
	struct value_map *map = &changeable(call)->map;

	(void)err;
	for (size_t i = 0; found && i < map->count; i++) {
		if (map->pairs[i].key.len != key->len ||
		    memcmp(map->pairs[i].key.bytes, key->bytes, key->len) != 0)
			continue;
		map->count--;
		memmove(&map->pairs[i], &map->pairs[i + 1],
			(map->count - i) * sizeof(*map->pairs));
		break;
	}
	return call_give(call, call->args[0]);
}

/* Sorted, where Sprig's order is another one in each run. */
static bool run_keys(struct call *call, struct err *err)
{
	struct value *list = value_new(call->arena, VALUE_STRING_LIST);

	for (size_t i = 0; i < call->count; i++) {
		const struct value_map *map = &call->args[i]->map;

		if (!charge_map(call, map->count, err))
			return false;
		for (size_t j = 0; j < map->count; j++)
			value_list_add(list, call->arena,
				       value_new_bytes(call->arena,
						       map->pairs[j].key.bytes,
						       map->pairs[j].key.len));
	}
	return call_give(call, list);
}

static bool run_values(struct call *call, struct err *err)
{
	const struct value_map *map = &call->args[0]->map;
	struct value *list;

	if (!charge_map(call, map->count, err))
		return false;
	list = value_new_list(call->arena);
	for (size_t i = 0; i < map->count; i++)
		value_list_add(list, call->arena, map->pairs[i].value);
	return call_give(call, list);
}

static bool is_named(const struct call *call, const struct value_text *key)
{
	for (size_t i = 1; i < call->count; i++) {
		const struct value_text *name = &call->args[i]->string;

		if (name->len == key->len &&
		    memcmp(name->bytes, key->bytes, key->len) == 0)
			return true;
	}
	return false;
}

/* The members that are named, or those that are not. */
static bool give_members(struct call *call, bool named, struct err *err)
{
	const struct value_map *map = &call->args[0]->map;
	struct value *result;

	if (!charge_map(call, map->count, err) ||
	    !call_charge(call, map->count * call->count, 0, err))
		return false;
	result = value_new_map(call->arena);
	for (size_t i = 0; i < map->count; i++) {
		if (is_named(call, &map->pairs[i].key) == named)
			set_member(call, result, &map->pairs[i].key,
				   map->pairs[i].value);
	}
	return call_give(call, result);
}

static bool run_pick(struct call *call, struct err *err)
{
	return give_members(call, true, err);
}

static bool run_omit(struct call *call, struct err *err)
{
	return give_members(call, false, err);
}

static bool run_pluck(struct call *call, struct err *err)
{
	struct value *list = value_new_list(call->arena);

	(void)err;
	for (size_t i = 1; i < call->count; i++) {
		const struct value *found = member(call, i, 0);

		if (found)
			value_list_add(list, call->arena, found);
	}
	return call_give(call, list);
}

const struct func funcs_dict[] = {
	{"dict", "a*", run_dict},
	{"get", "ms", run_get},
	{"hasKey", "ms", run_has_key},
	{"keys", "m*", run_keys},
	{"omit", "ms*", run_omit},
	{"pick", "ms*", run_pick},
	{"pluck", "sm*", run_pluck},
	{"set", "msa", run_set, .trait = FUNC_CHANGES},
	{"unset", "ms", run_unset, .trait = FUNC_REMOVES},
	{"values", "m", run_values},
	{NULL},
};
