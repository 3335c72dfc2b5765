/* Sprig's digests, its encodings of bytes, and its cipher. */
#include <stdint.h>
#include <string.h>

#include "base/base64.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "format/cipher.h"
#include "format/hash.h"
#include "format/value.h"
#include "tmpl/func.h"
#include "tmpl/goradix.h"

/* --- digests ------------------------------------------------------------- */

/* Text that is as much work for a digest as a step. */
#define BYTES_PER_UNIT 16

static bool run_sha1sum(struct call *call, struct err *err)
{
	const struct value_text *text = call_text(call, 0);
	char hex[SHA1_HEX_SIZE];

	return call_charge(call, text->len / BYTES_PER_UNIT, 0, err) &&
	       sha1_hex(text->bytes, text->len, hex, err) &&
	       call_give_text(call, hex, sizeof(hex) - 1);
}

static bool run_sha256sum(struct call *call, struct err *err)
{
	const struct value_text *text = call_text(call, 0);
	char hex[SHA256_HEX_SIZE];

	return call_charge(call, text->len / BYTES_PER_UNIT, 0, err) &&
	       sha256_hex(text->bytes, text->len, hex, err) &&
	       call_give_text(call, hex, sizeof(hex) - 1);
}

static bool run_sha512sum(struct call *call, struct err *err)
{
	const struct value_text *text = call_text(call, 0);
	char hex[SHA512_HEX_SIZE];

	return call_charge(call, text->len / BYTES_PER_UNIT, 0, err) &&
	       sha512_hex(text->bytes, text->len, hex, err) &&
	       call_give_text(call, hex, sizeof(hex) - 1);
}

/* RFC 1950, in decimal. */
static bool run_adler32sum(struct call *call, struct err *err)
{
	const struct value_text *text = call_text(call, 0);
	CLEANUP(str_release) struct str sum = {0};
	uint32_t a = 1, b = 0;

	for (size_t i = 0; i < text->len; i++) {
		a = (a + (unsigned char)text->bytes[i]) % 65521;
		b = (b + a) % 65521;
	}
	str_addf(&sum, "%lu", (unsigned long)(b << 16 | a));
	return call_charge(call, text->len / BYTES_PER_UNIT, 0, err) &&
	       call_give_str(call, &sum, err);
}

/* --- encodings ----------------------------------------------------------- */

static bool run_b64enc(struct call *call, struct err *err)
{
	const struct value_text *text = call_text(call, 0);
	CLEANUP(str_release) struct str encoded = CALL_TEXT;

	if (!call_charge_text(call, 0, err))
		return false;
	base64_encode(&encoded, text->bytes, text->len, BASE64_STANDARD);
	return call_give_str(call, &encoded, err);
}

static bool run_b32enc(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str encoded = CALL_TEXT;

	if (!call_charge_text(call, 0, err))
		return false;
	goradix_encode32(&encoded, call_text(call, 0));
	return call_give_str(call, &encoded, err);
}

/* Of what cannot be decoded, Go's error is the result. */
static bool run_b64dec(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str decoded = CALL_TEXT;
	size_t bad;

	if (!call_charge_text(call, 0, err))
		return false;
	if (!goradix_decode64(&decoded, call_text(call, 0), &bad)) {
		str_clear(&decoded);
		str_addf(&decoded, "illegal base64 data at input byte %zu",
			 bad);
	}
	return call_give_str(call, &decoded, err);
}

static bool run_b32dec(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str decoded = CALL_TEXT;
	size_t bad;

	if (!call_charge_text(call, 0, err))
		return false;
	if (!goradix_decode32(&decoded, call_text(call, 0), &bad)) {
		str_clear(&decoded);
		str_addf(&decoded, "illegal base32 data at input byte %zu",
			 bad);
	}
	return call_give_str(call, &decoded, err);
}

/* --- cipher -------------------------------------------------------------- */

/* As Sprig's: the password itself, cut or filled up with zeros. */
static void make_key(unsigned char key[CIPHER_KEY_SIZE],
		     const struct value_text *password)
{
	size_t len = password->len < CIPHER_KEY_SIZE ? password->len
						     : CIPHER_KEY_SIZE;

	memset(key, 0, CIPHER_KEY_SIZE);
	memcpy(key, password->bytes, len);
}

/* The vector, the text and PKCS #7's padding, in base 64. */
static bool run_encrypt_aes(struct call *call, struct err *err)
{
	const struct value_text *plain = call_text(call, 1);
	size_t padding = CIPHER_BLOCK_SIZE - plain->len % CIPHER_BLOCK_SIZE;
	size_t len = plain->len + padding;
	CLEANUP(str_release) struct str encoded = CALL_TEXT;
	unsigned char key[CIPHER_KEY_SIZE], *vector, *content;

	if (plain->len == 0)
		return call_give(call, call->args[1]);
	if (!call_charge(call, len / BYTES_PER_UNIT, len, err))
		return false;
	vector = arena_alloc(call->arena, CIPHER_BLOCK_SIZE + len);
	content = vector + CIPHER_BLOCK_SIZE;
	memcpy(content, plain->bytes, plain->len);
	memset(content + plain->len, (int)padding, padding);
	make_key(key, call_text(call, 0));
	if (!random_bytes(vector, CIPHER_BLOCK_SIZE))
		return err_set(err, ERR_IO, "the system gives no random bytes");
	if (!cipher_encrypt(key, vector, content, content, len, err))
		return false;
	base64_encode(&encoded, vector, CIPHER_BLOCK_SIZE + len,
		      BASE64_STANDARD);
	return call_give_str(call, &encoded, err);
}

/* Sprig looks at the last byte alone to tell how much is padding. */
static bool give_unpadded(struct call *call, const unsigned char *bytes,
			  size_t len, struct err *err)
{
	size_t padding = bytes[len - 1];

	if (padding > len)
		return err_set(err, ERR_INPUT,
			       "the password or the text is not right");
	return call_give_text(call, (const char *)bytes, len - padding);
}

static bool run_decrypt_aes(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str bytes = CALL_TEXT;
	unsigned char key[CIPHER_KEY_SIZE], *vector, *content;
	size_t bad, len;

	if (call_text(call, 1)->len == 0)
		return call_give(call, call->args[1]);
	if (!goradix_decode64(&bytes, call_text(call, 1), &bad))
		return err_set(err, ERR_INPUT,
			       "illegal base64 data at input byte %zu", bad);
	if (bytes.len < 2 * CIPHER_BLOCK_SIZE || bytes.len % CIPHER_BLOCK_SIZE)
		return err_set(err, ERR_INPUT,
			       "%zu bytes are not what encryptAES gives",
			       bytes.len);
	len = bytes.len - CIPHER_BLOCK_SIZE;
	if (!call_charge(call, len / BYTES_PER_UNIT, len, err))
		return false;
	vector = (unsigned char *)bytes.buf;
	content = vector + CIPHER_BLOCK_SIZE;
	make_key(key, call_text(call, 0));
	return cipher_decrypt(key, vector, content, content, len, err) &&
	       give_unpadded(call, content, len, err);
}

const struct func funcs_digest[] = {
	{"adler32sum", "s", run_adler32sum},
	{"b32dec", "s", run_b32dec},
	{"b32enc", "s", run_b32enc},
	{"b64dec", "s", run_b64dec},
	{"b64enc", "s", run_b64enc},
	{"decryptAES", "ss", run_decrypt_aes},
	{"encryptAES", "ss", run_encrypt_aes},
	{"sha1sum", "s", run_sha1sum},
	{"sha256sum", "s", run_sha256sum},
	{"sha512sum", "s", run_sha512sum},
	{NULL},
};
