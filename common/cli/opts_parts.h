/* What the files of cli/opts share. */
#ifndef COMMON_CLI_OPTS_PARTS_H
#define COMMON_CLI_OPTS_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct arena;
struct err;
struct opt;

/* Would @text do as the value of @opt? */
bool opt_is_valid(const struct opt *opt, const char *text);

/*
 * Tell that @text is none, and what it has to be; @from: "--jobs" or
 * "SLIPWAY_JOBS".  Gives false.
 */
bool opt_fail_value(const struct opt *opt, const char *text, const char *from,
		    struct err *err);

/* Set @field from a text that opt_is_valid(); text is copied into @arena. */
void opt_store(const struct opt *opt, void *field, const char *text,
	       struct arena *arena);

/* How much of @text, as of a file or variable, is the secret. */
size_t opt_secret_len(const char *text);

#endif
