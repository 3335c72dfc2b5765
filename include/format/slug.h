/*
 * Legal names of any text: DNS-1123 labels (lower-case letters, digits and
 * dashes, neither end a dash), as Kubernetes wants for namespaces and hosts.
 *
 *	slug_label(&out, "feature/Login", "feature/Login", 63, err)
 *
 * gives feature-login-48fad0826e2169c7: whatever had to be changed or cut
 * ends with a hash of the original, so that no two texts share a name.
 */
#ifndef FORMAT_SLUG_H
#define FORMAT_SLUG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct err;
struct str;

#define SLUG_LABEL_MAX	 63 /* bytes of a label (RFC 1123, Kubernetes) */
#define SLUG_HASH_DIGITS 16 /* hexadecimal, of SHA-256 */

/*
 * Append @text in lower case, each run of other bytes as one dash, none at
 * the ends: readable, but not unique, and of any length.
 */
void slug_add(struct str *out, const char *text);

/*
 * Append a label of at most @max bytes that stands for @original, made of
 * @text, which is how a reader knows it.  It has the hash where @text is no
 * such label by itself.  "" gives the hash alone.
 * Errors: IO (libcrypto cannot be loaded).
 */
bool slug_label(struct str *out, const char *text, const char *original,
		size_t max, struct err *err) MUST_CHECK;

/* The same, and it has the hash in any case. */
bool slug_hashed_label(struct str *out, const char *text, const char *original,
		       size_t max, struct err *err) MUST_CHECK;

#endif
