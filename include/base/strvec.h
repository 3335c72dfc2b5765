/*
 * A growing vector of owned strings, NULL-terminated for exec and loops.
 *
 *	CLEANUP(strvec_release) struct strvec argv = {0};
 *	strvec_add(&argv, "helm");
 *	strvec_addf(&argv, "--timeout=%lds", seconds);
 */
#ifndef BASE_STRVEC_H
#define BASE_STRVEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct str;

struct strvec {
	char **items; /* items[count] is NULL; NULL while nothing was added */
	size_t count;
	size_t capacity;
};

void strvec_add(struct strvec *vec, const char *text);
void strvec_add_bytes(struct strvec *vec, const char *bytes, size_t len);
void strvec_addf(struct strvec *vec, const char *format, ...) PRINTF_LIKE(2, 3);
void strvec_add_all(struct strvec *vec, const struct strvec *other);
void strvec_add_take(struct strvec *vec, char *text); /* takes @text */

/* Is @text one of them?  Linear. */
bool strvec_has(const struct strvec *vec, const char *text);

/* Add @text unless it is there. */
void strvec_add_once(struct strvec *vec, const char *text);

/* Split @text at each @separator; empty parts are kept. */
void strvec_split(struct strvec *vec, const char *text, char separator);

/* Drop all but the first @count, of which there must be as many. */
void strvec_truncate(struct strvec *vec, size_t count);

/* Sort by bytes. */
void strvec_sort(struct strvec *vec);

/* Append all to @out, @between them. */
void strvec_join(const struct strvec *vec, const char *between,
		 struct str *out);

/* Append the first @most to @out, with commas, and how many more there are. */
void strvec_print(const struct strvec *vec, size_t most, struct str *out);

/* NULL-terminated array for exec(); valid until the next change. */
char *const *strvec_argv(const struct strvec *vec);

void strvec_release(struct strvec *vec);

#endif
