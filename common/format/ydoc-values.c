#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "format/value.h"
#include "format/ydoc-reader.h"

void yitems_add(struct yitems *items, const struct value *value)
{
	items->values = grow_array(items->values, items->count + 1,
				   sizeof(*items->values), &items->capacity);
	items->values[items->count++] = value;
}

void yitems_release(struct yitems *items)
{
	free(items->values);
}

/*
 * Nothing looks down two levels, but an alias to what has its anchor, and an
 * error to the last number that JSON does not know.
 */
static void drop(struct yreader *reader, struct ydoc_node *node)
{
	if (node->decorated || node == reader->infinite)
		return;
	node->next = reader->spare;
	reader->spare = node;
}

static void drop_children(struct yreader *reader, struct ydoc_node *node)
{
	struct ydoc_node *next;

	for (struct ydoc_node *child = node->first; child; child = next) {
		next = child->next;
		drop(reader, child);
	}
	node->first = NULL;
	node->last = NULL;
}

void yreader_drop_child(struct yreader *reader, struct ydoc_node *node)
{
	/* It is the only one: those before it went before. */
	drop_children(reader, node->last);
	drop_children(reader, node);
}

void yreader_drop_below(struct yreader *reader, struct ydoc_node *node)
{
	for (struct ydoc_node *child = node->first; child; child = child->next)
		drop_children(reader, child);
}

bool ydoc_parse_values(struct ydoc *doc, const char *text, size_t len,
		       const char *name, unsigned int flags, size_t nodes_max,
		       struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc fresh = {.flags = flags};
	CLEANUP(yreader_release) struct yreader reader = {
		.nodes_max = nodes_max, .values_only = true};

	if (!yreader_read(&reader, &fresh, text, len, name, err)) {
		doc->overfull = reader.nodes > nodes_max;
		return false;
	}
	ydoc_release(doc);
	*doc = fresh;
	fresh = (struct ydoc){0};
	return true;
}

const struct value *ydoc_take_values(struct ydoc *doc, struct arena *arena)
{
	const struct value *root = doc->root;

	arena_adopt(arena, &doc->arena);
	ydoc_release(doc);
	return root;
}
