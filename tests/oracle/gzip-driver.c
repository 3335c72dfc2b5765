/*
 * What the texts on standard input are compressed to, in the form of
 * tests/oracle/gzip/main.go; with "expand" what they expand to, and the
 * length REFUSED for those that do not.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "format/gzip.h"
#include "sys/file.h"

#define INPUT_MAX    ((size_t)1 << 30)
#define SIZE	     4 /* bytes of a length */
#define REFUSED	     UINT32_MAX
#define EXPANDED_MAX ((size_t)64 << 20)

static size_t size_at(const struct str *input, size_t at)
{
	const unsigned char *bytes = (const unsigned char *)input->buf + at;

	return bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16 |
	       (size_t)bytes[3] << 24;
}

static void add_size(struct str *out, size_t size)
{
	for (size_t i = 0; i < SIZE; i++)
		str_add_char(out, (char)(size >> 8 * i & 0xff));
}

static bool append(void *context, const char *part, size_t len, struct err *err)
{
	(void)err;
	str_add_bytes(context, part, len);
	return true;
}

/* As a whole and in pieces, which must not differ. */
static bool expand(struct str *whole, const char *bytes, size_t len)
{
	CLEANUP(str_release) struct str pieces = {0};
	CLEANUP(err_release) struct err err = {0}, other = {0};
	bool ok = gzip_expand(whole, bytes, len, EXPANDED_MAX, &err);

	if (gzip_each(bytes, len, EXPANDED_MAX, append, &pieces, &other) != ok)
		BUG("as a whole: %s, in pieces: %s", err.text, other.text);
	if (ok && (pieces.len != whole->len ||
		   memcmp(str_text(&pieces), str_text(whole), whole->len)))
		BUG("other bytes in pieces");
	return ok;
}

static void answer(struct str *out, const char *bytes, size_t len,
		   bool expanding)
{
	CLEANUP(str_release) struct str result = {0};

	if (!expanding)
		gzip_compress(&result, bytes, len, NULL);
	else if (!expand(&result, bytes, len)) {
		add_size(out, REFUSED);
		return;
	}
	add_size(out, result.len);
	str_add_bytes(out, str_text(&result), result.len);
}

int main(int argc, char **argv)
{
	CLEANUP(str_release) struct str input = {0}, output = {0};
	CLEANUP(err_release) struct err err = {0};
	bool expanding = argc > 1 && !strcmp(argv[1], "expand");
	size_t at = 0;

	if (!file_read("-", INPUT_MAX, &input, &err)) {
		fprintf(stderr, "gzip-driver: %s\n", err.text);
		return 1;
	}
	while (at < input.len) {
		size_t size = size_at(&input, at);

		answer(&output, input.buf + at + SIZE, size, expanding);
		at += SIZE + size;
	}
	return fwrite(str_text(&output), 1, output.len, stdout) == output.len
		       ? 0
		       : 1;
}
