#include "format/ydoc.h"

#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "format/value.h"
#include "format/ydoc-tree.h"

static struct ydoc_node *find_key(const struct ydoc_node *mapping,
				  const char *key, size_t len);

/* Look for @key in what a "<<" of value @node brings in. */
static struct ydoc_node *find_merged(const struct ydoc_node *node,
				     const char *key, size_t len)
{
	struct ydoc_node *found = NULL;

	if (node->kind != YDOC_SEQUENCE)
		return find_key(node->target ? node->target : node, key, len);
	for (const struct ydoc_node *item = node->first; item && !found;
	     item = item->next)
		found = find_merged(item, key, len);
	return found;
}

/* The value node of @key: the last one that sets it. */
static struct ydoc_node *find_key(const struct ydoc_node *mapping,
				  const char *key, size_t len)
{
	struct ydoc_node *found = NULL;

	for (const struct ydoc_node *node = mapping->first; node;
	     node = node->next->next) {
		struct ydoc_node *merged = NULL;

		if (node->merge_key)
			merged = find_merged(node->next, key, len);
		else if (node->key->string.len == len &&
			 memcmp(node->key->string.bytes, key, len) == 0)
			merged = node->next;
		if (merged)
			found = merged;
	}
	return found;
}

static struct ydoc_node *find_item(const struct ydoc_node *sequence,
				   const char *text, size_t len)
{
	CLEANUP(free_ptr) char *number = xmemdupz(text, len);
	struct ydoc_node *item = sequence->first;
	uint64_t index;

	if (!num_parse_uint64(number, &index))
		return NULL;
	while (item && index-- > 0)
		item = item->next;
	return item;
}

struct ydoc_node *ydoc_node_at(const struct ydoc *doc, const char *path,
			       struct ydoc_node **deepest, const char **rest)
{
	struct ydoc_node *node = doc->nodes;

	if (deepest)
		*deepest = node;
	if (rest)
		*rest = path;
	while (node && *path) {
		const struct ydoc_node *inside =
			node->target ? node->target : node;
		size_t len = strcspn(path, ".");

		if (inside->kind == YDOC_MAPPING)
			node = find_key(inside, path, len);
		else if (inside->kind == YDOC_SEQUENCE)
			node = find_item(inside, path, len);
		else
			node = NULL;
		path += len + (path[len] == '.');
		if (node && deepest)
			*deepest = node;
		if (node && rest)
			*rest = path;
	}
	return node;
}

bool ydoc_find(const struct ydoc *doc, const char *path, struct ydoc_span *span)
{
	const struct ydoc_node *node = ydoc_node_at(doc, path, NULL, NULL);

	if (node)
		*span = node->span;
	return node != NULL;
}

bool ydoc_blame_byte(const struct ydoc *doc, size_t offset, struct err *err)
{
	err_at_offset(err, doc->name, str_text(&doc->text), doc->text.len,
		      offset);
	err->line += doc->lines_before;
	return false;
}

bool ydoc_blame(const struct ydoc *doc, const char *path, struct err *err)
{
	struct ydoc_node *node;
	size_t offset;

	ydoc_node_at(doc, path, &node, NULL);
	offset = node ? node->span.start : 0;
	return ydoc_blame_byte(doc, offset, err);
}
