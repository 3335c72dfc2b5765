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

/* The value node of @key among the mapping's own: the last one. */
static struct ydoc_node *find_own(const struct ydoc_node *mapping,
				  const char *key, size_t len)
{
	struct ydoc_node *found = NULL;

	for (const struct ydoc_node *node = mapping->first; node;
	     node = node->next->next)
		if (!node->merge_key && node->key->string.len == len &&
		    memcmp(node->key->string.bytes, key, len) == 0)
			found = node->next;
	return found;
}

/* The value node of @key: the last one that sets it, merges included. */
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

static struct ydoc_node *find_inside(const struct ydoc_node *node,
				     const char *name, size_t len, bool own)
{
	const struct ydoc_node *inside =
		node->target && !own ? node->target : node;

	if (inside->kind == YDOC_SEQUENCE)
		return find_item(inside, name, len);
	if (inside->kind != YDOC_MAPPING)
		return NULL;
	return own ? find_own(inside, name, len) : find_key(inside, name, len);
}

static struct ydoc_node *find_node(const struct ydoc *doc, const char *path,
				   bool own, struct ydoc_node **deepest,
				   const char **rest)
{
	struct ydoc_node *node = doc->nodes;

	*deepest = node;
	*rest = path;
	while (node && *path) {
		size_t len = strcspn(path, ".");

		node = find_inside(node, path, len, own);
		path += len + (path[len] == '.');
		if (node) {
			*deepest = node;
			*rest = path;
		}
	}
	return node;
}

struct ydoc_node *ydoc_own_node_at(const struct ydoc *doc, const char *path,
				   struct ydoc_node **deepest,
				   const char **rest)
{
	return find_node(doc, path, true, deepest, rest);
}

bool ydoc_find(const struct ydoc *doc, const char *path, struct ydoc_span *span)
{
	struct ydoc_node *deepest;
	const char *rest;
	const struct ydoc_node *node =
		find_node(doc, path, false, &deepest, &rest);

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
	const char *rest;
	size_t offset;

	find_node(doc, path, false, &node, &rest);
	offset = node ? node->span.start : 0;
	return ydoc_blame_byte(doc, offset, err);
}
