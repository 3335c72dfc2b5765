#include "format/hash.h"

#include "base/err.h"
#include "tests/unit/unit.h"

/* NIST's examples for SHA-256; the empty text is commonly quoted. */
static void test_sha256(void **state)
{
	static const struct {
		const char *text;
		const char *hex;
	} cases[] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb924"
		     "27ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223"
			"b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		 "248d6a61d20638b8e5c026930c3e6039"
		 "a33ce45964ff2167f6ecedd419db06c1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char hex[SHA256_HEX_SIZE];
		struct err err = {0};

		assert_true(sha256_hex(cases[i].text, strlen(cases[i].text),
				       hex, &err));
		assert_string_equal(hex, cases[i].hex);
	}
}

/* FIPS 180's two messages, and none. */
static void test_sha1(void **state)
{
	static const struct {
		const char *text, *hex;
	} cases[] = {
		{"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		 "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
		{"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char hex[SHA1_HEX_SIZE];
		struct err err = {0};

		assert_true(sha1_hex(cases[i].text, strlen(cases[i].text), hex,
				     &err));
		assert_string_equal(hex, cases[i].hex);
	}
}

/* NIST's examples for SHA-512. */
static void test_sha512(void **state)
{
	char hex[SHA512_HEX_SIZE];
	struct err err = {0};

	(void)state;
	assert_true(sha512_hex("abc", 3, hex, &err));
	assert_string_equal(hex, "ddaf35a193617abacc417349ae204131"
				 "12e6fa4e89a97ea20a9eeee64b55d39a"
				 "2192992a274fc1a836ba3c23a3feebbd"
				 "454d4423643ce80e2a9ac94fa54ca49f");
	assert_true(sha512_hex("", 0, hex, &err));
	assert_string_equal(hex, "cf83e1357eefb8bdf1542850d66d8007"
				 "d620e4050b5715dc83f4a921d36ce9ce"
				 "47d0d13c5d85f2b0ff8318d2877eec2f"
				 "63b931bd47417a81a538327af927da3e");
}

/* RFC 4231, test cases 2 and 6. */
static void test_hmac(void **state)
{
	static const char long_text[] =
		"Test Using Larger Than Block-Size Key - Hash Key First";
	unsigned char mac[SHA256_SIZE], key[131];
	char hex[SHA256_HEX_SIZE];
	struct err err = {0};

	(void)state;
	assert_true(hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28,
				mac, &err));
	hex_encode(mac, sizeof(mac), hex);
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c7"
				 "5a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	assert_true(hmac_sha256(key, sizeof(key), long_text, strlen(long_text),
				mac, &err));
	hex_encode(mac, sizeof(mac), hex);
	assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f"
				 "8e0bc6213728c5140546040f0ee37f54");
}

/* By Python's hmac: keys about a block's length, and over the key itself. */
static void test_hmac_of_keys(void **state)
{
	static const struct {
		size_t len;
		const char *hex;
	} cases[] = {
		{0, "0611b704abab473f956257a09cc2fc2c"
		    "867211d077bdffc5a91bd8a5047826ff"},
		{64, "f565e8ed3bf601e6520c2ba6b5171977"
		     "f009c49504380304e76720c8c19e3fa6"},
		{65, "b2f4d36d00051825b96f4aa8e43d9146"
		     "f429326e4f4c8df0b65b107eac23d844"},
	};
	unsigned char key[65], mac[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	struct err err = {0};

	(void)state;
	memset(key, 7, sizeof(key));
	for (size_t i = ARRAY_SIZE(cases); i-- > 0;) {
		assert_true(
			hmac_sha256(key, cases[i].len, "text", 4, mac, &err));
		hex_encode(mac, sizeof(mac), hex);
		assert_string_equal(hex, cases[i].hex);
	}
	assert_true(hmac_sha256(mac, sizeof(mac), "again", 5, mac, &err));
	hex_encode(mac, sizeof(mac), hex);
	assert_string_equal(hex, "1b9539d71b8e2a86b82c027fbecc0331"
				 "96b107ffc589c475639fd810b6694660");
}

static void test_sha256_in_pieces(void **state)
{
	static const char text[] = "what do ya want for nothing?";
	char whole[SHA256_HEX_SIZE], pieces[SHA256_HEX_SIZE];
	struct sha256 sha256;
	struct err err = {0};

	(void)state;
	assert_true(sha256_hex(text, strlen(text), whole, &err));
	for (size_t cut = 0; cut <= strlen(text); cut++) {
		assert_true(sha256_start(&sha256, &err));
		assert_true(sha256_add(&sha256, text, cut, &err));
		assert_true(sha256_add(&sha256, text + cut, strlen(text) - cut,
				       &err));
		assert_true(sha256_end_hex(&sha256, pieces, &err));
		assert_string_equal(pieces, whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_sha256_in_pieces),
		cmocka_unit_test(test_sha1),
		cmocka_unit_test(test_sha512),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_hmac_of_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
