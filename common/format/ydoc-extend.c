#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "format/value.h"
#include "format/ydoc-edit.h"

#define INDENT 2 /* where the document shows none of its own */

/* Places. */

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

/* Columns from the start of its line to byte @at. */
static size_t column_of(const struct ydoc *doc, size_t at)
{
	const char *text = str_text(&doc->text);
	size_t start = at;

	while (start > 0 && text[start - 1] != '\n')
		start--;
	if (start == 0 && starts_with(text, "\xef\xbb\xbf"))
		start = at < 3 ? at : 3;
	return at - start;
}

size_t edit_indent(const struct ydoc *doc, const struct ydoc_node *node)
{
	const char *text = str_text(&doc->text);
	size_t at = node->span.start;

	/* An anchor or a tag stands elsewhere: look at what is inside. */
	if (node->decorated && node->first)
		at = node->first->span.start;
	if (node->decorated && node->kind == YDOC_SEQUENCE)
		while (at > 0 && text[--at] != '-')
			;
	return column_of(doc, at);
}

/* By how much block mappings of the document are indented. */
static size_t indent_step(const struct ydoc *doc, const struct ydoc_node *node)
{
	size_t step = 0;

	if (node->kind == YDOC_MAPPING && node->style == YDOC_BLOCK &&
	    node->parent && node->parent->kind == YDOC_MAPPING) {
		size_t inner = edit_indent(doc, node);
		size_t outer = edit_indent(doc, node->parent);

		return inner > outer ? inner - outer : 0;
	}
	for (const struct ydoc_node *child = node->first; child && !step;
	     child = child->next)
		step = indent_step(doc, child);
	return step;
}

static size_t step_of(const struct edit *edit)
{
	const struct ydoc_node *root = edit->doc->nodes;
	size_t step = root ? indent_step(edit->doc, root) : 0;

	return step ? step : INDENT;
}

/* Styles. */

/* As the last key of the mapping at or around @node is written. */
static enum ydoc_style key_style(const struct ydoc_node *node)
{
	const struct ydoc_node *last = NULL;

	while (node && (node->kind != YDOC_MAPPING || !node->first))
		node = node->parent;
	for (const struct ydoc_node *key = node ? node->first : NULL; key;
	     key = key->next->next)
		last = key;
	return last && last->kind == YDOC_SCALAR && last->style != YDOC_LITERAL
		       ? last->style
		       : YDOC_PLAIN;
}

/* Items as the one before; in mappings, JSON stays JSON. */
static enum ydoc_style value_style(const struct ydoc_node *node)
{
	bool json = edit_in_flow(node) && key_style(node) == YDOC_DOUBLE_QUOTED;

	if (node->kind == YDOC_SEQUENCE && node->last &&
	    node->last->kind == YDOC_SCALAR &&
	    node->last->style != YDOC_LITERAL)
		return node->last->style;
	return json ? YDOC_DOUBLE_QUOTED : YDOC_PLAIN;
}

/* In flow collections. */

/* "a: {b: value}" for the path a.b below @node. */
static void add_flow_pairs(struct edit *edit, const struct ydoc_node *node,
			   const char *rest)
{
	size_t parts = 1;

	for (;;) {
		size_t len = strcspn(rest, ".");

		edit_add_key(edit, rest, len, key_style(node), true);
		str_add_char(&edit->insert, ' ');
		if (!rest[len])
			break;
		str_add_char(&edit->insert, '{');
		rest += len + 1;
		parts++;
	}
	edit_add_scalar(edit, value_style(node), true);
	str_add_repeated(&edit->insert, '}', parts - 1);
}

/* What is to stand in the collection @node. */
static void add_flow_member(struct edit *edit, const struct ydoc_node *node,
			    const char *rest)
{
	const char *inside = strchr(rest, '.');

	if (node->kind == YDOC_MAPPING) {
		add_flow_pairs(edit, node, rest);
	} else if (inside) {
		str_add_char(&edit->insert, '{');
		add_flow_pairs(edit, node, inside + 1);
		str_add_char(&edit->insert, '}');
	} else {
		edit_add_scalar(edit, value_style(node), true);
	}
}

/* Does the last member have a line of its own?  Then its first byte's. */
static bool on_own_line(const struct ydoc *doc, const struct ydoc_node *node,
			size_t *start)
{
	const char *text = str_text(&doc->text);
	const struct ydoc_node *member = node->last;
	size_t end = member->span.end;

	if (node->kind == YDOC_MAPPING)
		for (member = node->first; member->next->next;
		     member = member->next->next)
			;
	*start = member->span.start;
	for (size_t at = *start; at > 0 && text[at - 1] != '\n'; at--)
		if (text[at - 1] != ' ' && text[at - 1] != '\t')
			return false;
	end += strspn(text + end, ", \t");
	return text[end] && strchr("#\r\n", text[end]);
}

/* A line below the last member's, whose comma and comment stay its own. */
static void add_flow_line(struct edit *edit, const struct ydoc_node *node,
			  size_t start, const char *rest)
{
	const char *text = str_text(&edit->doc->text);
	size_t end = node->last->span.end, indent = column_of(edit->doc, start);
	bool comma;

	edit->at = end;
	edit->len = strcspn(text + end, "\r\n");
	comma = text[end + strspn(text + end, " \t")] == ',';
	if (!comma)
		str_add_char(&edit->insert, ',');
	str_add_bytes(&edit->insert, text + end, edit->len);
	str_add(&edit->insert, edit_line_break(edit, end));
	str_add_bytes(&edit->insert, text + start - indent, indent);
	add_flow_member(edit, node, rest);
	if (comma)
		str_add_char(&edit->insert, ',');
}

static void extend_flow(struct edit *edit, const struct ydoc_node *node,
			const char *rest)
{
	size_t start;

	edit->len = 0;
	if (!node->last) {
		edit->at = edit_skip_decoration(edit->doc, node) + 1;
		add_flow_member(edit, node, rest);
	} else if (on_own_line(edit->doc, node, &start)) {
		add_flow_line(edit, node, start, rest);
	} else {
		edit->at = node->last->span.end;
		str_add(&edit->insert, ", ");
		add_flow_member(edit, node, rest);
	}
}

/* In block collections. */

/* Go behind the line of byte @at, which may be the last and unfinished. */
static const char *start_lines(struct edit *edit, size_t at)
{
	const struct ydoc *doc = edit->doc;
	const char *line_break = edit_line_break(edit, at);

	edit->at = at;
	edit->len = 0;
	if (at == 0 || str_text(&doc->text)[at - 1] == '\n')
		return line_break;
	str_add(&edit->insert, line_break);
	return "";
}

/*
 * A line for each part of the path, each deeper than the one before.  The
 * first is begun already, in column @indent; @node is around them.
 */
static void add_block_pairs(struct edit *edit, const struct ydoc_node *node,
			    const char *rest, size_t indent)
{
	enum ydoc_style style = node ? key_style(node) : YDOC_PLAIN;

	for (;;) {
		size_t len = strcspn(rest, ".");

		edit_add_key(edit, rest, len, style, false);
		if (!rest[len])
			break;
		str_add(&edit->insert, edit_line_break(edit, edit->at));
		rest += len + 1;
		indent += step_of(edit);
		str_add_repeated(&edit->insert, ' ', indent);
	}
	str_add_char(&edit->insert, ' ');
	edit_add_scalar(edit, YDOC_PLAIN, false);
}

/* New lines below @node, a block mapping or an empty place. */
static void extend_mapping(struct edit *edit, const struct ydoc_node *node,
			   const char *rest, size_t indent)
{
	const struct ydoc *doc = edit->doc;
	size_t end = line_end(doc, node, edit_content_end(doc, node));
	const char *last = start_lines(edit, end);

	str_add_repeated(&edit->insert, ' ', indent);
	add_block_pairs(edit, node, rest, indent);
	str_add(&edit->insert, last);
}

static void extend_sequence(struct edit *edit, const struct ydoc_node *node,
			    const char *rest)
{
	const struct ydoc *doc = edit->doc;
	size_t end = line_end(doc, node, edit_content_end(doc, node));
	const char *last = start_lines(edit, end);
	const char *inside = strchr(rest, '.');
	size_t indent = edit_indent(doc, node);

	str_add_repeated(&edit->insert, ' ', indent);
	str_add(&edit->insert, "- ");
	if (inside)
		add_block_pairs(edit, node->last, inside + 1, indent + 2);
	else
		edit_add_scalar(edit, value_style(node), false);
	str_add(&edit->insert, last);
}

/* Put a mapping where a null stands. */
static bool fill_null(struct edit *edit, const struct ydoc_node *node,
		      const char *rest, struct err *err)
{
	const struct ydoc_node *parent = node->parent;

	if (node->span.start == node->span.end && parent &&
	    parent->kind == YDOC_MAPPING && !edit_in_flow(node)) {
		extend_mapping(edit, node, rest,
			       edit_indent(edit->doc, parent) + step_of(edit));
		return true;
	}
	if (node->decorated)
		return edit_fail(edit, "the null there has an anchor or a tag",
				 err);
	edit->at = node->span.start;
	edit->len = node->span.end - node->span.start;
	if (edit->len == 0)
		str_add_char(&edit->insert, ' ');
	str_add_char(&edit->insert, '{');
	add_flow_pairs(edit, node, rest);
	str_add_char(&edit->insert, '}');
	return true;
}

/* The first key of a document that has no node, or only an empty one. */
static void start_document(struct edit *edit)
{
	const char *last = start_lines(edit, edit->doc->text.len);

	add_block_pairs(edit, NULL, edit->path, 0);
	str_add(&edit->insert, last);
}

/* Is the first part of @rest the number of the item behind the last? */
static bool is_next_item(const struct ydoc_node *node, const char *rest)
{
	CLEANUP(free_ptr) char *number = xmemdupz(rest, strcspn(rest, "."));
	uint64_t index;

	return num_parse_uint64(number, &index) &&
	       index == node->value->list.count;
}

bool edit_extend(struct edit *edit, const struct ydoc_node *node,
		 const char *rest, struct err *err)
{
	if (!node || (!node->parent && node->span.start == node->span.end)) {
		start_document(edit);
		return true;
	}
	if (node->kind == YDOC_ALIAS)
		return edit_fail(edit, "an alias stands on the way", err);
	if (node->kind == YDOC_SCALAR)
		return fill_null(edit, node, rest, err);
	if (node->kind == YDOC_SEQUENCE && !is_next_item(node, rest))
		return edit_fail(edit, "the list has no such item", err);
	if (node->style == YDOC_FLOW)
		extend_flow(edit, node, rest);
	else if (node->kind == YDOC_MAPPING)
		extend_mapping(edit, node, rest, edit_indent(edit->doc, node));
	else
		extend_sequence(edit, node, rest);
	return true;
}
