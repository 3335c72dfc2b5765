#include "core/chartindex_layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chartindex.h"
#include "core/chartindex_line.h"
#include "core/chartindex_proof.h"
#include "format/jsontext.h"
#include "format/value.h"
#include "format/ydoc.h"

#define ENTRIES	       "entries:"
#define ANNOTATIONS    "annotations:"
#define GENERATED      "generated:"
#define INDENT_DEFAULT 2 /* Helm's own */

bool chartindex_add_block(struct chartindex_layout *layout,
			  const struct chartindex_block *block)
{
	struct chartindex_blocks *blocks = &layout->blocks;

	if (blocks->count == CHARTINDEX_CHARTS_MAX)
		return false;
	blocks->items = grow_array(blocks->items, blocks->count + 1,
				   sizeof(*block), &blocks->capacity);
	blocks->items[blocks->count++] = *block;
	return true;
}

void chartindex_add_span(struct chartindex_spans *spans, struct arena *arena,
			 size_t start, size_t end)
{
	spans->items = arena_grow(arena, spans->items, spans->count + 1,
				  sizeof(*spans->items), &spans->capacity);
	spans->items[spans->count++] = (struct chartindex_span){start, end};
}

static bool names_ascend(const struct chartindex_layout *layout)
{
	for (size_t i = 1; i < layout->blocks.count; i++) {
		if (strcmp(layout->blocks.items[i - 1].name,
			   layout->blocks.items[i].name) >= 0)
			return false;
	}
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct chartindex_block *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

bool chartindex_sort_names(struct chartindex_layout *layout,
			   struct arena *arena)
{
	size_t count = layout->blocks.count;
	const struct chartindex_block **sorted;

	if (names_ascend(layout))
		return true;
	sorted = arena_alloc_array(arena, count, sizeof(*sorted));
	for (size_t i = 0; i < count; i++)
		sorted[i] = &layout->blocks.items[i];
	qsort(sorted, count, sizeof(*sorted), by_name);
	layout->by_name = sorted;
	for (size_t i = 1; i < count; i++) {
		if (!by_name(&sorted[i - 1], &sorted[i]))
			return false;
	}
	return true;
}

const struct chartindex_block *chartindex_find_block(
	const struct chartindex_layout *layout, const char *name)
{
	const struct chartindex_block *items = layout->blocks.items;
	size_t from = 0, to = layout->blocks.count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct chartindex_block *block =
			layout->by_name ? layout->by_name[middle]
					: &items[middle];
		int order = strcmp(name, block->name);

		if (!order)
			return block;
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

/* --- lines --------------------------------------------------------------- */

static bool is_item(const struct line *line, const char *text)
{
	size_t behind = line->start + line->indent + 1;

	return line->first == '-' &&
	       (behind == line->end || text[behind] == ' ');
}

/* The key of a line that is "key:" and no more; NULL if it is not. */
static const char *lone_key(const struct line *line, const char *text,
			    struct arena *arena)
{
	const char *start = text + line->start + line->indent;
	size_t len = line->end - line->start - line->indent;
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};
	bool plain = true;

	if (len < 2 || start[len - 1] != ':')
		return NULL;
	for (size_t i = 0; i < len - 1 && plain; i++)
		plain = (start[i] >= 'a' && start[i] <= 'z') ||
			(i && start[i] && strchr("0123456789-_.", start[i]));
	/* Short words may be true or null to YAML: ask the parser. */
	if (plain && len > strlen("false:"))
		return arena_memdupz(arena, start, len - 1);
	if (!ydoc_parse(&doc, start, len, "key", 0, &err) ||
	    !value_is_map(doc.root) || doc.root->map.count != 1)
		return NULL;
	return arena_strdup(arena, doc.root->map.pairs[0].key.bytes);
}

static struct chartindex_block *last_block(
	const struct chartindex_layout *layout)
{
	const struct chartindex_blocks *blocks = &layout->blocks;

	return blocks->count ? &blocks->items[blocks->count - 1] : NULL;
}

/*
 * The last block goes up to @end, blank lines and what looks like a comment
 * included: they may be text of a literal scalar.
 */
static void end_block(struct chartindex_layout *layout, size_t end)
{
	struct chartindex_block *block = last_block(layout);

	if (block)
		block->span.end = end;
}

/* A line of the entries; false: not laid out as we know it. */
static bool take_entry_line(struct chartindex_layout *layout,
			    const struct line *line, const char *text,
			    struct arena *arena)
{
	struct chartindex_block *block = last_block(layout);

	if (!block)
		layout->name_indent = line->indent;
	if (line->indent == layout->name_indent && !is_item(line, text)) {
		struct chartindex_block new_block = {
			.name = lone_key(line, text, arena),
			.span = {line->start, line->next},
		};

		if (!new_block.name)
			return false;
		end_block(layout, line->start);
		return chartindex_add_block(layout, &new_block);
	}
	if (!block || line->indent < layout->name_indent)
		return false;
	if (!block->has_items) {
		if (!is_item(line, text))
			return false;
		block->has_items = true;
		block->item_indent = (unsigned int)line->indent;
	}
	return line->indent > block->item_indent ||
	       (line->indent == block->item_indent && is_item(line, text));
}

/* Does a line of the entries, which was taken, begin one of them? */
static bool is_entry(const struct chartindex_layout *layout,
		     const struct line *line)
{
	const struct chartindex_block *block = last_block(layout);

	return block->has_items && line->indent == block->item_indent;
}

/* The value on the line of a top-level key, "" if there is none. */
static struct chartindex_span value_of(const struct line *line,
				       const char *text, size_t key_len)
{
	struct chartindex_span span = {line->start + key_len, line->end};

	while (span.start < span.end && text[span.start] == ' ')
		span.start++;
	return span;
}

static bool is_nothing(const char *text, struct chartindex_span span)
{
	size_t len = span.end - span.start;

	text += span.start;
	return !len || (len == 2 && !memcmp(text, "{}", 2)) ||
	       (len == 4 && !memcmp(text, "null", 4));
}

static bool has_key(const struct line *line, const char *text, const char *key)
{
	size_t len = strlen(key);

	return line->end - line->start >= len &&
	       !memcmp(text + line->start, key, len);
}

static bool take_top_line(struct chartindex_layout *layout,
			  const struct line *line, const char *text)
{
	char first = line->first;

	if (has_key(line, text, ENTRIES)) {
		if (layout->has_entries ||
		    !is_nothing(text, value_of(line, text, strlen(ENTRIES))))
			return false;
		layout->has_entries = true;
		layout->entries =
			(struct chartindex_span){line->start, line->next};
		return true;
	}
	if (has_key(line, text, "apiVersion:"))
		layout->has_api_version = true;
	if (has_key(line, text, GENERATED)) {
		layout->generated = value_of(line, text, strlen(GENERATED));
		layout->generated.end = line_scalar_end(
			text, layout->generated.start, line->end);
	}
	if (has_key(line, text, ANNOTATIONS))
		layout->annotations =
			(struct chartindex_span){line->start, line->next};
	if (has_key(line, text, "---")) {
		layout->top = line->next;
		return !line->start && line->end == 3;
	}
	return (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
}

static void end_entries(struct chartindex_layout *layout, size_t end)
{
	end_block(layout, end);
	if (layout->blocks.count)
		layout->entries.end = end;
}

/* What the key at the top begins that was seen last. */
enum part {
	PART_OTHER,
	PART_ENTRIES,
	PART_ANNOTATIONS,
	PART_GENERATED, /* its value is replaced, which must be one line */
};

static enum part part_of(const struct line *line, const char *text)
{
	if (has_key(line, text, ENTRIES))
		return PART_ENTRIES;
	if (has_key(line, text, ANNOTATIONS))
		return PART_ANNOTATIONS;
	return has_key(line, text, GENERATED) ? PART_GENERATED : PART_OTHER;
}

/* A line with an indent: it belongs to the last key at the top. */
static bool take_inner_line(struct chartindex_layout *layout, enum part part,
			    const struct line *line, const char *text,
			    struct arena *arena)
{
	if (part == PART_ENTRIES)
		return take_entry_line(layout, line, text, arena);
	if (part == PART_ANNOTATIONS)
		layout->annotations.end = line->next;
	return part != PART_GENERATED;
}

/* What it takes to go through the lines of an index. */
struct scan {
	struct lines lines;
	struct proof proof;
};

/* A line without content: blank, a comment, or text that looks like those. */
static bool take_other_line(struct chartindex_layout *layout, enum part part,
			    const struct line *line, bool is_text)
{
	if (part == PART_ANNOTATIONS && is_text)
		layout->annotations.end = line->next;
	return part != PART_GENERATED || !is_text;
}

bool chartindex_scan_lines(struct chartindex_layout *layout, const char *text,
			   size_t len, struct arena *arena)
{
	CLEANUP(free_ptr) struct scan *scan = xnew(struct scan);
	enum part part = PART_OTHER;
	const struct line *line;

	scan->lines.text = text;
	scan->lines.len = len;
	while ((line = lines_next(&scan->lines))) {
		if (!line->start)
			layout->crlf = text[line->end] == '\r';
		if (!proof_line(&scan->proof, text, line))
			return false;
		if (!line->first) {
			if (!take_other_line(layout, part, line,
					     scan->proof.inside))
				return false;
			continue;
		}
		if (line->indent) {
			if (!take_inner_line(layout, part, line, text, arena))
				return false;
			if (part == PART_ENTRIES && is_entry(layout, line))
				lines_begin_entry(&scan->lines, line);
			continue;
		}
		if (part == PART_ENTRIES)
			end_entries(layout, line->start);
		if (!take_top_line(layout, line, text))
			return false;
		part = part_of(line, text);
	}
	if (part == PART_ENTRIES)
		end_entries(layout, len);
	layout->form = CHARTINDEX_LINES;
	return proof_end(&scan->proof) && chartindex_sort_names(layout, arena);
}

/* Does a line begin with @key, which may be in quotes, and a colon? */
static bool begins_with_key(const char *text, size_t len, const char *key)
{
	size_t key_len = strlen(key);
	char quote = *text;

	if (quote == '"' || quote == '\'')
		return len > key_len + 2 && text[key_len + 1] == quote &&
		       text[key_len + 2] == ':' &&
		       !memcmp(text + 1, key, key_len);
	return len > key_len && text[key_len] == ':' &&
	       !memcmp(text, key, key_len);
}

bool chartindex_find_annotation(const char *text,
				struct chartindex_span annotations,
				const char *key, struct chartindex_span *span,
				size_t *indent)
{
	struct line line;
	bool found = false;

	line_find(&line, text, annotations.end, annotations.start);
	if (value_of(&line, text, strlen(ANNOTATIONS)).start != line.end)
		return false;
	*span = (struct chartindex_span){annotations.end, annotations.end};
	*indent = INDENT_DEFAULT;
	for (size_t at = line.next, first = 0; at < annotations.end;) {
		const char *start;

		line_find(&line, text, annotations.end, at);
		start = text + line.start + line.indent;
		at = line.next;
		if (!line.first)
			continue;
		first = first ? first : line.indent;
		*indent = first;
		if (line.indent == first ? line.first == '-' : found)
			return false;
		found = line.indent == first &&
			begins_with_key(start, line.end - line.start - first,
					key);
		if (found)
			*span = (struct chartindex_span){line.start, line.next};
	}
	return true;
}

/* A comment on what follows the items; deeper ones may be text of an item. */
static bool is_outer_comment(const struct line *line, size_t item_indent)
{
	return !line->first && line->indent <= item_indent &&
	       line->indent < line->end - line->start;
}

static void find_line_items(const struct chartindex_block *block,
			    const char *text, struct arena *arena,
			    struct chartindex_spans *spans)
{
	size_t at = block->span.start;
	bool ended = false; /* the last item, by a comment */

	while (at < block->span.end) {
		struct line line;

		line_find(&line, text, block->span.end, at);
		at = line.next;
		if (line.start == block->span.start)
			continue;
		if (line.indent == block->item_indent && is_item(&line, text))
			chartindex_add_span(spans, arena, line.start, at);
		else if (is_outer_comment(&line, block->item_indent))
			ended = true;
		if (line.first)
			ended = false;
		if (spans->count && !ended)
			spans->items[spans->count - 1].end = at;
	}
}

bool chartindex_find_items(const struct chartindex_layout *layout,
			   const struct chartindex_block *block,
			   const char *text, struct arena *arena,
			   struct chartindex_spans *spans)
{
	*spans = (struct chartindex_spans){0};
	if (layout->form == CHARTINDEX_JSON)
		return chartindex_find_json_items(block, text, arena, spans);
	if (block->has_items)
		find_line_items(block, text, arena, spans);
	return true;
}

/* --- annotations --------------------------------------------------------- */

static const struct value *parse_lines(const char *text,
				       struct chartindex_span span,
				       struct arena *arena)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};

	if (!ydoc_parse(&doc, text + span.start, span.end - span.start,
			"annotations", YDOC_STRICT_KEYS, &err) ||
	    !value_is_map(doc.root) || doc.root->map.count != 1)
		return NULL;
	return value_copy(doc.root->map.pairs[0].value, arena);
}

static const struct value *parse_json(const char *text,
				      struct chartindex_span span,
				      struct arena *arena)
{
	CLEANUP(err_release) struct err err = {0};
	const struct value *value;

	return jsontext_parse(&value, text + span.start, span.end - span.start,
			      "annotations", arena, &err)
		       ? value
		       : NULL;
}

const struct value *chartindex_read_annotations(
	const struct chartindex_layout *layout, const char *text,
	struct arena *arena)
{
	struct chartindex_span span = layout->annotations;

	if (layout->form == CHARTINDEX_TREE)
		return value_map_get(layout->root, "annotations");
	if (span.end - span.start > CHARTINDEX_ANNOTATIONS_MAX)
		return NULL;
	return layout->form == CHARTINDEX_JSON ? parse_json(text, span, arena)
					       : parse_lines(text, span, arena);
}
