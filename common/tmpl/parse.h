/*
 * Template text to trees, with the grammar of Go's text/template/parse.
 */
#ifndef TMPL_PARSE_H
#define TMPL_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct arena;
struct err;
struct source;
struct tmpl;
struct tree;

/*
 * Parse @len bytes of @text and add what they define to @set: themselves as
 * @name, and what stands in a define or block.  Errors call the text @title.
 * All of it, the text too, is put into @arena, which must live as long as
 * @set.  *@root (may be NULL) is what stands outside of definitions.
 * Errors: INPUT with place; nothing was added then.
 */
bool parse_text(struct tmpl *set, struct arena *arena, const char *name,
		const char *title, const char *text, size_t len,
		const struct tree **root, struct err *err) MUST_CHECK;

/* The template @name of @set or of those that it stands in, or NULL. */
const struct tree *parse_find(const struct tmpl *set, const char *name);

#endif
