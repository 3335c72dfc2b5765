#include "tmpl/serial.h"

#include "base/str.h"
#include "format/value.h"
#include "tmpl/func.h"

static const struct value *message(struct call *call, const struct str *problem)
{
	return value_new_bytes(call->arena, str_text(problem), problem->len);
}

bool serial_give_map(struct call *call, const struct value *value,
		     const struct str *problem)
{
	struct value *map;

	if (problem->len == 0)
		return call_give(call, value);
	map = value_new_map(call->arena);
	value_map_set(map, call->arena, "Error", message(call, problem));
	return call_give(call,
			 value ? value_merge(value, map, call->arena) : map);
}

bool serial_give_list(struct call *call, const struct value *value,
		      const struct str *problem)
{
	struct value *list;

	if (problem->len == 0)
		return call_give(call, value);
	list = value_new_list(call->arena);
	value_list_add(list, call->arena, message(call, problem));
	return call_give(call, list);
}

const char *serial_json_kind(const struct value *value)
{
	switch (value->kind) {
	case VALUE_LIST:
		return "array";
	case VALUE_MAP:
		return "object";
	case VALUE_STRING:
		return "string";
	case VALUE_BOOL:
		return "bool";
	default:
		return "number";
	}
}
