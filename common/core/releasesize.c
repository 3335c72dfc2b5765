#include "core/releasesize.h"

#include <stdlib.h>

#include "base/base64.h"
#include "base/mem.h"
#include "format/gzip.h"

/* Looked at one by one when the largest are sought. */
#define WEIGHED_MAX 20

static void add_item(struct releasesize *size, const char *name, size_t start)
{
	size->items = grow_array(size->items, size->count + 1,
				 sizeof(*size->items), &size->capacity);
	size->items[size->count++] = (struct releasesize_item){
		.name = xstrdup(name),
		.start = start,
		.len = size->payload.len - start,
	};
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

static size_t in_base64(size_t len)
{
	return (len + 2) / 3 * 4;
}

static size_t packed_size(const struct releasesize *size, size_t start,
			  size_t len)
{
	CLEANUP(str_release) struct str out = {0};

	gzip_compress(&out, size->payload.buf + start, len, NULL);
	return in_base64(out.len);
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
		weighed[i].len =
			packed_size(size, weighed[i].start, weighed[i].len);
	}
	qsort(weighed, count, sizeof(*weighed), by_len);
	for (size_t i = 0; i < count && i < RELEASESIZE_NAMED; i++)
		str_addf(largest, "%s%s (%zu KiB)", i ? ", " : "",
			 weighed[i].name, (weighed[i].len + 1023) / 1024);
}

size_t releasesize_estimate(const struct releasesize *size, struct str *largest)
{
	size_t bytes = in_base64(size->payload.len);

	/* Even unpacked it fits: the usual case, which costs nothing. */
	if (bytes <= RELEASESIZE_MAX)
		return bytes;
	bytes = packed_size(size, 0, size->payload.len);
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
