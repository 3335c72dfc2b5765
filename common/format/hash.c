#include "format/hash.h"

/*
 * The digest's low-level functions: EVP's cost 1.2 ms more at their first use
 * (providers and the configuration file).  SHA-256 alone is linked in from
 * libcrypto.a: loading libcrypto.so takes 1 ms, two thirds of packaging a
 * small chart.  The rest is loaded at first use.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <string.h>

#include <openssl/sha.h>

#include "base/err.h"
#include "base/secret.h"
#include "sys/lazy.h"

static struct {
	__typeof__(SHA1) *sha1;
	__typeof__(SHA512) *sha512;
} crypto;

static const struct lazy_symbol symbols[] = {
	{"SHA1", (void **)&crypto.sha1},
	{"SHA512", (void **)&crypto.sha512},
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

/* The key as RFC 2104 wants it: of a block's length, turned by @turn. */
static void pad_key(unsigned char block[SHA256_CBLOCK],
		    const unsigned char *key, size_t key_len,
		    unsigned char turn)
{
	memset(block, turn, SHA256_CBLOCK);
	for (size_t i = 0; i < key_len; i++)
		block[i] ^= key[i];
}

/* The hash of @block and then @bytes. */
static bool hash_both(const unsigned char block[SHA256_CBLOCK],
		      const void *bytes, size_t len,
		      unsigned char digest[SHA256_SIZE], struct err *err)
{
	SHA256_CTX context;
	bool done = SHA256_Init(&context) == 1 &&
		    SHA256_Update(&context, block, SHA256_CBLOCK) == 1 &&
		    SHA256_Update(&context, bytes, len) == 1 &&
		    SHA256_Final(digest, &context) == 1;

	wipe(&context, sizeof(context));
	return done || refused(err);
}

/* Made of what is linked in: libcrypto's own would have it loaded. */
bool hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
		 unsigned char mac[SHA256_SIZE], struct err *err)
{
	unsigned char inner[SHA256_CBLOCK], outer[SHA256_CBLOCK];
	unsigned char hashed[SHA256_SIZE];
	bool done;

	if (key_len > SHA256_CBLOCK) {
		if (!sha256_bytes(key, key_len, hashed, err))
			return false;
		key = hashed;
		key_len = sizeof(hashed);
	}
	pad_key(inner, key, key_len, 0x36);
	pad_key(outer, key, key_len, 0x5c);
	done = hash_both(inner, bytes, len, mac, err) &&
	       hash_both(outer, mac, SHA256_SIZE, mac, err);
	wipe(inner, sizeof(inner));
	wipe(outer, sizeof(outer));
	wipe(hashed, sizeof(hashed));
	return done;
}

bool sha256_is_hex(const char *text)
{
	return text && strlen(text) == SHA256_HEX_SIZE - 1 &&
	       strspn(text, "0123456789abcdef") == SHA256_HEX_SIZE - 1;
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
