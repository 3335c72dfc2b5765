#include "format/hash.h"

/*
 * The digest's low-level functions: EVP's cost 1.2 ms more at their first use
 * (providers and the configuration file).  SHA-256 alone is linked in from
 * libcrypto.a: loading libcrypto.so takes 1 ms, two thirds of packaging a
 * small chart.  The rest is loaded at first use.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "base/err.h"
#include "sys/lazy.h"

static struct {
	__typeof__(SHA1) *sha1;
	__typeof__(SHA512) *sha512;
	__typeof__(EVP_sha256) *sha256;
	__typeof__(HMAC) *hmac;
} crypto;

static const struct lazy_symbol symbols[] = {
	{"SHA1", (void **)&crypto.sha1},
	{"SHA512", (void **)&crypto.sha512},
	{"EVP_sha256", (void **)&crypto.sha256},
	{"HMAC", (void **)&crypto.hmac},
	{0},
};

static struct lazy library = {.sonames = "libcrypto.so.3", .symbols = symbols};

LAZY_NOTE("libcrypto.so.3");

static bool refused(struct err *err)
{
	return err_set(err, ERR_IO, "libcrypto refuses to hash");
}

bool sha256_bytes(const void *bytes, size_t len,
		  unsigned char digest[SHA256_SIZE], struct err *err)
{
	SHA256_CTX context;

	if (SHA256_Init(&context) != 1 ||
	    SHA256_Update(&context, bytes, len) != 1 ||
	    SHA256_Final(digest, &context) != 1)
		return refused(err);
	return true;
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

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256),
	       "room for libcrypto's state");

bool sha256_start(struct sha256 *sha256, struct err *err)
{
	return SHA256_Init((SHA256_CTX *)sha256) == 1 || refused(err);
}

bool sha256_add(struct sha256 *sha256, const void *bytes, size_t len,
		struct err *err)
{
	return SHA256_Update((SHA256_CTX *)sha256, bytes, len) == 1 ||
	       refused(err);
}

bool sha256_end_hex(struct sha256 *sha256, char hex[SHA256_HEX_SIZE],
		    struct err *err)
{
	unsigned char digest[SHA256_SIZE];

	if (SHA256_Final(digest, (SHA256_CTX *)sha256) != 1)
		return refused(err);
	hex_encode(digest, sizeof(digest), hex);
	return true;
}

bool sha1_hex(const void *bytes, size_t len, char hex[SHA1_HEX_SIZE],
	      struct err *err)
{
	unsigned char digest[SHA_DIGEST_LENGTH];

	if (!lazy_load(&library, err))
		return false;
	if (!crypto.sha1(bytes, len, digest))
		return refused(err);
	hex_encode(digest, sizeof(digest), hex);
	return true;
}

bool sha512_hex(const void *bytes, size_t len, char hex[SHA512_HEX_SIZE],
		struct err *err)
{
	unsigned char digest[SHA512_DIGEST_LENGTH];

	if (!lazy_load(&library, err))
		return false;
	if (!crypto.sha512(bytes, len, digest))
		return refused(err);
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
