/*
 * Lines of Git's protocols, each with its length before it.  Private to
 * api/gitremote.
 *
 * Source: Git's gitprotocol-common(5), "pkt-line Format".
 */
#ifndef COMMON_API_PKTLINE_H
#define COMMON_API_PKTLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct str;

#define PKTLINE_MAX 65516 /* bytes of one, without its length */

/* What is left to be read of an answer. */
struct pktlines {
	const char *at;
	const char *end;
};

/*
 * Take the next one; *@text lies in the answer.  False: the answer ends here,
 * is cut off, or this is no line; what is left to read then stays.
 */
bool pktline_next(struct pktlines *lines, const char **text, size_t *len,
		  bool *flush);

/* Append a line, of at most PKTLINE_MAX, and what ends a part of a request. */
void pktline_add(struct str *out, const char *text);
void pktline_add_flush(struct str *out);

#endif
