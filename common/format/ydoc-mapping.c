#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/value.h"
#include "format/ydoc-reader.h"

struct pair {
	struct value_pair pair;
	size_t order; /* the later one wins */
	const struct ydoc_node *key;
};

struct pairs {
	struct pair *items; /* owned */
	size_t count;
	size_t capacity;
};

static void pairs_release(struct pairs *pairs)
{
	free(pairs->items);
}

/* Room for all but what merges add: where there are many, growing costs. */
static void pairs_expect(struct pairs *pairs, const struct ydoc_node *mapping)
{
	size_t count = 0;

	for (const struct ydoc_node *key = mapping->first; key;
	     key = key->next->next)
		count++;
	pairs->items = grow_array(NULL, count, sizeof(*pairs->items),
				  &pairs->capacity);
}

static void pairs_add(struct pairs *pairs, const struct value_text *key,
		      const struct value *value, const struct ydoc_node *node)
{
	pairs->items = grow_array(pairs->items, pairs->count + 1,
				  sizeof(*pairs->items), &pairs->capacity);
	pairs->items[pairs->count] =
		(struct pair){{*key, value}, pairs->count, node};
	pairs->count++;
}

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	const struct value_text *s = &x->pair.key, *t = &y->pair.key;
	int order =
		memcmp(s->bytes, t->bytes, s->len < t->len ? s->len : t->len);

	if (order != 0)
		return order;
	if (s->len != t->len)
		return s->len < t->len ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static bool same_key(const struct pair *a, const struct pair *b)
{
	return a->pair.key.len == b->pair.key.len &&
	       memcmp(a->pair.key.bytes, b->pair.key.bytes, a->pair.key.len) ==
		       0;
}

/* The key's text, as sigs.k8s.io/yaml turns it into one of JSON. */
static bool key_text(struct yreader *reader, struct ydoc_node *key,
		     struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	key->key = key->value;
	switch (key->value->kind) {
	case VALUE_STRING:
		return true;
	case VALUE_FLOAT64:
		value_add_float32(&text, key->value->number, 'g');
		break;
	case VALUE_BOOL:
	case VALUE_INT:
		value_print(&text, key->value);
		break;
	default:
		return yreader_fail(reader, key,
				    key->value->kind == VALUE_NIL
					    ? "a null cannot be a key"
					    : "a collection cannot be a key",
				    err);
	}
	/* A float64 may be too large for a float32. */
	if (strcmp(str_text(&text), "+Inf") == 0)
		str_splice(&text, 0, text.len, ".inf", 4);
	else if (strcmp(str_text(&text), "-Inf") == 0)
		str_splice(&text, 0, text.len, "-.inf", 5);
	else if (strcmp(str_text(&text), "NaN") == 0)
		str_splice(&text, 0, text.len, ".nan", 4);
	key->key =
		value_new_bytes(&reader->doc->arena, str_text(&text), text.len);
	return true;
}

/* Merge @value, of which an error at @node tells. */
static bool merge_one(struct yreader *reader, struct pairs *pairs,
		      const struct value *value, const struct ydoc_node *node,
		      struct err *err)
{
	if (!value_is_map(value))
		return yreader_fail(reader, node,
				    "map merge requires map or sequence of "
				    "maps as the value",
				    err);
	for (size_t i = 0; i < value->map.count; i++)
		pairs_add(pairs, &value->map.pairs[i].key,
			  value->map.pairs[i].value, node);
	return true;
}

/* The earlier ones of a list to be merged win: go through it backwards. */
static bool merge_list(struct yreader *reader, struct pairs *pairs,
		       const struct ydoc_node *list, struct err *err)
{
	const struct value_list *values = &list->value->list;
	const struct ydoc_node *item = list->first;
	const struct ydoc_node **places;

	places = arena_alloc_array(&reader->doc->arena, values->count + 1,
				   sizeof(struct ydoc_node *));
	for (size_t i = 0; i < values->count; i++) {
		/* Where only values are wanted the items are gone. */
		places[i] = item ? item : list;
		item = item ? item->next : NULL;
	}
	for (size_t i = values->count; i-- > 0;)
		if (!merge_one(reader, pairs, values->items[i], places[i], err))
			return false;
	return true;
}

static bool collect_pairs(struct yreader *reader, struct ydoc_node *node,
			  struct pairs *pairs, struct err *err)
{
	for (struct ydoc_node *key = node->first; key; key = key->next->next) {
		const struct ydoc_node *value = key->next;
		bool done = true;

		if (key->merge_key && value->kind == YDOC_SEQUENCE)
			done = merge_list(reader, pairs, value, err);
		else if (key->merge_key)
			done = merge_one(reader, pairs, value->value, value,
					 err);
		else if (!key_text(reader, key, err))
			done = false;
		else
			pairs_add(pairs, &key->key->string,
				  yreader_value(reader, value), key);
		if (!done)
			return false;
	}
	return true;
}

static bool fail_duplicate(struct yreader *reader, const struct pair *pair,
			   struct err *err)
{
	CLEANUP(str_release) struct str cause = {0};

	str_add(&cause, "the key '");
	str_add_escaped(&cause, pair->pair.key.bytes, pair->pair.key.len);
	str_add(&cause, "' is there twice");
	return yreader_fail(reader, pair->key, str_text(&cause), err);
}

bool yreader_build_mapping(struct yreader *reader, struct ydoc_node *node,
			   struct err *err)
{
	CLEANUP(pairs_release) struct pairs pairs = {0};
	struct arena *arena = &reader->doc->arena;
	struct value *map = value_new_map(arena);

	pairs_expect(&pairs, node);
	if (!collect_pairs(reader, node, &pairs, err))
		return false;
	if (pairs.count > 1)
		qsort(pairs.items, pairs.count, sizeof(*pairs.items),
		      compare_pairs);
	map->map.pairs = arena_new_array(arena, struct value_pair, pairs.count);
	map->map.capacity = pairs.count;
	for (size_t i = 0; i < pairs.count; i++) {
		const struct pair *pair = &pairs.items[i];

		if (i + 1 == pairs.count || !same_key(pair, pair + 1))
			map->map.pairs[map->map.count++] = pair->pair;
		else if (reader->doc->flags & YDOC_STRICT_KEYS)
			return fail_duplicate(reader, pair + 1, err);
	}
	node->value = map;
	return true;
}
