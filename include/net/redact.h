/*
 * What of a request may be shown in messages, logs and records.
 *
 * Of a URL everything but its user part, its fragment and the values of
 * query parameters that carry a secret: signatures and credentials of
 * presigned addresses (AWS, Google, Azure), tokens, passwords, keys, OAuth
 * codes.  Such a value becomes "***".
 */
#ifndef NET_REDACT_H
#define NET_REDACT_H

#include <stdbool.h>
#include <stddef.h>

struct str;

/* Append the form of @url that may be shown; any text is accepted. */
void redact_url(struct str *out, const char *url);

/* Is the value of the query parameter @name (of @len bytes) a secret? */
bool redact_is_secret_parameter(const char *name, size_t len);

#endif
