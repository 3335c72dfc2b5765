#include "format/gzip.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#define CHUNK	     ((size_t)64 << 10)
#define EXTRA_MAX    UINT16_MAX
#define FLAG_EXTRA   0x04
#define FLAG_COMMENT 0x10
#define OS_UNKNOWN   255
#define RAW_DEFLATE  (-MAX_WBITS)
#define WITH_GZIP    (MAX_WBITS + 16)
#define MEMORY_LEVEL 8

static void end_inflate(z_stream *stream)
{
	inflateEnd(stream);
}

/* zlib's input pointers are not const. */
static Bytef *as_input(const void *bytes)
{
	return (Bytef *)(uintptr_t)bytes;
}

static void add_le(struct str *out, uint32_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		str_add_char(out, (char)(number >> 8 * i & 0xff));
}

/* Written by hand: zlib would say which level it used, Go does not. */
static void add_header(struct str *out, const struct gzip_header *header)
{
	unsigned int flags = 0;

	if (header && header->extra)
		flags |= FLAG_EXTRA;
	if (header && header->comment)
		flags |= FLAG_COMMENT;
	str_add_bytes(out, "\x1f\x8b\x08", 3);
	add_le(out, flags, 1);
	add_le(out, 0, 4);
	add_le(out, 0, 1);
	add_le(out, OS_UNKNOWN, 1);
	if (flags & FLAG_EXTRA) {
		add_le(out, (uint32_t)header->extra_len, 2);
		str_add_bytes(out, header->extra, header->extra_len);
	}
	if (flags & FLAG_COMMENT)
		str_add_bytes(out, header->comment,
			      strlen(header->comment) + 1);
}

/* avail_in counts an unsigned int only. */
static void feed(z_stream *stream, size_t *left)
{
	size_t part = *left < UINT32_MAX / 2 ? *left : UINT32_MAX / 2;

	if (stream->avail_in)
		return;
	stream->avail_in = (uInt)part;
	*left -= part;
}

struct gzip_state {
	z_stream stream;
	struct str *out;
	uLong sum;
	size_t total;
	unsigned char chunk[CHUNK / 4];
};

bool gzip_start(struct gzip *gzip, struct str *out,
		const struct gzip_header *header, struct err *err)
{
	struct gzip_state *state = xcalloc(1, sizeof(*state));

	if (header && header->extra_len > EXTRA_MAX)
		BUG("gzip header field of %zu bytes", header->extra_len);
	if (deflateInit2(&state->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
			 RAW_DEFLATE, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		free(state);
		return err_set(err, ERR_IO, "zlib refuses to compress");
	}
	state->out = out;
	state->sum = crc32_z(0, NULL, 0);
	add_header(out, header);
	gzip->state = state;
	return true;
}

static int deflate_chunk(struct gzip_state *state, int flush)
{
	z_stream *stream = &state->stream;
	int result;

	stream->next_out = state->chunk;
	stream->avail_out = sizeof(state->chunk);
	result = deflate(stream, flush);
	str_add_bytes(state->out, (const char *)state->chunk,
		      sizeof(state->chunk) - stream->avail_out);
	return result;
}

bool gzip_add(struct gzip *gzip, const void *bytes, size_t len, struct err *err)
{
	struct gzip_state *state = gzip->state;

	state->sum = crc32_z(state->sum, bytes, len);
	state->total += len;
	state->stream.next_in = as_input(bytes);
	for (;;) {
		feed(&state->stream, &len);
		if (!state->stream.avail_in)
			return true;
		if (deflate_chunk(state, Z_NO_FLUSH) != Z_OK)
			return err_set(err, ERR_IO, "zlib fails to compress");
	}
}

bool gzip_end(struct gzip *gzip, struct err *err)
{
	struct gzip_state *state = gzip->state;
	int result;

	do {
		result = deflate_chunk(state, Z_FINISH);
	} while (result == Z_OK);
	if (result != Z_STREAM_END)
		return err_set(err, ERR_IO, "zlib fails to compress");
	add_le(state->out, (uint32_t)state->sum, 4);
	add_le(state->out, (uint32_t)state->total, 4);
	return true;
}

void gzip_release(struct gzip *gzip)
{
	if (gzip->state)
		deflateEnd(&gzip->state->stream);
	free(gzip->state);
	*gzip = (struct gzip){0};
}

bool gzip_compress(struct str *out, const void *bytes, size_t len,
		   const struct gzip_header *header, struct err *err)
{
	CLEANUP(gzip_release) struct gzip gzip = {0};
	size_t before = out->len;

	if (gzip_start(&gzip, out, header, err) &&
	    gzip_add(&gzip, bytes, len, err) && gzip_end(&gzip, err))
		return true;
	str_truncate(out, before);
	return false;
}

static bool damaged(const z_stream *stream, int result, struct err *err)
{
	if (result == Z_BUF_ERROR)
		return err_set(err, ERR_INPUT, "compressed data is cut off");
	return err_set(err, ERR_INPUT, "compressed data is damaged: %s",
		       stream->msg ? stream->msg : "not gzip");
}

bool gzip_each(const void *bytes, size_t len, size_t limit,
	       bool (*sink)(void *context, const char *part, size_t part_len,
			    struct err *err),
	       void *context, struct err *err)
{
	CLEANUP(end_inflate) z_stream stream = {.next_in = as_input(bytes)};
	unsigned char chunk[CHUNK];
	size_t total = 0;

	if (inflateInit2(&stream, WITH_GZIP) != Z_OK)
		return err_set(err, ERR_IO, "zlib refuses to expand");
	for (;;) {
		size_t part;
		int result;

		feed(&stream, &len);
		stream.next_out = chunk;
		stream.avail_out = sizeof(chunk);
		result = inflate(&stream, Z_NO_FLUSH);
		part = sizeof(chunk) - stream.avail_out;
		if (part > limit - total)
			return err_set(
				err, ERR_INPUT,
				"compressed data holds more than %zu bytes",
				limit);
		total += part;
		if (!sink(context, (const char *)chunk, part, err))
			return false;
		if (result != Z_OK && result != Z_STREAM_END)
			return damaged(&stream, result, err);
		if (result != Z_STREAM_END)
			continue;
		if (!stream.avail_in && !len)
			return true;
		inflateReset(&stream);
	}
}

static bool append(void *context, const char *part, size_t len, struct err *err)
{
	(void)err;
	str_add_bytes(context, part, len);
	return true;
}

bool gzip_expand(struct str *out, const void *bytes, size_t len, size_t limit,
		 struct err *err)
{
	size_t before = out->len;

	if (gzip_each(bytes, len, limit, append, out, err))
		return true;
	str_truncate(out, before);
	return false;
}
