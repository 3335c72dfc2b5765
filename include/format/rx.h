/*
 * Regular expressions; the pcre2 facade.
 *
 * Patterns are our own (fixed in the code) until the template functions
 * need RE2's meaning; matching is bounded in steps and depth.
 */
#ifndef FORMAT_RX_H
#define FORMAT_RX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct err;

#define RX_GROUPS_MAX 16
#define RX_STEPS_MAX  1000000

struct rx {
	void *code; /* owned */
};

/* Bytes start..end of the subject; start == (size_t)-1: not taken part. */
struct rx_group {
	size_t start;
	size_t end;
};

struct rx_match {
	size_t count; /* groups, the whole match included */
	struct rx_group groups[RX_GROUPS_MAX];
};

/* Errors: INPUT (with the offset in the pattern). */
bool rx_compile(struct rx *rx, const char *pattern, struct err *err) MUST_CHECK;

/*
 * Look for the first match at or behind byte @from.  *@found tells.
 * Errors: INPUT (more than RX_STEPS_MAX steps).
 */
bool rx_find(const struct rx *rx, const char *text, size_t len, size_t from,
	     struct rx_match *match, bool *found, struct err *err) MUST_CHECK;

void rx_release(struct rx *rx);

#endif
