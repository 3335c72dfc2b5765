#include "format/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

const struct value value_nil = {.kind = VALUE_NIL};
const struct value value_true = {.kind = VALUE_BOOL, .boolean = true};
const struct value value_false = {.kind = VALUE_BOOL, .boolean = false};
const struct value value_nil_map = {.kind = VALUE_MAP, .is_nil = true};
const struct value value_nil_list = {.kind = VALUE_LIST, .is_nil = true};
const struct value value_nil_string_list = {.kind = VALUE_STRING_LIST,
					    .is_nil = true};

bool value_is_null(const struct value *value)
{
	return value->kind == VALUE_NIL || value->is_nil;
}

/* Makers. */

struct value *value_new(struct arena *arena, enum value_kind kind)
{
	struct value *value = arena_new(arena, struct value);

	value->kind = kind;
	return value;
}

struct value *value_new_bool(struct arena *arena, bool boolean)
{
	struct value *value = value_new(arena, VALUE_BOOL);

	value->boolean = boolean;
	return value;
}

struct value *value_new_int(struct arena *arena, int64_t integer)
{
	struct value *value = value_new(arena, VALUE_INT);

	value->integer = integer;
	return value;
}

struct value *value_new_int64(struct arena *arena, int64_t integer)
{
	struct value *value = value_new(arena, VALUE_INT64);

	value->integer = integer;
	return value;
}

struct value *value_new_float(struct arena *arena, double number)
{
	struct value *value = value_new(arena, VALUE_FLOAT64);

	value->number = number;
	return value;
}

struct value *value_new_bytes(struct arena *arena, const char *bytes,
			      size_t len)
{
	struct value *value = value_new(arena, VALUE_STRING);

	value->string.bytes = arena_memdupz(arena, bytes, len);
	value->string.len = len;
	return value;
}

struct value *value_new_text(struct arena *arena, const char *text)
{
	return value_new_bytes(arena, text, strlen(text));
}

struct value *value_new_list(struct arena *arena)
{
	return value_new(arena, VALUE_LIST);
}

struct value *value_new_map(struct arena *arena)
{
	return value_new(arena, VALUE_MAP);
}

/* Lists and maps. */

bool value_is_map(const struct value *value)
{
	return value->kind == VALUE_MAP || value->kind == VALUE_STRING_MAP;
}

bool value_is_list(const struct value *value)
{
	return value->kind == VALUE_LIST || value->kind == VALUE_STRING_LIST ||
	       value->kind == VALUE_INT_LIST || value->kind == VALUE_LISTS ||
	       value->kind == VALUE_MAPS;
}

bool value_is_whole(const struct value *value)
{
	return value->kind == VALUE_INT || value->kind == VALUE_INT64 ||
	       value->kind == VALUE_UINT8 || value->kind == VALUE_UINT64;
}

const struct value_class *value_class(const struct value *value)
{
	if (value->kind == VALUE_OBJECT)
		return value->object.class;
	return value_is_whole(value) ? value->named : NULL;
}

void value_list_add(struct value *list, struct arena *arena,
		    const struct value *item)
{
	struct value_list *items = &list->list;

	if (!value_is_list(list))
		BUG("adding an item to a %s", value_type(list));
	list->is_nil = false;
	items->items = arena_grow(arena, items->items, items->count + 1,
				  sizeof(*items->items), &items->capacity);
	items->items[items->count++] = item;
}

static int text_compare(const struct value_text *a, const char *bytes,
			size_t len)
{
	int order = memcmp(a->bytes, bytes, a->len < len ? a->len : len);

	if (order != 0)
		return order;
	return (a->len > len) - (a->len < len);
}

/* The place of @key, or where it would have to be. */
static size_t map_position(const struct value_map *map, const char *key,
			   size_t len, bool *there)
{
	size_t low = 0, high = map->count;

	*there = false;
	/* Most maps are filled in order: look at the end first. */
	if (high > 0 && text_compare(&map->pairs[high - 1].key, key, len) < 0)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = text_compare(&map->pairs[middle].key, key, len);

		if (order == 0) {
			*there = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void value_map_reserve(struct value *map, struct arena *arena, size_t count)
{
	struct value_map *pairs = &map->map;

	if (!value_is_map(map) || pairs->count)
		BUG("making room in a %s", value_type(map));
	pairs->pairs = arena_alloc_array(arena, count, sizeof(*pairs->pairs));
	pairs->capacity = count;
}

void value_map_set_bytes(struct value *map, struct arena *arena,
			 const char *key, size_t key_len,
			 const struct value *value)
{
	struct value_map *pairs = &map->map;
	struct value_pair *pair;
	size_t position;
	bool there;

	if (!value_is_map(map))
		BUG("setting a member of a %s", value_type(map));
	position = map_position(pairs, key, key_len, &there);
	if (there) {
		pairs->pairs[position].value = value;
		return;
	}
	pairs->pairs = arena_grow(arena, pairs->pairs, pairs->count + 1,
				  sizeof(*pairs->pairs), &pairs->capacity);
	pair = &pairs->pairs[position];
	memmove(pair + 1, pair, (pairs->count - position) * sizeof(*pair));
	pair->key.bytes = arena_memdupz(arena, key, key_len);
	pair->key.len = key_len;
	pair->value = value;
	pairs->count++;
}

void value_map_add(struct value *map, struct arena *arena,
		   struct value_text key, const struct value *value)
{
	struct value_map *pairs = &map->map;

	pairs->pairs = arena_grow(arena, pairs->pairs, pairs->count + 1,
				  sizeof(*pairs->pairs), &pairs->capacity);
	pairs->pairs[pairs->count].key = key;
	pairs->pairs[pairs->count++].value = value;
}

/* By key, and where they are equal by place. */
static int compare_pairs(const void *a, const void *b)
{
	const struct value_pair *x = *(const struct value_pair *const *)a;
	const struct value_pair *y = *(const struct value_pair *const *)b;
	int order = text_compare(&x->key, y->key.bytes, y->key.len);

	return order != 0 ? order : (x > y) - (x < y);
}

static bool is_sorted(const struct value_map *map)
{
	for (size_t i = 1; i < map->count; i++) {
		const struct value_text *key = &map->pairs[i].key;

		if (text_compare(&map->pairs[i - 1].key, key->bytes,
				 key->len) >= 0)
			return false;
	}
	return true;
}

void value_map_sort(struct value *map)
{
	CLEANUP(free_ptr) const struct value_pair **order = NULL;
	CLEANUP(free_ptr) struct value_pair *sorted = NULL;
	struct value_map *pairs = &map->map;
	size_t count = 0;

	if (is_sorted(pairs))
		return;
	order = xcalloc(pairs->count, sizeof(*order));
	sorted = xcalloc(pairs->count, sizeof(*sorted));
	for (size_t i = 0; i < pairs->count; i++)
		order[i] = &pairs->pairs[i];
	qsort(order, pairs->count, sizeof(*order), compare_pairs);
	for (size_t i = 0; i < pairs->count; i++) {
		const struct value_text *key = &order[i]->key;

		if (count > 0 && text_compare(&sorted[count - 1].key,
					      key->bytes, key->len) == 0)
			count--;
		sorted[count++] = *order[i];
	}
	memcpy(pairs->pairs, sorted, count * sizeof(*sorted));
	pairs->count = count;
}

void value_map_set(struct value *map, struct arena *arena, const char *key,
		   const struct value *value)
{
	value_map_set_bytes(map, arena, key, strlen(key), value);
}

void value_map_set_text(struct value *map, struct arena *arena, const char *key,
			const char *text)
{
	value_map_set(map, arena, key, value_new_text(arena, text));
}

const struct value *value_map_get_bytes(const struct value *map,
					const char *key, size_t len)
{
	size_t position;
	bool there;

	if (!map || !value_is_map(map))
		return NULL;
	position = map_position(&map->map, key, len, &there);
	return there ? map->map.pairs[position].value : NULL;
}

const struct value *value_map_get(const struct value *map, const char *key)
{
	return value_map_get_bytes(map, key, strlen(key));
}

const struct value *value_list_at(const struct value *list, size_t i)
{
	return list && value_is_list(list) && i < list->list.count
		       ? list->list.items[i]
		       : NULL;
}

static const struct value *find_item(const struct value *list,
				     const char *digits, size_t len)
{
	size_t index = 0;

	if (!len || strspn(digits, "0123456789") < len)
		return NULL;
	for (size_t i = 0; i < len && index < list->list.count; i++)
		index = index * 10 + (size_t)(digits[i] - '0');
	return value_list_at(list, index);
}

const struct value *value_find(const struct value *root, const char *path)
{
	const struct value *value = root;

	while (value && *path) {
		size_t len = strcspn(path, ".");

		value = value_is_list(value)
				? find_item(value, path, len)
				: value_map_get_bytes(value, path, len);
		path += len;
		if (*path == '.')
			path++;
	}
	return value;
}

const char *value_find_text(const struct value *root, const char *path)
{
	const struct value *value = value_find(root, path);

	return value && value->kind == VALUE_STRING ? value->string.bytes
						    : NULL;
}

const struct value *value_find_list(const struct value *root, const char *path)
{
	static const struct value none = {.kind = VALUE_LIST};
	const struct value *value = value_find(root, path);

	return value && value_is_list(value) ? value : &none;
}

/* Copying, merging, comparing: a value too deep counts as nil, as other. */

static struct value *copy_at(const struct value *value, struct arena *arena,
			     unsigned int depth);

static struct value *copy_list(const struct value *list, struct arena *arena,
			       unsigned int depth)
{
	struct value *copy = value_new(arena, list->kind);

	copy->is_nil = list->is_nil;
	for (size_t i = 0; i < list->list.count; i++)
		value_list_add(copy, arena,
			       copy_at(list->list.items[i], arena, depth));
	return copy;
}

static struct value *copy_map(const struct value *map, struct arena *arena,
			      unsigned int depth)
{
	struct value *copy = value_new(arena, map->kind);

	copy->is_nil = map->is_nil;
	for (size_t i = 0; i < map->map.count; i++) {
		const struct value_pair *pair = &map->map.pairs[i];

		value_map_set_bytes(copy, arena, pair->key.bytes, pair->key.len,
				    copy_at(pair->value, arena, depth));
	}
	return copy;
}

static struct value *copy_at(const struct value *value, struct arena *arena,
			     unsigned int depth)
{
	struct value *copy;

	if (depth > VALUE_DEPTH_MAX)
		return value_new(arena, VALUE_NIL);
	if (value->kind == VALUE_STRING)
		return value_new_bytes(arena, value->string.bytes,
				       value->string.len);
	if (value_is_list(value))
		return copy_list(value, arena, depth + 1);
	if (value_is_map(value))
		return copy_map(value, arena, depth + 1);
	copy = value_new(arena, value->kind);
	*copy = *value;
	return copy;
}

struct value *value_copy(const struct value *value, struct arena *arena)
{
	return copy_at(value, arena, 0);
}

/* A map of texts stays one as long as only texts are merged in. */
static enum value_kind merged_kind(const struct value *base,
				   const struct value *over)
{
	if (base->kind == VALUE_MAP)
		return VALUE_MAP;
	for (size_t i = 0; i < over->map.count; i++)
		if (over->map.pairs[i].value->kind != VALUE_STRING)
			return VALUE_MAP;
	return VALUE_STRING_MAP;
}

static const struct value *merge_at(const struct value *base,
				    const struct value *over,
				    struct arena *arena, unsigned int depth)
{
	struct value *merged;

	if (!value_is_map(base) || !value_is_map(over) ||
	    depth > VALUE_DEPTH_MAX)
		return over;
	merged = value_new(arena, merged_kind(base, over));
	for (size_t i = 0; i < base->map.count; i++) {
		const struct value_pair *pair = &base->map.pairs[i];

		value_map_set_bytes(merged, arena, pair->key.bytes,
				    pair->key.len, pair->value);
	}
	for (size_t i = 0; i < over->map.count; i++) {
		const struct value_pair *pair = &over->map.pairs[i];
		const struct value *value = value_map_get_bytes(
			base, pair->key.bytes, pair->key.len);

		value = value ? merge_at(value, pair->value, arena, depth + 1)
			      : pair->value;
		value_map_set_bytes(merged, arena, pair->key.bytes,
				    pair->key.len, value);
	}
	return merged;
}

const struct value *value_merge(const struct value *base,
				const struct value *over, struct arena *arena)
{
	return merge_at(base, over, arena, 0);
}

static bool same_at(const struct value *a, const struct value *b,
		    unsigned int depth);

static bool same_list(const struct value_list *a, const struct value_list *b,
		      unsigned int depth)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!same_at(a->items[i], b->items[i], depth))
			return false;
	return true;
}

static bool same_map(const struct value_map *a, const struct value_map *b,
		     unsigned int depth)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct value_pair *x = &a->pairs[i], *y = &b->pairs[i];

		if (text_compare(&x->key, y->key.bytes, y->key.len) != 0 ||
		    !same_at(x->value, y->value, depth))
			return false;
	}
	return true;
}

static bool same_object(const struct value *a, const struct value *b)
{
	const struct value_class *class = a->object.class;

	if (class != b->object.class)
		return false;
	return a->object.data == b->object.data ||
	       (class->same && class->same(a, b));
}

static bool same_at(const struct value *a, const struct value *b,
		    unsigned int depth)
{
	/* As in Go even with NaN in it, which does not equal itself. */
	if (a == b && (value_is_list(a) || value_is_map(a)))
		return true;
	if (a->kind != b->kind || a->is_nil != b->is_nil ||
	    depth > VALUE_DEPTH_MAX)
		return false;
	switch (a->kind) {
	case VALUE_NIL:
		return true;
	case VALUE_BOOL:
		return a->boolean == b->boolean;
	case VALUE_INT:
	case VALUE_INT64:
	case VALUE_UINT8:
	case VALUE_UINT64:
		return a->named == b->named && a->integer == b->integer;
	case VALUE_FLOAT64:
		return a->number == b->number;
	case VALUE_COMPLEX128:
		return a->complex.real == b->complex.real &&
		       a->complex.imaginary == b->complex.imaginary;
	case VALUE_STRING:
		return text_compare(&a->string, b->string.bytes,
				    b->string.len) == 0;
	case VALUE_LIST:
	case VALUE_STRING_LIST:
	case VALUE_INT_LIST:
	case VALUE_LISTS:
	case VALUE_MAPS:
		return same_list(&a->list, &b->list, depth + 1);
	case VALUE_MAP:
	case VALUE_STRING_MAP:
		return same_map(&a->map, &b->map, depth + 1);
	case VALUE_OBJECT:
		return same_object(a, b);
	}
	return false;
}

bool value_same(const struct value *a, const struct value *b)
{
	return same_at(a, b, 0);
}

bool value_has_infinite(const struct value *value)
{
	if (value->kind == VALUE_FLOAT64)
		return !isfinite(value->number);
	if (value_is_list(value)) {
		for (size_t i = 0; i < value->list.count; i++) {
			if (value_has_infinite(value->list.items[i]))
				return true;
		}
	}
	if (value_is_map(value)) {
		for (size_t i = 0; i < value->map.count; i++) {
			if (value_has_infinite(value->map.pairs[i].value))
				return true;
		}
	}
	return false;
}

bool value_truth(const struct value *value)
{
	switch (value->kind) {
	case VALUE_NIL:
		return false;
	case VALUE_BOOL:
		return value->boolean;
	case VALUE_INT:
	case VALUE_INT64:
	case VALUE_UINT8:
	case VALUE_UINT64:
		return value->integer != 0;
	case VALUE_FLOAT64:
		return value->number != 0;
	case VALUE_COMPLEX128:
		return value->complex.real != 0 ||
		       value->complex.imaginary != 0;
	case VALUE_STRING:
		return value->string.len > 0;
	case VALUE_LIST:
	case VALUE_STRING_LIST:
	case VALUE_INT_LIST:
	case VALUE_LISTS:
	case VALUE_MAPS:
		return value->list.count > 0;
	case VALUE_MAP:
	case VALUE_STRING_MAP:
		return value->map.count > 0;
	case VALUE_OBJECT:
		return true; /* a struct, whatever is in it */
	}
	return false;
}

/* Names. */

static const char *const types[] = {
	[VALUE_NIL] = "<nil>",
	[VALUE_BOOL] = "bool",
	[VALUE_INT] = "int",
	[VALUE_INT64] = "int64",
	[VALUE_FLOAT64] = "float64",
	[VALUE_COMPLEX128] = "complex128",
	[VALUE_STRING] = "string",
	[VALUE_LIST] = "[]interface {}",
	[VALUE_STRING_LIST] = "[]string",
	[VALUE_MAP] = "map[string]interface {}",
	[VALUE_STRING_MAP] = "map[string]string",
	[VALUE_UINT8] = "uint8",
	[VALUE_INT_LIST] = "[]int",
	[VALUE_UINT64] = "uint64",
	[VALUE_LISTS] = "[][]interface {}",
	[VALUE_MAPS] = "[]map[string]interface {}",
};

static const char *const kinds[] = {
	[VALUE_NIL] = "invalid",       [VALUE_BOOL] = "bool",
	[VALUE_INT] = "int",	       [VALUE_INT64] = "int64",
	[VALUE_FLOAT64] = "float64",   [VALUE_COMPLEX128] = "complex128",
	[VALUE_STRING] = "string",     [VALUE_LIST] = "slice",
	[VALUE_STRING_LIST] = "slice", [VALUE_MAP] = "map",
	[VALUE_STRING_MAP] = "map",    [VALUE_UINT8] = "uint8",
	[VALUE_INT_LIST] = "slice",    [VALUE_UINT64] = "uint64",
	[VALUE_LISTS] = "slice",       [VALUE_MAPS] = "slice",
};

const char *value_type(const struct value *value)
{
	const struct value_class *class = value_class(value);

	if (class)
		return class->type;
	return types[value->kind];
}

const char *value_kind_name(const struct value *value)
{
	const struct value_class *class = value_class(value);

	if (class)
		return class->kind;
	return kinds[value->kind];
}
