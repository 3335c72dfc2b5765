/*
 * What the scalars of TOML mean: strings without their escapes, numbers,
 * dates.
 */
#ifndef FORMAT_TOML_SCALAR_H
#define FORMAT_TOML_SCALAR_H

#include <stdbool.h>

#include "base/attr.h"

struct arena;
struct toml_dates;
struct toml_item;
struct toml_lexer;
struct value;
struct value_text;

/* All borrowed.  @lost: the library would have panicked. */
struct toml_scalars {
	struct toml_lexer *lexer; /* takes what is wrong */
	struct arena *arena;
	const struct toml_dates *dates;
	bool lost;
};

/* The text of a string or of a part of a key. */
bool toml_scalar_text(struct toml_scalars *scalars,
		      const struct toml_item *item, struct value_text *text)
	MUST_CHECK;

/* The value of an item that is no bracket; NULL: it has none. */
const struct value *toml_scalar_value(struct toml_scalars *scalars,
				      const struct toml_item *item) MUST_CHECK;

#endif
