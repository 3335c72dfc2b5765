/*
 * Indexes of any kind: reading ends, what was proved line by line is what the
 * parser sees, a change gives an index in which the new entry is found, and
 * a removal one that lacks that version and nothing else.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/chartindex.h"
#include "core/chartindex_layout.h"
#include "format/value.h"
#include "format/ydoc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct value *new_entry(struct arena *arena)
{
	struct value *entry = value_new_map(arena);

	value_map_set_text(entry, arena, "name", "web");
	value_map_set_text(entry, arena, "version", "9.8.7");
	value_map_set_text(entry, arena, "digest", "abcdef");
	return entry;
}

static void check_block(struct chartindex *index, const char *name,
			const struct value *expected)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(err_release) struct err err = {0};
	struct chartindex_entries entries;
	size_t count = 0;

	if (!chartindex_read_unsorted(index, name, &arena, &entries, &err))
		BUG("what was proved cannot be read: %s", err.text);
	for (size_t i = 0; expected && i < expected->list.count; i++) {
		if (!value_is_map(expected->list.items[i]))
			continue;
		if (count == entries.count ||
		    !value_same(expected->list.items[i],
				entries.items[count].value))
			BUG("an entry of '%s' is read as another", name);
		count++;
	}
	if (count != entries.count)
		BUG("'%s' has other entries than are read", name);
}

/* The whole text, parsed, has the charts that its lines have. */
static void check_proof(struct chartindex *index)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};
	const struct chartindex_blocks *blocks = &index->layout->blocks;
	const struct value *all;
	size_t count;

	if (index->layout->form != CHARTINDEX_LINES || !index->len)
		return;
	if (!ydoc_parse(&doc, index->text, index->len, "proved",
			YDOC_STRICT_KEYS, &err))
		BUG("what was proved does not parse: %s", err.text);
	all = value_map_get(doc.root, "entries");
	count = all && value_is_map(all) ? all->map.count : 0;
	if (count != blocks->count)
		BUG("%zu charts, not %zu", count, blocks->count);
	for (size_t i = 0; i < blocks->count; i++) {
		const struct value *list =
			value_map_get(all, blocks->items[i].name);

		if (!list)
			BUG("chart '%s' is none", blocks->items[i].name);
		check_block(index, blocks->items[i].name,
			    value_is_list(list) ? list : NULL);
		if (index->layout->form != CHARTINDEX_LINES)
			return; /* found to be laid out otherwise */
	}
}

static void check_change(struct chartindex *index, struct str *text,
			 struct arena *arena)
{
	const struct chartindex_put put = {
		.name = "web", .version = "9.8.7", .entry = new_entry(arena)};
	const struct chartindex_change change = {
		.puts = &put,
		.count = 1,
		.generated = "2026-11-22T13:04:05Z",
		.annotation = "slipway/proved",
		.annotation_text = "yes",
	};
	CLEANUP(chartindex_release) struct chartindex changed = {0};
	CLEANUP(err_release) struct err err = {0};
	struct chartindex_entries entries;
	const struct chartindex_entry *found;

	if (!chartindex_change(index, text, &change, &err))
		return;
	if (!chartindex_open(&changed, str_text(text), text->len, "changed",
			     &err) ||
	    !chartindex_read(&changed, "web", arena, &entries, &err))
		BUG("a changed index cannot be read: %s", err.text);
	found = chartindex_find(&entries, "9.8.7");
	if (!found || !same_text(found->digest, "abcdef"))
		BUG("the new entry is not in the changed index");
	if (!same_text(chartindex_annotation(&changed, "slipway/proved", arena),
		       "yes"))
		BUG("the annotation is not in the changed index");
}

static size_t count_version(const struct chartindex_entries *entries,
			    const char *version)
{
	size_t count = 0;

	for (size_t i = 0; i < entries->count; i++)
		count += same_text(entries->items[i].version, version);
	return count;
}

static void check_removal(const uint8_t *data, size_t size)
{
	CLEANUP(chartindex_release) struct chartindex index = {0},
						      changed = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(strvec_release) struct strvec before = {0}, after = {0};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(err_release) struct err err = {0};
	struct chartindex_entries entries, left;
	struct chartindex_removal removal = {.name = "web"};
	const struct chartindex_change change = {
		.removals = &removal,
		.removal_count = 1,
		.generated = "2026-11-22T13:04:05Z",
	};
	size_t expected;

	str_add_bytes(&text, (const char *)data, size);
	if (!chartindex_open(&index, str_text(&text), text.len, "fuzz", &err) ||
	    !chartindex_read(&index, "web", &arena, &entries, &err) ||
	    !entries.count)
		return;
	/* They may be part of the index, which a change releases. */
	removal.version = arena_strdup(
		&arena, entries.items[size % entries.count].version);
	expected = entries.count - count_version(&entries, removal.version);
	chartindex_add_names(&index, &before);
	if (!chartindex_change(&index, &text, &change, &err))
		return;
	if (!chartindex_open(&changed, str_text(&text), text.len, "changed",
			     &err) ||
	    !chartindex_read(&changed, "web", &arena, &left, &err))
		BUG("a shortened index cannot be read: %s", err.text);
	if (count_version(&left, removal.version) || left.count != expected)
		BUG("not exactly the version '%s' went", removal.version);
	chartindex_add_names(&changed, &after);
	if (after.count + 1 < before.count ||
	    (left.count && after.count != before.count))
		BUG("another chart went, too");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(chartindex_release) struct chartindex index = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(err_release) struct err err = {0};
	struct chartindex_entries entries;

	str_add_bytes(&text, (const char *)data, size);
	if (!chartindex_open(&index, str_text(&text), text.len, "fuzz", &err))
		return 0;
	check_proof(&index);
	if (!chartindex_read(&index, "web", &arena, &entries, &err))
		return 0;
	check_change(&index, &text, &arena);
	check_removal(data, size);
	return 0;
}
