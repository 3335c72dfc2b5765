#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "core/chartindex.h"
#include "core/chartindex_layout.h"
#include "format/gojson.h"
#include "format/jsontext.h"
#include "format/semver.h"
#include "format/value.h"
#include "format/ydoc.h"

/* Helm's own indent for what we start. */
#define NAME_INDENT 2

struct change {
	const struct chartindex *index;
	const struct chartindex_layout *layout;
	struct arena arena;
	struct chartindex_edits edits;
	size_t passed; /* blocks whose names are below what was put last */
};

static void change_release(struct change *change)
{
	chartindex_edits_release(&change->edits);
	arena_release(&change->arena);
}

static struct str *add_edit(struct change *change, size_t start, size_t end)
{
	return chartindex_add_edit(&change->edits, start, end);
}

/* --- entries ------------------------------------------------------------- */

static bool is_json(const struct change *change)
{
	return change->layout->form == CHARTINDEX_JSON;
}

static void add_item(struct str *out, const struct change *change,
		     const struct value *entry, size_t indent)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *list;

	if (is_json(change)) {
		jsontext_print(out, entry, false);
		return;
	}
	list = value_new_list(&arena);
	value_list_add(list, &arena, entry);
	ydoc_emit_indented(out, list, indent);
}

/* Higher versions first; what is no version last. */
static int compare_versions(const char *a, const char *b)
{
	CLEANUP(semver_release) struct semver left = {0}, right = {0};
	CLEANUP(err_release) struct err err_a = {0}, err_b = {0};
	bool is_a = semver_parse(&left, a, &err_a);
	bool is_b = semver_parse(&right, b, &err_b);

	if (is_a && is_b)
		return semver_compare(&right, &left);
	return (int)is_b - (int)is_a;
}

/* Names in order, of one chart higher versions first. */
static int by_name(const void *a, const void *b)
{
	const struct chartindex_put *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	return order ? order : compare_versions(left->version, right->version);
}

/* White space between a bracket and the first entry behind it. */
static struct chartindex_span gap_before(const char *text, size_t from,
					 size_t to)
{
	size_t start = to;

	while (start > from && text[start - 1] &&
	       strchr(" \t\r\n", text[start - 1]))
		start--;
	return (struct chartindex_span){start, to};
}

static void insert_json(struct change *change,
			const struct chartindex_block *block,
			const struct chartindex_spans *spans, size_t before,
			const struct value *entry)
{
	const char *text = change->index->text;
	struct chartindex_span gap = {0};
	struct str *out;
	bool follows;
	size_t at;

	if (spans->count)
		gap = gap_before(text, block->body + 1, spans->items[0].start);
	/* An empty list; only others of this change may stand before. */
	if (!spans->count)
		at = block->body + 1;
	else if (before < spans->count)
		at = spans->items[before].start;
	else
		at = spans->items[spans->count - 1].end;
	follows = change->edits.count &&
		  change->edits.items[change->edits.count - 1].span.start == at;
	out = add_edit(change, at, at);
	if (!spans->count && follows)
		str_add_char(out, ',');
	if (spans->count && before == spans->count) {
		str_add_char(out, ',');
		str_add_bytes(out, text + gap.start, gap.end - gap.start);
	}
	add_item(out, change, entry, 0);
	if (before < spans->count) {
		str_add_char(out, ',');
		str_add_bytes(out, text + gap.start, gap.end - gap.start);
	}
}

static void insert_lines(struct change *change,
			 const struct chartindex_block *block,
			 const struct chartindex_spans *spans, size_t before,
			 const struct value *entry)
{
	size_t at = before < spans->count ? spans->items[before].start
					  : block->span.end;
	size_t indent = block->has_items ? block->item_indent
					 : change->layout->name_indent;

	add_item(add_edit(change, at, at), change, entry, indent);
}

/* The entries of a chart as they stand in the text. */
struct standing {
	const struct chartindex_block *block;
	struct chartindex_spans spans;
	const char **versions;
};

/*
 * In place of the same version, of which there should be but one: others are
 * cut out.  *@fits is false where that leaves a comma.
 */
static void replace(struct change *change, const struct standing *standing,
		    const struct chartindex_put *put, size_t first, bool *fits)
{
	const struct chartindex_span *spans = standing->spans.items;

	add_item(add_edit(change, spans[first].start, spans[first].end), change,
		 put->entry, standing->block->item_indent);
	for (size_t i = first + 1; i < standing->spans.count && *fits; i++) {
		if (strcmp(standing->versions[i], put->version))
			continue;
		*fits = !is_json(change);
		(void)add_edit(change, spans[i].start, spans[i].end);
	}
}

/* In place of the same version, or before the first lower one. */
static void put_one(struct change *change, const struct standing *standing,
		    const struct chartindex_put *put, bool *fits)
{
	const struct chartindex_spans *spans = &standing->spans;
	const char *const *versions = standing->versions;
	size_t before = 0;

	for (size_t i = 0; i < spans->count; i++) {
		if (strcmp(versions[i], put->version))
			continue;
		replace(change, standing, put, i, fits);
		return;
	}
	while (before < spans->count &&
	       compare_versions(versions[before], put->version) <= 0)
		before++;
	if (is_json(change))
		insert_json(change, standing->block, spans, before, put->entry);
	else
		insert_lines(change, standing->block, spans, before,
			     put->entry);
}

/*
 * Those puts that are of one chart, in its block, which is read once.
 * *@fits is false if the text is not what was scanned.
 */
static bool put_in_block(struct change *change, struct chartindex *index,
			 const struct chartindex_block *block,
			 const struct chartindex_put *puts, size_t count,
			 bool *fits, struct err *err)
{
	struct standing standing = {.block = block};

	*fits = chartindex_find_items(change->layout, block, index->text,
				      &change->arena, &standing.spans);
	if (!*fits)
		return true;
	if (!chartindex_list_versions(index, puts->name, &change->arena,
				      standing.spans.count, &standing.versions,
				      err))
		return false;
	*fits = standing.versions && index->layout->form != CHARTINDEX_TREE;
	for (size_t i = 0; i < count && *fits; i++)
		put_one(change, &standing, &puts[i], fits);
	return true;
}

/* --- charts that were not there ------------------------------------------ */

/* The names that are put come in their order: no block is looked at twice. */
static const struct chartindex_block *first_behind(struct change *change,
						   const char *name)
{
	const struct chartindex_blocks *blocks = &change->layout->blocks;

	while (change->passed < blocks->count &&
	       strcmp(blocks->items[change->passed].name, name) <= 0)
		change->passed++;
	return change->passed < blocks->count ? &blocks->items[change->passed]
					      : NULL;
}

static void add_lines_block(struct str *out, const struct change *change,
			    const struct chartindex_put *puts, size_t count)
{
	size_t indent = change->layout->blocks.count
				? change->layout->name_indent
				: NAME_INDENT;
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *map = value_new_map(&arena);
	struct value *list = value_new_list(&arena);

	for (size_t i = 0; i < count; i++)
		value_list_add(list, &arena, puts[i].entry);
	value_map_set(map, &arena, puts->name, list);
	ydoc_emit_indented(out, map, indent);
}

static void add_json_block(struct str *out, const struct change *change,
			   const struct chartindex_put *puts, size_t count)
{
	CLEANUP(arena_release) struct arena arena = {0};

	jsontext_print(out, value_new_text(&arena, puts->name), false);
	str_add(out, ":[");
	for (size_t i = 0; i < count; i++) {
		if (i)
			str_add_char(out, ',');
		add_item(out, change, puts[i].entry, 0);
	}
	str_add_char(out, ']');
}

static void put_new_json(struct change *change,
			 const struct chartindex_put *puts, size_t count)
{
	const struct chartindex_layout *layout = change->layout;
	const struct chartindex_block *next = first_behind(change, puts->name);
	size_t last = layout->blocks.count;
	size_t at = next   ? next->span.start
		    : last ? layout->blocks.items[last - 1].span.end
			   : layout->entries.start + 1;
	struct str *out = add_edit(change, at, at);

	/* Without a neighbour only those of this change need a comma. */
	if (!next && (last || change->edits.count > 1))
		str_add_char(out, ',');
	add_json_block(out, change, puts, count);
	if (next)
		str_add_char(out, ',');
}

static void put_new_lines(struct change *change,
			  const struct chartindex_put *puts, size_t count)
{
	const struct chartindex_layout *layout = change->layout;
	const struct chartindex_block *next = first_behind(change, puts->name);
	size_t at = next ? next->span.start : layout->entries.end;

	add_lines_block(add_edit(change, at, at), change, puts, count);
}

/* --- the rest of the text ------------------------------------------------ */

/* "entries: {}" becomes "entries:", a missing key is added. */
static void open_entries(struct change *change)
{
	const struct chartindex_layout *layout = change->layout;

	if (is_json(change) || layout->blocks.count)
		return;
	if (layout->has_entries)
		str_add(add_edit(change, layout->entries.start,
				 layout->entries.end),
			"entries:\n");
}

static void set_generated(struct change *change, const char *generated)
{
	const struct chartindex_layout *layout = change->layout;
	struct chartindex_span span = layout->generated;
	struct str *out;

	if (span.end) {
		out = add_edit(change, span.start, span.end);
		if (change->index->text[span.start - 1] == ':')
			str_add_char(out, ' ');
		str_addf(out, "\"%s\"", generated);
		return;
	}
	if (is_json(change)) {
		out = add_edit(change, layout->members, layout->members);
		str_addf(out, "\"generated\":\"%s\",", generated);
		return;
	}
	out = add_edit(change, change->index->len, change->index->len);
	str_addf(out, "generated: \"%s\"\n", generated);
}

static void add_member(struct str *out, const struct chartindex_change *wanted)
{
	CLEANUP(arena_release) struct arena arena = {0};

	jsontext_print(out, value_new_text(&arena, wanted->annotation), false);
	str_add_char(out, ':');
	jsontext_print(out, value_new_text(&arena, wanted->annotation_text),
		       false);
}

static void set_json_annotation(struct change *change,
				const struct chartindex_change *wanted,
				bool *fits)
{
	struct chartindex_span span = change->layout->annotations;
	struct chartindex_members members;
	struct str *out;

	if (!span.end) {
		out = add_edit(change, change->layout->members,
			       change->layout->members);
		str_add(out, "\"annotations\":{");
		add_member(out, wanted);
		str_add(out, "},");
		return;
	}
	*fits = chartindex_find_members(change->index->text, span,
					&change->arena, &members);
	for (size_t i = 0; *fits && i < members.count; i++) {
		const struct chartindex_member *member = &members.items[i];

		if (strcmp(member->name, wanted->annotation))
			continue;
		add_member(add_edit(change, member->key.start,
				    member->value.end),
			   wanted);
		return;
	}
	if (!*fits)
		return;
	out = add_edit(change, span.start + 1, span.start + 1);
	add_member(out, wanted);
	if (members.count)
		str_add_char(out, ',');
}

static void add_annotation_line(struct str *out,
				const struct chartindex_change *wanted,
				size_t indent)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *map = value_new_map(&arena);

	value_map_set_text(map, &arena, wanted->annotation,
			   wanted->annotation_text);
	ydoc_emit_indented(out, map, indent);
}

static void set_annotation(struct change *change,
			   const struct chartindex_change *wanted, bool *fits)
{
	struct chartindex_span span, at = change->layout->annotations;
	struct str *out;
	size_t indent;

	if (is_json(change)) {
		set_json_annotation(change, wanted, fits);
		return;
	}
	if (!at.end) {
		out = add_edit(change, change->layout->top,
			       change->layout->top);
		str_add(out, "annotations:\n");
		add_annotation_line(out, wanted, NAME_INDENT);
		return;
	}
	*fits = chartindex_find_annotation(change->index->text, at,
					   wanted->annotation, &span, &indent);
	if (*fits)
		add_annotation_line(add_edit(change, span.start, span.end),
				    wanted, indent);
}

static size_t run_length(const struct chartindex_put *puts, size_t count)
{
	size_t length = 1;

	while (length < count && !strcmp(puts[length].name, puts->name))
		length++;
	return length;
}

/* Make all edits; *@fits is false if the text must be written anew. */
static bool splice(struct change *change, struct chartindex *index,
		   const struct chartindex_change *wanted, bool *fits,
		   struct err *err)
{
	const struct chartindex_layout *layout = change->layout;
	const struct chartindex_put *puts = wanted->puts;

	*fits = layout->form != CHARTINDEX_TREE && layout->has_entries &&
		!(wanted->removal_count && is_json(change));
	if (!*fits)
		return true;
	if (wanted->count)
		open_entries(change);
	for (size_t i = 0, run; i < wanted->count; i += run) {
		const struct chartindex_block *block =
			chartindex_find_block(layout, puts[i].name);

		run = run_length(&puts[i], wanted->count - i);
		if (!block && is_json(change))
			put_new_json(change, &puts[i], run);
		else if (!block)
			put_new_lines(change, &puts[i], run);
		else if (!put_in_block(change, index, block, &puts[i], run,
				       fits, err))
			return false;
		if (!*fits)
			return true;
	}
	if (wanted->removal_count &&
	    !chartindex_remove_lines(index, wanted, &change->arena,
				     &change->edits, fits, err))
		return false;
	if (!*fits)
		return true;
	/* Where both are new at the end of the text, in this order. */
	if (wanted->annotation)
		set_annotation(change, wanted, fits);
	set_generated(change, wanted->generated);
	return true;
}

/* --- writing it anew ----------------------------------------------------- */

static const struct value *with_put(const struct value *list,
				    const struct chartindex_put *put,
				    struct arena *arena)
{
	struct value *changed = value_new_list(arena);
	bool done = false;

	for (size_t i = 0; list && i < list->list.count; i++) {
		const struct value *item = list->list.items[i];
		const char *version =
			value_is_map(item)
				? chartindex_text_at(item, "version", arena)
				: "";

		if (same_text(version, put->version))
			continue;
		if (!done && *version &&
		    compare_versions(version, put->version) > 0) {
			value_list_add(changed, arena, put->entry);
			done = true;
		}
		value_list_add(changed, arena, item);
	}
	if (!done)
		value_list_add(changed, arena, put->entry);
	return changed;
}

static void set_annotations(struct value *root,
			    const struct chartindex_change *wanted,
			    struct arena *arena)
{
	const struct value *old = value_map_get(root, "annotations");
	struct value *annotations = old && value_is_map(old)
					    ? value_copy(old, arena)
					    : value_new_map(arena);

	value_map_set_text(annotations, arena, wanted->annotation,
			   wanted->annotation_text);
	value_map_set(root, arena, "annotations", annotations);
}

/* All of the index as a value, which may be shared. */
static bool read_all(const struct chartindex *index, const struct value **root,
		     struct arena *arena, struct err *err)
{
	const struct chartindex_span all = {0, index->len};
	CLEANUP(ydoc_release) struct ydoc doc = {0};

	*root = index->layout->root;
	if (*root || (index->layout->form == CHARTINDEX_JSON &&
		      chartindex_parse_json(index, all, arena, root)))
		return true;
	/* Lines are of their own layout: as large as it is proved to be. */
	if (!ydoc_parse_values(&doc, index->text, index->len, index->source,
			       YDOC_STRICT_KEYS,
			       index->layout->form == CHARTINDEX_LINES
				       ? SIZE_MAX
				       : chartindex_values_max(index->len),
			       err))
		return false;
	*root = ydoc_take_values(&doc, arena);
	return true;
}

/* A mapping to change, with the values of @old, if that is one. */
static struct value *changeable(const struct value *old, struct arena *arena)
{
	struct value *map = value_new_map(arena);

	if (!value_is_map(old))
		return map;
	map->map.pairs =
		arena_new_array(arena, struct value_pair, old->map.count);
	memcpy(map->map.pairs, old->map.pairs,
	       old->map.count * sizeof(*map->map.pairs));
	map->map.count = old->map.count;
	map->map.capacity = old->map.count;
	return map;
}

static bool rewrite(struct str *out, const struct chartindex *index,
		    const struct chartindex_change *wanted, bool as_json,
		    struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	const struct value *old, *old_entries;
	struct value *root, *entries;

	if (!read_all(index, &old, &arena, err))
		return false;
	root = changeable(old, &arena);
	old_entries = value_map_get(root, "entries");
	entries = changeable(old_entries ? old_entries : &value_nil, &arena);
	for (size_t i = 0; i < wanted->count; i++) {
		const struct chartindex_put *put = &wanted->puts[i];
		const struct value *list;

		if (!chartindex_list_in(index, entries, put->name, &list, err))
			return false;
		value_map_set(entries, &arena, put->name,
			      with_put(list, put, &arena));
	}
	if (!value_map_get(root, "apiVersion"))
		value_map_set_text(root, &arena, "apiVersion", "v1");
	if (wanted->annotation)
		set_annotations(root, wanted, &arena);
	if (wanted->removal_count)
		entries = chartindex_without(entries, wanted, &arena);
	value_map_set(root, &arena, "entries", entries);
	value_map_set_text(root, &arena, "generated", wanted->generated);
	if (!as_json) {
		ydoc_emit(out, root);
		return true;
	}
	jsontext_print(out, root, false);
	str_add_char(out, '\n');
	return true;
}

/* --- all of it ----------------------------------------------------------- */

/* Is the text in the form that is wanted, so that it need not be rewritten? */
static bool is_in_form(const struct chartindex *index,
		       enum chartindex_format format)
{
	bool json = index->layout->form == CHARTINDEX_JSON;

	return format == CHARTINDEX_KEEP ||
	       json == (format == CHARTINDEX_AS_JSON);
}

/* The scan of JSON finds places, but takes any text between them. */
static bool is_proved(const struct chartindex *index)
{
	CLEANUP(err_release) struct err unfit = {0};
	struct gojson_size size;

	return index->layout->form != CHARTINDEX_JSON ||
	       gojson_check(index->text, index->len, &size, &unfit);
}

static struct chartindex_put *sorted_puts(
	const struct chartindex_change *wanted, struct arena *arena)
{
	struct chartindex_put *sorted =
		arena_new_array(arena, struct chartindex_put, wanted->count);

	for (size_t i = 0; i < wanted->count; i++)
		sorted[i] = wanted->puts[i];
	if (wanted->count)
		qsort(sorted, wanted->count, sizeof(*sorted), by_name);
	return sorted;
}

static struct chartindex_removal *sorted_removals(
	const struct chartindex_change *wanted, struct arena *arena)
{
	size_t count = wanted->removal_count;
	struct chartindex_removal *sorted =
		arena_new_array(arena, struct chartindex_removal, count);

	for (size_t i = 0; i < count; i++)
		sorted[i] = wanted->removals[i];
	if (count)
		qsort(sorted, count, sizeof(*sorted),
		      chartindex_compare_removals);
	return sorted;
}

bool chartindex_change(struct chartindex *index, struct str *text,
		       const struct chartindex_change *given, struct err *err)
{
	CLEANUP(change_release) struct change change = {
		.index = index, .layout = index->layout};
	CLEANUP(str_release) struct str anew = {0};
	struct chartindex_change wanted = *given;
	bool fits = is_in_form(index, wanted.format) && is_proved(index);
	bool as_json;

	wanted.puts = sorted_puts(&wanted, &change.arena);
	wanted.removals = sorted_removals(&wanted, &change.arena);
	if (fits && !splice(&change, index, &wanted, &fits, err))
		return false;
	if (fits) {
		if (index->layout->crlf)
			chartindex_use_crlf(&change.edits);
		chartindex_apply(text, index->len, &change.edits);
		chartindex_release(index);
		return true;
	}
	as_json = wanted.format == CHARTINDEX_AS_JSON ||
		  (wanted.format == CHARTINDEX_KEEP &&
		   chartindex_has_braces(index));
	if (!rewrite(&anew, index, &wanted, as_json, err))
		return false;
	chartindex_release(index);
	str_release(text);
	*text = anew;
	anew = (struct str){0};
	return true;
}
