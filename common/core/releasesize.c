#include "core/releasesize.h"

#include <stdlib.h>

#include "base/base64.h"
#include "base/mem.h"
#include "format/gzip.h"

/* Looked at one by one when the largest are sought. */
#define WEIGHED_MAX 20
/* Smaller ones take their share of what is packed with them. */
#define WEIGHED_MIN ((size_t)64 << 10)

static size_t in_base64(size_t len)
{
	return (len + 2) / 3 * 4;
}

static size_t pack(const struct releasesize *size, size_t start, size_t len)
{
	CLEANUP(str_release) struct str out = {0};

	gzip_compress(&out, size->payload.buf + start, len, NULL);
	return out.len;
}

/* So that many large charts, one after the other, take no more than one. */
static void settle(struct releasesize *size)
{
	size_t len = size->payload.len;
	size_t packed = pack(size, 0, len);

	for (; size->settled < size->count; size->settled++) {
		struct releasesize_item *item = &size->items[size->settled];

		item->packed = item->len < WEIGHED_MIN
				       ? item->len * packed / len + 1
				       : pack(size, item->start, item->len);
	}
	size->packed += packed;
	str_release(&size->payload);
}

static void add_item(struct releasesize *size, const char *name, size_t start)
{
	size->items = grow_array(size->items, size->count + 1,
				 sizeof(*size->items), &size->capacity);
	size->items[size->count++] = (struct releasesize_item){
		.name = xstrdup(name),
		.start = start,
		.len = size->payload.len - start,
	};
	if (size->payload.len > RELEASESIZE_HELD_MAX)
		settle(size);
}

void releasesize_add_file(struct releasesize *size, const char *name,
			  const char *bytes, size_t len)
{
	size_t start = size->payload.len;

	base64_encode(&size->payload, bytes, len, BASE64_STANDARD);
	add_item(size, name, start);
}

void releasesize_add_text(struct releasesize *size, const char *name,
			  const char *bytes, size_t len)
{
	size_t start = size->payload.len;

	str_add_bytes(&size->payload, bytes, len);
	add_item(size, name, start);
}

static int by_len(const void *a, const void *b)
{
	const struct releasesize_item *left = a, *right = b;

	return (left->len < right->len) - (left->len > right->len);
}

/* The largest as they are, weighed anew by what they pack to. */
static void name_largest(const struct releasesize *size, struct str *largest)
{
	size_t count = size->count < WEIGHED_MAX ? size->count : WEIGHED_MAX;
	struct releasesize_item weighed[WEIGHED_MAX];

	qsort(size->items, size->count, sizeof(*size->items), by_len);
	for (size_t i = 0; i < count; i++) {
		weighed[i] = size->items[i];
		if (!weighed[i].packed)
			weighed[i].packed =
				pack(size, weighed[i].start, weighed[i].len);
		weighed[i].len = in_base64(weighed[i].packed);
	}
	qsort(weighed, count, sizeof(*weighed), by_len);
	for (size_t i = 0; i < count && i < RELEASESIZE_NAMED; i++)
		str_addf(largest, "%s%s (%zu KiB)", i ? ", " : "",
			 weighed[i].name, (weighed[i].len + 1023) / 1024);
}

size_t releasesize_estimate(const struct releasesize *size, struct str *largest)
{
	size_t bytes = in_base64(size->packed + size->payload.len);

	/* Even unpacked it fits: the usual case, which costs nothing. */
	if (bytes <= RELEASESIZE_MAX)
		return bytes;
	bytes = in_base64(size->packed + pack(size, 0, size->payload.len));
	if (bytes > RELEASESIZE_MAX)
		name_largest(size, largest);
	return bytes;
}

void releasesize_release(struct releasesize *size)
{
	for (size_t i = 0; i < size->count; i++)
		free(size->items[i].name);
	free(size->items);
	str_release(&size->payload);
	*size = (struct releasesize){0};
}
