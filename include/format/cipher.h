/*
 * AES-256 (FIPS 197) in CBC mode (NIST SP 800-38A); with hash.h the libcrypto
 * facade.
 */
#ifndef FORMAT_CIPHER_H
#define FORMAT_CIPHER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct err;

#define CIPHER_KEY_SIZE	  32
#define CIPHER_BLOCK_SIZE 16

/*
 * From @from to @to, which may be the same, @len bytes: whole blocks, padding
 * is the caller's.  @vector is the initialisation vector.
 * Errors: IO (libcrypto cannot be loaded).
 */
bool cipher_encrypt(const unsigned char key[CIPHER_KEY_SIZE],
		    const unsigned char vector[CIPHER_BLOCK_SIZE],
		    const unsigned char *from, unsigned char *to, size_t len,
		    struct err *err) MUST_CHECK;
bool cipher_decrypt(const unsigned char key[CIPHER_KEY_SIZE],
		    const unsigned char vector[CIPHER_BLOCK_SIZE],
		    const unsigned char *from, unsigned char *to, size_t len,
		    struct err *err) MUST_CHECK;

#endif
