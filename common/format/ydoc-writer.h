/*
 * The lines of YAML as go-yaml lays them out: indentation, indicators, and
 * scalars in their styles.
 *
 * libyaml's own emitter differs from go-yaml's port of it (lists, folding of
 * lines, what it escapes); this one follows the port.
 *
 * Source: go-yaml v2.4.4 emitterc.go and encode.go; v3.0.5 where @v3 is set.
 */
#ifndef FORMAT_YDOC_WRITER_H
#define FORMAT_YDOC_WRITER_H

#include <stdbool.h>
#include <stddef.h>

struct str;

#define YWRITER_INDENT 2

struct ywriter {
	struct str *out;
	int column;	 /* characters, not bytes */
	int indent;	 /* of the collection; -1 outside of all */
	bool whitespace; /* the last thing written was a blank */
	bool indention;	 /* nothing but indentation is on this line */
	bool v3;	 /* lines are as long as they are, and hold tabs */
};

/* Go to a new line, unless at the start of one, and to @writer->indent. */
void ywriter_indent(struct ywriter *writer);

/* "-", "?", ":": what may be followed by more on the same line. */
void ywriter_block_indicator(struct ywriter *writer, char indicator);

/* The ":" right behind a key. */
void ywriter_colon(struct ywriter *writer);

/* A word that needs no quotes: null, 12, {}. */
void ywriter_token(struct ywriter *writer, const char *token);

/* "!!binary" before a value. */
void ywriter_tag(struct ywriter *writer, const char *tag);

/* Base64 behind its tag: as it is, or as a block if it has several lines. */
void ywriter_tagged(struct ywriter *writer, const char *text, size_t len,
		    bool key);

/*
 * The string @text in the style that it needs; a key that precedes its colon
 * stays on its line.
 */
void ywriter_text(struct ywriter *writer, const char *text, size_t len,
		  bool key);

#endif
