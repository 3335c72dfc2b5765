/*
 * Any bytes come back from being compressed, and are a deflate stream that is
 * expanded or refused.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "format/gzip.h"

#define EXPANDED_MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void there_and_back(const uint8_t *data, size_t size)
{
	CLEANUP(str_release) struct str packed = {0}, back = {0};
	CLEANUP(err_release) struct err err = {0};

	gzip_compress(&packed, data, size, NULL);
	if (!gzip_expand(&back, packed.buf, packed.len, size, &err))
		BUG("compressed bytes do not expand: %s", err.text);
	if (back.len != size || (size && memcmp(back.buf, data, size)))
		BUG("compressed bytes expand to others");
}

/* A fuzzer cannot guess checksums: this ends at the trailer at the latest. */
static void expand(const uint8_t *data, size_t size)
{
	CLEANUP(str_release) struct str stream = {0}, out = {0};
	CLEANUP(err_release) struct err err = {0};

	str_add_bytes(&stream, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
	str_add_bytes(&stream, (const char *)data, size);
	str_add_repeated(&stream, '\0', 8);
	if (!gzip_expand(&out, stream.buf, stream.len, EXPANDED_MAX, &err) &&
	    out.len)
		BUG("something is left of what was refused");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	there_and_back(data, size);
	expand(data, size);
	return 0;
}
