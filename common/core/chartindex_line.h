/*
 * A line of an index: where it ends, and what it says if it says it alone, as
 * nearly all lines that Helm writes do.
 */
#ifndef CORE_CHARTINDEX_LINE_H
#define CORE_CHARTINDEX_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

#define LINE_KEY_MAX 1000 /* bytes; YAML's own limit is 1,024 */

/* The value that stands behind the key of a line, or behind its dashes. */
enum line_value {
	LINE_UNKNOWN,  /* not to be told from this line alone */
	LINE_NO_VALUE, /* "key:" */
	LINE_SCALAR,   /* whole on this line: quoted, {}, [], or commented */
	LINE_PLAIN,    /* plain, and may go on below */
	LINE_SINGLE,   /* goes on below, as text in single quotes */
	LINE_DOUBLE,   /* or double ones */
	LINE_TEXT,     /* on the lines below, behind "|" or ">" */
};

struct line {
	size_t start;
	size_t end; /* of its text, without the line break: LF or CR LF */
	size_t next;
	size_t indent;
	char first;   /* NUL: nothing, or a comment only */
	bool is_text; /* of bytes that YAML allows, tabs left out */
	/* What follows is from lines_next() alone, and only if @first is there. */
	enum line_value value;
	unsigned int dashes; /* "- - " are two */
	size_t key_at;	     /* from the start of the line, quotes left out */
	size_t key_len;	     /* 0: it has none */
	size_t text_indent; /* LINE_TEXT: what it says of it, 0 if it does not */
};

/* The line of @text that starts at @at, which is before @len. */
void line_find(struct line *line, const char *text, size_t len, size_t at);

/* The end of the scalar of a line, which starts at @at, or of no text. */
size_t line_scalar_end(const char *text, size_t at, size_t line_end) MUST_CHECK;

/*
 * Does the text that is to go on, *@value, do so on @line, which has some?
 * *@value is LINE_SCALAR where a quote ends it.
 */
bool line_continues(const struct line *line, const char *text,
		    enum line_value *value) MUST_CHECK;

#define LINES_KEPT 128

/*
 * All lines, one after the other.  Entries are much alike: a line that is the
 * same, byte for byte, as the one at its place in the last entry says the
 * same and is not looked at again.
 */
struct lines {
	const char *text;
	size_t len;
	size_t at;
	size_t place; /* of the next line in its entry */
	struct line kept[LINES_KEPT];
};

/* The next one, good until the one after it is taken; NULL at the end. */
const struct line *lines_next(struct lines *lines) MUST_CHECK;

/* @line, which was taken last, begins an entry. */
void lines_begin_entry(struct lines *lines, const struct line *line);

#endif
