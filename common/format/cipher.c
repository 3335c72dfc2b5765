#include "format/cipher.h"

#include <string.h>

/* The low-level functions, for the reason that hash.c has. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/aes.h>

#include "base/err.h"
#include "sys/lazy.h"

static struct {
	__typeof__(AES_set_encrypt_key) *set_encrypt_key;
	__typeof__(AES_set_decrypt_key) *set_decrypt_key;
	__typeof__(AES_cbc_encrypt) *cbc;
} crypto;

static const struct lazy_symbol symbols[] = {
	{"AES_set_encrypt_key", (void **)&crypto.set_encrypt_key},
	{"AES_set_decrypt_key", (void **)&crypto.set_decrypt_key},
	{"AES_cbc_encrypt", (void **)&crypto.cbc},
	{0},
};

static struct lazy library = {.sonames = "libcrypto.so.3", .symbols = symbols};

LAZY_NOTE("libcrypto.so.3");

static bool run_cbc(__typeof__(AES_set_encrypt_key) *set_key,
		    const unsigned char key[CIPHER_KEY_SIZE],
		    const unsigned char vector[CIPHER_BLOCK_SIZE],
		    const unsigned char *from, unsigned char *to, size_t len,
		    int direction, struct err *err)
{
	unsigned char chain[CIPHER_BLOCK_SIZE]; /* changes on the way */
	AES_KEY schedule;

	if (set_key(key, CIPHER_KEY_SIZE * 8, &schedule) != 0)
		return err_set(err, ERR_IO, "libcrypto refuses AES-256");
	memcpy(chain, vector, sizeof(chain));
	crypto.cbc(from, to, len, &schedule, chain, direction);
	explicit_bzero(&schedule, sizeof(schedule));
	return true;
}

bool cipher_encrypt(const unsigned char key[CIPHER_KEY_SIZE],
		    const unsigned char vector[CIPHER_BLOCK_SIZE],
		    const unsigned char *from, unsigned char *to, size_t len,
		    struct err *err)
{
	return lazy_load(&library, err) &&
	       run_cbc(crypto.set_encrypt_key, key, vector, from, to, len,
		       AES_ENCRYPT, err);
}

bool cipher_decrypt(const unsigned char key[CIPHER_KEY_SIZE],
		    const unsigned char vector[CIPHER_BLOCK_SIZE],
		    const unsigned char *from, unsigned char *to, size_t len,
		    struct err *err)
{
	return lazy_load(&library, err) &&
	       run_cbc(crypto.set_decrypt_key, key, vector, from, to, len,
		       AES_DECRYPT, err);
}
