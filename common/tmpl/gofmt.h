/*
 * How Go prints values: fmt.Sprint, Sprintln, Sprintf and strconv.Quote.
 *
 * All of them append to @out and stop early once it is full (str's
 * @overflow): a small value may print without end, because its parts are
 * shared.
 *
 * Source: Go's fmt (print.go, format.go) and strconv (quote.go).
 */
#ifndef TMPL_GOFMT_H
#define TMPL_GOFMT_H

#include <stdbool.h>
#include <stddef.h>

struct str;
struct value;

/* As %v. */
void gofmt_value(struct str *out, const struct value *value);

/* Operands with a blank between two that are no strings. */
void gofmt_print(struct str *out, const struct value *const *args,
		 size_t count);

/* Operands with a blank between all of them, and a line break. */
void gofmt_println(struct str *out, const struct value *const *args,
		   size_t count);

void gofmt_printf(struct str *out, const char *format, size_t len,
		  const struct value *const *args, size_t count);

/* "..." with Go's escapes; @ascii: nothing beyond ASCII. */
void gofmt_quote(struct str *out, const char *bytes, size_t len, bool ascii);

#endif
