#include <string.h>

#include "base/mem.h"
#include "format/value.h"
#include "format/ydoc-edit.h"
#include "format/ydoc-scalar.h"

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

void edit_add_scalar(struct edit *edit, enum ydoc_style style, bool flow)
{
	if (edit->scalar)
		str_add(&edit->insert, edit->scalar);
	else
		add_styled(&edit->insert, edit->text,
			   edit->careful ? YDOC_DOUBLE_QUOTED : style, flow);
}

void edit_add_key(struct edit *edit, const char *key, size_t len,
		  enum ydoc_style style, bool flow)
{
	CLEANUP(free_ptr) char *copy = xmemdupz(key, len);

	add_styled(&edit->insert, copy, style, flow);
	str_add_char(&edit->insert, ':');
}

/* Places in the text. */

const char *edit_line_break(const struct edit *edit, size_t at)
{
	const char *text = str_text(&edit->doc->text), *end;

	while (at > 0 && text[at - 1] != '\n')
		at--;
	end = at > 0 ? text + at - 1 : strchr(text, '\n');
	return end && end > text && end[-1] == '\r' ? "\r\n" : "\n";
}

bool edit_in_flow(const struct ydoc_node *node)
{
	for (; node; node = node->parent)
		if (node->style == YDOC_FLOW)
			return true;
	return false;
}

size_t edit_content_end(const struct ydoc *doc, const struct ydoc_node *node)
{
	const char *text = str_text(&doc->text);
	size_t end;

	while (node->style == YDOC_BLOCK && node->last)
		node = node->last;
	end = node->span.end;
	while (node->style == YDOC_LITERAL && end > node->span.start &&
	       strchr(" \t\r\n", text[end - 1]))
		end--;
	return end;
}

/* Bytes of blanks, line breaks and comments that @text starts with. */
static size_t space_len(const char *text)
{
	size_t len = strspn(text, " \t\r\n");

	while (text[len] == '#') {
		len += strcspn(text + len, "\r\n");
		len += strspn(text + len, " \t\r\n");
	}
	return len;
}

size_t edit_skip_decoration(const struct ydoc *doc,
			    const struct ydoc_node *node)
{
	const char *text = str_text(&doc->text);
	size_t at = node->span.start;

	while (node->decorated && at < node->span.end &&
	       (text[at] == '&' || text[at] == '!')) {
		at += strcspn(text + at, " \t\r\n");
		at += space_len(text + at);
	}
	return at < node->span.end ? at : node->span.end;
}

/* Block scalars. */

/* Columns left of the lines of the block scalar @node. */
static size_t block_indent(const struct ydoc *doc, const struct ydoc_node *node)
{
	const char *text = str_text(&doc->text);
	size_t end = edit_content_end(doc, node);
	size_t at = edit_skip_decoration(doc, node);

	at += strcspn(text + at, "\n");
	while (at < end) {
		size_t blanks = strspn(text + at + 1, " ");

		at += 1 + blanks;
		if (at < end && !strchr("\r\n", text[at]))
			return blanks;
		at += strcspn(text + at, "\n");
	}
	return node->parent ? edit_indent(doc, node->parent) + 2 : 2;
}

/* What stands behind the "|-" of a block scalar: blanks and a comment. */
static void add_header_rest(struct edit *edit, size_t at)
{
	const char *header = str_text(&edit->doc->text) + at;

	header += strspn(header, "|>+-0123456789");
	str_add_bytes(&edit->insert, header, strcspn(header, "\r\n"));
}

/* Can lines of a block scalar be @text, with no more than "|" or "|-"? */
static bool fits_block(const char *text)
{
	size_t len = strlen(text);
	struct yscalar_traits traits;

	yscalar_analyze(&traits, text, len);
	return traits.literal && strchr(text, '\n') &&
	       !strchr(" \n", text[0]) && !ends_with(text, "\n\n");
}

static void add_block(struct edit *edit, const struct ydoc_node *node)
{
	const char *line_break = edit_line_break(edit, node->span.end);
	size_t indent = block_indent(edit->doc, node);
	const char *line = edit->text;

	str_add(&edit->insert, ends_with(line, "\n") ? "|" : "|-");
	add_header_rest(edit, edit->at);
	while (*line) {
		size_t len = strcspn(line, "\n");

		str_add(&edit->insert, line_break);
		if (len > 0)
			str_add_repeated(&edit->insert, ' ', indent);
		str_add_bytes(&edit->insert, line, len);
		line += len + (line[len] == '\n');
	}
}

void edit_replace(struct edit *edit, const struct ydoc_node *node)
{
	const struct ydoc *doc = edit->doc;
	bool block = node->style == YDOC_LITERAL;
	const char *text = str_text(&doc->text);

	edit->at = edit_skip_decoration(doc, node);
	edit->len = edit_content_end(doc, node) - edit->at;
	if (block && !edit->scalar && !edit->careful &&
	    fits_block(edit->text)) {
		add_block(edit, node);
		return;
	}
	if (edit->len == 0 && edit->at > 0 &&
	    !strchr(" \t", text[edit->at - 1]))
		str_add_char(&edit->insert, ' ');
	/* An empty place says nothing about style: write what is clearest. */
	edit_add_scalar(edit,
			block || node->value->kind == VALUE_NIL ? YDOC_PLAIN
								: node->style,
			edit_in_flow(node));
	if (block)
		add_header_rest(edit, edit->at);
}
