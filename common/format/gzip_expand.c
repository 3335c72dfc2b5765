/* What gzip holds, hostile until read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/gzip.h"
#include "format/gzip_crc.h"
#include "format/gzip_format.h"
#include "format/gzip_inflate.h"

#define PIECE	      ((size_t)64 << 10)
#define BUFFER	      (DEFLATE_REACH + PIECE + INFLATE_ROOM)
#define TRAILER	      8
#define METHOD_AT     2
#define FLAGS_AT      3
#define EXPANSION_MAX 1032 /* bytes that deflate can make of one */

struct input {
	const unsigned char *next;
	const unsigned char *end;
};

/* What stands behind the compressed bytes of a member. */
struct trailer {
	uint32_t sum;
	uint32_t size;
};

static size_t left_of(const struct input *in)
{
	return (size_t)(in->end - in->next);
}

static uint32_t get_le(const unsigned char *bytes, size_t size)
{
	uint32_t number = 0;

	while (size--)
		number = number << 8 | bytes[size];
	return number;
}

static struct trailer get_trailer(const unsigned char *bytes)
{
	return (struct trailer){.sum = get_le(bytes, 4),
				.size = get_le(bytes + 4, 4)};
}

/* @why is NULL where bytes are missing. */
static bool damaged(const char *why, struct err *err)
{
	if (!why)
		return err_set(err, ERR_INPUT, "compressed data is cut off");
	return err_set(err, ERR_INPUT, "compressed data is damaged: %s", why);
}

/* --- headers ------------------------------------------------------------- */

static bool skip(struct input *in, size_t len)
{
	if (len > left_of(in))
		return false;
	in->next += len;
	return true;
}

static bool skip_text(struct input *in)
{
	const unsigned char *end = memchr(in->next, '\0', left_of(in));

	return end && skip(in, (size_t)(end - in->next) + 1);
}

static bool skip_extra(struct input *in)
{
	size_t len = left_of(in) >= 2 ? get_le(in->next, 2) : 0;

	return skip(in, 2 + len);
}

static bool skip_header(struct input *in, struct err *err)
{
	const unsigned char *start = in->next;
	size_t known = left_of(in) < 2 ? left_of(in) : 2;
	unsigned int flags;
	uint32_t sum;

	if (memcmp(start, GZIP_MAGIC, known))
		return damaged("not gzip", err);
	if (!skip(in, GZIP_HEADER))
		return damaged(NULL, err);
	flags = start[FLAGS_AT];
	if (start[METHOD_AT] != GZIP_METHOD)
		return damaged("unknown compression method", err);
	if (flags & GZIP_UNKNOWN)
		return damaged("unknown header flags", err);
	if ((flags & GZIP_EXTRA && !skip_extra(in)) ||
	    (flags & GZIP_NAME && !skip_text(in)) ||
	    (flags & GZIP_COMMENT && !skip_text(in)))
		return damaged(NULL, err);
	if (!(flags & GZIP_HEADER_SUM))
		return true;
	sum = gzip_crc(0, start, (size_t)(in->next - start)) & 0xffff;
	if (!skip(in, 2))
		return damaged(NULL, err);
	return get_le(in->next - 2, 2) == sum ||
	       damaged("wrong sum of the header", err);
}

/* --- in pieces ----------------------------------------------------------- */

/* Where the bytes go, and what was handed there. */
struct output {
	bool (*sink)(void *context, const char *part, size_t len,
		     struct err *err);
	void *context;
	size_t limit;
	size_t total;
	struct trailer member; /* of the one that is read */
};

static bool hand_over(struct output *out, const unsigned char *part, size_t len,
		      struct err *err)
{
	if (len > out->limit - out->total)
		return err_set(err, ERR_INPUT,
			       "compressed data holds more than %zu bytes",
			       out->limit);
	out->total += len;
	out->member.sum = gzip_crc(out->member.sum, part, len);
	out->member.size += (uint32_t)len;
	return out->sink(out->context, (const char *)part, len, err);
}

static bool check_trailer(struct input *in, const struct output *out,
			  struct err *err)
{
	struct trailer written;

	if (!skip(in, TRAILER))
		return damaged(NULL, err);
	written = get_trailer(in->next - TRAILER);
	if (written.sum != out->member.sum)
		return damaged("wrong checksum", err);
	return written.size == out->member.size || damaged("wrong size", err);
}

static bool each_member(struct input *in, struct gzip_inflate *inflate,
			unsigned char *buffer, struct output *out,
			struct err *err)
{
	size_t at = 0;

	if (!skip_header(in, err))
		return false;
	out->member = (struct trailer){0};
	inflate_start(inflate, in->next, left_of(in));
	while (!inflate->ended) {
		size_t before = at;
		bool ok;

		if (BUFFER - at < INFLATE_ROOM) {
			memmove(buffer, buffer + at - DEFLATE_REACH,
				DEFLATE_REACH);
			at = before = DEFLATE_REACH;
		}
		ok = inflate_run(inflate, buffer, &at, BUFFER);
		if (!hand_over(out, buffer + before, at - before, err))
			return false;
		if (!ok)
			return damaged(inflate->fault, err);
	}
	in->next = inflate_rest(inflate);
	return check_trailer(in, out, err);
}

bool gzip_each(const void *bytes, size_t len, size_t limit,
	       bool (*sink)(void *context, const char *part, size_t part_len,
			    struct err *err),
	       void *context, struct err *err)
{
	CLEANUP(free_ptr) unsigned char *buffer = xmalloc(BUFFER);
	struct input in = {.next = bytes,
			   .end = (const unsigned char *)bytes + len};
	struct output out = {.sink = sink, .context = context, .limit = limit};
	struct gzip_inflate inflate;

	do {
		if (!each_member(&in, &inflate, buffer, &out, err))
			return false;
	} while (left_of(&in));
	return true;
}

/* --- as a whole ---------------------------------------------------------- */

static bool append(void *context, const char *part, size_t len, struct err *err)
{
	(void)err;
	str_add_bytes(context, part, len);
	return true;
}

static bool has_room(const struct str *out, size_t size)
{
	size_t limit = out->limit ? out->limit : STR_LIMIT_DEFAULT;

	return size <= limit - out->len;
}

/* One member, which is usual, at once where it goes: does it work out? */
static bool expand_plain(struct str *out, struct input in,
			 const struct trailer *trailer)
{
	CLEANUP(err_release) struct err unfit = {0};
	struct gzip_inflate inflate;
	unsigned char *start;
	size_t len = 0;

	if (!skip_header(&in, &unfit))
		return false;
	str_reserve(out, trailer->size + INFLATE_ROOM);
	start = (unsigned char *)out->buf + out->len;
	inflate_start(&inflate, in.next, left_of(&in));
	if (!inflate_run(&inflate, start, &len, trailer->size + INFLATE_ROOM) ||
	    !inflate.ended || inflate_rest(&inflate) != in.end - TRAILER ||
	    len != trailer->size || gzip_crc(0, start, len) != trailer->sum)
		return false;
	out->len += len;
	out->buf[out->len] = '\0';
	return true;
}

bool gzip_expand(struct str *out, const void *bytes, size_t len, size_t limit,
		 struct err *err)
{
	const struct input in = {.next = bytes,
				 .end = (const unsigned char *)bytes + len};
	size_t before = out->len;

	if (len >= GZIP_HEADER + TRAILER) {
		struct trailer trailer = get_trailer(in.end - TRAILER);

		if (trailer.size <= limit && has_room(out, trailer.size) &&
		    trailer.size / EXPANSION_MAX <= len &&
		    expand_plain(out, in, &trailer))
			return true;
	}
	str_truncate(out, before);
	if (gzip_each(bytes, len, limit, append, out, err))
		return true;
	str_truncate(out, before);
	return false;
}
