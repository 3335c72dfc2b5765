/*
 * Bytes that must not be seen: tokens, passwords, keys.
 *
 * A secret has no %s: whoever needs the value says secret_reveal(), which is
 * easy to find in a review.  Setting one registers it with the log, which
 * then masks it (and its base64, URL and JSON form) wherever it would be
 * printed; releasing wipes the bytes.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct secret {
	char *bytes; /* owned, NUL-terminated; NULL = not set */
	size_t len;
};

/* Copy @bytes; an earlier value is wiped. */
void secret_set(struct secret *secret, const char *bytes, size_t len);

bool secret_is_set(const struct secret *secret);

/* The value, NUL-terminated; "" when not set.  Borrowed. */
const char *secret_reveal(const struct secret *secret);

void secret_release(struct secret *secret);

/* Overwrite @len bytes in a way that the compiler cannot leave out. */
void wipe(void *bytes, size_t len);

#endif
