#include "format/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/err.h"
#include "sys/lazy.h"

static struct {
	__typeof__(EVP_MD_CTX_new) *context_new;
	__typeof__(EVP_MD_CTX_free) *context_free;
	__typeof__(EVP_sha256) *sha256;
	__typeof__(EVP_DigestInit_ex) *init;
	__typeof__(EVP_DigestUpdate) *update;
	__typeof__(EVP_DigestFinal_ex) *final;
	__typeof__(HMAC) *hmac;
} crypto;

static const struct lazy_symbol symbols[] = {
	{"EVP_MD_CTX_new", (void **)&crypto.context_new},
	{"EVP_MD_CTX_free", (void **)&crypto.context_free},
	{"EVP_sha256", (void **)&crypto.sha256},
	{"EVP_DigestInit_ex", (void **)&crypto.init},
	{"EVP_DigestUpdate", (void **)&crypto.update},
	{"EVP_DigestFinal_ex", (void **)&crypto.final},
	{"HMAC", (void **)&crypto.hmac},
	{0},
};

static struct lazy library = {.sonames = "libcrypto.so.3", .symbols = symbols};

LAZY_NOTE("libcrypto.so.3");

static bool refused(struct err *err)
{
	return err_set(err, ERR_IO, "libcrypto refuses SHA-256");
}

static bool start(struct sha256 *hash, struct err *err)
{
	if (hash->context)
		return true;
	if (!lazy_load(&library, err))
		return false;
	hash->context = crypto.context_new();
	if (!hash->context)
		return refused(err);
	if (crypto.init(hash->context, crypto.sha256(), NULL) != 1) {
		sha256_release(hash);
		return refused(err);
	}
	return true;
}

bool sha256_add(struct sha256 *hash, const void *bytes, size_t len,
		struct err *err)
{
	if (!start(hash, err))
		return false;
	if (crypto.update(hash->context, bytes, len) != 1)
		return refused(err);
	return true;
}

bool sha256_finish(struct sha256 *hash, unsigned char digest[SHA256_SIZE],
		   struct err *err)
{
	int ok;

	if (!start(hash, err))
		return false;
	ok = crypto.final(hash->context, digest, NULL);
	sha256_release(hash);
	return ok == 1 || refused(err);
}

void sha256_release(struct sha256 *hash)
{
	if (hash->context)
		crypto.context_free(hash->context);
	hash->context = NULL;
}

bool sha256_bytes(const void *bytes, size_t len,
		  unsigned char digest[SHA256_SIZE], struct err *err)
{
	CLEANUP(sha256_release) struct sha256 hash = {0};

	return sha256_add(&hash, bytes, len, err) &&
	       sha256_finish(&hash, digest, err);
}

bool sha256_hex(const void *bytes, size_t len, char hex[SHA256_HEX_SIZE],
		struct err *err)
{
	unsigned char digest[SHA256_SIZE];

	if (!sha256_bytes(bytes, len, digest, err))
		return false;
	hex_encode(digest, sizeof(digest), hex);
	return true;
}

bool hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
		 unsigned char mac[SHA256_SIZE], struct err *err)
{
	if (!lazy_load(&library, err))
		return false;
	if (!crypto.hmac(crypto.sha256(), key, (int)key_len, bytes, len, mac,
			 NULL))
		return refused(err);
	return true;
}

void hex_encode(const unsigned char *bytes, size_t len, char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 0xf];
	}
	hex[2 * len] = '\0';
}
