#include "format/gzip.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/gzip_crc.h"
#include "format/gzip_deflate.h"
#include "format/gzip_zlib.h"

#define CHUNK		((size_t)64 << 10)
#define EXTRA_MAX	UINT16_MAX
#define FLAG_HEADER_SUM 0x02
#define FLAG_EXTRA	0x04
#define FLAG_COMMENT	0x10
#define OS_UNKNOWN	255
#define WITH_GZIP	(MAX_WBITS + 16)
#define HEADER		10 /* bytes of one without extras */
#define TRAILER		8
#define FLAGS_AT	3

static void add_le(struct str *out, uint32_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		str_add_char(out, (char)(number >> 8 * i & 0xff));
}

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

static bool start_inflate(z_stream *stream, struct err *err)
{
	return gzip_load_zlib(err) &&
	       (zlib.inflate_init(stream, WITH_GZIP, ZLIB_VERSION,
				  sizeof(*stream)) == Z_OK ||
		err_set(err, ERR_IO, "zlib refuses to expand"));
}

static void end_inflate(z_stream *stream)
{
	if (stream->state)
		zlib.inflate_end(stream);
}

/* zlib's input pointers are not const. */
static Bytef *as_input(const void *bytes)
{
	return (Bytef *)(uintptr_t)bytes;
}

static bool damaged(const z_stream *stream, int result, struct err *err)
{
	if (result == Z_BUF_ERROR)
		return err_set(err, ERR_INPUT, "compressed data is cut off");
	return err_set(err, ERR_INPUT, "compressed data is damaged: %s",
		       stream->msg ? stream->msg : "not gzip");
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

bool gzip_each(const void *bytes, size_t len, size_t limit, gzip_sink_fn *sink,
	       void *context, struct err *err)
{
	CLEANUP(end_inflate) z_stream stream = {.next_in = as_input(bytes)};
	unsigned char chunk[CHUNK];
	size_t total = 0;
	bool enough = false;

	if (!start_inflate(&stream, err))
		return false;
	for (;;) {
		size_t part;
		int result;

		feed(&stream, &len);
		stream.next_out = chunk;
		stream.avail_out = sizeof(chunk);
		result = zlib.inflate(&stream, Z_NO_FLUSH);
		part = sizeof(chunk) - stream.avail_out;
		if (part > limit - total)
			return err_set(
				err, ERR_INPUT,
				"compressed data holds more than %zu bytes",
				limit);
		total += part;
		if (!sink(context, (const char *)chunk, part, &enough, err))
			return false;
		if (result != Z_OK && result != Z_STREAM_END)
			return damaged(&stream, result, err);
		if (result != Z_STREAM_END)
			continue;
		if (enough || (!stream.avail_in && !len))
			return true;
		zlib.inflate_reset(&stream);
	}
}

static bool append(void *context, const char *part, size_t len, bool *enough,
		   struct err *err)
{
	(void)enough;
	(void)err;
	str_add_bytes(context, part, len);
	return true;
}

/* What stands behind the compressed bytes of a member. */
struct trailer {
	uint32_t sum;
	uint32_t size;
};

static uint32_t get_le(const unsigned char *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* Of a plain member that is all of @bytes; false: it cannot be one. */
static bool find_trailer(const void *bytes, size_t len, struct trailer *trailer)
{
	const unsigned char *start = bytes;

	if (len < HEADER + TRAILER || len > UINT32_MAX ||
	    start[FLAGS_AT] & FLAG_HEADER_SUM)
		return false;
	trailer->sum = get_le(start + len - TRAILER);
	trailer->size = get_le(start + len - TRAILER + 4);
	return trailer->size / GZIP_EXPANSION_MAX <= len;
}

/*
 * One member, which is usual, into memory of the size that it tells: zlib
 * keeps no window then, and need not sum up.  False: nothing is known.
 */
static bool expand_plain(struct str *out, const void *bytes, size_t len,
			 const struct trailer *trailer)
{
	CLEANUP(end_inflate) z_stream stream = {
		.next_in = as_input(bytes),
		.avail_in = (uInt)len,
		.avail_out = trailer->size,
	};
	CLEANUP(err_release) struct err unfit = {0};
	char *start;

	if (!start_inflate(&stream, &unfit))
		return false;
	zlib.inflate_validate(&stream, 0);
	str_reserve(out, trailer->size);
	start = out->buf + out->len;
	stream.next_out = (Bytef *)start;
	if (zlib.inflate(&stream, Z_FINISH) != Z_STREAM_END ||
	    stream.avail_in || stream.avail_out ||
	    gzip_crc(0, start, trailer->size) != trailer->sum)
		return false;
	out->len += trailer->size;
	out->buf[out->len] = '\0';
	return true;
}

static bool has_room(const struct str *out, size_t size)
{
	size_t limit = out->limit ? out->limit : STR_LIMIT_DEFAULT;

	return size <= limit - out->len;
}

bool gzip_expand(struct str *out, const void *bytes, size_t len, size_t limit,
		 struct err *err)
{
	size_t before = out->len;
	struct trailer trailer;

	if (find_trailer(bytes, len, &trailer) && trailer.size <= limit &&
	    has_room(out, trailer.size) &&
	    expand_plain(out, bytes, len, &trailer))
		return true;
	str_truncate(out, before);
	if (gzip_each(bytes, len, limit, append, out, err))
		return true;
	str_truncate(out, before);
	return false;
}
