/* Entries that leave an index, as lines or where it is written anew. */
#include <stdlib.h>
#include <string.h>

#include "core/chartindex.h"
#include "core/chartindex_layout.h"
#include "format/value.h"

int chartindex_compare_removals(const void *a, const void *b)
{
	const struct chartindex_removal *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	return order ? order : strcmp(left->version, right->version);
}

static bool is_removed(const struct chartindex_change *wanted, const char *name,
		       const char *version)
{
	const struct chartindex_removal key = {name, version};

	return bsearch(&key, wanted->removals, wanted->removal_count,
		       sizeof(key), chartindex_compare_removals);
}

static struct value *shortened(const struct value *list, const char *name,
			       const struct chartindex_change *wanted,
			       struct arena *arena)
{
	struct value *left = value_new_list(arena);

	for (size_t i = 0; i < list->list.count; i++) {
		const struct value *item = list->list.items[i];

		if (!value_is_map(item) ||
		    !is_removed(wanted, name,
				chartindex_text_at(item, "version", arena)))
			value_list_add(left, arena, item);
	}
	return left;
}

struct value *chartindex_without(const struct value *entries,
				 const struct chartindex_change *wanted,
				 struct arena *arena)
{
	struct value *left = value_new_map(arena);

	for (size_t i = 0; i < entries->map.count; i++) {
		const struct value_pair *pair = &entries->map.pairs[i];
		const struct value *list = pair->value;

		if (value_is_list(list))
			list = shortened(list, pair->key.bytes, wanted, arena);
		/* A chart goes with the last of its versions. */
		if (value_is_list(list) && !list->list.count &&
		    pair->value->list.count)
			continue;
		value_map_set(left, arena, pair->key.bytes, list);
	}
	return left;
}

/* --- lines --------------------------------------------------------------- */

bool chartindex_list_versions(struct chartindex *index, const char *name,
			      struct arena *arena, size_t count,
			      const char ***versions, struct err *err)
{
	struct chartindex_entries entries;

	if (!chartindex_read_unsorted(index, name, arena, &entries, err))
		return false;
	*versions = arena_new_array(arena, const char *, count + 1);
	for (size_t i = 0; i < count && i < entries.count; i++)
		(*versions)[i] = entries.items[i].version;
	if (entries.count != count)
		*versions = NULL;
	return true;
}

/* Does the change put something into the block of chart @name? */
static bool is_put(const struct chartindex_change *wanted, const char *name)
{
	for (size_t i = 0; i < wanted->count; i++) {
		if (!strcmp(wanted->puts[i].name, name))
			return true;
	}
	return false;
}

struct removing {
	struct chartindex *index;
	const struct chartindex_change *wanted;
	struct arena *arena;
	struct chartindex_edits *edits;
};

static void cut(struct removing *removing, struct chartindex_span span)
{
	(void)chartindex_add_edit(removing->edits, span.start, span.end);
}

/* *@emptied: the block went as a whole. */
static bool remove_from_block(struct removing *removing,
			      const struct chartindex_block *block, bool *fits,
			      bool *emptied, struct err *err)
{
	const struct chartindex_change *wanted = removing->wanted;
	struct chartindex *index = removing->index;
	struct chartindex_spans spans, gone = {0};
	const char **versions;

	*fits = chartindex_find_items(index->layout, block, index->text,
				      removing->arena, &spans);
	if (!*fits)
		return true;
	if (!chartindex_list_versions(index, block->name, removing->arena,
				      spans.count, &versions, err))
		return false;
	*fits = versions && index->layout->form != CHARTINDEX_TREE;
	if (!*fits)
		return true;
	gone.items = arena_new_array(removing->arena, struct chartindex_span,
				     spans.count + 1);
	for (size_t i = 0; i < spans.count; i++) {
		if (is_removed(wanted, block->name, versions[i]))
			gone.items[gone.count++] = spans.items[i];
	}
	*emptied = gone.count == spans.count && gone.count &&
		   !is_put(wanted, block->name);
	if (*emptied)
		cut(removing,
		    (struct chartindex_span){block->span.start,
					     spans.items[spans.count - 1].end});
	for (size_t i = 0; !*emptied && i < gone.count; i++)
		cut(removing, gone.items[i]);
	return true;
}

static int by_name(const void *name, const void *removal)
{
	return strcmp(name, ((const struct chartindex_removal *)removal)->name);
}

static bool names_chart(const struct chartindex_change *wanted,
			const char *name)
{
	return bsearch(name, wanted->removals, wanted->removal_count,
		       sizeof(*wanted->removals), by_name);
}

bool chartindex_remove_lines(struct chartindex *index,
			     const struct chartindex_change *wanted,
			     struct arena *arena,
			     struct chartindex_edits *edits, bool *fits,
			     struct err *err)
{
	struct removing removing = {index, wanted, arena, edits};
	const struct chartindex_blocks *blocks = &index->layout->blocks;
	size_t left = blocks->count + wanted->count;

	for (size_t i = 0; i < blocks->count && *fits; i++) {
		bool emptied = false;

		if (!names_chart(wanted, blocks->items[i].name))
			continue;
		if (!remove_from_block(&removing, &blocks->items[i], fits,
				       &emptied, err))
			return false;
		left -= emptied;
	}
	/* "entries:" alone would be no mapping. */
	*fits = *fits && left;
	return true;
}
