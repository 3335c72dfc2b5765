/*
 * How Go prints values: fmt.Sprint, Sprintln and Sprintf.
 *
 * All of them append to @out and stop early once it is full (str's
 * @overflow): a small value may print without end, because its parts are
 * shared.
 *
 * Source: Go's fmt (print.go, format.go).
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

#endif
