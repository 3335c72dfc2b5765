#include "format/ydoc.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "format/value.h"
#include "format/ydoc-scalar.h"
#include "format/ydoc-tree.h"

/*
 * An edit changes the text, reads the result, and is kept only if that says
 * what it should: the old value with the one at the path set.  So an edit
 * either does exactly what was asked, or nothing.
 */
#define INDENT 2

struct edit {
	struct ydoc *doc;
	const char *path;
	const char *scalar; /* as given, or NULL: @text is a string */
	const char *text;
	struct str changed; /* the new text of the document */
	size_t at;	    /* bytes at..at + len are replaced ... */
	size_t len;
	struct str insert; /* ... by this */
};

static void edit_release(struct edit *edit)
{
	str_release(&edit->changed);
	str_release(&edit->insert);
}

static bool fail(const struct edit *edit, const char *cause, struct err *err)
{
	err_set(err, ERR_INPUT, "cannot set '%s' in '%s': %s", edit->path,
		edit->doc->name, cause);
	return ydoc_blame(edit->doc, edit->path, err);
}

/* Writing scalars. */

/* Append @text in the style @style if it can be held there. */
static void add_styled(struct str *out, const char *text, enum ydoc_style style,
		       bool flow)
{
	size_t len = strlen(text);
	struct yscalar_traits traits;

	yscalar_analyze(&traits, text, len);
	if (style == YDOC_PLAIN && yscalar_can_be_plain(text, len, flow))
		str_add(out, text);
	else if (style == YDOC_SINGLE_QUOTED && traits.single_quoted &&
		 !traits.multiline)
		yscalar_add_single_quoted(out, text, len);
	else
		yscalar_add_double_quoted(out, text, len);
}

static void add_scalar(struct edit *edit, enum ydoc_style style, bool flow)
{
	if (edit->scalar)
		str_add(&edit->insert, edit->scalar);
	else
		add_styled(&edit->insert, edit->text, style, flow);
}

static void add_key(struct str *out, const char *key, size_t len, bool flow)
{
	CLEANUP(free_ptr) char *copy = xmemdupz(key, len);

	add_styled(out, copy, YDOC_PLAIN, flow);
	str_add_char(out, ':');
}

/* Finding places in the text. */

static const char *line_break(const struct ydoc *doc)
{
	const char *text = str_text(&doc->text);
	const char *end = strchr(text, '\n');

	return end && end > text && end[-1] == '\r' ? "\r\n" : "\n";
}

static bool in_flow(const struct ydoc_node *node)
{
	for (; node; node = node->parent)
		if (node->style == YDOC_FLOW)
			return true;
	return false;
}

/* Behind the last byte of @node, without blank lines at its end. */
static size_t content_end(const struct ydoc *doc, const struct ydoc_node *node)
{
	const char *text = str_text(&doc->text);
	size_t end;

	if (node->style == YDOC_BLOCK && node->last)
		return content_end(doc, node->last);
	end = node->span.end;
	while (node->style == YDOC_LITERAL && end > node->span.start &&
	       strchr(" \t\r\n", text[end - 1]))
		end--;
	return end;
}

/*
 * Where the line of byte @end is over; a block scalar that keeps its blank
 * lines ("|+") owns them.
 */
static size_t line_end(const struct ydoc *doc, const struct ydoc_node *node,
		       size_t end)
{
	const char *text = str_text(&doc->text);
	const char *newline;

	while (node->style == YDOC_BLOCK && node->last)
		node = node->last;
	if (node->style == YDOC_LITERAL &&
	    memchr(text + node->span.start, '+',
		   strcspn(text + node->span.start, "\n")))
		return node->span.end;
	newline = strchr(text + end, '\n');
	return newline ? (size_t)(newline - text) + 1 : doc->text.len;
}

/* Behind anchor and tag, which stay. */
static size_t skip_decoration(const struct ydoc *doc,
			      const struct ydoc_node *node)
{
	const char *text = str_text(&doc->text);
	size_t at = node->span.start;

	while (node->decorated && at < node->span.end &&
	       (text[at] == '&' || text[at] == '!')) {
		at += strcspn(text + at, " \t\r\n");
		at += strspn(text + at, " \t\r\n");
	}
	return at < node->span.end ? at : node->span.end;
}

/* The edits. */

static void replace_scalar(struct edit *edit, const struct ydoc_node *node)
{
	const struct ydoc *doc = edit->doc;
	enum ydoc_style style = node->style;
	const char *text = str_text(&doc->text);

	edit->at = skip_decoration(doc, node);
	edit->len = content_end(doc, node) - edit->at;
	if (edit->len == 0 && edit->at > 0 &&
	    !strchr(" \t", text[edit->at - 1]))
		str_add_char(&edit->insert, ' ');
	if (style == YDOC_LITERAL)
		style = YDOC_PLAIN;
	/* An empty place says nothing about style: write what is clearest. */
	if (node->value->kind == VALUE_NIL)
		style = YDOC_PLAIN;
	add_scalar(edit, style, in_flow(node));
}

/* "a: {b: {c: value}}" for the path a.b.c. */
static void add_flow_pair(struct edit *edit, const char *rest)
{
	size_t len = strcspn(rest, ".");

	add_key(&edit->insert, rest, len, true);
	str_add_char(&edit->insert, ' ');
	if (rest[len]) {
		str_add_char(&edit->insert, '{');
		add_flow_pair(edit, rest + len + 1);
		str_add_char(&edit->insert, '}');
	} else {
		add_scalar(edit, YDOC_PLAIN, true);
	}
}

/* A line for each part of the path, each deeper than the one before. */
static void add_block_pairs(struct edit *edit, const char *rest, size_t indent)
{
	for (;;) {
		size_t len = strcspn(rest, ".");

		str_add_repeated(&edit->insert, ' ', indent);
		add_key(&edit->insert, rest, len, false);
		if (!rest[len])
			break;
		str_add(&edit->insert, line_break(edit->doc));
		rest += len + 1;
		indent += INDENT;
	}
	str_add_char(&edit->insert, ' ');
	add_scalar(edit, YDOC_PLAIN, false);
	str_add(&edit->insert, line_break(edit->doc));
}

static void extend_flow(struct edit *edit, const struct ydoc_node *mapping,
			const char *rest)
{
	if (mapping->last) {
		edit->at = mapping->last->span.end;
		str_add(&edit->insert, ", ");
	} else {
		edit->at = skip_decoration(edit->doc, mapping) + 1;
	}
	add_flow_pair(edit, rest);
}

/* New lines below @node, a block mapping or an empty place. */
static void extend_block(struct edit *edit, const struct ydoc_node *node,
			 const char *rest, size_t indent)
{
	const struct ydoc *doc = edit->doc;

	edit->at = line_end(doc, node, content_end(doc, node));
	if (edit->at > 0 && str_text(&doc->text)[edit->at - 1] != '\n')
		str_add(&edit->insert, line_break(doc));
	add_block_pairs(edit, rest, indent);
}

/* Put a mapping where a null stands. */
static bool fill_null(struct edit *edit, const struct ydoc_node *node,
		      const char *rest, struct err *err)
{
	const struct ydoc_node *parent = node->parent;

	if (node->span.start == node->span.end && parent &&
	    parent->kind == YDOC_MAPPING && !in_flow(node)) {
		extend_block(edit, node, rest,
			     parent->span.column - 1 + INDENT);
		return true;
	}
	if (node->decorated)
		return fail(edit, "the null there has an anchor or a tag", err);
	edit->at = node->span.start;
	edit->len = node->span.end - node->span.start;
	if (edit->len == 0)
		str_add_char(&edit->insert, ' ');
	str_add_char(&edit->insert, '{');
	add_flow_pair(edit, rest);
	str_add_char(&edit->insert, '}');
	return true;
}

/* The first key of a document that has no node, or only an empty one. */
static void start_document(struct edit *edit)
{
	const struct ydoc *doc = edit->doc;

	edit->at = doc->text.len;
	if (edit->at > 0 && str_text(&doc->text)[edit->at - 1] != '\n')
		str_add(&edit->insert, line_break(doc));
	add_block_pairs(edit, edit->path, 0);
}

static bool extend(struct edit *edit, const struct ydoc_node *node,
		   const char *rest, struct err *err)
{
	bool nothing = node && node->span.start == node->span.end;

	if (!node || (!node->parent && nothing)) {
		start_document(edit);
		return true;
	}
	if (node->kind == YDOC_ALIAS)
		return fail(edit, "an alias stands on the way", err);
	if (node->kind == YDOC_SCALAR && node->value->kind == VALUE_NIL)
		return fill_null(edit, node, rest, err);
	if (node->kind != YDOC_MAPPING)
		return fail(edit,
			    node->kind == YDOC_SCALAR
				    ? "a scalar stands on the way"
				    : "the list has no such item",
			    err);
	if (in_flow(node))
		extend_flow(edit, node, rest);
	else
		extend_block(edit, node, rest, node->span.column - 1);
	return true;
}

/* Checking. */

static const struct value *with_value(const struct value *old, const char *path,
				      const struct value *value,
				      struct arena *arena);

static const struct value *with_item(const struct value *list, size_t index,
				     const char *rest,
				     const struct value *value,
				     struct arena *arena)
{
	struct value *copy = value_new_list(arena);

	for (size_t i = 0; i < list->list.count; i++) {
		const struct value *item = list->list.items[i];

		if (i == index)
			item = with_value(item, rest, value, arena);
		value_list_add(copy, arena, item);
	}
	return copy;
}

/* @old with the value at @path set, as it should be after the edit. */
static const struct value *with_value(const struct value *old, const char *path,
				      const struct value *value,
				      struct arena *arena)
{
	size_t len = strcspn(path, ".");
	const char *rest = path + len + (path[len] == '.');
	CLEANUP(free_ptr) char *key = xmemdupz(path, len);
	struct value *map;
	const struct value *member;
	uint64_t index;

	if (!*path)
		return value;
	if (value_is_list(old) && num_parse_uint64(key, &index))
		return with_item(old, (size_t)index, rest, value, arena);
	member = value_map_get(old, key);
	map = value_new_map(arena);
	value_map_set(map, arena, key,
		      with_value(member ? member : &value_nil, rest, value,
				 arena));
	return value_merge(old, map, arena);
}

/* The value that the edit is to set; false if it is no scalar. */
static bool wanted_value(const struct edit *edit, struct ydoc *scratch,
			 const struct value **value, struct err *err)
{
	CLEANUP(err_release) struct err ignored = {0};

	if (!edit->scalar) {
		*value = value_new_text(&scratch->arena, edit->text);
		return true;
	}
	if (!ydoc_parse(scratch, edit->scalar, strlen(edit->scalar), edit->path,
			edit->doc->flags & YDOC_FLOATS, &ignored) ||
	    (scratch->nodes && scratch->nodes->kind != YDOC_SCALAR))
		return fail(edit, "the new value is no scalar", err);
	*value = scratch->root;
	return true;
}

static bool apply(struct edit *edit, struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc fresh = {0}, scratch = {0};
	CLEANUP(err_release) struct err ignored = {0};
	struct ydoc *doc = edit->doc;
	const struct value *value = &value_nil;

	str_add_bytes(&edit->changed, doc->text.buf, doc->text.len);
	str_splice(&edit->changed, edit->at, edit->len, edit->insert.buf,
		   edit->insert.len);
	if (!wanted_value(edit, &scratch, &value, err))
		return false;
	if (!ydoc_parse_behind(&fresh, edit->changed.buf, edit->changed.len,
			       doc->name, doc->flags, doc->lines_before,
			       &ignored) ||
	    !value_same(fresh.root, with_value(doc->root, edit->path, value,
					       &scratch.arena)))
		return fail(edit,
			    "it cannot be changed there without changing "
			    "something else (an anchor, a merge, a tag)",
			    err);
	ydoc_release(doc);
	*doc = fresh;
	fresh = (struct ydoc){0};
	return true;
}

static bool set(struct edit *edit, struct err *err)
{
	const char *rest;
	struct ydoc_node *deepest;
	const struct ydoc_node *node;

	if (!*edit->path)
		return fail(edit, "the path is empty", err);
	node = ydoc_node_at(edit->doc, edit->path, &deepest, &rest);
	if (node && node->kind != YDOC_SCALAR)
		return fail(edit,
			    node->kind == YDOC_ALIAS	 ? "it is an alias"
			    : node->kind == YDOC_MAPPING ? "it is a mapping"
							 : "it is a list",
			    err);
	if (node)
		replace_scalar(edit, node);
	else if (!extend(edit, deepest, rest, err))
		return false;
	return apply(edit, err);
}

bool ydoc_set_text(struct ydoc *doc, const char *path, const char *text,
		   struct err *err)
{
	CLEANUP(edit_release) struct edit edit = {
		.doc = doc, .path = path, .text = text};

	return set(&edit, err);
}

bool ydoc_set_raw(struct ydoc *doc, const char *path, const char *scalar,
		  struct err *err)
{
	CLEANUP(edit_release) struct edit edit = {
		.doc = doc, .path = path, .scalar = scalar};

	return set(&edit, err);
}
