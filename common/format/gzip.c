#include "format/gzip.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/gzip_crc.h"
#include "format/gzip_deflate.h"
#include "format/gzip_format.h"

#define EXTRA_MAX  UINT16_MAX
#define OS_UNKNOWN 255

static void add_le(struct str *out, uint32_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		str_add_char(out, (char)(number >> 8 * i & 0xff));
}

static void add_header(struct str *out, const struct gzip_header *header)
{
	unsigned int flags = 0;

	if (header && header->extra)
		flags |= GZIP_EXTRA;
	if (header && header->comment)
		flags |= GZIP_COMMENT;
	str_add(out, GZIP_MAGIC);
	add_le(out, GZIP_METHOD, 1);
	add_le(out, flags, 1);
	add_le(out, 0, 4);
	add_le(out, 0, 1);
	add_le(out, OS_UNKNOWN, 1);
	if (flags & GZIP_EXTRA) {
		add_le(out, (uint32_t)header->extra_len, 2);
		str_add_bytes(out, header->extra, header->extra_len);
	}
	if (flags & GZIP_COMMENT)
		str_add_bytes(out, header->comment,
			      strlen(header->comment) + 1);
}

struct gzip_state {
	struct gzip_deflate *deflate;
	struct str *out;
	uint32_t sum;
	size_t total;
};

void gzip_start(struct gzip *gzip, struct str *out,
		const struct gzip_header *header)
{
	struct gzip_state *state = xcalloc(1, sizeof(*state));

	if (header && header->extra_len > EXTRA_MAX)
		BUG("gzip header field of %zu bytes", header->extra_len);
	add_header(out, header);
	state->deflate = deflate_new(out);
	state->out = out;
	gzip->state = state;
}

void gzip_add(struct gzip *gzip, const void *bytes, size_t len)
{
	struct gzip_state *state = gzip->state;

	state->sum = gzip_crc(state->sum, bytes, len);
	state->total += len;
	deflate_add(state->deflate, bytes, len);
}

void gzip_end(struct gzip *gzip)
{
	struct gzip_state *state = gzip->state;

	deflate_finish(state->deflate);
	add_le(state->out, state->sum, 4);
	add_le(state->out, (uint32_t)state->total, 4);
}

void gzip_release(struct gzip *gzip)
{
	if (gzip->state)
		deflate_free(gzip->state->deflate);
	free(gzip->state);
	*gzip = (struct gzip){0};
}

void gzip_compress(struct str *out, const void *bytes, size_t len,
		   const struct gzip_header *header)
{
	CLEANUP(gzip_release) struct gzip gzip = {0};

	gzip_start(&gzip, out, header);
	gzip_add(&gzip, bytes, len);
	gzip_end(&gzip);
}
