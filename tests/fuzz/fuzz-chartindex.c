/*
 * Indexes of any kind: reading ends, and a change gives an index in which
 * the new entry is found.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chartindex.h"
#include "format/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct value *new_entry(struct arena *arena)
{
	struct value *entry = value_new_map(arena);

	value_map_set_text(entry, arena, "name", "web");
	value_map_set_text(entry, arena, "version", "9.8.7");
	value_map_set_text(entry, arena, "digest", "abcdef");
	return entry;
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
	if (!chartindex_read(&index, "web", &arena, &entries, &err))
		return 0;
	check_change(&index, &text, &arena);
	return 0;
}
