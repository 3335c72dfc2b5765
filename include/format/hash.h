/*
 * SHA-1, SHA-256 and SHA-512 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104); with
 * cipher.h the libcrypto facade.
 *
 *	char hex[SHA256_HEX_SIZE];
 *	if (!sha256_hex(bytes, len, hex, err)) ...
 */
#ifndef FORMAT_HASH_H
#define FORMAT_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct err;

#define SHA256_SIZE	32
#define SHA256_HEX_SIZE 65  /* with NUL */
#define SHA1_HEX_SIZE	41  /* with NUL */
#define SHA512_HEX_SIZE 129 /* with NUL */

/*
 * The digest of @bytes, raw and as lower-case hex.  Errors of all here: IO
 * (libcrypto cannot be loaded).
 */
bool sha256_bytes(const void *bytes, size_t len,
		  unsigned char digest[SHA256_SIZE], struct err *err)
	MUST_CHECK;
bool sha256_hex(const void *bytes, size_t len, char hex[SHA256_HEX_SIZE],
		struct err *err) MUST_CHECK;

/*
 * SHA-1 as lower-case hex: for names that others chose so, never for trust.
 */
bool sha1_hex(const void *bytes, size_t len, char hex[SHA1_HEX_SIZE],
	      struct err *err) MUST_CHECK;

bool sha512_hex(const void *bytes, size_t len, char hex[SHA512_HEX_SIZE],
		struct err *err) MUST_CHECK;

/* Piece by piece: start, any number of adds, then the end. */
struct sha256 {
	_Alignas(8) unsigned char state[128]; /* libcrypto's */
};

bool sha256_start(struct sha256 *sha256, struct err *err) MUST_CHECK;
bool sha256_add(struct sha256 *sha256, const void *bytes, size_t len,
		struct err *err) MUST_CHECK;
bool sha256_end_hex(struct sha256 *sha256, char hex[SHA256_HEX_SIZE],
		    struct err *err) MUST_CHECK;

/* HMAC with SHA-256 (RFC 2104). */
bool hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
		 unsigned char mac[SHA256_SIZE], struct err *err) MUST_CHECK;

/* Is @text, NULL included, a SHA-256 as sha256_hex() writes it? */
bool sha256_is_hex(const char *text);

/* Lower-case hex of @len bytes plus NUL into @hex (2 * len + 1). */
void hex_encode(const unsigned char *bytes, size_t len, char *hex);

#endif
