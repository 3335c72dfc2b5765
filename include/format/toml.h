/*
 * TOML as the library that Helm uses reads and writes it.
 *
 *	CLEANUP(toml_release) struct toml toml = {.dates = &dates};
 *
 *	if (!toml_parse(&toml, text, len, arena, err))
 *		return false;
 *	if (toml.problem.len > 0) ... the text is wrong, and this says how
 *	else toml.root is the map
 *
 * The text is TOML 1.1.  Integers are int64, arrays of tables (also those
 * in brackets) lists of maps; what a date is tells the caller, who has the
 * type for it.  What a broken text is told is what the library tells.
 *
 * Source: BurntSushi/toml v1.6.0 (lex.go, parse.go, encode.go).
 */
#ifndef FORMAT_TOML_H
#define FORMAT_TOML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct arena;
struct err;
struct value;

#define TOML_SIZE_MAX  ((size_t)1 << 20) /* bytes of a text */
#define TOML_DEPTH_MAX 500 /* arrays and tables within each other, dots */

/* How dates come into values and out of them. */
struct toml_dates {
	/* NULL: @text (2001-01-01T10:00:00Z, 10:00) is none. */
	const struct value *(*read)(const char *text, size_t len,
				    struct arena *arena, void *context);
	/* Append @value, an object, if it is a date; else false. */
	bool (*write)(struct str *out, const struct value *value);
	void *context; /* of @read */
};

struct toml {
	const struct toml_dates *dates; /* borrowed; NULL: none is valid */
	const struct value *root;	/* a map, in the arena given */
	struct str problem;
};

/*
 * Read @text.  True also if it is wrong: then @problem says so, in the
 * library's words ("toml: line 1: ...").
 * Errors: INPUT (too large, too deep, or what makes the library itself
 * panic).
 */
bool toml_parse(struct toml *toml, const char *text, size_t len,
		struct arena *arena, struct err *err) MUST_CHECK;

void toml_release(struct toml *toml);

/*
 * Append @value, a map, as the library's encoder writes it: keys sorted,
 * those of tables behind the others, tables indented by two.
 * Errors: INPUT in the library's words (a nil in a list, no map at the top,
 * a type that TOML has not), or too deep.
 */
bool toml_write(struct str *out, const struct value *value,
		const struct toml_dates *dates, struct err *err) MUST_CHECK;

#endif
