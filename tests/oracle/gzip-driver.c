/*
 * What the texts on standard input are compressed to, in the form of
 * tests/oracle/gzip/main.go.
 */
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"
#include "format/gzip.h"
#include "sys/file.h"

#define INPUT_MAX ((size_t)1 << 30)
#define SIZE	  4 /* bytes of a length */

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

int main(void)
{
	CLEANUP(str_release) struct str input = {0}, output = {0};
	CLEANUP(err_release) struct err err = {0};
	size_t at = 0;

	if (!file_read("-", INPUT_MAX, &input, &err)) {
		fprintf(stderr, "gzip-driver: %s\n", err.text);
		return 1;
	}
	while (at < input.len) {
		CLEANUP(str_release) struct str packed = {0};
		size_t size = size_at(&input, at);

		gzip_compress(&packed, input.buf + at + SIZE, size, NULL);
		add_size(&output, packed.len);
		str_add_bytes(&output, packed.buf, packed.len);
		at += SIZE + size;
	}
	return fwrite(str_text(&output), 1, output.len, stdout) == output.len
		       ? 0
		       : 1;
}
