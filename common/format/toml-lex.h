/*
 * The characters and scalars of TOML, between toml-lex.c and toml-number.c,
 * which read them, and toml.c, which knows where they stand.
 *
 * The first thing that is wrong is kept; after it nothing is read any more.
 */
#ifndef FORMAT_TOML_LEX_H
#define FORMAT_TOML_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "format/value.h"

#define TOML_END 0 /* no text has a NUL that is no error */

struct toml_lexer {
	const char *text;
	size_t len;
	size_t start; /* of the item at hand */
	size_t at;
	bool at_end; /* the end was looked at, and not stepped back from */
	unsigned int line;
	/* What is wrong, and on which line it is said to be. */
	bool failed;
	struct str problem;
	unsigned int problem_line;
};

enum toml_type {
	TOML_TEXT, /* a bare key, or a string without escapes */
	TOML_ESCAPED,
	TOML_MULTILINE,
	TOML_RAW_MULTILINE,
	TOML_BOOL,
	TOML_INTEGER,
	TOML_FLOAT,
	TOML_DATE,
	TOML_ARRAY, /* only its opening bracket */
	TOML_INLINE_TABLE,
};

struct toml_item {
	enum toml_type type;
	struct value_text text;
	unsigned int line;
};

/* Characters; TOML_END at the end, U+FFFD for what is wrong. */
uint32_t toml_next(struct toml_lexer *lexer);
void toml_back(struct toml_lexer *lexer);
uint32_t toml_peek(struct toml_lexer *lexer);
void toml_ignore(struct toml_lexer *lexer);
void toml_skip_blanks(struct toml_lexer *lexer);

bool toml_is_blank(uint32_t rune);
bool toml_is_break(uint32_t rune);
bool toml_is_digit(uint32_t rune);
bool toml_is_hex(uint32_t rune);

/* Step over @rune if it is the next one. */
bool toml_accept(struct toml_lexer *lexer, uint32_t rune);

/* @item is what was read since the last one; false after a failure. */
bool toml_emit(struct toml_lexer *lexer, struct toml_item *item,
	       enum toml_type type);

/* Behind '#', to the end of the line. */
bool toml_comment(struct toml_lexer *lexer) MUST_CHECK;

/*
 * Failures; all give false.  toml_fail() names the line at hand,
 * toml_fail_before() the one before it, toml_fail_on() the given one.
 */
bool toml_fail(struct toml_lexer *lexer, const char *format, ...)
	PRINTF_LIKE(2, 3);
bool toml_fail_before(struct toml_lexer *lexer, const char *format, ...)
	PRINTF_LIKE(2, 3);
bool toml_fail_on(struct toml_lexer *lexer, unsigned int line,
		  const char *format, ...) PRINTF_LIKE(3, 4);

/* toml_fail() with @before, the rune in Go's quotes, and @behind. */
bool toml_fail_rune(struct toml_lexer *lexer, const char *before, uint32_t rune,
		    const char *behind);

/* Add @rune and the closing quote to what is wrong. */
bool toml_say_rune(struct toml_lexer *lexer, uint32_t rune);

/* A part of a key, or of a table's name. */
bool toml_bare_key(struct toml_lexer *lexer, struct toml_item *item) MUST_CHECK;
bool toml_quoted_key(struct toml_lexer *lexer, struct toml_item *item)
	MUST_CHECK;

/* A number or date behind @first, a digit or sign. */
bool toml_number(struct toml_lexer *lexer, struct toml_item *item,
		 uint32_t first) MUST_CHECK;

/* A value behind blanks; of arrays and inline tables the bracket. */
bool toml_value(struct toml_lexer *lexer, struct toml_item *item) MUST_CHECK;

#endif
