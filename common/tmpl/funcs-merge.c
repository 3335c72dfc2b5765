/*
 * Sprig's merge and its kin, by the rules of mergo.
 *
 * They change the dictionary that is given first.  What is "empty" (nil,
 * false, 0, "", no items) is filled in from the others; with Overwrite,
 * what is there is replaced by whatever the others have.
 *
 * Source: dario.cat/mergo v1.0.1 (deepMerge).
 */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/func.h"

struct merge {
	struct call *call;
	bool overwrite;
	bool must;
	bool refused; /* mergo gave an error, which merge swallows */
	struct err *err;
};

static bool merge_maps(struct merge *merge, const struct value *to,
		       const struct value *from, unsigned int depth);

/* What templates can reach is the execution's own: see funcs-dict.c. */
static struct value *changeable(const struct value *map)
{
	union {
		const struct value *given;
		struct value *map;
	} both = {.given = map};

	return both.map;
}

/* Go's reflection panics at this. */
static bool fail_types(struct merge *merge, const struct value *to,
		       const struct value *from)
{
	return err_set(merge->err, ERR_INPUT, "cannot merge %s into %s",
		       type_word(from), type_word(to));
}

static bool refuse_types(struct merge *merge, const struct value *to,
			 const struct value *from)
{
	merge->refused = true;
	return fail_types(merge, to, from);
}

static bool is_pointer(const struct value *value)
{
	return value->kind == VALUE_OBJECT &&
	       strcmp(value_kind_name(value), "ptr") == 0;
}

/* A struct, and a pointer to one, are never empty; nor is a complex number. */
static bool is_empty(const struct value *value)
{
	return value->kind != VALUE_COMPLEX128 && !value_truth(value);
}

/* Only text goes into a map[string]string, and only from another one. */
static bool set_member(struct merge *merge, const struct value *to,
		       const struct value *from, const struct value_text *key,
		       const struct value *value)
{
	if (to->kind == VALUE_STRING_MAP && from->kind != VALUE_STRING_MAP)
		return fail_types(merge, to, value);
	if (to->is_nil)
		return fail_types(merge, to, value);
	if (!call_charge(merge->call, 1 + to->map.count / 32,
			 sizeof(struct value_pair), merge->err))
		return false;
	value_map_set_bytes(changeable(to), merge->call->arena, key->bytes,
			    key->len, value);
	return true;
}

/* Into a map; it is no error for anything but a struct to be none. */
static bool merge_into_map(struct merge *merge, const struct value *to,
			   const struct value *from, unsigned int depth)
{
	if (to->is_nil) {
		if (from->kind == VALUE_OBJECT && !is_pointer(from))
			return fail_types(merge, to, from);
		return true;
	}
	return !value_is_map(from) || merge_maps(merge, to, from, depth + 1);
}

/* Into a pointer: what it points to is changed, and all that share it see. */
static bool merge_into_pointer(struct merge *merge, const struct value *to,
			       const struct value *from)
{
	const struct value_class *class = to->object.class;

	if (is_pointer(from)) {
		if (!merge->overwrite)
			return true;
		if (class != from->object.class)
			return fail_types(merge, to, from);
		if (class->assign)
			class->assign(to, from);
		return true;
	}
	if (merge->overwrite ||
	    (class->element && class->element == value_class(from)))
		return true;
	return refuse_types(merge, to, from);
}

/* A map, struct or pointer @from into what is there. */
static bool merge_into(struct merge *merge, const struct value *to,
		       const struct value *from, unsigned int depth)
{
	if (value_is_map(to))
		return merge_into_map(merge, to, from, depth);
	return !is_pointer(to) || merge_into_pointer(merge, to, from);
}

static const struct value *find(const struct value *map,
				const struct value_text *key)
{
	return value_map_get_bytes(map, key->bytes, key->len);
}

static bool merge_member(struct merge *merge, const struct value *to,
			 const struct value *from, const struct value_text *key,
			 unsigned int depth)
{
	const struct value *value = find(from, key), *old = find(to, key);

	if (!value)
		return true;
	if (value->kind == VALUE_NIL)
		return !merge->overwrite ||
		       set_member(merge, to, from, key, value);
	if (value_is_list(value) && to->kind == VALUE_STRING_MAP)
		return fail_types(merge, to, value);
	if ((value_is_map(value) || value->kind == VALUE_OBJECT) && old &&
	    !merge_into(merge, old, value, depth))
		return false;

	/* Asked only now: an empty map may have been filled. */
	if (old && !is_empty(old) &&
	    (!merge->overwrite || (value_is_map(value) && value_is_map(old))))
		return true;
	return set_member(merge, to, from, key, value);
}

static bool merge_maps(struct merge *merge, const struct value *to,
		       const struct value *from, unsigned int depth)
{
	const size_t size = sizeof(struct value_pair);
	size_t count = from->map.count;
	struct value_pair *pairs;

	if (depth > VALUE_DEPTH_MAX)
		return err_set(merge->err, ERR_INPUT,
			       "the dictionaries are too deep");
	if (!call_charge(merge->call, 1 + count, count * size, merge->err))
		return false;
	/* A copy: both may be one and the same, or one within the other. */
	pairs = arena_new_array(merge->call->arena, struct value_pair, count);
	if (count > 0)
		memcpy(pairs, from->map.pairs, count * size);
	for (size_t i = 0; i < count; i++) {
		if (!merge_member(merge, to, from, &pairs[i].key, depth))
			return false;
	}
	return true;
}

static bool run(struct merge *merge)
{
	struct call *call = merge->call;
	const struct value *to = call->args[0];

	for (size_t i = 1; i < call->count; i++) {
		const struct value *from = call->args[i];

		if (to->is_nil && !from->is_nil)
			to = value_new_map(call->arena);
		if (merge_maps(merge, to, from, 0))
			continue;
		if (!merge->refused || merge->must)
			return false;
		err_release(merge->err);
		return call_give_text(call, "", 0);
	}
	return call_give(call, to);
}

static bool run_merge(struct call *call, struct err *err)
{
	return run(&(struct merge){.call = call, .err = err});
}

static bool run_merge_overwrite(struct call *call, struct err *err)
{
	return run(
		&(struct merge){.call = call, .overwrite = true, .err = err});
}

static bool run_must_merge(struct call *call, struct err *err)
{
	return run(&(struct merge){.call = call, .must = true, .err = err});
}

static bool run_must_merge_overwrite(struct call *call, struct err *err)
{
	return run(&(struct merge){
		.call = call, .overwrite = true, .must = true, .err = err});
}

const struct func funcs_merge[] = {
	{"merge", "mm*", run_merge, .trait = FUNC_CHANGES},
	{"mergeOverwrite", "mm*", run_merge_overwrite, .trait = FUNC_CHANGES},
	{"mustMerge", "mm*", run_must_merge, .trait = FUNC_CHANGES},
	{"mustMergeOverwrite", "mm*", run_must_merge_overwrite,
	 .trait = FUNC_CHANGES},
	{NULL},
};
