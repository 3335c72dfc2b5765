/*
 * Primary output: what a step prints on stdout, in one of three forms.
 *
 * A reader that goes away (SIGPIPE is ignored) has seen what it wanted and
 * is no error; whatever else stops a write is kept for out_check().
 */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct err;
struct str;
struct value;

enum out_form {
	OUT_TEXT, /* lines for people */
	OUT_JSON, /* one object on one line */
	OUT_ENV,  /* KEY=value lines for `source` and dotenv files */
};

struct out {
	enum out_form form;
	int failure; /* errno of the first write that failed; 0 = none */
};

/* The form called @name: text, json or env. */
enum out_form out_form(const char *name);

/* Write @text as it is. */
void out_write(struct out *out, const char *text, size_t len);

/* Write @text, or @value, as the form demands. */
void out_show(struct out *out, const struct value *value, const char *text);

/*
 * Append the scalars in @value: keys in UPPER_SNAKE_CASE, those of maps and
 * lists within joined by "_" (CHARTS_0_NAME); null is empty.  Values that a
 * shell would not take as they are stand in single quotes.
 */
void out_add_env(struct str *text, const struct value *value);

/* Errors: IO, if any write failed. */
bool out_check(const struct out *out, struct err *err) MUST_CHECK;

/* Close stdout.  Errors: IO, if that or any write failed. */
bool out_close(struct out *out, struct err *err) MUST_CHECK;

#endif
