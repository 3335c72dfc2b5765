/*
 * An edit of a document: which bytes of its text are replaced, and by what.
 */
#ifndef FORMAT_YDOC_EDIT_H
#define FORMAT_YDOC_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "format/ydoc-tree.h"

struct err;

struct edit {
	const struct ydoc *doc;
	const char *path;
	const char *scalar; /* as given, or NULL: @text is a string */
	const char *text;
	bool careful; /* double quotes, whatever stands there */
	size_t at;    /* bytes at..at + len are replaced ... */
	size_t len;
	struct str insert; /* ... by this */
};

/* Say why it cannot be done.  Gives false. */
bool edit_fail(const struct edit *edit, const char *cause, struct err *err);

/* Put the new scalar in the place of the scalar @node. */
void edit_replace(struct edit *edit, const struct ydoc_node *node);

/*
 * Put the new scalar below @node, at @rest of the path.  @node is the deepest
 * that is there, no scalar but a null; NULL: the document has none.
 */
bool edit_extend(struct edit *edit, const struct ydoc_node *node,
		 const char *rest, struct err *err);

/* Append the new scalar in the style @style if that can hold it. */
void edit_add_scalar(struct edit *edit, enum ydoc_style style, bool flow);

/* Append a key and its colon. */
void edit_add_key(struct edit *edit, const char *key, size_t len,
		  enum ydoc_style style, bool flow);

/* Places in the text. */

/* The line break that lines around byte @at end with. */
const char *edit_line_break(const struct edit *edit, size_t at);

bool edit_in_flow(const struct ydoc_node *node);

/* Behind the last byte of @node, without blank lines at its end. */
size_t edit_content_end(const struct ydoc *doc, const struct ydoc_node *node);

/* Behind anchor and tag, which stay, and comments behind these. */
size_t edit_skip_decoration(const struct ydoc *doc,
			    const struct ydoc_node *node);

/* Columns left of the keys of a block mapping, or the dashes of a list. */
size_t edit_indent(const struct ydoc *doc, const struct ydoc_node *node);

#endif
