#include "format/gzip.h"

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "common/format/gzip_crc.h"
#include "format/hash.h"
#include "tests/unit/unit.h"

#define LIMIT ((size_t)1 << 20)

static void add_words(struct str *text)
{
	for (unsigned int i = 0; i < 30000; i++)
		str_addf(text, "%x ", i * 2654435761u % 5003);
}

/* The header that Go's compress/gzip writes with Extra and Comment set. */
static void test_header(void **state)
{
	static const unsigned char expected[] = {
		0x1f, 0x8b, 8, 0x14, 0,	  0,   0,   0,	 0, 255,
		2,    0,    1, 2,    'H', 'e', 'l', 'm', 0,
	};
	const struct gzip_header header = {
		.extra = "\1\2", .extra_len = 2, .comment = "Helm"};
	CLEANUP(str_release) struct str out = {0};

	(void)state;
	gzip_compress(&out, "x", 1, &header);
	assert_true(out.len > sizeof(expected));
	assert_memory_equal(out.buf, expected, sizeof(expected));
}

static void test_there_and_back(void **state)
{
	static const size_t sizes[] = {0, 1, 511, 65536, 65537, 300000};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		CLEANUP(str_release) struct str text = {0}, packed = {0},
						back = {0};
		unsigned int noise = 1;
		struct err err = {0};

		while (text.len < sizes[i]) {
			noise = noise * 1103515245 + 12345;
			str_add_char(&text, (char)(noise >> 24));
		}
		gzip_compress(&packed, str_text(&text), text.len, NULL);
		assert_true(gzip_expand(&back, packed.buf, packed.len, LIMIT,
					&err));
		assert_int_equal(back.len, text.len);
		assert_memory_equal(str_text(&back), str_text(&text), text.len);
	}
}

/* What compress/gzip of Go 1.26 makes of the same, without its header. */
static void test_the_bytes_are_those_of_go(void **state)
{
	static const struct {
		const char *text;
		size_t times;
		const char *packed;
		size_t len;
	} cases[] = {
		{"", 1, "\1\0\0\xff\xff", 5},
		{"x", 1, "\xaa\0\4\0\0\xff\xff", 7},
		{"a", 300, "\x4a\x1c\5\x44\3\x40\0\0\0\xff\xff", 11},
		{"abcdabceabcf", 20,
		 "\x4a\x4c\x4a\x4e\x49\x4c\x4a\x4e\x4d\x4c\x4a\x4e\x1b\x09"
		 "\x6c\x40\0\0\0\xff\xff",
		 21},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str text = {0}, packed = {0};

		for (size_t n = 0; n < cases[i].times; n++)
			str_add(&text, cases[i].text);
		gzip_compress(&packed, str_text(&text), text.len, NULL);
		assert_int_equal(packed.len, 10 + cases[i].len + 8);
		assert_memory_equal(packed.buf + 10, cases[i].packed,
				    cases[i].len);
	}
}

/* More than a window, and more tokens than are in a block. */
static void test_a_long_text_is_compressed_as_by_go(void **state)
{
	CLEANUP(str_release) struct str text = {0}, packed = {0};
	CLEANUP(err_release) struct err err = {0};
	char digest[SHA256_HEX_SIZE];

	(void)state;
	add_words(&text);
	gzip_compress(&packed, text.buf, text.len, NULL);
	assert_int_equal(packed.len, 39353);
	assert_true(sha256_hex(packed.buf, packed.len, digest, &err));
	assert_string_equal(digest, "9553d3b6119bc077cc1f66330b0dde3d"
				    "6a0995dece3bba235f9d60e5c09352e1");
}

static void test_several_members(void **state)
{
	CLEANUP(str_release) struct str packed = {0}, back = {0};
	struct err err = {0};

	(void)state;
	gzip_compress(&packed, "one ", 4, NULL);
	gzip_compress(&packed, "two", 3, NULL);
	assert_true(gzip_expand(&back, packed.buf, packed.len, LIMIT, &err));
	assert_string_equal(str_text(&back), "one two");
}

static void refuses(const char *name, const struct str *bytes, size_t len,
		    size_t limit, const char *cause)
{
	CLEANUP(str_release) struct str out = {0};
	CLEANUP(err_release) struct err err = {0};

	str_add(&out, "kept");
	assert_case(name,
		    !gzip_expand(&out, str_text(bytes), len, limit, &err));
	assert_case(name, err.kind == ERR_INPUT);
	assert_case(name, strstr(err.text, cause));
	assert_string_equal(str_text(&out), "kept");
}

static void test_bad_input(void **state)
{
	CLEANUP(str_release) struct str text = {0}, good = {0}, damaged = {0},
					tail = {0};

	(void)state;
	str_add(&text, "apiVersion: v2");
	gzip_compress(&good, "some text, some text", 20, NULL);
	str_add_bytes(&damaged, good.buf, good.len);
	damaged.buf[good.len - 6] ^= 1;
	str_add_bytes(&tail, good.buf, good.len);
	str_add(&tail, "tail");

	refuses("empty", &text, 0, LIMIT, "cut off");
	refuses("text", &text, text.len, LIMIT, "damaged");
	refuses("short", &good, good.len - 1, LIMIT, "cut off");
	refuses("header only", &good, 10, LIMIT, "cut off");
	refuses("checksum", &damaged, damaged.len, LIMIT, "damaged");
	damaged.buf[good.len - 6] ^= 1;
	damaged.buf[good.len - 4] ^= 1;
	refuses("size", &damaged, damaged.len, LIMIT, "damaged");
	refuses("tail", &tail, tail.len, LIMIT, "damaged");
	refuses("limit", &good, good.len, 19, "more than 19 bytes");
}

/* FHCRC: two bytes of the header's own checksum behind it. */
static void test_header_with_a_sum(void **state)
{
	CLEANUP(str_release) struct str plain = {0}, summed = {0}, back = {0};
	struct err err = {0};
	uint32_t sum;

	(void)state;
	gzip_compress(&plain, "text", 4, NULL);
	str_add_bytes(&summed, plain.buf, 10);
	summed.buf[3] = 2;
	sum = gzip_crc(0, summed.buf, summed.len);
	str_add_char(&summed, (char)(sum & 0xff));
	str_add_char(&summed, (char)(sum >> 8 & 0xff));
	str_add_bytes(&summed, plain.buf + 10, plain.len - 10);
	assert_true(gzip_expand(&back, summed.buf, summed.len, LIMIT, &err));
	assert_string_equal(str_text(&back), "text");
	summed.buf[10] ^= 1;
	refuses("header", &summed, summed.len, LIMIT, "damaged");
}

/* Ends the matter with the second part. */
static bool take_one(void *context, const char *part, size_t len, bool *enough,
		     struct err *err)
{
	size_t *taken = context;

	(void)part;
	(void)enough;
	if (*taken)
		return err_set(err, ERR_CONFLICT, "enough");
	*taken = len;
	return true;
}

static void test_part_by_part(void **state)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(str_release) struct str packed = {0};
	CLEANUP(err_release) struct err err = {0};
	size_t taken = 0;

	(void)state;
	str_add_repeated(&text, 'x', 1 << 20);
	gzip_compress(&packed, text.buf, text.len, NULL);
	assert_false(gzip_each(packed.buf, packed.len, text.len, take_one,
			       &taken, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_true(taken > 0 && taken < text.len);
}

/* Has enough at the first dot. */
static bool take_sentence(void *context, const char *part, size_t len,
			  bool *enough, struct err *err)
{
	(void)err;
	str_add_bytes(context, part, len);
	*enough = strchr(str_text(context), '.');
	return true;
}

/* The member that has it counts as a whole, and what follows not at all. */
static void test_what_follows_enough(void **state)
{
	static const struct {
		const char *members[3]; /* "-": bytes that are no gzip */
		const char *text;	/* NULL = refused */
	} cases[] = {
		{{"one. ", "two"}, "one. "},	     {{"one. ", "-"}, "one. "},
		{{"one ", "two.", "-"}, "one two."}, {{"one ", "-"}, NULL},
		{{"one ", "two "}, "one two "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str packed = {0}, text = {0};
		CLEANUP(err_release) struct err err = {0};

		for (size_t j = 0; j < 3 && cases[i].members[j]; j++) {
			const char *member = cases[i].members[j];

			if (*member == '-')
				str_add(&packed, "junk");
			else
				gzip_compress(&packed, member, strlen(member),
					      NULL);
		}
		assert_case(cases[i].members[0],
			    gzip_each(packed.buf, packed.len, LIMIT,
				      take_sentence, &text,
				      &err) == (cases[i].text != NULL));
		if (cases[i].text)
			assert_string_equal(str_text(&text), cases[i].text);
		else
			assert_int_equal(err.kind, ERR_INPUT);
	}
}

/* However it is cut: the same bytes. */
static void test_in_pieces(void **state)
{
	static const size_t sizes[] = {1, 7, 511, 4096, 70000};
	CLEANUP(str_release) struct str text = {0}, whole = {0};

	(void)state;
	add_words(&text);
	gzip_compress(&whole, text.buf, text.len, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		CLEANUP(gzip_release) struct gzip gzip = {0};
		CLEANUP(str_release) struct str out = {0};

		gzip_start(&gzip, &out, NULL);
		for (size_t at = 0; at < text.len; at += sizes[i]) {
			size_t left = text.len - at;

			gzip_add(&gzip, text.buf + at,
				 left < sizes[i] ? left : sizes[i]);
		}
		gzip_end(&gzip);
		assert_int_equal(out.len, whole.len);
		assert_memory_equal(out.buf, whole.buf, whole.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_pieces),
		cmocka_unit_test(test_the_bytes_are_those_of_go),
		cmocka_unit_test(test_a_long_text_is_compressed_as_by_go),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_several_members),
		cmocka_unit_test(test_bad_input),
		cmocka_unit_test(test_header_with_a_sum),
		cmocka_unit_test(test_part_by_part),
		cmocka_unit_test(test_what_follows_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
