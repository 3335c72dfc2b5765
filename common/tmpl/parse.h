/*
 * Template text to trees, with the grammar of Go's text/template/parse.
 */
#ifndef TMPL_PARSE_H
#define TMPL_PARSE_H

#include <stdbool.h>

#include "base/attr.h"

struct err;
struct source;
struct tmpl;

/*
 * Parse @source (of the arena of @set) and add what it defines to @set.
 * Errors: INPUT with place; nothing was added then.
 */
bool parse_source(struct tmpl *set, const struct source *source,
		  struct err *err) MUST_CHECK;

#endif
