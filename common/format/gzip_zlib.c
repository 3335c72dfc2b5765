#include "format/gzip_zlib.h"

#include "sys/lazy.h"

struct gzip_zlib zlib;

static const struct lazy_symbol symbols[] = {
	{"deflateInit2_", (void **)&zlib.deflate_init},
	{"deflate", (void **)&zlib.deflate},
	{"deflateEnd", (void **)&zlib.deflate_end},
	{"inflateInit2_", (void **)&zlib.inflate_init},
	{"inflateValidate", (void **)&zlib.inflate_validate},
	{"inflate", (void **)&zlib.inflate},
	{"inflateReset", (void **)&zlib.inflate_reset},
	{"inflateEnd", (void **)&zlib.inflate_end},
	{"crc32_z", (void **)&zlib.crc32},
	{0},
};

static struct lazy library = {.sonames = "libz.so.1", .symbols = symbols};

LAZY_NOTE("libz.so.1");

bool gzip_load_zlib(struct err *err)
{
	return lazy_load(&library, err);
}
